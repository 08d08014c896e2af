#ifndef XENT_DETAIL_WIDENED_TILES_HPP
#define XENT_DETAIL_WIDENED_TILES_HPP

/// Tiles of logits that are stored in 16 bits: widened into a buffer, computed there in place as floats, rounded once
/// on the way out.

#include <xent/config.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/tiles.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

template <class Scalar>
inline constexpr bool is_16_bit = std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>;

/// Whether there are kernels for logits of type Scalar, numbers of type Real and results of type Out.
template <class Real, class Scalar, class Out>
inline constexpr bool has_tiles = has_kernels<Real> &&
                                  (std::is_same_v<Scalar, Real> ? std::is_same_v<Out, Real> : is_16_bit<Scalar>);

/// Whether samples lie one after the other without gaps: then many short ones are converted like a long one.
template <class Scalar>
bool gapless(const Samples<Scalar>& samples) {
  return samples.class_stride == 1 && samples.sample_stride == samples.classes;
}

template <class Scalar>
void widen_sample(const simd::Conversions& conversions, Sample<const Scalar> from, Index n, float* to) {
  if (from.stride != 1)
    for (Index k = 0; k < n; ++k) to[k] = static_cast<float>(from[k]);
  else if (std::is_same_v<Scalar, Eigen::half>)
    conversions.widen_half(from.data, n, to);
  else
    conversions.widen_bfloat16(from.data, n, to);
}

template <class Out>
void narrow_sample(const simd::Conversions& conversions, const float* from, Index n, Sample<Out> to, bool stream) {
  if constexpr (is_16_bit<Out>) {
    if (to.stride == 1)
      return (std::is_same_v<Out, Eigen::half> ? conversions.narrow_half : conversions.narrow_bfloat16)(
          from, n, to.data, stream);
  }
  for (Index k = 0; k < n; ++k) to[k] = static_cast<Out>(from[k]);
}

/// Samples [first, last) of a call; false if none of it is for the kernels. `out` may be null.
template <class Scalar, class Out, class Real, class Formula>
bool run_tiles(const Samples<const Scalar>& z, const Samples<Out>* out, const simd::Call<Real>& call,
               const Real& temperature, Index first, Index last, Formula& formula) {
  if constexpr (std::is_same_v<Scalar, Real>) {
    Tiles<Real, Formula> tiles(z, out, call, temperature, formula);
    if (tiles.works()) tiles.run(first, last);
    return tiles.works();
  } else {
    constexpr Index room = 4096;
    const simd::Conversions* const conversions = simd::conversions(simd::instruction_set());
    const Index n = z.classes;
    if (conversions == nullptr || n == 0) return false;
    alignas(64) std::array<float, static_cast<std::size_t>(room)> small;  // NOLINT: written before it is read
    std::vector<float> large(n > room ? static_cast<std::size_t>(n) : 0);
    float* const buffer = n > room ? large.data() : small.data();
    const Index most = std::max<Index>(1, room / n);
    const Samples<const float> widened{buffer, n, most, 1, n};
    const Samples<float> results{buffer, n, most, 1, n};
    Tiles<float, Formula> tiles(widened, out ? &results : nullptr, call, temperature, formula);
    if (!tiles.works()) return false;
    const bool in_place = out && static_cast<const void*>(out->data) == static_cast<const void*>(z.data);
    const bool stream = !in_place && n * z.count >= Index{2} << 20U;  // results that leave the caches anyway
    for (Index i = first; i < last; i += most) {
      const Index count = std::min(most, last - i);
      const Index widened_at_once = gapless(z) ? count : 1;
      for (Index j = 0; j < count; j += widened_at_once)
        widen_sample(*conversions, z[i + j], n * widened_at_once, buffer + j * n);
      tiles.run(0, count, i);
      const Index narrowed_at_once = out && gapless(*out) ? count : 1;
      for (Index j = 0; j < count && out; j += narrowed_at_once)
        narrow_sample(*conversions, buffer + j * n, n * narrowed_at_once, (*out)[i + j], stream);
    }
    if (stream) simd::fence();
    return true;
  }
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
