#ifndef XENT_DETAIL_SEGMENT_SUMS_HPP
#define XENT_DETAIL_SEGMENT_SUMS_HPP

/// The sums of a sample that is walked in segments, each with a shift of its own.

#include <xent/config.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/wide.hpp>
#include <xent/simd/kernels.hpp>
#include <xent/types.hpp>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// The sums over segments of one sample, relative to the exponential at the maximum of those seen.
template <class Real>
struct SegmentSums {
  using W = Wide<Real>;

  Real maximum = -infinity<Real>();
  Index where = 0;  // no class before this one has it
  W rest{0};
  W moment{0};
  W spread{0};      // the sum of maximum - z
  Index count = 0;  // classes
  W temperature;

  explicit SegmentSums(const Real& t) : temperature(widen<W>(t)) {}

  /// Slot 0 of a tile: a segment of `size` classes from class k on.
  void add(const simd::Tile<Real>& tile, Index k, Index size) {
    const W one = wide<W>({tile.one_hi[0], tile.one_lo[0]});
    SegmentSums segment(*this);
    segment.maximum = tile.maximum[0];
    segment.where = k + tile.where[0];
    segment.rest = wide<W>({tile.rest_hi[0], tile.rest_lo[0]}) / one;
    segment.moment = wide<W>({tile.moment_hi[0], tile.moment_lo[0]}) / one;
    segment.spread = wide<W>({tile.spread_hi[0], tile.spread_lo[0]});
    segment.count = size;
    const bool greater = segment.maximum > maximum;
    const SegmentSums& lower = greater ? *this : segment;
    SegmentSums higher = greater ? segment : *this;
    if (lower.maximum > -infinity<Real>()) {
      const W distance = widen<W>(higher.maximum) - widen<W>(lower.maximum);
      const W factor = math::exp_of(W(W(0) - distance / temperature));
      const W sum = W(1) + lower.rest;
      higher.rest += factor * sum;
      if (!(factor == W(0))) higher.moment += factor * (lower.moment + distance * sum);
      higher.spread += lower.spread + W(static_cast<double>(lower.count)) * distance;
    } else {
      higher.rest += W(0) * lower.rest;  // a NaN that was found
      higher.spread += lower.spread;
    }
    higher.count += lower.count;
    *this = higher;
  }

  /// A segment without an unmasked class.
  void add_masked(Index size, bool has_nan) {
    spread = W(infinity<Real>());
    count += size;
    if (has_nan) rest = W(nan<Real>());
  }
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
