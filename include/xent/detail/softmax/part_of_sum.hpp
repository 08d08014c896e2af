#ifndef XENT_DETAIL_SOFTMAX_PART_OF_SUM_HPP
#define XENT_DETAIL_SOFTMAX_PART_OF_SUM_HPP

/// What LogSumExp takes of a block of values at a time.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/softmax_sample.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/segment_sums.hpp>
#include <xent/simd/kernels/rows.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The maximum of some values, and the sum of exp(z - maximum) over the others, scaled as ExponentialScale says.
template <class Real>
struct PartOfSum {
  Real maximum;
  Wide<Real> rest;
};

template <class Real, class Scalar>
PartOfSum<Real> part_of_sum(Sample<const Scalar> z, Index count) {
  if constexpr (has_kernels<Real> && std::is_same_v<Scalar, Real>) {
    constexpr Index worth_the_start = 32;
    if (simd::has_kernels() && z.stride == 1 && count >= worth_the_start) {
      const simd::Call<Real> call = kernel_call(Real(1));
      simd::Traffic<Real> traffic{};
      simd::Tile<Real> tile{};
      SegmentSums<Real> sums(Real(1));
      const auto add = [&](const simd::Rows<const Real>& row, Index size) {
        simd::RowKernels<Real>::sums(call, row, size, 1, {nullptr, 0}, &traffic, &tile);
      };
      sums.add_all(call, z.data, count, false, add, &traffic, &tile);
      if (is_finite(sums.maximum) && is_finite(sums.rest)) return {sums.maximum, sums.rest * Exponentials<Real>::one()};
    }
  }
  const SoftmaxState<Real> state(z, count, Real(1));
  return {state.maximum.value, state.rest};
}

/// add(part) of all coefficients, whose order is nothing to a sum. What kernels do not take as it lies is copied, some
/// of a line at a time.
template <class Real, class Scalar, class Add>
void for_each_part_of_sum(Samples<const Scalar> z, const Add& add) {
  if (z.sample_stride == 1 && z.class_stride != 1) z = turned(z);
  if (z.class_stride == 1 && z.sample_stride == z.classes) z = {z.data, z.classes * z.count, 1, 1, 0};
  if constexpr (has_kernels<Real>) {
    if (simd::has_kernels() && !(std::is_same_v<Scalar, Real> && z.class_stride == 1)) {
      constexpr Index most = 1024;
      std::array<Real, static_cast<std::size_t>(most)> copy;  // NOLINT: written before it is read
      for (Index i = 0; i < z.count; ++i)
        for (Index k = 0; k < z.classes; k += most) {
          const Index n = (std::min)(most, z.classes - k);
          widen_sample(Sample<const Scalar>{&z[i][k], z.class_stride}, n, copy.data());
          add(part_of_sum<Real>(Sample<const Real>{copy.data(), 1}, n));
        }
      return;
    }
  }
  for (Index i = 0; i < z.count; ++i) add(part_of_sum<Real>(z[i], z.classes));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
