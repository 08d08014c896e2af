#ifndef XENT_DETAIL_WALK_SAMPLE_LOSSES_HPP
#define XENT_DETAIL_WALK_SAMPLE_LOSSES_HPP

/// Losses that take a sample at a time and share the reductions, the weights and the report of softmax_cross_entropy,
/// but not all of its options.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// What one sample adds to the sums and to the report; as it stands, an absent one.
template <class Real>
struct SampleTerm {
  Wide<Real> loss{0};                  // without its weight
  Wide<Real> temperature_gradient{0};  // with its share of the mean
  Real logsumexp = -infinity<Real>();
  Real entropy{0};
  Index prediction = -1;
};

/// The reduced loss of a batch. `make_term_of()`, called for a block of samples, returns a function `term_of(i, absent,
/// alpha)`, which writes the gradients of sample i, zero for an absent one, otherwise times alpha = w / (D T), and
/// returns the sample's SampleTerm.
template <class Real, class Targets, class MakeTermOf>
Real reduce_samples(const Targets& targets, Index classes, Index count, const NllOptions<Real>& options,
                    const CountedSamples<Real>& counted, CrossEntropyReport<Real>* report,
                    const MakeTermOf& make_term_of) {
  using W = Wide<Real>;
  const CrossEntropyScalars<Real> scalars = call_scalars(options, counted);
  if (report) resize_report(*report, count);
  const auto sums = sum_over_blocks<CrossEntropySums<Real>>(
      options.executor, Blocks(count, classes), [&](Index first, Index last, CrossEntropySums<Real>& partial) {
        auto&& term_of = make_term_of();
        for (Index i = first; i < last; ++i) {
          const bool absent = is_absent(targets, i, options);
          const W weight = sample_weight(options, i);
          const SampleTerm<Real> term = term_of(i, absent, scalars.gradient_scale(weight));
          const W loss = weight * term.loss;  // that of an absent sample is 0
          partial.loss += loss;
          partial.temperature_gradient += term.temperature_gradient;
          if (!report) continue;
          report->sample_loss[i] = narrow<Real>(loss);
          report->logsumexp[i] = term.logsumexp;
          report->entropy[i] = term.entropy;
          report->prediction[i] = term.prediction;
          if (Targets::are_labels && !absent && term.prediction == targets.label(i)) ++partial.correct;
        }
      });
  if (report) finish_report(*report, sums, scalars, counted, count, options.reduction);
  return reduced<Real>(sums.loss, scalars);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
