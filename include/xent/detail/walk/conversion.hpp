#ifndef XENT_DETAIL_WALK_CONVERSION_HPP
#define XENT_DETAIL_WALK_CONVERSION_HPP

/// Numbers of 16 bits to floats and back, where kernels compute in floats what is stored in 16 bits.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/simd/kernels/conversion.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Scalar>
inline constexpr bool is_16_bit = std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>;

/// The kernels of a type of 16 bits.
template <class Scalar>
using ConversionOf =
    simd::ConversionKernels<std::is_same_v<Scalar, Eigen::half> ? simd::Format::half : simd::Format::bfloat16>;

/// Numbers of another type are converted one by one.
template <class Scalar, class Real>
void widen_sample(Sample<const Scalar> from, Index n, Real* to) {
  if constexpr (is_16_bit<Scalar> && std::is_same_v<Real, float>) {
    if (from.stride == 1) return ConversionOf<Scalar>::widen(from.data, n, to);
  }
  for (Index k = 0; k < n; ++k) to[k] = static_cast<Real>(from[k]);
}
template <class Out, class Real>
void narrow_sample(const Real* from, Index n, Sample<Out> to, bool stream) {
  if constexpr (is_16_bit<Out>) {
    if (to.stride == 1) return ConversionOf<Out>::narrow(from, n, to.data, stream);
  }
  for (Index k = 0; k < n; ++k) to[k] = static_cast<Out>(from[k]);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
