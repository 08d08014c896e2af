#ifndef XENT_SIMD_KERNELS_INFORMATION_HPP
#define XENT_SIMD_KERNELS_INFORMATION_HPP

/// Information measures of probabilities.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace simd {

/// What is summed over the classes of a sample.
enum class Measure { entropy, cross_entropy, kl_divergence, js_divergence };
template <Measure measure>
using MeasureConstant = std::integral_constant<Measure, measure>;

/// The measures of `count` samples of n classes each, in nats: hi + lo, of which lo is not written for float. hi is NaN
/// where a sample is not the business of kernels: a negative number, NaN, an infinity, p > 0 where q = 0, or numbers so
/// large or small that the result would lose digits. `q` is not read for an entropy.
template <class Real, Measure measure>
struct InformationKernels {
  /// Of p[i][k], k < n.
  static void rows(const Rows<const Real>& p, const Rows<const Real>& q, Index n, Index count, double* hi, double* lo);
  /// Of p[k][i], i < count.
  static void columns(const Rows<const Real>& p, const Rows<const Real>& q, Index n, Index count, double* hi,
                      double* lo);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/coefficients.hpp>
#define XENT_LOOPS <xent/simd/math/natural_log.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/information.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real, Measure measure>
void InformationKernels<Real, measure>::rows(const Rows<const Real>& p, const Rows<const Real>& q, Index n, Index count,
                                             double* hi, double* lo) {
  return on_best<Real>(
      [&](auto lanes) { return information_of_rows(lanes, MeasureConstant<measure>{}, p, q, n, count, hi, lo); });
}
template <class Real, Measure measure>
void InformationKernels<Real, measure>::columns(const Rows<const Real>& p, const Rows<const Real>& q, Index n,
                                                Index count, double* hi, double* lo) {
  return on_best<Real>(
      [&](auto lanes) { return information_of_columns(lanes, MeasureConstant<measure>{}, p, q, n, count, hi, lo); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
