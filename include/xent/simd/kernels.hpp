#ifndef XENT_SIMD_KERNELS_HPP
#define XENT_SIMD_KERNELS_HPP

/// The inner loops for float and double, written once, compiled for several instruction sets whatever the flags of the
/// program, and chosen when it runs. They know nothing of options, targets or Eigen.
///
/// Each instruction set has a namespace and a target region of its own, so that translation units compiled with
/// different flags hold the same functions and compute the same bits. Exponentials are 2^(n - k) 2^f, see Shift: the
/// shift by the maximum happens in the exponent, where it is exact.

#include <xent/config.hpp>
#include <xent/simd/coefficients.hpp>

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

/// What the samples of a call share.
template <class Real>
struct Call {
  Real c_hi, c_lo;                  // c = log2(e) / T, as two numbers ...
  Real inverse_t_hi, inverse_t_lo;  // 1 / T, as two numbers
  Twice c;                          // ... and with all digits that the numbers of a sample have
  Twice inverse_temperature;        // 1 / T
  Twice temperature_ln2;            // T ln 2
  Twice slope_unit;                 // 1 / (D T)
  Twice label_mass;                 // Y of a label of class weight 1 ...
  Twice share;                      // ... and of each other class, after smoothing
  Index classes;
  Twice z_loss;  // zeta
};

/// The numbers of some samples, an array each, so that they are computed in lanes.
///
/// Exponentials are e = exp((z - max) / T) 2^scale = 2^(n - k) 2^f with n + f = (z - anchor) c: anchor = 0 and k =
/// rint(max c) - scale, which shifts by the maximum in the exponent, where it is exact; but where |max| c is so large
/// that f would lose digits, anchor = max and k = -scale: the subtraction is then exact for every logit that matters.
/// Below `floor`, e is 0. top = max - anchor. As long as e is not below the normal range, its scale keeps the digits of
/// many small ones that add up to a loss in it.
template <class Real>
struct Tile {
  static constexpr Index most = 64;

  alignas(64) Real maximum[most];
  Index where[most];  // no class before this one has it
  Real label_logit[most];
  double weight[most];        // w of the sample
  double class_weight[most];  // c of its label

  Real anchor[most], k[most], floor[most], top[most];
  double one_hi[most], one_lo[most];  // e at the maximum
  Real stored_one[most];              // the same as kernels store it: with the error of an exponential
  Real stored_label[most];            // that of the label

  double rest_hi[most], rest_lo[most];      // the sum of e without one of the maxima; NaN if a logit is
  double moment_hi[most], moment_lo[most];  // the sum of e (max - z)
  double spread_hi[most], spread_lo[most];  // the sum of max - z; infinite if a class is masked

  Real factor_hi[most], factor_lo[most], unscale[most];  // (hi + lo) unscale: what e is multiplied with ...
  Real subtracted[most];                                 // ... before this is taken away
  Real label_gradient[most];
  Real loss[most], logsumexp[most], log_sum[most], entropy[most];
};

/// Sums over samples.
struct LossSums {
  Twice loss, z_loss, temperature_gradient;
};

/// The rows of a matrix.
template <class Scalar>
struct Rows {
  Scalar* data;
  Index stride;

  Scalar* operator[](Index i) const { return data + i * stride; }
};

/// What memory does while a kernel computes: logits that come next are fetched from `fetched` to `end`, a copy is under
/// way past the caches: from `from` to `to`, which is aligned to a cache line.
template <class Real>
struct Traffic {
  const char* fetched = nullptr;
  const char* end = nullptr;
  const Real* from = nullptr;
  Real* to = nullptr;
  Index left = 0;
};

/// Loops over `count` samples of n contiguous classes, documented in row.inl and samples.inl, in the order in which
/// they are called.
template <class Real>
struct Kernels {
  using Sums = void (*)(const Call<Real>&, const Rows<const Real>& z, Index n, Index count, const Rows<Real>& stored,
                        Traffic<Real>*, Tile<Real>*);

  using LabelNumbers = unsigned long long (*)(const Call<Real>&, Index count, unsigned long long admitted, Tile<Real>*,
                                              LossSums*);

  void (*maxima)(const Rows<const Real>& z, Index n, Index count, Traffic<Real>*, Tile<Real>*);
  void (*predictions)(const Rows<const Real>& z, Index n, Index count, const Tile<Real>&, Index* prediction);
  void (*shift)(const Call<Real>&, Index count, Tile<Real>*);
  unsigned long long (*admitted_labels)(const Call<Real>&, Index count, const Tile<Real>&);
  unsigned long long (*admitted_maxima)(const Call<Real>&, Index count, const Tile<Real>&);
  Sums sums;
  Sums sums_and_moments;
  LabelNumbers label_numbers;
  LabelNumbers label_numbers_and_report;
  unsigned long long (*softmax_numbers)(const Call<Real>&, Index count, unsigned long long admitted, Tile<Real>*);
  void (*scale)(const Tile<Real>&, const Rows<const Real>& e, Index n, Index count, Traffic<Real>*,
                const Rows<Real>& out);
  void (*exponentiate)(const Call<Real>&, const Tile<Real>&, Index i, const Real* z, Index n, Traffic<Real>*, Real* out,
                       bool stream);
  void (*logarithms)(const Call<Real>&, const Tile<Real>&, const Rows<const Real>& z, Index n, Index count,
                     Traffic<Real>*, const Rows<Real>& out, bool stream);
  void (*finish)(Traffic<Real>*);

  // The same where samples lie side by side; documented in column.inl.
  using ColumnSums = void (*)(const Call<Real>&, const Rows<const Real>& z, Index n, Index count,
                              const Rows<Real>& stored, const Rows<const Real>& ahead, Traffic<Real>*, Tile<Real>*);
  void (*column_maxima)(const Rows<const Real>& z, Index n, Index count, const Rows<const Real>& ahead, Tile<Real>*);
  ColumnSums column_sums;
  ColumnSums column_sums_and_moments;
  void (*column_scale)(const Tile<Real>&, const Rows<const Real>& e, Index n, Index count, const Rows<Real>& out);
  void (*column_logarithms)(const Call<Real>&, const Tile<Real>&, const Rows<const Real>& z, Index n, Index count,
                            const Rows<Real>& out);
  void (*column_send)(const Rows<Real>& held, Index n, Index count, bool begun, bool ends, const Rows<Real>& out);
  void (*gather)(const Rows<const Real>& from, Index n, Index count, Traffic<Real>*, const Rows<Real>& to);
  void (*scatter)(const Rows<const Real>& from, Index n, Index count, Traffic<Real>*, const Rows<Real>& to);
};

/// Numbers of 16 bits to floats and back, rounded to nearest.
struct Conversions {
  void (*widen_bfloat16)(const void* from, Index n, float* to);
  void (*widen_half)(const void* from, Index n, float* to);
  void (*narrow_bfloat16)(const float* from, Index n, void* to, bool stream);
  void (*narrow_half)(const float* from, Index n, void* to, bool stream);
};

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

// gcc and clang on x86-64 (on Windows gcc does not align the stack for them); elsewhere there are no kernels, and the
// portable path computes.
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

// The only macro-free way to give a region of code a target is spelled differently by the two compilers.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c")
#endif
namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd::avx512 {
// clang-format off
#include <xent/simd/avx512.inl>
#include <xent/simd/exponential.inl>
#include <xent/simd/wide.inl>
#include <xent/simd/samples.inl>
#include <xent/simd/row.inl>
#include <xent/simd/column.inl>
#include <xent/simd/conversion.inl>
#include <xent/simd/logarithm.inl>
#include <xent/simd/coefficients.inl>
#include <xent/simd/decisions.inl>
#include <xent/simd/gaussians.inl>
#include <xent/simd/entropy.inl>
#include <xent/simd/divergence.inl>
// clang-format on
}  // namespace simd::avx512
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif
namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd::avx2 {
// clang-format off
#include <xent/simd/avx2.inl>
#include <xent/simd/exponential.inl>
#include <xent/simd/wide.inl>
#include <xent/simd/samples.inl>
#include <xent/simd/row.inl>
#include <xent/simd/column.inl>
#include <xent/simd/conversion.inl>
#include <xent/simd/logarithm.inl>
#include <xent/simd/coefficients.inl>
#include <xent/simd/decisions.inl>
#include <xent/simd/gaussians.inl>
#include <xent/simd/entropy.inl>
#include <xent/simd/divergence.inl>
// clang-format on
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

/// The best that this machine has (whatever has AVX2 and FMA has F16C, which not every compiler can ask for), or less
/// if the environment variable XENT_SIMD (avx512, avx2, baseline) asks for less. Read once.
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

/// The number of the lowest bit that is set.
inline int lowest_bit(unsigned long long mask) {
#if defined(__GNUC__)
  return __builtin_ctzll(mask);
#else
  int bit = 0;
  for (; (mask & 1U) == 0; mask >>= 1U) ++bit;
  return bit;
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
const Kernels<Real>* kernels([[maybe_unused]] InstructionSet set) {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
  using Avx512 = std::conditional_t<sizeof(Real) == sizeof(float), avx512::Float, avx512::Double>;
  using Avx2 = std::conditional_t<sizeof(Real) == sizeof(float), avx2::Float, avx2::Double>;
  static const Kernels<Real> table[] = {avx512::kernels<Avx512>(), avx2::kernels<Avx2>()};
  return set == InstructionSet::baseline ? nullptr : &table[set == InstructionSet::avx512 ? 0 : 1];
#else
  return nullptr;
#endif
}

/// The same for numbers of 16 bits.
inline const Conversions* conversions([[maybe_unused]] InstructionSet set) {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
  static const Conversions table[] = {avx512::conversions(), avx2::conversions()};
  return set == InstructionSet::baseline ? nullptr : &table[set == InstructionSet::avx512 ? 0 : 1];
#else
  return nullptr;
#endif
}

/// The same for coefficients that stand alone.
template <class Real>
const CoefficientKernels<Real>* coefficient_kernels([[maybe_unused]] InstructionSet set) {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
  using Avx512 = std::conditional_t<sizeof(Real) == sizeof(float), avx512::Float, avx512::Double>;
  using Avx2 = std::conditional_t<sizeof(Real) == sizeof(float), avx2::Float, avx2::Double>;
  static const CoefficientKernels<Real> table[] = {avx512::coefficient_kernels<Avx512>(),
                                                   avx2::coefficient_kernels<Avx2>()};
  return set == InstructionSet::baseline ? nullptr : &table[set == InstructionSet::avx512 ? 0 : 1];
#else
  return nullptr;
#endif
}

/// The same for the divergence of two samples of float.
inline const DivergenceKernels* divergence_kernels([[maybe_unused]] InstructionSet set) {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
  static const DivergenceKernels table[] = {avx512::divergence_kernels(), avx2::divergence_kernels()};
  return set == InstructionSet::baseline ? nullptr : &table[set == InstructionSet::avx512 ? 0 : 1];
#else
  return nullptr;
#endif
}

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
