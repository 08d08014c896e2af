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
#include <xent/simd/information.hpp>
#include <xent/simd/logits.hpp>
#include <xent/simd/targets.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

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
  Real one[most], one_rest[most];     // the same by plain_shift
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
/// way past the caches: from `from` to `to`, which is aligned to a cache line, `sent` of `size` coefficients so far.
template <class Real>
struct Traffic {
  const char* fetched = nullptr;
  const char* end = nullptr;
  const Real* from = nullptr;
  Real* to = nullptr;
  Index sent = 0;  // alone, not two pointers: a pair is loaded as one vector, and waits for all streams before it
  Index size = 0;
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
  unsigned long long (*plain_shift)(const Call<Real>&, Index count, Tile<Real>*);
  unsigned long long (*admitted_labels)(const Call<Real>&, Index count, const Tile<Real>&);
  unsigned long long (*admitted_maxima)(const Call<Real>&, Index count, const Tile<Real>&);
  Sums sums;
  Sums sums_and_moments;
  LabelNumbers label_numbers;
  LabelNumbers label_numbers_and_report;
  LabelNumbers plain_label_numbers;
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
  void (*column_maxima)(const Rows<const Real>& z, Index n, Index count, const Rows<Real>& packed, Tile<Real>*);
  void (*column_predictions)(const Rows<const Real>& z, Index n, Index count, const Tile<Real>&, Index* prediction);
  ColumnSums column_sums;
  ColumnSums column_sums_and_moments;
  void (*column_scale)(const Tile<Real>&, Index n, Index count, const Rows<Real>& e);
  void (*column_logarithms)(const Call<Real>&, const Tile<Real>&, const Rows<const Real>& z, Index n, Index count,
                            const Rows<Real>& out);
  // All of it for plain labels of few classes; documented in few_classes.inl.
  bool (*few_classes)(const Call<Real>&, const Rows<Real>& z, Index n, Index count, bool writes,
                      const std::int32_t* labels, Real absent, const Tile<Real>&, Traffic<Real>*, LossSums*);
  void (*column_send)(const Rows<Real>& held, Index n, Index count, bool begun, bool ends, const Rows<Real>& out);
  void (*gather)(const Rows<const Real>& from, Index n, Index count, Traffic<Real>*, const Rows<Real>& to);
  void (*scatter)(const Rows<const Real>& from, Index n, Index count, Traffic<Real>*, const Rows<Real>& to);
};

/// Numbers of 16 bits to floats and back, rounded to nearest: alone, and on the way into `maxima` and out of `scale`.
struct Conversion {
  void (*widen)(const void* from, Index n, float* to);
  void (*narrow)(const float* from, Index n, void* to, bool stream);
  void (*maxima)(const void* from, Index step, Index n, Index count, const Rows<float>& to, Traffic<float>*,
                 Tile<float>*);
  void (*scale)(const Tile<float>&, Index i, const float* e, Index n, void* to, bool stream);
};
struct Conversions {
  Conversion bfloat16, half;
};

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

/// What the kernels are compiled for, in the order of preference. `baseline` is what every machine has: SSE2 on x86-64,
/// NEON on 64-bit Arm. `portable` stands for no kernels: the path that defines what the others compute, and that every
/// other machine takes.
enum class InstructionSet { avx512, avx2, baseline, portable };

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

// By gcc and clang. (On Windows gcc does not align the stack for AVX.)
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
#include <xent/simd/x86_64.inl>
#elif defined(__GNUC__) && defined(__AARCH64EL__) && defined(__ARM_NEON)
#include <xent/simd/arm64.inl>
#else
namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

inline InstructionSet best_instruction_set() { return InstructionSet::portable; }

template <class Table, class Of>
const Table* table_of(InstructionSet, const Of&) {
  return nullptr;
}

inline void fence() {}

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
#endif

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

/// The best that this machine has, or less if the environment variable XENT_SIMD (avx512, avx2, baseline, portable)
/// asks for less. Read once.
inline InstructionSet instruction_set() {
  static const InstructionSet chosen = [] {
    const InstructionSet best = best_instruction_set();
    const char* const asked = std::getenv("XENT_SIMD");
    if (asked == nullptr) return best;
    if (std::strcmp(asked, "portable") == 0) return InstructionSet::portable;
    if (std::strcmp(asked, "baseline") == 0) return std::max(best, InstructionSet::baseline);
    if (std::strcmp(asked, "avx2") == 0) return std::max(best, InstructionSet::avx2);
    return best;
  }();
  return chosen;
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

/// The kernels for an instruction set that the machine has; null if there are none: the portable path.
template <class Real>
const Kernels<Real>* kernels(InstructionSet set) {
  return table_of<Kernels<Real>>(set, [](auto loops) { return decltype(loops)::template of_samples<Real>(); });
}

/// The same for numbers of 16 bits.
inline const Conversions* conversions(InstructionSet set) {
  return table_of<Conversions>(set, [](auto loops) { return decltype(loops)::of_16_bits(); });
}

/// The same for coefficients that stand alone.
template <class Real>
const CoefficientKernels<Real>* coefficient_kernels(InstructionSet set) {
  return table_of<CoefficientKernels<Real>>(
      set, [](auto loops) { return decltype(loops)::template of_coefficients<Real>(); });
}

/// The same for probabilities; null too where a fused product and sum is no instruction.
template <class Real>
const InformationKernels<Real>* information_kernels(InstructionSet set) {
  const auto* const table = table_of<InformationKernels<Real>>(
      set, [](auto loops) { return decltype(loops)::template of_information<Real>(); });
  return table == nullptr || table->rows[0] == nullptr ? nullptr : table;
}

/// The same for products with Jacobians.
template <class Real>
const JacobianKernels<Real>* jacobian_kernels(InstructionSet set) {
  const auto* const table =
      table_of<JacobianKernels<Real>>(set, [](auto loops) { return decltype(loops)::template of_jacobians<Real>(); });
  return table == nullptr || table->rows[0] == nullptr ? nullptr : table;
}

/// The same for targets that have a number for every class.
template <class Real>
const TargetKernels<Real>* target_kernels(InstructionSet set) {
  return table_of<TargetKernels<Real>>(set, [](auto loops) { return decltype(loops)::template of_targets<Real>(); });
}

/// The same for entropies and divergences.
template <class Real>
const LogitKernels<Real>* logit_kernels(InstructionSet set) {
  return table_of<LogitKernels<Real>>(set, [](auto loops) { return decltype(loops)::template of_logits<Real>(); });
}

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
