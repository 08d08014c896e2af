#ifndef XENT_DETAIL_SEGMENT_SUMS_HPP
#define XENT_DETAIL_SEGMENT_SUMS_HPP

/// The sums of a sample that is walked in segments, each with a shift of its own.

#include <xent/config.hpp>
#include <xent/detail/kernel_call.hpp>
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
  W temperature;

  explicit SegmentSums(const Real& t) : temperature(widen<W>(t)) {}

  /// Slot 0 of a tile: a segment that begins at class k.
  void add(const simd::Tile<Real>& tile, Index k) {
    const W one = wide<W>({tile.one_hi[0], tile.one_lo[0]});
    SegmentSums segment(*this);
    segment.maximum = tile.maximum[0];
    segment.where = k + tile.where[0];
    segment.rest = wide<W>({tile.rest_hi[0], tile.rest_lo[0]}) / one;
    segment.moment = wide<W>({tile.moment_hi[0], tile.moment_lo[0]}) / one;
    const bool greater = segment.maximum > maximum;
    const SegmentSums& lower = greater ? *this : segment;
    SegmentSums higher = greater ? segment : *this;
    if (lower.maximum > -infinity<Real>()) {
      const W distance = widen<W>(higher.maximum) - widen<W>(lower.maximum);
      const W factor = math::exp_of(W(W(0) - distance / temperature));
      const W sum = W(1) + lower.rest;
      higher.rest += factor * sum;
      if (!(factor == W(0))) higher.moment += factor * (lower.moment + distance * sum);
    }
    *this = higher;
  }
  void add_nan() { rest = W(nan<Real>()); }
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
