// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/targets.hpp>

#if XENT_DEFINES_KERNELS
XENT_NAMESPACE_BEGIN
namespace simd {

#define XENT_INSTANCES(Real)                  \
  template struct TargetKernels<Real, false>; \
  template struct TargetKernels<Real, true>;  \
  template struct TargetNumberKernels<Real>;
XENT_FOR_EACH_REAL(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace simd
XENT_NAMESPACE_END
#endif
