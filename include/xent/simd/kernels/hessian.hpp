#ifndef XENT_SIMD_KERNELS_HESSIAN_HPP
#define XENT_SIMD_KERNELS_HESSIAN_HPP

/// The Hessian of softmax cross-entropy times a direction, from exponentials that are known.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// The numbers of samples whose Hessian is diag(a e) - c e e^T, as unevaluated sums.
struct HessianTile {
  static constexpr Index most = 64;

  double slope_hi[most], slope_lo[most];    // a
  double center_hi[most], center_lo[most];  // c
};

/// What is smaller or larger in size is not for a kernel, but 0 is.
template <class Real>
struct SizeLimits {
  Real below, above;
};

/// out_k = e_k (a v_k - c <e, v>). Documented in hessian.inl.
template <class Real>
struct HessianKernels {
  /// Of n exponentials of sample i that were stored, in their place.
  static void row(const HessianTile& numbers, Index i, const Real* v, Index n, Real* e);
  /// Of exponentials that are computed again. `out` may be `z`.
  static void exponentiated_row(const Call<Real>& call, const Tile<Real>& tile, const HessianTile& numbers, Index i,
                                const Real* z, const Real* v, Index n, Real* out);
  /// Of samples side by side, in the place of their exponentials.
  static void columns(const HessianTile& numbers, const Rows<const Real>& v, Index n, Index count, const Rows<Real>& e);
  /// Whether all of n numbers are within the limits.
  static bool is_within(const Real* v, Index n, const SizeLimits<Real>& limits);
  /// The same of samples side by side: bit i of the result.
  static unsigned long long columns_within(const Rows<const Real>& v, Index n, Index count,
                                           const SizeLimits<Real>& limits);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/hessian.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void HessianKernels<Real>::row(const HessianTile& numbers, Index i, const Real* v, Index n, Real* e) {
  return on_best<Real>([&](auto lanes) { return hessian_of_stored(lanes, numbers, i, v, n, e); });
}
template <class Real>
void HessianKernels<Real>::exponentiated_row(const Call<Real>& call, const Tile<Real>& tile, const HessianTile& numbers,
                                             Index i, const Real* z, const Real* v, Index n, Real* out) {
  return on_best<Real>([&](auto lanes) { return hessian_of_logits(lanes, call, tile, numbers, i, z, v, n, out); });
}
template <class Real>
void HessianKernels<Real>::columns(const HessianTile& numbers, const Rows<const Real>& v, Index n, Index count,
                                   const Rows<Real>& e) {
  return on_best<Real>([&](auto lanes) { return hessian_of_columns(lanes, numbers, v, n, count, e); });
}
template <class Real>
bool HessianKernels<Real>::is_within(const Real* v, Index n, const SizeLimits<Real>& limits) {
  return on_best<Real>([&](auto lanes) { return is_within_in_lanes(lanes, v, n, limits); });
}
template <class Real>
unsigned long long HessianKernels<Real>::columns_within(const Rows<const Real>& v, Index n, Index count,
                                                        const SizeLimits<Real>& limits) {
  return on_best<Real>([&](auto lanes) { return columns_within_in_lanes(lanes, v, n, count, limits); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
