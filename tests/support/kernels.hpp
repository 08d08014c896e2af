#ifndef XENT_TESTS_SUPPORT_KERNELS_HPP
#define XENT_TESTS_SUPPORT_KERNELS_HPP

/// The kernels of simd/ are compiled once for all tests, in kernels.cpp, not by each of them.

#include <xent/simd/kernels.hpp>

// `what`: extern, or nothing to define them.
#define XENT_TEST_KERNELS_OF(what, Real)                                                   \
  what template const Kernels<Real>* kernels<Real>(InstructionSet);                        \
  what template const CoefficientKernels<Real>* coefficient_kernels<Real>(InstructionSet); \
  what template const InformationKernels<Real>* information_kernels<Real>(InstructionSet); \
  what template const JacobianKernels<Real>* jacobian_kernels<Real>(InstructionSet);       \
  what template const TargetKernels<Real>* target_kernels<Real>(InstructionSet);           \
  what template const LogitKernels<Real>* logit_kernels<Real>(InstructionSet);
#define XENT_TEST_KERNELS(what)            \
  namespace xent {                         \
  inline namespace XENT_INLINE_NAMESPACE { \
  namespace simd {                         \
  XENT_TEST_KERNELS_OF(what, float)        \
  XENT_TEST_KERNELS_OF(what, double)       \
  }                                        \
  }                                        \
  }

#ifndef XENT_TEST_DEFINES_KERNELS
XENT_TEST_KERNELS(extern)
#endif

#endif
