#ifndef XENT_DETAIL_LABEL_TILES_HPP
#define XENT_DETAIL_LABEL_TILES_HPP

/// Softmax cross-entropy of labels, smoothed or not, by the kernels of simd/.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/cross_entropy_sample.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/targets.hpp>
#include <xent/detail/tiles.hpp>
#include <xent/detail/wide.hpp>
#include <xent/detail/widened_tiles.hpp>
#include <xent/types.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// What the samples of a block add up to.
template <class Real>
struct CrossEntropySums {
  using W = Wide<Real>;

  W loss{0};
  W z_loss{0};
  W temperature_gradient{0};
  Index correct = 0;

  CrossEntropySums& operator+=(const CrossEntropySums& other) {
    loss += other.loss;
    z_loss += other.z_loss;
    temperature_gradient += other.temperature_gradient;
    correct += other.correct;
    return *this;
  }
};

/// Whether there are kernels for the scalars and the targets of a call.
template <class Targets, class Real, class Scalar, class Out>
inline constexpr bool has_label_kernels = has_tiles<Real, Scalar, Out>&& Targets::are_labels;

/// Beyond these, the numbers of a sample take no time that matters.
inline constexpr Index most_classes_plain = 1024;

/// The formula of Tiles for labels; `portable(i, out)` is the path of one sample.
template <class Real, class Targets, class Portable>
class LabelFormula {
  using W = Wide<Real>;
  using Tile = simd::Tile<Real>;
  using Kernels = simd::Kernels<Real>;
  using Call = simd::Call<Real>;

 public:
  static constexpr bool of_logits = false;
  static constexpr bool of_targets = false;
  static constexpr bool of_16_bits = false;
  static constexpr bool has_few_classes = true;

  /// `report` may be null. With `slopes`, the temperature gradient is wanted. `plain` if the loss of a label is all
  /// there is to it.
  LabelFormula(const Targets& targets, bool plain, bool smoothed, bool slopes, const CrossEntropyOptions<Real>& options,
               CrossEntropyReport<Real>* report, const Portable& portable, CrossEntropySums<Real>& sums)
      : targets_(targets),
        plain_(plain),
        smoothed_(smoothed),
        slopes_(slopes && report),
        options_(options),
        report_(report),
        portable_(portable),
        sums_(sums) {}

  bool absent(Index i) const { return is_absent(targets_, i, options_); }
  bool wants_moments() const { return report_ != nullptr || smoothed_; }
  bool refuses_late() const { return smoothed_; }
  Index* predictions(Index first) const { return report_ ? &report_->prediction[first] : nullptr; }

  TileMask take(const Samples<const Real>& z, Index first, Index count, Tile& tile) {
    const Index ignored = options_.ignore_index;
    present_ = 0;
    for (Index j = 0; j < count; ++j) {
      const Index label = targets_.label(first + j);
      labels_[j] = label >= 0 && label < z.classes ? label : 0;  // under weight 0 it may be anything
      present_ |= static_cast<TileMask>(label != ignored) << static_cast<unsigned>(j);
      tile.label_logit[j] = z[j][labels_[j]];
    }
    if (options_.sample_weights.size() != 0) {
      for (Index j = 0; j < count; ++j) {
        tile.weight[j] = static_cast<double>(options_.sample_weights[first + j]);
        if (tile.weight[j] == 0) present_ &= ~tile_bit(j);
      }
    }
    if (options_.class_weights.size() != 0)
      for (Index j = 0; j < count; ++j) tile.class_weight[j] = static_cast<double>(options_.class_weights[labels_[j]]);
    return present_;
  }

  /// Whether few_classes may be called.
  bool is_plain() const { return plain_ && !report_; }
  bool few_classes(const Kernels& kernels, const Call& call, const simd::Rows<Real>& z, Index first, Index count,
                   bool writes, const Tile& tile, simd::Traffic<Real>& traffic) {
    const Index ignored = options_.ignore_index;
    const std::int32_t* labels = count == Tile::most ? integers_of(targets_, first) : nullptr;
    auto absent = static_cast<Real>(ignored);  // which is no label if it is rounded
    std::array<std::int32_t, static_cast<std::size_t>(Tile::most)> copy{};
    if (labels == nullptr) {
      for (Index j = 0; j < count; ++j) {
        const Index label = targets_.label(first + j);
        copy[static_cast<std::size_t>(j)] = static_cast<std::int32_t>(label == ignored ? -1 : label);
      }
      labels = copy.data();
      absent = Real(-1);
    }
    simd::LossSums tile_sums{};
    if (!kernels.few_classes(call, z, call.classes, count, writes, labels, absent, tile, &traffic, &tile_sums))
      return false;
    sums_.loss += wide<W>(tile_sums.loss);
    return true;
  }

  TileMask shift(const Kernels& kernels, const Call& call, Index count, Tile& tile) {
    if (plain_) plainly_shifted_ = kernels.plain_shift(call, count, &tile);
    if ((present_ & ~plainly_shifted_) == 0 && !report_) return plainly_shifted_;
    kernels.shift(call, count, &tile);
    if (plain_) kernels.plain_shift(call, count, &tile);
    return plainly_shifted_ | kernels.admitted_labels(call, count, tile);
  }

  TileMask finish(const Kernels& kernels, const Call& call, Index first, Index count, TileMask admitted, Tile& tile) {
    simd::LossSums tile_sums{};
    const TileMask others = admitted & ~plainly_shifted_;
    TileMask regular = 0;
    if (others != 0 || report_) {
      const auto numbers = report_ ? kernels.label_numbers_and_report : kernels.label_numbers;
      regular = numbers(call, count, admitted, &tile, &tile_sums) & others;
      if (slopes_) sums_.temperature_gradient += wide<W>(tile_sums.temperature_gradient);
      sums_.z_loss += wide<W>(tile_sums.z_loss);
      if (plain_) numbers(call, count, others, &tile, &tile_sums);  // the loss of these alone
      sums_.loss += wide<W>(tile_sums.loss);
    }
    if (plain_) {  // in place of the numbers that there may be: a report does not change a bit of the results
      regular |= kernels.plain_label_numbers(call, count, admitted & plainly_shifted_, &tile, &tile_sums);
      sums_.loss += wide<W>(tile_sums.loss);
    }
    if (!report_) return regular;
    for (Index j = 0; j < count; ++j) {
      report_->sample_loss[first + j] = tile.loss[j];
      report_->logsumexp[first + j] = tile.logsumexp[j];
      report_->entropy[first + j] = tile.entropy[j];
      if ((regular & tile_bit(j)) != 0 && report_->prediction[first + j] == labels_[j]) ++sums_.correct;
    }
    return regular;
  }

  template <class Out>
  void patch(Index j, const Tile& tile, Sample<Out> out) const {
    out[labels_[j]] = static_cast<Out>(tile.label_gradient[j]);
  }
  template <class Place>
  void portable(Index i, Place out) const {
    portable_(i, out);
  }

 private:
  const Targets& targets_;
  bool plain_;
  bool smoothed_;
  bool slopes_;
  const CrossEntropyOptions<Real>& options_;
  CrossEntropyReport<Real>* report_;
  const Portable& portable_;
  CrossEntropySums<Real>& sums_;
  TileMask present_ = 0;
  TileMask plainly_shifted_ = 0;
  Index labels_[Tile::most] = {};
};

/// Samples [first, last) with labels; false if none of the call is for the kernels.
template <class Real, class Scalar, class Out, class Targets, class Portable>
bool label_tiles(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                 const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                 CrossEntropyReport<Real>* report, Index first, Index last, const Portable& portable,
                 CrossEntropySums<Real>& sums) {
  using W = Wide<Real>;
  if (scalars.denominator == W(0) || (!(scalars.epsilon == W(0)) && options.class_weights.size() != 0)) return false;
  auto call = kernel_call(scalars.temperature, scalars.denominator, scalars.z_loss);
  if (!(call.slope_unit.hi >= 0x1p-900) || !(call.slope_unit.hi <= 0x1p900)) return false;
  // As if no class were masked: a sample that has one is refused.
  const SmoothedTarget<W> target(scalars.epsilon, scalars.smoothing, W(1), z.classes, 0, false);
  call.classes = z.classes;
  call.label_mass = twice(target(W(1), false));
  call.share = twice(target.share);
  const bool smoothed = call.share.hi > 0;
  const bool plain = !smoothed && z.classes <= most_classes_plain && scalars.z_loss == W(0) &&
                     options.sample_weights.size() == 0 && options.class_weights.size() == 0 &&
                     call.slope_unit.hi <= 1 && call.slope_unit.hi >= 0x1p-30;
  LabelFormula<Real, Targets, Portable> formula(targets, plain, smoothed, gradient != nullptr, options, report,
                                                portable, sums);
  return run_tiles(z, gradient, call, scalars.temperature, first, last, formula);
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
