#ifndef XENT_DETAIL_WALK_SAMPLE_CHUNKS_HPP
#define XENT_DETAIL_WALK_SAMPLE_CHUNKS_HPP

/// The reduction of sample_losses.hpp for losses that take some samples at a time.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/detail/walk/sample_losses.hpp>
#include <xent/detail/walk/tiles.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Samples [first, first + count): which of them are absent, alpha = w / (D T) on the way in, their terms on the way
/// out.
template <class Real>
struct SampleChunk {
  static constexpr Index most = 64;

  Index first = 0;
  Index count = 0;
  TileMask absent = 0;
  std::array<Wide<Real>, static_cast<std::size_t>(most)> alpha{};
  std::array<SampleTerm<Real>, static_cast<std::size_t>(most)> terms{};

  bool is_absent(Index j) const { return (absent & tile_bit(j)) != 0; }
  const Wide<Real>& alpha_of(Index j) const { return alpha[static_cast<std::size_t>(j)]; }
  SampleTerm<Real>& term_of(Index j) { return terms[static_cast<std::size_t>(j)]; }
};

/// The reduced loss of a batch. `make_terms()`, called for a block of samples, returns a function of a SampleChunk that
/// writes the gradients of its samples, zero for an absent one, and sets the terms of the others.
template <class Real, class MakeTerms>
Real reduce_chunks(Index classes, Index count, Index side_by_side, const LogitOptions<Real>& options,
                   const CountedSamples<Real>& counted, CrossEntropyReport<Real>* report, const MakeTerms& make_terms) {
  using W = Wide<Real>;
  const CrossEntropyScalars<Real> scalars = call_scalars(options, counted);
  const bool weighted = options.sample_weights.size() != 0;
  const W alpha = scalars.gradient_scale(W(1));
  if (report) resize_report(*report, count);
  const auto sums = sum_over_blocks<CrossEntropySums<Real>>(
      options.executor, Blocks(count, classes, side_by_side),
      [&](Index first, Index last, CrossEntropySums<Real>& partial) {
        auto&& terms_of = make_terms();
        SampleChunk<Real> chunk;
        for (chunk.first = first; chunk.first < last; chunk.first += chunk.count) {
          chunk.count = (std::min)(SampleChunk<Real>::most, last - chunk.first);
          chunk.absent = 0;
          for (Index j = 0; j < chunk.count; ++j) {
            const Index i = chunk.first + j;
            if (is_absent(NoTargets{}, i, options)) chunk.absent |= tile_bit(j);
            chunk.alpha[static_cast<std::size_t>(j)] =
                weighted ? scalars.gradient_scale(sample_weight(options, i)) : alpha;
            chunk.term_of(j) = SampleTerm<Real>{};
          }
          terms_of(chunk);
          for (Index j = 0; j < chunk.count; ++j) {
            const Index i = chunk.first + j;
            const SampleTerm<Real>& term = chunk.term_of(j);
            // That of an absent sample is 0.
            const W loss = weighted ? W(sample_weight(options, i) * term.loss) : term.loss;
            partial.loss += loss;
            partial.temperature_gradient += term.temperature_gradient;
            if (!report) continue;
            report->sample_loss[i] = narrow<Real>(loss);
            report->logsumexp[i] = term.logsumexp;
            report->entropy[i] = term.entropy;
            report->prediction[i] = term.prediction;
          }
        }
      });
  if (report) finish_report(*report, sums, scalars, counted, count, options.reduction);
  return reduced<Real>(sums.loss, scalars);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
