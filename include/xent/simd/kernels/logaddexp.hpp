#ifndef XENT_SIMD_KERNELS_LOGADDEXP_HPP
#define XENT_SIMD_KERNELS_LOGADDEXP_HPP

/// The loop over pairs of numbers whose exponentials are added.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in logaddexp.inl.
template <class Real>
struct LogaddexpKernels {
  static void logaddexp(const Real* a, const Real* b, Index n, Real* out);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/information.hpp>
#define XENT_LOOPS <xent/simd/kernels/logaddexp.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void LogaddexpKernels<Real>::logaddexp(const Real* a, const Real* b, Index n, Real* out) {
  return on_best<Real>([&](auto lanes) { return logaddexp_in_lanes(lanes, a, b, n, out); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
