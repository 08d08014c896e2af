#ifndef XENT_SIMD_KERNELS_POISSON_HPP
#define XENT_SIMD_KERNELS_POISSON_HPP

/// The loop over counts and the logarithms of their rates.

#include <xent/config.hpp>
#include <xent/simd/kernels/coefficients.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in poisson.inl.
template <class Real>
struct PoissonKernels {
  /// The gradient is alpha (exp(l) - x).
  static Index poisson(const Real* log_rate, const Real* target, Index n, const SplitFactor<Real>& alpha,
                       Real* gradient, bool stream, Twice* sum);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/poisson.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
Index PoissonKernels<Real>::poisson(const Real* log_rate, const Real* target, Index n, const SplitFactor<Real>& alpha,
                                    Real* gradient, bool stream, Twice* sum) {
  return on_best<Real>(
      [&](auto lanes) { return poisson_in_lanes(lanes, log_rate, target, n, alpha, gradient, stream, sum); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
