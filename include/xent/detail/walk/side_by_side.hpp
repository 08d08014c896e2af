#ifndef XENT_DETAIL_WALK_SIDE_BY_SIDE_HPP
#define XENT_DETAIL_WALK_SIDE_BY_SIDE_HPP

/// Samples of few classes side by side in a buffer, so that kernels have a sample a lane, whatever the scalar and the
/// strides that they come with.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/simd/kernels/transpose.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Real>
class SideBySide {
 public:
  /// A sample with more classes fills the lanes by itself.
  static constexpr Index most_classes = 128;
  static constexpr Index size = 16 * most_classes;

  SideBySide() {}  // NOLINT: the buffer is written before it is read

  /// How many samples the buffer holds.
  static Index samples(Index classes) { return (std::min<Index>)(64, size / classes / 16 * 16); }

  /// Copies samples [first, first + count); lanes that are left hold zeros. `traffic` fetches what comes next.
  template <class Scalar>
  void load(const Samples<const Scalar>& z, Index first, Index count, simd::Traffic<Real>* traffic) {
    const Index n = z.classes;
    classes_ = n;
    count_ = count;
    stride_ = samples(n);
    const Index filled = (count + 15) / 16 * 16;
    if (filled > count)
      for (Index k = 0; k < n; ++k) std::fill(row(k) + count, row(k) + filled, Real(0));
    if constexpr (std::is_same_v<Scalar, Real>) {
      const Scalar* const data = z[first].data;
      if (z.class_stride == 1) {
        if (first + count < z.count && z.sample_stride < 2 * n) {
          traffic->fetched = reinterpret_cast<const char*>(data + count * z.sample_stride);
          traffic->end = reinterpret_cast<const char*>(data + 2 * count * z.sample_stride);
        }
        return simd::TransposeKernels<Real>::gather({data, z.sample_stride}, n, count, traffic, rows());
      }
      if (z.sample_stride == 1) {
        for (Index k = 0; k < n; ++k) std::copy(data + k * z.class_stride, data + k * z.class_stride + count, row(k));
        return;
      }
    }
    for (Index i = 0; i < count; ++i)
      for (Index k = 0; k < n; ++k) row(k)[i] = static_cast<Real>(z[first + i][k]);
  }

  /// Copies what is in the buffer now to samples [first, first + count).
  template <class Out>
  void store(const Samples<Out>& out, Index first) {
    if constexpr (std::is_same_v<Out, Real>) {
      Out* const data = out[first].data;
      simd::Traffic<Real> none;
      if (out.class_stride == 1)
        return simd::TransposeKernels<Real>::scatter({buffer_.data(), stride_}, classes_, count_, &none,
                                                     {data, out.sample_stride});
      if (out.sample_stride == 1) {
        for (Index k = 0; k < classes_; ++k) std::copy(row(k), row(k) + count_, data + k * out.class_stride);
        return;
      }
    }
    for (Index i = 0; i < count_; ++i)
      for (Index k = 0; k < classes_; ++k) out[first + i][k] = narrow<Out>(row(k)[i]);
  }

  simd::Rows<Real> rows() { return {buffer_.data(), stride_}; }
  /// Sample i, counted from the first one.
  Sample<Real> operator[](Index i) { return {buffer_.data() + i, stride_}; }

 private:
  Real* row(Index k) { return buffer_.data() + k * stride_; }

  Index classes_ = 0;
  Index count_ = 0;
  Index stride_ = 0;
  alignas(64) std::array<Real, static_cast<std::size_t>(size)> buffer_;  // NOLINT: written before it is read
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
