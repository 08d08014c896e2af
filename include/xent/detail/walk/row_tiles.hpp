#ifndef XENT_DETAIL_WALK_ROW_TILES_HPP
#define XENT_DETAIL_WALK_ROW_TILES_HPP

/// Samples of contiguous classes, one after the other.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/detail/walk/segment_sums.hpp>
#include <xent/detail/walk/tile_walk.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real, class Formula>
class RowTiles {
  using Walk = TileWalk<Real, Formula>;
  using Tile = simd::Tile<Real>;
  using RowKernels = simd::RowKernels<Real>;
  using Sizes = Caches<Real>;

 public:
  explicit RowTiles(Walk& walk) : w_(walk) {}

  void run(Index first, Index last) {
    // A buffer is sent in one piece.
    const bool together = !w_.sends || w_.out.sample_stride == w_.z.classes;
    const Index most = !together     ? 1
                       : w_.is_short ? w_.side_by_side()
                                     : (std::min)(Tile::most, (std::max<Index>)(1, Sizes::tile / w_.z.classes));
    for (Index i = first; i < last;) {
      if (!w_.is_short && w_.formula.absent(w_.offset + i)) {
        w_.formula.portable(w_.offset + i, w_.place(i));
        ++i;
        continue;
      }
      Index count = 1;
      while (count < most && i + count < last && (w_.is_short || !w_.formula.absent(w_.offset + i + count))) ++count;
      row_tile(i, count);
      i += count;
    }
  }

 private:
  /// Those of some samples of a tile, which is written as a whole. (Nothing is allocated for none.)
  class LogitsKept {
   public:
    LogitsKept(const simd::Rows<const Real>& z, Index n, TileMask samples) : samples_(samples) {
      for (; samples != 0; samples &= samples - 1) {
        const Real* const row = z[static_cast<Index>(simd::lowest_bit(samples))];
        logits_.insert(logits_.end(), row, row + n);
      }
    }
    void restore(const simd::Rows<Real>& rows, Index n) const {
      const Real* from = logits_.data();
      for (TileMask left = samples_; left != 0; left &= left - 1, from += n)
        std::copy(from, from + n, rows[static_cast<Index>(simd::lowest_bit(left))]);
    }

   private:
    TileMask samples_;
    std::vector<Real> logits_{};
  };

  void row_tile(Index first, Index count) {
    const Index n = w_.z.classes;
    const simd::Rows<const Real> z{&w_.z[first][0], w_.z.sample_stride};
    // The tile after the next one. Beyond the last one there may be nothing: no fault for a prefetch.
    if (w_.leaves_caches && n <= Sizes::second_level && !w_.is_long && z.stride < 2 * n)
      w_.fetch(z[2 * count], z[3 * count]);
    const simd::Rows<Real> place_of_rows{w_.place(first).data, w_.out.sample_stride};
    const simd::Rows<Real> buffer{w_.outflow ? w_.outflow->buffer(z.data) : nullptr, n};
    const simd::Rows<Real> out = w_.sends ? buffer : place_of_rows;
    TileMask left = make_rows(first, count, z, buffer.data ? buffer : out, out, w_.guessing);
    for (; left != 0; left &= left - 1) {
      const auto j = static_cast<Index>(simd::lowest_bit(left));
      const simd::Rows<Real> result{out.data ? out[j] : nullptr, out.stride};
      make_rows(first + j, 1, {z[j], z.stride}, result, result, false);
    }
    if constexpr (Formula::may_write)
      if (w_.sends) w_.outflow->send(n * count, place_of_rows.data);
  }

  /// Exponentials are kept in `e`, in the place of results or beside them. Returns the samples that are still to be
  /// made, one by one: because their maximum was too far from a guess, or because results were about to overwrite
  /// logits that the portable path of others still has to read. Of one sample without a guess nothing is left.
  TileMask make_rows(Index first, Index count, const simd::Rows<const Real>& z, const simd::Rows<Real>& e,
                     const simd::Rows<Real>& out, bool guess) {
    const Index n = w_.z.classes;
    SegmentSums<Real> segments(w_.temperature);
    TileMask present = 0;
    const bool overwrites = e.data == z.data;
    Real greatest = -infinity<Real>();  // of a guess that is looked at before: one sample, too long for a buffer
    w_.tile.guessed = guess;
    if (guess) {
      if (overwrites) {
        RowKernels::maxima(z, n, count, &w_.traffic, &w_.tile);
        greatest = w_.tile.maximum[0];
      }
      present = w_.formula.take(w_.tile_of(first), w_.offset + first, count, w_.tile);
      RowKernels::guesses(z, n, count, w_.formula.labels(), &w_.traffic, &w_.tile);
    } else {
      row_maxima(first, count, z, out, segments);
      present = w_.formula.take(w_.tile_of(first), w_.offset + first, count, w_.tile);
    }
    TileMask admitted = w_.formula.shift(w_.call, count, w_.tile) & present;
    if (guess && overwrites && !(admitted == present && is_near(greatest, z))) return tile_bits(count);
    if (!guess && overwrites && admitted != present) {
      if (count > 1) return tile_bits(count);
      w_.formula.portable(w_.offset + first, w_.place(first));
      return 0;
    }
    if (Index* const predictions = w_.formula.predictions(w_.offset + first))
      RowKernels::predictions(z, n, count, w_.tile, predictions);

    const bool keeps = out.data && !w_.is_long && !Formula::of_logits;
    const simd::Rows<Real> kept{keeps ? e.data : nullptr, e.stride};
    TileMask beyond = 0;
    if (w_.is_long)
      segments.store(0, &w_.tile);
    else
      beyond = sums(z, n, count, kept);
    beyond = guess ? (beyond | ~admitted) & present : 0;
    const TileMask regular = w_.formula.finish(w_.call, w_.offset + first, count, admitted & ~beyond, w_.tile);
    if constexpr (Formula::of_16_bits) {
      for (TileMask left = regular; left != 0; left &= left - 1) {
        const auto j = static_cast<Index>(simd::lowest_bit(left));
        w_.formula.write(j, w_.tile, out[j], w_.traffic);
      }
    } else if constexpr (Formula::may_write) {
      const LogitsKept kept_logits(z, n, out.data == z.data ? beyond : 0);
      if (out.data)
        w_.formula.write_rows({{w_.call, w_.tile, z, n, count, out}, {kept.data, kept.stride}, w_.again, &w_.traffic});
      kept_logits.restore(out, n);
    }
    w_.leave(first, tile_bits(count) & ~regular & ~beyond, [&](Index j) {
      return Sample<Real>{out.data ? out[j] : nullptr, 1};
    });
    return beyond;
  }

  /// Whether the sums of the one sample of a tile, with this maximum, will not be found to be too far from the guess,
  /// which can no longer be mended once its logits are overwritten. (A NaN that the maximum has missed is one in every
  /// exponential of the sample: then it does not matter.)
  bool is_near(const Real& maximum, const simd::Rows<const Real>& z) {
    const Real guess = w_.tile.maximum[0];
    const Real ceiling = w_.tile.ceiling[0];
    if (!(maximum <= ceiling)) return false;
    constexpr Index few_for_half_a_window = Index{1} << 20;
    const bool surely = maximum - guess <= (ceiling - guess) / 2 && w_.z.classes <= few_for_half_a_window;
    return surely || sums(z, w_.z.classes, 1, {nullptr, 0}) == 0;
  }

  void row_maxima(Index first, Index count, const simd::Rows<const Real>& z, const simd::Rows<Real>& out,
                  SegmentSums<Real>& segments) {
    const Index n = w_.z.classes;
    if constexpr (Formula::of_16_bits)
      w_.formula.maxima(w_.offset + first, count, out, &w_.traffic, &w_.tile);
    else if (w_.is_long)
      segments.add_all(
          w_.call, z.data, n, w_.leaves_caches,
          [&](const simd::Rows<const Real>& row, Index size) {
            sums(row, size, 1, {nullptr, 0});
          },
          &w_.traffic, &w_.tile);
    else
      RowKernels::maxima(z, n, count, &w_.traffic, &w_.tile);
  }

  TileMask sums(const simd::Rows<const Real>& z, Index n, Index count, const simd::Rows<Real>& stored) {
    if constexpr (Formula::may_want_moments) {
      if (w_.formula.wants_moments()) {
        RowKernels::sums_and_moments(w_.call, z, n, count, stored, &w_.traffic, &w_.tile);
        return 0;
      }
    }
    return RowKernels::sums(w_.call, z, n, count, stored, &w_.traffic, &w_.tile);
  }

  Walk& w_;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
