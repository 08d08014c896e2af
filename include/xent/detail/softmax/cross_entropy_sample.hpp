#ifndef XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_SAMPLE_HPP
#define XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_SAMPLE_HPP

/// Softmax cross-entropy of one sample. Every option has become a scalar by the time a loop runs: the effective target
/// of class k is Y_k = c_k (keep y_k + share (sigma - own y_k)), and value, gradient, temperature gradient and Hessian
/// are formulas in a few sums over the classes.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_scalars.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The sums over the effective target of one sample, as CrossEntropySample names them.
template <class W>
struct TargetSums {
  W label_mass{0};
  W other_mass{0};
  W unmasked_mass{0};
  W target_distance{0};
  W masked_loss{0};
};

/// The sums over the classes of one sample, and what follows from them. x_k = (m - z_k) / T, e_k = exp(-x_k).
template <class Real>
struct CrossEntropySample {
  using W = Wide<Real>;

  Index label;  // left out of the sum of its own gradient; -1 for a distribution
  Maximum<Real> maximum;
  Condition condition{};
  Exponentials<Real> exponentials;
  SmoothedTarget<W> target;
  W sum{0};              // S = sum_k e_k
  W rest_of_label{0};    // S without the label
  W log_sum{0};          // L = log S
  W log_sum_exp{0};      // lse = m/T + L
  W mean_distance{0};    // sum_k s_k x_k = |E| / T
  W label_mass{0};       // Y at the label
  W other_mass{0};       // sum of Y_k over the other classes (all of them, for a distribution)
  W unmasked_mass{0};    // sum of Y_k over the classes that are not masked
  W target_distance{0};  // sum of Y_k x_k over the same classes
  W masked_loss{0};      // 0, or infinite: a masked class has a target
  W z_slope{0};          // 2 zeta lse
  W normaliser{0};       // A = sum_k Y_k + 2 zeta lse

  /// From the logits, by the portable sweeps. `entropy` and `temperature_gradient` are for those with `moments`.
  template <class Scalar, class Targets>
  CrossEntropySample(Sample<const Scalar> z, Index classes, const Targets& targets, Index i,
                     const CrossEntropyScalars<Real>& scalars, bool moments)
      : label(targets.label(i)),
        maximum(find_maximum<Real>(z, classes)),
        condition(maximum.condition),
        exponentials(maximum.value, scalars.temperature),
        target(scalars.epsilon, scalars.smoothing, targets.total(i, classes), maximum.unmasked, label,
               label >= 0 && static_cast<Real>(z[label]) == -infinity<Real>()) {
    if (!(target.sigma == target.sigma)) condition = Condition::nan;
    if (condition == Condition::nan || condition == Condition::infinite) return;
    const ExponentialSums<W> sums = add_up(z, classes, targets.reader(i), scalars, moments);
    if (condition == Condition::regular) take(sums, scalars);
  }

  /// Of a regular sample with a label that is not masked, without smoothing, from sums over its exponentials.
  CrossEntropySample(const Real& maximum_value, Index argmax, Index label_index, const Real& logit_of_label,
                     const ExponentialSums<W>& sums, const CrossEntropyScalars<Real>& scalars)
      : label(label_index),
        maximum{maximum_value, argmax, 0, Condition::regular},
        condition(Condition::regular),
        exponentials(maximum_value, scalars.temperature),
        label_mass(scalars.class_weight(label_index)),
        unmasked_mass(label_mass) {
    if (!(label_mass == W(0))) target_distance = label_mass * exponentials.distance(logit_of_label);
    take(sums, scalars);
  }

  /// From sums that were merged from blocks of the classes. `highest` has the condition, `masses` and `sums` are read
  /// where it has a use for them.
  CrossEntropySample(Index label_index, const Maximum<Real>& highest, const SmoothedTarget<W>& smoothed,
                     const TargetSums<W>& masses, const ExponentialSums<W>& sums,
                     const CrossEntropyScalars<Real>& scalars)
      : label(label_index),
        maximum(highest),
        condition(highest.condition),
        exponentials(highest.value, scalars.temperature),
        target(smoothed),
        label_mass(masses.label_mass),
        other_mass(masses.other_mass),
        unmasked_mass(masses.unmasked_mass),
        target_distance(masses.target_distance),
        masked_loss(masses.masked_loss) {
    if (condition == Condition::regular) take(sums, scalars);
  }

  /// Whether only the label has a target.
  bool label_alone() const { return label >= 0 && target.share == W(0); }
  W target_mass() const { return saturated<W>(label_mass + other_mass); }

  /// Y_k
  W effective_target(Index k, const W& y, bool masked, const CrossEntropyScalars<Real>& scalars) const {
    return saturated<W>(scalars.class_weight(k) * target(y, masked));
  }

  Real logsumexp() const {
    if (condition == Condition::regular) return narrow<Real>(log_sum_exp);
    return condition == Condition::nan ? nan<Real>() : maximum.value;
  }
  Real entropy() const {
    if (condition == Condition::regular) return narrow<Real>(W(log_sum + mean_distance));
    return condition == Condition::masked ? Real(0) : nan<Real>();
  }
  Index prediction() const { return condition == Condition::nan ? -1 : maximum.index; }

  /// zeta lse^2
  W z_loss(const CrossEntropyScalars<Real>& scalars) const {
    if (scalars.z_loss == W(0)) return W(0);
    if (condition == Condition::regular) return W(scalars.z_loss * log_sum_exp) * log_sum_exp;
    return condition == Condition::nan ? W(nan<Real>()) : W(infinity<Real>());
  }

  /// sum Y L + sum_k Y_k x_k + zeta lse^2: for targets >= 0 no term is negative, so nothing cancels.
  W loss(const CrossEntropyScalars<Real>& scalars) const {
    if (condition == Condition::nan || condition == Condition::infinite) return W(nan<Real>());
    return target_mass() * log_sum + target_distance + z_loss(scalars) + masked_loss;
  }

  /// d loss / d T = alpha (A sum_k s_k x_k - sum_k Y_k x_k - 2 zeta lse m/T), sums over the classes that are not masked
  W temperature_gradient(const W& alpha) const {
    if (condition == Condition::masked) return W(0);
    if (condition != Condition::regular) return W(nan<Real>());
    const W of_entropy = saturated<W>(unmasked_mass + z_slope) * mean_distance;
    const W of_maximum = z_slope * saturated<W>(exponentials.scaled_maximum());
    return alpha * saturated<W>(saturated<W>(of_entropy) - saturated<W>(target_distance) - saturated<W>(of_maximum));
  }

 private:
  template <class Scalar, class Reader>
  ExponentialSums<W> add_up(Sample<const Scalar> z, Index classes, Reader y, const CrossEntropyScalars<Real>& scalars,
                            bool moments) {
    ExponentialSums<W> sums;
    const bool alone = label_alone();
    const auto visit = [&](Index k, bool masked, const W& x, const W& e) {
      const W mass = effective_target(k, y(k), masked, scalars);
      if (masked) {
        // The sign of a negative target shows only where no positive one does: +inf - inf would be NaN.
        if (mass > W(0))
          masked_loss = W(infinity<Real>());
        else if (mass < W(0) && masked_loss == W(0) && condition == Condition::regular)
          masked_loss = W(-infinity<Real>());
      } else {
        unmasked_mass += mass;
        if (!(mass == W(0))) target_distance += mass * x;  // x may be infinite
        if (!alone) add_moment(moments, x, e, sums);
        if (k == maximum.index)
          sums.at_argmax = exponentials.one();
        else if (k == label)
          sums.at_label = e;
        else
          sums.others += e;
      }
      if (k == label)
        label_mass = mass;
      else
        other_mass += mass;
    };
    if (!alone) {
      for_each_class(z, classes, exponentials, visit);
      return sums;
    }
    if (maximum.index >= 0) visit(maximum.index, false, W(0), exponentials.one());
    if (label != maximum.index) visit_class(z, label, exponentials, visit);
    sums.others = sum_without(z, classes, exponentials, maximum.index, label);
    if (moments)
      for_each_class(z, classes, exponentials,
                     [&](Index /*k*/, bool /*masked*/, const W& x, const W& e) { add_moment(true, x, e, sums); });
    return sums;
  }

  static void add_moment(bool wanted, const W& x, const W& e, ExponentialSums<W>& sums) {
    if (wanted && !(e == W(0))) sums.moment += e * x;
  }

  void take(const ExponentialSums<W>& sums, const CrossEntropyScalars<Real>& scalars) {
    const W rest = sums.others + sums.at_label;  // without the argmax
    rest_of_label = label == maximum.index ? sums.others : W(sums.others + sums.at_argmax);
    sum = rest + sums.at_argmax;
    log_sum = log_of_sum(rest, sums.at_argmax);
    mean_distance = sums.moment / sum;
    log_sum_exp = exponentials.scaled_maximum() + log_sum;
    z_slope = saturated<W>(W(2) * W(scalars.z_loss * saturated<W>(log_sum_exp)));
    normaliser = saturated<W>(target_mass() + z_slope);
  }
};

/// alpha A s_k, for exponentials e_k.
template <class Real>
SoftmaxMultiple<Wide<Real>> gradient_multiple(const CrossEntropySample<Real>& sample, const Wide<Real>& alpha) {
  return {saturated<Wide<Real>>(alpha * sample.normaliser), sample.sum};
}

/// The gradient at a label that is not masked and has the exponential e. Where s_y > 1/2, A s_y and Y_y are nearly
/// equal for a confident sample: alpha (sum_{j != y} Y_j + 2 zeta lse - A rest_y / S), the sum of what the other
/// classes have. (That one cancels where s_y is small and smoothing has taken all of Y_y.)
template <class Real>
Wide<Real> gradient_at_label(const CrossEntropySample<Real>& sample, const SoftmaxMultiple<Wide<Real>>& multiple,
                             const Wide<Real>& alpha, const Wide<Real>& e) {
  using W = Wide<Real>;
  if (!(e > sample.rest_of_label)) return multiple(e) - alpha * sample.label_mass;
  return saturated<W>(alpha * saturated<W>(sample.other_mass + sample.z_slope)) - multiple(sample.rest_of_label);
}

/// gradient_k = alpha (A s_k - Y_k)
template <class Real, class Scalar, class Targets, class Out>
void write_gradient(const CrossEntropySample<Real>& sample, Sample<const Scalar> z, Index classes,
                    const Targets& targets, Index i, const CrossEntropyScalars<Real>& scalars, const Wide<Real>& alpha,
                    Sample<Out> gradient) {
  using W = Wide<Real>;
  if (sample.condition == Condition::masked) return fill(gradient, classes, Real(0));
  if (sample.condition != Condition::regular) return fill(gradient, classes, nan<Real>());
  const SoftmaxMultiple<W> multiple = gradient_multiple(sample, alpha);
  auto y = targets.reader(i);
  const bool alone = sample.label_alone();
  for_each_class(z, classes, sample.exponentials, [&](Index k, bool masked, const W& /*x*/, const W& e) {
    if (alone && k != sample.label) {
      gradient[k] = masked ? Out(Real(0)) : narrow<Out>(multiple(e));
      return;
    }
    const W mass = sample.effective_target(k, y(k), masked, scalars);
    if (masked)
      gradient[k] = mass == W(0) ? Out(Real(0)) : narrow<Out>(W(W(0) - alpha * mass));
    else if (k == sample.label)
      gradient[k] = narrow<Out>(gradient_at_label(sample, multiple, alpha, e));
    else
      gradient[k] = narrow<Out>(W(multiple(e) - alpha * mass));
  });
}

/// out_k = alpha / T s_k (A (v_k - vbar) + 2 zeta vbar); v is not read at masked classes.
template <class Real, class Scalar, class Direction, class Out>
void write_hvp(const CrossEntropySample<Real>& sample, Sample<const Scalar> z, Sample<const Direction> v, Index classes,
               const CrossEntropyScalars<Real>& scalars, const Wide<Real>& alpha, Sample<Out> out) {
  using W = Wide<Real>;
  using Scale = ExponentialScale<W>;
  if (sample.condition == Condition::masked) return fill(out, classes, Real(0));
  if (sample.condition != Condition::regular) return fill(out, classes, nan<Real>());
  W mean(0);
  for_each_class(z, classes, sample.exponentials, [&](Index k, bool masked, const W& /*x*/, const W& e) {
    if (!masked) mean += Scale::unscaled(e) * widen<W>(v[k]);
  });
  mean = mean / Scale::unscaled(sample.sum);
  const SoftmaxMultiple<W> multiple(saturated<W>(alpha / widen<W>(scalars.temperature)), sample.sum);
  const W constant = saturated<W>(W(2) * W(scalars.z_loss * mean));
  for_each_class(z, classes, sample.exponentials, [&](Index k, bool masked, const W& /*x*/, const W& e) {
    if (masked) {
      out[k] = Out(Real(0));
    } else {
      const W moved = sample.normaliser * saturated<W>(widen<W>(v[k]) - mean);
      out[k] = narrow<Out>(W(multiple(e) * saturated<W>(moved + constant)));
    }
  });
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
