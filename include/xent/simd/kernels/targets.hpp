#ifndef XENT_SIMD_KERNELS_TARGETS_HPP
#define XENT_SIMD_KERNELS_TARGETS_HPP

/// Softmax cross-entropy of targets that have a number for every class.
///
/// The target of class k is Y_k = (slope p_k + constant) q_k, with numbers p of a distribution and class weights q;
/// that of a masked class is 0. Labels and the entries of sparse distributions, which the caller adds, come on top.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

#include <cstddef>

XENT_NAMESPACE_BEGIN
namespace simd {

/// p and q of the classes of one sample, or p of the samples of a tile side by side, those of a class `stride` after
/// those of the one before. A null p is 0 in a target, a null q is 1.
template <class Real>
struct TargetRows {
  const Real* p = nullptr;
  const Real* q = nullptr;
  std::ptrdiff_t stride = 1;
};

/// Sums over the classes of each sample of a tile: of weights w_k = p_k q_k, of which a null one is 1, and of
/// w_k (max - z_k). NaN or infinite where a w_k is negative, or not finite, or stands at a class that is masked or too
/// far away. Without p: over the classes that are not masked.
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

/// Which of the two rows there are.
template <bool of_p, bool of_q>
struct TargetKind {};

/// The loops over the classes, for rows with p or without; whether there is a q is told by them. Where there is
/// neither, what is subtracted is one number, and results are those of RowKernels and ColumnKernels. Documented in
/// targets.inl.
template <class Real, bool of_p>
struct TargetKernels {
  static void weighted_sums(const Real* z, const TargetRows<Real>& rows, Index n, Index i, const Tile<Real>& tile,
                            WeightedTile<Real>* result);
  static void scale(const Tile<Real>& tile, const TargetTile<Real>& targets, Index i, const TargetRows<Real>& rows,
                    Index n, Traffic<Real>* traffic, Real* e);
  static void exponentiate(const Call<Real>& call, const Tile<Real>& tile, const TargetTile<Real>& targets, Index i,
                           const Real* z, const TargetRows<Real>& rows, Index n, Traffic<Real>* traffic, Real* out,
                           bool stream);
  /// The same where samples lie side by side.
  static void column_weighted_sums(const Rows<const Real>& z, const TargetRows<Real>& rows, Index n, Index count,
                                   const Tile<Real>& tile, WeightedTile<Real>* result);
  static void column_scale(const Tile<Real>& tile, const TargetTile<Real>& targets, const TargetRows<Real>& rows,
                           Index n, Index count, const Rows<Real>& e);
};

/// The numbers of the samples of a tile.
template <class Real>
struct TargetNumberKernels {
  static unsigned long long admitted(const Call<Real>& call, Index count, const Tile<Real>& tile,
                                     const TargetTile<Real>& targets);
  static unsigned long long numbers(bool report, const Call<Real>& call, Index count, unsigned long long admitted,
                                    Tile<Real>* tile, TargetTile<Real>* targets, LossSums* sums);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/coefficients.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/simd/kernels/samples.hpp>
#define XENT_LOOPS <xent/simd/kernels/targets.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real, bool of_p>
void TargetKernels<Real, of_p>::weighted_sums(const Real* z, const TargetRows<Real>& rows, Index n, Index i,
                                              const Tile<Real>& tile, WeightedTile<Real>* result) {
  on_best<Real>([&](auto lanes) {
    if (rows.q == nullptr)
      weighted_sums_of_row(lanes, TargetKind<of_p, false>{}, z, rows, n, i, tile, result);
    else
      weighted_sums_of_row(lanes, TargetKind<of_p, true>{}, z, rows, n, i, tile, result);
  });
}
template <class Real, bool of_p>
void TargetKernels<Real, of_p>::scale(const Tile<Real>& tile, const TargetTile<Real>& targets, Index i,
                                      const TargetRows<Real>& rows, Index n, Traffic<Real>* traffic, Real* e) {
  on_best<Real>([&](auto lanes) {
    if constexpr (of_p)
      if (rows.q == nullptr)
        return scale_minus_targets(lanes, TargetKind<true, false>{}, tile, targets, i, rows, n, traffic, e);
    scale_minus_targets(lanes, TargetKind<of_p, true>{}, tile, targets, i, rows, n, traffic, e);
  });
}
template <class Real, bool of_p>
void TargetKernels<Real, of_p>::exponentiate(const Call<Real>& call, const Tile<Real>& tile,
                                             const TargetTile<Real>& targets, Index i, const Real* z,
                                             const TargetRows<Real>& rows, Index n, Traffic<Real>* traffic, Real* out,
                                             bool stream) {
  on_best<Real>([&](auto lanes) {
    if constexpr (of_p)
      if (rows.q == nullptr)
        return exponentiate_minus_targets(lanes, TargetKind<true, false>{}, call, tile, targets, i, z, rows, n, traffic,
                                          out, stream);
    exponentiate_minus_targets(lanes, TargetKind<of_p, true>{}, call, tile, targets, i, z, rows, n, traffic, out,
                               stream);
  });
}
template <class Real, bool of_p>
void TargetKernels<Real, of_p>::column_weighted_sums(const Rows<const Real>& z, const TargetRows<Real>& rows, Index n,
                                                     Index count, const Tile<Real>& tile, WeightedTile<Real>* result) {
  on_best<Real>([&](auto lanes) {
    if (rows.q == nullptr)
      weighted_sums_of_columns(lanes, TargetKind<of_p, false>{}, z, rows, n, count, tile, result);
    else
      weighted_sums_of_columns(lanes, TargetKind<of_p, true>{}, z, rows, n, count, tile, result);
  });
}
template <class Real, bool of_p>
void TargetKernels<Real, of_p>::column_scale(const Tile<Real>& tile, const TargetTile<Real>& targets,
                                             const TargetRows<Real>& rows, Index n, Index count, const Rows<Real>& e) {
  on_best<Real>([&](auto lanes) {
    if constexpr (of_p)
      if (rows.q == nullptr)
        return column_scale_minus_targets(lanes, TargetKind<true, false>{}, tile, targets, rows, n, count, e);
    column_scale_minus_targets(lanes, TargetKind<of_p, true>{}, tile, targets, rows, n, count, e);
  });
}
template <class Real>
unsigned long long TargetNumberKernels<Real>::admitted(const Call<Real>& call, Index count, const Tile<Real>& tile,
                                                       const TargetTile<Real>& targets) {
  return on_best<Real>([&](auto lanes) { return admitted_targets(lanes, call, count, tile, targets); });
}
template <class Real>
unsigned long long TargetNumberKernels<Real>::numbers(bool report, const Call<Real>& call, Index count,
                                                      unsigned long long admitted, Tile<Real>* tile,
                                                      TargetTile<Real>* targets, LossSums* sums) {
  return on_best<Real>(
      [&](auto lanes) { return target_numbers(lanes, report, call, count, admitted, tile, targets, sums); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
