#ifndef XENT_DETAIL_WALK_SEGMENT_SUMS_HPP
#define XENT_DETAIL_WALK_SEGMENT_SUMS_HPP

/// The sums of a long sample, which is read once: segment by segment, each with a shift of its own.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/full_exp.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/types.hpp>

#include <algorithm>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The sums over segments of one sample, relative to the exponential at the maximum of those seen.
template <class Real>
struct SegmentSums {
  using W = Wide<Real>;

  Real maximum = -infinity<Real>();
  Index where = 0;  // no class before this one has it
  W rest{0};
  W moment{0};
  W spread{0};        // the sum of maximum - z over the classes that are not masked
  double count = 0;   // how many of these there are ...
  double masked = 0;  // ... and of the others
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
    segment.masked = tile.masked[0];
    segment.count = static_cast<double>(size) - segment.masked;
    const bool greater = segment.maximum > maximum;
    const SegmentSums& lower = greater ? *this : segment;
    SegmentSums higher = greater ? segment : *this;
    if (lower.maximum > -infinity<Real>()) {
      const W distance = widen<W>(higher.maximum) - widen<W>(lower.maximum);
      // In two halves: the factor may be below the smallest normal number where a product with it is not.
      const W half = full_exp(W(distance / temperature * W(-0.5)));
      const W sum = W(1) + lower.rest;
      higher.rest += half * sum * half;
      if (!(half == W(0))) higher.moment += half * (lower.moment + distance * sum) * half;
      higher.spread += lower.spread + W(lower.count) * distance;
    } else {
      higher.rest += W(0) * lower.rest;  // a NaN that was found
      higher.spread += lower.spread;
    }
    higher.count += lower.count;
    higher.masked += lower.masked;
    *this = higher;
  }

  /// A segment without an unmasked class.
  void add_masked(Index size, bool has_nan) {
    masked += static_cast<double>(size);
    if (has_nan) rest = W(nan<Real>());
  }

  /// All n classes of a sample, of which the next ones are fetched if `fetches`. Leaves the maximum in slot 0 of the
  /// tile.
  template <class Sums>
  void add_all(const simd::Call<Real>& call, const Real* z, Index n, bool fetches, const Sums& sums,
               simd::Traffic<Real>* traffic, simd::Tile<Real>* tile) {
    constexpr Index segment = Caches<Real>::first_level;
    for (Index k = 0; k < n; k += segment) {
      const Index size = (std::min)(segment, n - k);
      const simd::Rows<const Real> row{z + k, size};
      if (fetches) {
        traffic->fetched = reinterpret_cast<const char*>(z + k + 2 * segment);
        traffic->end = reinterpret_cast<const char*>(z + k + 3 * segment);
      }
      simd::RowKernels<Real>::maxima(row, size, 1, traffic, tile);
      if (tile->maximum[0] == -infinity<Real>()) {  // no shift, and perhaps a NaN that the maximum has missed
        add_masked(size, std::any_of(row.data, row.data + size, [](const Real& x) { return is_nan(x); }));
        continue;
      }
      simd::SampleKernels<Real>::shift(call, 1, tile);
      sums(row, size);
      add(*tile, k, size);
    }
    tile->maximum[0] = maximum;
    tile->where[0] = where;
  }

  /// The sums in the scale of the whole sample, the j-th of a tile, whose shift is known now.
  void store(Index j, simd::Tile<Real>* tile) const {
    const W one = wide<W>({tile->one_hi[j], tile->one_lo[j]});
    put(W(rest * one), tile->rest_hi + j, tile->rest_lo + j);
    put(W(moment * one), tile->moment_hi + j, tile->moment_lo + j);
    put(spread, tile->spread_hi + j, tile->spread_lo + j);
    tile->masked[j] = masked;
  }
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
