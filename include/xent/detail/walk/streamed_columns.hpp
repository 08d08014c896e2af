#ifndef XENT_DETAIL_WALK_STREAMED_COLUMNS_HPP
#define XENT_DETAIL_WALK_STREAMED_COLUMNS_HPP

/// Samples side by side of many classes. A tile of them would not stay in a cache, and each class is on a page of its
/// own: memory is walked class by class, once for the sums and once for the results.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/columns.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// As Tiles is, for formulas that write multiples of the exponentials and want no moments.
template <class Real, class Formula>
class StreamedColumns {
  using Tile = simd::Tile<Real>;
  using Kernels = simd::ColumnKernels<Real>;
  using Scales = simd::ColumnScales<Real>;

 public:
  static bool suits(const Samples<const Real>& z, const Samples<Real>* out, const Real& temperature,
                    const Formula& formula) {
    return z.by_class() && (!out || out->by_class()) && formula.writes_multiples() && !formula.wants_moments() &&
           uses_kernels(temperature);
  }

  /// `out` may be null, and may be the memory of the logits.
  StreamedColumns(const Samples<const Real>& z, const Samples<Real>* out, const simd::Call<Real>& call,
                  Formula& formula)
      : z_(z), call_(call), formula_(formula), in_place_(out && out->data == z.data), stream_(out && !in_place_) {
    if (out) out_ = *out;
  }

  /// Samples [first, last).
  void run(Index first, Index last) {
    tiles_.resize(size(((std::min)(most, last - first) + Tile::most - 1) / Tile::most));
    for (Tile& tile : tiles_) tile.weigh_equally();
    for (Index i = first; i < last;) {  // wherever the first one is, groups end at the same samples
      const Index end = (std::min)(last, (i / most + 1) * most);
      group(i, end - i);
      i = end;
    }
    if (stream_) simd::fence();
  }

 private:
  static constexpr Index most = Scales::most;
  static constexpr Index segment = 16;  // classes: a first-level cache has room for few rows of the same sets
  static constexpr auto size = [](Index n) { return static_cast<std::size_t>(n); };

  /// A sample that is not for the kernels, counted from the first one of its group. In place, its results wait until
  /// those of its neighbours are written, which overwrites its logits.
  struct Left {
    Index sample;
    std::vector<Real> results;
  };

  simd::Rows<const Real> logits(Index sample, Index k) const { return {&z_[sample][k], z_.class_stride}; }
  simd::Rows<Real> results(Index sample, Index k) const { return {&out_[sample][k], out_.class_stride}; }

  template <class Body>
  void for_segments(const Body& body) const {
    for (Index k = 0; k < z_.classes; k += segment) body(k, (std::min)(segment, z_.classes - k));
  }
  /// body(i, n, tile): samples [i, i + n) of a group.
  template <class Body>
  void for_tiles(Index count, const Body& body) {
    for (Index i = 0; i < count; i += Tile::most)
      body(i, (std::min)(Tile::most, count - i), tiles_[size(i / Tile::most)]);
  }

  void group(Index first, Index count) {
    for_segments([&](Index k, Index classes) {
      for_tiles(count, [&](Index i, Index n, Tile& tile) {
        // What comes next: the same classes of the next tile, or the next ones.
        const bool last = i + n == count;
        const bool more = !last || k + 2 * segment <= z_.classes;
        const Real* const next = last ? &z_[first][k + segment] : &z_[first + i + n][k];
        Kernels::segment(call_, logits(first + i, k), classes, n, k == 0, {more ? next : nullptr, z_.class_stride},
                         &tile);
      });
    });
    left_.clear();
    patches_.clear();
    for_tiles(count, [&](Index i, Index n, Tile& tile) { finish(first, i, n, tile); });
    if constexpr (Formula::may_write) {
      if (out_.data != nullptr) write(first, count);
    }
    for (const Left& left : left_) {
      if (left.results.empty()) {
        formula_.portable(first + left.sample, out_.data ? out_[first + left.sample] : Sample<Real>{nullptr, 1});
        continue;
      }
      for (Index k = 0; k < z_.classes; ++k) out_[first + left.sample][k] = left.results[size(k)];
    }
  }

  void finish(Index first, Index i, Index n, Tile& tile) {
    Samples<const Real> z = z_.part(first + i, n);
    const TileMask present = formula_.take(z, first + i, n, tile);
    const TileMask admitted = formula_.shift(call_, n, tile) & present;
    TileMask lost = 0;
    for (Index j = 0; j < n; ++j)
      if (!(tile.anchor[j] == Real(0)) || std::isnan(tile.rest_hi[j])) lost |= tile_bit(j);
    lost &= present;
    if (lost != 0) {
      simd::Traffic<Real> none;
      Tile again = tile;
      Kernels::sums(call_, logits(first + i, 0), z_.classes, n, {nullptr, 0}, {nullptr, 0}, &none, &again);
      for (Index j = 0; j < n; ++j) {
        if ((lost & tile_bit(j)) == 0) continue;
        tile.rest_hi[j] = again.rest_hi[j];
        tile.rest_lo[j] = again.rest_lo[j];
      }
    }
    const TileMask regular = formula_.finish(call_, first + i, n, admitted, tile);
    for (Index j = 0; j < n; ++j) {
      if ((regular & tile_bit(j)) != 0) {
        const auto patch = formula_.patch(j, tile);
        if (out_.data && patch.k >= 0) patches_.push_back({i + j, patch});
        continue;
      }
      left_.push_back({i + j, {}});
      if (!in_place_ || (present & tile_bit(j)) == 0) continue;
      left_.back().results.resize(size(z_.classes));
      formula_.portable(first + i + j, Sample<Real>{left_.back().results.data(), 1});
    }
    const auto copy = [&](const Real* from, Real* to) { std::copy(from, from + n, to + i); };
    copy(tile.anchor, scales_.anchor);
    copy(tile.k, scales_.k);
    copy(tile.factor_hi, scales_.factor_hi);
    copy(tile.factor_lo, scales_.factor_lo);
    copy(tile.unscale, scales_.unscale);
    copy(tile.subtracted, scales_.subtracted);
  }

  void write(Index first, Index count) {
    for_segments([&](Index k, Index classes) {
      if constexpr (Formula::of_logits) {
        for_tiles(count, [&](Index i, Index n, Tile& tile) {
          formula_.write_columns({call_, tile, logits(first + i, k), classes, n, results(first + i, k)});
        });
      } else {
        Kernels::exponentiate(call_, scales_, logits(first, k), classes, count, results(first, k), stream_);
      }
    });
    for (const auto& [sample, patch] : patches_) out_[first + sample][patch.k] = patch.value;
  }

  Samples<const Real> z_;
  Samples<Real> out_{};
  const simd::Call<Real>& call_;
  Formula& formula_;
  bool in_place_;
  bool stream_;
  std::vector<Tile> tiles_{};
  std::vector<Left> left_{};
  std::vector<std::pair<Index, typename MultipleOfExponentials<Real>::Patch>> patches_{};
  Scales scales_{};
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
