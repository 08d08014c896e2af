"""Writes docs/performance.md and docs/performance.svg from the lines that measure.py printed.

    python report.py RESULTS DOCS                 the whole page
    python report.py --own RESULTS DOCS           the table of this processor alone, from xent's own results
    python report.py --linear RESULTS DOCS        that of linear cross-entropy on this processor alone
"""

import json
import math
import pathlib
import platform
import re
import statistics
import sys

FRESH = "fresh"
OWN = "xent"


class Results:
    def __init__(self, folder):
        self.versions, self.dense, self.linear, self.wrong, clocks = {}, [], [], [], []
        for file in sorted(folder.glob("*.jsonl")):
            for line in map(json.loads, file.read_text().splitlines()):
                if "versions" in line:
                    self.versions.update(line["versions"])
                    clocks.append(line["gigahertz"])
                elif "wrong" in line:
                    self.wrong.append(line)
                else:
                    (self.linear if "dim" in line else self.dense).append(line)
        self.gigahertz = statistics.median(clocks)
        self.classes = sorted({line["classes"] for line in self.dense})
        self.peers = list(dict.fromkeys(line["peer"] for line in self.dense))
        middle = 1000 if 1000 in self.classes else (self.classes or [0])[0]
        self.peers.sort(key=lambda peer: (peer != OWN, (self.of(peer, middle) or {"xents": math.inf})["xents"]))

    def of(self, peer, classes, outputs=None):
        """The fastest form of a peer at a shape, whatever its outputs or among those."""
        lines = [l for l in self.dense if (l["peer"], l["classes"]) == (peer, classes) and outputs in (None, l["outputs"])]
        if not lines:
            return None
        best = min(lines, key=lambda l: l["seconds"] / l["memcpy"])
        copies = best["seconds"] / best["memcpy"]
        return {"copies": copies, "xents": best["seconds"] / best["xent"], "ns": copies * self.memcpy(classes)}

    def memcpy(self, classes):
        """Nanoseconds a logit; the median over all processes: of all rows, one clock."""
        return statistics.median(
            1e9 * l["memcpy"] / (l["classes"] * l["samples"]) for l in self.dense if l["classes"] == classes
        )


def number(x):
    return "" if x is None else f"{x:.2f}" if x < 10 else f"{x:.1f}" if x < 100 else f"{x:.0f}"


def power(n):
    e = n.bit_length() - 1
    return f"2^{e}" if n == 1 << e and e > 13 else str(n)


def table(first, columns, rows):
    lines = ["| " + " | ".join([first, *columns]) + " |", "|---" + "|---:" * len(columns) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def peers_table(results, key, peers, outputs=None):
    def row(peer):
        cells = (results.of(peer, k, outputs) for k in results.classes)
        return [peer, *(number(cell and cell[key]) for cell in cells)]

    return table("classes", [power(k) for k in results.classes], [row(peer) for peer in peers])


def linear_table(results):
    shapes = list(dict.fromkeys((l["dim"], l["classes"], l["samples"]) for l in results.linear))
    peers = list(dict.fromkeys(l["peer"] for l in results.linear))

    def lines(peer, shape):
        return [l for l in results.linear if (l["peer"], l["dim"], l["classes"], l["samples"]) == (peer, *shape)]

    # One clock here as well: xent's median over all processes.
    def milliseconds(peer, shape):
        own = 1e3 * statistics.median(l["xent"] for l in results.linear if (l["dim"], l["classes"], l["samples"]) == shape)
        return own if peer == OWN else own * min(l["seconds"] / l["xent"] for l in lines(peer, shape))

    rows = [[peer] + [milliseconds(peer, shape) for shape in shapes] for peer in [OWN, *peers]]
    rows.sort(key=lambda row: row[1])
    return table(
        "milliseconds",
        [f"{dim} x {power(classes)} x {samples}" for dim, classes, samples in shapes],
        [[row[0], *(f"{ms:.0f}" for ms in row[1:])] for row in rows],
    )


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    field = lambda name: re.search(rf"^{name}\s*: (.*)$", info, re.M).group(1)
    flags = field("flags").split()
    best = next((name for name in ("avx512f", "avx2") if name in flags), "neither AVX2 nor AVX-512")
    caches = []
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, level, size = ((index / f).read_text().strip() for f in ("type", "level", "size"))
        if kind != "Instruction":
            caches.append(f"L{level} {int(size[:-1]) // 1024} MiB" if int(size[:-1]) >= 1024 else f"L{level} {size[:-1]} KiB")
    where = ", in a virtual machine" if "hypervisor" in flags else ""
    return f"{field('model name')} (family {field('cpu family')}, model {field('model')}, {best}{where}), {', '.join(caches)}"


EIGEN = "Eigen, column by column, -march=native"
PROCESSORS = "\n## On each processor\n"


def own_table(results):
    """xent beside memcpy and the plain loop at the machine's own flags."""
    cells = {peer: [results.of(peer, k) for k in results.classes] for peer in (OWN, EIGEN)}
    rows = [
        ["xent, multiples of memcpy", *(number(c["copies"]) for c in cells[OWN])],
        [f"{EIGEN}, multiples of memcpy", *(number(c["copies"]) for c in cells[EIGEN])],
        ["memcpy, ns a logit", *(number(results.memcpy(k)) for k in results.classes)],
        ["xent, ns a logit", *(number(c["ns"]) for c in cells[OWN])],
        ["xent, cycles a logit", *(number(c["ns"] * results.gigahertz) for c in cells[OWN])],
    ]
    built = results.versions["xent and Eigen built with"]
    return (
        f"### {machine()}\n\n{built}, {results.gigahertz:.2f} GHz. {platform.system()} "
        f"{platform.release().split('-')[0]}.\n\n{table('classes', [power(k) for k in results.classes], rows)}\n"
    )


def section(page, title):
    """With its title; nothing if the page does not have it."""
    return title + page.split(title)[1].split("\n## ")[0] if title in page else ""


def each_processor(title, introduction, mine, old):
    """A section with a table for each processor: this one's anew, those of others as they are."""
    kept = section(old, title).split("\n### ")[1:]
    others = ["### " + text.strip("\n") + "\n" for text in kept if not mine.startswith("### " + text.split("\n")[0] + "\n")]
    return f"{title}\n{introduction}\n\n" + "\n".join([*others, mine])


def processors(results, old):
    introduction = (
        "The first rows of the tables above, by `bench/peers/run --own`, for every processor that it ran on: loss and "
        "gradient of 64 MB of\nfloat logits, one thread. Processors are compared in no other way: each has its own memory."
    )
    return each_processor(PROCESSORS, introduction, own_table(results), old)


LINEAR = "\n## Linear cross-entropy\n"


def linear_processors(results, old):
    introduction = (
        "`linear_cross_entropy`: loss and the gradients of weights, features and bias, for every processor that "
        "`bench/peers/run --linear` ran on.\nShapes are dim x classes x samples. Three products of matrices take nearly all of "
        "the time, so that the row says whose product it\nis: xent's own, at plain -O2 and at -march=native, that of a BLAS "
        "(EIGEN_USE_BLAS), or the peer's. \"three products alone\" is a\nyardstick: no bias, no loss, and memory for all "
        "logits. Ratios to xent at -O2 in the same process, times the median of xent over\nall processes."
    )
    mine = f"### {machine()}\n\n{results.gigahertz:.2f} GHz.\n\n{linear_table(results)}\n"
    return each_processor(LINEAR, introduction, mine, old)


COLORS = ["#c1121f", "#1f77b4", "#2a9d3a", "#9467bd", "#e08a00", "#17a2b8", "#8c564b", "#d46ab0", "#6b7a00", "#334e68"]


def plot(results):
    """Time a logit over classes, both logarithmic. One line a peer, named at its end."""
    left, top, width, height, label = 60, 30, 560, 420, 270
    series = []
    for peer in results.peers:
        cells = ((k, results.of(peer, k)) for k in results.classes)
        series.append((peer, [(k, cell["ns"]) for k, cell in cells if cell]))
    series.append(("memcpy of the same bytes", [(k, results.memcpy(k)) for k in results.classes]))
    values = [v for _, points in series for _, v in points]
    low, high = math.log10(min(values)) - 0.1, math.log10(max(values)) + 0.1
    span = math.log2(results.classes[-1] / results.classes[0]) or 1
    x = lambda k: left + width * math.log2(k / results.classes[0]) / span
    y = lambda v: top + height * (high - math.log10(v)) / (high - low)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + label} {top + height + 50}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{left}" y="18" font-size="14">Softmax cross-entropy, loss and gradient: nanoseconds a logit</text>',
    ]
    line = '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="#ddd"/>'
    text = '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}">{}</text>'
    for exponent in range(math.floor(low), math.ceil(high)):
        for digit in (1, 2, 5):
            v = digit * 10.0**exponent
            if low <= math.log10(v) <= high:
                out.append(line.format(left, y(v), left + width, y(v)))
                out.append(text.format(left - 6, y(v) + 4, "end", "#444", f"{v:g}"))
    for k in results.classes:
        out.append(line.format(x(k), top, x(k), top + height))
        if k != 1024:  # beside 1000
            out.append(text.format(x(k), top + height + 18, "middle", "#444", power(k)))
    out.append(text.format(left + width / 2, top + height + 38, "middle", "#444", "classes"))

    names = []
    for i, (name, times) in enumerate(series):
        copy = i == len(series) - 1
        color = "#000" if copy else COLORS[i % len(COLORS)]
        points = " ".join(f"{x(k):.1f},{y(v):.1f}" for k, v in times)
        style = 'stroke-width="1.5" stroke-dasharray="5 4"' if copy else f'stroke-width="{3 if name == OWN else 1.6}"'
        out.append(f'<polyline points="{points}" fill="none" stroke="{color}" {style} stroke-linejoin="round"/>')
        names.append([y(times[-1][1]), name, color])
    names.sort()
    for above, name in zip(names, names[1:]):  # apart, in their order
        name[0] = max(name[0], above[0] + 15)
    names[-1][0] = min(names[-1][0], top + height + 8)
    for name, below in zip(names[-2::-1], names[:0:-1]):
        name[0] = min(name[0], below[0] - 15)
    out += [text.format(left + width + 10, at + 4, "start", color, name) for at, name, color in names]
    return "\n".join([*out, "</svg>", ""])


def page(results):
    others = [peer for peer in results.peers if peer != OWN]
    fresh = [peer for peer in results.peers if any(results.of(peer, k, FRESH) for k in results.classes)]
    versions = "\n".join(f"* {name}: {version}" for name, version in results.versions.items())
    wrong = "".join(f"* {l['wrong']} ({l['outputs']}), {l['classes']} classes: {l['how']}\n" for l in results.wrong)
    if wrong:
        wrong = f"## Not timed, since the result was not xent's\n\n{wrong}\n"
    return f"""# Performance

Softmax cross-entropy of float logits and labels: mean loss and gradient, 64 MB of logits, one thread. Written by
`bench/peers/run`, which installs the peers, measures and writes this page; it is not edited by hand. It keeps the tables of
other processors, and the section on compile time, which has a program of its own. What other functions and options cost
beside this call: [costs.md](costs.md).

![time a logit over the number of classes](performance.svg)

{machine()}. {platform.system()} {platform.release().split("-")[0]}.

{versions}

## As a multiple of memcpy

A copy of the same bytes, measured turn by turn with each peer in the same process. Medians. Each peer's fastest form at
each shape: outputs in memory that is kept, where the peer allows it; the better of its ways to call it.

{peers_table(results, "copies", results.peers)}

## As a multiple of xent

The same, over xent's time in the same process.

{peers_table(results, "xents", others)}

## Nanoseconds a logit

The first table times the median of all copies at that shape.

{peers_table(results, "ns", results.peers)}

## A fresh gradient from every call

As programs are mostly written: the gradient is new memory, which the system must clear page by page. Multiples of memcpy.

{peers_table(results, "copies", fresh, FRESH)}

{wrong}## How it is measured

* Each peer has a process of its own, on one core, with one thread. In it memcpy, xent and the peer's forms take turns;
  the figures are medians over at least three rounds. Every result is compared with xent's before the clock starts.
* Logits are uniform in [-10, 10); the samples of a batch are contiguous for everyone.
* PyTorch: `cross_entropy` and `backward()`; the four kernels behind them with `out=`; `torch.compile` of the former, and of
  loss and gradient as one graph that ends in a buffer. JAX: `jit(value_and_grad)`, with and without a donated buffer.
  ONNX Runtime has no such gradient in its usual build: the formula in nine operators, bound to buffers. oneDNN:
  log-softmax forward and backward with a loss of labels between them.
* For peers that return fresh memory, a second run has malloc keep its pages (`MALLOC_MMAP_MAX_=0`,
  `MALLOC_TRIM_THRESHOLD_`); it counts among their forms everywhere but under "A fresh gradient from every call".
"""


COMPILE_TIME = "\n## Compile time\n"  # what compile_time.py measured


def main():
    only = sys.argv[1] if sys.argv[1].startswith("--") else ""
    results, docs = Results(pathlib.Path(sys.argv[-2])), pathlib.Path(sys.argv[-1])
    written = docs / "performance.md"
    old = written.read_text() if written.exists() else ""
    first = old.split(PROCESSORS)[0].split(LINEAR)[0].split(COMPILE_TIME)[0] if only else page(results)
    written.write_text(
        first
        + (section(old, PROCESSORS) if only == "--linear" else processors(results, old))
        + (section(old, LINEAR) if only == "--own" else linear_processors(results, old))
        + section(old, COMPILE_TIME)
    )
    if not only:
        (docs / "performance.svg").write_text(plot(results))


if __name__ == "__main__":
    main()
