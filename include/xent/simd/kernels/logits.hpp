#ifndef XENT_SIMD_KERNELS_LOGITS_HPP
#define XENT_SIMD_KERNELS_LOGITS_HPP

/// What the loops over samples of logits that have entropies and divergences have in common.

#include <xent/config.hpp>
#include <xent/simd/kernels/coefficients.hpp>

#include <cstddef>

XENT_NAMESPACE_BEGIN
namespace simd {

/// What the samples of a call share. With a report, entropies, predictions and temperature gradients are computed.
struct LogitCall {
  SplitFactor<double> log2e_over_t, one_over_t;
  bool with_report;
};

/// The numbers of some samples: alpha = w / (D T) on the way in; the entropy or the divergence, its derivative with
/// respect to the temperature, and what a report says on the way out.
template <class Real>
struct LogitNumbers {
  static constexpr std::ptrdiff_t most = 64;

  alignas(64) double alpha_hi[most], alpha_lo[most];
  double value_hi[most], value_lo[most], slope_hi[most], slope_lo[most];
  Real logsumexp[most], entropy[most];
  std::ptrdiff_t prediction[most];
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/logit_lanes.inl>
#include <xent/simd/isa/each.inl>
#endif

#endif
