"""The tables and polynomials of include/xent/simd/math/exponential.inl and include/xent/detail/core/exponentials.hpp:
reads them there, and checks them.

    python3 tests/oracle/exponential.py             # the errors of what stands in the header
    python3 tests/oracle/exponential.py --make      # the polynomials anew, by Remez exchange, from the tables

2^(j/n + f) = t_j (1 + p(f)) for |f| <= 1/(2n), n = 8 for float and 4 for double. t_0 = 2^theta is free as long as p has
the constant term 2^-theta - 1; it was drawn at random, 2^-7 at most from 1, until all t_j lay next to numbers of the type.

exp(r) = 1 + r + r^2 q(r) for |r| <= 0.35 on the portable path; --make prints its q of degrees 6 and 10, too.
"""

import pathlib
import re
import struct
import sys

import mpmath
from mpmath import mpf

from numbers_exact import number

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include" / "xent"
HEADER = INCLUDE / "simd" / "math" / "exponential.inl"
PORTABLE = INCLUDE / "detail" / "core" / "exponentials.hpp"
# Name in the header, entries, formats of a number and of its bits, and the place of what is taken out of these.
TYPES = (("Float", 8, "<f", "<I", 20), ("Double", 4, "<d", "<Q", 50))


def stands_in_header(name):
    """The entries of a table, once, and the coefficients in rising order."""
    text = HEADER.read_text(encoding="ascii").split(f"struct Powers<{name}> {{")[1].split("\n};")[0]
    table = [int(word, 16) for word in re.search(r"table\[\d+\] = {([^}]*)}", text)[1].replace("\n", " ").split(",")]
    half = len(table) // 2
    if table[:half] != table[half:]:
        raise ValueError(f"{name}: the two halves of the table differ")
    words = re.search(r"polynomial\[terms\] = {([^}]*)}", text)[1].split(",")
    return table[:half], [mpf(float.fromhex(word.strip().rstrip("F"))) for word in reversed(words)]


def portable_polynomials():
    """q for float and for double, in rising order, as the sums of `excess` name them."""
    text = PORTABLE.read_text(encoding="ascii").split("static double excess(double r) {")[1].split("\n  }\n")[0]
    return [[mpf(float.fromhex(x)) for x in re.findall(r"0x[0-9a-f.]+p[-+]?\d+", part)] for part in text.split("} else {")]


def minimax(function, weight, degree, end):
    """The polynomial on [-end, end] with the least greatest weight |p - function|, by Remez exchange."""
    count = degree + 2
    points = [-end * mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    for _ in range(10):
        rows = [[x**k for k in range(degree + 1)] + [(-1) ** i / weight(x)] for i, x in enumerate(points)]
        found = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix([function(x) for x in points]))
        coefficients = list(found[: degree + 1])

        def error(x, c=tuple(coefficients)):
            return weight(x) * (mpmath.polyval(c[::-1], x) - function(x))

        grid = [-end * mpmath.cos(mpmath.pi * i / 1000) for i in range(1001)]
        runs = []  # the worst point of each run of one sign
        for x in grid:
            e = error(x)
            if runs and (e > 0) == (error(runs[-1]) > 0):
                runs[-1] = max(x, runs[-1], key=lambda y: abs(error(y)))
            else:
                runs.append(x)
        if len(runs) != count:
            raise ValueError(f"{len(runs)} extrema where {count} alternate")
        points = runs
    return coefficients


def main():
    mpmath.mp.dps = 50
    for name, entries, real, integer, place in TYPES:
        table, coefficients = stands_in_header(name)
        t = [mpf(struct.unpack(real, struct.pack(integer, x + (j << place)))[0]) for j, x in enumerate(table)]
        end = mpf(1) / (2 * entries)
        if "--make" in sys.argv[1:]:
            made = minimax(lambda f, t=t: mpf(2) ** f / t[0] - 1, lambda f: mpf(2) ** -f, len(coefficients) - 1, end)
            print(name, [number(name.lower(), c).hex() for c in reversed(made)])
        spread = max(abs(t[j] / t[0] / mpf(2) ** (mpf(j) / entries) - 1) for j in range(entries))
        worst = mpf(0)
        for i in range(-500, 501):
            f = end * i / 500
            e = [t[j] * (1 + mpmath.polyval(coefficients[::-1], f)) / mpf(2) ** (mpf(j) / entries + f) for j in range(entries)]
            worst = max([worst] + [abs(x - 1) for x in e])
        one = number(name.lower(), t[0] + t[0] * coefficients[0])
        print(f"{name}: table within 2^{mpmath.nstr(mpmath.log(spread, 2), 3)} of each other, "
              f"exponential within 2^{mpmath.nstr(mpmath.log(worst, 2), 4)}, 2^0 = {one}")
    for name, coefficients in zip(("float", "double"), portable_polynomials()):
        end = mpf("0.35")
        if "--make" in sys.argv[1:]:
            made = minimax(
                lambda r: (mpmath.exp(r) - 1 - r) / r**2, lambda r: r**2 / mpmath.exp(r), len(coefficients) - 1, end
            )
            print(name, [float(c).hex() for c in made])
        points = [end * i / 500 for i in range(-500, 501)]
        worst = max(
            abs((1 + r + r**2 * mpmath.polyval(coefficients[::-1], r)) / mpmath.exp(r) - 1) for r in points
        )
        print(f"portable, {name}: exponential within 2^{mpmath.nstr(mpmath.log(worst, 2), 4)}")


if __name__ == "__main__":
    main()
