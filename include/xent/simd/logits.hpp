#ifndef XENT_SIMD_LOGITS_HPP
#define XENT_SIMD_LOGITS_HPP

/// What the loops over samples of logits that have entropies and divergences are told, and what they answer. The loops
/// are in entropy.inl and divergence_sweeps.inl.

#include <xent/config.hpp>
#include <xent/simd/coefficients.hpp>

#include <cstddef>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

template <class Scalar>
struct Rows;
template <class Real>
struct Traffic;

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

/// Where the gradient of one of two samples goes: nowhere if `out` is null. What `traffic` moves meanwhile is the
/// business of the caller.
template <class Real>
struct DivergenceOutput {
  Real* out;
  Traffic<Real>* traffic;
};

/// Of one sample of contiguous classes, or of samples side by side, row k of a tile the logits of class k; gradients
/// take the place of these. `kept` is room for three numbers a class (a class and lane), or null; for an entropy, for
/// one. What is not regular is left to the caller: false, or the bit of the sample is not set.
template <class Real>
struct LogitKernels {
  bool (*divergence_of_sample)(const LogitCall&, const Real* z_p, const Real* z_q, std::ptrdiff_t n, double* kept,
                               const DivergenceOutput<Real>& d_p, const DivergenceOutput<Real>& d_q,
                               LogitNumbers<Real>*);
  unsigned long long (*divergence_of_samples)(const LogitCall&, const Rows<Real>& p, const Rows<Real>& q,
                                              std::ptrdiff_t n, std::ptrdiff_t count, double* kept, bool with_gradients,
                                              LogitNumbers<Real>*);
  unsigned long long (*entropy_of_samples)(const LogitCall&, const Rows<Real>& z, std::ptrdiff_t n,
                                           std::ptrdiff_t count, double* kept, bool with_gradients,
                                           LogitNumbers<Real>*);
};

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
