#ifndef XENT_DETAIL_INFORMATION_ROWS_HPP
#define XENT_DETAIL_INFORMATION_ROWS_HPP

/// Information measures of samples of probabilities by the kernels of simd/, some samples at a time. Contiguous classes
/// are read where they lie, samples that lie side by side too; few classes are transposed, so that a lane is a sample;
/// contiguous numbers of another scalar are converted; anything else is gathered. What a kernel refuses, a sample with
/// a number that is no probability or one that is too small, is left to the portable path.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/gathered_rows.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/information.hpp>
#include <xent/simd/kernels/transpose.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <simd::Measure measure, class Real, class Scalar>
class InformationRows {
  static_assert(has_kernels<Real>);

 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): sums are written before they are read
  InformationRows(const Samples<const Scalar>& p, const Samples<const Scalar>& q)
      : works_(simd::has_kernels()), p_(p), q_(q) {
    const bool rows = lie_in_rows(p) && lie_in_rows(q);
    if (p.classes <= few_classes && !lie_in_columns(p, q))
      way_ = Way::transposed;
    else if (rows)
      way_ = Way::rows;
    else if (lie_in_columns(p, q))
      way_ = Way::columns;
    else
      way_ = p.class_stride == 1 && q.class_stride == 1 && p.classes <= held ? Way::copied : Way::gathered;
    if (way_ == Way::transposed) most_ = std::clamp<Index>(held / (std::max<Index>)(1, p.classes) / 64 * 64, 64, most);
    if (way_ == Way::copied) most_ = 1;
    if (way_ == Way::gathered) most_ = GatheredRows<Real>::together(p.classes);
  }

  /// use(i, the sum in nats) for every sample; portable(i) is the sum that kernels refuse.
  template <class Portable, class Use>
  void each(const Portable& portable, const Use& use) {
    for (Index first = 0; first < p_.count; first += most_) {
      const Index count = (std::min)(most_, p_.count - first);
      if (!works_) {
        for (Index i = first; i < first + count; ++i) use(i, portable(i));
        continue;
      }
      sum(first, count);
      for (Index j = 0; j < count; ++j) {
        const double nats = hi_[static_cast<std::size_t>(j)];
        if (is_nan(nats))
          use(first + j, portable(first + j));
        else if constexpr (std::is_same_v<Real, float>)
          use(first + j, nats);
        else if (is_finite(nats))
          use(first + j, Wide<Real>::renormalised(nats, lo_[static_cast<std::size_t>(j)]));
        else
          use(first + j, Wide<Real>(nats));
      }
    }
  }

 private:
  using Kernels = simd::InformationKernels<Real, measure>;
  static constexpr bool alone = measure == simd::Measure::entropy;
  enum class Way { rows, columns, transposed, copied, gathered };
  using Held = std::array<Real, 4096>;

  static constexpr Index most = 256;        // samples at a time
  static constexpr Index few_classes = 24;  // that are transposed: from 32 on, whole vectors of one sample are quicker
  static_assert(few_classes * 64 <= 4096);
  static constexpr Index held = 4096;  // coefficients

  using Sums = std::array<double, static_cast<std::size_t>(most)>;

  static bool lie_in_rows(const Samples<const Scalar>& x) {
    return std::is_same_v<Scalar, Real> && (x.class_stride == 1 || x.classes <= 1);
  }
  static bool lie_in_columns(const Samples<const Scalar>& p, const Samples<const Scalar>& q) {
    return std::is_same_v<Scalar, Real> && p.sample_stride == 1 && q.sample_stride == 1;
  }

  void sum(Index first, Index count) {
    const Index n = p_.classes;
    if constexpr (std::is_same_v<Scalar, Real>) {
      if (way_ == Way::rows) {
        Kernels::rows({p_[first].data, p_.sample_stride}, {q_[first].data, q_.sample_stride}, n, count, hi_.data(),
                      lo_.data());
        return;
      }
      if (way_ == Way::columns) {
        Kernels::columns({p_[first].data, p_.class_stride}, {q_[first].data, q_.class_stride}, n, count, hi_.data(),
                         lo_.data());
        return;
      }
    }
    if (way_ == Way::gathered) {
      gathered_p_.load(p_, first, count);
      if (!alone) gathered_q_.load(q_, first, count);
      Real* const q = alone ? gathered_p_[0] : gathered_q_[0];
      return Kernels::rows({gathered_p_[0], n}, {q, n}, n, count, hi_.data(), lo_.data());
    }
    const Index class_stride = way_ == Way::copied ? 1 : most_;
    Real* const held_q = alone ? held_p_.data() : held_q_.data();
    gather(p_, first, count, class_stride, held_p_.data());
    if (!alone) gather(q_, first, count, class_stride, held_q);
    if (way_ == Way::copied)
      Kernels::rows({held_p_.data(), 0}, {held_q, 0}, n, count, hi_.data(), lo_.data());
    else
      Kernels::columns({held_p_.data(), most_}, {held_q, most_}, n, count, hi_.data(), lo_.data());
  }

  void gather(const Samples<const Scalar>& x, Index first, Index count, Index class_stride, Real* to) {
    if constexpr (std::is_same_v<Scalar, Real>) {
      if (way_ == Way::transposed && x.class_stride == 1) {
        simd::Traffic<Real> traffic{};
        simd::TransposeKernels<Real>::gather({x[first].data, x.sample_stride}, x.classes, count, &traffic,
                                             {to, class_stride});
        return;
      }
    }
    if constexpr (is_16_bit<Scalar>) {
      if (class_stride == 1) return widen_sample(x[first], x.classes, to);
    }
    for (Index i = 0; i < count; ++i)
      for (Index k = 0; k < x.classes; ++k) to[k * class_stride + i] = static_cast<Real>(x[first + i][k]);
  }

  bool works_;
  Samples<const Scalar> p_, q_;
  Way way_ = Way::rows;
  Index most_ = most;
  alignas(64) Sums hi_;      // NOLINT: written before it is read
  alignas(64) Sums lo_;      // NOLINT: as above
  alignas(64) Held held_p_;  // NOLINT: as above
  alignas(64) Held held_q_;  // NOLINT: as above
  GatheredRows<Real> gathered_p_{}, gathered_q_{};
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
