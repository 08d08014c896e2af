#ifndef XENT_SIMD_DISPATCH_HPP
#define XENT_SIMD_DISPATCH_HPP

/// The choice of an instruction set, call by call.

#include <xent/config.hpp>
#include <xent/simd/lanes.hpp>
#include <xent/simd/processor.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace simd {

/// body(lanes) with the lanes of Real of the instruction set in use, an empty object whose type names them. Only what
/// the body calls is compiled: it finds the loops of that set by the namespace of its argument. Not to be called where
/// has_kernels() is false.
template <class Real, class Body>
decltype(auto) on_best(const Body& body) {
  constexpr bool single = std::is_same_v<Real, float>;
#if XENT_KERNELS_FOR_X86_64
  if (instruction_set() == InstructionSet::avx512)
    return body(std::conditional_t<single, avx512::Float, avx512::Double>{});
  return body(std::conditional_t<single, avx2::Float, avx2::Double>{});
#elif XENT_KERNELS_FOR_ARM64
  return body(std::conditional_t<single, neon::Float, neon::Double>{});
#endif
}

}  // namespace simd
XENT_NAMESPACE_END

#endif
