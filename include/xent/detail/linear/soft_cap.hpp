#ifndef XENT_DETAIL_LINEAR_SOFT_CAP_HPP
#define XENT_DETAIL_LINEAR_SOFT_CAP_HPP

/// Logits that are capped softly: z becomes cap tanh(z / cap).

#include <xent/config.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/full_exp.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/soft_cap.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// One logit, and the derivative: with e = exp(-2 |x|), tanh |x| = (1 - e) / (1 + e), whose own derivative is
/// 4 e / (1 + e)^2. A masked class stays masked.
template <class Real>
Real cap_softly(Real& z, const Real& cap) {
  using W = Wide<Real>;
  const W x = widen<W>(z) / widen<W>(cap);
  const W size = x < W(0) ? W(-x) : x;
  const W e = full_exp(W(size * W(-2)));
  const W sum = W(1) + e;
  const W quotient = (W(1) - e) / sum;
  if (size < W(0.35)) {
    W series(simd::tanh_series.term[simd::TanhSeries::terms - 1]);
    for (Index n = simd::TanhSeries::terms - 2; n >= 0; --n) series = series * (x * x) + W(simd::tanh_series.term[n]);
    z = narrow<Real>(W(widen<W>(z) * series));
  } else if (!(z == -infinity<Real>())) {
    z = narrow<Real>(W(widen<W>(cap) * (x < W(0) ? W(-quotient) : quotient)));
  }
  return narrow<Real>(W(W(4) * e / (sum * sum)));
}

/// n logits in place; their derivatives into `slopes`, unless that is null.
template <class Real>
void cap_softly(Real* z, Index n, const Real& cap, Real* slopes) {
  if constexpr (has_kernels<Real>)
    if (simd::has_kernels()) return simd::SoftCapKernels<Real>::cap(z, n, cap, slopes);
  for (Index k = 0; k < n; ++k) {
    const Real slope = cap_softly(z[k], cap);
    if (slopes) slopes[k] = slope;
  }
}

/// The gradient of capped logits becomes that of the logits: nothing where the slope is, be it infinite.
template <class Real>
void scale_by_slopes(Real* gradient, const Real* slopes, Index n) {
  if constexpr (has_kernels<Real>)
    if (simd::has_kernels()) return simd::SoftCapKernels<Real>::scale(gradient, slopes, n);
  for (Index k = 0; k < n; ++k)
    gradient[k] = slopes[k] == Real(0) && !is_nan(gradient[k]) ? Real(0) : Real(gradient[k] * slopes[k]);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
