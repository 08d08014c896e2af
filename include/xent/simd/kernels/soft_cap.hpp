#ifndef XENT_SIMD_KERNELS_SOFT_CAP_HPP
#define XENT_SIMD_KERNELS_SOFT_CAP_HPP

/// The loop over logits that are capped softly.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// The series of tanh(x) / x in x^2, by tanh' = 1 - tanh^2. With all terms it has the digits of a double for |x| <
/// 0.35.
struct TanhSeries {
  static constexpr Index terms = 14;

  double term[bound(terms)] = {1};

  constexpr TanhSeries() {
    for (Index n = 1; n < terms; ++n) {
      for (Index i = 0; i < n; ++i) term[n] -= term[i] * term[n - 1 - i];
      term[n] /= static_cast<double>(2 * n + 1);
    }
  }
};
inline constexpr TanhSeries tanh_series{};

/// Documented in soft_cap.inl.
template <class Real>
struct SoftCapKernels {
  static void cap(Real* z, Index n, Real cap, Real* slopes);
  static void scale(Real* gradient, const Real* slopes, Index n);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/soft_cap.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void SoftCapKernels<Real>::cap(Real* z, Index n, Real cap, Real* slopes) {
  return on_best<Real>([&](auto lanes) { return cap_in_lanes(lanes, z, n, cap, slopes); });
}
template <class Real>
void SoftCapKernels<Real>::scale(Real* gradient, const Real* slopes, Index n) {
  return on_best<Real>([&](auto lanes) { return scale_by_slopes(lanes, gradient, slopes, n); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
