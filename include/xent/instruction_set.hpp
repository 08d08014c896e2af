#ifndef XENT_INSTRUCTION_SET_HPP
#define XENT_INSTRUCTION_SET_HPP

/// Which kernels this machine runs.

#include <xent/config.hpp>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

XENT_NAMESPACE_BEGIN

/// What the kernels are compiled for, in the order of preference. `baseline` is NEON on 64-bit Arm, which every such
/// machine has, and the portable path elsewhere. `portable` stands for no kernels: the path that defines what the
/// others compute, and that every other machine takes.
enum class InstructionSet { avx512, avx2, baseline, portable };

/// The word for it in the environment variable XENT_SIMD.
inline const char* name(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::baseline:
      return "baseline";
    case InstructionSet::portable:
      break;
  }
  return "portable";
}

namespace detail {

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

[[noreturn, gnu::cold]] inline void throw_unknown(const std::string& message) {
#if XENT_HAS_EXCEPTIONS
  throw std::invalid_argument(message);
#else
  XENT_FAIL(message.c_str());
  std::abort();
#endif
}

/// What XENT_SIMD asks for.
inline InstructionSet instruction_set_named(const char* word) {
  for (const InstructionSet set :
       {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::baseline, InstructionSet::portable})
    if (std::strcmp(word, name(set)) == 0) return set;
  throw_unknown(std::string("xent::instruction_set: the environment variable XENT_SIMD: got ") + word +
                ", expected avx512, avx2, baseline or portable");
}

}  // namespace detail

/// The instruction set in use: the best that this machine has, or less if the environment variable XENT_SIMD (avx512,
/// avx2, baseline, portable) asks for less. Read once, by the first call that can use kernels.
///
/// @throws std::invalid_argument for another word
inline InstructionSet instruction_set() {
  static const InstructionSet chosen = [] {
    const InstructionSet best = detail::best_instruction_set();
    const char* const word = std::getenv("XENT_SIMD");
    if (word == nullptr) return best;
    const InstructionSet asked = detail::instruction_set_named(word);
    if (asked == InstructionSet::baseline && !XENT_KERNELS_FOR_ARM64) return InstructionSet::portable;
    return best < asked ? asked : best;
  }();
  return chosen;
}

XENT_NAMESPACE_END

#endif
