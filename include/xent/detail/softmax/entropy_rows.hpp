#ifndef XENT_DETAIL_SOFTMAX_ENTROPY_ROWS_HPP
#define XENT_DETAIL_SOFTMAX_ENTROPY_ROWS_HPP

/// The entropy of a sample of logits, and its gradient, by the kernels of simd/. What else a sample may be than finite
/// (NaN, +inf, no finite logit), and numbers that leave the range on the way, are left to entropy_sample.hpp.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/outflow_buffers.hpp>
#include <xent/detail/walk/sample_losses.hpp>
#include <xent/simd/kernels/entropy.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/simd/kernels/samples.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A block of samples of one call.
template <class Real>
class EntropyRows {
  using W = Wide<Real>;
  using Rows = simd::RowKernels<Real>;
  static constexpr Index most = OutflowBuffers<Real>::size;  // classes that are kept in cache
  static constexpr double unscale = 1 / static_cast<double>(simd::CoefficientScale<Real>::of_loss);

 public:
  /// `stream`: gradients go past the caches.
  EntropyRows(const Real& temperature, Index classes, bool stream)
      : works_(uses_kernels(temperature)),
        call_(kernel_call(temperature)),
        temperature_(widen<W>(temperature)),
        stream_(stream) {
    std::fill_n(tile_.maximum, first_lanes, Real(0));
    std::fill_n(tile_.label_logit, first_lanes, Real(0));
    if (works_ && stream) outflow_.emplace(traffic_, most_kept(classes));
    if (works_ && classes > most && classes <= OutflowBuffers<Real>::most)
      kept_of_long_.resize(static_cast<std::size_t>(classes));
  }
  EntropyRows(const EntropyRows&) = delete;
  EntropyRows& operator=(const EntropyRows&) = delete;
  ~EntropyRows() {
    if (outflow_) outflow_->finish();
  }

  /// The sample z of n classes; nothing, with nothing written, if it is not for the kernels. Its gradient, times alpha,
  /// goes to `slopes` unless that is null; `ahead`, which may be null, is where the next sample lies. Without a report
  /// neither the prediction nor the temperature gradient is computed.
  std::optional<SampleTerm<Real>> sample(const Real* logits, Index n, const W& alpha, Real* slopes, const Real* ahead,
                                         bool with_report) {
    if (!works_) return std::nullopt;
    if (ahead != nullptr) {
      traffic_.fetched = reinterpret_cast<const char*>(ahead);
      traffic_.end = reinterpret_cast<const char*>(ahead + n);
    }
    const simd::Rows<const Real> row{logits, 0};
    Rows::maxima(row, n, 1, &traffic_, &tile_);
    if (!is_finite(tile_.maximum[0])) return std::nullopt;
    simd::SampleKernels<Real>::shift(call_, 1, &tile_);
    const bool keeps = slopes != nullptr && (n <= most || !kept_of_long_.empty());
    Real* const kept = kept_of_long_.empty() ? kept_.data() : kept_of_long_.data();
    Rows::sums_and_moments(call_, row, n, 1, {keeps ? kept : nullptr, 0}, &traffic_, &tile_);
    if (!(tile_.rest_hi[0] >= 0)) return std::nullopt;  // NaN

    const W m = widen<W>(tile_.maximum[0]);
    const W rest = wide_sum<Real>({tile_.rest_hi[0], tile_.rest_lo[0]});
    const W one = wide_sum<Real>({tile_.one_hi[0], tile_.one_lo[0]});
    const W moment = wide_sum<Real>({tile_.moment_hi[0], tile_.moment_lo[0]});
    const W distance = moment / W(rest + one);  // of the average class from the maximum
    const W log_sum = log_of_sum(rest, one);
    SampleTerm<Real> term;
    term.loss = log_sum + W(distance / temperature_);
    term.entropy = narrow<Real>(term.loss);
    term.logsumexp = narrow<Real>(W(W(m / temperature_) + log_sum));
    if (with_report) Rows::predictions(row, n, 1, tile_, &term.prediction);
    if (slopes == nullptr) return term;

    // Divided by the sum of the exponentials as they are kept.
    const W kept_sum = W(rest + widen<W>(tile_.stored_one[0])) * W(unscale);
    const W factor = W(alpha / kept_sum) / temperature_;
    const W size = factor < W(0) ? W(W(0) - factor) : factor;
    if (!(size > W(least_factor)) || !(size < W(greatest_factor))) return std::nullopt;
    const bool large = size > W(1);
    const Real center = narrow<Real>(W(m - distance));  // its rest keeps the digits of a small distance
    const simd::EntropyScalars<Real> scalars{{center, narrow<Real>(W(W(m - widen<W>(center)) - distance))},
                                             split_factor<Real>(large ? W(factor * W(unscale)) : factor),
                                             large ? Real(1) : static_cast<Real>(unscale)};
    const bool flows = outflow_ && keeps;
    Real* const result = flows ? outflow_->buffer(logits) : slopes;
    const bool stream = stream_ && !flows;
    W sum(0);
    tile_.where[0] = 0;
    const Index at_once = keeps ? n : most;
    for (Index first = 0; first < n; first += at_once) {
      const Index count = (std::min)(at_once, n - first);
      if (!keeps) Rows::sums(call_, {logits + first, 0}, count, 1, {kept, 0}, &traffic_, &tile_);  // again
      sum += wide_sum<Real>(simd::EntropyKernels<Real>::slopes(logits + first, kept, count, scalars, result + first,
                                                               stream, with_report));
    }
    term.temperature_gradient = sum / temperature_;
    if (flows) outflow_->send(n, slopes);
    return term;
  }

 private:
  /// What a buffer is for: the classes of samples that are kept.
  static Index most_kept(Index classes) {
    return classes <= OutflowBuffers<Real>::most ? (std::max)(classes, most) : most;
  }

  static constexpr Index first_lanes = 16;
  static constexpr double least_factor = std::is_same_v<Real, float> ? 0x1p-90 : 0x1p-700;
  static constexpr double greatest_factor = std::is_same_v<Real, float> ? 0x1p50 : 0x1p200;  // as in samples.inl

  bool works_;
  simd::Call<Real> call_;
  W temperature_;
  bool stream_;
  simd::Traffic<Real> traffic_{};
  std::optional<OutflowBuffers<Real>> outflow_{};
  simd::Tile<Real> tile_{};
  std::vector<Real> kept_of_long_{};
  alignas(64) std::array<Real, static_cast<std::size_t>(most)> kept_;  // NOLINT: written before it is read
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
