// The loops for 64-bit Arm. Every such machine has NEON. Included by simd/kernels.hpp.

#include <arm_neon.h>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd::baseline {
// clang-format off
#include <xent/simd/neon.inl>
#include <xent/simd/loops.inl>
// clang-format on
}  // namespace simd::baseline

namespace simd {

inline InstructionSet best_instruction_set() { return InstructionSet::baseline; }

template <class Table, class Of>
const Table* table_of(InstructionSet set, const Of& of) {
  static const Table table = of(baseline::Loops{});
  return set == InstructionSet::portable ? nullptr : &table;
}

inline void fence() {}  // the order of ordinary stores is the business of whoever hands the results on

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
