#ifndef XENT_DETAIL_WALK_GATHERED_ROWS_HPP
#define XENT_DETAIL_WALK_GATHERED_ROWS_HPP

/// Some samples one after the other in a buffer, where kernels want contiguous classes and the samples have none, or
/// are of another scalar.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/simd/kernels/transpose.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Whether kernels for Real find the samples where they lie.
template <class Real, class Scalar>
bool lies_in_rows(const Samples<Scalar>& samples) {
  return samples.data == nullptr || (std::is_same_v<std::remove_const_t<Scalar>, Real> && samples.class_stride == 1);
}

template <class Real>
class GatheredRows {
 public:
  /// How many samples are gathered together: each visit of a class is worth a cache line, as long as they stay in a
  /// second-level cache.
  static Index together(Index classes) {
    constexpr Index most = 16;
    constexpr Index kept = 262144 / static_cast<Index>(sizeof(Real));
    return std::clamp<Index>(kept / classes, 1, most);
  }

  void reserve(Index classes) {
    classes_ = classes;
    buffer_.resize(static_cast<std::size_t>(together(classes) * classes));
  }

  Real* operator[](Index i) { return buffer_.data() + i * classes_; }

  template <class Scalar>
  void load(const Samples<const Scalar>& z, Index first, Index count) {
    reserve(z.classes);
    if constexpr (std::is_same_v<Scalar, Real>) {
      if (z.sample_stride == 1 || z.class_stride == 1) {
        simd::Traffic<Real> none;
        if (z.sample_stride == 1)
          return simd::TransposeKernels<Real>::scatter({z[first].data, z.class_stride}, classes_, count, &none,
                                                       {buffer_.data(), classes_});
        for (Index i = 0; i < count; ++i) std::copy(z[first + i].data, z[first + i].data + classes_, (*this)[i]);
        return;
      }
    }
    if constexpr (is_16_bit<Scalar>) {
      if (z.sample_stride == 1 && z.class_stride != 1) {  // by lines of some samples
        const simd::Rows<Real> lines = lines_of(count);
        for (Index k = 0; k < classes_; ++k) widen_sample(Sample<const Scalar>{&z[first][k], 1}, count, lines[k]);
        simd::Traffic<Real> none;
        return simd::TransposeKernels<Real>::scatter({lines.data, count}, classes_, count, &none,
                                                     {buffer_.data(), classes_});
      }
    }
    for (Index i = 0; i < count; ++i) {
      if constexpr (is_16_bit<Scalar>)
        widen_sample(z[first + i], classes_, (*this)[i]);
      else
        for (Index k = 0; k < classes_; ++k) (*this)[i][k] = static_cast<Real>(z[first + i][k]);
    }
  }

  template <class Out>
  void store(const Samples<Out>& out, Index first, Index count) {
    if constexpr (std::is_same_v<Out, Real>) {
      if (out.sample_stride == 1) {
        simd::Traffic<Real> none;
        return simd::TransposeKernels<Real>::gather({buffer_.data(), classes_}, classes_, count, &none,
                                                    {out[first].data, out.class_stride});
      }
    }
    if constexpr (is_16_bit<Out>) {
      if (out.sample_stride == 1 && out.class_stride != 1) {
        const simd::Rows<Real> lines = lines_of(count);
        simd::Traffic<Real> none;
        simd::TransposeKernels<Real>::gather({buffer_.data(), classes_}, classes_, count, &none, lines);
        for (Index k = 0; k < classes_; ++k) narrow_sample(lines[k], count, Sample<Out>{&out[first][k], 1}, false);
        return;
      }
    }
    for (Index i = 0; i < count; ++i) {
      if constexpr (is_16_bit<Out>)
        narrow_sample((*this)[i], classes_, out[first + i], false);
      else
        for (Index k = 0; k < classes_; ++k) out[first + i][k] = narrow<Out>((*this)[i][k]);
    }
  }

 private:
  /// Memory for the classes of some samples side by side.
  simd::Rows<Real> lines_of(Index count) {
    lines_.resize(static_cast<std::size_t>(classes_ * count));
    return {lines_.data(), count};
  }

  Index classes_ = 0;
  std::vector<Real> buffer_{};
  std::vector<Real> lines_{};
};

/// Rows as kernels for Real want them: where they lie, or some gathered at a time.
template <class Real, class Scalar>
class KernelRows {
 public:
  explicit KernelRows(const Samples<const Scalar>& rows) : rows_(rows) {}

  const Real* operator[](Index i) {
    if constexpr (std::is_same_v<Scalar, Real>)
      if (rows_.class_stride == 1 || rows_.classes == 1) return rows_[i].data;
    if (i < first_ || i >= end_) {
      first_ = i;
      end_ = (std::min)(rows_.count, i + GatheredRows<Real>::together(rows_.classes));
      held_.load(rows_, first_, end_ - first_);
    }
    return held_[i - first_];
  }

 private:
  Samples<const Scalar> rows_;
  Index first_ = 0;
  Index end_ = 0;
  GatheredRows<Real> held_{};  // samples [first_, end_)
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
