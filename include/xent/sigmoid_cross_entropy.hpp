#ifndef XENT_SIGMOID_CROSS_ENTROPY_HPP
#define XENT_SIGMOID_CROSS_ENTROPY_HPP

/// The loss of independent yes-or-no decisions from their logits, with its gradient: logistic regression, and
/// classification with any number of labels a sample.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/checks.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/likelihood/sigmoid_runs.hpp>
#include <xent/detail/likelihood/sigmoid_sample.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/likelihood_options.hpp>
#include <xent/types.hpp>

#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

template <class Logits>
using SigmoidOptionsOf = SigmoidOptions<RealOf<typename Logits::Scalar>>;
template <class Logits>
using SigmoidReportOf = SigmoidReport<RealOf<typename Logits::Scalar>>;

template <class Logits, class Targets, class Gradient>
RealOf<typename Logits::Scalar> sigmoid_cross_entropy_into(const Eigen::DenseBase<Logits>& logits,
                                                           const Targets& targets, Gradient&& gradient,
                                                           const SigmoidOptionsOf<Logits>& options,
                                                           SigmoidReportOf<Logits>* report);

}  // namespace detail

/// The sigmoid cross-entropy of a batch, and its gradient with respect to the logits: each coefficient is the logit of
/// a decision of its own, y = 1 with probability sigma(z) = 1 / (1 + exp(-z)).
///
/// With u = p y' and d = 1 - y', y' = (1 - eps) y + eps / 2 the smoothed target, p the positive weight of the class, w
/// the weight of the sample and D the denominator:
///
///     loss        = sum of w (-u log sigma(z) - d log sigma(-z)) / D
///                 = sum of w ((u + d) log1p(exp(-|z|)) + (z >= 0 ? d : u) |z|) / D
///     gradient    = w / D (d sigma(z) - u sigma(-z))        for plain targets w / D (sigma(z) - y)
///
/// For targets in [0, 1] no term of the loss is negative. sigma(-z) is exp(-z) / (1 + exp(-z)), never 1 - sigma(z): a
/// confident decision keeps the digits of its loss and of its gradient.
///
/// @param logits    real [classes x batch], or [batch x classes] with Axis::rows; any dense expression; a vector at
///                  compile time is one sample of so many decisions
/// @param targets   y in [0, 1], shaped like the logits, dense or sparse; any real or integer scalar, bool included;
///                  used as given
/// @param gradient  the shape of the logits, their scalar or RealOf it (see docs/outputs.md); `none`
/// @param options   see SigmoidOptions; or an Axis alone. D is 1 under Reduction::sum, else `denominator`, else the
/// number
///                  of coefficients that count. For a vector both weights have one entry, or one per coefficient
/// @param report    see SigmoidReport; correct / counted is the accuracy
/// @return the loss in nats; 0 when no coefficient counts
/// @throws std::invalid_argument for shapes that differ and options out of range; before the first write
///
/// Infinite logits are legitimate: the outcome that they exclude costs +inf if it has mass, else 0, and the gradient
/// has its limit. NaN makes its coefficient NaN, and the loss and entries of its sample. What has weight 0 is not read.
/// Bounds: 6 ULP for the loss of a coefficient (y in [0, 1]) and for the gradient of a hard label; else 6 ULP of w / D
/// max(d sigma(z), u sigma(-z)). Worst of a search: 4.4 (float), 5.0 (double).
/// Cost: reads the logits once; no heap, except for a sparse target stored class by class or of more than 32 entries a
/// sample. Kernels serve every option and kind of target; what a report, or targets of another scalar, take beside the
/// plain call is in docs/sigmoid_cross_entropy.md.
template <class Logits, class Targets, class Options = detail::SigmoidOptionsOf<Logits>,
          class Report = detail::SigmoidReportOf<Logits>*,
          detail::EnableIfOptions<Options, detail::SigmoidOptionsOf<Logits>> = 0>
RealOf<typename Logits::Scalar> sigmoid_cross_entropy(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
                                                      const Options& options = {}, const Report& report = nullptr) {
  return detail::sigmoid_cross_entropy_into(logits, targets, none,
                                            detail::options_in<detail::SigmoidOptionsOf<Logits>>(options),
                                            detail::report_in<detail::SigmoidReportOf<Logits>>(report));
}
template <class Logits, class Targets, class Gradient, class Options = detail::SigmoidOptionsOf<Logits>,
          class Report = detail::SigmoidReportOf<Logits>*,
          detail::EnableIfOutput<Gradient, detail::SigmoidOptionsOf<Logits>> = 0>
RealOf<typename Logits::Scalar> sigmoid_cross_entropy(const Eigen::DenseBase<Logits>& logits, const Targets& targets,
                                                      Gradient&& gradient, const Options& options = {},
                                                      const Report& report = nullptr) {
  return detail::sigmoid_cross_entropy_into(logits, targets, std::forward<Gradient>(gradient),
                                            detail::options_in<detail::SigmoidOptionsOf<Logits>>(options),
                                            detail::report_in<detail::SigmoidReportOf<Logits>>(report));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto sigmoid_cross_entropy(const Other& /*logits*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

namespace detail {

/// Targets of decisions: not labels, whatever their scalar is.
template <class W, class Logits, class Targets>
auto make_decision_targets(const Targets& targets, Axis axis) {
  constexpr bool fits = is_dense<Targets> || is_sparse_expression<Targets>();
  static_assert(fits,
                "xent: the targets of sigmoid_cross_entropy are one number per logit, in a dense or sparse Eigen "
                "expression shaped like the logits");
  if constexpr (!fits) {
    return DenseTargetArgument<Eigen::ArrayXXf, W>(Eigen::ArrayXXf(), axis, is_vector<Logits>);
  } else {
    static_assert(Eigen::NumTraits<typename EigenOf<Targets>::Scalar>::IsComplex == 0,
                  "xent: the targets must be real");
    if constexpr (is_sparse_expression<Targets>())
      return SparseTargetArgument<EigenOf<Targets>, W>(targets, axis, is_vector<Logits>);
    else
      return DenseTargetArgument<DenseOf<Targets>, W>(targets, axis, is_vector<Logits>);
  }
}

/// The weights of a matrix, one a sample and one a class; of a vector, one for all coefficients or one each.
template <bool vector, class Real>
void check_decision_weights(const char* function, const SigmoidOptions<Real>& options, Index classes, Index count) {
  const bool signed_weights = options.reduction == Reduction::sum || options.denominator.has_value();
  const auto check_one = [&](const char* argument, const Weights<Real>& weights, Index size, bool may_be_negative) {
    if (vector && weights.size() != classes && weights.size() != 1 && weights.size() != 0)
      throw_invalid(function, argument, text(weights.size(), " weights"), text(classes, ", 1 or none"));
    check_weights(function, argument, weights, vector ? weights.size() : size, may_be_negative);
  };
  check_one("positive_weights", options.positive_weights, classes, false);
  check_one("sample_weights", options.sample_weights, count, signed_weights);
}

template <class Logits, class Targets, class Gradient>
RealOf<typename Logits::Scalar> sigmoid_cross_entropy_into(const Eigen::DenseBase<Logits>& logits,
                                                           const Targets& targets, Gradient&& gradient,
                                                           const SigmoidOptionsOf<Logits>& options,
                                                           SigmoidReportOf<Logits>* report) {
  using Scalar = typename Logits::Scalar;
  using Real = RealOf<Scalar>;
  using W = Wide<Real>;
  constexpr const char* function = "sigmoid_cross_entropy";
  constexpr bool vector = is_vector<Logits>;
  static_assert(is_real<Scalar>, "xent: logits must be real: write .cast<float>() or .cast<double>()");
  const Operand operand(logits);
  const auto argument = make_decision_targets<W, Logits>(targets, options.axis);
  const auto& target = argument.view();
  auto output = make_output<Scalar>(std::forward<Gradient>(gradient));
  const auto z = operand.samples(options.axis);

  argument.check_shape(function, operand, vector, z.count);
  output.check_shape(function, "gradient", operand, vector);
  check_label_smoothing(function, options.label_smoothing);
  check_denominator(function, options.reduction, options.denominator);
  check_decision_weights<vector>(function, options, z.classes, z.count);
  using Coefficients = CoefficientWeights<Real>;
  const auto weight =
      vector ? Coefficients::of_vector(options.sample_weights) : Coefficients::of_samples(options.sample_weights);
  const auto positive_weight =
      vector ? Coefficients::of_vector(options.positive_weights) : Coefficients::of_classes(options.positive_weights);
  const Index counted = weight.counted(z.count, z.classes);
  W denominator(static_cast<double>(counted));
  const W by_default = denominator;
  if (options.reduction == Reduction::sum) denominator = W(1);
  if (options.reduction == Reduction::mean && options.denominator) {
    denominator = widen<W>(*options.denominator);
    if (denominator == W(0) && counted > 0)
      throw_invalid(function, "denominator", text(*options.denominator), "a finite number > 0");
  }

  output.prepare(operand, vector);
  output.keep_apart_unless_in_place(z, options.axis);
  output.keep_apart(argument.memory());
  output.keep_apart(memory_of_vector(options.positive_weights));
  output.keep_apart(memory_of_vector(options.sample_weights));
  if (report) resize_report(*report, z.count);
  const auto written = output.samples(options.axis);
  const auto* const wanted = is_none<Gradient> ? nullptr : &written;
  const SigmoidCall<Real> call{weight, positive_weight, DecisionTarget<Real>(options.label_smoothing), denominator};
  const SigmoidSums<Real> sums = sigmoid_of_batch(z, target, wanted, options.executor, call, report);
  output.finish();
  const Real loss = counted == 0 ? Real(0) : narrow<Real>(W(sums.loss / denominator));
  if (report) {
    report->loss = loss;
    report->denominator = narrow<Real>(options.reduction == Reduction::mean ? denominator : by_default);
    report->counted = counted;
    report->ignored = operand.size() - counted;
    report->correct = sums.correct;
  }
  return loss;
}

}  // namespace detail

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/sigmoid_cross_entropy.inl>
#endif

#endif
