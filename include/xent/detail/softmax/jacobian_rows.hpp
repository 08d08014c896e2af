#ifndef XENT_DETAIL_SOFTMAX_JACOBIAN_ROWS_HPP
#define XENT_DETAIL_SOFTMAX_JACOBIAN_ROWS_HPP

/// The products of a block of samples with the Jacobians of softmax and log_softmax by the kernels of simd/, some
/// samples at a time: where they lie, or transposed where classes are few, so that a lane is a sample. Other strides
/// and scalars of 16 bits are gathered. What a kernel refuses is left to jacobian_sample.hpp.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/softmax/jacobian_sample.hpp>
#include <xent/detail/walk/conversion.hpp>
#include <xent/detail/walk/gathered_rows.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/jacobian.hpp>
#include <xent/simd/kernels/transpose.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Product, class Real>
class JacobianRows {
  static_assert(has_kernels<Real>);
  using W = Wide<Real>;

 public:
  JacobianRows(const Samples<const Real>& s, const Samples<const Real>& v, const Real& temperature,
               const Samples<Real>& out)
      : s_(s), v_(v), out_(out), half_temperature_(half_temperature<W>(temperature)) {
    inverse_temperature_ = twice(W(W(1) / widen<W>(temperature)));
    const bool in_range =
        std::is_same_v<Real, float> || (temperature >= Real(0x1p-100) && temperature <= Real(0x1p100));
    works_ = suits(s, v, out) && in_range && simd::has_kernels();
    way_ = lie_in_columns(s, v, out) ? Way::columns : s.classes <= few_classes ? Way::transposed : Way::rows;
  }

  /// Whether kernels find the samples where they lie.
  static bool suits(const Samples<const Real>& s, const Samples<const Real>& v, const Samples<Real>& out) {
    return (lie_in_rows(s) && lie_in_rows(v) && lie_in_rows(out)) || lie_in_columns(s, v, out);
  }

  /// Samples [first, last).
  void apply(Index first, Index last) {
    for (; first < last; first += most) {
      const Index count = (std::min)(most, last - first);
      const Refused refused = !works_ ? ~Refused{0} : products(first, count);
      for (Index j = 0; j < count && refused != 0; ++j)
        if (is_set(refused, j)) portable(first + j);
    }
  }

 private:
  enum class Way { rows, columns, transposed };
  using Refused = unsigned long long;

  static constexpr Index most = 64;         // samples at a time
  static constexpr Index few_classes = 12;  // that are transposed: from 16 on, whole vectors of one sample are quicker
  using Held = std::array<Real, static_cast<std::size_t>(most* few_classes)>;

  template <class Scalar>
  static bool lie_in_rows(const Samples<Scalar>& x) {
    return x.class_stride == 1 || x.classes <= 1;
  }
  static bool lie_in_columns(const Samples<const Real>& s, const Samples<const Real>& v, const Samples<Real>& out) {
    return s.sample_stride == 1 && v.sample_stride == 1 && out.sample_stride == 1;
  }
  static bool is_set(Refused refused, Index j) { return (refused >> static_cast<unsigned>(j) & 1U) != 0; }

  void portable(Index i) {
    XENT_ON_REFUSAL;
    Product::apply(s_[i], v_[i], s_.classes, half_temperature_, out_[i]);
  }

  Refused products(Index first, Index count) {
    using Kernels = simd::JacobianKernels<Real, Product::product>;
    using Transpose = simd::TransposeKernels<Real>;
    const Index n = s_.classes;
    const simd::Rows<Real> out{out_[first].data, way_ == Way::columns ? out_.class_stride : out_.sample_stride};
    if (way_ != Way::transposed) {
      const bool columns = way_ == Way::columns;
      return (columns ? &Kernels::columns : &Kernels::rows)(
          {s_[first].data, columns ? s_.class_stride : s_.sample_stride},
          {v_[first].data, columns ? v_.class_stride : v_.sample_stride}, n, count, inverse_temperature_, out);
    }
    simd::Traffic<Real> traffic{};
    const simd::Rows<Real> s{held_s_.data(), most};
    const simd::Rows<Real> v{held_v_.data(), most};
    Transpose::gather({s_[first].data, s_.sample_stride}, n, count, &traffic, s);
    Transpose::gather({v_[first].data, v_.sample_stride}, n, count, &traffic, v);
    const Refused refused = Kernels::columns({s.data, most}, {v.data, most}, n, count, inverse_temperature_, v);
    if (refused == 0) {
      Transpose::scatter({v.data, most}, n, count, &traffic, out);
    } else {
      for (Index j = 0; j < count; ++j)
        for (Index k = 0; k < n && !is_set(refused, j); ++k) out[j][k] = v[k][j];
    }
    return refused;
  }

  bool works_ = false;
  Samples<const Real> s_, v_;
  Samples<Real> out_;
  W half_temperature_;
  simd::Twice inverse_temperature_{};
  Way way_ = Way::rows;
  alignas(64) Held held_s_;  // NOLINT: written before it is read
  alignas(64) Held held_v_;  // NOLINT: as above
};

/// The same of samples that kernels do not find where they lie.
template <class Product, class Real, class Scalar, class Vector, class Out>
void jacobian_of_gathered(const Samples<const Scalar>& s, const Samples<const Vector>& v, const Real& temperature,
                          const Samples<Out>& out, Index first, Index last) {
  const Index n = s.classes;
  if (n == 0) return;
  const Index most = GatheredRows<Real>::together(n);
  GatheredRows<Real> held_s;
  GatheredRows<Real> held_v;
  for (; first < last; first += most) {
    const Index count = (std::min)(most, last - first);
    held_s.load(s, first, count);
    held_v.load(v, first, count);
    JacobianRows<Product, Real>({held_s[0], n, count, 1, n}, {held_v[0], n, count, 1, n}, temperature,
                                {held_v[0], n, count, 1, n})
        .apply(0, count);
    held_v.store(out, first, count);
  }
}

/// Samples [first, last) of s, v and out, by kernels where there are any for these scalars.
template <class Product, class Real, class Scalar, class Vector, class Out>
void jacobian_of_samples(const Samples<const Scalar>& s, const Samples<const Vector>& v, const Real& temperature,
                         const Samples<Out>& out, Index first, Index last) {
  if constexpr (has_kernels<Real> && std::is_same_v<Scalar, Real> && std::is_same_v<Vector, Real> &&
                std::is_same_v<Out, Real>) {
    using Rows = JacobianRows<Product, Real>;
    if (Rows::suits(s, v, out) || !simd::has_kernels()) return Rows(s, v, temperature, out).apply(first, last);
  }
  if constexpr (has_kernels<Real>)
    if (simd::has_kernels()) return jacobian_of_gathered<Product>(s, v, temperature, out, first, last);
  const auto half_t = half_temperature<Wide<Real>>(temperature);
  for (Index i = first; i < last; ++i) {
    XENT_ON_REFUSAL;
    Product::apply(s[i], v[i], s.classes, half_t, out[i]);
  }
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
