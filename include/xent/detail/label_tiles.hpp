#ifndef XENT_DETAIL_LABEL_TILES_HPP
#define XENT_DETAIL_LABEL_TILES_HPP

/// Plain labels by the kernels of simd/: some samples at a time, whose exponentials are computed once and stay in cache
/// until their sum is known. What else a sample may be (absent, NaN, +inf, no finite logit, a masked label, numbers out
/// of range on the way) is not decided here: such a sample is left to the portable path.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/cross_entropy_sample.hpp>
#include <xent/detail/kernel_call.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/outflow_buffers.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <optional>
#include <type_traits>

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
inline constexpr bool has_label_kernels =
    has_kernels<Real>&& std::is_same_v<Scalar, Real>&& std::is_same_v<Out, Real>&& Targets::are_labels;

/// A block of samples of a call.
template <class Real, class Targets>
class LabelTiles {
  using W = Wide<Real>;
  using Tile = simd::Tile<Real>;

 public:
  /// `gradient` and `report` may be null; the gradient may be the memory of the logits.
  LabelTiles(const Samples<const Real>& z, const Targets& targets, const Samples<Real>* gradient,
             const CrossEntropyOptions<Real>& options, const CrossEntropyScalars<Real>& scalars,
             CrossEntropyReport<Real>* report)
      : z_(z), targets_(targets), options_(options), scalars_(scalars), report_(report) {
    const bool regular =
        z.class_stride == 1 && z.classes > 0 && scalars.epsilon == W(0) && !(scalars.denominator == W(0));
    if (!regular || (gradient && gradient->class_stride != 1)) return;
    kernels_ = kernels_for(scalars.temperature);
    if (kernels_ == nullptr) return;
    call_ = kernel_call(scalars.temperature, scalars.denominator, scalars.z_loss);
    if (gradient) gradient_ = {gradient->data, gradient->sample_stride};
    const bool in_place = gradient_.data == z.data;
    beyond_caches_ = z.classes * z.count * static_cast<Index>(sizeof(Real)) >= least_beyond_caches;
    const bool flows = gradient && !in_place && beyond_caches_;
    if (flows && z.classes <= OutflowBuffers<Real>::size && gradient_.stride == z.classes)
      outflow_.emplace(*kernels_, traffic_);
    again_ = flows && !outflow_ && z.classes > OutflowBuffers<Real>::size;
  }

  /// False if no sample of the call is for the kernels.
  bool works() const { return kernels_ != nullptr; }

  /// Samples [first, last). `portable(i, out)` does all there is to do for one sample, with its gradient in `out`.
  template <class Portable>
  void run(Index first, Index last, const Portable& portable, CrossEntropySums<Real>& sums) {
    const Index most = std::min(Tile::most, std::max<Index>(1, tile_coefficients / z_.classes));
    for (Index i = first; i < last;) {
      if (is_absent(targets_, i, options_)) {
        portable(i, Sample<Real>{gradient_.data ? gradient_[i] : nullptr, 1});
        ++i;
        continue;
      }
      Index count = 1;
      while (count < most && i + count < last && !is_absent(targets_, i + count, options_)) ++count;
      tile(i, count, portable, sums);
      i += count;
    }
    if (outflow_) outflow_->finish();
    if (again_) simd::fence();
  }

 private:
  static constexpr Index least_beyond_caches = Index{4} << 20U;                        // bytes of logits
  static constexpr Index tile_coefficients = 8192 / static_cast<Index>(sizeof(Real));  // in cache with their results

  template <class Portable>
  void tile(Index first, Index count, const Portable& portable, CrossEntropySums<Real>& sums) {
    const Index n = z_.classes;
    const simd::Rows<const Real> z{&z_[first][0], z_.sample_stride};
    const simd::Rows<Real> out{gradient_.data ? gradient_[first] : nullptr, gradient_.stride};
    for (Index j = 0; j < count; ++j) {
      const Index label = targets_.label(first + j);
      tile_.label_logit[j] = z[j][label];
      tile_.weight[j] =
          options_.sample_weights.size() == 0 ? 1 : static_cast<double>(options_.sample_weights[first + j]);
      tile_.class_weight[j] =
          options_.class_weights.size() == 0 ? 1 : static_cast<double>(options_.class_weights[label]);
    }
    if (beyond_caches_ && z.stride < 2 * n) fetch(z[2 * count], z[3 * count]);
    kernels_->maxima(z, n, count, &traffic_, &tile_);
    kernels_->shift(call_, count, &tile_);
    const auto admitted = kernels_->admitted_labels(call_, count, tile_);
    const auto bit = [](Index j) { return 1ULL << static_cast<unsigned>(j); };
    if (gradient_.data == z_.data && gradient_.data && admitted != 2 * bit(count - 1) - 1) {
      // Exponentials are about to overwrite logits that the portable path still has to read.
      if (count == 1) return portable(first, Sample<Real>{out[0], 1});
      for (Index j = 0; j < count; ++j) tile(first + j, 1, portable, sums);
      return;
    }
    if (report_) kernels_->predictions(z, n, count, tile_, &report_->prediction[first]);

    simd::Rows<Real> stored = out;
    if (again_) stored.data = nullptr;
    if (outflow_) stored = {outflow_->buffer(z.data), n};
    (report_ ? kernels_->sums_and_moments : kernels_->sums)(call_, z, n, count, stored, &traffic_, &tile_);
    simd::LossSums tile_sums{};
    const auto regular = kernels_->label_numbers(call_, count, admitted, &tile_, &tile_sums);
    sums.loss += wide(tile_sums.loss);
    if (gradient_.data) {
      if (stored.data) kernels_->scale(tile_, {stored.data, stored.stride}, n, count, &traffic_, stored);
      for (Index j = 0; j < count; ++j) {
        if (!stored.data) kernels_->exponentiate(call_, tile_, j, z[j], n, out[j], true);
        (stored.data ? stored : out)[j][targets_.label(first + j)] = tile_.label_gradient[j];
      }
    }
    if (report_) {
      if (gradient_.data) sums.temperature_gradient += wide(tile_sums.temperature_gradient);
      sums.z_loss += wide(tile_sums.z_loss);
      for (Index j = 0; j < count; ++j) {
        report_->sample_loss[first + j] = tile_.loss[j];
        report_->logsumexp[first + j] = tile_.logsumexp[j];
        report_->entropy[first + j] = tile_.entropy[j];
        if ((regular & bit(j)) != 0 && report_->prediction[first + j] == targets_.label(first + j)) ++sums.correct;
      }
    }
    for (Index j = 0; j < count; ++j)
      if ((regular & bit(j)) == 0)
        portable(first + j, Sample<Real>{stored.data ? stored[j] : out.data ? out[j] : nullptr, 1});
    if (outflow_) outflow_->send(n * count, out.data);
  }

  /// The samples of the tile after the next one. Beyond the last one there may be nothing: no fault for a prefetch.
  void fetch(const Real* from, const Real* to) {
    traffic_.fetched = reinterpret_cast<const char*>(from);
    traffic_.end = reinterpret_cast<const char*>(to);
  }

  static W wide(const simd::Twice& x) {
    if constexpr (std::is_same_v<W, double>)
      return x.hi;
    else
      return W::renormalised(x.hi, x.lo);
  }

  Samples<const Real> z_;
  const Targets& targets_;
  const CrossEntropyOptions<Real>& options_;
  const CrossEntropyScalars<Real>& scalars_;
  CrossEntropyReport<Real>* report_;
  simd::Rows<Real> gradient_{nullptr, 0};
  const simd::Kernels<Real>* kernels_ = nullptr;
  simd::Call<Real> call_{};
  bool beyond_caches_ = false;
  bool again_ = false;  // exponentials are computed again, not kept
  simd::Traffic<Real> traffic_{};
  std::optional<OutflowBuffers<Real>> outflow_{};
  Tile tile_{};
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
