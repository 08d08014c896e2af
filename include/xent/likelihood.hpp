#ifndef XENT_LIKELIHOOD_HPP
#define XENT_LIKELIHOOD_HPP

/// Negative log-likelihoods of the distributions that models assume: any one over classes, given its log-probabilities;
/// a Gaussian, whose mean is fitted by half the squared error; a Poisson distribution.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/checks.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/likelihood/losses.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/detail/softmax/entropy_sample.hpp>
#include <xent/detail/walk/sample_losses.hpp>
#include <xent/likelihood_options.hpp>
#include <xent/types.hpp>

#include <utility>

XENT_NAMESPACE_BEGIN

namespace detail {

template <class LogProbabilities>
using NllOptionsOf = NllOptions<RealOf<typename LogProbabilities::Scalar>>;

template <class LogProbabilities, class Labels>
RealOf<typename LogProbabilities::Scalar> nll_of_labels(const Eigen::DenseBase<LogProbabilities>& log_probabilities,
                                                        const Labels& labels,
                                                        const NllOptionsOf<LogProbabilities>& options,
                                                        CrossEntropyReportOf<LogProbabilities>* report);

}  // namespace detail

/// The negative log-likelihood of labels under log-probabilities, reduced over a batch.
///
///     sample loss = -w c_y l_y          loss = sum of the sample losses / D
///
/// with w the weight of the sample, c_y that of the class of its label, and D by default the sum of w c_y. After
/// log_softmax it is softmax_cross_entropy, which is faster and has the gradient.
///
/// @param log_probabilities  real [classes x batch], or [batch x classes] with Axis::rows; a vector at compile time is
///                           one sample; used as given, whether or not their exponentials sum to 1
/// @param labels   integers [batch], an Eigen vector or a container, for one sample also a plain integer
/// @param options  NllOptions: axis, reduction, denominator, ignore_index, class_weights, sample_weights, executor; or
/// an
///                 Axis alone
/// @param report   as softmax_cross_entropy fills it, of the log-probabilities in the place of logits
/// @return the loss in nats; 0 for an empty batch, or when no sample counts
/// @throws std::invalid_argument for shapes that differ and options out of range, std::out_of_range for a label that is
/// no class and not ignore_index
///
/// A log-probability of -inf costs +inf, unless its class has weight 0. Without a report only the entry of the label is
/// read. Exact up to one rounding. Cost: one read a sample; no heap. With a report two of every entry, by the portable
/// path: that of softmax_cross_entropy has the same entries, by kernels.
template <class LogProbabilities, class Labels, class Options = detail::NllOptionsOf<LogProbabilities>,
          class Report = detail::CrossEntropyReportOf<LogProbabilities>*>
RealOf<typename LogProbabilities::Scalar> nll(const Eigen::DenseBase<LogProbabilities>& log_probabilities,
                                              const Labels& labels, const Options& options = {},
                                              const Report& report = nullptr) {
  return detail::nll_of_labels(log_probabilities, labels,
                               detail::options_in<detail::NllOptionsOf<LogProbabilities>>(options),
                               detail::report_in<detail::CrossEntropyReportOf<LogProbabilities>>(report));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto nll(const Other& /*log_probabilities*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// The negative log-likelihood of independent Gaussians, summed over the coefficients or averaged, with its gradients.
///
///     loss         = (1/D) sum (1/2) (log v + (x - mean)^2 / v)   [+ (1/2) log(2 pi) with `constant`]
///     d_mean       = (1/D) (mean - x) / v
///     d_variance   = (1/D) (1/(2v)) (1 - (x - mean)^2 / v)        0 where minimum_variance has replaced v
///
/// D is the number of coefficients under Reduction::mean, 1 under Reduction::sum. Every half is in the loss: with v = 1
/// it is half_squared_error, and its minimum over v is v = (x - mean)^2.
///
/// @param mean        real, any shape
/// @param target      x, the same shape, any real or integer scalar
/// @param variance    v > 0: one number, or the shape of the mean, or for a matrix a vector at compile time: a column
///                    vector with one number per row, a row vector with one per column
/// @param d_mean      the shape of the mean, its scalar or RealOf it (see docs/outputs.md); `none`
/// @param d_variance  the shape of the variance, each the sum over what it is the variance of (see docs/outputs.md).
/// For
///                    one number a variable of the type of the result; `none`
/// @return the loss in nats; 0 without coefficients
/// @throws std::invalid_argument for shapes that differ, for a variance that is <= 0 or NaN after minimum_variance,
/// with
///         its position, and for a minimum_variance that is negative or not finite; before the first write
///
/// An infinite variance costs +inf and has gradients 0.
/// Bounds: 4 ULP for d_mean and d_variance; 4 ULP of the sum of (|log v| + (x - mean)^2 / v) / 2 for the loss, whose
/// terms have both signs. Worst found: 0.5 each (float), d_mean 1.9, d_variance 2.9, loss 3.4 (double).
/// Cost: reads the variance twice, all else once; no heap. The derivative with respect to one number, or one per row or
/// column, is a pass of its own, which takes half as long as the rest; variances of columns are repeated on the way.
template <class Mean, class Target, class Variance, class Options = detail::GaussianOptionsOf<Mean>>
RealOf<typename Mean::Scalar> gaussian_nll(const Eigen::DenseBase<Mean>& mean, const Target& target,
                                           const Variance& variance, const Options& options = {}) {
  return detail::gaussian_nll_into(mean, target, variance, none, none,
                                   detail::options_in<detail::GaussianOptionsOf<Mean>>(options));
}
template <class Mean, class Target, class Variance, class GradientMean, class GradientVariance,
          class Options = detail::GaussianOptionsOf<Mean>>
RealOf<typename Mean::Scalar> gaussian_nll(const Eigen::DenseBase<Mean>& mean, const Target& target,
                                           const Variance& variance, GradientMean&& d_mean,
                                           GradientVariance&& d_variance, const Options& options = {}) {
  return detail::gaussian_nll_into(mean, target, variance, std::forward<GradientMean>(d_mean),
                                   std::forward<GradientVariance>(d_variance),
                                   detail::options_in<detail::GaussianOptionsOf<Mean>>(options));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto gaussian_nll(const Other& /*mean*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// The negative log-likelihood of independent Poisson counts, from log rates, with its gradient.
///
///     loss     = (1/D) sum (exp(l) - x l)   [+ log(x!) with `constant`]
///     gradient = (1/D) (exp(l) - x)
///
/// D is the number of coefficients under Reduction::mean, 1 under Reduction::sum. There is no factor one half.
///
/// @param log_rate  l = log of the expected count: real, any shape
/// @param target    x, the same shape, any real or integer scalar; used as given. With `constant`, log(x!) is
///                  log Gamma(x + 1)
/// @param gradient  the shape of the log rates, their scalar or RealOf it (see docs/outputs.md); `none`
/// @return the loss in nats; 0 without coefficients
/// @throws std::invalid_argument for shapes that differ; for a log rate of NaN, or of -inf where the target is not 0
///         (with its position); `constant` with a number type that has no lgamma; before the first write
///
/// A rate of 0, a log rate of -inf, expects no event: where the target is 0 it adds 0, and has the gradient 0.
///
/// Bounds: 4 ULP of the sum of the absolute values of the terms, loss and gradient; they cancel as the formulas say.
/// Worst found: 1.1 for both, 1.8 with `constant`.
/// Cost: reads the log rates twice, the target once; no heap. The constant is std::lgamma of every count, one by one:
/// five times as long as the rest.
template <class LogRate, class Target, class Options = PoissonOptions,
          detail::EnableIfOptions<Options, PoissonOptions> = 0>
RealOf<typename LogRate::Scalar> poisson_nll(const Eigen::DenseBase<LogRate>& log_rate, const Target& target,
                                             const Options& options = {}) {
  return detail::poisson_nll_into(log_rate, target, none, detail::options_in<PoissonOptions>(options));
}
template <class LogRate, class Target, class Gradient, class Options = PoissonOptions,
          detail::EnableIfOutput<Gradient, PoissonOptions> = 0>
RealOf<typename LogRate::Scalar> poisson_nll(const Eigen::DenseBase<LogRate>& log_rate, const Target& target,
                                             Gradient&& gradient, const Options& options = {}) {
  return detail::poisson_nll_into(log_rate, target, std::forward<Gradient>(gradient),
                                  detail::options_in<PoissonOptions>(options));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto poisson_nll(const Other& /*log_rate*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

/// Half the squared error, summed over all coefficients, with its gradient.
///
///     loss = sum (1/2) (prediction - target)^2          gradient = prediction - target
///
/// The factor one half is there so that the gradient has none; the loss is never a mean.
///
/// @param prediction  real, any shape
/// @param target      the same shape, any real or integer scalar
/// @param gradient    the shape of the prediction, its scalar or RealOf it (see docs/outputs.md); `none`
/// @return the loss; 0 without coefficients
/// @throws std::invalid_argument for shapes that differ, before the first write
///
/// Bounds: 2 ULP for the loss, 0.5 ULP for the gradient. Worst found, float and double: 0.5 for both.
/// Cost: reads both once; no heap.
template <class Prediction, class Target>
RealOf<typename Prediction::Scalar> half_squared_error(const Eigen::DenseBase<Prediction>& prediction,
                                                       const Target& target) {
  return detail::half_squared_error_into(prediction, target, none);
}
template <class Prediction, class Target, class Gradient>
RealOf<typename Prediction::Scalar> half_squared_error(const Eigen::DenseBase<Prediction>& prediction,
                                                       const Target& target, Gradient&& gradient) {
  return detail::half_squared_error_into(prediction, target, std::forward<Gradient>(gradient));
}
template <class Other, class... Rest, detail::EnableIfNotDense<Other> = 0>
auto half_squared_error(const Other& /*prediction*/, const Rest&... /*rest*/) {
  return detail::refuse<Other, Rest...>();
}

namespace detail {

template <class LogProbabilities, class Labels>
RealOf<typename LogProbabilities::Scalar> nll_of_labels(const Eigen::DenseBase<LogProbabilities>& log_probabilities,
                                                        const Labels& labels,
                                                        const NllOptionsOf<LogProbabilities>& options,
                                                        CrossEntropyReportOf<LogProbabilities>* report) {
  using Scalar = typename LogProbabilities::Scalar;
  using Real = RealOf<Scalar>;
  using W = Wide<Real>;
  constexpr const char* function = "nll";
  static_assert(is_real<Scalar>, "xent: log-probabilities must be real: write .cast<float>() or .cast<double>()");
  const Operand operand(log_probabilities);
  const auto argument = make_label_targets<W, LogProbabilities>(labels);
  const auto& target = argument.view();
  const auto l = operand.samples(options.axis);

  argument.check_shape(function, operand, is_vector<LogProbabilities>, l.count);
  const auto counted = check_batch(function, target, l.classes, l.count, options);
  const CrossEntropyScalars<Real> scalars(options);

  const auto term_of = [&](Index i, bool absent, const W& /*alpha*/) {
    SampleTerm<Real> term;
    if (absent) return term;
    if (report) term = EntropySample<Real>(l[i], l.classes, Real(1)).term();
    const Index label = target.label(i);
    const W cost = W(0) - widen<W>(l[i][label]);
    const W weight = scalars.class_weight(label);
    term.loss = weight == W(0) && !is_nan(cost) ? W(0) : W(weight * cost);
    return term;
  };
  return reduce_samples(target, l.classes, l.count, options, counted, report, [&] { return term_of; });
}

}  // namespace detail

XENT_NAMESPACE_END

#if XENT_DECLARES_INSTANCES
#include <xent/detail/instances/likelihood.inl>
#endif

#endif
