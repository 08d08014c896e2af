#ifndef XENT_DETAIL_TILES_HPP
#define XENT_DETAIL_TILES_HPP

/// Samples by the kernels of simd/, some at a time, whose exponentials are computed once and stay in cache until their
/// sum is known. What is made of them is the business of a formula; a sample that is not for the kernels (absent, NaN,
/// +inf, no finite logit, numbers out of range on the way) is left to its portable path.

#include <xent/config.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/outflow_buffers.hpp>
#include <xent/detail/segment_sums.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <vector>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// A set of the samples of a tile: bit j is the j-th one.
using TileMask = unsigned long long;

constexpr TileMask tile_bit(Index j) { return TileMask{1} << static_cast<unsigned>(j); }
constexpr TileMask tile_bits(Index count) { return 2 * tile_bit(count - 1) - 1; }

/// A block of samples of a call. Tiles are walked in two ways: by `row_tile`, samples one after the other, where
/// classes are contiguous; by `column_tile`, samples side by side, where samples are, or where there are too few
/// classes to fill the lanes: then a tile is transposed on the way in and out.
///
/// A Formula has, for the samples [first, first + count) of a tile:
///     absent(i)                       whether sample i is not to be read
///     take(z, first, count, tile)     sets its numbers that are not sums over classes, from the logits of the tile;
///                                     returns the samples that count
///     shift(kernels, call, count, tile)       sets their shifts, once their maxima are known; returns those whose
///                                             numbers stay in range
///     predictions(first)              where the argmaxes go, or null
///     wants_moments()                 whether there is a use for more sums than that of the exponentials
///     refuses_late()                  whether `finish` may leave samples to the portable path for more than a NaN
///     finish(kernels, call, first, count, admitted, tile)    after the sums; returns the samples that are done
///     of_targets                      whether results are made by `scale`, `exponentiate` and
///                                             `column_scale` of the formula
///     of_logits                       whether results are written from the logits, not from the exponentials
///     of_16_bits                      whether the logits are those of the formula, only where keeps_rows: then
///                                     `maxima` makes floats of them, and `write` results of exponentials
///     has_few_classes                 whether there is, where is_plain(), a `few_classes` that does all for a tile of
///                                     few classes; false if a sample is not for it: then the logits are overwritten
///     patch(j, tile, out)             corrects single results of the j-th sample
///     portable(i, out)                all there is to do for one sample, with its results in `out`
template <class Real, class Formula>
class Tiles {
  using W = Wide<Real>;
  using Tile = simd::Tile<Real>;

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
    if (rows || strided_) kernels_ = kernels_for(temperature);
    if (kernels_ == nullptr) return;
    std::fill(std::begin(tile_.weight), std::end(tile_.weight), 1.0);
    std::fill(std::begin(tile_.class_weight), std::end(tile_.class_weight), 1.0);
    transposed_ = rows && z.classes <= most_transposed;
    beyond_caches_ = z.classes * z.count * static_cast<Index>(sizeof(Real)) >= least_beyond_caches;
    const bool flows = rows && out && !in_place_ && beyond_caches_ && out->sample_stride == z.classes;
    // What may be refused after its exponentials were stored must not have overwritten its logits.
    const bool keeps_logits = in_place_ && formula.refuses_late() && !transposed_;
    const bool fits = rows && z.classes <= (beyond_caches_ ? OutflowBuffers<Real>::most : OutflowBuffers<Real>::size);
    if (keeps_logits && !fits) kernels_ = nullptr;
    if (kernels_ == nullptr) return;
    if (fits && (flows || keeps_logits)) outflow_.emplace(*kernels_, traffic_, z.classes);
    again_ = (flows && !outflow_) || (strided_ && out && !in_place_ && beyond_caches_);
    if (strided_ && again_) held_.resize(static_cast<std::size_t>(z.classes * (side_by_side() + line)));
    if constexpr (Formula::has_few_classes)
      in_one_loop_ = (transposed_ || (strided_ && again_)) && z.classes <= most_in_one_loop && formula.is_plain();
    long_ = rows && !outflow_ && z.classes > OutflowBuffers<Real>::size && (again_ || !out || z.classes > most_kept);
  }

  /// Whether so many classes, if contiguous, are walked one sample after the other, and their exponentials kept.
  static constexpr bool keeps_rows(Index classes) { return classes > most_transposed && classes <= most_kept; }

  /// False if no sample of the call is for the kernels.
  bool works() const { return kernels_ != nullptr; }

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
          const Index count = std::min(most, last - i);
          column_tile(i, count, i + count == last);
        }
      }
    } else {
      // A buffer is sent in one piece.
      const bool together = !outflow_ || out_.sample_stride == z_.classes;
      const Index most = together ? std::min(Tile::most, std::max<Index>(1, tile_coefficients / z_.classes)) : 1;
      for (Index i = first; i < last;) {
        if (formula_.absent(offset_ + i)) {
          formula_.portable(offset_ + i, place(i));
          ++i;
          continue;
        }
        Index count = 1;
        while (count < most && i + count < last && !formula_.absent(offset_ + i + count)) ++count;
        if (!row_tile(i, count))
          for (Index j = 0; j < count; ++j) row_tile(i + j, 1);
        i += count;
      }
    }
    if (outflow_) outflow_->finish();
    if (again_) simd::fence();
  }

 private:
  static constexpr Index least_beyond_caches = Index{4} << 20U;                        // bytes of logits
  static constexpr Index tile_coefficients = 8192 / static_cast<Index>(sizeof(Real));  // in cache with their results
  static constexpr Index line = 64 / static_cast<Index>(sizeof(Real));
  static constexpr Index most_transposed = 6 * line;
  static constexpr Index most_in_one_loop = 16;
  static constexpr Index segment = 16384 / static_cast<Index>(sizeof(Real));     // stays in a first-level cache
  static constexpr Index most_kept = 262144 / static_cast<Index>(sizeof(Real));  // in a second-level cache

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
    return std::min(Tile::most, std::max(line, tile_coefficients / z_.classes / line * line));
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
    if constexpr (Formula::of_16_bits)
      formula_.maxima(offset_ + first, count, out, &traffic_, &tile_);
    else if (long_)
      sum_segments(z.data);
    else
      kernels_->maxima(z, n, count, &traffic_, &tile_);
    formula_.take(tile_of(first), offset_ + first, count, tile_);
    const TileMask admitted = formula_.shift(*kernels_, call_, count, tile_);
    if (in_place_ && !outflow_ && admitted != tile_bits(count)) {
      if (count == 1) formula_.portable(offset_ + first, place(first));
      return count == 1;
    }
    if (Index* const predictions = formula_.predictions(offset_ + first))
      kernels_->predictions(z, n, count, tile_, predictions);

    const simd::Rows<Real> result = outflow_ ? simd::Rows<Real>{outflow_->buffer(z.data), n} : out;
    const bool keeps = out.data && !long_ && !Formula::of_logits;
    if (long_)
      take_segments();
    else
      sums()(call_, z, n, count, {keeps ? result.data : nullptr, result.stride}, &traffic_, &tile_);
    const TileMask regular = formula_.finish(*kernels_, call_, offset_ + first, count, admitted, tile_);
    if constexpr (Formula::of_16_bits) {
      for (TileMask left = regular; left != 0; left &= left - 1) {
        const auto j = static_cast<Index>(simd::lowest_bit(left));
        formula_.write(*kernels_, j, tile_, result[j], traffic_);
      }
    } else if (out.data) {
      if constexpr (Formula::of_targets)
        write_with_targets(z, count, keeps, result);
      else if (Formula::of_logits)
        kernels_->logarithms(call_, tile_, z, n, count, &traffic_, result, again_);
      else if (keeps)
        kernels_->scale(tile_, {result.data, result.stride}, n, count, &traffic_, result);
      else
        exponentiate(z, n, count, result);
      for (Index j = 0; j < count; ++j) formula_.patch(j, tile_, Sample<Real>{result[j], 1});
    }
    leave(first, tile_bits(count) & ~regular, [&](Index j) { return Sample<Real>{out.data ? result[j] : nullptr, 1}; });
    if (outflow_) outflow_->send(n * count, out.data);
    return true;
  }

  auto sums() const { return formula_.wants_moments() ? kernels_->sums_and_moments : kernels_->sums; }

  /// Again, now that the factors are known.
  void exponentiate(const simd::Rows<const Real>& z, Index n, Index count, const simd::Rows<Real>& result) {
    for (Index j = 0; j < count; ++j) {
      if (n > most_kept) fetch(z[j], z[j] + n);
      kernels_->exponentiate(call_, tile_, j, z[j], n, &traffic_, result[j], again_);
    }
  }

  void write_with_targets(const simd::Rows<const Real>& z, Index count, bool keeps, const simd::Rows<Real>& result) {
    for (Index j = 0; j < count; ++j) {
      if (keeps)
        formula_.scale(tile_, j, &traffic_, result[j]);
      else
        formula_.exponentiate(call_, tile_, j, z[j], &traffic_, result[j], again_);
    }
  }

  /// A long sample is read once for its sums: segment by segment, each with a shift of its own.
  void sum_segments(const Real* z) {
    segments_ = SegmentSums<Real>(temperature_);
    const Index n = z_.classes;
    for (Index k = 0; k < n; k += segment) {
      const Index size = std::min(segment, n - k);
      const simd::Rows<const Real> row{z + k, size};
      if (beyond_caches_) fetch(z + k + 2 * segment, z + k + 3 * segment);
      kernels_->maxima(row, size, 1, &traffic_, &tile_);
      if (tile_.maximum[0] == -infinity<Real>()) {  // no shift, and perhaps a NaN that the maximum has missed
        segments_.add_masked(size, std::any_of(row.data, row.data + size, [](const Real& x) { return is_nan(x); }));
        continue;
      }
      kernels_->shift(call_, 1, &tile_);
      sums()(call_, row, size, 1, {nullptr, 0}, &traffic_, &tile_);
      segments_.add(tile_, k, size);
    }
    tile_.maximum[0] = segments_.maximum;
    tile_.where[0] = segments_.where;
  }

  /// Their sums in the scale of the whole sample.
  void take_segments() {
    const W one = wide<W>({tile_.one_hi[0], tile_.one_lo[0]});
    const simd::Twice rest = twice(W(segments_.rest * one));
    const simd::Twice moment = twice(W(segments_.moment * one));
    const simd::Twice spread = twice(segments_.spread);
    tile_.spread_hi[0] = spread.hi;
    tile_.spread_lo[0] = spread.lo;
    tile_.rest_hi[0] = rest.hi;
    tile_.rest_lo[0] = rest.lo;
    tile_.moment_hi[0] = moment.hi;
    tile_.moment_lo[0] = moment.lo;
  }

  void column_tile(Index first, Index count, bool ends) {
    const Index n = z_.classes;
    const Samples<const Real> from = tile_of(first);
    if (transposed_ && beyond_caches_ && from.sample_stride < 2 * n) fetch(&from[2 * count][0], &from[3 * count][0]);
    if (!in_one_loop_ || !columns_in_one_loop(from, first, count)) make_columns(bring(from, count), from, first, count);
    if (out_.data == nullptr) return;
    const simd::Rows<Real> made = place_of_columns(first);
    const simd::Rows<const Real> results{made.data, made.stride};
    Real* const target = place(first).data;
    if (outflow_) {
      kernels_->scatter(results, n, count, &traffic_, {outflow_->buffer(target), n});
      outflow_->send(n * count, target);
    } else if (transposed_) {
      kernels_->scatter(results, n, count, &traffic_, {target, out_.sample_stride});
    } else if (again_) {
      kernels_->column_send(held(), n, count, begun_, ends, {target, out_.class_stride});
      begun_ = !ends;
    }
  }

  /// Sets the maxima of the tile; returns where its logits are, side by side.
  simd::Rows<const Real> bring(const Samples<const Real>& from, Index count) {
    const Index n = z_.classes;
    const simd::Rows<const Real> z{from.data, from.class_stride};
    if (transposed_) {
      const simd::Rows<Real> rows{transposed_tile_.data(), side_by_side()};
      kernels_->gather({from.data, from.sample_stride}, n, count, &traffic_, rows);
      kernels_->column_maxima({rows.data, rows.stride}, n, count, {nullptr, 0}, &tile_);
      return {rows.data, rows.stride};
    }
    kernels_->column_maxima(z, n, count, again_ ? held() : simd::Rows<Real>{nullptr, 0}, &tile_);
    return again_ ? simd::Rows<const Real>{held().data, held().stride} : z;
  }

  /// Where results are made, side by side: in the place of the logits that `bring` has brought there, if it has.
  simd::Rows<Real> place_of_columns(Index first) {
    if (transposed_) return {transposed_tile_.data(), side_by_side()};
    return again_ ? held() : simd::Rows<Real>{place(first).data, out_.class_stride};
  }

  bool columns_in_one_loop([[maybe_unused]] const Samples<const Real>& from, [[maybe_unused]] Index first,
                           [[maybe_unused]] Index count) {
    if constexpr (Formula::has_few_classes) {
      bring(from, count);
      return formula_.few_classes(*kernels_, call_, place_of_columns(first), offset_ + first, count,
                                  out_.data != nullptr, tile_, traffic_);
    } else {
      return false;
    }
  }

  void make_columns(const simd::Rows<const Real>& z, const Samples<const Real>& from, Index first, Index count) {
    const Index n = z_.classes;
    const simd::Rows<Real> out = place_of_columns(first);
    const TileMask present = formula_.take({z.data, n, count, z.stride, 1}, offset_ + first, count, tile_);
    const TileMask admitted = formula_.shift(*kernels_, call_, count, tile_) & present;
    if (in_place_ && !transposed_ && admitted != present) {  // as above
      for (Index j = 0; j < count; ++j) formula_.portable(offset_ + first + j, place(first + j));
      return;
    }
    if (Index* const predictions = formula_.predictions(offset_ + first))
      kernels_->column_predictions(z, n, count, tile_, predictions);

    const bool writes = out_.data != nullptr;
    const bool fetches = beyond_caches_ && !transposed_;
    const auto column_sums = formula_.wants_moments() ? kernels_->column_sums_and_moments : kernels_->column_sums;
    column_sums(call_, z, n, count, {writes && !Formula::of_logits ? out.data : nullptr, out.stride},
                {fetches ? from.data + count : nullptr, from.class_stride}, &traffic_, &tile_);
    const TileMask regular = formula_.finish(*kernels_, call_, offset_ + first, count, admitted, tile_);
    if (writes) {
      if constexpr (Formula::of_targets)
        formula_.column_scale(tile_, count, out);
      else if (Formula::of_logits)
        kernels_->column_logarithms(call_, tile_, z, n, count, out);
      else
        kernels_->column_scale(tile_, n, count, out);
      for (Index j = 0; j < count; ++j) formula_.patch(j, tile_, Sample<Real>{out.data + j, out.stride});
    }
    leave(first, tile_bits(count) & ~regular, [&](Index j) {
      return Sample<Real>{writes ? out.data + j : nullptr, out.stride};
    });
  }

  /// Results of a strided class axis on their way past the caches, with room for a line before each class.
  simd::Rows<Real> held() { return {held_.data() + line, side_by_side() + line}; }

  Samples<const Real> z_;
  Samples<Real> out_{};
  const simd::Kernels<Real>* kernels_ = nullptr;
  const simd::Call<Real>& call_;
  Real temperature_;
  Formula& formula_;
  Index offset_ = 0;
  bool in_place_ = false;
  bool strided_ = false;     // samples are contiguous, classes are not
  bool transposed_ = false;  // tiles are made so
  bool in_one_loop_ = false;
  bool beyond_caches_ = false;
  bool long_ = false;   // samples are walked in segments, their exponentials computed again ...
  bool again_ = false;  // ... on their way past the caches
  bool begun_ = false;  // parts of lines wait in front of `held`
  SegmentSums<Real> segments_{Real(1)};
  simd::Traffic<Real> traffic_{};
  std::optional<OutflowBuffers<Real>> outflow_{};
  std::vector<Real> held_{};
  Tile tile_{};
  alignas(64) std::array<Real, static_cast<std::size_t>(tile_coefficients)> transposed_tile_;  // NOLINT: written first
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
