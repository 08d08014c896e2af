#ifndef XENT_DETAIL_CROSS_ENTROPY_HPP
#define XENT_DETAIL_CROSS_ENTROPY_HPP

/// Softmax cross-entropy of a batch: the checks, which all come before the first write; the walk over the samples; the
/// reduction and the report.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/blocks.hpp>
#include <xent/detail/cross_entropy_sample.hpp>
#include <xent/detail/error.hpp>
#include <xent/detail/label_tiles.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/target_tiles.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

template <class Logits>
using CrossEntropyOptionsOf = NonDeduced<CrossEntropyOptions<RealOf<typename Logits::Scalar>>>;
template <class Logits>
using CrossEntropyReportOf = NonDeduced<CrossEntropyReport<RealOf<typename Logits::Scalar>>>;

template <class Real>
void check_weights(const char* function, const char* argument, const Weights<Real>& weights, Index size,
                   bool may_be_negative) {
  if (weights.size() == 0) return;
  if (weights.size() != size)
    throw_invalid(function, argument, text(weights.size(), " weights"), text(size, " or none"));
  for (Index i = 0; i < size; ++i)
    if (!is_finite<Real>(weights[i]) || (!may_be_negative && weights[i] < Real(0)))
      throw_invalid(function, text(argument, "[", i, "]"), text(weights[i]),
                    may_be_negative ? "a finite number" : "a finite number >= 0");
}

template <class Real>
void check_denominator(const char* function, Reduction reduction, const std::optional<Real>& denominator) {
  if (reduction == Reduction::mean && denominator && (!(*denominator >= Real(0)) || !is_finite(*denominator)))
    throw_invalid(function, "denominator", text(*denominator), "a finite number > 0");
}

template <class Real>
void check_options(const char* function, const CrossEntropyOptions<Real>& options, Index classes, Index count) {
  if (!(options.temperature > Real(0)) || !is_finite(options.temperature))
    throw_invalid(function, "temperature", text(options.temperature), "a finite number > 0");
  if (!(options.label_smoothing >= Real(0)) || !(options.label_smoothing <= Real(1)))
    throw_invalid(function, "label_smoothing", text(options.label_smoothing), "a number in [0, 1]");
  if (!(options.z_loss >= Real(0)) || !is_finite(options.z_loss))
    throw_invalid(function, "z_loss", text(options.z_loss), "a finite number >= 0");
  const bool mean = options.reduction == Reduction::mean;
  check_denominator(function, options.reduction, options.denominator);
  check_weights(function, "class_weights", options.class_weights, classes, false);
  check_weights(function, "sample_weights", options.sample_weights, count, !mean || options.denominator.has_value());
}

/// Which samples count, and what their mean divides by unless the options say otherwise.
template <class Real>
struct CountedSamples {
  using W = Wide<Real>;

  Index counted = 0;
  Index bad_sample = -1;  // the first counted sample whose label is no class
  W denominator{0};       // for labels the sum of w c_label, for distributions the sum of w
};

/// Without weights: two comparisons a label.
template <class Real, class Targets>
CountedSamples<Real> count_unweighted(const Targets& targets, Index classes, Index count, Index ignore_index) {
  CountedSamples<Real> result;
  result.counted = count;
  if (Targets::are_labels) {
    const auto is_class = [classes](Index label) {
      return static_cast<std::size_t>(label) < static_cast<std::size_t>(classes);
    };
    Index in_range = 0;
    Index ignored = 0;
    const auto count_label = [&](Index i) {
      const Index label = targets.label(i);
      in_range += static_cast<Index>(is_class(label));
      ignored += static_cast<Index>(label == ignore_index);
    };
    // Eight streams, since one waits for memory: 1.9 ns a label, this way 0.6.
    constexpr Index streams = 8;
    const Index part = count / streams;
    for (Index i = 0; i < part; ++i)
      for (Index j = 0; j < streams; ++j) count_label(i + j * part);
    for (Index i = part * streams; i < count; ++i) count_label(i);
    result.counted -= ignored;
    if (in_range + (is_class(ignore_index) ? 0 : ignored) != count)
      for (Index i = 0; result.bad_sample < 0; ++i)
        if (targets.label(i) != ignore_index && !is_class(targets.label(i))) result.bad_sample = i;
  }
  result.denominator = Wide<Real>(static_cast<double>(result.counted));
  return result;
}

template <class Real, class Targets>
CountedSamples<Real> count_samples(const Targets& targets, Index classes, Index count,
                                   const CrossEntropyOptions<Real>& options) {
  const bool weighted =
      options.sample_weights.size() != 0 || (Targets::are_labels && options.class_weights.size() != 0);
  if (!weighted) return count_unweighted<Real>(targets, classes, count, options.ignore_index);
  CountedSamples<Real> result;
  const CrossEntropyScalars<Real> scalars(options);
  for (Index i = 0; i < count; ++i) {
    if (is_absent(targets, i, options)) continue;
    ++result.counted;
    const Index label = targets.label(i);
    if (Targets::are_labels && (label < 0 || label >= classes)) {
      if (result.bad_sample < 0) result.bad_sample = i;
    } else {
      result.denominator += Targets::are_labels ? Wide<Real>(sample_weight(options, i) * scalars.class_weight(label))
                                                : sample_weight(options, i);
    }
  }
  return result;
}

/// Every check of a batch that depends on values, in the order of the semantics table.
template <class Real, class Targets>
CountedSamples<Real> check_batch(const char* function, const Targets& targets, Index classes, Index count,
                                 const CrossEntropyOptions<Real>& options) {
  check_options(function, options, classes, count);
  const CountedSamples<Real> samples = count_samples(targets, classes, count, options);
  if (samples.counted == 0) return samples;
  if (classes == 0) throw_invalid(function, "logits", "0 classes", "at least one class for a sample that counts");
  if (options.reduction == Reduction::mean && options.denominator && *options.denominator == Real(0))
    throw_invalid(function, "denominator", text(*options.denominator), "a finite number > 0");
  if (samples.bad_sample >= 0) throw_label(function, samples.bad_sample, targets.label(samples.bad_sample), classes);
  return samples;
}

/// The scalars of a call, D included.
template <class Real>
CrossEntropyScalars<Real> call_scalars(const CrossEntropyOptions<Real>& options, const CountedSamples<Real>& samples) {
  CrossEntropyScalars<Real> scalars(options);
  if (options.reduction == Reduction::mean)
    scalars.denominator =
        options.denominator ? widen<Wide<Real>>(*options.denominator) : saturated(samples.denominator);
  return scalars;
}

/// loss = sum / D, 0 where D is: nothing was counted, or nothing of weight.
template <class Real>
Real reduced(const Wide<Real>& sum, const CrossEntropyScalars<Real>& scalars) {
  using W = Wide<Real>;
  if (scalars.denominator == W(0)) return is_nan(sum) ? nan<Real>() : Real(0);
  return narrow<Real>(W(sum / scalars.denominator));
}

template <class Real>
void resize_report(CrossEntropyReport<Real>& report, Index count) {
  report.sample_loss.resize(count);
  report.logsumexp.resize(count);
  report.entropy.resize(count);
  report.prediction.resize(count);
}

template <class Real>
void finish_report(CrossEntropyReport<Real>& report, const CrossEntropySums<Real>& sums,
                   const CrossEntropyScalars<Real>& scalars, const CountedSamples<Real>& samples, Index count,
                   Reduction reduction) {
  report.loss = reduced<Real>(sums.loss, scalars);
  report.z_loss = reduced<Real>(sums.z_loss, scalars);
  report.denominator =
      narrow<Real>(Wide<Real>(reduction == Reduction::mean ? scalars.denominator : samples.denominator));
  report.temperature_gradient = narrow<Real>(sums.temperature_gradient);
  report.counted = samples.counted;
  report.ignored = count - samples.counted;
  report.correct = sums.correct;
}

/// One sample: its gradient is written to `gradient` unless that has no memory, its entries of the report too, and it
/// is added to the sums.
template <class Real, class Scalar, class Targets, class Out>
void cross_entropy_sample(const Samples<const Scalar>& z, const Targets& targets, Index i, Sample<Out> gradient,
                          const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                          CrossEntropyReport<Real>* report, CrossEntropySums<Real>& sums) {
  using W = Wide<Real>;
  if (is_absent(targets, i, options)) {
    if (gradient.data) fill(gradient, z.classes, Real(0));
    if (!report) return;
    report->sample_loss[i] = Real(0);
    report->logsumexp[i] = -infinity<Real>();
    report->entropy[i] = Real(0);
    report->prediction[i] = -1;
    return;
  }
  const W weight = sample_weight(options, i);
  const CrossEntropySample<Real> sample(z[i], z.classes, targets, i, scalars);
  const W loss = weight * sample.loss(scalars);
  sums.loss += loss;
  if (gradient.data) {
    const W alpha = scalars.gradient_scale(weight);
    if (report) sums.temperature_gradient += sample.temperature_gradient(alpha);
    write_gradient(sample, z[i], z.classes, targets, i, scalars, alpha, gradient);
  }
  if (!report) return;
  sums.z_loss += weight * sample.z_loss(scalars);
  report->sample_loss[i] = narrow<Real>(loss);
  report->logsumexp[i] = sample.logsumexp();
  report->entropy[i] = sample.entropy();
  if (Targets::are_labels && sample.prediction() == targets.label(i)) ++sums.correct;
  report->prediction[i] = sample.prediction();
}

/// Samples [first, last).
template <class Real, class Scalar, class Targets, class Out>
void cross_entropy_samples(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                           const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                           CrossEntropyReport<Real>* report, Index first, Index last, CrossEntropySums<Real>& sums) {
  const auto portable = [&](Index i, auto out) {
    cross_entropy_sample(z, targets, i, out, options, scalars, report, sums);
  };
  if constexpr (has_label_kernels<Targets, Real, Scalar, Out>)
    if (label_tiles(z, targets, gradient, options, scalars, report, first, last, portable, sums)) return;
  if constexpr (has_target_kernels<Targets, Real, Scalar, Out>())
    if (target_tiles(z, targets, gradient, options, scalars, report, first, last, portable, sums)) return;
  for (Index i = first; i < last; ++i) portable(i, gradient ? (*gradient)[i] : Sample<Out>{nullptr, 1});
}

/// All of them.
template <class Real, class Scalar, class Targets, class Out>
CrossEntropySums<Real> cross_entropy_of_batch(const Samples<const Scalar>& z, const Targets& targets,
                                              const Samples<Out>* gradient, const CrossEntropyOptions<Real>& options,
                                              const CrossEntropyScalars<Real>& scalars,
                                              CrossEntropyReport<Real>* report) {
  return sum_over_blocks<CrossEntropySums<Real>>(options.executor, Blocks(z.count, z.classes, z.side_by_side()),
                                                 [&](Index first, Index last, CrossEntropySums<Real>& partial) {
                                                   cross_entropy_samples(z, targets, gradient, options, scalars, report,
                                                                         first, last, partial);
                                                 });
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
