// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/jacobian.hpp>

#if XENT_DEFINES_KERNELS
XENT_NAMESPACE_BEGIN
namespace simd {

#define XENT_INSTANCES(Real)                                           \
  template struct JacobianKernels<Real, JacobianProduct::softmax>;     \
  template struct JacobianKernels<Real, JacobianProduct::log_softmax>; \
  template struct JacobianKernels<Real, JacobianProduct::log_softmax_transposed>;
XENT_FOR_EACH_REAL(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace simd
XENT_NAMESPACE_END
#endif
