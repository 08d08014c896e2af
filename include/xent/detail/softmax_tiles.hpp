#ifndef XENT_DETAIL_SOFTMAX_TILES_HPP
#define XENT_DETAIL_SOFTMAX_TILES_HPP

/// softmax, log_softmax and logsumexp of a block of samples by the kernels of simd/.

#include <xent/config.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/tiles.hpp>
#include <xent/detail/widened_tiles.hpp>
#include <xent/types.hpp>

#include <algorithm>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// The formula of Tiles; `portable(i, out)` is the path of one sample. `logsumexp` may be null.
template <class Real, bool logarithms, class Portable>
struct SoftmaxFormula {
  using Tile = simd::Tile<Real>;

  static constexpr bool of_logits = logarithms;
  static constexpr bool of_targets = false;
  static constexpr bool of_16_bits = false;
  static constexpr bool has_few_classes = false;

  Real* logsumexp;
  const Portable& portable;

  static bool absent(Index /*i*/) { return false; }
  static bool wants_moments() { return false; }
  static bool refuses_late() { return false; }
  static Index* predictions(Index /*first*/) { return nullptr; }
  static TileMask take(const Samples<const Real>& /*z*/, Index /*first*/, Index count, const Tile& /*tile*/) {
    return tile_bits(count);
  }
  static TileMask shift(const simd::Kernels<Real>& kernels, const simd::Call<Real>& call, Index count, Tile& tile) {
    kernels.shift(call, count, &tile);
    return kernels.admitted_maxima(call, count, tile);
  }
  TileMask finish(const simd::Kernels<Real>& kernels, const simd::Call<Real>& call, Index first, Index count,
                  TileMask admitted, Tile& tile) const {
    const TileMask regular = kernels.softmax_numbers(call, count, admitted, &tile);
    if (logsumexp) std::copy(tile.logsumexp, tile.logsumexp + count, logsumexp + first);
    return regular;
  }
  template <class Out>
  static void patch(Index /*j*/, const Tile& /*tile*/, Sample<Out> /*out*/) {}
};

/// Samples [first, last) of a call; false if none of it is for the kernels. `out` and `logsumexp` may be null.
template <bool logarithms, class Real, class Scalar, class Out, class Portable>
bool softmax_tiles([[maybe_unused]] const Samples<const Scalar>& z, [[maybe_unused]] const Samples<Out>* out,
                   [[maybe_unused]] const Real& temperature, [[maybe_unused]] Real* logsumexp,
                   [[maybe_unused]] Index first, [[maybe_unused]] Index last,
                   [[maybe_unused]] const Portable& portable) {
  if constexpr (has_tiles<Real, Scalar, Out>) {
    SoftmaxFormula<Real, logarithms, Portable> formula{logsumexp, portable};
    return run_tiles(z, out, kernel_call(temperature), temperature, first, last, formula);
  } else {
    return false;
  }
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
