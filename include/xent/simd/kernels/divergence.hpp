#ifndef XENT_SIMD_KERNELS_DIVERGENCE_HPP
#define XENT_SIMD_KERNELS_DIVERGENCE_HPP

/// The divergences of logits, and their gradients.

#include <xent/config.hpp>
#include <xent/simd/kernels/logits.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Where the gradient of one of two samples goes: nowhere if `out` is null. What `traffic` moves meanwhile is the
/// business of the caller.
template <class Real>
struct DivergenceOutput {
  Real* out;
  Traffic<Real>* traffic;
};

/// Of one sample of contiguous classes, or of samples side by side, row k of a tile the logits of class k; gradients
/// take the place of these. `kept` is room for three numbers a class (a class and lane), or null. What is not regular
/// is left to the caller: false, or the bit of the sample is not set. Documented in divergence.inl.
template <class Real>
struct DivergenceKernels {
  static bool of_sample(const LogitCall& call, const Real* z_p, const Real* z_q, Index n, double* kept,
                        const DivergenceOutput<Real>& d_p, const DivergenceOutput<Real>& d_q,
                        LogitNumbers<Real>* numbers);
  static unsigned long long of_samples(const LogitCall& call, const Rows<Real>& p, const Rows<Real>& q, Index n,
                                       Index count, double* kept, bool with_gradients, LogitNumbers<Real>* numbers);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/rows.hpp>
#define XENT_LOOPS <xent/simd/kernels/divergence_terms.inl>
#include <xent/simd/isa/each.inl>
#define XENT_LOOPS <xent/simd/kernels/divergence.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
bool DivergenceKernels<Real>::of_sample(const LogitCall& call, const Real* z_p, const Real* z_q, Index n, double* kept,
                                        const DivergenceOutput<Real>& d_p, const DivergenceOutput<Real>& d_q,
                                        LogitNumbers<Real>* numbers) {
  return on_best<Real>(
      [&](auto lanes) { return divergence_of_sample(lanes, call, z_p, z_q, n, kept, d_p, d_q, numbers); });
}
template <class Real>
unsigned long long DivergenceKernels<Real>::of_samples(const LogitCall& call, const Rows<Real>& p, const Rows<Real>& q,
                                                       Index n, Index count, double* kept, bool with_gradients,
                                                       LogitNumbers<Real>* numbers) {
  return on_best<Real>(
      [&](auto lanes) { return divergence_of_samples(lanes, call, p, q, n, count, kept, with_gradients, numbers); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
