// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/hessian.hpp>
#include <xent/simd/kernels/samples.hpp>

#if XENT_DEFINES_KERNELS
XENT_NAMESPACE_BEGIN
namespace simd {

#define XENT_INSTANCES(Real)           \
  template struct SampleKernels<Real>; \
  template struct HessianKernels<Real>;
XENT_FOR_EACH_REAL(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace simd
XENT_NAMESPACE_END
#endif
