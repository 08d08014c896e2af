#ifndef XENT_SIMD_INFORMATION_HPP
#define XENT_SIMD_INFORMATION_HPP

/// What the loops over probabilities are told, and what they answer. The loops are in information.inl and
/// jacobian.inl.

#include <xent/config.hpp>
#include <xent/simd/coefficients.hpp>

#include <cstddef>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

template <class Scalar>
struct Rows;
struct Twice;

/// What is summed over the classes of a sample.
enum class Measure { entropy, cross_entropy, kl_divergence, js_divergence };

/// The measures of `count` samples of n classes each, in nats: hi + lo, of which lo is not written for float. hi is NaN
/// where a sample is not the business of kernels: a negative number, NaN, an infinity, p > 0 where q = 0, or numbers so
/// large or small that the result would lose digits. `q` is not read for an entropy.
template <class Real>
struct InformationKernels {
  using Sums = void (*)(const Rows<const Real>& p, const Rows<const Real>& q, std::ptrdiff_t n, std::ptrdiff_t count,
                        double* hi, double* lo);

  Sums rows[4];     // by Measure; of p[i][k], k < n
  Sums columns[4];  // of p[k][i], i < count
};

enum class JacobianProduct { softmax, log_softmax, log_softmax_transposed };

/// s (v - <s, v>) / T, (v - <s, v>) / T and (v - s sum v) / T of at most 64 samples of n classes each. `out` may be the
/// memory of either argument. Returns a bit for each sample that is not the business of kernels and is not written: one
/// with NaN, an infinity, or numbers so large that a difference could leave the range.
template <class Real>
struct JacobianKernels {
  using Products = unsigned long long (*)(const Rows<const Real>& s, const Rows<const Real>& v, std::ptrdiff_t n,
                                          std::ptrdiff_t count, const Twice& inverse_temperature,
                                          const Rows<Real>& out);

  Products rows[3];     // by JacobianProduct; of s[i][k], k < n
  Products columns[3];  // of s[k][i], i < count
};

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
