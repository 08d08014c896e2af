#ifndef XENT_DETAIL_TARGET_TILES_HPP
#define XENT_DETAIL_TARGET_TILES_HPP

/// Softmax cross-entropy of distributions, and of smoothed labels under class weights, by the kernels of simd/.
///
/// Smoothing is linear in y: Y_k = c_k (slope y_k + constant), where `constant` is the share of a class. So one walk
/// over the classes subtracts (slope p_k + constant) q_k, with whatever there is a row of: y of a dense distribution as
/// p, class weights as q. A label and the entries of a sparse distribution are few: the walk takes none of them, and
/// slope c_k y_k is subtracted where they stand.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/cross_entropy_sample.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/label_tiles.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/tiles.hpp>
#include <xent/detail/wide.hpp>
#include <xent/detail/widened_tiles.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// The scalar of dense targets.
template <class Targets>
using TargetScalar = RemoveCvref<decltype(std::declval<const Targets&>().sample(0)[0])>;

/// Whether there are kernels for the scalars and the targets of a call.
template <class Targets, class Real, class Scalar, class Out>
constexpr bool has_target_kernels() {
  if constexpr (!has_tiles<Real, Scalar, Out>) {
    return false;
  } else if constexpr (Targets::are_dense) {
    using Target = TargetScalar<Targets>;
    return std::is_same_v<Target, Real> || (std::is_same_v<Real, float> && is_16_bit<Target>);
  } else {
    return true;
  }
}

/// The y_k of the samples of a tile, laid out as its logits are: where they lie, or as a copy.
template <class Real, class Targets>
class Distributions {
  static constexpr Index most = simd::Tile<Real>::most;

 public:
  explicit Distributions(const Targets& targets) : targets_(targets) {}

  void take(const Samples<const Real>& z, Index first, Index count) {
    const Index n = z.classes;
    if (z.class_stride != 1) return take_side_by_side(z, first, count);
    stride_ = 1;
    for (Index j = 0; j < count; ++j) {
      const auto y = targets_.sample(first + j);
      if constexpr (lies_as_real)
        if (y.stride == 1) {
          data_[static_cast<std::size_t>(j)] = y.data;
          continue;
        }
      Real* const copy = room(count * n) + j * n;
      data_[static_cast<std::size_t>(j)] = copy;
      if constexpr (is_16_bit<TargetScalar<Targets>>)
        widen_sample(*simd::conversions(simd::instruction_set()), y, n, copy);
      else
        for (Index k = 0; k < n; ++k) copy[k] = y[k];
    }
  }

  const Real* operator[](Index j) const { return data_[static_cast<std::size_t>(j)]; }
  Index stride() const { return stride_; }

 private:
  static constexpr bool lies_as_real = std::is_same_v<TargetScalar<Targets>, Real>;
  static constexpr Index near_size = 8192 / static_cast<Index>(sizeof(Real));

  void take_side_by_side(const Samples<const Real>& z, Index first, Index count) {
    const Index n = z.classes;
    const auto y = targets_.sample(first);
    const Index step = count > 1 ? targets_.sample(first + 1).data - y.data : 1;
    bool even = true;
    for (Index j = 2; j < count; ++j) even = even && targets_.sample(first + j).data == y.data + j * step;
    if constexpr (lies_as_real)
      if (even && step == 1) return place(y.data, y.stride, count);
    constexpr Index line = 64 / static_cast<Index>(sizeof(Real));
    const Index stride = (count + line - 1) / line * line;
    Real* const copy = room(n * stride);
    place(copy, stride, count);
    if constexpr (lies_as_real)
      if (even && y.stride == 1) {
        simd::Traffic<Real> traffic{};
        return simd::kernels<Real>(simd::instruction_set())->gather({y.data, step}, n, count, &traffic, {copy, stride});
      }
    for (Index j = 0; j < count; ++j) {
      const auto y_j = targets_.sample(first + j);
      for (Index k = 0; k < n; ++k) copy[k * stride + j] = static_cast<Real>(y_j[k]);
    }
  }

  void place(const Real* y, Index stride, Index count) {
    stride_ = stride;
    for (Index j = 0; j < count; ++j) data_[static_cast<std::size_t>(j)] = y + j;
  }

  Real* room(Index size) {
    if (size <= near_size) return near_.data();
    far_.resize(static_cast<std::size_t>(size));
    return far_.data();
  }

  const Targets& targets_;
  std::array<const Real*, static_cast<std::size_t>(most)> data_{};
  Index stride_ = 1;  // from class to class
  std::vector<Real> far_{};
  alignas(64) std::array<Real, static_cast<std::size_t>(near_size)> near_;  // NOLINT: written before it is read
};

/// Where there are entries instead.
struct NoDistributions {
  template <class Targets>
  explicit NoDistributions(const Targets& /*targets*/) {}
  template <class Real>
  static void take(const Samples<const Real>& /*z*/, Index /*first*/, Index /*count*/) {}
};

/// The formula of Tiles for targets; `portable(i, out)` is the path of one sample.
template <class Real, class Targets, class Portable>
class TargetFormula {
  using W = Wide<Real>;
  using Tile = simd::Tile<Real>;
  using Rows = simd::TargetRows<Real>;
  using Weighted = simd::WeightedTile<Real>;
  using Traffic = simd::Traffic<Real>;
  using Kernels = simd::Kernels<Real>;
  using Call = simd::Call<Real>;

 public:
  static constexpr bool of_logits = false;
  static constexpr bool of_targets = true;
  static constexpr bool of_16_bits = false;
  static constexpr bool has_few_classes = false;

  /// `report` may be null. Without `gradient`, nothing is written.
  TargetFormula(const Targets& targets, const SmoothedTarget<W>& smoothed, bool gradient,
                const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                CrossEntropyReport<Real>* report, const Portable& portable, CrossEntropySums<Real>& sums)
      : targets_(targets),
        distributions_(targets),
        share_(smoothed.share),
        slope_(smoothed.keep - smoothed.share * smoothed.own),
        smoothed_(share_ > W(0)),
        gradient_(gradient),
        options_(options),
        scalars_(scalars),
        class_weights_(options.class_weights.size() == 0 ? nullptr : options.class_weights.data()),
        report_(report),
        portable_(portable),
        sums_(sums),
        kernels_(*simd::target_kernels<Real>(simd::instruction_set())) {}

  bool absent(Index i) const { return is_absent(targets_, i, options_); }
  bool wants_moments() const { return report_ != nullptr; }
  static bool refuses_late() { return false; }
  Index* predictions(Index first) const { return report_ ? &report_->prediction[first] : nullptr; }

  TileMask take(const Samples<const Real>& z, Index first, Index count, Tile& tile) {
    z_ = z;
    first_ = first;
    present_ = 0;
    for (Index j = 0; j < count; ++j) {
      tile.label_logit[j] = 0;
      present_ |= static_cast<TileMask>(!absent(first + j)) << static_cast<unsigned>(j);
    }
    if (options_.sample_weights.size() != 0)
      for (Index j = 0; j < count; ++j) tile.weight[j] = static_cast<double>(options_.sample_weights[first + j]);
    distributions_.take(z, first, count);
    return present_;
  }

  TileMask shift(const Kernels& kernels, const Call& call, Index count, Tile& tile) {
    kernels.shift(call, count, &tile);
    walk(kernels, count, tile);
    for (TileMask left = present_; left != 0; left &= left - 1) weigh(static_cast<Index>(simd::lowest_bit(left)), tile);
    return kernels_.admitted(call, count, tile, told_);
  }

  TileMask finish(const Kernels& /*kernels*/, const Call& call, Index first, Index count, TileMask admitted,
                  Tile& tile) {
    simd::LossSums tile_sums{};
    const auto numbers = report_ ? kernels_.numbers_and_report : kernels_.numbers;
    const TileMask regular = numbers(call, count, admitted, &tile, &told_, &tile_sums);
    sums_.loss += wide<W>(tile_sums.loss);
    if (!report_) return regular;
    if (gradient_) sums_.temperature_gradient += wide<W>(tile_sums.temperature_gradient);
    sums_.z_loss += wide<W>(tile_sums.z_loss);
    for (Index j = 0; j < count; ++j) {
      report_->sample_loss[first + j] = tile.loss[j];
      report_->logsumexp[first + j] = tile.logsumexp[j];
      report_->entropy[first + j] = tile.entropy[j];
      if constexpr (Targets::are_labels)
        if ((regular & tile_bit(j)) != 0 && report_->prediction[first + j] == targets_.label(first + j))
          ++sums_.correct;
    }
    return regular;
  }

  void scale(const Tile& tile, Index j, Traffic* traffic, Real* e) const {
    const Rows rows = rows_of(j);
    kernels_.scale[rows.kind()](tile, told_, j, rows, z_.classes, traffic, e);
  }
  void exponentiate(const Call& call, const Tile& tile, Index j, const Real* z, Traffic* traffic, Real* out,
                    bool stream) const {
    const Rows rows = rows_of(j);
    kernels_.exponentiate[rows.kind()](call, tile, told_, j, z, rows, z_.classes, traffic, out, stream);
  }
  void column_scale(const Tile& tile, Index count, const simd::Rows<Real>& e) const {
    const Rows rows = rows_of(0);
    kernels_.column_scale[rows.kind()](tile, told_, rows, z_.classes, count, e);
  }

  void patch(Index j, const Tile& /*tile*/, Sample<Real> out) const {
    if ((present_ & tile_bit(j)) == 0) return;
    if constexpr (!Targets::are_dense) {
      const W alpha = wide<W>({told_.alpha_hi[j], told_.alpha_lo[j]});
      targets_.for_each_entry(first_ + j, [&](Index k, const W& y) {
        out[k] = narrow<Real>(W(widen<W>(out[k]) - alpha * W(slope_ * W(scalars_.class_weight(k) * y))));
      });
    }
    if ((told_.confident & tile_bit(j)) != 0 && argmax_[j] >= 0) out[argmax_[j]] = told_.gradient_at_maximum[j];
  }
  template <class Place>
  void portable(Index i, Place out) const {
    portable_(i, out);
  }

 private:
  using Doubles = double[Tile::most];  // NOLINT(modernize-avoid-c-arrays): of TargetTile

  static void put(const W& x, Index j, Doubles& hi, Doubles& lo) {
    const simd::Twice both = twice(x);
    hi[j] = both.hi;
    lo[j] = both.lo;
  }

  struct Sums {
    W mass{0};
    W distance{0};  // sum of mass times (max - z)

    Sums() = default;
    Sums(const Weighted& tile, Index j)
        : mass(wide<W>({tile.mass_hi[j], tile.mass_lo[j]})),
          distance(wide<W>({tile.distance_hi[j], tile.distance_lo[j]})) {}
    void add(const W& factor, const Sums& other) {
      mass += factor * other.mass;
      distance += factor * other.distance;
    }
  };

  /// What is subtracted all along sample j.
  Rows rows_of(Index j) const {
    if constexpr (Targets::are_dense)
      return {distributions_[j], class_weights_, distributions_.stride()};
    else
      return {nullptr, smoothed_ ? class_weights_ : nullptr};
  }

  /// `of_p`, `of_q`: what the weights are made of.
  void add_up(Index count, const Tile& tile, bool of_p, bool of_q, Weighted& sums) {
    const auto chosen = [&](Index j) {
      Rows rows = rows_of(j);
      rows.p = of_p ? rows.p : nullptr;
      rows.q = of_q ? class_weights_ : nullptr;
      return rows;
    };
    const int kind = chosen(0).kind();
    if (z_.class_stride != 1)
      return kernels_.column_weighted_sums[kind]({z_.data, z_.class_stride}, chosen(0), z_.classes, count, tile, &sums);
    for (Index j = 0; j < count; ++j) kernels_.weighted_sums[kind](z_[j].data, chosen(j), z_.classes, j, tile, &sums);
  }

  /// The sums over all classes.
  void walk(const Kernels& kernels, Index count, const Tile& tile) {
    const bool weighted = class_weights_ != nullptr;
    if constexpr (Targets::are_dense) {
      add_up(count, tile, true, weighted, own_);
      if (smoothed_ && weighted) add_up(count, tile, true, false, unweighted_);
      if (gradient_ && z_.class_stride == 1)
        kernels.predictions({z_.data, z_.sample_stride}, z_.classes, count, tile, argmax_);
      else
        std::transform(own_.argmax, own_.argmax + count, argmax_, [](Real k) { return static_cast<Index>(k); });
    }
    if (smoothed_) add_up(count, tile, false, false, spread_);
    if (smoothed_ && weighted) add_up(count, tile, false, true, shared_);
  }

  /// Sets what is told of sample j: it is refused if its mass is NaN.
  void weigh(Index j, const Tile& tile) {
    Sums own;  // of c_k y_k
    W sigma(0);
    W at_maximum(0);  // y_k
    if constexpr (Targets::are_dense) {
      own = Sums(own_, j);
      sigma = smoothed_ && class_weights_ ? Sums(unweighted_, j).mass : own.mass;
      if (argmax_[j] >= z_.classes) argmax_[j] = -1;
      if (argmax_[j] >= 0) at_maximum = widen<W>(distributions_[j][argmax_[j] * distributions_.stride()]);
    } else {
      argmax_[j] = -1;
      targets_.for_each_entry(first_ + j, [&](Index k, const W& y) {
        const W mass = scalars_.class_weight(k) * y;
        sigma += y;
        own.mass += mass < W(0) ? W(nan<Real>()) : mass;
        if (!(mass == W(0))) own.distance += mass * W(widen<W>(tile.maximum[j]) - widen<W>(z_[j][k]));
        if (!(z_[j][k] == tile.maximum[j])) return;
        argmax_[j] = k;
        at_maximum = y;
      });
    }
    const W constant = share_ * sigma;
    Sums all;
    all.add(slope_, own);
    if (smoothed_) {
      const Sums spread(spread_, j);
      all.add(constant, class_weights_ ? Sums(shared_, j) : spread);
      if (!is_finite(spread.distance)) all.mass = W(nan<Real>());  // a class is masked: fewer classes share
    }
    put(all.mass, j, told_.mass_hi, told_.mass_lo);
    put(all.distance, j, told_.distance_hi, told_.distance_lo);
    put(slope_, j, told_.slope_hi, told_.slope_lo);
    put(constant, j, told_.constant_hi, told_.constant_lo);
    if (argmax_[j] >= 0)
      put(scalars_.class_weight(argmax_[j]) * W(slope_ * at_maximum + constant), j, told_.at_maximum_hi,
          told_.at_maximum_lo);
  }

  const Targets& targets_;
  std::conditional_t<Targets::are_dense, Distributions<Real, Targets>, NoDistributions> distributions_;
  W share_;
  W slope_;
  bool smoothed_;
  bool gradient_;
  const CrossEntropyOptions<Real>& options_;
  const CrossEntropyScalars<Real>& scalars_;
  const Real* class_weights_;  // null: all ones
  CrossEntropyReport<Real>* report_;
  const Portable& portable_;
  CrossEntropySums<Real>& sums_;
  const simd::TargetKernels<Real>& kernels_;
  Samples<const Real> z_{};
  Index first_ = 0;
  TileMask present_ = 0;
  Weighted own_{};         // by p q
  Weighted unweighted_{};  // by p
  Weighted shared_{};      // by q
  Weighted spread_{};      // by 1
  simd::TargetTile<Real> told_{};
  Index argmax_[Tile::most] = {};  // -1 where there is no target there
};

/// Samples [first, last); false if none of the call is for the kernels.
template <class Real, class Scalar, class Out, class Targets, class Portable>
bool target_tiles(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                  const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                  CrossEntropyReport<Real>* report, Index first, Index last, const Portable& portable,
                  CrossEntropySums<Real>& sums) {
  using W = Wide<Real>;
  if (scalars.denominator == W(0) || kernels_for(scalars.temperature) == nullptr) return false;
  const auto call = kernel_call(scalars.temperature, scalars.denominator, scalars.z_loss);
  if (!(call.slope_unit.hi >= 0x1p-900) || !(call.slope_unit.hi <= 0x1p900)) return false;
  // As if no class were masked: a sample that has one is refused where that matters. Where the slope is a small
  // difference, a target of y_k near 1 would be one, too.
  const SmoothedTarget<W> smoothed(scalars.epsilon, scalars.smoothing, W(1), z.classes, -1, false);
  // Where samples lie side by side, a class is counted in Real.
  if (z.class_stride != 1 && z.classes > Index{1} << 24U) return false;
  if (W(2) * smoothed.share * smoothed.own > smoothed.keep) return false;
  TargetFormula<Real, Targets, Portable> formula(targets, smoothed, gradient != nullptr, options, scalars, report,
                                                 portable, sums);
  return run_tiles(z, gradient, call, scalars.temperature, first, last, formula);
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
