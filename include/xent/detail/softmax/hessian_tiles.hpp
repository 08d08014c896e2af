#ifndef XENT_DETAIL_SOFTMAX_HESSIAN_TILES_HPP
#define XENT_DETAIL_SOFTMAX_HESSIAN_TILES_HPP

/// The Hessian of softmax cross-entropy times a direction v, by the kernels of simd/:
///
///     out_k = alpha / T s_k (A (v_k - <s, v>) + 2 zeta <s, v>) = e_k (a v_k - c <e, v>)
///
/// with S = sum e, a = alpha A / (T S) and c = alpha (A - 2 zeta) / (T S^2).

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_formula.hpp>
#include <xent/detail/softmax/cross_entropy_scalars.hpp>
#include <xent/detail/softmax/distributions.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/widened_tiles.hpp>
#include <xent/simd/kernels/hessian.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/types.hpp>

#include <cmath>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real, class Targets, class V>
class HessianFormula final : public CrossEntropyFormula<Real> {
  using Base = CrossEntropyFormula<Real>;
  using Kernels = simd::HessianKernels<Real>;
  using Base::options_;
  using typename Base::Call;
  using typename Base::Tile;
  using typename Base::W;

 public:
  HessianFormula(const Targets& targets, const Samples<const V>& v, const CrossEntropyOptions<Real>& options,
                 const CrossEntropyScalars<Real>& scalars, const PortablePath<Real>& portable,
                 const BlockSums<Real>& sums)
      : Base(options, nullptr, portable, sums), targets_(targets), v_(v), directions_(v_), scalars_(scalars) {}

  bool absent(Index i) const override { return is_absent(targets_, i, options_); }
  bool wants_moments() const override { return false; }
  bool refuses_late() const override { return false; }

  TileMask take(const Samples<const Real>& z, Index first, Index count, Tile& tile) override {
    first_ = first;
    side_by_side_ = z.class_stride != 1;
    directions_.take(z, first, count);
    return this->take_present(first, count, tile);
  }

  TileMask shift(const Call& call, Index count, Tile& tile) override {
    using Samples = simd::SampleKernels<Real>;
    Samples::shift(call, count, &tile);
    TileMask admitted = Samples::admitted_maxima(call, count, tile) & directions_within(count);
    for (Index j = 0; j < count; ++j) {
      mass_[j] = target_mass(first_ + j);
      if (!is_in_range(mass_[j], alpha(first_ + j), tile.maximum[j])) admitted &= ~tile_bit(j);
    }
    return admitted;
  }

  TileMask finish(const Call& /*call*/, Index first, Index count, TileMask admitted, Tile& tile) override {
    regular_ = 0;
    const W t = widen<W>(scalars_.temperature);
    const W twice_z_loss = W(2) * scalars_.z_loss;
    for (Index j = 0; j < count; ++j) {
      const W rest = wide<W>({tile.rest_hi[j], tile.rest_lo[j]});
      const W one = wide<W>({tile.one_hi[j], tile.one_lo[j]});
      if ((admitted & tile_bit(j)) == 0 || is_nan(rest)) continue;
      W normaliser = mass_[j];
      if (!(twice_z_loss == W(0)))
        normaliser += twice_z_loss * W(widen<W>(tile.maximum[j]) / t + log_of_sum(W(rest / one), W(1)));
      const W sum = rest + one;
      const W scale = alpha(first + j) / sum;
      put(W(scale * normaliser), numbers_.slope_hi + j, numbers_.slope_lo + j);
      put(W(W(scale * W(normaliser - twice_z_loss)) / sum), numbers_.center_hi + j, numbers_.center_lo + j);
      regular_ |= tile_bit(j);
    }
    return regular_;
  }

  void write_rows(const RowResults<Real>& r) const override {
    for (Index j = 0; j < r.count; ++j) {
      if ((regular_ & tile_bit(j)) == 0) continue;
      if (r.e.data)
        Kernels::row(numbers_, j, directions_[j], r.n, r.out[j]);
      else
        Kernels::exponentiated_row(r.call, r.tile, numbers_, j, r.z[j], directions_[j], r.n, r.out[j]);
    }
  }
  void write_columns(const ColumnResults<Real>& r) const override {
    Kernels::columns(numbers_, {directions_[0], directions_.stride()}, r.n, r.count, r.out);
  }

 private:
  static constexpr bool single = std::is_same_v<Real, float>;
  // Of the direction, and of alpha A and alpha. Products of two stay below what would lift exponentials that were
  // flushed back into the normal range, and above what would lose digits in W.
  static constexpr Real least = single ? Real(0) : Real(0x1p-300);
  static constexpr Real largest = single ? Real(0x1p30) : Real(0x1p100);
  static constexpr double least_alpha = single ? 0x1p-100 : 0x1p-300;
  static constexpr double largest_factor = single ? 0x1p20 : 0x1p100;

  W alpha(Index i) const {
    return scalars_.gradient_scale(sample_weight(options_, i)) / widen<W>(scalars_.temperature);
  }
  /// For any lse from |lse| <= |max| / T + 64.
  bool is_in_range(const W& mass, const W& factor, const Real& maximum) const {
    const W size = factor < W(0) ? W(W(0) - factor) : factor;
    const W lse = W(std::fabs(widen<double>(maximum))) / widen<W>(scalars_.temperature) + W(64);
    const W most = W(1) + mass + W(2) * W(scalars_.z_loss * W(lse + W(1)));
    return !(mass < W(0)) && size > W(least_alpha) && size * most < W(largest_factor);
  }
  TileMask directions_within(Index count) const {
    const simd::SizeLimits<Real> limits{least, largest};
    if (side_by_side_)
      return Kernels::columns_within({directions_[0], directions_.stride()}, v_.samples().classes, count, limits);
    TileMask within = 0;
    for (Index j = 0; j < count; ++j)
      if (Kernels::is_within(directions_[j], v_.samples().classes, limits)) within |= tile_bit(j);
    return within;
  }
  /// The sum of all Y_k: smoothing gives away what it takes.
  W target_mass(Index i) const {
    if constexpr (Targets::are_labels) {
      return absent(i) ? W(0) : scalars_.class_weight(targets_.label(i));
    } else {
      const Index classes = v_.samples().classes;
      if (options_.class_weights.size() == 0) return targets_.total(i, classes);
      auto y = targets_.reader(i);
      W mass(0);
      for (Index k = 0; k < classes; ++k) mass += scalars_.class_weight(k) * y(k);
      return mass;
    }
  }

  const Targets& targets_;
  DenseTargets<V, W> v_;
  Distributions<Real, DenseTargets<V, W>> directions_;  // laid out as the logits of a tile are
  const CrossEntropyScalars<Real>& scalars_;
  Index first_ = 0;
  bool side_by_side_ = false;
  TileMask regular_ = 0;
  W mass_[Tile::most] = {};
  simd::HessianTile numbers_{};
};

/// Samples [first, last); false if none of the call is for the kernels.
template <class Real, class Scalar, class V, class Out, class Targets>
bool hessian_tiles(const Samples<const Scalar>& z, const Targets& targets, const Samples<const V>& v,
                   const Samples<Out>& out, const CrossEntropyOptions<Real>& options,
                   const CrossEntropyScalars<Real>& scalars, Index first, Index last,
                   const PortablePath<Real>& portable) {
  using W = Wide<Real>;
  // Else the sum of Y_k depends on which classes are masked.
  const bool known = scalars.epsilon == W(0) || (options.class_weights.size() == 0 &&
                                                 (Targets::are_labels || scalars.smoothing == Smoothing::all_classes));
  if (!known || scalars.denominator == W(0)) return false;
  CrossEntropySums<Real> sums;
  HessianFormula<Real, Targets, V> formula(targets, v, options, scalars, portable, sums);
  return run_tiles<CrossEntropyFormula<Real>>(z, &out, kernel_call(scalars.temperature), scalars.temperature, first,
                                              last, formula);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
