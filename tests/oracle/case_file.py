"""The text format that tests/support/oracle.hpp reads (README.md describes it)."""

import pathlib
import sys

import mpmath

from numbers_exact import exact_pair, hexadecimal


def runs(words):
    """Equal neighbours as word*count: tables with ties stay small."""
    written, i = [], 0
    while i < len(words):
        j = i
        while j < len(words) and words[j] == words[i]:
            j += 1
        written.append(words[i] if j - i == 1 else f"{words[i]}*{j - i}")
        i = j
    return written


def as_list(values):
    return list(values) if isinstance(values, (list, tuple)) else [values]


def worst_inputs(function):
    """The cases of a function in tests/data/worst_inputs.txt, which search.cpp writes: inputs without results."""
    path = pathlib.Path(__file__).resolve().parent.parent / "data" / "worst_inputs.txt"
    cases = []
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else []:
        kind, _, rest = line.partition(" ")
        if kind == "case":
            name, scalar, description = rest.split(" ", 2)
            cases.append((name, scalar, description, {}))
        elif kind == "in":
            name, *words = rest.split(" ")
            cases[-1][3][name] = [x for word in words for x in numbers_of(word)]
    return [case[1:] for case in cases if case[0] == function]


def numbers_of(word):
    """The numbers that a word stands for: x, or x*count."""
    x, _, count = word.partition("*")
    return [float.fromhex(x)] * int(count or 1)


class CaseFile:
    def __init__(self, path, title, seed):
        self._path = path
        version = ".".join(map(str, sys.version_info[:3]))
        self._lines = [
            f"# xent oracle, format 1: {title}",
            f"# written by tests/oracle/generate.py, seed {seed}, mpmath {mpmath.__version__}, Python {version}, "
            f"{mpmath.mp.dps} digits",
        ]

    def case(self, function, scalar, description, inputs, results, scales=None):
        """One case. inputs: exact numbers (Python floats); results: mpf; scales: what the ULP of a result is of."""
        self._lines += ["", f"case {function} {scalar} {description}"]
        for name, values in inputs.items():
            self._lines.append(" ".join(["in", name] + runs([hexadecimal(float(v)) for v in as_list(values)])))
        for name, values in results.items():
            self._lines.append(" ".join(["out", name] + [exact_pair(v) for v in as_list(values)]))
        for name, values in (scales or {}).items():
            self._lines.append(" ".join(["scale", name] + [scale_word(v) for v in as_list(values)]))

    def write(self):
        with open(self._path, "w", encoding="ascii", newline="\n") as file:
            file.write("\n".join(self._lines) + "\n")
        print(f"{self._path}: {sum(line.startswith('case') for line in self._lines)} cases")


def scale_word(x):
    """A scale as the power of two below it: its binade is all that an ULP asks for."""
    x = mpmath.mpf(x)
    if x == 0 or not mpmath.isfinite(x):
        return hexadecimal(float(abs(x)))
    _, mantissa, exponent, _ = abs(x)._mpf_
    return f"0x1p{mantissa.bit_length() + exponent - 1}"
