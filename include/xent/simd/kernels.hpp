#ifndef XENT_SIMD_KERNELS_HPP
#define XENT_SIMD_KERNELS_HPP

/// The inner loops for float and double, written once, compiled for several instruction sets whatever the flags of the
/// program, and chosen when it runs. They know nothing of options, targets or Eigen.
///
/// Each instruction set has a namespace and a target region of its own, so that translation units compiled with
/// different flags hold the same functions and compute the same bits. Exponentials are 2^(n - k) 2^f, see Shift: the
/// shift by the maximum happens in the exponent, where it is exact.

#include <xent/config.hpp>

#include <cstddef>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

using Index = std::ptrdiff_t;

/// An unevaluated sum.
struct Twice {
  double hi;
  double lo;
};

/// e = exp((z - max) / T) 2^scale = 2^(n - k) 2^f with n + f = (z - anchor) c, c = log2(e) / T = c_hi + c_lo: anchor =
/// 0 and k = rint(max c) - scale; but where |max| c is so large that f would lose digits, anchor = max and k = -scale:
/// the subtraction is then exact for every logit that matters. Below `floor`, e is 0. top = max - anchor.
template <class Real>
struct Shift {
  Real anchor, c_hi, c_lo, k, floor, top;
};

/// A factor hi + lo of exponentials times `unscale`.
template <class Real>
struct Factor {
  Real hi, lo, unscale;
};

/// Two classes that a sum leaves out; -1 for none.
struct LeftOut {
  Index argmax, label;
};

template <class Real>
struct RowSums {
  Twice others;    // the sum of e without the classes left out; NaN if a logit is
  Twice moment;    // the sum of e (max - z)
  Real at_argmax;  // the two left out, as they are stored
  Real at_label;
};

/// A copy that is under way past the caches: whole vectors from `from` to `to`, which is aligned to a cache line.
template <class Real>
struct Outflow {
  const Real* from = nullptr;
  Real* to = nullptr;
  Index left = 0;
};

/// The loops over a sample of n contiguous classes, documented in row.inl.
template <class Real>
struct RowKernels {
  using Sum = RowSums<Real> (*)(const Real* z, Index n, const Shift<Real>& shift, const LeftOut& left_out, Real* stored,
                                const Real* ahead, Outflow<Real>* outflow);

  Real (*maximum)(const Real* z, Index n, Index* index);
  Sum sum;
  Sum sum_and_moment;
  void (*scale)(const Real* e, Index n, const Factor<Real>& factor, Real* out);
  void (*exponentiate)(const Real* z, Index n, const Shift<Real>& shift, const Factor<Real>& factor, Real* out);
  void (*finish)(Outflow<Real>* outflow);
};

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

// gcc and clang on x86-64 (on Windows gcc does not align the stack for them); elsewhere there are no kernels, and the
// portable path computes.
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)

#include <immintrin.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

// The only macro-free way to give a region of code a target is spelled differently by the two compilers.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#endif
namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd::avx512 {
#include <xent/simd/avx512.inl>
#include <xent/simd/exponential.inl>
#include <xent/simd/row.inl>
}  // namespace simd::avx512
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd::avx2 {
#include <xent/simd/avx2.inl>
#include <xent/simd/exponential.inl>
#include <xent/simd/row.inl>
}  // namespace simd::avx2
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

/// What the kernels are compiled for, in the order of preference.
enum class InstructionSet { avx512, avx2, baseline };

/// The best that this machine has, or less if the environment variable XENT_SIMD (avx512, avx2, baseline) asks for
/// less. Read once.
inline InstructionSet instruction_set() {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
  static const InstructionSet chosen = [] {
    __builtin_cpu_init();
    InstructionSet best = InstructionSet::baseline;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      best = InstructionSet::avx2;
      if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        best = InstructionSet::avx512;
    }
    const char* const asked = std::getenv("XENT_SIMD");
    if (asked == nullptr) return best;
    if (std::strcmp(asked, "baseline") == 0) return InstructionSet::baseline;
    if (std::strcmp(asked, "avx2") == 0) return std::max(best, InstructionSet::avx2);
    return best;
  }();
  return chosen;
#else
  return InstructionSet::baseline;
#endif
}

/// Makes streamed results visible to other threads in order with what follows.
inline void fence() {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
  _mm_sfence();
#endif
}

/// The kernels for an instruction set that the machine has; null if there are none: the portable path.
template <class Real>
const RowKernels<Real>* row_kernels(InstructionSet set) {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
  using Avx512 = std::conditional_t<sizeof(Real) == sizeof(float), avx512::Float, avx512::Double>;
  using Avx2 = std::conditional_t<sizeof(Real) == sizeof(float), avx2::Float, avx2::Double>;
  static const RowKernels<Real> kernels[] = {avx512::row_kernels<Avx512>(), avx2::row_kernels<Avx2>()};
  return set == InstructionSet::baseline ? nullptr : &kernels[set == InstructionSet::avx512 ? 0 : 1];
#else
  return nullptr;
#endif
}

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
