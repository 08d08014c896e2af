"""Cases for the products with the Jacobian of softmax and of log_softmax, given the probabilities S as exact inputs."""

from mpmath import mpf

import formulas
from cases_softmax import KINDS
from numbers_exact import number, numbers

SIZES = [1, 2, 3, 5, 8, 9, 16, 17, 33, 70]
TEMPERATURES = [1, 1, 0.5, 2.7, 100, 1e-3]


def add_case(file, scalar, description, s, v, t):
    exact_s, exact_v, exact_t = [mpf(x) for x in s], [mpf(x) for x in v], mpf(t)
    mean = sum(a * b for a, b in zip(exact_s, exact_v))
    mean_abs = sum(a * abs(b) for a, b in zip(exact_s, exact_v))
    total, total_abs = sum(exact_v), sum(map(abs, exact_v))
    pairs = list(zip(exact_s, exact_v))
    results = {
        "softmax_jvp": [a * (b - mean) / exact_t for a, b in pairs],
        "log_softmax_jvp": [(b - mean) / exact_t for a, b in pairs],
        "log_softmax_vjp": [(b - a * total) / exact_t for a, b in pairs],
    }
    scales = {
        "softmax_jvp": [a * (abs(b) + mean_abs) / exact_t for a, b in pairs],
        "log_softmax_jvp": [(abs(b) + mean_abs) / exact_t for a, b in pairs],
        "log_softmax_vjp": [(abs(b) + a * total_abs) / exact_t for a, b in pairs],
    }
    inputs = {"temperature": t, "probabilities": s, "direction": v}
    file.case("jacobian", scalar, f"{description}, {len(s)} classes, T = {t:.6g}", inputs, results, scales)


def write(file, draw):
    turn = 0
    for scalar in ("float", "double"):
        for n in SIZES:
            for kind in ("gauss 1", "gauss 10", "gap 17", "equal", "some masked"):
                t = number(scalar, TEMPERATURES[turn % len(TEMPERATURES)])
                sigma = [1, 1e-3, 1e3][turn % 3]
                turn += 1
                s = numbers(scalar, formulas.softmax(KINDS[kind](draw, scalar, n, 1)))
                add_case(file, scalar, kind, s, draw.normals(scalar, n, sigma), t)
