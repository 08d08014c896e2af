#ifndef XENT_DETAIL_LIKELIHOOD_LOSSES_HPP
#define XENT_DETAIL_LIKELIHOOD_LOSSES_HPP

/// The losses over coefficients, with their arguments checked before the first write.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/likelihood/sums.hpp>
#include <xent/detail/likelihood/terms.hpp>
#include <xent/detail/walk/coefficients.hpp>
#include <xent/likelihood_options.hpp>
#include <xent/types.hpp>

#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Mean>
using GaussianOptionsOf = GaussianOptions<RealOf<typename Mean::Scalar>>;

template <class Mean, class Target, class Variance, class GradientMean, class GradientVariance>
RealOf<typename Mean::Scalar> gaussian_nll_into(const Eigen::DenseBase<Mean>& mean, const Target& target,
                                                const Variance& variance, GradientMean&& d_mean,
                                                GradientVariance&& d_variance, const GaussianOptionsOf<Mean>& options) {
  using Scalar = typename Mean::Scalar;
  using Real = RealOf<Scalar>;
  using W = Wide<Real>;
  constexpr const char* function = "gaussian_nll";
  static_assert(is_real<Scalar>, "xent: the mean must be real: write .cast<float>() or .cast<double>()");
  constexpr bool one_variance = !is_dense<Variance>;
  const Operand operand(mean);
  const auto targets = make_target_coefficients<W, Mean>(target);
  const auto variances = make_variance_coefficients<W>(operand, variance);
  auto mean_output = make_output<Scalar>(std::forward<GradientMean>(d_mean));
  auto variance_output = make_variance_output<Mean, one_variance>(std::forward<GradientVariance>(d_variance));
  constexpr bool shared = variances.shared;  // one variance for several coefficients, but not for all
  const auto m = operand.samples(storage_axis<Mean>);

  targets.check_shape(function, "target", operand);
  variances.check_shape(function, "variance", operand);
  mean_output.check_shape(function, "d_mean", operand, is_vector<Mean>);
  variance_output.check_shape(function, "d_variance", variances.shape(operand), shared || is_vector<Mean>);
  variance_output.check_apart(function, "d_variance", mean_output, "d_mean");
  if constexpr (one_variance && !is_none<GradientVariance>)
    if (share_memory(mean_output.memory(), Memory(Samples<const Real>{&d_variance, 1, 1, 1, 0})))
      throw_shared(function, "d_variance", "d_mean");
  if (!(options.minimum_variance >= Real(0)) || !is_finite(options.minimum_variance))
    throw_invalid(function, "minimum_variance", text(options.minimum_variance), "a finite number >= 0");
  const W minimum = widen<W>(options.minimum_variance);
  const auto& x = targets.view();
  const auto& v = variances.view();
  const GaussianTerms terms{m, x, v, minimum};
  const auto check_variance = [&](Index i, Index k) {
    const W given = v(i, k);
    if (!(terms.effective(given) > W(0)))
      throw_invalid(function, variances.position("variance", i, k), text(narrow<Real>(given)), "a number > 0");
  };
  if constexpr (one_variance)
    check_variance(0, 0);
  else if (!GaussianRuns<Real>::check_variances(m, v, options.minimum_variance, check_variance))
    for_each_coefficient(m, check_variance);

  const W denominator = coefficient_denominator<W>(options.reduction, operand);
  Real d_of_one_variance(0);  // before the mean is overwritten by its own gradient
  if constexpr (one_variance && !is_none<GradientVariance>)
    d_of_one_variance = narrow<Real>(W(sum_of_d_variance<Real>(terms) / denominator));

  mean_output.prepare(operand, is_vector<Mean>);
  variance_output.prepare(variances.shape(operand), shared || is_vector<Mean>);
  mean_output.keep_apart_unless_in_place(m, storage_axis<Mean>);
  if constexpr (shared)
    variance_output.keep_apart(Memory(variances.samples()));
  else
    variance_output.keep_apart_unless_in_place(variances.samples(), storage_axis<Mean>);
  mean_output.keep_apart(Memory(variances.samples()));
  variance_output.keep_apart(Memory(m));
  mean_output.keep_apart(Memory(targets.samples()));
  variance_output.keep_apart(Memory(targets.samples()));
  const auto to_mean = mean_output.samples(storage_axis<Mean>);
  const auto to_variance = variance_output.samples(storage_axis<Mean>);
  W sum(0);
  if constexpr (shared) {  // before the mean is overwritten, as above
    write_shared_derivatives<Real>(terms, variances.samples(), to_variance, denominator);
    sum = gaussian_sum<Real>(terms, to_mean, RemoveCvref<decltype(to_mean)>{}, denominator);
  } else {
    sum = gaussian_sum<Real>(terms, to_mean, to_variance, denominator);
  }
  mean_output.finish();
  variance_output.finish();
  if constexpr (one_variance && !is_none<GradientVariance>) d_variance = d_of_one_variance;
  if (options.constant) sum += W(static_cast<double>(operand.size())) * HalfLogTwoPi<W>::value();
  return narrow<Real>(W(sum / denominator));
}

/// One term per coefficient: check_values(x, y) has checked what is special, sum(x, y, gradient) writes the gradient
/// and returns the loss.
template <class X, class Target, class Gradient, class Check, class Sum>
RealOf<typename X::Scalar> coefficient_loss(const char* function, const Operand<X>& operand, const Target& target,
                                            Gradient&& gradient, const Check& check_values, const Sum& sum) {
  using Scalar = typename X::Scalar;
  using W = Wide<RealOf<Scalar>>;
  const auto targets = make_target_coefficients<W, X>(target);
  auto output = make_output<Scalar>(std::forward<Gradient>(gradient));
  const auto x = operand.samples(storage_axis<X>);

  targets.check_shape(function, "target", operand);
  output.check_shape(function, "gradient", operand, is_vector<X>);
  check_values(x, targets.view());

  output.prepare(operand, is_vector<X>);
  output.keep_apart_unless_in_place(x, storage_axis<X>);
  output.keep_apart(Memory(targets.samples()));
  const W loss = sum(x, targets.view(), output.samples(storage_axis<X>));
  output.finish();
  return narrow<RealOf<Scalar>>(loss);
}

template <class LogRate, class Target, class Gradient>
RealOf<typename LogRate::Scalar> poisson_nll_into(const Eigen::DenseBase<LogRate>& log_rate, const Target& target,
                                                  Gradient&& gradient, const PoissonOptions& options) {
  using Scalar = typename LogRate::Scalar;
  using Real = RealOf<Scalar>;
  using W = Wide<Real>;
  constexpr const char* function = "poisson_nll";
  static_assert(is_real<Scalar>, "xent: log rates must be real: write .cast<float>() or .cast<double>()");
  const Operand operand(log_rate);
  const auto check_values = [&](const Samples<const Scalar>& rates, const auto& counts) {
    if (options.constant && !math::HasLgamma<W>::value)
      throw_invalid(function, "constant", "true", "false for a number type without lgamma");
    const auto check_rate = [&](Index i, Index k) {
      const Real value = static_cast<Real>(rates[i][k]);
      if (!(value > -infinity<Real>()) && !(value == -infinity<Real>() && counts(i, k) == W(0)))
        throw_invalid(function, position_text<LogRate>("log_rate", i, k), text(value),
                      "a number > -inf, so a rate > 0, or -inf where the target is 0");
    };
    if (!PoissonRuns<Real>::check_rates(rates, check_rate)) for_each_coefficient(rates, check_rate);
  };
  return coefficient_loss(
      function, operand, target, std::forward<Gradient>(gradient), check_values,
      [&](const auto& rates, const auto& counts, const auto& out) {
        const W denominator = coefficient_denominator<W>(options.reduction, operand);
        return W(poisson_sum<Real>(rates, counts, out, denominator, options.constant) / denominator);
      });
}

template <class Prediction, class Target, class Gradient>
RealOf<typename Prediction::Scalar> half_squared_error_into(const Eigen::DenseBase<Prediction>& prediction,
                                                            const Target& target, Gradient&& gradient) {
  using Scalar = typename Prediction::Scalar;
  static_assert(is_real<Scalar>, "xent: predictions must be real: write .cast<float>() or .cast<double>()");
  const auto check_values = [](const Samples<const Scalar>& /*predictions*/, const auto& /*targets*/) {};
  return coefficient_loss("half_squared_error", Operand(prediction), target, std::forward<Gradient>(gradient),
                          check_values, [](const auto& predictions, const auto& targets, const auto& out) {
                            return half_squares<RealOf<Scalar>>(predictions, targets, out);
                          });
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
