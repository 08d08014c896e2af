#ifndef XENT_DETAIL_WALK_TILES_HPP
#define XENT_DETAIL_WALK_TILES_HPP

/// Samples by the kernels of simd/, some at a time, whose exponentials are computed once and stay in cache until their
/// sum is known. What is made of them is the business of a formula; a sample that is not for the kernels (absent, NaN,
/// +inf, no finite logit, numbers out of range on the way) is left to its portable path.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/outflow_buffers.hpp>
#include <xent/detail/walk/segment_sums.hpp>
#include <xent/simd/kernels/transpose.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A block of samples of a call. Tiles are walked in two ways: by `row_tile`, samples one after the other, where
/// classes are contiguous; by `column_tile`, samples side by side, where samples are, or where there are too few
/// classes to fill the lanes: then a tile is transposed on the way in and out. A Formula is as in formula.hpp.
template <class Real, class Formula>
class Tiles {
  using Tile = simd::Tile<Real>;
  using RowKernels = simd::RowKernels<Real>;
  using ColumnKernels = simd::ColumnKernels<Real>;
  using TransposeKernels = simd::TransposeKernels<Real>;
  using Sizes = Caches<Real>;

 public:
  /// `out` may be null, and may be the memory of the logits.
  Tiles(const Samples<const Real>& z, const Samples<Real>* out, const simd::Call<Real>& call, const Real& temperature,
        Formula& formula)
      : z_(z), call_(call), temperature_(temperature), formula_(formula) {
    if (z.classes == 0) return;
    if (out) out_ = *out;
    in_place_ = out && out->data == z.data;
    const bool rows = z.class_stride == 1 && (!out || out->class_stride == 1);
    strided_ = !rows && z.sample_stride == 1 && (!out || out->sample_stride == 1);
    works_ = (rows || strided_) && uses_kernels(temperature);
    if (!works_) return;
    tile_.weigh_equally();
    short_ = rows && simd::RowKernels<Real>::are_short(z.classes) && formula.writes_multiples();
    transposed_ = rows && !short_ && z.classes <= Sizes::few_classes;
    beyond_caches_ = z.classes * z.count * static_cast<Index>(sizeof(Real)) >= beyond_caches;
    const bool flows = rows && out && !in_place_ && beyond_caches_ && out->sample_stride == z.classes;
    // What may be refused after its exponentials were stored must not have overwritten its logits.
    const bool keeps_logits = in_place_ && formula.refuses_late() && !transposed_;
    const bool fits = rows && z.classes <= (beyond_caches_ ? OutflowBuffers<Real>::most : OutflowBuffers<Real>::size);
    works_ = !keeps_logits || fits;
    if (!works_) return;
    if (fits && (flows || keeps_logits)) outflow_.emplace(traffic_, z.classes);
    const bool holds = strided_ && out && !in_place_ && beyond_caches_ && z.classes <= Sizes::second_level;
    again_ = (flows && !outflow_) || holds;
    if (holds) held_.resize(static_cast<std::size_t>(z.classes * (side_by_side() + line)));
    in_one_loop_ = (transposed_ || (strided_ && again_)) && z.classes <= most_in_one_loop && formula.is_plain();
    long_ = rows && !outflow_ && z.classes > Sizes::first_level && (again_ || !out || z.classes > Sizes::second_level);
  }

  /// Whether so many classes, if contiguous, are walked one sample after the other, and their exponentials kept.
  static constexpr bool keeps_rows(Index classes) {
    return classes > Sizes::few_classes && classes <= Sizes::second_level;
  }

  /// False if no sample of the call is for the kernels.
  bool works() const { return works_; }

  /// Memory to fetch during the next run.
  void fetch(const void* from, const void* to) {
    traffic_.fetched = static_cast<const char*>(from);
    traffic_.end = static_cast<const char*>(to);
  }

  /// Samples [first, last), which to the formula are `offset` further on.
  void run(Index first, Index last, Index offset = 0) {
    offset_ = offset;
    if (strided_ || transposed_) {
      if constexpr (!Formula::of_16_bits) {
        const Index most = side_by_side();
        for (Index i = first; i < last; i += most) {
          const Index count = (std::min)(most, last - i);
          column_tile(i, count, i + count == last);
        }
      }
    } else {
      // A buffer is sent in one piece.
      const bool together = !outflow_ || out_.sample_stride == z_.classes;
      const Index most = !together ? 1
                         : short_  ? side_by_side()
                                   : (std::min)(Tile::most, (std::max<Index>)(1, Sizes::tile / z_.classes));
      for (Index i = first; i < last;) {
        if (!short_ && formula_.absent(offset_ + i)) {
          formula_.portable(offset_ + i, place(i));
          ++i;
          continue;
        }
        Index count = 1;
        while (count < most && i + count < last && (short_ || !formula_.absent(offset_ + i + count))) ++count;
        if (!row_tile(i, count))
          for (Index j = 0; j < count; ++j) row_tile(i + j, 1);
        i += count;
      }
    }
    if constexpr (Formula::may_write)
      if (outflow_) outflow_->finish();
    if (again_) simd::fence();
  }

 private:
  static constexpr Index line = Sizes::line;
  static constexpr Index most_in_one_loop = 16;

  Samples<const Real> tile_of(Index first) const {
    Samples<const Real> z = z_;
    z.data += first * z.sample_stride;
    return z;
  }
  Sample<Real> place(Index i) const { return out_.data ? out_[i] : Sample<Real>{nullptr, 1}; }

  /// How many samples are walked side by side. On a strided class axis as many as there are slots: each visit of a
  /// class should be worth a few cache lines. Transposed ones stay in a first-level cache.
  Index side_by_side() const {
    if (strided_) return Tile::most;
    return (std::min)(Tile::most, (std::max)(line, Sizes::tile / z_.classes / line * line));
  }

  /// Leaves the samples of a set to the formula; `result` gives the place of the j-th.
  template <class Result>
  void leave(Index first, TileMask samples, const Result& result) {
    for (; samples != 0; samples &= samples - 1) {
      const auto j = static_cast<Index>(simd::lowest_bit(samples));
      formula_.portable(offset_ + first + j, result(j));
    }
  }

  /// False, with nothing done, if the samples have to be done one by one: results are about to overwrite logits that
  /// the portable path still has to read.
  bool row_tile(Index first, Index count) {
    const Index n = z_.classes;
    const simd::Rows<const Real> z{&z_[first][0], z_.sample_stride};
    const simd::Rows<Real> out{place(first).data, out_.sample_stride};
    // The tile after the next one. Beyond the last one there may be nothing: no fault for a prefetch.
    if (beyond_caches_ && !long_ && z.stride < 2 * n) fetch(z[2 * count], z[3 * count]);
    SegmentSums<Real> segments(temperature_);
    if constexpr (Formula::of_16_bits)
      formula_.maxima(offset_ + first, count, out, &traffic_, &tile_);
    else if (long_)
      segments.add_all(
          call_, z.data, n, beyond_caches_,
          [&](const simd::Rows<const Real>& row, Index size) {
            sums(row, size, 1, {nullptr, 0});
          },
          &traffic_, &tile_);
    else
      RowKernels::maxima(z, n, count, &traffic_, &tile_);
    const TileMask present = formula_.take(tile_of(first), offset_ + first, count, tile_);
    const TileMask admitted = formula_.shift(call_, count, tile_) & present;
    if (in_place_ && !outflow_ && admitted != present) {
      if (count == 1) formula_.portable(offset_ + first, place(first));
      return count == 1;
    }
    if (Index* const predictions = formula_.predictions(offset_ + first))
      RowKernels::predictions(z, n, count, tile_, predictions);

    const simd::Rows<Real> result = outflow_ ? simd::Rows<Real>{outflow_->buffer(z.data), n} : out;
    const bool keeps = out.data && !long_ && !Formula::of_logits;
    if (long_)
      segments.store(&tile_);
    else
      sums(z, n, count, {keeps ? result.data : nullptr, result.stride});
    const TileMask regular = formula_.finish(call_, offset_ + first, count, admitted, tile_);
    if constexpr (Formula::of_16_bits) {
      for (TileMask left = regular; left != 0; left &= left - 1) {
        const auto j = static_cast<Index>(simd::lowest_bit(left));
        formula_.write(j, tile_, result[j], traffic_);
      }
    } else if constexpr (Formula::may_write) {
      if (out.data) formula_.write_rows({{call_, tile_, z, n, count, result}, keeps, again_, &traffic_});
    }
    leave(first, tile_bits(count) & ~regular, [&](Index j) { return Sample<Real>{out.data ? result[j] : nullptr, 1}; });
    if constexpr (Formula::may_write)
      if (outflow_) outflow_->send(n * count, out.data);
    return true;
  }

  void sums(const simd::Rows<const Real>& z, Index n, Index count, const simd::Rows<Real>& stored) {
    if constexpr (Formula::may_want_moments)
      if (formula_.wants_moments()) return RowKernels::sums_and_moments(call_, z, n, count, stored, &traffic_, &tile_);
    RowKernels::sums(call_, z, n, count, stored, &traffic_, &tile_);
  }

  void column_tile(Index first, Index count, [[maybe_unused]] bool ends) {
    const Index n = z_.classes;
    const Samples<const Real> from = tile_of(first);
    if (transposed_ && beyond_caches_ && from.sample_stride < 2 * n) fetch(&from[2 * count][0], &from[3 * count][0]);
    if (!in_one_loop_ || !columns_in_one_loop(from, first, count)) make_columns(bring(from, count), from, first, count);
    if constexpr (Formula::may_write)
      if (out_.data != nullptr) send_columns(first, count, ends);
  }

  void send_columns(Index first, Index count, bool ends) {
    const Index n = z_.classes;
    const simd::Rows<Real> made = place_of_columns(first);
    const simd::Rows<const Real> results{made.data, made.stride};
    Real* const target = place(first).data;
    if (outflow_) {
      TransposeKernels::scatter(results, n, count, &traffic_, {outflow_->buffer(target), n});
      outflow_->send(n * count, target);
    } else if (transposed_) {
      TransposeKernels::scatter(results, n, count, &traffic_, {target, out_.sample_stride});
    } else if (again_) {
      ColumnKernels::send(held(), n, count, begun_, ends, {target, out_.class_stride});
      begun_ = !ends;
    }
  }

  /// Sets the maxima of the tile; returns where its logits are, side by side.
  simd::Rows<const Real> bring(const Samples<const Real>& from, Index count) {
    const Index n = z_.classes;
    const simd::Rows<const Real> z{from.data, from.class_stride};
    if (transposed_) {
      const simd::Rows<Real> rows{transposed_tile_.data(), side_by_side()};
      TransposeKernels::gather({from.data, from.sample_stride}, n, count, &traffic_, rows);
      ColumnKernels::maxima({rows.data, rows.stride}, n, count, {nullptr, 0}, &tile_);
      return {rows.data, rows.stride};
    }
    ColumnKernels::maxima(z, n, count, again_ ? held() : simd::Rows<Real>{nullptr, 0}, &tile_);
    return again_ ? simd::Rows<const Real>{held().data, held().stride} : z;
  }

  /// Where results are made, side by side: in the place of the logits that `bring` has brought there, if it has.
  simd::Rows<Real> place_of_columns(Index first) {
    if (transposed_) return {transposed_tile_.data(), side_by_side()};
    return again_ ? held() : simd::Rows<Real>{place(first).data, out_.class_stride};
  }

  bool columns_in_one_loop(const Samples<const Real>& from, Index first, Index count) {
    bring(from, count);
    return formula_.few_classes(call_, place_of_columns(first), offset_ + first, count, out_.data != nullptr, tile_,
                                traffic_);
  }

  void make_columns(const simd::Rows<const Real>& z, const Samples<const Real>& from, Index first, Index count) {
    const Index n = z_.classes;
    const simd::Rows<Real> out = place_of_columns(first);
    const TileMask present = formula_.take({z.data, n, count, z.stride, 1}, offset_ + first, count, tile_);
    const TileMask admitted = formula_.shift(call_, count, tile_) & present;
    if (in_place_ && !transposed_ && admitted != present) {  // as above
      for (Index j = 0; j < count; ++j) formula_.portable(offset_ + first + j, place(first + j));
      return;
    }
    if (Index* const predictions = formula_.predictions(offset_ + first))
      ColumnKernels::predictions(z, n, count, tile_, predictions);

    const bool writes = out_.data != nullptr;
    const bool fetches = beyond_caches_ && !transposed_;
    column_sums(z, n, count, {writes && !Formula::of_logits ? out.data : nullptr, out.stride},
                {fetches ? from.data + count : nullptr, from.class_stride});
    const TileMask regular = formula_.finish(call_, offset_ + first, count, admitted, tile_);
    if constexpr (Formula::may_write)
      if (writes) formula_.write_columns({call_, tile_, z, n, count, out});
    leave(first, tile_bits(count) & ~regular, [&](Index j) {
      return Sample<Real>{writes ? out.data + j : nullptr, out.stride};
    });
  }

  void column_sums(const simd::Rows<const Real>& z, Index n, Index count, const simd::Rows<Real>& stored,
                   const simd::Rows<const Real>& ahead) {
    if constexpr (Formula::may_want_moments)
      if (formula_.wants_moments())
        return ColumnKernels::sums_and_moments(call_, z, n, count, stored, ahead, &traffic_, &tile_);
    ColumnKernels::sums(call_, z, n, count, stored, ahead, &traffic_, &tile_);
  }

  /// Results of a strided class axis on their way past the caches, with room for a line before each class.
  simd::Rows<Real> held() { return {held_.data() + line, side_by_side() + line}; }

  Samples<const Real> z_;
  Samples<Real> out_{};
  const simd::Call<Real>& call_;
  Real temperature_;
  Formula& formula_;
  Index offset_ = 0;
  bool works_ = false;
  bool in_place_ = false;
  bool strided_ = false;     // samples are contiguous, classes are not
  bool short_ = false;       // samples are a few vectors each, and absent ones among them
  bool transposed_ = false;  // tiles are made side by side
  bool in_one_loop_ = false;
  bool beyond_caches_ = false;
  bool long_ = false;   // samples are walked in segments, their exponentials computed again ...
  bool again_ = false;  // ... on their way past the caches
  bool begun_ = false;  // parts of lines wait in front of `held`
  simd::Traffic<Real> traffic_{};
  std::optional<OutflowBuffers<Real>> outflow_{};
  std::vector<Real> held_{};
  Tile tile_{};
  alignas(64) std::array<Real, static_cast<std::size_t>(Sizes::tile)> transposed_tile_;  // NOLINT: written first
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
