#ifndef XENT_SIMD_KERNELS_GAUSSIANS_HPP
#define XENT_SIMD_KERNELS_GAUSSIANS_HPP

/// The loops over squared errors and Gaussians.

#include <xent/config.hpp>
#include <xent/simd/kernels/coefficients.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Gaussians: variances below the minimum are replaced by it. The gradients are alpha times the derivatives.
struct GaussianScalars {
  double minimum_variance;
  SplitFactor<double> alpha;
};

/// The sum of log v is exponent log 2 + log(product + product_low), with all the digits of every v: no logarithm is
/// computed. quotients: the sum of r^2 / (2 v).
struct GaussianSums {
  double exponent, product, product_low;
  Twice quotients;
};

/// Documented in gaussians.inl and excesses.inl.
template <class Real>
struct GaussianKernels {
  /// Half the squares of prediction - target, which is the gradient.
  static Index squares(const Real* prediction, const Real* target, Index n, Real* gradient, bool stream, Twice* sum);
  static Index gaussians(const Real* mean, const Real* target, const Real* variance, Index n,
                         const GaussianScalars& scalars, Real* d_mean, Real* d_variance, bool stream,
                         GaussianSums* sums);
  /// The sum of v - (mean - target)^2, with one v.
  static Twice excesses(const Real* mean, const Real* target, Real variance, Index n);
  /// Adds each of them, with a v of its own, to hi + lo, which have room for a vector behind the last.
  static void add_excesses(const Real* mean, const Real* target, const Real* variance, Index n, double* hi, double* lo);
  /// How many numbers come before the first that is not above the floor; NaN is not.
  static Index above(const Real* x, Index n, Real floor);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/gaussians.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/excesses.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
Index GaussianKernels<Real>::squares(const Real* prediction, const Real* target, Index n, Real* gradient, bool stream,
                                     Twice* sum) {
  return on_best<Real>(
      [&](auto lanes) { return squares_in_lanes(lanes, prediction, target, n, gradient, stream, sum); });
}
template <class Real>
Index GaussianKernels<Real>::gaussians(const Real* mean, const Real* target, const Real* variance, Index n,
                                       const GaussianScalars& scalars, Real* d_mean, Real* d_variance, bool stream,
                                       GaussianSums* sums) {
  return on_best<Real>([&](auto lanes) {
    return gaussians_in_lanes(lanes, mean, target, variance, n, scalars, d_mean, d_variance, stream, sums);
  });
}
template <class Real>
Twice GaussianKernels<Real>::excesses(const Real* mean, const Real* target, Real variance, Index n) {
  return on_best<Real>([&](auto lanes) { return excesses_in_lanes(lanes, mean, target, variance, n); });
}
template <class Real>
void GaussianKernels<Real>::add_excesses(const Real* mean, const Real* target, const Real* variance, Index n,
                                         double* hi, double* lo) {
  return on_best<Real>([&](auto lanes) { return add_excesses_in_lanes(lanes, mean, target, variance, n, hi, lo); });
}
template <class Real>
Index GaussianKernels<Real>::above(const Real* x, Index n, Real floor) {
  return on_best<Real>([&](auto lanes) { return above_in_lanes(lanes, x, n, floor); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
