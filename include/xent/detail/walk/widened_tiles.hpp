#ifndef XENT_DETAIL_WALK_WIDENED_TILES_HPP
#define XENT_DETAIL_WALK_WIDENED_TILES_HPP

/// Tiles of logits that are stored in 16 bits: widened into a buffer, computed there in place as floats, rounded once
/// on the way out. Logits that have strides along both axes, or other ones than the results, are copied there.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/outflow_buffers.hpp>
#include <xent/detail/walk/streamed_columns.hpp>
#include <xent/detail/walk/tiles.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Whether there are kernels for logits of type Scalar, numbers of type Real and results of type Out.
template <class Real, class Scalar, class Out>
inline constexpr bool has_tiles = has_kernels<Real> &&
                                  (std::is_same_v<Scalar, Real> ? std::is_same_v<Out, Real> : is_16_bit<Scalar>);

/// Whether samples lie one after the other without gaps: then many short ones are converted like a long one.
template <class Scalar>
bool gapless(const Samples<Scalar>& samples) {
  return samples.class_stride == 1 && samples.sample_stride == samples.classes;
}

/// Samples [first, first + count) into a buffer. What is converted at once is a sample, or all of them, or,
/// where they lie side by side, a class of them.
template <class Scalar, class Real>
void widen_samples(const Samples<const Scalar>& z, Index first, Index count, const Samples<Real>& buffer) {
  if (buffer.class_stride != 1) {
    for (Index k = 0; k < z.classes; ++k) widen_sample(Sample<const Scalar>{&z[first][k], 1}, count, &buffer[0][k]);
  } else {
    const Index at_once = gapless(z) ? count : 1;
    for (Index j = 0; j < count; j += at_once) widen_sample(z[first + j], z.classes * at_once, buffer[j].data);
  }
}

/// And back.
template <class Out, class Real>
void narrow_samples(const Samples<Real>& buffer, Index count, const Samples<Out>& out, Index first, bool stream) {
  if (buffer.class_stride != 1) {
    for (Index k = 0; k < out.classes; ++k) narrow_sample(&buffer[0][k], count, Sample<Out>{&out[first][k], 1}, false);
  } else {
    const Index at_once = gapless(out) ? count : 1;
    for (Index j = 0; j < count; j += at_once)
      narrow_sample(buffer[j].data, out.classes * at_once, out[first + j], stream);
  }
}

/// A formula whose logits become floats when their maxima are found, and whose results become 16 bits when the
/// exponentials are scaled, without walks of their own.
template <class Formula, class Scalar, class Out>
class Formula16Bits {
  using Tile = simd::Tile<float>;
  using Call = simd::Call<float>;

 public:
  static constexpr bool of_logits = false;
  static constexpr bool of_16_bits = true;
  static constexpr bool may_want_moments = Formula::may_want_moments;
  static constexpr bool may_write = true;

  Formula16Bits(Formula& formula, const Samples<const Scalar>& z, const Samples<Out>& out, bool stream)
      : formula_(formula), z_(z), out_(out), stream_(stream) {}

  static bool writes_multiples() { return false; }  // of a tile, that is: they are made elsewhere
  bool absent(Index i) const { return formula_.absent(i); }
  bool wants_moments() const { return formula_.wants_moments(); }
  static bool refuses_late() { return false; }  // the logits are kept until there are results
  static bool is_plain() { return false; }
  static bool takes_guesses() { return false; }
  static const Index* labels() { return nullptr; }
  Index* predictions(Index first) const { return formula_.predictions(first); }
  void maxima(Index first, Index count, const simd::Rows<float>& to, simd::Traffic<float>* traffic, Tile* tile) const {
    ConversionOf<Scalar>::maxima(z_[first].data, z_.sample_stride, z_.classes, count, to, traffic, tile);
  }
  TileMask take(const Samples<const float>& z, Index first, Index count, Tile& tile) {
    return formula_.take(z, first, count, tile);
  }
  TileMask shift(const Call& call, Index count, Tile& tile) { return formula_.shift(call, count, tile); }
  TileMask finish(const Call& call, Index first, Index count, TileMask admitted, Tile& tile) {
    first_ = first;
    return formula_.finish(call, first, count, admitted, tile);
  }
  /// What leaves past the caches does so while the next sample is computed, in pairs of numbers, or at once.
  void write(Index j, const Tile& tile, const float* e, simd::Traffic<float>& traffic) {
    const Index n = z_.classes;
    Sample<Out> out = out_[first_ + j];
    auto* const pairs = reinterpret_cast<float*>(out.data);
    const bool flows = stream_ && n % 2 == 0 && reinterpret_cast<std::uintptr_t>(pairs) % sizeof(float) == 0;
    if (flows) {
      if (!outflow_) outflow_.emplace(traffic, n / 2);
      out.data = reinterpret_cast<Out*>(outflow_->buffer(pairs));
    }
    ConversionOf<Out>::scale(tile, j, e, n, out.data, stream_ && !flows);
    const auto patch = formula_.patch(j, tile);
    if (patch.k >= 0) out[patch.k] = static_cast<Out>(patch.value);
    if (flows) outflow_->send(n / 2, pairs);
  }
  /// After the last sample, and before the traffic of the tiles ends.
  void finish_all() {
    if (outflow_) outflow_->finish();
  }
  /// Not in the buffer.
  void portable(Index i, Sample<float> /*buffer*/) const { formula_.portable_in_place(i); }

 private:
  Formula& formula_;
  Samples<const Scalar> z_;
  Samples<Out> out_;
  bool stream_;
  Index first_ = 0;
  std::optional<OutflowBuffers<float>> outflow_{};
};

/// run_tiles for logits of 16 bits, or of other strides.
template <class Formula, class Scalar, class Out, class Real>
bool run_widened_tiles(const Samples<const Scalar>& z, const Samples<Out>* out, const simd::Call<Real>& call,
                       const Real& temperature, Index first, Index last, Formula& formula) {
  constexpr Index room =
      65536 / sizeof(Real);  // of which samples one after the other use a quarter, to stay in a first-level cache
  const Index n = z.classes;
  if (!uses_kernels(temperature) || n == 0) return false;
  const bool large = n * z.count * static_cast<Index>(sizeof(Scalar)) >= beyond_caches;
  const bool side_by_side = z.class_stride != 1 && z.sample_stride == 1 && (!out || out->sample_stride == 1);
  constexpr Index widest = simd::Tile<Real>::most;
  const Index most = !side_by_side ? (std::max<Index>)(1, room / 4 / n)
                     : large       ? widest
                                   : (std::max<Index>)(1, (std::min)(widest, room / n));
  alignas(64) std::array<Real, static_cast<std::size_t>(room)> on_stack;  // NOLINT: written before it is read
  std::vector<Real> heap(n * most > room ? static_cast<std::size_t>(n * most) : 0);
  Real* const buffer = heap.empty() ? on_stack.data() : heap.data();
  const Samples<Real> results{buffer, n, most, side_by_side ? most : 1, side_by_side ? 1 : n};
  const Samples<const Real> widened{buffer, n, most, results.class_stride, results.sample_stride};
  const bool in_place = out && static_cast<const void*>(out->data) == static_cast<const void*>(z.data);
  const bool stream = !in_place && large;  // results that leave the caches anyway
  const auto run = [&](auto& chosen, const auto& before, const auto& after, const auto& at_end) {
    Tiles<Real, RemoveCvref<decltype(chosen)>> tiles(widened, out ? &results : nullptr, call, temperature, chosen,
                                                     std::is_same_v<Scalar, Real>);
    if (!tiles.works()) return false;
    for (Index i = first; i < last; i += most) {
      const Index count = (std::min)(most, last - i);
      before(i, count);
      if (stream && z.class_stride == 1 && i + most < last) {
        const Scalar* const next = z[i + most].data;
        tiles.fetch(next, next + (std::min)(most, last - i - most) * z.sample_stride);
      }
      tiles.run(0, count, i);
      after(i, count);
    }
    at_end();
    if (stream) simd::fence();
    return true;
  };
  if constexpr (is_16_bit<Out> && Formula::may_write && !Formula::of_logits) {
    using Fused = Formula16Bits<Formula, Scalar, Out>;  // shorter samples share lines: they are written together
    if (out && z.class_stride == 1 && out->class_stride == 1 && n >= room / 4 && Tiles<float, Fused>::keeps_rows(n) &&
        formula.writes_multiples()) {
      Fused fused(formula, z, *out, stream);
      const auto nothing = [](Index /*i*/, Index /*count*/) {};
      return run(fused, nothing, nothing, [&] { fused.finish_all(); });
    }
  }
  return run(
      formula, [&](Index i, Index count) { widen_samples(z, i, count, results); },
      [&](Index i, Index count) {
        if constexpr (Formula::may_write)
          if (out) narrow_samples(results, count, *out, i, stream);
      },
      [] {});
}

/// Samples [first, last) of a call; false if none of it is for the kernels. `out` may be null.
template <class Formula, class Scalar, class Out, class Real>
bool run_tiles(const Samples<const Scalar>& z, const Samples<Out>* out, const simd::Call<Real>& call,
               const Real& temperature, Index first, Index last, Formula& formula) {
  if constexpr (std::is_same_v<Scalar, Real>) {
    using Columns = StreamedColumns<Real, Formula>;
    if (Columns::suits(z, out, temperature, formula)) {
      Columns(z, out, call, formula).run(first, last);
      return true;
    }
    Tiles<Real, Formula> tiles(z, out, call, temperature, formula);
    if (tiles.works()) tiles.run(first, last);
    if (tiles.works() || Tiles<Real, Formula>::suits(z, out)) return tiles.works();
  }
  return run_widened_tiles<Formula>(z, out, call, temperature, first, last, formula);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
