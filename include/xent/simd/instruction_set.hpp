#ifndef XENT_SIMD_INSTRUCTION_SET_HPP
#define XENT_SIMD_INSTRUCTION_SET_HPP

/// Which of the kernels this machine runs.

#include <xent/config.hpp>

#include <cstdlib>
#include <cstring>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

/// What the kernels are compiled for, in the order of preference. `baseline` is NEON on 64-bit Arm, which every such
/// machine has, and the portable path elsewhere. `portable` stands for no kernels: the path that defines what the
/// others compute, and that every other machine takes.
enum class InstructionSet { avx512, avx2, baseline, portable };

/// The best that this machine has.
inline InstructionSet best_instruction_set() {
#if XENT_KERNELS_FOR_X86_64
  // Whatever has AVX2 and FMA has F16C, which not every compiler can ask for.
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return InstructionSet::portable;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return avx512 ? InstructionSet::avx512 : InstructionSet::avx2;
#elif XENT_KERNELS_FOR_ARM64
  return InstructionSet::baseline;
#else
  return InstructionSet::portable;
#endif
}

/// The best that this machine has, or less if the environment variable XENT_SIMD (avx512, avx2, baseline, portable)
/// asks for less. Read once.
inline InstructionSet instruction_set() {
  static const InstructionSet chosen = [] {
    const InstructionSet best = best_instruction_set();
    const char* const asked = std::getenv("XENT_SIMD");
    if (asked == nullptr) return best;
    const auto at_most = [best](InstructionSet set) { return best < set ? set : best; };
    if (std::strcmp(asked, "portable") == 0) return InstructionSet::portable;
    if (std::strcmp(asked, "baseline") == 0)
      return XENT_KERNELS_FOR_ARM64 ? at_most(InstructionSet::baseline) : InstructionSet::portable;
    if (std::strcmp(asked, "avx2") == 0) return at_most(InstructionSet::avx2);
    return best;
  }();
  return chosen;
}

/// Whether this machine runs kernels.
inline bool has_kernels() { return instruction_set() != InstructionSet::portable; }

/// Makes streamed results visible to other threads in order with what follows. (On Arm ordinary stores are all there
/// is, and their order is the business of whoever hands the results on.)
inline void fence() {
#if XENT_KERNELS_FOR_X86_64
  __builtin_ia32_sfence();
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

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
