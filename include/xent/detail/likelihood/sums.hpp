#ifndef XENT_DETAIL_LIKELIHOOD_SUMS_HPP
#define XENT_DETAIL_LIKELIHOOD_SUMS_HPP

/// What all coefficients add to a likelihood, with their derivatives written on the way: by the kernels of
/// likelihood_runs.hpp, or term by term.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/likelihood/runs.hpp>
#include <xent/detail/likelihood/terms.hpp>
#include <xent/detail/walk/coefficients.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The term of every coefficient, with the variance that takes effect.
template <class Scalar, class Target, class Variance, class W>
struct GaussianTerms {
  const Samples<const Scalar>& mean;
  const Target& target;
  const Variance& variance;
  const W& minimum;

  W effective(const W& v) const { return v < minimum ? minimum : v; }
  GaussianTerm<W> operator()(Index i, Index k) const {
    const W v = variance(i, k);
    GaussianTerm<W> term(widen<W>(mean[i][k]), target(i, k), effective(v));
    if (v < minimum) term.d_variance = W(0);
    return term;
  }

  W sum_of_d_variance() const {
    return sum_of_coefficients<W>(mean, [&](Index i, Index k) { return (*this)(i, k).d_variance; });
  }
};
template <class Scalar, class Target, class Variance, class W>
GaussianTerms(const Samples<const Scalar>&, const Target&, const Variance&, const W&)
    -> GaussianTerms<Scalar, Target, Variance, W>;

template <class Scalar, class Variance>
using GaussianTermsOf = GaussianTerms<Scalar, DenseCoefficientsOf<Scalar>, Variance, Wide<RealOf<Scalar>>>;

/// The sum of the values; the derivatives, divided by `denominator`, are written.
template <class Real, class Scalar, class Target, class Variance, class OutMean, class OutVariance>
Wide<Real> gaussian_sum(const GaussianTerms<Scalar, Target, Variance, Wide<Real>>& terms,
                        const Samples<OutMean>& d_mean, const Samples<OutVariance>& d_variance,
                        const Wide<Real>& denominator) {
  using W = Wide<Real>;
  const auto write_term = [&](Index i, Index k) {
    const GaussianTerm<W> at = terms(i, k);
    write_coefficient(d_mean, i, k, W(at.d_mean / denominator));
    write_coefficient(d_variance, i, k, W(at.d_variance / denominator));
    return at.value;
  };
  return GaussianRuns<Real>::works() ? GaussianRuns<Real>::sum(terms.mean, terms.target, terms.variance, d_mean,
                                                               d_variance, terms.minimum, denominator, write_term)
                                     : sum_of_coefficients<W>(terms.mean, write_term);
}

/// The derivatives with respect to variances that several coefficients share: the sum of theirs, divided by
/// `denominator`. `variance` has the stride 0 along those, `out` is one sample of them.
template <class Terms, class Scalar, class Out, class W>
void write_shared_derivatives(const Terms& terms, const Samples<const Scalar>& variance, const Samples<Out>& out,
                              const W& denominator) {
  if (!out.data) return;
  const bool per_class = variance.sample_stride == 0;
  const Index numbers = per_class ? variance.classes : variance.count;
  const Index sharing = per_class ? variance.count : variance.classes;
  for (Index j = 0; j < numbers; ++j) {
    W sum(0);
    for (Index n = 0; n < sharing; ++n) sum += (per_class ? terms(n, j) : terms(j, n)).d_variance;
    out[0][j] = narrow<Out>(W(sum / denominator));
  }
}

/// With `constant`, log(x!) is added for each count.
template <class Real, class Scalar, class Target, class Out>
Wide<Real> poisson_sum(const Samples<const Scalar>& log_rate, const Target& target, const Samples<Out>& gradient,
                       const Wide<Real>& denominator, bool constant) {
  using W = Wide<Real>;
  const auto write_term = [&](Index i, Index k) {
    const W log_of_rate = widen<W>(log_rate[i][k]);
    const W rate = math::exp_of(log_of_rate);
    const W count = target(i, k);
    write_coefficient(gradient, i, k, W(W(rate - count) / denominator));
    return poisson_value(log_of_rate, rate, count);
  };
  W constants(0);
  if (constant)
    constants = sum_of_coefficients<W>(log_rate, [&](Index i, Index k) { return log_factorial(target(i, k)); });
  return constants + (PoissonRuns<Real>::works(denominator)
                          ? PoissonRuns<Real>::sum(log_rate, target, gradient, denominator, write_term)
                          : sum_of_coefficients<W>(log_rate, write_term));
}

template <class Real, class Scalar, class Target, class Out>
Wide<Real> half_squares(const Samples<const Scalar>& prediction, const Target& target, const Samples<Out>& gradient) {
  using W = Wide<Real>;
  const auto write_term = [&](Index i, Index k) {
    const W difference = widen<W>(prediction[i][k]) - target(i, k);
    write_coefficient(gradient, i, k, difference);
    return W(W(W(0.5) * difference) * difference);
  };
  return SquareRuns<Real>::works() ? SquareRuns<Real>::sum(prediction, target, gradient, write_term)
                                   : sum_of_coefficients<W>(prediction, write_term);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
