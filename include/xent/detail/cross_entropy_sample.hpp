#ifndef XENT_DETAIL_CROSS_ENTROPY_SAMPLE_HPP
#define XENT_DETAIL_CROSS_ENTROPY_SAMPLE_HPP

/// Softmax cross-entropy of one sample. Every option has become a scalar by the time a loop runs: the effective target
/// of class k is Y_k = c_k (keep y_k + share (sigma - own y_k)), and value, gradient, temperature gradient and Hessian
/// are formulas in a few sums over the classes.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/softmax_sample.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// The options that the samples of a call share, exact in wide arithmetic.
template <class Real>
struct CrossEntropyScalars {
  using W = Wide<Real>;

  Real temperature;
  W epsilon;
  Smoothing smoothing;
  W z_loss;
  W denominator{1};  // D; 0 where nothing that counts was counted: then loss and gradient are 0
  const Weights<Real>* class_weights;

  explicit CrossEntropyScalars(const CrossEntropyOptions<Real>& options)
      : temperature(options.temperature),
        epsilon(widen<W>(options.label_smoothing)),
        smoothing(options.smoothing),
        z_loss(widen<W>(options.z_loss)),
        class_weights(&options.class_weights) {}

  W class_weight(Index k) const { return class_weights->size() == 0 ? W(1) : widen<W>((*class_weights)[k]); }

  /// alpha = w / (D T)
  W gradient_scale(const W& weight) const {
    if (denominator == W(0)) return W(0);
    return saturated<W>(W(weight / denominator) / widen<W>(temperature));
  }
};

/// Label smoothing of one sample: the y of a class becomes keep y + share (sigma - own y), or keep y where the class is
/// masked. Both rules are linear in y, so a soft target is smoothed as the mixture of labels that it is. Written with
/// sigma - own y, not with a factor of y, no term is negative.
template <class W>
struct SmoothedTarget {
  W keep{1};
  W share{0};
  W own{0};
  W sigma{1};

  /// `unmasked` is K; `label` is -1 for a distribution, `label_masked` tells whether the label counts in K.
  SmoothedTarget(const W& epsilon, Smoothing smoothing, const W& total, Index unmasked, Index label, bool label_masked)
      : sigma(total) {
    if (epsilon == W(0)) return;
    const bool other = smoothing == Smoothing::other_classes;
    const Index receivers = other ? unmasked - (label >= 0 && label_masked ? 0 : 1) : unmasked;
    if (other && receivers <= 0) return;  // no other class to give to: not smoothed
    keep = W(1) - epsilon;
    if (receivers > 0) share = epsilon / W(static_cast<double>(receivers));
    own = other ? W(1) : W(0);
  }

  W operator()(const W& y, bool masked) const {
    const W kept = keep * y;
    if (masked || share == W(0)) return kept;
    return kept + share * W(sigma - own * y);
  }
};

/// The sums over the classes of one sample, and what follows from them. x_k = (m - z_k) / T, e_k = exp(-x_k).
template <class Real>
struct CrossEntropySample {
  using W = Wide<Real>;

  Index label;  // left out of the sum of its own gradient; -1 for a distribution
  Maximum<Real> maximum;
  Condition condition;
  Exponentials<Real> exponentials;
  SmoothedTarget<W> target;
  W sum{0};              // S = sum_k e_k
  W rest_of_label{0};    // S without the label
  W log_sum{0};          // L = log S
  W log_sum_exp{0};      // lse = m/T + L
  W mean_distance{0};    // sum_k s_k x_k = |E| / T
  W label_mass{0};       // Y at the label
  W other_mass{0};       // sum of Y_k over the other classes (all of them, for a distribution)
  W masked_mass{0};      // its part on masked classes
  W target_distance{0};  // sum of Y_k x_k over the classes that are not masked
  W masked_loss{0};      // 0, or infinite: a masked class has a target
  W z_slope{0};          // 2 zeta lse
  W normaliser{0};       // A = sum_k Y_k + 2 zeta lse

  template <class Scalar, class Targets>
  CrossEntropySample(Sample<const Scalar> z, Index classes, const Targets& targets, Index i,
                     const CrossEntropyScalars<Real>& scalars)
      : label(targets.label(i)),
        maximum(find_maximum<Real>(z, classes)),
        condition(maximum.condition),
        exponentials(maximum.value, scalars.temperature),
        target(scalars.epsilon, scalars.smoothing, targets.total(i, classes), maximum.unmasked, label,
               label >= 0 && static_cast<Real>(z[label]) == -infinity<Real>()) {
    if (!(target.sigma == target.sigma)) condition = Condition::nan;
    if (condition == Condition::nan || condition == Condition::infinite) return;
    add_up(z, classes, targets.reader(i), scalars);
    if (condition == Condition::masked) return;
    log_sum_exp = exponentials.scaled_maximum() + log_sum;
    z_slope = W(W(2) * scalars.z_loss) * log_sum_exp;
    normaliser = target_mass() + z_slope;
  }

  W target_mass() const { return label_mass + other_mass; }

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
    if (condition == Condition::regular) return scalars.z_loss * W(log_sum_exp * log_sum_exp);
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
    return alpha *
           W(W(normaliser - masked_mass) * mean_distance - target_distance - z_slope * exponentials.scaled_maximum());
  }

 private:
  template <class Scalar, class Reader>
  void add_up(Sample<const Scalar> z, Index classes, Reader y, const CrossEntropyScalars<Real>& scalars) {
    W others(0);  // neither the argmax nor the label
    W at_label(0);
    W moment(0);
    for_each_class(z, classes, exponentials, [&](Index k, bool masked, const W& x, const W& e) {
      const W mass = scalars.class_weight(k) * target(y(k), masked);
      if (masked) {
        if (!(mass == W(0))) masked_loss += mass * W(infinity<Real>());
        masked_mass += mass;
      } else {
        target_distance += mass * x;
        moment += e * x;
        if (k == label)
          at_label = e;
        else if (k != maximum.index)
          others += e;
      }
      if (k == label)
        label_mass = mass;
      else
        other_mass += mass;
    });
    if (condition == Condition::masked) return;
    const W one = exponentials.one();
    const bool label_is_argmax = label == maximum.index;
    const W rest = label_is_argmax ? others : W(others + at_label);  // without the argmax
    rest_of_label = label_is_argmax ? others : W(others + one);
    sum = rest + one;
    log_sum = log_of_sum(rest, one);
    mean_distance = moment / sum;
  }
};

/// gradient_k = alpha (A s_k - Y_k), and at a label, where both are nearly equal for a confident sample,
/// alpha (sum_{j != y} Y_j + 2 zeta lse - A rest_y / S): the sum of what the other classes have.
template <class Real, class Scalar, class Targets, class Out>
void write_gradient(const CrossEntropySample<Real>& sample, Sample<const Scalar> z, Index classes,
                    const Targets& targets, Index i, const CrossEntropyScalars<Real>& scalars, const Wide<Real>& alpha,
                    Sample<Out> gradient) {
  using W = Wide<Real>;
  if (sample.condition == Condition::masked) return fill(gradient, classes, Real(0));
  if (sample.condition != Condition::regular) return fill(gradient, classes, nan<Real>());
  const SoftmaxMultiple<W> multiple(saturated<W>(alpha * sample.normaliser), sample.sum);
  const W at_label = saturated<W>(alpha * W(sample.other_mass + sample.z_slope)) - multiple(sample.rest_of_label);
  auto y = targets.reader(i);
  for_each_class(z, classes, sample.exponentials, [&](Index k, bool masked, const W& /*x*/, const W& e) {
    const W mass = scalars.class_weight(k) * sample.target(y(k), masked);
    if (k == sample.label && !masked)
      gradient[k] = narrow<Out>(at_label);
    else if (masked)
      gradient[k] = mass == W(0) ? Out(Real(0)) : narrow<Out>(W(W(0) - alpha * mass));
    else
      gradient[k] = narrow<Out>(W(multiple(e) - alpha * mass));
  });
}

/// out_k = alpha / T s_k (A (v_k - vbar) + 2 zeta vbar); v is not read at masked classes.
template <class Real, class Scalar, class Direction, class Out>
void write_hvp(const CrossEntropySample<Real>& sample, Sample<const Scalar> z, Sample<const Direction> v, Index classes,
               const CrossEntropyScalars<Real>& scalars, const Wide<Real>& alpha, Sample<Out> out) {
  using W = Wide<Real>;
  if (sample.condition == Condition::masked) return fill(out, classes, Real(0));
  if (sample.condition != Condition::regular) return fill(out, classes, nan<Real>());
  W mean(0);
  for_each_class(z, classes, sample.exponentials, [&](Index k, bool masked, const W& /*x*/, const W& e) {
    if (!masked) mean += e * widen<W>(v[k]);
  });
  mean = mean / sample.sum;
  const SoftmaxMultiple<W> multiple(saturated<W>(alpha / widen<W>(scalars.temperature)), sample.sum);
  const W constant = W(W(2) * scalars.z_loss) * mean;
  for_each_class(z, classes, sample.exponentials, [&](Index k, bool masked, const W& /*x*/, const W& e) {
    out[k] = masked ? Out(Real(0))
                    : narrow<Out>(W(multiple(e) * W(sample.normaliser * W(widen<W>(v[k]) - mean) + constant)));
  });
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
