#ifndef XENT_DETAIL_SOFTMAX_ENTROPY_SAMPLE_HPP
#define XENT_DETAIL_SOFTMAX_ENTROPY_SAMPLE_HPP

/// The distribution that one sample of logits stands for: its log-sum-exp, its entropy, and how the entropy changes.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/detail/walk/sample_losses.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// With x_k = (m - z_k) / T, e_k = exp(-x_k), S = sum_k e_k and s_k = e_k / S:  H = log S + sum_k s_k x_k. Both terms
/// are >= 0: a confident sample keeps its entropy.
template <class Real>
struct EntropySample {
  using W = Wide<Real>;

  Maximum<Real> maximum;
  Exponentials<Real> exponentials;
  W rest{0};           // S without the argmax
  W sum{0};            // S
  W log_sum{0};        // L = log S
  W mean_distance{0};  // sum_k s_k x_k

  template <class Scalar>
  EntropySample(Sample<const Scalar> z, Index classes, const Real& temperature)
      : maximum(find_maximum<Real>(z, classes)), exponentials(maximum.value, temperature) {
    if (!regular()) return;
    W moment(0);
    for_each_class(z, classes, exponentials, [&](Index k, bool /*masked*/, const W& x, const W& e) {
      if (e == W(0)) return;  // x may be infinite
      if (k != maximum.index) rest += e;
      moment += e * x;
    });
    sum = rest + exponentials.one();
    log_sum = log_of_sum(rest, exponentials.one());
    mean_distance = moment / sum;
  }

  bool regular() const { return maximum.condition == Condition::regular; }
  bool masked() const { return maximum.condition == Condition::masked; }
  /// One class has more than one half.
  bool confident() const { return regular() && rest < exponentials.one(); }

  W entropy() const {
    if (regular()) return log_sum + mean_distance;
    return masked() ? W(0) : W(nan<Real>());
  }

  /// The sample's entries of a report; the caller adds the loss.
  SampleTerm<Real> term() const {
    SampleTerm<Real> term;
    term.logsumexp = regular() ? narrow<Real>(W(exponentials.scaled_maximum() + log_sum)) : maximum.value;
    term.entropy = narrow<Real>(entropy());
    term.prediction = maximum.index;
    return term;
  }
};

/// gradient_k = alpha s_k (x_k - sum_j s_j x_j). Returns alpha sum_k s_k (x_k - sum_j s_j x_j)^2: the same derivative
/// with respect to the temperature.
template <class Real, class Scalar, class Out>
Wide<Real> write_entropy_gradient(const EntropySample<Real>& sample, Sample<const Scalar> z, Index classes,
                                  const Wide<Real>& alpha, Sample<Out> gradient) {
  using W = Wide<Real>;
  W temperature_gradient(0);
  if (!sample.regular()) {
    const Real value = sample.masked() ? Real(0) : nan<Real>();
    fill(gradient, classes, value);
    return W(value);
  }
  const SoftmaxMultiple<W> multiple(alpha, sample.sum);
  for_each_class(z, classes, sample.exponentials, [&](Index k, bool /*masked*/, const W& x, const W& e) {
    const W excess = e == W(0) ? W(0) : W(x - sample.mean_distance);
    const W slope = multiple(e, excess);
    gradient[k] = narrow<Out>(slope);
    temperature_gradient += slope * excess;
  });
  return temperature_gradient;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
