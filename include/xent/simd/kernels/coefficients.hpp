#ifndef XENT_SIMD_KERNELS_COEFFICIENTS_HPP
#define XENT_SIMD_KERNELS_COEFFICIENTS_HPP

/// What the loops over coefficients that stand alone have in common.
///
/// Each loop computes and writes n contiguous coefficients until it meets what is not its business (NaN, an infinity, a
/// number so large or small that the result would lose digits), and returns how many coefficients it has done. Outputs
/// may be null, or the memory of the first input; `stream` sends them past the caches.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

#include <cstddef>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Two parts of one factor, hi + lo.
template <class Real>
struct SplitFactor {
  Real hi, lo;
};

/// Losses of decisions are added up times a power of two, so that a normal sum of numbers below the normal range keeps
/// its digits.
template <class Real>
struct CoefficientScale;
template <>
struct CoefficientScale<float> {
  static constexpr int exponent = 60;
  static constexpr float of_loss = 0x1p60F;
};
template <>
struct CoefficientScale<double> {
  static constexpr int exponent = 256;
  static constexpr double of_loss = 0x1p256;
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/coefficients.inl>
#include <xent/simd/isa/each.inl>
#endif

#endif
