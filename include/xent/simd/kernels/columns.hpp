#ifndef XENT_SIMD_KERNELS_COLUMNS_HPP
#define XENT_SIMD_KERNELS_COLUMNS_HPP

/// The loops of rows.hpp where `count` samples lie side by side, a lane a sample.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// What becomes of the exponentials of samples, more of them than a tile has: the numbers of that name.
template <class Real>
struct ColumnScales {
  static constexpr Index most = 4096 / static_cast<Index>(sizeof(Real));  // a page of each class

  static constexpr std::size_t room = bound(most + 16);  // a vector may begin at any of them

  alignas(64) Real anchor[room];
  Real k[room], factor_hi[room], factor_lo[room], unscale[room], subtracted[room];
};

/// Documented in columns.inl, the last two in streamed_columns.inl.
template <class Real>
struct ColumnKernels {
  static void maxima(const Rows<const Real>& z, Index n, Index count, const Rows<Real>& packed, Tile<Real>* tile);
  static void predictions(const Rows<const Real>& z, Index n, Index count, const Tile<Real>& tile, Index* prediction);
  static void sums(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count, const Rows<Real>& stored,
                   const Rows<const Real>& ahead, Traffic<Real>* traffic, Tile<Real>* tile);
  static void sums_and_moments(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count,
                               const Rows<Real>& stored, const Rows<const Real>& ahead, Traffic<Real>* traffic,
                               Tile<Real>* tile);
  static void scale(const Tile<Real>& tile, Index n, Index count, const Rows<Real>& e);
  static void logarithms(const Call<Real>& call, const Tile<Real>& tile, const Rows<const Real>& z, Index n,
                         Index count, const Rows<Real>& out);
  static void send(const Rows<Real>& held, Index n, Index count, bool begun, bool ends, const Rows<Real>& out);
  static void segment(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count, bool begins,
                      const Rows<const Real>& ahead, Tile<Real>* tile);
  static void exponentiate(const Call<Real>& call, const ColumnScales<Real>& scales, const Rows<const Real>& z, Index n,
                           Index count, const Rows<Real>& out, bool stream);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/simd/kernels/samples.hpp>
#define XENT_LOOPS <xent/simd/kernels/columns.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/streamed_columns.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void ColumnKernels<Real>::maxima(const Rows<const Real>& z, Index n, Index count, const Rows<Real>& packed,
                                 Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) { return column_maxima(lanes, z, n, count, packed, tile); });
}
template <class Real>
void ColumnKernels<Real>::predictions(const Rows<const Real>& z, Index n, Index count, const Tile<Real>& tile,
                                      Index* prediction) {
  return on_best<Real>([&](auto lanes) { return column_predictions(lanes, z, n, count, tile, prediction); });
}
template <class Real>
void ColumnKernels<Real>::sums(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count,
                               const Rows<Real>& stored, const Rows<const Real>& ahead, Traffic<Real>* traffic,
                               Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) {
    return column_sums(lanes, std::false_type{}, call, z, n, count, stored, ahead, traffic, tile);
  });
}
template <class Real>
void ColumnKernels<Real>::sums_and_moments(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count,
                                           const Rows<Real>& stored, const Rows<const Real>& ahead,
                                           Traffic<Real>* traffic, Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) {
    return column_sums(lanes, std::true_type{}, call, z, n, count, stored, ahead, traffic, tile);
  });
}
template <class Real>
void ColumnKernels<Real>::scale(const Tile<Real>& tile, Index n, Index count, const Rows<Real>& e) {
  return on_best<Real>([&](auto lanes) { return column_scale(lanes, tile, n, count, e); });
}
template <class Real>
void ColumnKernels<Real>::logarithms(const Call<Real>& call, const Tile<Real>& tile, const Rows<const Real>& z, Index n,
                                     Index count, const Rows<Real>& out) {
  return on_best<Real>([&](auto lanes) { return column_logarithms(lanes, call, tile, z, n, count, out); });
}
template <class Real>
void ColumnKernels<Real>::send(const Rows<Real>& held, Index n, Index count, bool begun, bool ends,
                               const Rows<Real>& out) {
  return on_best<Real>([&](auto lanes) { return column_send(lanes, held, n, count, begun, ends, out); });
}
template <class Real>
void ColumnKernels<Real>::segment(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count, bool begins,
                                  const Rows<const Real>& ahead, Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) { return column_segment(lanes, call, z, n, count, begins, ahead, tile); });
}
template <class Real>
void ColumnKernels<Real>::exponentiate(const Call<Real>& call, const ColumnScales<Real>& scales,
                                       const Rows<const Real>& z, Index n, Index count, const Rows<Real>& out,
                                       bool stream) {
  return on_best<Real>([&](auto lanes) { return column_exponentiate(lanes, call, scales, z, n, count, out, stream); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
