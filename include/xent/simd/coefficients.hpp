#ifndef XENT_SIMD_COEFFICIENTS_HPP
#define XENT_SIMD_COEFFICIENTS_HPP

/// What the loops over coefficients that stand alone are told, and what they answer. The loops are in coefficients.inl.

#include <xent/config.hpp>

#include <cstddef>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

/// Two parts of one factor, hi + lo.
template <class Real>
struct SplitFactor {
  Real hi, lo;
};

/// Yes-or-no decisions: y has mass u = keep_up y + share_up on yes and d = keep (1 - y) + share on no. The gradient is
/// alpha times the derivative.
template <class Real>
struct DecisionScalars {
  Real keep_up, share_up, keep, share;
  SplitFactor<Real> alpha;
};

/// Gaussians: variances below the minimum are replaced by it. The gradients are alpha times the derivatives.
struct GaussianScalars {
  double minimum_variance;
  SplitFactor<double> alpha;
};

/// What the gradient of an entropy takes: exponentials are multiplied with `unscale` and then with the factor.
template <class Real>
struct EntropyScalars {
  SplitFactor<Real> center, factor;
  Real unscale;
};

/// A sum of terms of a loss, hi + lo.
struct TermSum {
  double hi, lo;
};

/// The sum of log v is exponent log 2 + log(product + product_low), with all the digits of every v: no logarithm is
/// computed. quotients: the sum of r^2 / (2 v).
struct GaussianSums {
  double exponent, product, product_low;
  TermSum quotients;
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

/// The loops over n contiguous coefficients. Each computes and writes until it meets what is not its business (NaN, an
/// infinity, a number so large or small that the result would lose digits), and returns how many coefficients it has
/// done. Outputs may be null, or the memory of the first input; `stream` sends them past the caches.
template <class Real>
struct CoefficientKernels {
  std::ptrdiff_t (*decisions)(const Real* z, const Real* y, std::ptrdiff_t n, const DecisionScalars<Real>& scalars,
                              Real* gradient, bool stream, TermSum* loss);
  /// Half the squares of prediction - target, which is the gradient.
  std::ptrdiff_t (*squares)(const Real* prediction, const Real* target, std::ptrdiff_t n, Real* gradient, bool stream,
                            TermSum* sum);
  std::ptrdiff_t (*gaussians)(const Real* mean, const Real* target, const Real* variance, std::ptrdiff_t n,
                              const GaussianScalars& scalars, Real* d_mean, Real* d_variance, bool stream,
                              GaussianSums* sums);
  /// How many numbers come before the first that is not above the floor; NaN is not.
  std::ptrdiff_t (*above)(const Real* x, std::ptrdiff_t n, Real floor);
  /// Nothing is irregular here.
  TermSum (*entropy_slopes)(const Real* z, const Real* e, std::ptrdiff_t n, const EntropyScalars<Real>& scalars,
                            Real* out, bool stream, bool want_sum);
};

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
