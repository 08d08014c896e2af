"""Cases for the rest of the family: sigmoid cross-entropy, Gaussian and Poisson likelihoods, losses of two logits."""

from mpmath import log, mpf

import formulas
from case_file import worst_inputs
from cases_softmax import KINDS
from numbers_exact import INF, number, numbers


def add_sigmoid(file, draw, scalar):
    for positive_weight in (1, 0.3, 7):
        for eps in (0, 0.1):
            z, y = [], []
            for sigma in (1e-3, 1, 10, 60):
                for target in (0, 1, draw.uniform(), draw.uniform()):
                    z += draw.normals(scalar, 3, sigma)
                    y += [number(scalar, target)] * 3
            weight, smoothing = number(scalar, positive_weight), number(scalar, eps)
            name = f"positive weight {positive_weight}, smoothing {eps}"
            add_sigmoid_case(file, scalar, name, z, y, weight, smoothing)


def add_sigmoid_case(file, scalar, description, z, y, weight, smoothing):
    results = [formulas.sigmoid_cross_entropy(a, b, weight, smoothing) for a, b in zip(z, y)]
    file.case(
        "sigmoid_cross_entropy",
        scalar,
        description,
        {"logits": z, "targets": y, "positive_weight": weight, "smoothing": smoothing},
        {"loss": [r[0] for r in results], "gradient": [r[1] for r in results]},
        {"gradient": [r[2] for r in results]},
    )


def add_likelihoods(file, draw, scalar):
    n = 60
    mean = draw.normals(scalar, n, 3)
    x = [number(scalar, m + draw.choice([0, 1e-6, 1, 30]) * draw.normal()) for m in mean]
    variance = [number(scalar, mpf(10) ** (3 * draw.normal())) for _ in range(n)]
    results = [formulas.gaussian_nll(*case) for case in zip(mean, x, variance)]
    parts = [((mpf(a) - mpf(b)) ** 2 / mpf(v), abs(log(mpf(v)))) for a, b, v in zip(mean, x, variance)]
    file.case(
        "gaussian_nll",
        scalar,
        "coefficients",
        {"mean": mean, "target": x, "variance": variance},
        {
            "loss": [r[0] for r in results],
            "d_mean": [r[1] for r in results],
            "d_variance": [r[2] for r in results],
        },
        {"loss": [(q + l) / 2 for q, l in parts]},
    )
    log_rate = draw.normals(scalar, n, 4)
    count = [float(draw.integer(1 + draw.choice([1, 10, 1000]))) for _ in range(n)]
    results = [formulas.poisson_nll(*case) for case in zip(log_rate, count)]
    rates = [abs(formulas.exp(mpf(a))) for a in log_rate]
    file.case(
        "poisson_nll",
        scalar,
        "coefficients",
        {"log_rate": log_rate, "target": count},
        {"loss": [r[0] for r in results], "gradient": [r[1] for r in results]},
        {
            "loss": [r + abs(mpf(k) * mpf(a)) for r, k, a in zip(rates, count, log_rate)],
            "gradient": [r + k for r, k in zip(rates, count)],
        },
    )


def add_entropy(file, draw, scalar):
    for n in (1, 2, 3, 8, 17, 40):
        for turn, kind in enumerate(("gauss 1", "gauss 10", "gap 17", "gap 100", "equal", "some masked", "offset")):
            t = number(scalar, [1, 0.5, 2.7][turn % 3])
            add_entropy_case(file, scalar, kind, KINDS[kind](draw, scalar, n, t), t)


def add_entropy_case(file, scalar, description, z, t):
    value, gradient, scale = formulas.entropy_from_logits(z, t)
    file.case(
        "entropy_from_logits",
        scalar,
        f"{description}, {len(z)} classes, T = {t:.6g}",
        {"temperature": t, "logits": z},
        {"entropy": value, "gradient": gradient},
        {"gradient": scale},
    )


def other_logits(draw, scalar, z, change):
    """Logits near z: changed by a relative amount, masked classes of z masked or not."""
    if change is None:
        return [draw.normal() * 3 if v == -INF else v + 8 * draw.normal() for v in z]
    return [v if v == -INF else v * (1 + change * draw.uniform(-1, 1)) for v in z]


def add_kl(file, draw, scalar):
    changes = [None, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 0]
    for n in (2, 3, 8, 17):
        for turn, change in enumerate(changes):
            for kind in ("gauss 1", "gauss 10", "gauss 100", "some masked"):
                t = number(scalar, [1, 0.5, 2.7][turn % 3])
                zp = KINDS[kind](draw, scalar, n, t)
                zq = numbers(scalar, other_logits(draw, scalar, zp, change))
                name = "another" if change is None else f"within {change:g}"
                add_kl_case(file, scalar, f"{kind}, {name}", zp, zq, t)


def add_kl_case(file, scalar, description, zp, zq, t):
    value, (d_p, d_p_scale), (d_q, d_q_scale) = formulas.kl_from_logits(zp, zq, t)
    file.case(
        "kl_divergence_from_logits",
        scalar,
        f"{description}, {len(zp)} classes, T = {t:.6g}",
        {"temperature": t, "logits_p": zp, "logits_q": zq},
        {"kl_divergence": value, "d_p": d_p, "d_q": d_q},
        {"d_p": d_p_scale, "d_q": d_q_scale},
    )


def write(file, draw):
    for scalar in ("float", "double"):
        add_sigmoid(file, draw, scalar)
        add_likelihoods(file, draw, scalar)
        add_entropy(file, draw, scalar)
        add_kl(file, draw, scalar)
    for scalar, description, inputs in worst_inputs("sigmoid_cross_entropy"):
        weight, smoothing = inputs["positive_weight"][0], inputs["smoothing"][0]
        add_sigmoid_case(file, scalar, description, inputs["logits"], inputs["targets"], weight, smoothing)
    for scalar, description, inputs in worst_inputs("entropy_from_logits"):
        add_entropy_case(file, scalar, description, inputs["logits"], inputs["temperature"][0])
    for scalar, description, inputs in worst_inputs("kl_divergence_from_logits"):
        add_kl_case(file, scalar, description, inputs["logits_p"], inputs["logits_q"], inputs["temperature"][0])
