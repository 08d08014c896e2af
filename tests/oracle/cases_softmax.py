"""Cases for softmax, log_softmax, logsumexp, the entropy of a softmax, and loss and gradient of a label."""

from mpmath import exp, log, mpf

import formulas
from case_file import worst_inputs
from numbers_exact import INF, SMALLEST, number, numbers

# Around every vector width, in lanes of 4, 8 and 16 and their multiples, and around the blocks of long rows.
SHORT = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 70]
MIDDLE = [127, 128, 129, 255, 257]
LONG = [1000, 1023, 1024, 1025, 4097, 5000]

TEMPERATURES = [1, 0.5, 1, 0.1, 1, 3, 1, 2.7, 1, 100, 1, 1e-3]
OFFSETS = [0, 30, -30, 255.5, -255.5, 257, 1000.25, -1000.25, 1e6, -1e6, 1e7]


def with_one(values, value, draw):
    values[draw.integer(len(values))] = value
    return values


def confident(gap):
    """One logit above the others by gap, as T leaves it."""

    def logits(draw, scalar, n, t):
        values = [t * draw.normal() for _ in range(n)]
        return numbers(scalar, with_one(values, max(values) + t * gap * draw.uniform(0.95, 1), draw))

    return logits


def offset(draw, scalar, n, t):
    return draw.normals(scalar, n, 3, draw.choice(OFFSETS))


def one_larger(draw, scalar, n, t):
    return numbers(scalar, with_one([0.3] * n, 0.3 + draw.uniform(0, 12), draw))


def some_masked(draw, scalar, n, t):
    return [-INF if draw.chance(0.4) and k else v for k, v in enumerate(draw.normals(scalar, n, 3))]


def one_unmasked(draw, scalar, n, t):
    return with_one([-INF] * n, number(scalar, draw.normal()), draw)


def cancelling(spread):
    """Logits with max(z) / T in [-0.7, -0.1] whose logsumexp is 0 but for the rounding of the inputs."""

    def logits(draw, scalar, n, t):
        if n == 1:
            return [number(scalar, t * 2.0**-30)]
        top = mpf(-draw.uniform(0.1, 0.7))
        others = [exp(mpf(-abs(spread * draw.normal()))) for _ in range(n - 1)]
        shift = log((1 - exp(top)) / sum(others))
        values = [mpf(t) * (log(e) + shift) for e in others]
        values.insert(draw.integer(n), mpf(t) * top)
        return numbers(scalar, values)

    return logits


# Logits of every kind that has upset a softmax.
KINDS = {
    "gauss 0.001": lambda draw, scalar, n, t: draw.normals(scalar, n, 1e-3),
    "gauss 1": lambda draw, scalar, n, t: draw.normals(scalar, n),
    "gauss 10": lambda draw, scalar, n, t: draw.normals(scalar, n, 10),
    "gauss 100": lambda draw, scalar, n, t: draw.normals(scalar, n, 100),
    "ties": lambda draw, scalar, n, t: [float(draw.integer(3)) for _ in range(n)],
    "equal": lambda draw, scalar, n, t: [number(scalar, 0.7)] * n,
    "one larger": one_larger,
    "gap 5": confident(5),
    "gap 17": confident(17),
    "gap 40": confident(40),
    "gap 100": confident(100),
    "offset": offset,
    "other offset": offset,
    "third offset": offset,
    "some masked": some_masked,
    "one unmasked": one_unmasked,
    "descending": lambda draw, scalar, n, t: sorted(draw.normals(scalar, n, 10), reverse=True),
    "ascending": lambda draw, scalar, n, t: sorted(draw.normals(scalar, n, 10)),
    "lse near 0": cancelling(0.3),
    "lse near 0, spread": cancelling(4),
}


def pick(count, s, labels, smallest, draw):
    """Coefficients to list: the ends, the labels, the extremes of the normal range, and some at random."""
    if len(s) <= count:
        return list(range(len(s)))
    normal = [k for k, v in enumerate(s) if v >= smallest]
    chosen = {0, len(s) - 1, min(normal, key=lambda k: s[k]), max(normal, key=lambda k: s[k]), *labels}
    while len(chosen) < count:
        chosen.add(draw.integer(len(s)))
    return sorted(chosen)


def add_case(file, scalar, description, z, t, draw, count, label=None):
    s = formulas.softmax(z, t)
    rank = sorted((k for k in range(len(z)) if z[k] != -INF), key=lambda k: -z[k])
    drawn = draw.choice(rank) if label is None else label
    labels = sorted({rank[0], rank[min(1, len(rank) - 1)], rank[-1], drawn})
    coefficients = pick(count, s, labels, SMALLEST[scalar], draw)
    lse = formulas.logsumexp(z, t)
    log_s = formulas.log_softmax(z, t)
    file.case(
        "softmax",
        scalar,
        f"{description}, {len(z)} classes, T = {t:.6g}",
        {"temperature": t, "logits": z, "labels": labels, "coefficients": coefficients},
        {
            "softmax": [s[k] for k in coefficients],
            "log_softmax": [log_s[k] for k in coefficients],
            "logsumexp": lse,
            "entropy": formulas.entropy(s),
            "loss": [-log_s[k] for k in labels],
            "label_gradient": [(s[k] - 1) / mpf(t) for k in labels],
            # The gradient of every class that is not the label, whichever the label is.
            "other_gradient": [s[k] / mpf(t) for k in coefficients],
        },
        {"logsumexp": max(abs(lse), abs(max(map(mpf, z)) / mpf(t)))},
    )


def write(file, draw):
    turn = 0

    def add(scalar, classes, kind, count):
        nonlocal turn
        t = number(scalar, TEMPERATURES[turn % len(TEMPERATURES)])
        turn += 1
        add_case(file, scalar, kind, KINDS[kind](draw, scalar, classes, t), t, draw, count)

    names = list(KINDS)
    for scalar in ("float", "double"):
        for classes in SHORT:
            for kind in names:
                add(scalar, classes, kind, 10)
        # These repeat the paths of the short ones: every third kind will do, another third each time.
        for first, classes in enumerate(MIDDLE):
            for kind in names[first % 3 :: 3]:
                add(scalar, classes, kind, 10)
        long_kinds = ["gauss 1", "gap 17", "ascending", "equal", "some masked", "offset"]
        for first, classes in enumerate(LONG):
            for kind in ("one larger", long_kinds[first], long_kinds[(first + 3) % 6]):
                add(scalar, classes, kind, 20)
    for scalar, description, inputs in worst_inputs("softmax"):
        z, t, label = inputs["logits"], inputs["temperature"][0], int(inputs["labels"][0])
        add_case(file, scalar, description, z, t, draw, len(z), label)
