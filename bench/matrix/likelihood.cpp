// Likelihoods of classes and of coefficients.

#include <xent/likelihood.hpp>

#include <Eigen/Core>

#include <string>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"
#include "variants.hpp"

namespace bench {

template <class Scalar>
void nll_lines(RatioTable& table, Problem<Scalar>& p) {
  using Real = xent::RealOf<Scalar>;
  using O = xent::NllOptions<Real>;
  const auto variants = VariantsOf<O>(p.axis)
                            .plain()
                            .add(", sum", [](O& o) { o.reduction = xent::Reduction::sum; })
                            .add(", class weights", [&](O& o) { o.class_weights = p.class_weights; })
                            .add(", sample weights", [&](O& o) { o.sample_weights = p.sample_weights; })
                            .add(", executor", [](O& o) { o.executor = run_here; })
                            .all();
  for (const auto& [name, options_of] : variants) {
    const O& options = options_of;
    table.line("nll" + name, [&] { return xent::nll(p.l, p.labels, options); });
  }
  xent::CrossEntropyReport<Real> report;
  table.line("nll, report", [&] { return xent::nll(p.l, p.labels, p.axis, &report); });
}

template <class Scalar>
void regression_lines(RatioTable& table, Problem<Scalar>& p) {
  if (p.content != Content::ordinary) return;  // there are no classes
  using Real = xent::RealOf<Scalar>;
  using Column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  using Row = Eigen::Matrix<Scalar, 1, Eigen::Dynamic>;
  using O = xent::GaussianOptions<Real>;
  const auto restore = [&] { p.out = p.z; };
  const auto gaussians = [&](const std::string& name, const auto& variance, auto& d_variance) {
    const auto line = [&](const std::string& variant, const O& options) {
      table.line("gaussian_nll, " + name + variant,
                 [&] { return xent::gaussian_nll(p.z, p.v, variance, p.out, d_variance, options); });
    };
    line("", {});
    line(", sum, constant", {xent::Reduction::sum, Real(0), true});
    line(", minimum", {xent::Reduction::mean, Real(0.75), false});
    table.line("gaussian_nll, " + name + ", loss alone", [&] { return xent::gaussian_nll(p.z, p.v, variance); });
    table.line("gaussian_nll, " + name + ", d_mean alone",
               [&] { return xent::gaussian_nll(p.z, p.v, variance, p.out, xent::none); });
    table.line(
        "gaussian_nll, " + name + ", in place",
        [&] { return xent::gaussian_nll(p.out, p.v, variance, p.out, xent::none); }, restore);
  };
  Column a_row(p.z.rows());
  Row a_column(p.z.cols());
  Column d_rows(p.z.rows());
  Row d_columns(p.z.cols());
  Real d_number(0);
  a_row.setConstant(static_cast<Scalar>(1.25F));
  a_column.setConstant(static_cast<Scalar>(1.25F));
  gaussians("a variance each", p.variance, p.out_too);
  gaussians("a variance a row", a_row, d_rows);
  gaussians("a variance a column", a_column, d_columns);
  gaussians("one variance", Real(1.25), d_number);

  const auto counts = [&](const std::string& name, const auto& loss) {
    table.line(name, [&] { return loss(p.z, p.decisions, p.out); });
    table.line(name + ", integers", [&] { return loss(p.z, p.integers, p.out); });
    table.line(name + ", loss alone", [&] { return loss(p.z, p.decisions, xent::none); });
    table.line(
        name + ", in place", [&] { return loss(p.out, p.decisions, p.out); }, restore);
  };
  counts("half_squared_error", [](const auto& x, const auto& target, auto&& gradient) {
    return xent::half_squared_error(x, target, gradient);
  });
  for (const bool constant : {false, true})
    counts(constant ? "poisson_nll, constant" : "poisson_nll", [&](const auto& x, const auto& target, auto&& gradient) {
      return xent::poisson_nll(x, target, gradient, {xent::Reduction::mean, constant});
    });
}

template void nll_lines(RatioTable&, Problem<float>&);
template void nll_lines(RatioTable&, Problem<double>&);
template void nll_lines(RatioTable&, Problem<Eigen::half>&);
template void nll_lines(RatioTable&, Problem<Eigen::bfloat16>&);
template void regression_lines(RatioTable&, Problem<float>&);
template void regression_lines(RatioTable&, Problem<double>&);
template void regression_lines(RatioTable&, Problem<Eigen::half>&);
template void regression_lines(RatioTable&, Problem<Eigen::bfloat16>&);

}  // namespace bench
