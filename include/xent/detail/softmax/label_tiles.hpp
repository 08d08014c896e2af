#ifndef XENT_DETAIL_SOFTMAX_LABEL_TILES_HPP
#define XENT_DETAIL_SOFTMAX_LABEL_TILES_HPP

/// Softmax cross-entropy of labels, smoothed or not, by the kernels of simd/.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_formula.hpp>
#include <xent/detail/softmax/cross_entropy_sample.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/widened_tiles.hpp>
#include <xent/simd/kernels/labels.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/types.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Beyond these, the numbers of a sample take no time that matters.
inline constexpr Index most_classes_plain = 1024;

template <class Real, class Targets>
class LabelFormula final : public CrossEntropyFormula<Real> {
  using Base = CrossEntropyFormula<Real>;
  using Kernels = simd::SampleKernels<Real>;
  using Plain = simd::LabelKernels<Real>;
  using Base::options_;
  using Base::report_;
  using Base::sums_;
  using typename Base::Call;
  using typename Base::Patch;
  using typename Base::Tile;
  using typename Base::W;

 public:
  /// With `slopes`, the temperature gradient is wanted. `plain` if the loss of a label is all there is to it.
  LabelFormula(const Targets& targets, bool plain, bool smoothed, bool slopes, const CrossEntropyOptions<Real>& options,
               CrossEntropyReport<Real>* report, const PortablePath<Real>& portable, CrossEntropySums<Real>& sums)
      : Base(options, report, portable, sums),
        targets_(targets),
        plain_(plain),
        smoothed_(smoothed),
        slopes_(slopes && report) {}

  bool absent(Index i) const override { return is_absent(targets_, i, options_); }
  bool wants_moments() const override { return report_ != nullptr || smoothed_; }
  bool refuses_late() const override { return smoothed_; }

  TileMask take(const Samples<const Real>& z, Index first, Index count, Tile& tile) override {
    present_ = 0;
    targets_.read_labels(first, count, labels_);
    for (Index j = 0; j < count; ++j) {
      const Index label = labels_[j];
      labels_[j] = label >= 0 && label < z.classes ? label : 0;  // under weight 0 it may be anything
      present_ |= static_cast<TileMask>(label != options_.ignore_index) << static_cast<unsigned>(j);
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

  bool is_plain() const override { return plain_ && !report_; }
  bool few_classes(const Call& call, const simd::Rows<Real>& z, Index first, Index count, bool writes, const Tile& tile,
                   simd::Traffic<Real>& traffic) override {
    const Index ignored = options_.ignore_index;
    const std::int32_t* labels = count == Tile::most ? targets_.integers(first) : nullptr;
    auto absent = static_cast<Real>(ignored);  // which is no label if it is rounded
    std::array<std::int32_t, static_cast<std::size_t>(Tile::most)> copy{};
    if (labels == nullptr) {
      targets_.read_labels(first, count, labels_);
      for (Index j = 0; j < count; ++j)
        copy[static_cast<std::size_t>(j)] = static_cast<std::int32_t>(labels_[j] == ignored ? -1 : labels_[j]);
      labels = copy.data();
      absent = Real(-1);
    }
    simd::LossSums tile_sums{};
    if (!Plain::few_classes(call, z, call.classes, count, writes, labels, absent, tile, &traffic, &tile_sums))
      return false;
    sums_.loss += wide<W>(tile_sums.loss);
    return true;
  }

  TileMask shift(const Call& call, Index count, Tile& tile) override {
    if (plain_) plainly_shifted_ = Plain::plain_shift(call, count, &tile);
    if ((present_ & ~plainly_shifted_) == 0 && !report_) return plainly_shifted_;
    Kernels::shift(call, count, &tile);  // the same shifts
    return plainly_shifted_ | Kernels::admitted_labels(call, count, tile);
  }

  TileMask finish(const Call& call, Index first, Index count, TileMask admitted, Tile& tile) override {
    simd::LossSums tile_sums{};
    const TileMask others = admitted & ~plainly_shifted_;
    TileMask regular = 0;
    if (others != 0 || report_) {
      const bool reports = report_ != nullptr;
      regular = Kernels::label_numbers(reports, call, count, admitted, &tile, &tile_sums) & others;
      if (slopes_) sums_.temperature_gradient += wide<W>(tile_sums.temperature_gradient);
      sums_.z_loss += wide<W>(tile_sums.z_loss);
      if (plain_) Kernels::label_numbers(reports, call, count, others, &tile, &tile_sums);  // the loss of these alone
      sums_.loss += wide<W>(tile_sums.loss);
    }
    if (plain_) {  // in place of the numbers that there may be: a report does not change a bit of the results
      regular |= Plain::plain_label_numbers(call, count, admitted & plainly_shifted_, &tile, &tile_sums);
      sums_.loss += wide<W>(tile_sums.loss);
    }
    if (report_) {
      this->write_report(tile, first, count);
      this->count_correct(regular, labels_, first, count);
    }
    return regular;
  }

  void write_rows(const RowResults<Real>& r) const override {
    MultipleOfExponentials<Real>::write_rows(r);
    for (Index j = 0; j < r.count; ++j) r.out[j][labels_[j]] = r.tile.label_gradient[j];
  }
  void write_columns(const ColumnResults<Real>& r) const override {
    MultipleOfExponentials<Real>::write_columns(r);
    for (Index j = 0; j < r.count; ++j) r.out[labels_[j]][j] = r.tile.label_gradient[j];
  }
  bool writes_multiples() const override { return true; }
  Patch patch(Index j, const Tile& tile) const override { return {labels_[j], tile.label_gradient[j]}; }

 private:
  const Targets& targets_;
  bool plain_;
  bool smoothed_;
  bool slopes_;
  TileMask present_ = 0;
  TileMask plainly_shifted_ = 0;
  Index labels_[Tile::most] = {};
};

/// Samples [first, last) with labels; false if none of the call is for the kernels.
template <class Real, class Scalar, class Out, class Targets>
bool label_tiles(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                 const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                 CrossEntropyReport<Real>* report, Index first, Index last, const PortablePath<Real>& portable,
                 CrossEntropySums<Real>& sums) {
  using W = Wide<Real>;
  if (scalars.denominator == W(0) || (!(scalars.epsilon == W(0)) && options.class_weights.size() != 0)) return false;
  auto call = kernel_call(scalars.temperature, scalars.denominator, scalars.z_loss);
  if (!(call.slope_unit.hi >= 0x1p-900) || !(call.slope_unit.hi <= 0x1p900)) return false;
  call.classes = z.classes;
  call.epsilon = twice(scalars.epsilon);
  call.to_others = scalars.smoothing == Smoothing::other_classes;
  const bool smoothed = call.epsilon.hi > 0;
  const bool plain = !smoothed && z.classes <= most_classes_plain && scalars.z_loss == W(0) &&
                     options.sample_weights.size() == 0 && options.class_weights.size() == 0 &&
                     call.slope_unit.hi <= 1 && call.slope_unit.hi >= 0x1p-30;
  LabelFormula<Real, Targets> formula(targets, plain, smoothed, gradient != nullptr, options, report, portable, sums);
  return run_tiles<CrossEntropyFormula<Real>>(z, gradient, call, scalars.temperature, first, last, formula);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
