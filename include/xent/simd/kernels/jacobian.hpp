#ifndef XENT_SIMD_KERNELS_JACOBIAN_HPP
#define XENT_SIMD_KERNELS_JACOBIAN_HPP

/// Products with the Jacobians of softmax and log_softmax.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace simd {

enum class JacobianProduct { softmax, log_softmax, log_softmax_transposed };
template <JacobianProduct product>
using ProductConstant = std::integral_constant<JacobianProduct, product>;

/// s (v - <s, v>) / T, (v - <s, v>) / T and (v - s sum v) / T of at most 64 samples of n classes each. `out` may be the
/// memory of either argument. Returns a bit for each sample that is not the business of kernels and is not written: one
/// with NaN, an infinity, or numbers so large that a difference could leave the range.
template <class Real, JacobianProduct product>
struct JacobianKernels {
  /// Of s[i][k], k < n.
  static unsigned long long rows(const Rows<const Real>& s, const Rows<const Real>& v, Index n, Index count,
                                 const Twice& inverse_temperature, const Rows<Real>& out);
  /// Of s[k][i], i < count.
  static unsigned long long columns(const Rows<const Real>& s, const Rows<const Real>& v, Index n, Index count,
                                    const Twice& inverse_temperature, const Rows<Real>& out);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/coefficients.hpp>
#define XENT_LOOPS <xent/simd/kernels/jacobian.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real, JacobianProduct product>
unsigned long long JacobianKernels<Real, product>::rows(const Rows<const Real>& s, const Rows<const Real>& v, Index n,
                                                        Index count, const Twice& inverse_temperature,
                                                        const Rows<Real>& out) {
  return on_best<Real>([&](auto lanes) {
    return jacobian_of_rows(lanes, ProductConstant<product>{}, s, v, n, count, inverse_temperature, out);
  });
}
template <class Real, JacobianProduct product>
unsigned long long JacobianKernels<Real, product>::columns(const Rows<const Real>& s, const Rows<const Real>& v,
                                                           Index n, Index count, const Twice& inverse_temperature,
                                                           const Rows<Real>& out) {
  return on_best<Real>([&](auto lanes) {
    return jacobian_of_columns(lanes, ProductConstant<product>{}, s, v, n, count, inverse_temperature, out);
  });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
