#ifndef XENT_DETAIL_LIKELIHOOD_SIGMOID_SAMPLE_HPP
#define XENT_DETAIL_LIKELIHOOD_SIGMOID_SAMPLE_HPP

/// Sigmoid cross-entropy of one coefficient, and what the coefficients of a sample add up to.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/likelihood/coefficient_weights.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/likelihood_options.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The two outcomes of one logit: with a = |z| and e = exp(-a), the likelier one has probability 1 / (1 + e), the other
/// e / (1 + e).
template <class Real>
struct BernoulliLogit {
  using W = Wide<Real>;
  using Exponential = Exponentials<Real>;

  bool positive;  // z >= 0: y = 1 is the likelier outcome
  W distance;     // a, infinite for an infinite logit
  W e;
  W log_sum;  // log(1 + e): what the likelier outcome costs

  explicit BernoulliLogit(const Real& z)
      : positive(z >= Real(0)),
        distance(widen<W>(positive ? z : Real(-z))),
        e(Exponential::exponential(distance)),
        log_sum(log_of_sum(e, Exponential::one())) {}

  /// What mass `up` on y = 1 and `down` on y = 0 costs, no term negative: an outcome without mass costs nothing,
  /// however unlikely it is.
  W loss(const W& up, const W& down) const {
    const W& unlikely = positive ? down : up;
    const W surprise = unlikely == W(0) ? W(0) : W(unlikely * distance);
    return W(W(up + down) * log_sum) + surprise;
  }

  /// alpha (down sigma(z) - up sigma(-z)): of the two terms a hard label has one, so that nothing cancels.
  W slope(const W& up, const W& down, const W& alpha) const {
    const SoftmaxMultiple<W> multiple(alpha, W(Exponential::one() + e));
    const W likely = multiple(Exponential::one());
    const W unlikely = multiple(e);
    return positive ? W(W(down * likely) - W(up * unlikely)) : W(W(down * unlikely) - W(up * likely));
  }

  W entropy() const {
    if (e == W(0)) return log_sum;  // the distance may be infinite
    return log_sum + W(distance * W(e / W(Exponential::one() + e)));
  }
  /// log(1 + exp z)
  W log_partition() const { return positive ? W(log_sum + distance) : log_sum; }
};

/// What the coefficients of a block of samples add up to.
template <class Real>
struct SigmoidSums {
  Wide<Real> loss{0};
  Index correct = 0;

  SigmoidSums& operator+=(const SigmoidSums& other) {
    loss += other.loss;
    correct += other.correct;
    return *this;
  }
};

/// The report's entries of one sample, gathered coefficient by coefficient; as it stands, an absent one.
template <class Real>
struct SigmoidEntries {
  using W = Wide<Real>;

  bool absent = true;
  bool has_nan = false;
  W log_partition{0};
  W entropy{0};
  Index correct = 0;
  Real largest = -infinity<Real>();
  Index prediction = -1;

  /// A coefficient that takes part.
  void add(const Real& z, const W& y, Index k) {
    const BernoulliLogit<Real> logit(z);
    has_nan = has_nan || is_nan(z);
    log_partition += logit.log_partition();
    entropy += logit.entropy();
    if (!is_nan(z) && !is_nan(y) && (z > Real(0)) == (y > W(0.5))) ++correct;
    add_candidate(z, k);
  }
  void add_candidate(const Real& z, Index k) {
    if (!(z > largest)) return;
    largest = z;
    prediction = k;
  }

  void write(SigmoidReport<Real>& report, Index i, const W& loss) const {
    report.sample_loss[i] = narrow<Real>(loss);
    report.logsumexp[i] = absent ? -infinity<Real>() : narrow<Real>(log_partition);
    report.entropy[i] = narrow<Real>(entropy);
    report.prediction[i] = has_nan ? -1 : prediction;
  }
};

/// The target of a decision as the loss sees it. Written for y and 1 - y alike, so that neither cancels.
template <class Real>
struct DecisionTarget {
  using W = Wide<Real>;

  W keep;   // 1 - eps
  W share;  // eps / 2

  explicit DecisionTarget(const Real& epsilon) : keep(W(1) - widen<W>(epsilon)), share(W(0.5) * widen<W>(epsilon)) {}
  W up(const W& y) const { return W(keep * y) + share; }
  W down(const W& y) const { return W(keep * W(W(1) - y)) + share; }
};

/// What the walk over the samples of a call reads besides logits and targets.
template <class Real>
struct SigmoidCall {
  CoefficientWeights<Real> weight;
  CoefficientWeights<Real> positive_weight;
  DecisionTarget<Real> target;
  Wide<Real> denominator;
};

/// Coefficient (i, k), whose target is y: its gradient is written, its loss returned; `entries` may be null.
template <class Real, class Scalar, class Out>
Wide<Real> sigmoid_coefficient(const Samples<const Scalar>& z, const Wide<Real>& y, const Samples<Out>* gradient,
                               const SigmoidCall<Real>& call, Index i, Index k, SigmoidEntries<Real>* entries) {
  using W = Wide<Real>;
  const W w = call.weight(i, k);
  if (w == W(0)) {
    if (gradient) (*gradient)[i][k] = narrow<Out>(W(0));
    return W(0);
  }
  const auto logit = static_cast<Real>(z[i][k]);
  if (entries) entries->add(logit, y, k);
  const W up = call.positive_weight(i, k) * call.target.up(y);
  const W down = call.target.down(y);
  const BernoulliLogit<Real> decision(logit);
  if (gradient) (*gradient)[i][k] = narrow<Out>(decision.slope(up, down, saturated<W>(W(w / call.denominator))));
  return w * decision.loss(up, down);
}

/// Samples [first, last): their gradients are written, their entries of the report too, their sums are added.
template <class Real, class Scalar, class Targets, class Out>
void sigmoid_samples(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                     const SigmoidCall<Real>& call, SigmoidReport<Real>* report, Index first, Index last,
                     SigmoidSums<Real>& sums) {
  using W = Wide<Real>;
  for (Index i = first; i < last; ++i) {
    auto y_of = targets.reader(i);
    SigmoidEntries<Real> entries;
    entries.absent = call.weight.absent(i, z.classes);
    W loss(0);
    for (Index k = 0; k < z.classes; ++k)
      loss += sigmoid_coefficient(z, W(y_of(k)), gradient, call, i, k, report ? &entries : nullptr);
    sums.loss += loss;
    sums.correct += entries.correct;
    if (report) entries.write(*report, i, loss);
  }
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
