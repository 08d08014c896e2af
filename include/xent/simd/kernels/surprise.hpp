#ifndef XENT_SIMD_KERNELS_SURPRISE_HPP
#define XENT_SIMD_KERNELS_SURPRISE_HPP

/// The loop over probabilities whose logarithms are wanted.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in surprise.inl.
template <class Real>
struct SurpriseKernels {
  static void surprises(const Real* p, Index n, const Twice& by_unit, Real* out);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/information.hpp>
#define XENT_LOOPS <xent/simd/kernels/surprise.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void SurpriseKernels<Real>::surprises(const Real* p, Index n, const Twice& by_unit, Real* out) {
  return on_best<Real>([&](auto lanes) { return surprises_in_lanes(lanes, p, n, by_unit, out); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
