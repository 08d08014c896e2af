#!/usr/bin/env python3
"""Measures SciPy on the inputs of tests/data, in the same ULP, for a column of docs/accuracy.md.

    python3 tests/oracle/scipy_errors.py        # writes tests/oracle/scipy_errors.txt

Every quantity is what a SciPy user would write for it, computed in the scalar of the case. SciPy has no temperature, so
only the cases with T = 1 count; scipy.stats.entropy and jensenshannon normalise their arguments, so the sums of
scipy.special, which do not, stand for them.
"""

import math
import pathlib
import warnings
from fractions import Fraction

import numpy as np
import scipy
from scipy import special, stats

HERE = pathlib.Path(__file__).resolve().parent
DIGITS = {"float": 24, "double": 53}
SMALLEST = {"float": -126, "double": -1022}


def values(words):
    for word in words:
        number, _, count = word.partition("*")
        yield from [float.fromhex(number) if "x" in number else float(number)] * int(count or 1)


def read(name):
    cases = []
    for line in (HERE.parent / "data" / f"{name}.txt").read_text().splitlines():
        kind, *words = line.split() or ["#"]
        if kind == "case":
            cases.append({"function": words[0], "scalar": words[1], "description": " ".join(words[2:])})
            cases[-1].update({"in": {}, "out": {}, "scale": {}})
        elif kind in ("in", "scale"):
            cases[-1][kind][words[0]] = list(values(words[1:]))
        elif kind == "out":
            numbers = list(values(words[1:]))
            cases[-1]["out"][words[0]] = list(zip(numbers[::2], numbers[1::2]))
    return cases


def binade(x):
    """floor(log2 x) of a positive fraction."""
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    return exponent if x >= Fraction(2) ** exponent else exponent - 1


def error(scalar, got, pair, scale):
    got, (hi, rest) = float(got), pair
    if not math.isfinite(hi) or not math.isfinite(got):
        return 0.0 if got == hi or (math.isnan(got) and math.isnan(hi)) else math.inf
    exact = Fraction(hi) + Fraction(rest) * Fraction(math.ulp(hi)) if hi else Fraction(0)
    size = max(abs(exact), Fraction(scale))
    smallest = Fraction(2) ** SMALLEST[scalar]
    if size < smallest:
        return 0.0 if abs(Fraction(got)) <= (smallest if size else 0) else math.inf
    return float(abs(Fraction(got) - exact) / Fraction(2) ** (binade(size) - DIGITS[scalar] + 1))


class Worst:
    def __init__(self):
        self.rows = {}

    def see(self, quantity, case, got, exact, scales=None):
        row = self.rows.setdefault((quantity, case["scalar"]), (0.0, ""))
        for value, pair, scale in zip(np.atleast_1d(got), exact, scales or [0.0] * len(exact)):
            e = error(case["scalar"], value, pair, scale)
            if e > row[0]:
                row = self.rows[quantity, case["scalar"]] = (e, case["description"])


def inputs(case, name):
    return np.array(case["in"][name], dtype=np.float32 if case["scalar"] == "float" else np.float64)


def softmax_family(worst, case):
    if case["in"]["temperature"] != [1.0]:
        return
    z, out, scale = inputs(case, "logits"), case["out"], case["scale"]
    coefficients, labels = ([int(k) for k in case["in"][name]] for name in ("coefficients", "labels"))
    s, log_s = special.softmax(z), special.log_softmax(z)
    worst.see("softmax", case, s[coefficients], out["softmax"])
    worst.see("log_softmax", case, log_s[coefficients], out["log_softmax"])
    worst.see("logsumexp", case, special.logsumexp(z), out["logsumexp"], scale["logsumexp"])
    worst.see("loss of a sample, label", case, -log_s[labels], out["loss"])
    worst.see("gradient at the label", case, s[labels] - s.dtype.type(1), out["label_gradient"])
    worst.see("gradient off the label", case, s[coefficients], out["other_gradient"])
    worst.see("report.entropy", case, special.entr(s).sum(), out["entropy"])


def distributions(worst, case):
    p, q, out = inputs(case, "p"), inputs(case, "q"), case["out"]
    h, m = special.entr(p).sum(), (p + q) / 2
    worst.see("entropy", case, h, out["entropy"])
    worst.see("cross_entropy", case, -special.xlogy(p, q).sum(), out["cross_entropy"])
    worst.see("kl_divergence", case, special.kl_div(p, q).sum(), out["kl_divergence"])
    js = (special.rel_entr(p, m).sum() + special.rel_entr(q, m).sum()) / 2
    worst.see("js_divergence", case, js, out["js_divergence"])
    hi, rest = out["entropy"][0]
    share = 2 + 2 * hi
    scaled = Worst()
    scaled.see("perplexity", case, np.exp(h), out["perplexity"])
    e = scaled.rows["perplexity", case["scalar"]][0] / share
    if e > worst.rows.setdefault(("perplexity", case["scalar"]), (0.0, ""))[0]:
        worst.rows["perplexity", case["scalar"]] = (e, case["description"])


def joint(worst, case):
    if case["description"].startswith("not normalised"):
        return
    rows, columns = map(int, case["in"]["shape"])
    table, out = inputs(case, "joint").reshape(rows, columns), case["out"]
    r, c = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
    scale = case["scale"]["mutual_information"]
    worst.see("joint_entropy", case, special.entr(table).sum(), out["joint_entropy"])
    worst.see("conditional_entropy", case, -special.rel_entr(table, r + 0 * table).sum(), out["conditional_entropy"])
    if out["mutual_information"][0][0] != 0:  # Independence to the last bit has no ULP to speak of.
        got = special.rel_entr(table, r * c).sum()
        worst.see("mutual_information", case, got, out["mutual_information"], scale)


def information_content(worst, case):
    worst.see("information_content", case, -np.log(inputs(case, "p")), case["out"]["information_content"])


def logaddexp(worst, case):
    got = np.logaddexp(inputs(case, "a"), inputs(case, "b"))
    worst.see("logaddexp", case, got, case["out"]["logaddexp"], case["scale"]["logaddexp"])


def entropy_from_counts(worst, case):
    if any(case["in"]["counts"]):
        got = stats.entropy(inputs(case, "counts"))
        worst.see("entropy_from_counts", case, got, case["out"]["maximum_likelihood"])


MEASURES = {
    "softmax": softmax_family,
    "distributions": distributions,
    "joint": joint,
    "information_content": information_content,
    "logaddexp": logaddexp,
    "entropy_from_counts": entropy_from_counts,
}


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    worst = Worst()
    for name in ("softmax", "information"):
        for case in read(name):
            MEASURES[case["function"]](worst, case)
    lines = [f"# SciPy {scipy.__version__}, NumPy {np.__version__}: worst error in ULP on the cases of tests/data"]
    lines += [f"{quantity}|{scalar}|{e:.4g}|{where}" for (quantity, scalar), (e, where) in worst.rows.items()]
    (HERE / "scipy_errors.txt").write_text("\n".join(lines) + "\n", encoding="ascii")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
