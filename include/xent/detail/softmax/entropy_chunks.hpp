#ifndef XENT_DETAIL_SOFTMAX_ENTROPY_CHUNKS_HPP
#define XENT_DETAIL_SOFTMAX_ENTROPY_CHUNKS_HPP

/// The entropies of samples of logits, and their gradients, by the kernels of simd/: samples of few classes side by
/// side, others one by one.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/softmax/entropy_rows.hpp>
#include <xent/detail/softmax/logit_numbers.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/gathered_rows.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/outflow_buffers.hpp>
#include <xent/detail/walk/runs_out.hpp>
#include <xent/detail/walk/sample_chunks.hpp>
#include <xent/detail/walk/side_by_side.hpp>
#include <xent/simd/kernels/entropy.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Sample j of a chunk by portable(i, alpha, gradient), the path of one sample; an absent one has the gradient 0.
template <class Real, class Portable, class Out>
void take_one(SampleChunk<Real>& chunk, Index j, const Portable& portable, Index classes, Sample<Out> gradient) {
  if (!chunk.is_absent(j))
    chunk.term_of(j) = portable(chunk.first + j, chunk.alpha_of(j), gradient);
  else if (gradient.data != nullptr)
    fill(gradient, classes, Real(0));
}

/// A block of samples of one call: a function of its chunks.
template <class Real, class Scalar, class Out, class Portable>
class EntropyChunks {
  using Chunk = SampleChunk<Real>;

 public:
  EntropyChunks(const Samples<const Scalar>& z, const Samples<Out>& gradient, const Real& temperature, bool with_report,
                const Portable& portable)
      : portable_(portable), z_(z), gradient_(gradient) {
    works_ = uses_kernels(temperature) && z.classes > 0;
    if (!works_) return;
    call_ = logit_call(temperature, with_report);
    const bool stream = lies_in_rows<Real>(gradient) && is_streamed(gradient, z);
    if (z.classes > SideBySide<Real>::most_classes)
      rows_.emplace(temperature, z.classes, stream);
    else if (stream && gradient.sample_stride == z.classes)
      outflow_.emplace(traffic_, SideBySide<Real>::size);
  }
  EntropyChunks(const EntropyChunks&) = delete;
  EntropyChunks& operator=(const EntropyChunks&) = delete;
  ~EntropyChunks() {
    if (outflow_) outflow_->finish();
  }

  void operator()(Chunk& chunk) {
    const Index n = z_.classes;
    if (!works_) {
      for (Index j = 0; j < chunk.count; ++j) take_one(chunk, j, portable_, n, gradient_[chunk.first + j]);
      return;
    }
    const bool lies = lies_in_rows<Real>(z_) && lies_in_rows<Real>(gradient_);
    const Index most = !rows_ ? SideBySide<Real>::samples(n) : lies ? Chunk::most : GatheredRows<Real>::together(n);
    for (Index j = 0; j < chunk.count; j += most) {
      const Index count = (std::min)(most, chunk.count - j);
      if (!rows_)
        tile(chunk, j, count);
      else if (lies)
        rows(chunk, j, count);
      else
        gathered(chunk, j, count);
    }
  }

 private:
  void tile(Chunk& chunk, Index from, Index count) {
    const Index n = z_.classes;
    const Index first = chunk.first + from;
    const bool writes = gradient_.data != nullptr;
    set_alphas(chunk, from, count, numbers_);
    tile_.load(z_, first, count, &traffic_);
    const TileMask regular =
        simd::EntropyKernels<Real>::of_samples(call_, tile_.rows(), n, count, kept_.data(), writes, &numbers_);
    for (Index j = 0; j < count; ++j) {
      if ((regular & tile_bit(j)) != 0 && is_for_kernels(chunk, from + j))
        take_numbers(numbers_, j, call_.with_report, writes, chunk.term_of(from + j));
      else
        take_one(chunk, from + j, portable_, n, writes ? tile_[j] : Sample<Real>{nullptr, 1});
    }
    if (!writes) return;
    if constexpr (std::is_same_v<Out, Real>) {
      if (outflow_) {
        Real* const target = gradient_[first].data;
        tile_.store(Samples<Real>{outflow_->buffer(target), n, count, 1, n}, 0);
        return outflow_->send(n * count, target);
      }
    }
    tile_.store(gradient_, first);
  }

  void rows([[maybe_unused]] Chunk& chunk, [[maybe_unused]] Index from, [[maybe_unused]] Index count) {
    if constexpr (std::is_same_v<Scalar, Real> && std::is_same_v<Out, Real>) {
      for (Index j = from; j < from + count; ++j) {
        const Index i = chunk.first + j;
        const Real* const ahead = i + 1 < z_.count ? z_[i + 1].data : nullptr;
        if (!row(chunk, j, z_[i].data, gradient_[i].data, ahead))
          take_one(chunk, j, portable_, z_.classes, gradient_[i]);
      }
    }
  }

  void gathered(Chunk& chunk, Index from, Index count) {
    const Index first = chunk.first + from;
    gathered_.load(z_, first, count);
    for (Index j = 0; j < count; ++j) {
      Real* const to = gradient_.data == nullptr ? nullptr : gathered_[j];
      if (!row(chunk, from + j, gathered_[j], to, nullptr))
        take_one(chunk, from + j, portable_, z_.classes, Sample<Real>{to, 1});
    }
    if (gradient_.data != nullptr) gathered_.store(gradient_, first, count);
  }

  /// False, with nothing written, if the sample is not for the kernels.
  bool row(Chunk& chunk, Index j, const Real* z, Real* gradient, const Real* ahead) {
    if (!is_for_kernels(chunk, j)) return false;
    const auto term = rows_->sample(z, z_.classes, chunk.alpha_of(j), gradient, ahead, call_.with_report);
    if (term) chunk.term_of(j) = *term;
    return term.has_value();
  }

  bool works_ = false;
  simd::LogitCall call_{};
  const Portable& portable_;
  Samples<const Scalar> z_;
  Samples<Out> gradient_;
  std::optional<EntropyRows<Real>> rows_{};
  GatheredRows<Real> gathered_{};
  simd::Traffic<Real> traffic_{};
  std::optional<OutflowBuffers<Real>> outflow_{};
  simd::LogitNumbers<Real> numbers_{};
  SideBySide<Real> tile_{};
  static constexpr Index kept = 8 * SideBySide<Real>::most_classes;
  alignas(64) std::array<double, static_cast<std::size_t>(kept)> kept_;  // NOLINT: written before it is read
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
