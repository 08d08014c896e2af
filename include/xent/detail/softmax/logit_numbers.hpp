#ifndef XENT_DETAIL_SOFTMAX_LOGIT_NUMBERS_HPP
#define XENT_DETAIL_SOFTMAX_LOGIT_NUMBERS_HPP

/// Between the chunks of a reduction and the kernels of simd/ for entropies and divergences.

#include <xent/config.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/sample_chunks.hpp>
#include <xent/detail/walk/sample_losses.hpp>
#include <xent/simd/kernels/logits.hpp>
#include <xent/types.hpp>

#include <cmath>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real>
simd::LogitCall logit_call(const Real& temperature, bool with_report) {
  const simd::Call<Real> call = kernel_call(temperature);
  return {{call.c.hi, call.c.lo}, {call.inverse_temperature.hi, call.inverse_temperature.lo}, with_report};
}

/// Not an absent sample, nor one whose products with alpha may leave the range.
template <class Real>
bool is_for_kernels(const SampleChunk<Real>& chunk, Index j) {
  const double size = std::fabs(narrow<double>(chunk.alpha_of(j)));
  return !chunk.is_absent(j) && (size == 0 || (size > 0x1p-900 && size < 0x1p500));
}

/// Of `count` samples, and 0 for those that fill up the lanes.
template <class Real>
void set_alphas(const SampleChunk<Real>& chunk, Index first, Index count, simd::LogitNumbers<Real>& numbers) {
  for (Index j = 0; j < (count + 7) / 8 * 8; ++j) {
    const simd::Twice alpha = j < count ? twice(chunk.alpha_of(first + j)) : simd::Twice{0, 0};
    numbers.alpha_hi[j] = alpha.hi;
    numbers.alpha_lo[j] = alpha.lo;
  }
}

template <class Real>
void take_numbers(const simd::LogitNumbers<Real>& numbers, Index at, bool with_report, bool with_gradients,
                  SampleTerm<Real>& term) {
  term.loss = wide_sum<Real>({numbers.value_hi[at], numbers.value_lo[at]});
  if (!with_report) return;
  term.logsumexp = numbers.logsumexp[at];
  term.entropy = numbers.entropy[at];
  term.prediction = numbers.prediction[at];
  if (with_gradients) term.temperature_gradient = wide_sum<Real>({numbers.slope_hi[at], numbers.slope_lo[at]});
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
