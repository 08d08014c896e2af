#ifndef XENT_DETAIL_SOFTMAX_LABEL_TILES_HPP
#define XENT_DETAIL_SOFTMAX_LABEL_TILES_HPP

/// Softmax cross-entropy of labels, smoothed or not, by the kernels of simd/.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/cross_entropy_formula.hpp>
#include <xent/detail/softmax/cross_entropy_sample.hpp>
#include <xent/detail/softmax/two_class_labels.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/streamed_columns.hpp>
#include <xent/detail/walk/widened_tiles.hpp>
#include <xent/simd/kernels/labels.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

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
  /// With `slopes`, the report has a temperature gradient. `plain` if the loss of a label is all there is to it.
  LabelFormula(const Targets& targets, bool plain, bool smoothed, bool slopes, const CrossEntropyOptions<Real>& options,
               CrossEntropyReport<Real>* report, const PortablePath<Real>& portable, const BlockSums<Real>& sums)
      : Base(options, report, portable, sums), targets_(targets), plain_(plain), smoothed_(smoothed), slopes_(slopes) {}

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

  bool takes_guesses() const override { return !smoothed_ && !report_; }
  const Index* labels() const override { return labels_; }
  bool is_plain() const override { return plain_ && !report_; }
  bool few_classes(const Call& call, const simd::Rows<Real>& z, Index first, Index count, bool writes, const Tile& tile,
                   simd::Traffic<Real>& traffic) override {
    const Index ignored = options_.ignore_index;
    const std::int32_t* labels = count == Tile::most ? targets_.integers(first) : nullptr;
    auto absent = static_cast<Real>(ignored);  // which is no label if it is rounded
    std::array<std::int32_t, static_cast<std::size_t>(Tile::most)> copy{};
    if (labels == nullptr) {
      if (!targets_.read_small_labels(first, count, copy.data())) {
        targets_.read_labels(first, count, labels_);
        for (Index j = 0; j < count; ++j)
          copy[static_cast<std::size_t>(j)] = static_cast<std::int32_t>(labels_[j] == ignored ? -1 : labels_[j]);
        absent = Real(-1);
      }
      labels = copy.data();
    }
    simd::LossSums tile_sums{};
    if (!Plain::few_classes(call, z, call.classes, count, writes, labels, absent, tile, &traffic, &tile_sums))
      return false;
    sums_.of(first).loss += wide<W>(tile_sums.loss);
    return true;
  }

  TileMask shift(const Call& call, Index count, Tile& tile) override {
    if (plain_) plainly_shifted_ = Plain::plain_shift(call, count, &tile);
    if ((present_ & ~plainly_shifted_) == 0 && !report_) return plainly_shifted_;
    Kernels::shift(call, count, &tile);  // the same shifts
    return plainly_shifted_ | Kernels::admitted_labels(call, count, tile);
  }

  TileMask finish(const Call& call, Index first, Index count, TileMask admitted, Tile& tile) override {
    auto& sums = sums_.of(first);
    simd::LossSums tile_sums{};
    const TileMask others = admitted & ~plainly_shifted_;
    TileMask regular = 0;
    if (others != 0 || report_) {
      const bool reports = report_ != nullptr;
      regular = Kernels::label_numbers(reports, call, count, admitted, &tile, &tile_sums) & others;
      if (slopes_) sums.temperature_gradient += wide<W>(tile_sums.temperature_gradient);
      sums.z_loss += wide<W>(tile_sums.z_loss);
      if (plain_) Kernels::label_numbers(reports, call, count, others, &tile, &tile_sums);  // the loss of these alone
      sums.loss += wide<W>(tile_sums.loss);
    }
    if (plain_) {  // in place of the numbers that there may be: a report does not change a bit of the results
      regular |= Plain::plain_label_numbers(call, count, admitted & plainly_shifted_, &tile, &tile_sums);
      sums.loss += wide<W>(tile_sums.loss);
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

/// results() adds up losses and writes gradients where loops have no use for the sums of a report, which then is a walk
/// of its own: it does not change a bit of them. `formula` has the report.
template <class Real, class Formula, class Results>
void with_report_apart(const Samples<const Real>& z, const simd::Call<Real>& call, const Real& temperature, Index first,
                       Index last, Formula& formula, const BlockSums<Real>& sums, const Results& results) {
  const Index blocks = sums.until(last);
  std::array<CrossEntropySums<Real>, static_cast<std::size_t>(Blocks::most)> before{};
  std::copy(&sums[0], &sums[0] + blocks, before.begin());
  const Samples<Real>* const none = nullptr;
  if (!run_tiles<CrossEntropyFormula<Real>>(z, none, call, temperature, first, last, formula))
    for (Index i = first; i < last; ++i) formula.portable(i, {nullptr, 1});
  auto of_report = before;
  std::copy(&sums[0], &sums[0] + blocks, of_report.begin());
  std::copy(before.begin(), before.begin() + blocks, &sums[0]);
  results();
  for (Index block = 0; block < blocks; ++block) {
    const auto b = static_cast<std::size_t>(block);
    sums[block].z_loss = of_report[b].z_loss;
    sums[block].correct = of_report[b].correct;
    sums[block].temperature_gradient += of_report[b].temperature_gradient - before[b].temperature_gradient;
  }
}

/// What kernels are told of a call with labels; nothing if it is not for them.
template <class Real>
std::optional<simd::Call<Real>> label_call(const CrossEntropyOptions<Real>& options,
                                           const CrossEntropyScalars<Real>& scalars, Index classes) {
  using W = Wide<Real>;
  if (!uses_kernels(scalars.temperature) || scalars.denominator == W(0)) return {};
  if (!(scalars.epsilon == W(0)) && options.class_weights.size() != 0) return {};
  auto call = kernel_call(scalars.temperature, scalars.denominator, scalars.z_loss);
  if (!(call.slope_unit.hi >= 0x1p-900) || !(call.slope_unit.hi <= 0x1p900)) return {};
  call.classes = classes;
  call.epsilon = twice(scalars.epsilon);
  call.to_others = scalars.smoothing == Smoothing::other_classes;
  return call;
}

/// Samples [first, last) with labels; false if none of the call is for the kernels.
template <class Real, class Scalar, class Out, class Targets>
bool label_tiles(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                 const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
                 CrossEntropyReport<Real>* report, Index first, Index last, const PortablePath<Real>& portable,
                 const BlockSums<Real>& sums) {
  using W = Wide<Real>;
  const auto of_labels = label_call(options, scalars, z.classes);
  if (!of_labels) return false;
  const simd::Call<Real>& call = *of_labels;
  const bool smoothed = call.epsilon.hi > 0;
  const bool plain = !smoothed && z.classes <= most_classes_plain && scalars.z_loss == W(0) &&
                     options.sample_weights.size() == 0 && options.class_weights.size() == 0 &&
                     call.slope_unit.hi <= 1 && call.slope_unit.hi >= 0x1p-30;
  const bool pairs = std::is_same_v<Scalar, Real> && plain && z.classes == 2;
  const bool slopes = report && gradient;
  LabelFormula<Real, Targets> formula(targets, plain, smoothed, slopes && !pairs, options, report, portable, sums);
  if constexpr (std::is_same_v<Scalar, Real>) {
    const auto apart = [&](const auto& results) {
      if (report)
        with_report_apart(z, call, scalars.temperature, first, last, formula, sums, results);
      else
        results();
      return true;
    };
    if (pairs)
      return apart([&] {
        TwoClassLabels<Real, Targets>(z, targets, gradient, call, options.ignore_index, slopes, portable,
                                      sums.of(first))
            .run(first, last);
      });
    if (report) {
      using Base = CrossEntropyFormula<Real>;
      LabelFormula<Real, Targets> alone(targets, plain, smoothed, false, options, nullptr, portable, sums);
      if (StreamedColumns<Real, Base>::suits(z, gradient, scalars.temperature, alone) ||
          Tiles<Real, Base>::may_be_guessed(z, gradient, scalars.temperature, alone))
        return apart([&] { run_tiles<Base>(z, gradient, call, scalars.temperature, first, last, alone); });
    }
  }
  return run_tiles<CrossEntropyFormula<Real>>(z, gradient, call, scalars.temperature, first, last, formula);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
