// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/conversion.hpp>

#if XENT_DEFINES_KERNELS
namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace simd {

template struct ConversionKernels<Format::bfloat16>;
template struct ConversionKernels<Format::half>;

}  // namespace simd
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent
#endif
