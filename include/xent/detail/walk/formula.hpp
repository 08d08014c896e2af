#ifndef XENT_DETAIL_WALK_FORMULA_HPP
#define XENT_DETAIL_WALK_FORMULA_HPP

/// What a walk over tiles of samples asks of the formula whose results it computes.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/function_ref.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/columns.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A set of the samples of a tile: bit j is the j-th one.
using TileMask = unsigned long long;

constexpr TileMask tile_bit(Index j) { return TileMask{1} << static_cast<unsigned>(j); }
constexpr TileMask tile_bits(Index count) { return 2 * tile_bit(count - 1) - 1; }

/// Samples of n classes whose sums are known, and where their results go. Side by side, their exponentials are in the
/// place of their results.
template <class Real>
struct ColumnResults {
  const simd::Call<Real>& call;
  const simd::Tile<Real>& tile;
  simd::Rows<const Real> z;
  Index n;
  Index count;
  simd::Rows<Real> out;
};

/// Those of contiguous classes. `e`: their exponentials, if there are any. `stream`: results go past the caches.
template <class Real>
struct RowResults : ColumnResults<Real> {
  simd::Rows<const Real> e;
  bool stream;
  simd::Traffic<Real>* traffic;

  /// The memory of a sample that is read again is on its way.
  void fetch(Index j) const {
    if (this->n <= Caches<Real>::second_level) return;
    traffic->fetched = reinterpret_cast<const char*>(this->z[j]);
    traffic->end = reinterpret_cast<const char*>(this->z[j] + this->n);
  }
};

/// The path of one sample, with its results in a place or where the caller wants it.
template <class Real>
struct PortablePath {  // NOLINT(*-member-init): neither can be without a function
  FunctionRef<void(Index i, Sample<Real> out)> into;
  FunctionRef<void(Index i)> in_place;
};

/// A formula has, for the samples [first, first + count) of a tile:
///     absent(i)                       whether sample i is not to be read
///     take(z, first, count, tile)     sets its numbers that are not sums over classes, from the logits of the tile;
///                                     returns the samples that count
///     shift(call, count, tile)        sets their shifts, once their maxima are known; returns those whose numbers stay
///                                     in range
///     takes_guesses()                 whether any logit near the maximum will do as well, without moments and results
///                                     that are made of the logits again
///     labels()                        after `take`: classes whose logits may be those, or null
///     predictions(first)              where the argmaxes go, or null
///     wants_moments()                 whether there is a use for more sums than that of the exponentials
///     refuses_late()                  whether `finish` may leave samples to the portable path for more than a NaN
///     finish(call, first, count, admitted, tile)      after the sums; returns the samples that are done
///     write_rows, write_columns       make results of exponentials, or from the logits if of_logits
///     patch(j, tile)                  the one result of the j-th sample that is another, if there is one
///     is_plain()                      whether there is a `few_classes` that does all for a tile of few classes; that
///                                     is false if a sample is not for it: then the logits are overwritten
///     portable(i, out)                all there is to do for one sample, with its results in `out`
///     portable_in_place(i)            the same, with its results where the caller wants them
/// may_want_moments, may_write and of_logits are known to the compiler, so that a formula compiles only what it may
/// use; of_16_bits is that of Formula16Bits alone. This is one whose results are multiples of the exponentials, minus a
/// number.
template <class Real>
struct MultipleOfExponentials {
  static constexpr bool of_logits = false;
  static constexpr bool of_16_bits = false;
  static constexpr bool may_write = true;

  /// The result of class k, none if that is negative.
  struct Patch {
    Index k;
    Real value;
  };

  static bool takes_guesses() { return false; }
  static const Index* labels() { return nullptr; }
  static bool is_plain() { return false; }
  static bool few_classes(const simd::Call<Real>& /*call*/, const simd::Rows<Real>& /*z*/, Index /*first*/,
                          Index /*count*/, bool /*writes*/, const simd::Tile<Real>& /*tile*/,
                          simd::Traffic<Real>& /*traffic*/) {
    return false;
  }
  static void write_rows(const RowResults<Real>& r) {
    using Kernels = simd::RowKernels<Real>;
    if (r.e.data) return Kernels::scale(r.tile, r.e, r.n, r.count, r.traffic, r.out);
    for (Index j = 0; j < r.count; ++j) {
      r.fetch(j);
      Kernels::exponentiate(r.call, r.tile, j, r.z[j], r.n, r.traffic, r.out[j], r.stream);
    }
  }
  static void write_columns(const ColumnResults<Real>& r) {
    simd::ColumnKernels<Real>::scale(r.tile, r.n, r.count, r.out);
  }
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
