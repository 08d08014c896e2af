"""The definitions, term by term as the documentation states them, in 400 digits: no stable form is needed or used."""

from mpmath import exp, log, mpf
from mpmath import inf as infinity

ZERO = mpf(0)


# Softmax. Logits may be -inf (masked); at least one is not.


def exponentials(z, t):
    """e_k = exp(z_k / t - max) and the max: the shift changes no quotient and keeps numbers short."""
    m = max(mpf(v) / mpf(t) for v in z)
    return [ZERO if v == -infinity else exp(mpf(v) / mpf(t) - m) for v in map(mpf, z)], m


def softmax(z, t=1):
    e, _ = exponentials(z, t)
    total = sum(e)
    return [v / total for v in e]


def logsumexp(z, t=1):
    e, m = exponentials(z, t)
    return m + log(sum(e))


def log_softmax(z, t=1):
    lse = logsumexp(z, t)
    return [mpf(v) / mpf(t) - lse for v in z]


def logaddexp(a, b):
    return logsumexp([a, b])


# Information measures, in nats, of p and q as given (not normalised).


def p_log(p, x):
    """p log x, where p = 0 contributes 0."""
    return ZERO if p == 0 else mpf(p) * log(x)


def entropy(p):
    return -sum((p_log(a, mpf(a)) for a in p), ZERO)


def cross_entropy(p, q):
    if any(a > 0 and b == 0 for a, b in zip(p, q)):
        return infinity
    return -sum((p_log(a, mpf(b)) for a, b in zip(p, q)), ZERO)


def kl_divergence(p, q):
    if any(a > 0 and b == 0 for a, b in zip(p, q)):
        return infinity
    return sum((p_log(a, mpf(a) / mpf(b) if b else 1) - mpf(a) + mpf(b) for a, b in zip(p, q)), ZERO)


def js_divergence(p, q):
    middle = [(mpf(a) + mpf(b)) / 2 for a, b in zip(p, q)]
    return (kl_divergence(p, middle) + kl_divergence(q, middle)) / 2


# A joint table is a list of rows, J[i][j] = P(X = i, Y = j).


def flat(joint):
    return [a for row in joint for a in row]


def total(joint):
    return sum(map(mpf, flat(joint)))


def conditional_entropy(joint):
    return -sum((p_log(a, mpf(a) / sum(map(mpf, row))) for row in joint for a in row if a), ZERO)


def mutual_information(joint):
    rows = [sum(map(mpf, row)) for row in joint]
    columns = [sum(map(mpf, column)) for column in zip(*joint)]
    total = sum(rows)
    return sum(
        (
            p_log(a, mpf(a) * total / (rows[i] * columns[j]))
            for i, row in enumerate(joint)
            for j, a in enumerate(row)
            if a
        ),
        ZERO,
    )


def entropy_from_counts(counts):
    n = sum(map(mpf, counts))
    return -sum((p_log(mpf(c) / n, mpf(c) / n) for c in counts if c), ZERO) if n else ZERO


def miller_madow(counts):
    n = sum(map(mpf, counts))
    return entropy_from_counts(counts) + mpf(sum(c > 0 for c in counts) - 1) / (2 * n) if n else ZERO


# Softmax cross-entropy of one sample. In the words and letters of docs/softmax_cross_entropy.md.


class Sample:
    """Y, lse, s and everything that follows from them.

    z logits, y target column, c class weights, w sample weight, t temperature, eps smoothing, other: the rule
    other_classes, label: the label when the target is one, zeta: z_loss, d: the denominator.
    """

    def __init__(self, z, y, c, w, t, eps, other, label, zeta, d):
        z, y, c = [mpf(v) for v in z], [mpf(v) for v in y], [mpf(v) for v in c]
        w, t, eps, zeta, d = map(mpf, (w, t, eps, zeta, d))
        classes = range(len(z))
        unmasked = [k for k in classes if z[k] != -infinity]
        sigma = sum(y)
        if not other:
            smooth = [(1 - eps) * y[k] + (eps * sigma / len(unmasked) if k in unmasked else 0) for k in classes]
        else:
            others = len([k for k in unmasked if k != label]) if label is not None else len(unmasked) - 1
            if others <= 0:
                smooth = y
            else:
                smooth = [
                    (1 - eps) * y[k] + (eps * (sigma - y[k]) / others if k in unmasked else 0) for k in classes
                ]
        target = [c[k] * smooth[k] for k in classes]
        self.lse = lse = logsumexp(z, t)
        self.s = s = softmax(z, t)
        cross = sum((target[k] * (lse - z[k] / t) for k in classes if target[k] != 0), ZERO)
        self.loss = w * (cross + zeta * lse**2)
        self.z_loss = w * zeta * lse**2
        # The logsumexp itself is only known to ULPs of max(|lse|, |max z| / T).
        lse_scale = max(abs(lse), abs(max(z) / t))
        self.z_loss_scale = abs(w) * zeta * lse_scale**2
        self.loss_scale = abs(w) * (cross + zeta * lse_scale**2)
        a = sum(target) + 2 * zeta * lse
        self.gradient = [w / (d * t) * (a * s[k] - target[k]) for k in classes]
        a_abs = sum(map(abs, target)) + 2 * zeta * lse_scale
        self.gradient_scale = [abs(w) / (d * t) * max(a_abs * s[k], abs(target[k])) for k in classes]
        # The temperature gradient takes its sums over M: it is the derivative of the terms that are finite.
        m = max(z)
        e_abs = sum(s[k] * (m - z[k]) for k in unmasked)
        m_y = sum(target[k] * (m - z[k]) for k in unmasked)
        m_y_abs = sum(abs(target[k]) * (m - z[k]) for k in unmasked)
        a_m = sum(target[k] for k in unmasked) + 2 * zeta * lse
        self.temperature_gradient = w / (d * t**2) * (a_m * e_abs - m_y - 2 * zeta * lse * m)
        self.temperature_scale = abs(w) / (d * t**2) * (a_abs * e_abs + m_y_abs + 2 * zeta * lse_scale * abs(m))
        self._hvp = (w / (d * t**2), a, a_abs, zeta, unmasked)

    def hvp(self, v):
        """The Hessian times v, and the sum of the absolute values of its terms."""
        factor, a, a_abs, zeta, unmasked = self._hvp
        v = [mpf(x) for x in v]
        s = self.s
        mean = sum(s[k] * v[k] for k in unmasked)
        mean_abs = sum(s[k] * abs(v[k]) for k in unmasked)
        product = [ZERO] * len(v)
        scale = [ZERO] * len(v)
        for k in unmasked:
            product[k] = factor * s[k] * (a * (v[k] - mean) + 2 * zeta * mean)
            scale[k] = abs(factor) * s[k] * (a_abs * (abs(v[k]) + mean_abs) + 2 * zeta * mean_abs)
        return product, scale


# Other losses.


def softplus(x):
    return log(1 + exp(x))


def sigmoid(x):
    return 1 / (1 + exp(-x))


def sigmoid_cross_entropy(z, y, positive_weight, eps):
    """Loss, gradient, and the larger term of the gradient. Smoothing: y (1 - eps) + eps / 2."""
    z, y, eps = mpf(z), mpf(y), mpf(eps)
    y = (1 - eps) * y + eps / 2
    up, down = mpf(positive_weight) * y, 1 - y
    loss = (up * softplus(-z) if up else ZERO) + (down * softplus(z) if down else ZERO)
    parts = -up * sigmoid(-z), down * sigmoid(z)
    return loss, sum(parts), max(map(abs, parts))


def kl_from_logits(zp, zq, t):
    """KL(softmax(zp / t) || softmax(zq / t)) and both gradients, each with the larger terms of its entries.

    Unmasked classes of p are unmasked in q.
    """
    p, q = softmax(zp, t), softmax(zq, t)
    ratio = [log(a / b) if a else ZERO for a, b in zip(p, q)]
    value = sum(a * r for a, r in zip(p, ratio))
    t = mpf(t)
    d_p = [a * (r - value) / t for a, r in zip(p, ratio)]
    # log(p_k / q_k) is itself a difference, from a mean over the classes: that is known to ULPs of its own terms.
    size = sum(a * abs(r) for a, r in zip(p, ratio))
    d_p_scale = [a * max(abs(r), size) / t for a, r in zip(p, ratio)]
    d_q = [(b - a) / t for a, b in zip(p, q)]
    d_q_scale = [max(a, b) / t for a, b in zip(p, q)]
    return value, (d_p, d_p_scale), (d_q, d_q_scale)


def entropy_from_logits(z, t):
    """H(softmax(z / t)), its gradient, and the larger term of each entry of that."""
    s = softmax(z, t)
    h = entropy(s)
    unmasked = [k for k, v in enumerate(z) if v != -infinity]
    t, m = mpf(t), max(map(mpf, z))
    distance = [m - mpf(v) if k in unmasked else ZERO for k, v in enumerate(z)]
    mean = sum(s[k] * distance[k] for k in unmasked)
    gradient = [s[k] / t * (distance[k] - mean) / t for k in range(len(s))]
    scale = [s[k] / t * max(distance[k], mean) / t for k in range(len(s))]
    return h, gradient, scale


def gaussian_nll(mean, x, variance):
    mean, x, variance = map(mpf, (mean, x, variance))
    value = (log(variance) + (x - mean) ** 2 / variance) / 2
    return value, (mean - x) / variance, (1 / variance - (x - mean) ** 2 / variance**2) / 2


def poisson_nll(log_rate, count):
    rate = exp(mpf(log_rate))
    return rate - mpf(count) * mpf(log_rate), rate - mpf(count)
