#ifndef XENT_SIMD_PROCESSOR_HPP
#define XENT_SIMD_PROCESSOR_HPP

/// What kernels ask of the processor besides arithmetic.

#include <xent/config.hpp>
#include <xent/instruction_set.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

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
XENT_NAMESPACE_END

#endif
