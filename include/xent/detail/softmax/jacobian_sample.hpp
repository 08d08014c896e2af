#ifndef XENT_DETAIL_SOFTMAX_JACOBIAN_SAMPLE_HPP
#define XENT_DETAIL_SOFTMAX_JACOBIAN_SAMPLE_HPP

/// The products of one sample with the Jacobians of softmax and log_softmax, from s = softmax(z / T). Each reads s_k
/// and v_k once more after its sum and just before it writes out_k, so that `out` may be the memory of either.
///
/// Halves of v and of T, because the difference of two finite numbers may be infinite and that of their halves is not:
/// every product takes T / 2.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/simd/kernels/jacobian.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// s x / t for 0 <= s <= 1, in the order that leaves the range only if the result does. Saturated, so that x = 0 gives
/// 0.
template <class W>
W share(const W& s, const W& x, const W& t) {
  return t < W(1) ? W(saturated<W>(s / t) * x) : W(W(s * x) / t);
}

template <class W, class Scalar>
W half(const Scalar& x) {
  return widen<W>(x) * W(0.5);
}

/// The smallest number has no half.
template <class W, class Real>
W half_temperature(const Real& temperature) {
  const W halved = half<W>(temperature);
  return halved > W(0) ? halved : widen<W>(temperature);
}

/// <s, v> / 2. A class with s_k = 0 adds nothing, whatever its v_k.
template <class W, class Scalar, class Vector>
W half_mean(Sample<const Scalar> s, Sample<const Vector> v, Index classes) {
  W sum(0);
  for (Index k = 0; k < classes; ++k) {
    const W probability = widen<W>(s[k]);
    if (probability != W(0)) sum += probability * half<W>(v[k]);
  }
  return sum;
}

/// s_k (v_k - <s, v>) / T
struct SoftmaxProduct {
  static constexpr auto product = simd::JacobianProduct::softmax;

  template <class W, class Scalar, class Vector, class Out>
  static void apply(Sample<const Scalar> s, Sample<const Vector> v, Index classes, const W& half_t, Sample<Out> out) {
    const W mean = half_mean<W>(s, v, classes);
    for (Index k = 0; k < classes; ++k) {
      const W probability = widen<W>(s[k]);
      out[k] = narrow<Out>(probability == W(0) ? W(0) : share(probability, W(half<W>(v[k]) - mean), half_t));
    }
  }
};

/// (v_k - <s, v>) / T
struct LogSoftmaxProduct {
  static constexpr auto product = simd::JacobianProduct::log_softmax;

  template <class W, class Scalar, class Vector, class Out>
  static void apply(Sample<const Scalar> s, Sample<const Vector> v, Index classes, const W& half_t, Sample<Out> out) {
    const W mean = half_mean<W>(s, v, classes);
    for (Index k = 0; k < classes; ++k) out[k] = narrow<Out>(W(W(half<W>(v[k]) - mean) / half_t));
  }
};

/// (v_k - s_k sum_j v_j) / T
struct LogSoftmaxTransposedProduct {
  static constexpr auto product = simd::JacobianProduct::log_softmax_transposed;

  template <class W, class Scalar, class Vector, class Out>
  static void apply(Sample<const Scalar> s, Sample<const Vector> v, Index classes, const W& half_t, Sample<Out> out) {
    W sum(0);
    for (Index k = 0; k < classes; ++k) sum += half<W>(v[k]);
    for (Index k = 0; k < classes; ++k) {
      const W probability = widen<W>(s[k]);
      const W difference = probability == W(0) ? half<W>(v[k]) : W(half<W>(v[k]) - probability * sum);
      out[k] = narrow<Out>(W(difference / half_t));
    }
  }
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
