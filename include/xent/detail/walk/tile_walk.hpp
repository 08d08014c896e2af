#ifndef XENT_DETAIL_WALK_TILE_WALK_HPP
#define XENT_DETAIL_WALK_TILE_WALK_HPP

/// What the ways to walk over the tiles of a call have in common: where samples and results are, which way they take,
/// and the tile itself.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/outflow_buffers.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real, class Formula>
struct TileWalk {
  using Tile = simd::Tile<Real>;
  using Sizes = Caches<Real>;
  static constexpr Index line = Sizes::line;
  static constexpr Index most_in_one_loop = 16;

  /// `output` may be null, and may be the memory of the logits. Maxima are not guessed unless `may_guess`.
  TileWalk(const Samples<const Real>& logits, const Samples<Real>* output, const simd::Call<Real>& of_call,
           const Real& t, Formula& of_tiles, bool may_guess)
      : z(logits), call(of_call), temperature(t), formula(of_tiles) {
    if (z.classes == 0) return;
    if (output) out = *output;
    in_place = output && output->data == z.data;
    const bool rows = lie_in_rows(z, output);
    strided = !rows && lie_side_by_side(z, output);
    works = (rows || strided) && uses_kernels(temperature);
    if (!works) return;
    tile.weigh_equally();
    is_short = rows && simd::RowKernels<Real>::are_short(z.classes) && formula.writes_multiples();
    transposed = rows && !is_short && z.classes <= Sizes::few_classes;
    guessing = may_guess && may_be_guessed(z, output, temperature, formula);
    leaves_caches = z.classes * z.count * static_cast<Index>(sizeof(Real)) >= beyond_caches;
    const bool flows = rows && output && !in_place && leaves_caches && output->sample_stride == z.classes;
    // What may be refused after its exponentials were stored must not have overwritten its logits.
    const bool keeps_logits = in_place && formula.refuses_late() && !transposed;
    const bool fits = rows && z.classes <= (leaves_caches ? OutflowBuffers<Real>::most : OutflowBuffers<Real>::size);
    works = !keeps_logits || fits;
    if (!works) return;
    sends = fits && (flows || keeps_logits);
    if (sends || (guessing && in_place && z.classes <= OutflowBuffers<Real>::size)) outflow.emplace(traffic, z.classes);
    const bool holds = strided && output && !in_place && leaves_caches && z.classes <= Sizes::second_level;
    again = (flows && !sends && !guessing) || holds;
    if (holds) held_memory.resize(static_cast<std::size_t>(z.classes * (side_by_side() + line)));
    in_one_loop = (transposed || (strided && again)) && z.classes <= most_in_one_loop && formula.is_plain();
    is_long = rows && !sends && !guessing && z.classes > Sizes::first_level &&
              (again || !output || z.classes > Sizes::second_level);
  }

  static bool lie_in_rows(const Samples<const Real>& z, const Samples<Real>* out) {
    return z.class_stride == 1 && (!out || out->class_stride == 1);
  }
  static bool lie_side_by_side(const Samples<const Real>& z, const Samples<Real>* out) {
    return z.sample_stride == 1 && (!out || out->sample_stride == 1);
  }

  /// Whether something near the maxima of such samples will do.
  static bool may_be_guessed(const Samples<const Real>& z, const Samples<Real>* out, const Real& temperature,
                             const Formula& formula) {
    return uses_kernels(temperature) && z.class_stride == 1 && (!out || out->class_stride == 1) &&
           z.classes > Sizes::few_classes && !simd::RowKernels<Real>::are_short(z.classes) && formula.takes_guesses();
  }

  /// Memory to fetch during the next run.
  void fetch(const void* from, const void* to) {
    traffic.fetched = static_cast<const char*>(from);
    traffic.end = static_cast<const char*>(to);
  }

  Samples<const Real> tile_of(Index first) const {
    Samples<const Real> samples = z;
    samples.data += first * z.sample_stride;
    return samples;
  }
  Sample<Real> place(Index i) const { return out.data ? out[i] : Sample<Real>{nullptr, 1}; }

  /// How many samples are walked side by side. On a strided class axis as many as there are slots: each visit of a
  /// class should be worth a few cache lines. Transposed ones stay in a first-level cache.
  Index side_by_side() const {
    if (strided) return Tile::most;
    return (std::min)(Tile::most, (std::max)(line, Sizes::tile / z.classes / line * line));
  }

  /// Leaves the samples of a set to the formula; `result` gives the place of the j-th.
  template <class Result>
  void leave(Index first, TileMask samples, const Result& result) {
    for (; samples != 0; samples &= samples - 1) {
      const auto j = static_cast<Index>(simd::lowest_bit(samples));
      formula.portable(offset + first + j, result(j));
    }
  }

  /// Results of a strided class axis on their way past the caches, with room for a line before each class.
  simd::Rows<Real> held() { return {held_memory.data() + line, side_by_side() + line}; }

  Samples<const Real> z;
  Samples<Real> out{};
  const simd::Call<Real>& call;
  Real temperature;
  Formula& formula;
  Index offset = 0;
  bool works = false;
  bool in_place = false;
  bool sends = false;  // results leave past the caches, by way of a buffer
  bool guessing = false;
  bool strided = false;     // samples are contiguous, classes are not
  bool is_short = false;    // samples are a few vectors each, and absent ones among them
  bool transposed = false;  // tiles are made side by side
  bool in_one_loop = false;
  bool leaves_caches = false;
  bool is_long = false;  // samples are walked in segments, their exponentials computed again ...
  bool again = false;    // ... on their way past the caches
  bool begun = false;    // parts of lines wait in front of `held`
  simd::Traffic<Real> traffic{};
  std::optional<OutflowBuffers<Real>> outflow{};
  std::vector<Real> held_memory{};
  Tile tile{};
  alignas(64) std::array<Real, static_cast<std::size_t>(Sizes::tile)> transposed_tile;  // NOLINT: written first
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
