// All loops for the lanes of one instruction set. Included by x86_64.inl and arm64.inl after Float and Double, inside a
// namespace and a target region of their own.

// clang-format off
#include <xent/simd/exponential.inl>
#include <xent/simd/wide.inl>
#include <xent/simd/samples.inl>
#include <xent/simd/sums.inl>
#include <xent/simd/traffic.inl>
#include <xent/simd/row.inl>
#include <xent/simd/plain_labels.inl>
#include <xent/simd/transpose.inl>
#include <xent/simd/column.inl>
#include <xent/simd/few_classes.inl>
#include <xent/simd/sample_kernels.inl>
#include <xent/simd/conversion.inl>
#include <xent/simd/row_16_bits.inl>
#include <xent/simd/logarithm.inl>
#include <xent/simd/coefficients.inl>
#include <xent/simd/decisions.inl>
#include <xent/simd/gaussians.inl>
#include <xent/simd/logit_lanes.inl>
#include <xent/simd/entropy.inl>
#include <xent/simd/divergence.inl>
#include <xent/simd/divergence_sweeps.inl>
#include <xent/simd/natural_log.inl>
#include <xent/simd/information.inl>
#include <xent/simd/jacobian.inl>
#include <xent/simd/targets.inl>
// clang-format on

/// What there is for this instruction set, under names that are the same for each.
struct Loops {
  template <class Real>
  using Lanes = std::conditional_t<std::is_same_v<Real, float>, Float, Double>;

  template <class Real>
  static Kernels<Real> of_samples() {
    return kernels<Lanes<Real>>();
  }
  template <class Real>
  static CoefficientKernels<Real> of_coefficients() {
    return coefficient_kernels<Lanes<Real>>();
  }
  template <class Real>
  static TargetKernels<Real> of_targets() {
    return target_kernels<Lanes<Real>>();
  }
  static Conversions of_16_bits() { return conversions(); }
  template <class Real>
  static InformationKernels<Real> of_information() {
    return information_kernels<Lanes<Real>>();
  }
  template <class Real>
  static JacobianKernels<Real> of_jacobians() {
    return jacobian_kernels<Lanes<Real>>();
  }
  template <class Real>
  static LogitKernels<Real> of_logits() {
    return logit_kernels<Lanes<Real>>();
  }
};
