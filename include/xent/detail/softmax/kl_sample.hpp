#ifndef XENT_DETAIL_SOFTMAX_KL_SAMPLE_HPP
#define XENT_DETAIL_SOFTMAX_KL_SAMPLE_HPP

/// The Kullback-Leibler divergence of the distributions that two samples of logits stand for, right to the last digits
/// also where the two are nearly equal.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/entropy_sample.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/types.hpp>

#include <cmath>
#include <limits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// 1/3! + u/4! + u^2/5! + ..., |u| <= 1/2.
template <class T>
T exponential_tail(const T& u) {
  T power = T(1) / T(6);
  T sum = power;
  for (int n = 4;; ++n) {
    power = power * u / T(n);
    const T next = sum + power;
    if (next == sum || math::is_lost(power, sum)) return sum;
    sum = next;
  }
}

/// The tail is a sixth of the result at most: the digits of the leading part are enough.
template <class T>
Twofold<T> exponential_tail(const Twofold<T>& u) {
  return exponential_tail(u.hi);
}

/// g(u) = exp(u) - 1 - u >= 0, |u| < 2, without cancellation: u^2/2 + u^3/6 + ... near 0, and from there by
/// g(2u) = (u + g(u))^2 + 2 g(u). (expm1(u) - u loses a factor of 2 |1 + 1/u|, and the wide types have no expm1.)
template <class W>
W exponential_excess(const W& u) {
  W part = u;
  int doublings = 0;
  while (part > W(0.5) || part < W(-0.5)) {
    part = W(0.5) * part;
    ++doublings;
  }
  W excess = W(part * part) * W(W(0.5) + W(part * exponential_tail(part)));
  for (; doublings > 0; --doublings) {
    const W slope = part + excess;
    excess = W(slope * slope) + W(excess + excess);
    part = part + part;
  }
  return excess;
}

/// The unit of distances that are too large for products with exponentials, and from where on: a power of two. Other
/// types than these have room for all distances of their logits.
template <class W>
struct FarUnit {
  static bool is_for(const W& /*distance*/) { return false; }
  static W value() { return W(1); }
  static W inverse() { return W(1); }
};
template <class T>
struct FarUnit<Twofold<T>> {
  using W = Twofold<T>;
  static bool is_for(const W& distance) {
    constexpr int room = 324;  // for the scale of exponentials, and for their sum
    const T most = std::ldexp(T(1), std::numeric_limits<T>::max_exponent - room);
    return !(most > distance.hi && -most < distance.hi);
  }
  static W value() { return W(T(0x1p-300)); }
  static W inverse() { return W(T(0x1p300)); }
};

/// With t_k = log q_k - log p_k up to a constant, and c = sum_k p_k t_k:
///
///     KL(p || q) = log1p(sum_k p_k g(t_k - c))
///
/// No term is negative, so nothing cancels, and the rounding error of c enters only times the result: the sum of
/// p_k (t_k - c) is 0. Where |t - c| is large, and where p has masked a class that q has not, p g(t - c) is
/// q exp(-c) S_q / S_p - p (1 + t - c).
///
/// Where p has a class of more than one half, that constant makes its t 0: c is then as small as what the other classes
/// have, and so is the gradient there, t - c. Elsewhere the constant keeps the terms of c small.
template <class Real>
struct KlSample {
  using W = Wide<Real>;

  EntropySample<Real> p;
  EntropySample<Real> q;
  Exponentials<Real> anchor;  // of q: t_k = 0 where z_p and z_q are both at their anchors
  W shift{0};                 // the distance of the anchor from the maximum of z_q
  bool separated = false;     // q has masked a class that p has not
  W value{0};
  W unit{1};  // of t and c, where they are too large
  W by_unit{1};
  W center{0};  // c

  template <class Scalar>
  KlSample(Sample<const Scalar> z_p, Sample<const Scalar> z_q, Index classes, const Real& temperature)
      : p(z_p, classes, temperature), q(z_q, classes, temperature), anchor(q.exponentials) {
    if (!finite_logits()) {
      value = W(nan<Real>());
    } else if (p.regular()) {
      for (Index k = 0; k < classes; ++k) separated = separated || (!is_masked(z_p[k]) && is_masked(z_q[k]));
      if (separated) {
        value = W(infinity<Real>());
        return;
      }
      const Real at = p.confident() ? static_cast<Real>(z_q[p.maximum.index]) : q.maximum.value;
      if (p.confident()) anchor = Exponentials<Real>(at, temperature);
      if (find_center(z_p, z_q, classes)) {
        unit = FarUnit<W>::value();
        by_unit = FarUnit<W>::inverse();
        find_center(z_p, z_q, classes);
      }
      shift = q.exponentials.distance_in(unit, at);
      add_up(z_p, z_q, classes);
    }
  }

  template <class Scalar>
  static bool is_masked(const Scalar& z) {
    return static_cast<Real>(z) == -infinity<Real>();
  }

  /// The sample's entries of a report: those of p, but NaN in q makes the whole sample NaN.
  SampleTerm<Real> term() const {
    SampleTerm<Real> term = q.maximum.condition == Condition::nan ? q.term() : p.term();
    term.loss = value;
    return term;
  }

  /// Neither NaN nor +inf: at worst masked.
  bool finite_logits() const { return (p.regular() || p.masked()) && (q.regular() || q.masked()); }

  /// One class in both samples.
  struct Pair {
    bool in_p{false}, in_q{false};  // not masked
    W t{0};                         // where neither has masked it
    W x_p{0}, e_p{0};
    W x_q{0}, e_q{0};
  };

  template <class Scalar>
  Pair pair(const Scalar& z_p, const Scalar& z_q) const {
    Pair c{!is_masked(z_p), !is_masked(z_q)};
    if (c.in_p) {
      c.x_p = p.exponentials.distance(z_p);
      c.e_p = p.exponentials.exponential(c.x_p);
    }
    if (c.in_q) {
      c.x_q = q.exponentials.distance(z_q);
      c.e_q = q.exponentials.exponential(c.x_q);
    }
    if (c.in_p && c.in_q) c.t = p.exponentials.distance_beyond(z_p, anchor, z_q, unit);
    return c;
  }

  /// Of a number in `unit`; infinite where that is too large.
  W in_nats(const W& x) const {
    const W nats = x * by_unit;
    return is_finite(nats) ? nats : W(x > W(0) ? infinity<Real>() : -infinity<Real>());
  }

 private:
  /// c. True if it may be wrong, since a distance is too large for the unit.
  template <class Scalar>
  bool find_center(Sample<const Scalar> z_p, Sample<const Scalar> z_q, Index classes) {
    bool is_far = false;
    center = W(0);
    for (Index k = 0; k < classes; ++k) {
      const Pair c = pair(z_p[k], z_q[k]);
      is_far = is_far || FarUnit<W>::is_for(c.t);
      center += c.e_p * c.t;
    }
    center = center / p.sum;
    return is_far;
  }

  template <class Scalar>
  void add_up(Sample<const Scalar> z_p, Sample<const Scalar> z_q, Index classes) {
    const W log_scale = in_nats(shift - center);
    value = W(q.log_sum - p.log_sum) + log_scale;
    // That cancels, by as much as the distributions agree. Above 64 it has lost nothing, and exp(-c) might overflow.
    if (!(value < W(64))) return;
    const W scale = math::exp_of(log_scale);
    W excess(0);
    for (Index k = 0; k < classes; ++k) {
      const Pair c = pair(z_p[k], z_q[k]);
      const W far_u = c.t - center;
      const W u = saturated<W>(in_nats(far_u));
      if (!c.in_p)
        excess += c.e_q * scale;
      else if (u < W(2) && u > W(-2))
        excess += c.e_p * exponential_excess(u);
      else
        excess += W(c.e_q * scale) - (unit == W(1) ? W(c.e_p * W(W(1) + u)) : W(c.e_p + in_nats(c.e_p * far_u)));
    }
    value = math::log1p_of(W(excess / p.sum));
  }
};

/// With v_k = log(q_k / p_k) = t_k - c - KL:
///
///     d_p,k = -alpha p_k (t_k - c)          d_q,k = alpha (q_k - p_k) = alpha p_k expm1(v_k)
///
/// v_k is as exact as t_k - c and KL are, which is more than q_k - p_k can tell where the distributions are nearly
/// equal. Where both are sure of the same class, that difference is taken between what the others have.
///
/// Returns the same derivative with respect to the temperature. `d_p` and `d_q` may be null.
template <class Real, class Scalar, class OutP, class OutQ>
Wide<Real> write_kl_gradients(const KlSample<Real>& sample, Sample<const Scalar> z_p, Sample<const Scalar> z_q,
                              Index classes, const Wide<Real>& alpha, const Sample<OutP>* d_p,
                              const Sample<OutQ>* d_q) {
  using W = Wide<Real>;
  const EntropySample<Real>& p = sample.p;
  const EntropySample<Real>& q = sample.q;
  if (!p.regular() || !q.regular()) {
    const Real value = sample.finite_logits() ? Real(0) : nan<Real>();
    if (d_p) fill(*d_p, classes, value);
    if (d_q) fill(*d_q, classes, value);
    return W(value);
  }
  const SoftmaxMultiple<W> times_p(alpha, p.sum);
  const SoftmaxMultiple<W> times_q(alpha, q.sum);
  // Where the divergence is not small, the error of v is no smaller than that of q_k - p_k.
  const bool nearly_equal = sample.value < W(0.5);
  const bool agreed = p.confident() && q.confident() && p.maximum.index == q.maximum.index;
  const W others = agreed ? W(W(p.rest + q.rest) / p.exponentials.one()) : W(0);
  W temperature_gradient(0);
  for (Index k = 0; k < classes; ++k) {
    const auto c = sample.pair(z_p[k], z_q[k]);
    const bool in_both = c.in_p && c.in_q && !sample.separated;
    const W far_u = in_both ? W(c.t - sample.center) : W(0);  // in the unit of the sample
    const W u = saturated<W>(sample.in_nats(far_u));
    const W v = u - sample.value;
    const bool agreed_class = agreed && k == p.maximum.index;
    const bool by_v = in_both && nearly_equal && v < W(1) && v > W(-1) &&
                      !(agreed_class && (sample.value > others || u > others || W(-u) > others));
    const W slope_p = in_both ? sample.in_nats(W(W(0) - times_p(c.e_p, far_u))) : W(0);
    W slope_q(0);
    if (by_v)
      slope_q = times_p(c.e_p, W(v + exponential_excess(v)));
    else if (agreed_class)
      slope_q = times_p(p.rest) - times_q(q.rest);
    else
      slope_q = times_q(c.e_q) - times_p(c.e_p);
    if (!(slope_p == W(0))) temperature_gradient += saturated<W>(saturated<W>(c.x_p) * saturated<W>(slope_p));
    if (!(slope_q == W(0)) && c.in_q) temperature_gradient += saturated<W>(saturated<W>(c.x_q) * slope_q);
    if (d_p) (*d_p)[k] = narrow<OutP>(slope_p);
    if (d_q) (*d_q)[k] = narrow<OutQ>(slope_q);
  }
  return temperature_gradient;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
