#ifndef XENT_DETAIL_WALK_TILES_HPP
#define XENT_DETAIL_WALK_TILES_HPP

/// Samples by the kernels of simd/, some at a time, whose exponentials are computed once and stay in cache until their
/// sum is known. What is made of them is the business of a formula; a sample that is not for the kernels (absent, NaN,
/// +inf, no finite logit, numbers out of range on the way) is left to its portable path.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/column_tiles.hpp>
#include <xent/detail/walk/row_tiles.hpp>
#include <xent/detail/walk/tile_walk.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A block of samples of a call. A Formula is as in formula.hpp.
template <class Real, class Formula>
class Tiles {
  using Walk = TileWalk<Real, Formula>;

 public:
  /// `out` may be null, and may be the memory of the logits. Maxima are not guessed unless `may_guess`.
  Tiles(const Samples<const Real>& z, const Samples<Real>* out, const simd::Call<Real>& call, const Real& temperature,
        Formula& formula, bool may_guess = true)
      : walk_(z, out, call, temperature, formula, may_guess) {}

  /// Whether so many classes, if contiguous, are walked one sample after the other, and their exponentials kept.
  static constexpr bool keeps_rows(Index classes) {
    return classes > Caches<Real>::few_classes && classes <= Caches<Real>::second_level;
  }

  /// Whether something near the maxima of such samples will do.
  static bool may_be_guessed(const Samples<const Real>& z, const Samples<Real>* out, const Real& temperature,
                             const Formula& formula) {
    return Walk::may_be_guessed(z, out, temperature, formula);
  }

  /// Whether kernels find such samples where they lie.
  static bool suits(const Samples<const Real>& z, const Samples<Real>* out) {
    return Walk::lie_in_rows(z, out) || Walk::lie_side_by_side(z, out);
  }

  /// False if no sample of the call is for the kernels.
  bool works() const { return walk_.works; }

  /// Memory to fetch during the next run.
  void fetch(const void* from, const void* to) { walk_.fetch(from, to); }

  /// Samples [first, last), which to the formula are `offset` further on.
  void run(Index first, Index last, Index offset = 0) {
    walk_.offset = offset;
    if (!walk_.strided && !walk_.transposed)
      RowTiles<Real, Formula>(walk_).run(first, last);
    else if constexpr (!Formula::of_16_bits)
      ColumnTiles<Real, Formula>(walk_).run(first, last);
    if constexpr (Formula::may_write)
      if (walk_.sends) walk_.outflow->finish();
    if (walk_.again) simd::fence();
  }

 private:
  Walk walk_;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
