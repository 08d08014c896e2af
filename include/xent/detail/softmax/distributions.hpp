#ifndef XENT_DETAIL_SOFTMAX_DISTRIBUTIONS_HPP
#define XENT_DETAIL_SOFTMAX_DISTRIBUTIONS_HPP

/// Dense targets as the kernels of simd/ want them.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/walk/caches.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/widened_tiles.hpp>
#include <xent/simd/kernels/transpose.hpp>
#include <xent/types.hpp>

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The scalar of dense targets.
template <class Targets>
using TargetScalar = RemoveCvref<decltype(std::declval<const Targets&>().sample(0)[0])>;

/// Whether there are kernels for the scalars and the targets of a call.
template <class Targets, class Real, class Scalar, class Out>
constexpr bool has_target_kernels() {
  if constexpr (!has_tiles<Real, Scalar, Out>) {
    return false;
  } else if constexpr (Targets::are_dense) {
    using Target = TargetScalar<Targets>;
    return std::is_same_v<Target, Real> || is_16_bit<Target> ||
           (std::is_same_v<Real, double> && std::is_same_v<Target, float>);
  } else {
    return true;
  }
}

/// The y_k of the samples of a tile, laid out as its logits are: where they lie, or as a copy.
template <class Real, class Targets>
class Distributions {
  static constexpr Index most = simd::Tile<Real>::most;

 public:
  explicit Distributions(const Targets& targets) : targets_(targets) {}

  void take(const Samples<const Real>& z, Index first, Index count) {
    const Index n = z.classes;
    if (z.class_stride != 1) return take_side_by_side(z, first, count);
    stride_ = 1;
    for (Index j = 0; j < count; ++j) {
      const auto y = targets_.sample(first + j);
      if constexpr (lies_as_real)
        if (y.stride == 1) {
          data_[static_cast<std::size_t>(j)] = y.data;
          continue;
        }
      Real* const copy = room(count * n) + j * n;
      data_[static_cast<std::size_t>(j)] = copy;
      if constexpr (is_16_bit<TargetScalar<Targets>>)
        widen_sample(y, n, copy);
      else
        for (Index k = 0; k < n; ++k) copy[k] = y[k];
    }
  }

  const Real* operator[](Index j) const { return data_[static_cast<std::size_t>(j)]; }
  Index stride() const { return stride_; }

 private:
  static constexpr bool lies_as_real = std::is_same_v<TargetScalar<Targets>, Real>;
  static constexpr Index near_size = Caches<Real>::tile;

  void take_side_by_side(const Samples<const Real>& z, Index first, Index count) {
    const Index n = z.classes;
    const auto y = targets_.sample(first);
    const Index step = count > 1 ? targets_.sample(first + 1).data - y.data : 1;
    bool even = true;
    for (Index j = 2; j < count; ++j) even = even && targets_.sample(first + j).data == y.data + j * step;
    if constexpr (lies_as_real)
      if (even && step == 1) return place(y.data, y.stride, count);
    constexpr Index line = Caches<Real>::line;
    const Index stride = (count + line - 1) / line * line;
    Real* const copy = room(n * stride);
    place(copy, stride, count);
    if constexpr (lies_as_real)
      if (even && y.stride == 1) {
        simd::Traffic<Real> traffic{};
        return simd::TransposeKernels<Real>::gather({y.data, step}, n, count, &traffic, {copy, stride});
      }
    if constexpr (is_16_bit<TargetScalar<Targets>>) {
      if (even && step == 1) {
        for (Index k = 0; k < n; ++k)
          widen_sample(Sample<const TargetScalar<Targets>>{&y[k], 1}, count, copy + k * stride);
        return;
      }
    }
    for (Index j = 0; j < count; ++j) {
      const auto y_j = targets_.sample(first + j);
      for (Index k = 0; k < n; ++k) copy[k * stride + j] = static_cast<Real>(y_j[k]);
    }
  }

  void place(const Real* y, Index stride, Index count) {
    stride_ = stride;
    for (Index j = 0; j < count; ++j) data_[static_cast<std::size_t>(j)] = y + j;
  }

  Real* room(Index size) {
    if (size <= near_size) return near_.data();
    far_.resize(static_cast<std::size_t>(size));
    return far_.data();
  }

  const Targets& targets_;
  std::array<const Real*, static_cast<std::size_t>(most)> data_{};
  Index stride_ = 1;  // from class to class
  std::vector<Real> far_{};
  alignas(64) std::array<Real, static_cast<std::size_t>(near_size)> near_;  // NOLINT: written before it is read
};

/// Where there are entries instead.
struct NoDistributions {
  template <class Targets>
  explicit NoDistributions(const Targets& /*targets*/) {}
  template <class Real>
  static void take(const Samples<const Real>& /*z*/, Index /*first*/, Index /*count*/) {}
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
