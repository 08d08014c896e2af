#ifndef XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_HPP
#define XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_HPP

/// Softmax cross-entropy of a batch: the walk over the samples, the reduction and the report.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/checks.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_sample.hpp>
#include <xent/detail/softmax/label_tiles.hpp>
#include <xent/detail/softmax/target_tiles.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Logits>
using CrossEntropyOptionsOf = CrossEntropyOptions<RealOf<typename Logits::Scalar>>;
template <class Logits>
using CrossEntropyReportOf = CrossEntropyReport<RealOf<typename Logits::Scalar>>;

/// The scalars of a call, D included.
template <class Real, class Options>
CrossEntropyScalars<Real> call_scalars(const Options& options, const CountedSamples<Real>& samples) {
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

template <class Report>
void resize_report(Report& report, Index count) {
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
  XENT_ON_REFUSAL;
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
  const CrossEntropySample<Real> sample(z[i], z.classes, targets, i, scalars, report != nullptr);
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
                           CrossEntropyReport<Real>* report, Index first, Index last,
                           const NonDeduced<BlockSums<Real>>& sums) {
  const auto in_place = [&](Index i) {
    cross_entropy_sample(z, targets, i, gradient ? (*gradient)[i] : Sample<Out>{nullptr, 1}, options, scalars, report,
                         sums.of(i));
  };
  if constexpr (has_target_kernels<Targets, Real, Scalar, Out>()) {
    const auto into = [&](Index i, Sample<Real> out) {
      cross_entropy_sample(z, targets, i, out, options, scalars, report, sums.of(i));
    };
    const PortablePath<Real> portable{into, in_place};
    if constexpr (Targets::are_labels)
      if (label_tiles(z, targets, gradient, options, scalars, report, first, last, portable, sums)) return;
    if (target_tiles(z, targets, gradient, options, scalars, report, first, last, portable, sums)) return;
  }
  for (Index i = first; i < last; ++i) in_place(i);
}

/// All of them.
template <class Real, class Scalar, class Targets, class Out>
CrossEntropySums<Real> cross_entropy_of_batch(const Samples<const Scalar>& z, const Targets& targets,
                                              const Samples<Out>* gradient, const CrossEntropyOptions<Real>& options,
                                              const CrossEntropyScalars<Real>& scalars,
                                              CrossEntropyReport<Real>* report) {
  // Others are not walked class by class, and what shares cache lines with them is better left to more threads.
  const bool together = z.by_class() && Targets::are_labels && options.label_smoothing == Real(0);
  const Blocks blocks =
      Blocks(z.count, z.classes, z.side_by_side(), together).quick(uses_kernels<Real>(options.temperature));
  return sum_over_blocks<CrossEntropySums<Real>>(
      options.executor, blocks, [&](Index first, Index last, CrossEntropySums<Real>& partial) {
        cross_entropy_samples(z, targets, gradient, options, scalars, report, first, last,
                              BlockSums<Real>(partial, first, blocks.size()));
      });
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
