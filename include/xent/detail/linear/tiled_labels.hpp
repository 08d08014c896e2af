#ifndef XENT_DETAIL_LINEAR_TILED_LABELS_HPP
#define XENT_DETAIL_LINEAR_TILED_LABELS_HPP

/// Softmax cross-entropy of labels by kernels, where the logits of a sample arrive in tiles of classes: twice, first
/// for the sums, then for the gradient.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/detail/softmax/label_tiles.hpp>
#include <xent/detail/walk/segment_sums.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Whether kernels take on labels under these options.
template <class Real>
bool takes_tiled_labels([[maybe_unused]] const CrossEntropyOptions<Real>& options,
                        [[maybe_unused]] const CrossEntropyScalars<Real>& scalars) {
  if constexpr (has_kernels<Real>)
    return label_call(options, scalars, 0).has_value();
  else
    return false;
}

/// A sample between its tiles.
template <class Real>
struct TiledSample {
  SegmentSums<Real> sums;
  Index prediction = -1;
  Real label_logit = 0;
  Index left = -1;  // how many before it are not for the kernels, if it is not
  // What makes exponentials into a gradient, as simd::Tile has it.
  Real anchor{}, k{}, top{}, factor_hi{}, factor_lo{}, unscale{}, subtracted{}, label_gradient{};

  explicit TiledSample(const Real& temperature) : sums(temperature) {}

  void keep(const simd::Tile<Real>& tile, Index j) {
    anchor = tile.anchor[j];
    k = tile.k[j];
    top = tile.top[j];
    factor_hi = tile.factor_hi[j];
    factor_lo = tile.factor_lo[j];
    unscale = tile.unscale[j];
    subtracted = tile.subtracted[j];
    label_gradient = tile.label_gradient[j];
  }
  void restore(simd::Tile<Real>& tile) const {
    tile.anchor[0] = anchor;
    tile.k[0] = k;
    tile.top[0] = top;
    tile.factor_hi[0] = factor_hi;
    tile.factor_lo[0] = factor_lo;
    tile.unscale[0] = unscale;
    tile.subtracted[0] = subtracted;
    tile.masked[0] = sums.masked;
  }
};

/// The samples of a chunk, in a buffer of the caller's. Options are those of the chunk, the targets labels.
template <class Real, class Targets>
class TiledLabels {
  using Tile = simd::Tile<Real>;
  using Rows = simd::Rows<const Real>;
  using Kernels = simd::RowKernels<Real>;

 public:
  TiledLabels(const Targets& targets, const CrossEntropyOptions<Real>& options,
              const CrossEntropyScalars<Real>& scalars, Index classes, CrossEntropyReport<Real>* report,
              std::vector<TiledSample<Real>>& buffer)
      : targets_(targets),
        options_(options),
        report_(report),
        smoothed_(!(scalars.epsilon == Wide<Real>(0))),
        call_(label_call(options, scalars, classes)),
        samples_(buffer) {}

  /// Whether kernels take on the call.
  bool usable() const { return call_.has_value(); }

  void begin(Index count) { samples_.assign(static_cast<std::size_t>(count), TiledSample<Real>(options_.temperature)); }

  /// Logits of the classes from `first` on of sample j, for the sums.
  void push(Index j, const Real* z, Index first, Index classes) {
    TiledSample<Real>& sample = samples_[static_cast<std::size_t>(j)];
    const Index label = targets_.label(j) - first;
    if (label >= 0 && label < classes) sample.label_logit = z[label];
    const Real before = sample.sums.maximum;
    Tile tile;
    simd::Traffic<Real> traffic{};
    const auto sums = [&](const Rows& row, Index size) {
      const simd::Rows<Real> none{nullptr, 0};
      if (smoothed_ || report_)
        Kernels::sums_and_moments(*call_, row, size, 1, none, &traffic, &tile);
      else
        Kernels::sums(*call_, row, size, 1, none, &traffic, &tile);
    };
    tile.guessed = false;
    sample.sums.add_all(*call_, z, classes, false, sums, &traffic, &tile);
    if (!report_ || !(sample.sums.maximum > before)) return;
    Kernels::predictions({z, classes}, classes, 1, tile, &sample.prediction);
    sample.prediction += first;
  }

  /// After all classes: the losses, and what the gradient needs. Adds to `left` the samples that are not for the
  /// kernels, of which nothing is added up.
  void finish(bool with_gradient, CrossEntropySums<Real>& sums, std::vector<Index>& left) {
    const auto count = static_cast<Index>(samples_.size());
    const PortablePath<Real> none{[](Index /*i*/, Sample<Real> /*out*/) {}, [](Index /*i*/) {}};
    LabelFormula<Real, Targets> formula(targets_, false, smoothed_, report_ && with_gradient, options_, report_, none,
                                        sums);
    for (Index first = 0; first < count; first += Tile::most)
      finish(formula, first, (std::min)(Tile::most, count - first), left);
  }

  /// Which of those that are left sample j is; -1 if it is not.
  Index left(Index j) const { return samples_[static_cast<std::size_t>(j)].left; }

  /// Logits of the classes from `first` on of sample j become their gradient.
  void write_gradient(Index j, Real* z, Index first, Index classes) const {
    const TiledSample<Real>& sample = samples_[static_cast<std::size_t>(j)];
    Tile tile;
    simd::Traffic<Real> traffic{};
    sample.restore(tile);
    Kernels::exponentiate(*call_, tile, 0, z, classes, &traffic, z, false);
    const Index label = targets_.label(j) - first;
    if (label >= 0 && label < classes) z[label] = sample.label_gradient;
  }

 private:
  void finish(LabelFormula<Real, Targets>& formula, Index first, Index count, std::vector<Index>& left) {
    Tile tile;
    tile.weigh_equally();
    tile.guessed = false;
    TiledSample<Real>* const samples = &samples_[static_cast<std::size_t>(first)];
    Real label_logits[Tile::most];
    for (Index j = 0; j < count; ++j) {
      tile.maximum[j] = samples[j].sums.maximum;
      label_logits[j] = samples[j].label_logit;
      if (report_) report_->prediction[first + j] = samples[j].prediction;
    }
    // Whatever the class, it is the logit of the label.
    const Samples<const Real> logits{label_logits, call_->classes, count, 0, 1};
    const TileMask present = formula.take(logits, first, count, tile);
    const TileMask admitted = formula.shift(*call_, count, tile) & present;
    for (Index j = 0; j < count; ++j) samples[j].sums.store(j, &tile);
    const TileMask regular = formula.finish(*call_, first, count, admitted, tile);
    for (Index j = 0; j < count; ++j) {
      samples[j].keep(tile, j);
      if ((regular & tile_bit(j)) != 0) continue;
      samples[j].left = static_cast<Index>(left.size());
      left.push_back(first + j);
    }
  }

  const Targets& targets_;
  const CrossEntropyOptions<Real>& options_;
  CrossEntropyReport<Real>* report_;
  bool smoothed_;
  std::optional<simd::Call<Real>> call_;
  std::vector<TiledSample<Real>>& samples_;
};

/// What there is in its place for other targets and numbers.
struct NoTiledLabels {
  template <class... Arguments>
  explicit NoTiledLabels(const Arguments&... /*arguments*/) {}

  static constexpr bool usable() { return false; }
  static void begin(Index /*count*/) {}
  template <class Real>
  static void push(Index /*j*/, const Real* /*z*/, Index /*first*/, Index /*classes*/) {}
  template <class Sums>
  static void finish(bool /*with_gradient*/, Sums& /*sums*/, std::vector<Index>& /*left*/) {}
  static Index left(Index j) { return j; }
  template <class Real>
  static void write_gradient(Index /*j*/, Real* /*z*/, Index /*first*/, Index /*classes*/) {}
};
template <class Real, class Targets>
using TiledTargets =
    std::conditional_t<has_kernels<Real> && Targets::are_labels, TiledLabels<Real, Targets>, NoTiledLabels>;

}  // namespace detail
XENT_NAMESPACE_END

#endif
