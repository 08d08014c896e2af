"""Exact binary numbers: rounding to float and double, random draws, and how both are written down.

Nothing here depends on the platform's libm or on the formatting of decimal numbers: draws come from the raw bits of
a Mersenne Twister, and every rounding is one integer division, which Python rounds correctly.
"""

import math
import random
import struct

from mpmath import mp, mpf

# Enough to write every formula as its definition and still keep 30 digits: the smallest double is 1e-308 and the
# definitions subtract it from numbers near 1 (1 - s of a confident prediction).
mp.dps = 400

INF = math.inf

# Smallest normal numbers. Results below are outside of every accuracy bound.
SMALLEST = {"float": 2.0**-126, "double": 2.0**-1022}


def number(scalar, x):
    """The float or double nearest to x, as a Python float."""
    x = nearest_double(x) if isinstance(x, mpf) else float(x)
    return struct.unpack("<f", struct.pack("<f", x))[0] if scalar == "float" else x


def numbers(scalar, xs):
    return [number(scalar, x) for x in xs]


def nearest_double(x):
    """The double nearest to an mpf, subnormal ones included (mpmath's own conversion rounds those twice)."""
    if mp.isnan(x) or mp.isinf(x):
        return float(x)
    sign, mantissa, exponent, _ = x._mpf_
    mantissa = -mantissa if sign else mantissa
    if mantissa.bit_length() + exponent < -1080:
        return 0.0
    if mantissa.bit_length() + exponent > 1024:
        return math.copysign(INF, mantissa)
    try:
        return float(mantissa << exponent) if exponent >= 0 else mantissa / (1 << -exponent)
    except OverflowError:
        return math.copysign(INF, mantissa)


def hexadecimal(x):
    """A double as a short hex float that strtod reads back: 0x1.9p-1, not 0x1.9000000000000p-1; 3 as 3."""
    if math.isnan(x) or math.isinf(x):
        return str(x)
    if x == 0 and math.copysign(1, x) < 0:
        return "-0"
    if abs(x) < 1e6 and x == int(x):
        return str(int(x))
    digits, exponent = x.hex().split("p")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits + "p" + exponent.removeprefix("+")


def exact_pair(x):
    """An mpf as "hi rest": hi the nearest double, rest what is missing in units of the last place of hi (15 digits).

    Together more than 100 bits. The rest is counted in ulps of hi because, as a double of its own, it would underflow
    beside results near the smallest normal number.
    """
    x = mpf(x)
    hi = nearest_double(x)
    if math.isnan(hi) or math.isinf(hi):
        return f"{hi} 0"
    if hi == 0:
        return "0 0"
    rest = (x - mpf(hi)) / mpf(math.ulp(hi))
    return f"{hexadecimal(hi)} {float(rest):.15g}".replace(" 0.", " .").replace(" -0.", " -.")


class Draw:
    """Random numbers from raw bits only, the same on every machine."""

    def __init__(self, seed):
        self._bits = random.Random(seed)

    def uniform(self, low=0.0, high=1.0):
        return low + (high - low) * (self._bits.getrandbits(53) / 2.0**53)

    def integer(self, count):
        return self._bits.getrandbits(64) % count

    def normal(self):
        """A sum of twelve uniforms: near enough to a normal, and exact arithmetic, so no libm enters."""
        return sum(self.uniform() for _ in range(12)) - 6.0

    def chance(self, probability):
        return self.uniform() < probability

    def choice(self, items):
        return items[self.integer(len(items))]

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.integer(i + 1)
            items[i], items[j] = items[j], items[i]

    def normals(self, scalar, count, sigma=1.0, mean=0.0):
        return [number(scalar, mean + sigma * self.normal()) for _ in range(count)]
