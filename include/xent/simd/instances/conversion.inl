// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/conversion.hpp>

#if XENT_DEFINES_KERNELS
XENT_NAMESPACE_BEGIN
namespace simd {

template struct ConversionKernels<Format::bfloat16>;
template struct ConversionKernels<Format::half>;

}  // namespace simd
XENT_NAMESPACE_END
#endif
