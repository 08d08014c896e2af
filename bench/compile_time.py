"""Measures what a call costs whoever compiles it: one unit for each public function.

    python compile_time.py [--runs N] [--units REGEX] [--compilers NAME ...] [--flags=FLAGS ...] [--markdown]
    python compile_time.py --include before=DIR    this tree and another one in the same run
    python compile_time.py --budget                text bytes alone; fails where a unit exceeds its bound

Each unit is compiled alone: CPU seconds of the compiler (user and system), their ratio to those of a softmax
cross-entropy written by hand with Eigen, text bytes of the object, and the compiler's peak resident memory. Rounds of
all units take turns, so that drift reaches all alike; the figures are medians over the rounds.
"""

import argparse
import os
import pathlib
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

from report import machine, number, table  # noqa: E402, RUF100

INCLUDE = HERE.parent / "include"

PRELUDE = """#include <vector>
using A = Eigen::ArrayXf;
using L = std::vector<int>;
using M = Eigen::MatrixXf;
using V = Eigen::VectorXf;
"""
SPARSE = "#include <Eigen/SparseCore>\nusing S = Eigen::SparseMatrix<float>;\n"

BY_HAND = """#include <cmath>
float f(const M& z, const L& y, M& g) {
  const float share = 1 / static_cast<float>(z.cols());
  float loss = 0;
  g.resize(z.rows(), z.cols());
  for (Eigen::Index i = 0; i < z.cols(); ++i) {
    const float maximum = z.col(i).maxCoeff();
    auto column = g.col(i);
    column = (z.col(i).array() - maximum).exp();
    const float sum = column.sum();
    loss += std::log(sum) + maximum - z(y[i], i);
    column *= share / sum;
    column[y[i]] -= share;
  }
  return loss * share;
}
"""


class Unit(NamedTuple):
    name: str
    header: str
    code: str = ""

    def is_xent(self):
        return self.header.startswith("xent/")

    def text(self):
        sparse = SPARSE if "const S&" in self.code else ""
        return f"#include <{self.header}>\n" + (PRELUDE + sparse + self.code + "\n" if self.code else "")


EIGEN = Unit("Eigen/Core, included", "Eigen/Core")
XENT = Unit("xent.hpp, included", "xent/xent.hpp")
LOOP = Unit("Eigen by hand", "Eigen/Core", BY_HAND)

GRADIENT = "float f(const M& z, const {}& y, M& g) {{ return xent::{}_cross_entropy(z, y, g); }}"

# The header that declares the functions; for each the name of the unit, and the unit.
CALLS = {
    "information": {
        "information_content": "M f(const M& p) { return xent::information_content(p); }",
        "entropy": "A f(const M& p) { return xent::entropy(p); }",
        "cross_entropy": "A f(const M& p, const M& q) { return xent::cross_entropy(p, q); }",
        "kl_divergence": "A f(const M& p, const M& q) { return xent::kl_divergence(p, q); }",
        "js_divergence": "A f(const M& p, const M& q) { return xent::js_divergence(p, q); }",
        "perplexity": "A f(const M& p) { return xent::perplexity(p); }",
        "joint_entropy": "float f(const M& j) { return xent::joint_entropy(j); }",
        "conditional_entropy": "float f(const M& j) { return xent::conditional_entropy(j); }",
        "mutual_information": "float f(const M& j) { return xent::mutual_information(j); }",
    },
    "counts": {
        "empirical_distribution": "A f(const L& y, const int& k) { return xent::empirical_distribution<float>(y, k); }",
        "entropy_from_counts": "float f(const A& n) { return xent::entropy_from_counts(n); }",
    },
    "logsumexp": {
        "logsumexp": "A f(const M& z) { return xent::logsumexp(z); }",
        "logaddexp": "M f(const M& a, const M& b) { return xent::logaddexp(a, b); }",
        "LogSumExp": "using E = xent::LogSumExp<float>;\n"
        "float f(const M& z, const E& e) { E sum; sum.push(z); sum.merge(e); return sum.value(); }",
    },
    "softmax": {
        "softmax": "M f(const M& z) { return xent::softmax(z); }",
        "log_softmax": "M f(const M& z) { return xent::log_softmax(z); }",
    },
    "softmax_jacobian": {
        "softmax_jacobian": "V f(const V& s, const V& v) { return xent::softmax_jacobian(s) * v; }",
        "softmax_jvp": "M f(const M& s, const M& v) { return xent::softmax_jvp(s, v); }",
        "softmax_vjp": "M f(const M& s, const M& g) { return xent::softmax_vjp(s, g); }",
        "log_softmax_jvp": "M f(const M& s, const M& v) { return xent::log_softmax_jvp(s, v); }",
        "log_softmax_vjp": "M f(const M& s, const M& g) { return xent::log_softmax_vjp(s, g); }",
    },
    "softmax_cross_entropy": {
        "softmax_cross_entropy, labels": GRADIENT.format("L", "softmax"),
        "softmax_cross_entropy, dense": GRADIENT.format("M", "softmax"),
        "softmax_cross_entropy, sparse": GRADIENT.format("S", "softmax"),
        "softmax_cross_entropy_hvp": "M f(const M& z, const L& y, const M& v) "
        "{ return xent::softmax_cross_entropy_hvp(z, y, v); }",
    },
    "linear_cross_entropy": {
        "linear_cross_entropy": "float f(const M& w, const M& x, const V& b, const L& y, M& dw, M& dx, V& db) "
        "{ return xent::linear_cross_entropy(w, x, b, y, dw, dx, db); }",
    },
    "sigmoid_cross_entropy": {
        "sigmoid_cross_entropy": GRADIENT.format("M", "sigmoid"),
    },
    "likelihood": {
        "nll": "float f(const M& l, const L& y) { return xent::nll(l, y); }",
        "gaussian_nll": "float f(const M& m, const M& x, const M& v, M& dm, M& dv) "
        "{ return xent::gaussian_nll(m, x, v, dm, dv); }",
        "poisson_nll": "float f(const M& l, const M& x, M& g) { return xent::poisson_nll(l, x, g); }",
        "half_squared_error": "float f(const M& y, const M& x, M& g) { return xent::half_squared_error(y, x, g); }",
    },
    "logits": {
        "entropy_from_logits": "float f(const M& z, M& g) { return xent::entropy_from_logits(z, g); }",
        "kl_divergence_from_logits": "float f(const M& p, const M& q, M& dp, M& dq) "
        "{ return xent::kl_divergence_from_logits(p, q, dp, dq); }",
    },
}

# Text at -O2, in KiB.
BUDGET = {"softmax_cross_entropy, labels": 140, "softmax": 70, "logsumexp": 70}
COMPILED_BUDGET = 15  # of every call, where the kernels are in a library


class Config(NamedTuple):
    compiler: str
    flags: str
    tree: str

    def title(self, but=""):
        return " ".join(part for part in self if part and part != but)


class Cost(NamedTuple):
    seconds: float
    text: float  # KiB
    memory: float  # MiB


class Compiler:
    """Compiles units in a folder of its own."""

    def __init__(self, folder, trees, options):
        self.folder, self.trees = pathlib.Path(folder), trees
        self.eigen = [f"-isystem{d}" for d in options.eigen] or eigen_flags()
        self.defines = ["-DXENT_COMPILED"] if options.compiled else []

    def run(self, unit, config):
        """What wait4 tells of the compiler and all that it waited for, cc1plus for one. Memory is the largest one's."""
        source, result = self.folder / "unit.cpp", self.folder / "unit.o"
        source.write_text(unit.text())
        own = [f"-I{self.trees[config.tree]}", *self.defines] if unit.is_xent() else []
        flags = ["-std=c++17", *shlex.split(config.flags), *own, *self.eigen]
        with open(self.folder / "errors", "w") as errors:
            child = subprocess.Popen([config.compiler, *flags, "-c", source, "-o", result], stderr=errors)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said = (self.folder / "errors").read_text()
            raise RuntimeError(f"{config.title()}, {unit.name}:\n{said[:2000]}")
        text = int(subprocess.check_output(["size", result], text=True).splitlines()[1].split()[0])
        return Cost(usage.ru_utime + usage.ru_stime, text / 1024, usage.ru_maxrss / 1024)

    def eigen_version(self, compiler):
        command = [compiler, "-std=c++17", *self.eigen, "-xc++", "-E", "-dM", "-include", "Eigen/Core", os.devnull]
        printed = subprocess.check_output(command, text=True)
        macros = dict(re.findall(r"#define EIGEN_(\w+)_VERSION (\d+)$", printed, re.MULTILINE))
        return ".".join(macros.get(part, "?") for part in ("WORLD", "MAJOR", "MINOR"))


def eigen_flags():
    status, flags = subprocess.getstatusoutput("pkg-config --cflags eigen3")
    return shlex.split(flags) if status == 0 else ["-I/usr/include/eigen3"]


def xent_units():
    return [Unit(name, f"xent/{header}.hpp", code) for header, calls in CALLS.items() for name, code in calls.items()]


def measure(compiler, units, configs, runs):
    """Costs of the runs of each unit and config, and the error of each that does not compile."""
    first_tree = configs[0].tree
    jobs = [(u, c) for u in units for c in configs if u.is_xent() or c.tree == first_tree]
    costs, errors = {job: [] for job in jobs}, {}
    for turn in range(runs):
        for i, job in enumerate([job for job in jobs if job not in errors]):
            try:
                cost = compiler.run(*job)
                costs[job].append(cost)
                said = "{:.2f} s, {:.1f} KiB, {:.0f} MiB".format(*cost)
            except RuntimeError as error:
                errors[job], said = error, "fails"
            place = f"round {turn + 1} of {runs}, {i + 1} of {len(jobs)}"
            print(f"{place}: {job[0].name}, {job[1].title()}: {said}", file=sys.stderr, flush=True)
    for unit in (EIGEN, LOOP):  # the same beside every tree
        costs.update({(unit, c): costs[unit, c._replace(tree=first_tree)] for c in configs})
    return costs, errors


def cells(costs, unit, config):
    measured, loop = costs[unit, config], costs[LOOP, config]
    if not measured or not loop:
        return ["fails", "", "", ""]
    ratio = statistics.median(cost.seconds / by_hand.seconds for cost, by_hand in zip(measured, loop))
    median = Cost(*map(statistics.median, zip(*measured)))
    return [number(median.seconds), number(ratio), number(median.text), number(median.memory)]


def plain_table(first, columns, rows):
    lines = [[first, *columns], *rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(" ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in lines)


def report(compiler, options, configs):
    units = [EIGEN, XENT, LOOP, *(u for u in xent_units() if re.search(options.units, u.name))]
    x86 = (sys.platform, platform.machine()) == ("linux", "x86_64")
    print(f"{machine() if x86 else platform.machine()}. {platform.system()} {platform.release().split('-')[0]}.\n")
    for name in options.compilers:
        print(f"* {name}: {subprocess.check_output([name, '--version'], text=True).splitlines()[0]}")
    print(f"* Eigen: {compiler.eigen_version(options.compilers[0])}", flush=True)
    for config in configs:  # what lies on a disk is read before a clock runs
        for unit in (EIGEN, XENT):
            compiler.run(unit, config._replace(flags="-O0"))
    costs, errors = measure(compiler, units, configs, options.runs)
    for name in options.compilers:
        own = [c for c in configs if c.compiler == name]
        columns = [column for c in own for column in (c.title(name) + ": s", "of by hand", "KiB", "MiB")]
        rows = [[unit.name, *(cell for c in own for cell in cells(costs, unit, c))] for unit in units]
        print("", (table if options.markdown else plain_table)(name, columns, rows), sep="\n")
    return list(errors.values())


def budget(compiler, options, configs):
    """The units that exceed their bounds, as sentences."""
    broken = []
    for unit in xent_units():
        bound = COMPILED_BUDGET if options.compiled else BUDGET.get(unit.name)
        if bound and re.search(options.units, unit.name):
            for config in configs:
                text = compiler.run(unit, config).text
                print(f"{config.title()}, {unit.name}: {text:.1f} KiB of {bound}", flush=True)
                if text > bound:
                    broken.append(f"{config.title()}, {unit.name}: {text:.1f} KiB, more than {bound}")
    return broken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compilers", nargs="+", default=[c for c in ("g++", "clang++") if shutil.which(c)])
    parser.add_argument("--flags", action="append", help="by default -O2 and '-O0 -g'; once for each; --budget: -O2")
    parser.add_argument("--units", default="", metavar="REGEX", help="which calls; the first three units always run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--include", action="append", default=[], metavar="NAME=DIR", help="another tree's headers")
    parser.add_argument("--eigen", nargs="+", default=[], metavar="DIR", help="by default where pkg-config finds it")
    parser.add_argument("--compiled", action="store_true", help="with -DXENT_COMPILED")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--budget", action="store_true", help="check text bytes; nothing is timed")
    options = parser.parse_args()
    os.environ["CCACHE_DISABLE"] = "1"
    if not options.compilers or options.runs < 1 or not all("=" in given for given in options.include):
        parser.error("it takes at least one compiler and one run, and NAME=DIR of a tree")
    trees = {"this tree" if options.include else "": INCLUDE, **dict(given.split("=", 1) for given in options.include)}
    flags = ["-O2"] if options.budget else options.flags or ["-O2", "-O0 -g"]
    configs = [Config(c, f, tree) for c in options.compilers for f in flags for tree in trees]
    with tempfile.TemporaryDirectory() as folder:
        compiler = Compiler(folder, trees, options)
        try:
            failures = (budget if options.budget else report)(compiler, options, configs)
        except RuntimeError as error:
            failures = [error]
    sys.exit("\n".join(map(str, failures)) or 0)


if __name__ == "__main__":
    main()
