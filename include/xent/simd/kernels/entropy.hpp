#ifndef XENT_SIMD_KERNELS_ENTROPY_HPP
#define XENT_SIMD_KERNELS_ENTROPY_HPP

/// The entropies of logits, and their gradients.

#include <xent/config.hpp>
#include <xent/simd/kernels/logits.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// What the gradient of an entropy takes: exponentials are multiplied with `unscale` and then with the factor.
template <class Real>
struct EntropyScalars {
  SplitFactor<Real> center, factor;
  Real unscale;
};

/// Documented in entropy.inl.
template <class Real>
struct EntropyKernels {
  static Twice slopes(const Real* z, const Real* e, Index n, const EntropyScalars<Real>& scalars, Real* out,
                      bool stream, bool want_sum);
  /// Of samples side by side, row k of a tile the logits of class k, whose place the gradients take. `kept` is room for
  /// a number a class and lane. The bit of a sample that is not regular is not set: it is left to the caller.
  static unsigned long long of_samples(const LogitCall& call, const Rows<Real>& z, Index n, Index count, double* kept,
                                       bool with_gradients, LogitNumbers<Real>* numbers);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#define XENT_LOOPS <xent/simd/kernels/entropy.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
Twice EntropyKernels<Real>::slopes(const Real* z, const Real* e, Index n, const EntropyScalars<Real>& scalars,
                                   Real* out, bool stream, bool want_sum) {
  return on_best<Real>([&](auto lanes) { return entropy_slopes(lanes, z, e, n, scalars, out, stream, want_sum); });
}
template <class Real>
unsigned long long EntropyKernels<Real>::of_samples(const LogitCall& call, const Rows<Real>& z, Index n, Index count,
                                                    double* kept, bool with_gradients, LogitNumbers<Real>* numbers) {
  return on_best<Real>(
      [&](auto lanes) { return entropy_of_samples(lanes, call, z, n, count, kept, with_gradients, numbers); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
