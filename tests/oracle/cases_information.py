"""Cases for the information measures: distributions, joint tables, counts, logaddexp, information content."""

from mpmath import exp, log, mpf

import formulas
from case_file import worst_inputs
from numbers_exact import INF, SMALLEST, number, numbers

UNITS = {"": mpf(1), ".bits": log(mpf(2)), ".hartleys": log(mpf(10))}

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 70, 129, 257, 1000]
NEARNESS = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7]


def in_units(results):
    """Each amount of information in nats, bits and hartleys."""
    return {name + unit: value / size for name, value in results.items() for unit, size in UNITS.items()}


# Distributions.


def simplex(draw, scalar, n, spread):
    """n probabilities; spread is the sigma of their logarithms: 0.5 nearly uniform, 10 almost all on one class."""
    weights = [exp(mpf(spread * draw.normal())) for _ in range(n)]
    total = sum(weights)
    return [number(scalar, w / total) for w in weights]


def tiny(draw, scalar, n):
    """Probabilities spread over the whole range of exponents, down to the smallest normal number."""
    low = -125 if scalar == "float" else -1021
    values = [number(scalar, mpf(2) ** draw.integer(-low) * mpf(2) ** low * draw.uniform(0.5, 1)) for _ in range(n)]
    values[draw.integer(n)] = SMALLEST[scalar]
    return values


def near(draw, scalar, p, nearness):
    """q within a relative distance of p."""
    return [number(scalar, mpf(v) * (1 + nearness * mpf(draw.uniform(-1, 1)))) for v in p]


def with_zeros(draw, p):
    return [0.0 if draw.chance(0.3) else v for v in p]


def pairs(draw, scalar, n, turn):
    """Named (p, q)."""
    p = simplex(draw, scalar, n, 0.5)
    yield "near uniform", p, simplex(draw, scalar, n, 0.5)
    yield "spread", simplex(draw, scalar, n, 3), simplex(draw, scalar, n, 3)
    yield "far apart", simplex(draw, scalar, n, 10), simplex(draw, scalar, n, 10)
    yield "same", p, list(p)
    for nearness in (NEARNESS[turn % 6], NEARNESS[(turn + 3) % 6]):
        p = simplex(draw, scalar, n, 2)
        yield f"within {nearness:g}", p, near(draw, scalar, p, nearness)
    yield "ratio near 3", p, numbers(scalar, [v * draw.choice([3, 1 / 3]) * draw.uniform(0.99, 1.01) / 4 for v in p])
    yield "tiny", tiny(draw, scalar, n), tiny(draw, scalar, n)
    yield "tiny q", simplex(draw, scalar, n, 1), tiny(draw, scalar, n)
    yield "zeros in p", with_zeros(draw, simplex(draw, scalar, n, 1)), simplex(draw, scalar, n, 1)
    yield "zeros in both", with_zeros(draw, simplex(draw, scalar, n, 1)), with_zeros(draw, simplex(draw, scalar, n, 1))
    p = with_zeros(draw, simplex(draw, scalar, n, 1))
    yield "the same zeros", p, near(draw, scalar, p, 0.9)


def add_pair(file, scalar, description, p, q):
    p, q = numbers(scalar, p), numbers(scalar, q)
    h = formulas.entropy(p)
    results = in_units(
        {
            "entropy": h,
            "cross_entropy": formulas.cross_entropy(p, q),
            "kl_divergence": formulas.kl_divergence(p, q),
            "js_divergence": formulas.js_divergence(p, q),
        }
    )
    results["perplexity"] = exp(h)
    file.case("distributions", scalar, f"{description}, {len(p)} classes", {"p": p, "q": q}, results)


def add_distributions(file, draw, scalar):
    for turn, n in enumerate(SIZES):
        for index, (description, p, q) in enumerate(pairs(draw, scalar, n, turn)):
            # The longest ones only for the sums; they take turns.
            if n < 100 or index % 4 == turn % 4:
                add_pair(file, scalar, description, p, q)
    for k in range(0, 9):
        p = [2.0**-k] * 2**k
        add_pair(file, scalar, f"uniform 2^{k}", p, [2.0 ** -(k + 1)] * 2**k)


# Joint tables, stored row by row.


def dependent(draw, scalar, rows, columns, dependence):
    """An outer product of marginals, each entry changed by a relative amount of the given size."""
    r, c = simplex(draw, scalar, rows, 1), simplex(draw, scalar, columns, 1)
    return [[number(scalar, mpf(a) * b * (1 + dependence * mpf(draw.uniform(-1, 1)))) for b in c] for a in r]


def joints(draw, scalar, rows, columns, turn):
    def table(values):
        return [values[i * columns : (i + 1) * columns] for i in range(rows)]

    size = rows * columns
    yield "near uniform", table(simplex(draw, scalar, size, 0.5))
    yield "spread", table(simplex(draw, scalar, size, 4))
    yield "zeros", table(with_zeros(draw, simplex(draw, scalar, size, 1)))
    yield "not normalised", table(numbers(scalar, [3 * v for v in simplex(draw, scalar, size, 1)]))
    diagonal = simplex(draw, scalar, rows, 1)
    yield "diagonal", [[diagonal[i] if i == j else 0.0 for j in range(columns)] for i in range(rows)]
    for dependence in (NEARNESS[turn % 6], NEARNESS[(turn + 3) % 6]):
        yield f"dependence {dependence:g}", dependent(draw, scalar, rows, columns, dependence)
    yield "one column", [[row[0]] + [0.0] * (columns - 1) for row in table(simplex(draw, scalar, size, 1))]


def add_joints(file, draw, scalar):
    shapes = [(1, 1), (2, 2), (2, 3), (3, 2), (4, 4), (5, 7), (8, 8), (9, 4), (1, 6), (6, 1), (16, 17), (30, 20)]
    for turn, (rows, columns) in enumerate(shapes):
        for description, joint in joints(draw, scalar, rows, columns, turn):
            results = in_units(
                {
                    "joint_entropy": formulas.entropy(formulas.flat(joint)),
                    "conditional_entropy": formulas.conditional_entropy(joint),
                    "mutual_information": formulas.mutual_information(joint),
                }
            )
            # Rounded marginals leave something of second order where X and Y are independent: below N times this.
            nothing = formulas.total(joint) * mpf(2) ** (-60 if scalar == "float" else -150)
            information = ["mutual_information" + unit for unit in UNITS]
            scales = {name: max(results[name], nothing) for name in information}
            inputs = {"shape": [rows, columns], "joint": formulas.flat(joint)}
            file.case("joint", scalar, f"{description}, {rows} x {columns}", inputs, results, scales)


# Counts, sums of exponentials of two numbers, single probabilities.


def add_counts(file, draw):
    tables = [[0], [1], [5, 0], [1, 1], [7, 7, 7, 7], [999999, 1], [1, 10**12, 1], [2**40, 2**40 - 1]]
    for classes in (2, 3, 8, 17, 100):
        for largest in (3, 100, 10**6, 10**9):
            tables.append([draw.integer(largest + 1) for _ in range(classes)])
            tables.append([draw.integer(3) for _ in range(classes - 1)] + [largest])
    for counts in tables:
        results = in_units(
            {
                "maximum_likelihood": formulas.entropy_from_counts(counts),
                "miller_madow": formulas.miller_madow(counts),
            }
        )
        file.case("entropy_from_counts", "double", f"{len(counts)} classes", {"counts": counts}, results)


def add_logaddexp(file, draw, scalar):
    a, b = [], []
    for scale in (1e-3, 1, 10, 100, 1e4, 1e30):
        for _ in range(10):
            a.append(number(scalar, scale * draw.normal()))
            gap = draw.choice([0, 1e-3, 1, 10, 17, 40, 100])
            b.append(number(scalar, a[-1] + gap * draw.uniform(-1, 1)))
    for _ in range(40):
        # exp(a) + exp(b) = 1 but for the rounding of a and b.
        a.append(number(scalar, -draw.uniform(0.05, 0.7)))
        b.append(number(scalar, log(1 - exp(mpf(a[-1])))))
    add_logaddexp_case(file, scalar, "pairs", a + [-INF, 3.0, 0.0], b + [1.5, -INF, 0.0])


def add_logaddexp_case(file, scalar, description, a, b):
    results = [formulas.logaddexp(x, y) for x, y in zip(a, b)]
    scales = [max(abs(r), abs(max(x, y))) for r, x, y in zip(results, a, b)]
    file.case("logaddexp", scalar, description, {"a": a, "b": b}, {"logaddexp": results}, {"logaddexp": scales})


def add_information_content(file, draw, scalar):
    p = [draw.uniform() for _ in range(30)] + [1 - 10 ** -draw.uniform(1, 7) for _ in range(20)]
    p += [2.0**-k for k in (0, 1, 2, 3, 10, 100, 126)] + tiny(draw, scalar, 20)
    p = numbers(scalar, p)
    results = {"information_content" + unit: [-log(mpf(v)) / size for v in p] for unit, size in UNITS.items()}
    file.case("information_content", scalar, "probabilities", {"p": p}, results)


def write(file, draw):
    for scalar in ("float", "double"):
        add_distributions(file, draw, scalar)
        add_joints(file, draw, scalar)
        add_logaddexp(file, draw, scalar)
        add_information_content(file, draw, scalar)
    add_counts(file, draw)
    for scalar, description, inputs in worst_inputs("distributions"):
        add_pair(file, scalar, description, inputs["p"], inputs["q"])
    for scalar, description, inputs in worst_inputs("logaddexp"):
        add_logaddexp_case(file, scalar, description, inputs["a"], inputs["b"])
