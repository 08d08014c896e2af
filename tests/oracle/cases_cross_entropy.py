"""Cases for softmax_cross_entropy with options drawn at random: small batches, every result of each."""

from mpmath import mpf

import formulas
from case_file import worst_inputs
from cases_softmax import KINDS
from numbers_exact import INF, number, numbers

COUNT = 200  # a scalar

SHAPES = [(n, 1) for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 16, 17, 33, 40)] + [(2, 3), (3, 4), (5, 2), (8, 3), (10, 2)]
LOGITS = ["gauss 1", "gauss 10", "gap 17", "gap 40", "ties", "equal", "some masked", "lse near 0", "offset"]


def options(draw, scalar, classes, batch):
    """Each option away from its default about every other time."""

    def maybe(value, default):
        return number(scalar, value) if draw.chance(0.5) else default

    weights = [draw.uniform(0, 3) if draw.chance(0.85) else 0 for _ in range(classes)]
    mean = draw.chance(0.5)
    denominator = maybe(draw.uniform(0.5, 100), None)
    sample_weights = [draw.uniform(0.1, 4) for _ in range(batch)]
    if not mean or denominator is not None:
        sample_weights = [-w if draw.chance(0.3) else w for w in sample_weights]
    return {
        "mean": mean,
        "denominator": denominator if mean else None,
        "smoothing": maybe(draw.choice([0.1, 0.1, 0.01, 0.5, 1]), 0.0),
        "other_classes": draw.chance(0.5),
        "temperature": maybe(draw.choice([0.1, 0.5, 2, 2.7, 3, 100]), 1.0),
        "z_loss": maybe(draw.choice([1e-4, 1e-2, 0.3]), 0.0),
        "class_weights": numbers(scalar, weights) if draw.chance(0.5) else [],
        "sample_weights": numbers(scalar, sample_weights) if draw.chance(0.5) else [],
    }


def target_column(draw, scalar, z, kind):
    """A target: a label, a soft column, or one with few entries. A label is never masked here, a soft one may be."""
    unmasked = [k for k, v in enumerate(z) if v != -INF]
    if kind == "label":
        return draw.choice(unmasked)
    y = [draw.uniform() for _ in z]
    if kind == "sparse":
        y = [v if draw.chance(3 / len(z)) else 0.0 for v in y]
    if draw.chance(0.8):
        y = [0.0 if k not in unmasked else v for k, v in enumerate(y)]
    total = sum(y) or 1.0
    # Some columns do not sum to 1.
    return numbers(scalar, [v / total * (draw.uniform(0.3, 2) if draw.chance(0.2) else 1) for v in y])


def add_case(file, scalar, draw, kind, classes, batch):
    o = options(draw, scalar, classes, batch)
    logit_kinds = [draw.choice(LOGITS) for _ in range(batch)]
    z = [KINDS[name](draw, scalar, classes, o["temperature"]) for name in logit_kinds]
    v = [draw.normals(scalar, classes) for _ in range(batch)]
    targets = [target_column(draw, scalar, column, kind) for column in z]
    return add_batch(file, scalar, f"{kind}, logits: {'; '.join(logit_kinds)}", kind, o, z, v, targets)


def add_batch(file, scalar, description, kind, o, z, v, targets):
    """A batch by its columns: logits, directions and targets; False where no sample adds to the denominator."""
    classes, batch = len(z[0]), len(z)
    t, zeta, eps = o["temperature"], o["z_loss"], o["smoothing"]
    c = o["class_weights"] or [1.0] * classes
    w = o["sample_weights"] or [1.0] * batch
    if o["denominator"] is not None:
        parts = [mpf(o["denominator"])]
    else:
        parts = [mpf(w[i]) * mpf(c[targets[i]] if kind == "label" else 1) for i in range(batch)]
    reported = sum(parts)
    d = reported if o["mean"] else mpf(1)
    if d == 0:
        return False  # The denominator that no sample adds to is a matter of meaning, not of ULP.

    samples = []
    for i in range(batch):
        label = targets[i] if kind == "label" else None
        y = [float(k == label) for k in range(classes)] if kind == "label" else targets[i]
        samples.append(formulas.Sample(z[i], y, c, w[i], t, eps, o["other_classes"], label, zeta, d))
    hvp = [sample.hvp(direction) for sample, direction in zip(samples, v)]

    def joined(columns):
        return [value for column in columns for value in column]

    inputs = {
        "shape": [classes, batch],
        "logits": joined(z),
        "labels" if kind == "label" else "targets": targets if kind == "label" else joined(targets),
        "direction": joined(v),
        "temperature": t,
        "z_loss": zeta,
        "smoothing": eps,
        "other_classes": float(o["other_classes"]),
        "mean": float(o["mean"]),
    }
    if o["denominator"] is not None:
        inputs["denominator"] = o["denominator"]
    for name in ("class_weights", "sample_weights"):
        if o[name]:
            inputs[name] = o[name]
    results = {
        "sample_loss": [sample.loss for sample in samples],
        "loss": sum(sample.loss for sample in samples) / d,
        "z_loss": sum(sample.z_loss for sample in samples) / d,
        "denominator": reported,
        "logsumexp": [sample.lse for sample in samples],
        "entropy": [formulas.entropy(sample.s) for sample in samples],
        "gradient": joined(sample.gradient for sample in samples),
        "temperature_gradient": sum(sample.temperature_gradient for sample in samples),
        "hvp": joined(product for product, _ in hvp),
    }
    scales = {
        "denominator": sum(map(abs, parts)),
        "sample_loss": [sample.loss_scale for sample in samples],
        "loss": sum(sample.loss_scale for sample in samples) / d,
        "z_loss": sum(sample.z_loss_scale for sample in samples) / d,
        "logsumexp": [
            max(abs(sample.lse), abs(max(map(mpf, column)) / mpf(t))) for sample, column in zip(samples, z)
        ],
        "gradient": joined(sample.gradient_scale for sample in samples),
        "temperature_gradient": sum(sample.temperature_scale for sample in samples),
        "hvp": joined(scale for _, scale in hvp),
    }
    file.case("cross_entropy", scalar, description, inputs, results, scales)
    return True


def write(file, draw):
    for scalar in ("float", "double"):
        written = 0
        while written < COUNT:
            classes, batch = draw.choice(SHAPES)
            written += add_case(file, scalar, draw, ["label", "dense", "sparse"][written % 3], classes, batch)
    for scalar, description, inputs in worst_inputs("cross_entropy"):
        single = ("mean", "denominator", "smoothing", "other_classes", "temperature", "z_loss")
        o = {name: inputs[name][0] for name in single}
        o.update({name: inputs[name] for name in ("class_weights", "sample_weights")})
        label = "labels" in inputs
        targets = [int(inputs["labels"][0])] if label else [inputs["targets"]]
        v = [draw.normals(scalar, len(inputs["logits"]))]
        add_batch(file, scalar, description, "label" if label else "dense", o, [inputs["logits"]], v, targets)
