// xent/ceres.hpp with the real library: the function and its gradient, and a problem that Ceres solves to a minimum
// that is known.

#include <xent/ceres.hpp>
#include <xent/softmax.hpp>

#include <ceres/gradient_problem.h>
#include <ceres/gradient_problem_solver.h>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Options = xent::CrossEntropyOptions<double>;

struct Data {
  MatrixXd features = MatrixXd(3, 20);
  Eigen::VectorXi labels = Eigen::VectorXi(20);
  VectorXd parameters = VectorXd(16);
  Data() {
    support::Random random(17);
    random.fill_normal(features);
    random.fill_normal(parameters, 0, 0.5);
    for (int& label : labels) label = random.integer(4);
  }
};

double cost(const ceres::FirstOrderFunction& f, const VectorXd& parameters) {
  double value = 0;
  CHECK(f.Evaluate(parameters.data(), &value, nullptr));
  return value;
}

}  // namespace

TEST_CASE("ceres: the cost is the loss of W X + b plus the penalty") {
  const Data d;
  const xent::SoftmaxRegression f(d.features, d.labels, 4, Options(), 0.25);
  CHECK(f.NumParameters() == 16);
  const MatrixXd w = f.weights(d.parameters.data());
  const VectorXd b = f.bias(d.parameters.data());
  CHECK((w.rows() == 4 && w.cols() == 3 && w(1, 2) == d.parameters[9] && b == d.parameters.tail(4)));
  const double loss = xent::softmax_cross_entropy((w * d.features).colwise() + b, d.labels);
  CHECK(std::abs(cost(f, d.parameters) - (loss + 0.125 * w.squaredNorm())) < 1e-15);
}

TEST_CASE("ceres: the gradient is the derivative of the cost, for either axis and for distributions") {
  const Data d;
  Options o;
  o.label_smoothing = 0.1;
  o.temperature = 1.5;
  Options rows = o;
  rows.axis = xent::Axis::rows;
  MatrixXd y = MatrixXd::Zero(4, 20);
  for (Index i = 0; i < 20; ++i) y(d.labels[i], i) = 1;
  std::vector<std::unique_ptr<ceres::FirstOrderFunction>> functions;
  functions.emplace_back(new xent::SoftmaxRegression(d.features, d.labels, 4, o, 0.25));
  functions.emplace_back(new xent::SoftmaxRegression(d.features.transpose(), d.labels, 4, rows, 0.25));
  functions.emplace_back(new xent::SoftmaxRegression(d.features, y, 4, o, 0.25));
  const double expected = cost(*functions.front(), d.parameters);
  for (const auto& f : functions) {
    VectorXd gradient(16);
    double value = 0;
    CHECK(f->Evaluate(d.parameters.data(), &value, gradient.data()));
    CHECK(std::abs(value - expected) < 1e-15);
    CHECK(value == cost(*f, d.parameters));
    for (Index i = 0; i < 16; ++i) {
      // h^2 of the difference and rounding / h balance near 1e-11.
      const VectorXd h = 1e-5 * VectorXd::Unit(16, i);
      const double difference = (cost(*f, d.parameters + h) - cost(*f, d.parameters - h)) / 2e-5;
      CHECK(std::abs(difference - gradient[i]) < 1e-10);
    }
  }
}

TEST_CASE("ceres: the solver finds the minimum that is known") {
  // One feature that tells two groups apart: each group's probabilities become its shares, 1/2 1/4 1/4 and 1/4 1/4 1/2.
  MatrixXd features(1, 8);
  features << 0, 0, 0, 0, 1, 1, 1, 1;
  const std::vector<int> labels{0, 0, 1, 2, 0, 1, 2, 2};
  auto* const function = new xent::SoftmaxRegression(features, labels, 3);
  const ceres::GradientProblem problem(function);  // owns it
  std::vector<double> parameters(6, 0.0);
  ceres::GradientProblemSolver::Options options;
  options.logging_type = ceres::SILENT;
  options.gradient_tolerance = 1e-12;
  options.function_tolerance = 0;
  options.parameter_tolerance = 0;
  ceres::GradientProblemSolver::Summary summary;
  ceres::Solve(options, problem, parameters.data(), &summary);
  CHECK(summary.IsSolutionUsable());
  const MatrixXd w = function->weights(parameters.data());
  const VectorXd b = function->bias(parameters.data());
  const Eigen::Vector3d first = xent::softmax(b), second = xent::softmax(w.col(0) + b);
  CHECK((first - Eigen::Vector3d(0.5, 0.25, 0.25)).cwiseAbs().maxCoeff() < 1e-8);
  CHECK((second - Eigen::Vector3d(0.25, 0.25, 0.5)).cwiseAbs().maxCoeff() < 1e-8);
  // The entropy of (1/2, 1/4, 1/4) is 1.5 bits.
  CHECK(std::abs(summary.final_cost - 1.5 * std::log(2.0)) < 1e-14);
}

TEST_CASE("ceres: a cost that is not finite is a failed evaluation") {
  const Data d;
  const xent::SoftmaxRegression f(d.features, d.labels, 4);
  VectorXd far = d.parameters;
  far[0] = std::numeric_limits<double>::max();
  double value = 0;
  CHECK_FALSE(f.Evaluate(far.data(), &value, nullptr));
}

TEST_CASE("ceres: bad data are refused at once") {
  const Data d;
  using Regression = xent::SoftmaxRegression<Eigen::VectorXi>;
  CHECK_THROWS_WITH(Regression(d.features, d.labels.head(5), 4),
                    "xent::softmax_cross_entropy: labels: got 5, expected 20, one per sample");
  CHECK_THROWS_AS(Regression(d.features, d.labels, 2), std::out_of_range);
  Options o;
  o.temperature = -1;
  CHECK_THROWS_AS(Regression(d.features, d.labels, 4, o), std::invalid_argument);
  CHECK_THROWS_WITH(Regression(d.features, d.labels, 4, Options(), -0.5),
                    "xent::SoftmaxRegression: penalty: got -0.5, expected a finite number >= 0");
  CHECK_THROWS_WITH(
      Regression(d.features, d.labels, -1),
      "xent::SoftmaxRegression: classes: got -1, expected a number >= 0, with fewer than 2^31 parameters");
  CHECK_THROWS_AS(Regression(d.features, d.labels, Index{1} << 29), std::invalid_argument);
}
