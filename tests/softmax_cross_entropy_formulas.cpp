// The formulas of docs/softmax_cross_entropy.md that no other test states as
// such. Numbers in parentheses are theirs.

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>
#include <xent/softmax_jacobian.hpp>

#include <Eigen/Core>

#include <cmath>

#include "support/catch.hpp"

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using Options = xent::CrossEntropyOptions<double>;

const Eigen::Vector4d z(0.5, -1.25, 2, 0);
const Eigen::Vector4d y(0.25, 0.5, 0.125, 0.5);  // the sum is 1.375, not 1

double largest(const MatrixXd& difference) { return difference.cwiseAbs().maxCoeff(); }

}  // namespace

// 1e-15: s and y / s are rounded, each by an ULP of numbers up to 16.
TEST_CASE(
    "softmax_cross_entropy (3): the paths through the softmax add up to "
    "the gradient") {
  Options options;
  options.temperature = 0.5;
  const VectorXd s = xent::softmax(z, {xent::Axis::columns, 0.5});
  const VectorXd dl_ds = -y.cwiseQuotient(s);
  Eigen::Vector4d gradient;
  xent::softmax_cross_entropy(z, y, gradient, options);

  Eigen::Vector4d paths = Eigen::Vector4d::Zero();
  for (int j = 0; j < 4; ++j)
    for (int i = 0; i < 4; ++i) paths[j] += dl_ds[i] * (i == j ? s[i] * (1 - s[i]) : -s[i] * s[j]) / 0.5;
  CHECK(largest(paths - gradient) < 4e-15);
  CHECK(largest(xent::softmax_vjp(s, dl_ds, {xent::Axis::columns, 0.5}) - gradient) < 4e-15);
  CHECK(largest((y.sum() * s - y) / 0.5 - gradient) < 4e-15);
  CHECK(largest((s - y) / 0.5 - gradient) > 0.1);
}

TEST_CASE(
    "softmax_cross_entropy (13): at softmax(z / T) = Y / sum Y the "
    "gradient is 0 and the loss is sum Y -log s") {
  Options options;
  options.temperature = 3;
  options.label_smoothing = 0.2;
  options.class_weights = {1, 2, 0.5, 4};
  for (const auto smoothing : {xent::Smoothing::all_classes, xent::Smoothing::other_classes}) {
    options.smoothing = smoothing;
    const bool all = smoothing == xent::Smoothing::all_classes;
    Eigen::Vector4d target;
    for (int k = 0; k < 4; ++k)
      target[k] = options.class_weights[k] * (0.8 * y[k] + (all ? 0.2 * y.sum() / 4 : 0.2 * (y.sum() - y[k]) / 3));
    const Eigen::Vector4d s = target / target.sum();
    const Eigen::Vector4d optimum = 3 * s.array().log() + 7;  // any offset
    Eigen::Vector4d gradient;
    const double loss = xent::softmax_cross_entropy(optimum, y, gradient, options);
    CHECK(largest(gradient) < 4e-15);
    CHECK(std::fabs(loss + target.dot(s.array().log().matrix())) < 1e-14);
  }
}

TEST_CASE(
    "softmax_cross_entropy (14), (15): the gap between the logits that "
    "label smoothing aims at") {
  Options options;
  options.temperature = 2;
  options.label_smoothing = 0.2;
  Eigen::Matrix<double, 5, 1> logits = Eigen::Matrix<double, 5, 1>::Zero();
  Eigen::Matrix<double, 5, 1> gradient;
  logits[3] = 2 * std::log(21.0);
  xent::softmax_cross_entropy(logits, 3, gradient, options);
  CHECK(largest(gradient) < 1e-15);
  logits[3] = 2 * std::log(16.0);
  options.smoothing = xent::Smoothing::other_classes;
  xent::softmax_cross_entropy(logits, 3, gradient, options);
  CHECK(largest(gradient) < 1e-15);
}

TEST_CASE(
    "softmax_cross_entropy (19): the gradient sums to w / (D T) 2 zeta "
    "lse, to 0 without z-loss") {
  Options options;
  options.temperature = 0.5;
  options.denominator = 8;
  options.sample_weights = {3.0};
  options.label_smoothing = 0.3;
  options.class_weights = {1, 2, 0.5, 4};
  xent::CrossEntropyReport<double> report;
  Eigen::Vector4d gradient;
  xent::softmax_cross_entropy(z, 1, gradient, options);
  CHECK(std::fabs(gradient.sum()) < 1e-15);
  options.z_loss = 0.1;
  xent::softmax_cross_entropy(z, 1, gradient, options, &report);
  CHECK(std::fabs(gradient.sum() - 3 / (8 * 0.5) * 2 * 0.1 * report.logsumexp[0]) < 1e-15);
}

TEST_CASE(
    "softmax_cross_entropy (22): times a unit vector, a column of the "
    "Hessian") {
  Options options;
  options.temperature = 2;
  options.z_loss = 0.25;
  const VectorXd s = xent::softmax(z, {xent::Axis::columns, 2});
  xent::CrossEntropyReport<double> report;
  xent::softmax_cross_entropy(z, y, options, &report);
  const double lse = report.logsumexp[0];
  const double a = y.sum() + 0.5 * lse;
  for (int j = 0; j < 4; ++j) {
    const Eigen::Vector4d column =
        xent::softmax_cross_entropy_hvp(z, y, Eigen::Vector4d(Eigen::Vector4d::Unit(j)), options);
    for (int k = 0; k < 4; ++k)
      CHECK(std::fabs(column[k] - (a * s[k] * ((k == j ? 1 : 0) - s[j]) + 0.5 * s[k] * s[j]) / 4) < 1e-15);
  }
}
