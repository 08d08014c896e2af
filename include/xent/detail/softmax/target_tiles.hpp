#ifndef XENT_DETAIL_SOFTMAX_TARGET_TILES_HPP
#define XENT_DETAIL_SOFTMAX_TARGET_TILES_HPP

/// Softmax cross-entropy of distributions, and of smoothed labels under class weights, by the kernels of simd/.
///
/// Smoothing is linear in y: Y_k = c_k (slope y_k + constant), where `constant` is the share of a class. So one walk
/// over the classes subtracts (slope p_k + constant) q_k, with whatever there is a row of: y of a dense distribution as
/// p, class weights as q. A label and the entries of a sparse distribution are few: the walk takes none of them, and
/// slope c_k y_k is subtracted where they stand.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_formula.hpp>
#include <xent/detail/softmax/cross_entropy_sample.hpp>
#include <xent/detail/softmax/distributions.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/widened_tiles.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/simd/kernels/targets.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real, class Targets>
class TargetFormula final : public CrossEntropyFormula<Real> {
  using Base = CrossEntropyFormula<Real>;
  using Kernels = simd::TargetKernels<Real, Targets::are_dense>;
  using Numbers = simd::TargetNumberKernels<Real>;
  using Rows = simd::TargetRows<Real>;
  using Weighted = simd::WeightedTile<Real>;
  using Base::options_;
  using Base::report_;
  using Base::sums_;
  using typename Base::Call;
  using typename Base::Tile;
  using typename Base::W;

 public:
  /// Without `gradient`, nothing is written.
  TargetFormula(const Targets& targets, const SmoothedTarget<W>& smoothed, bool gradient,
                const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                CrossEntropyReport<Real>* report, const PortablePath<Real>& portable, const BlockSums<Real>& sums)
      : Base(options, report, portable, sums),
        targets_(targets),
        distributions_(targets),
        of_all_(smoothed),
        smoothed_(smoothed.share > W(0)),
        gradient_(gradient),
        scalars_(scalars),
        class_weights_(options.class_weights.size() == 0 ? nullptr : options.class_weights.data()) {}

  /// The slope of a target in y_k is a small difference: a target of y_k near 1 would be one, too.
  static bool is_small_difference(const SmoothedTarget<W>& target) {
    return W(2) * target.share * target.own > target.keep;
  }

  bool absent(Index i) const override { return is_absent(targets_, i, options_); }
  /// With moments, masked classes are marked.
  bool wants_moments() const override { return report_ != nullptr || has_masked_; }
  bool refuses_late() const override { return false; }

  TileMask take(const Samples<const Real>& z, Index first, Index count, Tile& tile) override {
    z_ = z;
    first_ = first;
    present_ = this->take_present(first, count, tile);
    if (options_.sample_weights.size() != 0)
      for (Index j = 0; j < count; ++j) tile.weight[j] = static_cast<double>(options_.sample_weights[first + j]);
    distributions_.take(z, first, count);
    return present_;
  }

  TileMask shift(const Call& call, Index count, Tile& tile) override {
    simd::SampleKernels<Real>::shift(call, count, &tile);
    walk(count, tile);
    has_masked_ = false;
    for (TileMask left = present_; left != 0; left &= left - 1) {
      const auto j = static_cast<Index>(simd::lowest_bit(left));
      weigh(j, tile);
      has_masked_ = has_masked_ || masked(j) > 0;
    }
    return Numbers::admitted(call, count, tile, told_);
  }

  TileMask finish(const Call& call, Index first, Index count, TileMask admitted, Tile& tile) override {
    simd::LossSums tile_sums{};
    const bool reports = report_ != nullptr;
    const TileMask regular = Numbers::numbers(reports, call, count, admitted, &tile, &told_, &tile_sums);
    for (Index j = 0; j < count; ++j) tile.masked[j] = (present_ & tile_bit(j)) != 0 ? masked(j) : 0;
    auto& sums = sums_.of(first);
    sums.loss += wide<W>(tile_sums.loss);
    if (!report_) return regular;
    if (gradient_) sums.temperature_gradient += wide<W>(tile_sums.temperature_gradient);
    sums.z_loss += wide<W>(tile_sums.z_loss);
    this->write_report(tile, first, count);
    if constexpr (Targets::are_labels) {
      Index labels[Tile::most];
      targets_.read_labels(first, count, labels);
      this->count_correct(regular, labels, first, count);
    }
    return regular;
  }

  void write_rows(const RowResults<Real>& r) const override {
    if (is_one_number()) {
      MultipleOfExponentials<Real>::write_rows(r);
    } else {
      for (Index j = 0; j < r.count; ++j) {
        if (r.e.data)
          Kernels::scale(r.tile, told_, j, rows_of(j), r.n, r.traffic, r.out[j]);
        else
          Kernels::exponentiate(r.call, r.tile, told_, j, r.z[j], rows_of(j), r.n, r.traffic, r.out[j], r.stream);
      }
    }
    for (Index j = 0; j < r.count; ++j) correct(j, Sample<Real>{r.out[j], 1});
  }
  void write_columns(const ColumnResults<Real>& r) const override {
    if (is_one_number())
      MultipleOfExponentials<Real>::write_columns(r);
    else
      Kernels::column_scale(r.tile, told_, rows_of(0), r.n, r.count, r.out);
    for (Index j = 0; j < r.count; ++j) correct(j, Sample<Real>{r.out.data + j, r.out.stride});
  }

 private:
  struct Sums {
    W mass{0};
    W distance{0};  // sum of mass times (max - z)

    Sums() = default;
    Sums(const Weighted& tile, Index j)
        : mass(wide<W>({tile.mass_hi[j], tile.mass_lo[j]})),
          distance(wide<W>({tile.distance_hi[j], tile.distance_lo[j]})) {}
    void add(const W& factor, const Sums& other) {
      mass += unfused(factor, other.mass);
      distance += unfused(factor, other.distance);
    }
  };

  /// The classes of sample j that are masked; 0 where nothing is spread over the others.
  double masked(Index j) const { return smoothed_ ? static_cast<double>(z_.classes) - spread_.mass_hi[j] : 0; }
  SmoothedTarget<W> smoothed(Index j) const {
    if (!(masked(j) > 0)) return of_all_;
    bool of_label = false;  // whose class is masked, and then it is none of those that share
    if constexpr (Targets::are_labels) of_label = z_[j][targets_.label(first_ + j)] == -infinity<Real>();
    const auto unmasked = static_cast<Index>(spread_.mass_hi[j]);
    return {scalars_.epsilon, scalars_.smoothing, W(1), unmasked, of_label ? 0 : -1, of_label};
  }

  /// What is subtracted all along a sample is the same for all of its classes.
  bool is_one_number() const { return !Targets::are_dense && (!smoothed_ || class_weights_ == nullptr); }

  /// What is subtracted all along sample j.
  Rows rows_of(Index j) const {
    if constexpr (Targets::are_dense)
      return {distributions_[j], class_weights_, distributions_.stride()};
    else
      return {nullptr, class_weights_};
  }

  /// Single results: the entries, and the class of the maximum.
  void correct(Index j, Sample<Real> out) const {
    if ((present_ & tile_bit(j)) == 0) return;
    if constexpr (!Targets::are_dense) {
      const W alpha = wide<W>({told_.alpha_hi[j], told_.alpha_lo[j]});
      const W slope = wide<W>({told_.slope_hi[j], told_.slope_lo[j]});
      targets_.for_each_entry(first_ + j, [&](Index k, const W& y) {
        const W target = slope * W(scalars_.class_weight(k) * y);
        out[k] = narrow<Real>(W(widen<W>(out[k]) - unfused(alpha, target)));
      });
    }
    if ((told_.confident & tile_bit(j)) != 0 && argmax_[j] >= 0) out[argmax_[j]] = told_.gradient_at_maximum[j];
  }

  /// Adds up weights of sample j: y_k if `of_p`, times the class weight if `of_q`.
  template <bool of_p>
  void add_up(Index count, const Tile& tile, bool of_q, Weighted& sums) {
    using Loops = simd::TargetKernels<Real, of_p>;
    const auto chosen = [&](Index j) {
      Rows rows = rows_of(j);
      rows.q = of_q ? class_weights_ : nullptr;
      return rows;
    };
    if (z_.class_stride != 1)
      return Loops::column_weighted_sums({z_.data, z_.class_stride}, chosen(0), z_.classes, count, tile, &sums);
    for (Index j = 0; j < count; ++j) Loops::weighted_sums(z_[j].data, chosen(j), z_.classes, j, tile, &sums);
  }

  /// The sums over all classes.
  void walk(Index count, const Tile& tile) {
    const bool weighted = class_weights_ != nullptr;
    if constexpr (Targets::are_dense) {
      add_up<true>(count, tile, weighted, own_);
      if (smoothed_ && weighted) add_up<true>(count, tile, false, unweighted_);
      if (gradient_ && z_.class_stride == 1)
        simd::RowKernels<Real>::predictions({z_.data, z_.sample_stride}, z_.classes, count, tile, argmax_);
      else
        std::transform(own_.argmax, own_.argmax + count, argmax_, [](Real k) { return static_cast<Index>(k); });
    }
    if (smoothed_) add_up<false>(count, tile, false, spread_);
    if (smoothed_ && weighted) add_up<false>(count, tile, true, shared_);
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
        const W mass = unfused(scalars_.class_weight(k), y);
        sigma += y;
        own.mass += mass < W(0) ? W(nan<Real>()) : mass;
        if (!(mass == W(0))) own.distance += unfused(mass, W(widen<W>(tile.maximum[j]) - widen<W>(z_[j][k])));
        if (!(z_[j][k] == tile.maximum[j])) return;
        argmax_[j] = k;
        at_maximum = y;
      });
    }
    const SmoothedTarget<W> target = smoothed(j);
    const W slope = target.keep - target.share * target.own;
    const W constant = unfused(target.share, sigma);
    Sums all;
    all.add(slope, own);
    if (smoothed_) all.add(constant, Sums(class_weights_ ? shared_ : spread_, j));
    if (is_small_difference(target)) all.mass = W(nan<Real>());
    put(all.mass, told_.mass_hi + j, told_.mass_lo + j);
    put(all.distance, told_.distance_hi + j, told_.distance_lo + j);
    put(slope, told_.slope_hi + j, told_.slope_lo + j);
    put(constant, told_.constant_hi + j, told_.constant_lo + j);
    if (argmax_[j] >= 0)
      put(W(scalars_.class_weight(argmax_[j]) * W(unfused(slope, at_maximum) + constant)), told_.at_maximum_hi + j,
          told_.at_maximum_lo + j);
  }

  const Targets& targets_;
  std::conditional_t<Targets::are_dense, Distributions<Real, Targets>, NoDistributions> distributions_;
  SmoothedTarget<W> of_all_;  // of samples without a masked class
  bool smoothed_;
  bool has_masked_ = false;
  bool gradient_;
  const CrossEntropyScalars<Real>& scalars_;
  const Real* class_weights_;  // null: all ones
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
template <class Real, class Scalar, class Out, class Targets>
bool target_tiles(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                  const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                  CrossEntropyReport<Real>* report, Index first, Index last, const PortablePath<Real>& portable,
                  const BlockSums<Real>& sums) {
  using W = Wide<Real>;
  if (scalars.denominator == W(0) || !uses_kernels(scalars.temperature)) return false;
  auto call = kernel_call(scalars.temperature, scalars.denominator, scalars.z_loss);
  if (!(call.slope_unit.hi >= 0x1p-900) || !(call.slope_unit.hi <= 0x1p900)) return false;
  call.epsilon = twice(scalars.epsilon);
  const SmoothedTarget<W> smoothed(scalars.epsilon, scalars.smoothing, W(1), z.classes, -1, false);
  // Where samples lie side by side, a class is counted in Real.
  if (z.class_stride != 1 && z.classes > Index{1} << 24U) return false;
  if (TargetFormula<Real, Targets>::is_small_difference(smoothed)) return false;
  TargetFormula<Real, Targets> formula(targets, smoothed, gradient != nullptr, options, scalars, report, portable,
                                       sums);
  return run_tiles<CrossEntropyFormula<Real>>(z, gradient, call, scalars.temperature, first, last, formula);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
