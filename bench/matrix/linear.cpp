// linear_cross_entropy.

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <limits>
#include <string>

#include "lines.hpp"
#include "problem.hpp"
#include "ratio_table.hpp"
#include "variants.hpp"

namespace bench {

/// Beside the plain call of linear_cross_entropy: products of matrices are most of it. A class is masked by its bias.
template <class Scalar>
void linear_lines(RatioTable& table, Problem<Scalar>& p) {
  if (p.layout == Layout::block || p.layout == Layout::strided || p.content == Content::wide) return;
  using Real = xent::RealOf<Scalar>;
  using Matrix = typename Problem<Scalar>::Matrix;
  constexpr Index dim = 64;
  Matrix weights(p.classes, dim), d_weights(p.classes, dim);
  Matrix features(p.axis == xent::Axis::columns ? dim : p.samples, p.axis == xent::Axis::columns ? p.samples : dim);
  Matrix d_features(features);
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> bias(p.classes), d_bias(p.classes);
  fill_uniform(weights, -0.2, 0.2);
  fill_uniform(features, -1, 1);
  d_weights.setZero();
  // Labels and targets are at even classes, so that odd ones can be masked for all samples.
  Eigen::VectorXi labels(p.samples);
  Matrix dense = Matrix::Zero(p.z.rows(), p.z.cols());
  Matrix one_hot = dense;
  const Index even = (p.classes + 1) / 2;
  const auto at = [&](Matrix& m, Index k, Index i) -> Scalar& {
    return p.axis == xent::Axis::columns ? m(k, i) : m(i, k);
  };
  for (Index i = 0; i < p.samples; ++i) {
    labels[i] = static_cast<int>(i * 7 % even * 2);
    at(one_hot, labels[i], i) = static_cast<Scalar>(1.0F);
    for (Index k = 0; k < p.classes; k += 2) at(dense, k, i) = static_cast<Scalar>(1 / static_cast<float>(even));
  }
  const Eigen::SparseMatrix<Scalar> sparse = one_hot.sparseView();
  const auto minus_infinity = static_cast<Scalar>(-std::numeric_limits<float>::infinity());
  bias.setZero();
  if (p.content == Content::one_masked) bias[1] = minus_infinity;
  if (p.content == Content::half_masked)
    for (Index k = 1; k < p.classes; k += 2) bias[k] = minus_infinity;
  const auto call = [&](const auto& targets, const auto& options, auto* report) {
    return xent::linear_cross_entropy(weights, features, bias, targets, d_weights, d_features, d_bias, options, report);
  };
  xent::CrossEntropyReport<Real>* const none = nullptr;
  xent::LinearCrossEntropyOptions<Real> options;
  options.loss.axis = p.axis;
  const auto plain = [&, options] {
    const auto loss = call(labels, options, none);
    take_result(&loss);
  };
  table.line("linear_cross_entropy beside softmax_cross_entropy", plain);
  const auto of_softmax = table.replace_plain(plain);
  const auto variants = loss_variants(p);
  const auto of = [&](const std::string& kind, const auto& targets) {
    for (const auto& [name, options_of] : variants) {
      options.loss = options_of;
      table.line("linear_cross_entropy of " + kind + name, [&] { return call(targets, options, none); });
    }
  };
  of("labels", labels);
  of("dense targets", dense);
  of("sparse targets", sparse);
  xent::CrossEntropyReport<Real> report;
  options.loss = variants.front().second;
  table.line("linear_cross_entropy of labels, report", [&] { return call(labels, options, &report); });
  table.line("linear_cross_entropy of labels, loss alone",
             [&] { return xent::linear_cross_entropy(weights, features, bias, labels, options); });
  options.accumulate = true;
  table.line("linear_cross_entropy of labels, accumulate", [&] { return call(labels, options, none); });
  options.accumulate = false;
  options.workspace_bytes = 1U << 18U;
  table.line("linear_cross_entropy of labels, 256 kB", [&] { return call(labels, options, none); });
  options.workspace_bytes = 1U << 14U;
  table.line("linear_cross_entropy of labels, 16 kB", [&] { return call(labels, options, none); });
  table.replace_plain(of_softmax);
}

template void linear_lines(RatioTable&, Problem<float>&);
template void linear_lines(RatioTable&, Problem<double>&);
template void linear_lines(RatioTable&, Problem<Eigen::half>&);
template void linear_lines(RatioTable&, Problem<Eigen::bfloat16>&);

}  // namespace bench
