#ifndef XENT_DETAIL_SOFTMAX_SOFTMAX_TILES_HPP
#define XENT_DETAIL_SOFTMAX_SOFTMAX_TILES_HPP

/// softmax, log_softmax and logsumexp of a block of samples by the kernels of simd/.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/tiles.hpp>
#include <xent/detail/walk/widened_tiles.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/types.hpp>

#include <algorithm>

XENT_NAMESPACE_BEGIN
namespace detail {

/// What is wanted of the samples.
enum class SoftmaxResult { softmax, log_softmax, logsumexp };

template <class Real, SoftmaxResult wanted>
struct SoftmaxFormula : MultipleOfExponentials<Real> {
  using Base = MultipleOfExponentials<Real>;
  using Tile = simd::Tile<Real>;
  using Kernels = simd::SampleKernels<Real>;

  static constexpr bool of_logits = wanted != SoftmaxResult::softmax;
  static constexpr bool may_want_moments = false;
  static constexpr bool may_write = wanted != SoftmaxResult::logsumexp;

  Real* logsumexp;  // null where only the others are wanted
  const PortablePath<Real>& path;

  SoftmaxFormula(Real* results, const PortablePath<Real>& portable_path) : logsumexp(results), path(portable_path) {}

  static bool absent(Index /*i*/) { return false; }
  static bool wants_moments() { return false; }
  static bool refuses_late() { return false; }
  static Index* predictions(Index /*first*/) { return nullptr; }
  static TileMask take(const Samples<const Real>& /*z*/, Index /*first*/, Index count, const Tile& /*tile*/) {
    return tile_bits(count);
  }
  static TileMask shift(const simd::Call<Real>& call, Index count, Tile& tile) {
    Kernels::shift(call, count, &tile);
    return Kernels::admitted_maxima(call, count, tile);
  }
  TileMask finish(const simd::Call<Real>& call, Index first, Index count, TileMask admitted, Tile& tile) const {
    const TileMask regular = Kernels::softmax_numbers(call, count, admitted, &tile);
    if (logsumexp) std::copy(tile.logsumexp, tile.logsumexp + count, logsumexp + first);
    return regular;
  }
  static void write_rows(const RowResults<Real>& r) {
    if constexpr (of_logits)
      simd::RowKernels<Real>::logarithms(r.call, r.tile, r.z, r.n, r.count, r.traffic, r.out, r.stream);
    else
      Base::write_rows(r);
  }
  static void write_columns(const ColumnResults<Real>& r) {
    if constexpr (of_logits)
      simd::ColumnKernels<Real>::logarithms(r.call, r.tile, r.z, r.n, r.count, r.out);
    else
      Base::write_columns(r);
  }
  bool takes_guesses() const { return wanted == SoftmaxResult::softmax && !logsumexp; }
  static bool writes_multiples() { return may_write; }
  static typename Base::Patch patch(Index /*j*/, const Tile& /*tile*/) { return {-1, Real(0)}; }
  void portable(Index i, Sample<Real> out) const { path.into(i, out); }
  void portable_in_place(Index i) const { path.in_place(i); }
};

/// Samples [first, last) of a call; false if none of it is for the kernels. `out` and `logsumexp` may be null.
template <SoftmaxResult wanted, class Real, class Scalar, class Out>
bool softmax_tiles([[maybe_unused]] const Samples<const Scalar>& z, [[maybe_unused]] const Samples<Out>* out,
                   [[maybe_unused]] const Real& temperature, [[maybe_unused]] Real* logsumexp,
                   [[maybe_unused]] Index first, [[maybe_unused]] Index last,
                   [[maybe_unused]] const PortablePath<Real>& portable) {
  if constexpr (has_tiles<Real, Scalar, Out>) {
    SoftmaxFormula<Real, wanted> formula(logsumexp, portable);
    return run_tiles<SoftmaxFormula<Real, wanted>>(z, out, kernel_call(temperature), temperature, first, last, formula);
  } else {
    return false;
  }
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
