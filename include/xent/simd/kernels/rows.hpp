#ifndef XENT_SIMD_KERNELS_ROWS_HPP
#define XENT_SIMD_KERNELS_ROWS_HPP

/// Loops over `count` samples of n contiguous classes.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in rows.inl, in the order in which they are called.
template <class Real>
struct RowKernels {
  /// Samples of a few pairs of vectors of floats are better left where they are, if their own sums are all they need.
  static constexpr bool are_short(Index n) { return sizeof(Real) == sizeof(float) && n > 0 && n % 32 == 0 && n <= 96; }

  static void maxima(const Rows<const Real>& z, Index n, Index count, Traffic<Real>* traffic, Tile<Real>* tile);
  static void guesses(const Rows<const Real>& z, Index n, Index count, const Index* labels, Traffic<Real>* traffic,
                      Tile<Real>* tile);
  static void predictions(const Rows<const Real>& z, Index n, Index count, const Tile<Real>& tile, Index* prediction);
  static unsigned long long sums(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count,
                                 const Rows<Real>& stored, Traffic<Real>* traffic, Tile<Real>* tile);
  static void sums_and_moments(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count,
                               const Rows<Real>& stored, Traffic<Real>* traffic, Tile<Real>* tile);
  static void scale(const Tile<Real>& tile, const Rows<const Real>& e, Index n, Index count, Traffic<Real>* traffic,
                    const Rows<Real>& out);
  static void exponentiate(const Call<Real>& call, const Tile<Real>& tile, Index i, const Real* z, Index n,
                           Traffic<Real>* traffic, Real* out, bool stream);
  static void logarithms(const Call<Real>& call, const Tile<Real>& tile, const Rows<const Real>& z, Index n,
                         Index count, Traffic<Real>* traffic, const Rows<Real>& out, bool stream);
  static void finish(Traffic<Real>* traffic);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/rows.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void RowKernels<Real>::maxima(const Rows<const Real>& z, Index n, Index count, Traffic<Real>* traffic,
                              Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) { return row_maxima(lanes, z, n, count, traffic, tile); });
}
template <class Real>
void RowKernels<Real>::guesses(const Rows<const Real>& z, Index n, Index count, const Index* labels,
                               Traffic<Real>* traffic, Tile<Real>* tile) {
  return on_best<Real>([&](auto lanes) { return row_guesses(lanes, z, n, count, labels, traffic, tile); });
}
template <class Real>
void RowKernels<Real>::predictions(const Rows<const Real>& z, Index n, Index count, const Tile<Real>& tile,
                                   Index* prediction) {
  return on_best<Real>([&](auto lanes) { return row_predictions(lanes, z, n, count, tile, prediction); });
}
template <class Real>
unsigned long long RowKernels<Real>::sums(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count,
                                          const Rows<Real>& stored, Traffic<Real>* traffic, Tile<Real>* tile) {
  return on_best<Real>(
      [&](auto lanes) { return row_sums(lanes, std::false_type{}, call, z, n, count, stored, traffic, tile); });
}
template <class Real>
void RowKernels<Real>::sums_and_moments(const Call<Real>& call, const Rows<const Real>& z, Index n, Index count,
                                        const Rows<Real>& stored, Traffic<Real>* traffic, Tile<Real>* tile) {
  on_best<Real>(
      [&](auto lanes) { return row_sums(lanes, std::true_type{}, call, z, n, count, stored, traffic, tile); });
}
template <class Real>
void RowKernels<Real>::scale(const Tile<Real>& tile, const Rows<const Real>& e, Index n, Index count,
                             Traffic<Real>* traffic, const Rows<Real>& out) {
  return on_best<Real>([&](auto lanes) { return row_scale(lanes, tile, e, n, count, traffic, out); });
}
template <class Real>
void RowKernels<Real>::exponentiate(const Call<Real>& call, const Tile<Real>& tile, Index i, const Real* z, Index n,
                                    Traffic<Real>* traffic, Real* out, bool stream) {
  return on_best<Real>([&](auto lanes) { return row_exponentiate(lanes, call, tile, i, z, n, traffic, out, stream); });
}
template <class Real>
void RowKernels<Real>::logarithms(const Call<Real>& call, const Tile<Real>& tile, const Rows<const Real>& z, Index n,
                                  Index count, Traffic<Real>* traffic, const Rows<Real>& out, bool stream) {
  return on_best<Real>(
      [&](auto lanes) { return row_logarithms(lanes, call, tile, z, n, count, traffic, out, stream); });
}
template <class Real>
void RowKernels<Real>::finish(Traffic<Real>* traffic) {
  return on_best<Real>([&](auto lanes) { return finish_traffic(lanes, traffic); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
