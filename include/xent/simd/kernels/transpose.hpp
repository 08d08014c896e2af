#ifndef XENT_SIMD_KERNELS_TRANSPOSE_HPP
#define XENT_SIMD_KERNELS_TRANSPOSE_HPP

/// From samples that lie one after the other to samples side by side, and back.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in transpose.inl.
template <class Real>
struct TransposeKernels {
  /// to[k][i] = from[i][k], i < count, k < n.
  static void gather(const Rows<const Real>& from, Index n, Index count, Traffic<Real>* traffic, const Rows<Real>& to);
  /// to[i][k] = from[k][i].
  static void scatter(const Rows<const Real>& from, Index n, Index count, Traffic<Real>* traffic, const Rows<Real>& to);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/transpose.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void TransposeKernels<Real>::gather(const Rows<const Real>& from, Index n, Index count, Traffic<Real>* traffic,
                                    const Rows<Real>& to) {
  return on_best<Real>([&](auto lanes) { return gather_in_lanes(lanes, from, n, count, traffic, to); });
}
template <class Real>
void TransposeKernels<Real>::scatter(const Rows<const Real>& from, Index n, Index count, Traffic<Real>* traffic,
                                     const Rows<Real>& to) {
  return on_best<Real>([&](auto lanes) { return scatter_in_lanes(lanes, from, n, count, traffic, to); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
