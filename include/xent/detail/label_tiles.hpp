#ifndef XENT_DETAIL_LABEL_TILES_HPP
#define XENT_DETAIL_LABEL_TILES_HPP

/// Plain labels by the kernels of simd/: some samples at a time, whose exponentials are computed once and stay in cache
/// until their sum is known. What else a sample may be (absent, NaN, +inf, no finite logit, a masked label, numbers out
/// of range on the way) is not decided here: such a sample is left to the portable path.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/cross_entropy_sample.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/outflow_buffers.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <type_traits>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// What the samples of a block add up to.
template <class Real>
struct CrossEntropySums {
  using W = Wide<Real>;

  W loss{0};
  W z_loss{0};
  W temperature_gradient{0};
  Index correct = 0;

  CrossEntropySums& operator+=(const CrossEntropySums& other) {
    loss += other.loss;
    z_loss += other.z_loss;
    temperature_gradient += other.temperature_gradient;
    correct += other.correct;
    return *this;
  }
};

/// Whether there are kernels for the scalars and the targets of a call.
template <class Targets, class Real, class Scalar, class Out>
inline constexpr bool has_label_kernels =
    has_kernels<Real>&& std::is_same_v<Scalar, Real>&& std::is_same_v<Out, Real>&& Targets::are_labels;

/// A block of samples of a call. Tiles are walked in two ways: by `row_tile`, samples one after the other, where
/// classes are contiguous; by `column_tile`, samples side by side, where samples are, or where there are too few
/// classes to fill the lanes: then a tile is transposed on the way in and out.
template <class Real, class Targets>
class LabelTiles {
  using W = Wide<Real>;
  using Tile = simd::Tile<Real>;
  using Mask = unsigned long long;  // a bit a sample of a tile

 public:
  /// `gradient` and `report` may be null; the gradient may be the memory of the logits.
  LabelTiles(const Samples<const Real>& z, const Targets& targets, const Samples<Real>* gradient,
             const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
             CrossEntropyReport<Real>* report)
      : z_(z), targets_(targets), options_(options), report_(report) {
    if (z.classes == 0 || !(scalars.epsilon == W(0)) || scalars.denominator == W(0)) return;
    if (gradient) gradient_ = *gradient;
    in_place_ = gradient && gradient_.data == z.data;
    const auto both = [&](Index Samples<const Real>::*stride, Index Samples<Real>::*same) {
      return z.*stride == 1 && (!gradient || gradient_.*same == 1);
    };
    const bool rows = both(&Samples<const Real>::class_stride, &Samples<Real>::class_stride);
    strided_ = !rows && both(&Samples<const Real>::sample_stride, &Samples<Real>::sample_stride);
    if (rows || strided_) kernels_ = kernels_for(scalars.temperature);
    if (kernels_ == nullptr) return;
    call_ = kernel_call(scalars.temperature, scalars.denominator, scalars.z_loss);
    if (!(call_.slope_unit.hi >= 0x1p-900) || !(call_.slope_unit.hi <= 0x1p900)) kernels_ = nullptr;
    std::fill(std::begin(tile_.weight), std::end(tile_.weight), 1.0);
    std::fill(std::begin(tile_.class_weight), std::end(tile_.class_weight), 1.0);
    transposed_ = rows && z.classes <= few_classes;
    beyond_caches_ = z.classes * z.count * static_cast<Index>(sizeof(Real)) >= least_beyond_caches;
    const bool flows = rows && gradient && !in_place_ && beyond_caches_ && gradient_.sample_stride == z.classes;
    if (flows && z.classes <= OutflowBuffers<Real>::size) outflow_.emplace(*kernels_, traffic_);
    again_ = flows && !outflow_;
  }

  /// False if no sample of the call is for the kernels.
  bool works() const { return kernels_ != nullptr; }

  /// Samples [first, last). `portable(i, out)` does all there is to do for one sample, with its gradient in `out`.
  template <class Portable>
  void run(Index first, Index last, const Portable& portable, CrossEntropySums<Real>& sums) {
    if (strided_ || transposed_) {
      const Index most = side_by_side();
      for (Index i = first; i < last; i += most) column_tile(i, std::min(most, last - i), portable, sums);
    } else {
      const Index most = std::min(Tile::most, std::max<Index>(1, tile_coefficients / z_.classes));
      for (Index i = first; i < last;) {
        if (is_absent(targets_, i, options_)) {
          portable(i, place(i));
          ++i;
          continue;
        }
        Index count = 1;
        while (count < most && i + count < last && !is_absent(targets_, i + count, options_)) ++count;
        row_tile(i, count, portable, sums);
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
  static constexpr Index few_classes = 6 * line;

  static constexpr Mask bit(Index j) { return Mask{1} << static_cast<unsigned>(j); }
  static Index lowest(Mask mask) { return static_cast<Index>(simd::lowest_bit(mask)); }
  static constexpr Mask bits(Index count) { return 2 * bit(count - 1) - 1; }

  Sample<Real> place(Index i) const { return gradient_.data ? gradient_[i] : Sample<Real>{nullptr, 1}; }

  /// How many samples of a strided class axis are walked side by side: what they read and write stays in a second-level
  /// cache, and every visit of a class is worth a few cache lines. Transposed ones stay in the first level.
  Index side_by_side() const {
    const Index room = transposed_ ? tile_coefficients : 64 * tile_coefficients;
    return std::min(Tile::most, std::max(line, room / z_.classes / line * line));
  }

  /// The numbers of each sample that are not sums over classes. Returns the samples that count.
  Mask take(Index first, Index count) {
    Mask present = 0;
    for (Index j = 0; j < count; ++j) {
      const bool absent = is_absent(targets_, first + j, options_);
      labels_[j] = absent ? 0 : targets_.label(first + j);
      present |= static_cast<Mask>(!absent) << static_cast<unsigned>(j);
      tile_.label_logit[j] = z_[first + j][labels_[j]];
    }
    if (options_.sample_weights.size() != 0)
      for (Index j = 0; j < count; ++j) tile_.weight[j] = static_cast<double>(options_.sample_weights[first + j]);
    if (options_.class_weights.size() != 0)
      for (Index j = 0; j < count; ++j) tile_.class_weight[j] = static_cast<double>(options_.class_weights[labels_[j]]);
    return present;
  }

  /// The formulas, after the sums. Returns the samples whose results are final.
  Mask finish(Index first, Index count, Mask admitted, CrossEntropySums<Real>& sums) {
    simd::LossSums tile_sums{};
    const auto label_numbers = report_ ? kernels_->label_numbers_and_report : kernels_->label_numbers;
    const Mask regular = label_numbers(call_, count, admitted, &tile_, &tile_sums);
    sums.loss += wide(tile_sums.loss);
    if (!report_) return regular;
    if (gradient_.data) sums.temperature_gradient += wide(tile_sums.temperature_gradient);
    sums.z_loss += wide(tile_sums.z_loss);
    for (Index j = 0; j < count; ++j) {
      report_->sample_loss[first + j] = tile_.loss[j];
      report_->logsumexp[first + j] = tile_.logsumexp[j];
      report_->entropy[first + j] = tile_.entropy[j];
      if ((regular & bit(j)) != 0 && report_->prediction[first + j] == labels_[j]) ++sums.correct;
    }
    return regular;
  }

  template <class Portable>
  void row_tile(Index first, Index count, const Portable& portable, CrossEntropySums<Real>& sums) {
    const Index n = z_.classes;
    const simd::Rows<const Real> z{&z_[first][0], z_.sample_stride};
    const simd::Rows<Real> out{place(first).data, gradient_.sample_stride};
    if (beyond_caches_ && z.stride < 2 * n) fetch(z[2 * count], z[3 * count]);
    take(first, count);
    kernels_->maxima(z, n, count, &traffic_, &tile_);
    kernels_->shift(call_, count, &tile_);
    const Mask admitted = kernels_->admitted_labels(call_, count, tile_);
    if (in_place_ && admitted != bits(count)) {
      // Exponentials are about to overwrite logits that the portable path still has to read.
      if (count == 1) return portable(first, place(first));
      for (Index j = 0; j < count; ++j) row_tile(first + j, 1, portable, sums);
      return;
    }
    if (report_) kernels_->predictions(z, n, count, tile_, &report_->prediction[first]);

    simd::Rows<Real> stored = out;
    if (again_) stored.data = nullptr;
    if (outflow_) stored = {outflow_->buffer(z.data), n};
    (report_ ? kernels_->sums_and_moments : kernels_->sums)(call_, z, n, count, stored, &traffic_, &tile_);
    const Mask regular = finish(first, count, admitted, sums);
    if (out.data) {
      if (stored.data) kernels_->scale(tile_, {stored.data, stored.stride}, n, count, &traffic_, stored);
      for (Index j = 0; j < count; ++j) {
        if (!stored.data) kernels_->exponentiate(call_, tile_, j, z[j], n, out[j], true);
        (stored.data ? stored : out)[j][labels_[j]] = tile_.label_gradient[j];
      }
    }
    for (Mask left = bits(count) & ~regular; left != 0; left &= left - 1) {
      const Index j = lowest(left);
      portable(first + j, outflow_ ? Sample<Real>{stored[j], 1} : place(first + j));
    }
    if (outflow_) outflow_->send(n * count, out.data);
  }

  template <class Portable>
  void column_tile(Index first, Index count, const Portable& portable, CrossEntropySums<Real>& sums) {
    const Index n = z_.classes;
    simd::Rows<const Real> z{&z_[first][0], z_.class_stride};
    simd::Rows<Real> out{place(first).data, gradient_.class_stride};
    if (transposed_) {
      const simd::Rows<Real> tile{transposed_tile_.data(), side_by_side()};
      if (beyond_caches_ && z_.sample_stride < 2 * n) fetch(&z_[first][2 * count * n], &z_[first][3 * count * n]);
      kernels_->gather({z.data, z_.sample_stride}, n, count, &traffic_, tile);
      z = {tile.data, tile.stride};
      if (out.data) out = tile;
    }
    const Mask present = take(first, count);
    const bool fetches = beyond_caches_ && !transposed_;
    kernels_->column_maxima(z, n, count, {fetches && !in_place_ ? out.data : nullptr, out.stride}, &tile_);
    kernels_->shift(call_, count, &tile_);
    const Mask admitted = kernels_->admitted_labels(call_, count, tile_) & present;
    if (in_place_ && !transposed_ && admitted != present) {
      // As above. A sample that is absent is not read.
      for (Index j = 0; j < count; ++j) portable(first + j, place(first + j));
      return;
    }
    if (report_) std::copy(tile_.where, tile_.where + count, &report_->prediction[first]);

    const auto column_sums = report_ ? kernels_->column_sums_and_moments : kernels_->column_sums;
    column_sums(call_, z, n, count, out, {fetches ? z.data + count : nullptr, z.stride}, &traffic_, &tile_);
    const Mask regular = finish(first, count, admitted, sums);
    if (out.data) {
      kernels_->column_scale(tile_, {out.data, out.stride}, n, count, out);
      for (Index j = 0; j < count; ++j) out[labels_[j]][j] = tile_.label_gradient[j];
    }
    for (Mask left = bits(count) & ~regular; left != 0; left &= left - 1) {
      const Index j = lowest(left);
      portable(first + j, Sample<Real>{out.data ? out.data + j : nullptr, out.stride});
    }
    if (!out.data || !transposed_) return;
    const simd::Rows<Real> target{place(first).data, gradient_.sample_stride};
    if (!outflow_) return kernels_->scatter({out.data, out.stride}, n, count, &traffic_, target);
    kernels_->scatter({out.data, out.stride}, n, count, &traffic_, {outflow_->buffer(target.data), n});
    outflow_->send(n * count, target.data);
  }

  /// The samples of the tile after the next one. Beyond the last one there may be nothing: no fault for a prefetch.
  void fetch(const Real* from, const Real* to) {
    traffic_.fetched = reinterpret_cast<const char*>(from);
    traffic_.end = reinterpret_cast<const char*>(to);
  }

  static W wide(const simd::Twice& x) {
    if constexpr (std::is_same_v<W, double>)
      return x.hi;
    else
      return W::renormalised(x.hi, x.lo);
  }

  Samples<const Real> z_;
  const Targets& targets_;
  const CrossEntropyOptions<Real>& options_;
  CrossEntropyReport<Real>* report_;
  Samples<Real> gradient_{};
  const simd::Kernels<Real>* kernels_ = nullptr;
  simd::Call<Real> call_{};
  bool in_place_ = false;
  bool strided_ = false;     // samples are contiguous, classes are not
  bool transposed_ = false;  // tiles are made so
  bool beyond_caches_ = false;
  bool again_ = false;  // exponentials are computed again, not kept
  simd::Traffic<Real> traffic_{};
  std::optional<OutflowBuffers<Real>> outflow_{};
  Tile tile_{};
  Index labels_[Tile::most] = {};
  alignas(64) std::array<Real, static_cast<std::size_t>(tile_coefficients)> transposed_tile_;  // NOLINT: written first
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
