// Kernels that are compiled once for all units that define XENT_COMPILED.

#include <xent/simd/kernels/information.hpp>
#include <xent/simd/kernels/joint.hpp>
#include <xent/simd/kernels/surprise.hpp>

#if XENT_DEFINES_KERNELS
XENT_NAMESPACE_BEGIN
namespace simd {

#define XENT_INSTANCES(Real)                                        \
  template struct InformationKernels<Real, Measure::entropy>;       \
  template struct InformationKernels<Real, Measure::cross_entropy>; \
  template struct InformationKernels<Real, Measure::kl_divergence>; \
  template struct InformationKernels<Real, Measure::js_divergence>; \
  template struct JointKernels<Real>;                               \
  template struct SurpriseKernels<Real>;
XENT_FOR_EACH_REAL(XENT_INSTANCES)
#undef XENT_INSTANCES

}  // namespace simd
XENT_NAMESPACE_END
#endif
