// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/product.hpp>
#include <xent/simd/kernels/soft_cap.hpp>

#if XENT_DEFINES_KERNELS
XENT_NAMESPACE_BEGIN
namespace simd {

#define XENT_INSTANCES(Real)            \
  template struct ProductKernels<Real>; \
  template struct SoftCapKernels<Real>;
XENT_FOR_EACH_REAL(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace simd
XENT_NAMESPACE_END
#endif
