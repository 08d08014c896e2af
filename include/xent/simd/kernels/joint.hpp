#ifndef XENT_SIMD_KERNELS_JOINT_HPP
#define XENT_SIMD_KERNELS_JOINT_HPP

/// The loops over the rows of a joint distribution.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// Documented in joint.inl. What belongs to the columns has room for `together` of them after the last.
template <class Real>
struct JointKernels {
  static constexpr Index together = 8;

  static Twice add_row(const Real* row, Index n, double* columns_hi, double* columns_lo);
  static double entropy(const Real* parts, Index n, const Twice& whole, Twice* sum);
  static Twice dependence(const Real* row, Index n, const Twice& sum, const double* shares_hi, const double* shares_lo);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/coefficients.hpp>
#include <xent/simd/kernels/information.hpp>
#define XENT_LOOPS <xent/simd/kernels/joint.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
Twice JointKernels<Real>::add_row(const Real* row, Index n, double* columns_hi, double* columns_lo) {
  return on_best<Real>([&](auto lanes) { return add_joint_row(lanes, row, n, columns_hi, columns_lo); });
}
template <class Real>
double JointKernels<Real>::entropy(const Real* parts, Index n, const Twice& whole, Twice* sum) {
  return on_best<Real>([&](auto lanes) { return entropy_of_parts(lanes, parts, n, whole, sum); });
}
template <class Real>
Twice JointKernels<Real>::dependence(const Real* row, Index n, const Twice& sum, const double* shares_hi,
                                     const double* shares_lo) {
  return on_best<Real>([&](auto lanes) { return dependence_of_row(lanes, row, n, sum, shares_hi, shares_lo); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
