#ifndef XENT_SIMD_KERNELS_CONVERSION_HPP
#define XENT_SIMD_KERNELS_CONVERSION_HPP

/// Numbers of 16 bits to floats and back.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Numbers of 16 bits.
enum class Format { bfloat16, half };
template <Format format>
using FormatConstant = std::integral_constant<Format, format>;

/// To floats and back, rounded to nearest: alone, and on the way into RowKernels::maxima and out of RowKernels::scale.
/// Documented in conversion.inl and rows_16_bits.inl.
template <Format format>
struct ConversionKernels {
  static void widen(const void* from, Index n, float* to);
  static void narrow(const float* from, Index n, void* to, bool stream);
  static void maxima(const void* from, Index step, Index n, Index count, const Rows<float>& to, Traffic<float>* traffic,
                     Tile<float>* tile);
  static void scale(const Tile<float>& tile, Index i, const float* e, Index n, void* to, bool stream);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/rows.hpp>
#define XENT_LOOPS <xent/simd/kernels/conversion.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/rows_16_bits.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <Format format>
void ConversionKernels<format>::widen(const void* from, Index n, float* to) {
  return on_best<float>([&](auto lanes) { return widen_in_lanes(lanes, FormatConstant<format>{}, from, n, to); });
}
template <Format format>
void ConversionKernels<format>::narrow(const float* from, Index n, void* to, bool stream) {
  return on_best<float>(
      [&](auto lanes) { return narrow_in_lanes(lanes, FormatConstant<format>{}, from, n, to, stream); });
}
template <Format format>
void ConversionKernels<format>::maxima(const void* from, Index step, Index n, Index count, const Rows<float>& to,
                                       Traffic<float>* traffic, Tile<float>* tile) {
  return on_best<float>([&](auto lanes) {
    return maxima_16_bits(lanes, FormatConstant<format>{}, from, step, n, count, to, traffic, tile);
  });
}
template <Format format>
void ConversionKernels<format>::scale(const Tile<float>& tile, Index i, const float* e, Index n, void* to,
                                      bool stream) {
  return on_best<float>(
      [&](auto lanes) { return scale_16_bits(lanes, FormatConstant<format>{}, tile, i, e, n, to, stream); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
