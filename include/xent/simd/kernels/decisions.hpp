#ifndef XENT_SIMD_KERNELS_DECISIONS_HPP
#define XENT_SIMD_KERNELS_DECISIONS_HPP

/// The loop over yes-or-no decisions.

#include <xent/config.hpp>
#include <xent/simd/kernels/coefficients.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Yes-or-no decisions: y has mass u = keep_up y + share_up on yes and d = keep (1 - y) + share on no. The gradient is
/// alpha times the derivative.
template <class Real>
struct DecisionScalars {
  Real keep_up, share_up, keep, share;
  SplitFactor<Real> alpha;
};

/// Documented in decisions.inl.
template <class Real>
struct DecisionKernels {
  static Index decisions(const Real* z, const Real* y, Index n, const DecisionScalars<Real>& scalars, Real* gradient,
                         bool stream, TermSum* loss);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/math/log1p_tail.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/decisions.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
Index DecisionKernels<Real>::decisions(const Real* z, const Real* y, Index n, const DecisionScalars<Real>& scalars,
                                       Real* gradient, bool stream, TermSum* loss) {
  return on_best<Real>([&](auto lanes) { return decisions_in_lanes(lanes, z, y, n, scalars, gradient, stream, loss); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
