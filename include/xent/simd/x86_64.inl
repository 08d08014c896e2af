// The loops for x86-64, and which of them the machine can run. Included by simd/kernels.hpp.

#include <immintrin.h>

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
#include <xent/simd/loops.inl>
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
#include <xent/simd/loops.inl>
// clang-format on
}  // namespace simd::avx2
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd::baseline {
// clang-format off
#include <xent/simd/sse2.inl>
#include <xent/simd/loops.inl>
// clang-format on
}  // namespace simd::baseline

namespace simd {

/// Whatever has AVX2 and FMA has F16C, which not every compiler can ask for.
inline InstructionSet best_instruction_set() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return InstructionSet::baseline;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return avx512 ? InstructionSet::avx512 : InstructionSet::avx2;
}

/// The loops that `of` takes of those for an instruction set.
template <class Table, class Of>
const Table* table_of(InstructionSet set, const Of& of) {
  static const Table tables[] = {of(avx512::Loops{}), of(avx2::Loops{}), of(baseline::Loops{})};
  return set == InstructionSet::portable ? nullptr : &tables[static_cast<int>(set)];
}

/// Makes streamed results visible to other threads in order with what follows.
inline void fence() { _mm_sfence(); }

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
