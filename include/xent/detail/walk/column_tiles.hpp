#ifndef XENT_DETAIL_WALK_COLUMN_TILES_HPP
#define XENT_DETAIL_WALK_COLUMN_TILES_HPP

/// Samples side by side, where they are, or where there are too few classes to fill the lanes: then a tile is
/// transposed on the way in and out.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/detail/walk/tile_walk.hpp>
#include <xent/simd/kernels/transpose.hpp>
#include <xent/types.hpp>

#include <algorithm>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real, class Formula>
class ColumnTiles {
  using Walk = TileWalk<Real, Formula>;
  using ColumnKernels = simd::ColumnKernels<Real>;
  using TransposeKernels = simd::TransposeKernels<Real>;

 public:
  explicit ColumnTiles(Walk& walk) : w_(walk) {}

  void run(Index first, Index last) {
    const Index most = w_.side_by_side();
    for (Index i = first; i < last; i += most) {
      const Index count = (std::min)(most, last - i);
      column_tile(i, count, i + count == last);
    }
  }

 private:
  void column_tile(Index first, Index count, [[maybe_unused]] bool ends) {
    const Index n = w_.z.classes;
    const Samples<const Real> from = w_.tile_of(first);
    if (w_.transposed && w_.leaves_caches && from.sample_stride < 2 * n)
      w_.fetch(&from[2 * count][0], &from[3 * count][0]);
    if (!w_.in_one_loop || !columns_in_one_loop(from, first, count))
      make_columns(bring(from, count), from, first, count);
    if constexpr (Formula::may_write)
      if (w_.out.data != nullptr) send_columns(first, count, ends);
  }

  void send_columns(Index first, Index count, bool ends) {
    const Index n = w_.z.classes;
    const simd::Rows<Real> made = place_of_columns(first);
    const simd::Rows<const Real> results{made.data, made.stride};
    Real* const target = w_.place(first).data;
    if (w_.sends) {
      TransposeKernels::scatter(results, n, count, &w_.traffic, {w_.outflow->buffer(target), n});
      w_.outflow->send(n * count, target);
    } else if (w_.transposed) {
      TransposeKernels::scatter(results, n, count, &w_.traffic, {target, w_.out.sample_stride});
    } else if (w_.again) {
      ColumnKernels::send(w_.held(), n, count, w_.begun, ends, {target, w_.out.class_stride});
      w_.begun = !ends;
    }
  }

  /// Sets the maxima of the tile; returns where its logits are, side by side.
  simd::Rows<const Real> bring(const Samples<const Real>& from, Index count) {
    const Index n = w_.z.classes;
    const simd::Rows<const Real> z{from.data, from.class_stride};
    if (w_.transposed) {
      const simd::Rows<Real> rows{w_.transposed_tile.data(), w_.side_by_side()};
      TransposeKernels::gather({from.data, from.sample_stride}, n, count, &w_.traffic, rows);
      ColumnKernels::maxima({rows.data, rows.stride}, n, count, {nullptr, 0}, &w_.tile);
      return {rows.data, rows.stride};
    }
    ColumnKernels::maxima(z, n, count, w_.again ? w_.held() : simd::Rows<Real>{nullptr, 0}, &w_.tile);
    return w_.again ? simd::Rows<const Real>{w_.held().data, w_.held().stride} : z;
  }

  /// Where results are made, side by side: in the place of the logits that `bring` has brought there, if it has.
  simd::Rows<Real> place_of_columns(Index first) {
    if (w_.transposed) return {w_.transposed_tile.data(), w_.side_by_side()};
    return w_.again ? w_.held() : simd::Rows<Real>{w_.place(first).data, w_.out.class_stride};
  }

  bool columns_in_one_loop(const Samples<const Real>& from, Index first, Index count) {
    bring(from, count);
    return w_.formula.few_classes(w_.call, place_of_columns(first), w_.offset + first, count, w_.out.data != nullptr,
                                  w_.tile, w_.traffic);
  }

  void make_columns(const simd::Rows<const Real>& z, const Samples<const Real>& from, Index first, Index count) {
    const Index n = w_.z.classes;
    const simd::Rows<Real> out = place_of_columns(first);
    const TileMask present = w_.formula.take({z.data, n, count, z.stride, 1}, w_.offset + first, count, w_.tile);
    const TileMask admitted = w_.formula.shift(w_.call, count, w_.tile) & present;
    if (w_.in_place && !w_.transposed && admitted != present) {  // results would overwrite logits
      for (Index j = 0; j < count; ++j) w_.formula.portable(w_.offset + first + j, w_.place(first + j));
      return;
    }
    if (Index* const predictions = w_.formula.predictions(w_.offset + first))
      ColumnKernels::predictions(z, n, count, w_.tile, predictions);

    const bool writes = w_.out.data != nullptr;
    const bool fetches = w_.leaves_caches && !w_.transposed;
    column_sums(z, n, count, {writes && !Formula::of_logits ? out.data : nullptr, out.stride},
                {fetches ? from.data + count : nullptr, from.class_stride});
    const TileMask regular = w_.formula.finish(w_.call, w_.offset + first, count, admitted, w_.tile);
    if constexpr (Formula::may_write)
      if (writes) w_.formula.write_columns({w_.call, w_.tile, z, n, count, out});
    w_.leave(first, tile_bits(count) & ~regular, [&](Index j) {
      return Sample<Real>{writes ? out.data + j : nullptr, out.stride};
    });
  }

  void column_sums(const simd::Rows<const Real>& z, Index n, Index count, const simd::Rows<Real>& stored,
                   const simd::Rows<const Real>& ahead) {
    if constexpr (Formula::may_want_moments)
      if (w_.formula.wants_moments())
        return ColumnKernels::sums_and_moments(w_.call, z, n, count, stored, ahead, &w_.traffic, &w_.tile);
    ColumnKernels::sums(w_.call, z, n, count, stored, ahead, &w_.traffic, &w_.tile);
  }

  Walk& w_;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
