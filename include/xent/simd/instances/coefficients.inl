// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/decisions.hpp>
#include <xent/simd/kernels/gaussians.hpp>
#include <xent/simd/kernels/logaddexp.hpp>
#include <xent/simd/kernels/poisson.hpp>

#if XENT_DEFINES_KERNELS
XENT_NAMESPACE_BEGIN
namespace simd {

#define XENT_INSTANCES(Real)              \
  template struct DecisionKernels<Real>;  \
  template struct GaussianKernels<Real>;  \
  template struct LogaddexpKernels<Real>; \
  template struct PoissonKernels<Real>;
XENT_FOR_EACH_REAL(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace simd
XENT_NAMESPACE_END
#endif
