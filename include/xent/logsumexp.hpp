#ifndef XENT_LOGSUMEXP_HPP
#define XENT_LOGSUMEXP_HPP

/// log(sum_k exp(z_k)) without overflow, and without losing what the smaller terms add.

#include <xent/config.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/softmax_sample.hpp>
#include <xent/types.hpp>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {

/// The log-sum-exp of every sample.
///
///     lse = log(sum_k exp(z_k)) = m + log1p(sum_{k != argmax} exp(z_k - m)),   m = max z
///
/// The argmax is left out of the sum: lse(0, -40) is 4.2e-18, not 0.
///
/// @param logits  real [classes x samples] (columns) or [samples x classes] (rows), any dense expression
/// @return one number for a vector at compile time, else Array [samples]
///
/// No class, or every logit -inf: -inf. A logit +inf: +inf. A NaN: NaN, and it wins over +inf.
/// Bound: 3 ULP of max(|lse|, |max z|). Cost: reads the logits twice; allocates the result only.
/// Source: P. Blanchard, D. J. Higham, N. J. Higham, IMA J. Numer. Anal. 41 (2021) 2311, for the shifted sum.
template <class Logits>
auto logsumexp(const Eigen::DenseBase<Logits>& logits, Axis axis = Axis::columns) {
  using Scalar = typename Logits::Scalar;
  static_assert(detail::is_real<Scalar>, "logits must be real: write .cast<float>() or .cast<double>()");
  using Real = RealOf<Scalar>;
  const detail::Operand operand(logits);
  const auto z = operand.samples(axis);
  if constexpr (detail::is_vector<Logits>) {
    return detail::SoftmaxState<Real>(z[0], z.classes, Real(1)).logsumexp();
  } else {
    Eigen::Array<Real, Eigen::Dynamic, 1> result(z.count);
    for (Eigen::Index i = 0; i < z.count; ++i)
      result[i] = detail::SoftmaxState<Real>(z[i], z.classes, Real(1)).logsumexp();
    return result;
  }
}

}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
