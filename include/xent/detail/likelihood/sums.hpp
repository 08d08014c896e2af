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

/// The derivative with respect to a variance that coefficients share: sum (v - r^2) / (2 v^2), or sum() of theirs where
/// the former is out of range. `given` is the variance, `excesses` the sum of v - r^2.
template <class Real, class Terms, class Sum>
Wide<Real> shared_derivative(const Terms& terms, const Wide<Real>& given, const Wide<Real>& excesses, const Sum& sum) {
  using W = Wide<Real>;
  const W v = terms.effective(given);
  const W size = excesses < W(0) ? W(W(0) - excesses) : excesses;
  const W least(0x1p-250);
  const W most(0x1p250);
  const bool in_range = v > least && v < most && (size == W(0) || (size > least && size < most));
  if (!in_range) {
    XENT_ON_REFUSAL;
    return sum();
  }
  return given < terms.minimum ? W(0) : W(W(W(W(0.5) * excesses) / v) / v);
}

/// That of the variance of all coefficients.
template <class Real, class Terms>
Wide<Real> sum_of_d_variance(const Terms& terms) {
  using W = Wide<Real>;
  const auto sum = [&] {
    return sum_of_coefficients<W>(terms.mean, [&](Index i, Index k) { return terms(i, k).d_variance; });
  };
  if (!GaussianRuns<Real>::works() || terms.mean.classes * terms.mean.count == 0) return sum();
  const W given = terms.variance(0, 0);
  const W excesses = GaussianRuns<Real>::sum_of_excesses(
      terms.mean, terms.target, Index{0}, terms.mean.classes * terms.mean.count, narrow<Real>(terms.effective(given)));
  return shared_derivative<Real>(terms, given, excesses, sum);
}

/// The derivatives with respect to variances that several coefficients share: the sum of theirs, divided by
/// `denominator`. `variance` has the stride 0 along those, `out` is one sample of them.
template <class Real, class Terms, class Scalar, class Out>
void write_shared_derivatives(const Terms& terms, const Samples<const Scalar>& variance, const Samples<Out>& out,
                              const Wide<Real>& denominator) {
  using W = Wide<Real>;
  if (!out.data) return;
  const bool per_class = variance.sample_stride == 0;
  const Index numbers = per_class ? variance.classes : variance.count;
  const Index sharing = per_class ? variance.count : variance.classes;
  const auto given = [&](Index j) { return per_class ? terms.variance(0, j) : terms.variance(j, 0); };
  const auto effective = [&](Index j) { return narrow<Real>(terms.effective(given(j))); };
  const auto sum_of = [&](Index j) {
    W sum(0);
    for (Index n = 0; n < sharing; ++n) sum += (per_class ? terms(n, j) : terms(j, n)).d_variance;
    return sum;
  };
  const auto write = [&](Index j, const W& derivative) { out[0][j] = narrow<Out>(W(derivative / denominator)); };
  const auto take = [&](Index j, const W& excesses) {
    write(j, shared_derivative<Real>(terms, given(j), excesses, [&] { return sum_of(j); }));
  };
  using Runs = GaussianRuns<Real>;
  if (!Runs::works() || sharing == 0) {
    for (Index j = 0; j < numbers; ++j) write(j, sum_of(j));
  } else if (per_class) {
    Runs::each_sum_of_excesses(terms.mean, terms.target, effective, take);
  } else {
    for (Index j = 0; j < numbers; ++j)
      take(j, Runs::sum_of_excesses(terms.mean, terms.target, j * sharing, (j + 1) * sharing, effective(j)));
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
