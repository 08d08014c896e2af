#ifndef XENT_SIMD_TARGETS_HPP
#define XENT_SIMD_TARGETS_HPP

/// What the loops over targets that have a number for every class are told, and what they answer. The loops are in
/// targets.inl.
///
/// The target of class k is Y_k = (slope p_k + constant) q_k, with numbers p of a distribution and class weights q.
/// Labels and the entries of sparse distributions, which the caller adds, come on top.

#include <xent/config.hpp>

#include <cstddef>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

template <class Real>
struct Call;
template <class Real>
struct Tile;
template <class Real>
struct Traffic;
template <class Scalar>
struct Rows;
struct LossSums;

/// p and q of the classes of one sample, or p of the samples of a tile side by side, those of a class `stride` after
/// those of the one before. A null p is 0 in a target, a null q is 1.
template <class Real>
struct TargetRows {
  const Real* p = nullptr;
  const Real* q = nullptr;
  std::ptrdiff_t stride = 1;

  /// Which there are: the place in the arrays of TargetKernels.
  int kind() const { return (p == nullptr ? 0 : 1) + (q == nullptr ? 0 : 2); }
};

/// Sums over the classes of each sample of a tile: of weights w_k = p_k q_k, of which a null one is 1, and of
/// w_k (max - z_k). NaN or infinite where a w_k is negative, or not finite, or stands at a class that is masked or too
/// far away.
template <class Real>
struct WeightedTile {
  static constexpr std::ptrdiff_t most = 64;

  alignas(64) double mass_hi[most], mass_lo[most], distance_hi[most], distance_lo[most];
  Real argmax[most];  // of samples side by side: a class that has the maximum
};

/// The targets of the samples of a Tile: an array each, so that what follows from them is computed in lanes.
template <class Real>
struct TargetTile {
  static constexpr std::ptrdiff_t most = 64;

  // Told.
  alignas(64) double mass_hi[most], mass_lo[most];  // sum of Y_k
  double distance_hi[most], distance_lo[most];      // sum of Y_k (max - z_k)
  double at_maximum_hi[most], at_maximum_lo[most];  // Y_k of the class of the maximum
  double slope_hi[most], slope_lo[most];            // of Y_k in p_k
  double constant_hi[most], constant_lo[most];      // the rest of it

  // Answered: alpha = w / (D T), and what is subtracted from the multiple of an exponential.
  double alpha_hi[most], alpha_lo[most];
  Real taken_slope_hi[most], taken_slope_lo[most], taken_constant[most];
  unsigned long long confident;  // samples whose gradient at the maximum loses digits unless it is taken from here
  Real gradient_at_maximum[most];
};

/// Documented in targets.inl. Arrays over the kinds of TargetRows.
template <class Real>
struct TargetKernels {
  using Index = std::ptrdiff_t;
  using Sums = void (*)(const Real* z, const TargetRows<Real>&, Index n, Index i, const Tile<Real>&,
                        WeightedTile<Real>*);
  using Numbers = unsigned long long (*)(const Call<Real>&, Index count, unsigned long long admitted, Tile<Real>*,
                                         TargetTile<Real>*, LossSums*);
  using Scale = void (*)(const Tile<Real>&, const TargetTile<Real>&, Index i, const TargetRows<Real>&, Index n,
                         Traffic<Real>*, Real* e);
  using Exponentiate = void (*)(const Call<Real>&, const Tile<Real>&, const TargetTile<Real>&, Index i, const Real* z,
                                const TargetRows<Real>&, Index n, Traffic<Real>*, Real* out, bool stream);

  Sums weighted_sums[4];
  unsigned long long (*admitted)(const Call<Real>&, Index count, const Tile<Real>&, const TargetTile<Real>&);
  Numbers numbers;
  Numbers numbers_and_report;
  Scale scale[4];
  Exponentiate exponentiate[4];

  // The same where samples lie side by side.
  using ColumnSums = void (*)(const Rows<const Real>& z, const TargetRows<Real>&, Index n, Index count,
                              const Tile<Real>&, WeightedTile<Real>*);
  using ColumnScale = void (*)(const Tile<Real>&, const TargetTile<Real>&, const TargetRows<Real>&, Index n,
                               Index count, const Rows<Real>& e);
  ColumnSums column_weighted_sums[4];
  ColumnScale column_scale[4];
};

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
