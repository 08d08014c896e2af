#ifndef XENT_SIMD_KERNELS_SAMPLES_HPP
#define XENT_SIMD_KERNELS_SAMPLES_HPP

/// The numbers of the samples of a tile, a lane a sample.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in samples.inl.
template <class Real>
struct SampleKernels {
  static void shift(const Call<Real>& call, Index count, Tile<Real>* tile);
  static unsigned long long admitted_labels(const Call<Real>& call, Index count, const Tile<Real>& tile);
  static unsigned long long label_numbers(bool report, const Call<Real>& call, Index count, unsigned long long admitted,
                                          Tile<Real>* tile, LossSums* sums);
  static unsigned long long admitted_maxima(const Call<Real>& call, Index count, const Tile<Real>& tile);
  static unsigned long long softmax_numbers(const Call<Real>& call, Index count, unsigned long long admitted,
                                            Tile<Real>* tile);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/samples.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void SampleKernels<Real>::shift(const Call<Real>& call, Index count, Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) { return shift_in_lanes(lanes, call, count, tile); });
}
template <class Real>
unsigned long long SampleKernels<Real>::admitted_labels(const Call<Real>& call, Index count, const Tile<Real>& tile) {
  return on_best<Real>([&](auto lanes) { return admitted_labels_in_lanes(lanes, call, count, tile); });
}
template <class Real>
unsigned long long SampleKernels<Real>::label_numbers(bool report, const Call<Real>& call, Index count,
                                                      unsigned long long admitted, Tile<Real>* tile, LossSums* sums) {
  return on_best<Real>(
      [&](auto lanes) { return label_numbers_in_lanes(lanes, report, call, count, admitted, tile, sums); });
}
template <class Real>
unsigned long long SampleKernels<Real>::admitted_maxima(const Call<Real>& call, Index count, const Tile<Real>& tile) {
  return on_best<Real>([&](auto lanes) { return admitted_maxima_in_lanes(lanes, call, count, tile); });
}
template <class Real>
unsigned long long SampleKernels<Real>::softmax_numbers(const Call<Real>& call, Index count,
                                                        unsigned long long admitted, Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) { return softmax_numbers_in_lanes(lanes, call, count, admitted, tile); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
