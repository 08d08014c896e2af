#ifndef XENT_SIMD_KERNELS_LABELS_HPP
#define XENT_SIMD_KERNELS_LABELS_HPP

/// The numbers of labelled samples that have no weights, no smoothing and no report.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

#include <cstdint>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in plain_labels.inl.
template <class Real>
struct LabelKernels {
  static unsigned long long plain_shift(const Call<Real>& call, Index count, Tile<Real>* tile);
  static unsigned long long plain_label_numbers(const Call<Real>& call, Index count, unsigned long long admitted,
                                                Tile<Real>* tile, LossSums* sums);
  /// All of it for few classes; documented in few_classes.inl.
  static bool few_classes(const Call<Real>& call, const Rows<Real>& z, Index n, Index count, bool writes,
                          const std::int32_t* labels, Real absent, const Tile<Real>& tile, Traffic<Real>* traffic,
                          LossSums* sums);
  /// Two classes, which are `z.stride` apart, as those of `out`; documented in two_classes.inl.
  static bool two_classes(const Call<Real>& call, const Rows<const Real>& z, Index count, const std::int32_t* labels,
                          Real absent, bool slopes, const Rows<Real>& out, Traffic<Real>* traffic, LossSums* sums,
                          unsigned long long* left);
  static constexpr Index most_pairs = 512;      // samples of a call: their logits stay in a first-level cache
  static constexpr Index vector_of_pairs = 16;  // a multiple of the lanes: whole vectors of samples, whatever Real is
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/columns.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/simd/kernels/transpose.hpp>
#define XENT_LOOPS <xent/simd/kernels/plain_labels.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/few_classes.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/two_classes.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
unsigned long long LabelKernels<Real>::plain_shift(const Call<Real>& call, Index count, Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) { return plain_shift_in_lanes(lanes, call, count, tile); });
}
template <class Real>
unsigned long long LabelKernels<Real>::plain_label_numbers(const Call<Real>& call, Index count,
                                                           unsigned long long admitted, Tile<Real>* tile,
                                                           LossSums* sums) {
  return on_best<Real>(
      [&](auto lanes) { return plain_label_numbers_in_lanes(lanes, call, count, admitted, tile, sums); });
}
template <class Real>
bool LabelKernels<Real>::few_classes(const Call<Real>& call, const Rows<Real>& z, Index n, Index count, bool writes,
                                     const std::int32_t* labels, Real absent, const Tile<Real>& tile,
                                     Traffic<Real>* traffic, LossSums* sums) {
  return on_best<Real>([&](auto lanes) {
    return few_classes_in_lanes(lanes, call, z, n, count, writes, labels, absent, tile, traffic, sums);
  });
}
template <class Real>
bool LabelKernels<Real>::two_classes(const Call<Real>& call, const Rows<const Real>& z, Index count,
                                     const std::int32_t* labels, Real absent, bool slopes, const Rows<Real>& out,
                                     Traffic<Real>* traffic, LossSums* sums, unsigned long long* left) {
  return on_best<Real>([&](auto lanes) {
    return two_classes_in_lanes(lanes, call, z, count, labels, absent, slopes, out, traffic, sums, left);
  });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
