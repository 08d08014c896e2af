// Every pair of argument and output that shares memory: what is computed is what would be had the arguments been copied
// first. Random views of one buffer, at random places, in all strides; the same call with a buffer for each argument
// has the same strides, and so the same bits.

#include "support/overlap.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

#include <xent/likelihood.hpp>
#include <xent/linear_cross_entropy.hpp>
#include <xent/logits.hpp>
#include <xent/sigmoid_cross_entropy.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>
#include <xent/softmax_jacobian.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstddef>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;
using xent::Axis;

using support::Call;
using support::content_for;
using support::Place;
using support::Places;
using support::View;

constexpr int functions = 15;

template <class Scalar>
void check_call(int function, support::Random& random) {
  using Real = xent::RealOf<Scalar>;
  const Axis axis = random.integer(2) == 0 ? Axis::columns : Axis::rows;
  const Index classes = 1 + random.integer(random.integer(3) == 0 ? 140 : 12);
  const Index batch = 1 + random.integer(random.integer(3) == 0 ? 70 : 9);
  const Index rows = axis == Axis::columns ? classes : batch;
  const Index cols = axis == Axis::columns ? batch : classes;
  const std::pair<Index, Index> shape{rows, cols};
  std::vector<int> labels;
  for (Index i = 0; i < batch; ++i) labels.push_back(random.integer(static_cast<int>(classes)));

  // How many arguments and outputs, all of one shape but for the linear loss.
  const std::vector<std::pair<Index, Index>> counts = {{1, 1}, {1, 1}, {1, 1}, {2, 1}, {3, 1}, {2, 1}, {2, 1}, {2, 1},
                                                       {2, 1}, {2, 1}, {1, 1}, {2, 2}, {3, 2}, {2, 1}, {2, 1}};
  std::vector<std::pair<Index, Index>> shapes(
      static_cast<std::size_t>(counts[static_cast<std::size_t>(function)].first +
                               counts[static_cast<std::size_t>(function)].second),
      shape);
  Places places(random);
  const std::vector<Place> chosen = places.of(shapes);
  // Masked classes, in functions whose kernels take them.
  const bool of_logits_alone = function == 0 || function == 10;
  const double rare = of_logits_alone ? -std::numeric_limits<double>::infinity() : 0.5;
  Call<Scalar> call(content_for<Scalar>(chosen, rare, random), counts[static_cast<std::size_t>(function)].first,
                    chosen);
  CAPTURE(function, rows, cols, axis == Axis::columns);

  using Views = std::vector<View<Scalar>>;
  xent::SoftmaxOptions<Real> softmax;
  softmax.axis = axis;
  xent::CrossEntropyOptions<Real> options;
  options.axis = axis;
  xent::LogitOptions<Real> of_logits;
  of_logits.axis = axis;
  xent::SigmoidOptions<Real> sigmoid;
  sigmoid.axis = axis;
  const auto nothing = [](const auto& does) {
    return [does](Views& v) {
      does(v);
      return 0;
    };
  };
  switch (function) {
    case 0:
      return call.check(nothing([=](Views& v) { xent::softmax(v[0], v[1], softmax); }));
    case 1:
      return call.check(nothing([=](Views& v) { xent::log_softmax(v[0], v[1], softmax); }));
    case 2:
      return call.check([&](Views& v) { return xent::softmax_cross_entropy(v[0], labels, v[1], options); });
    case 3:
      return call.check([&](Views& v) { return xent::softmax_cross_entropy(v[0], v[1], v[2], options); });
    case 4:
      return call.check(nothing([=](Views& v) { xent::softmax_cross_entropy_hvp(v[0], v[1], v[2], v[3], options); }));
    case 5:
      return call.check(nothing([=](Views& v) { xent::softmax_jvp(v[0], v[1], v[2], softmax); }));
    case 6:
      return call.check(nothing([=](Views& v) { xent::softmax_vjp(v[0], v[1], v[2], softmax); }));
    case 7:
      return call.check(nothing([=](Views& v) { xent::log_softmax_jvp(v[0], v[1], v[2], softmax); }));
    case 8:
      return call.check(nothing([=](Views& v) { xent::log_softmax_vjp(v[0], v[1], v[2], softmax); }));
    case 9:
      return call.check([=](Views& v) { return xent::sigmoid_cross_entropy(v[0], v[1], v[2], sigmoid); });
    case 10:
      return call.check([=](Views& v) { return xent::entropy_from_logits(v[0], v[1], of_logits); });
    case 11:
      return call.check([=](Views& v) { return xent::kl_divergence_from_logits(v[0], v[1], v[2], v[3], of_logits); });
    case 12:
      return call.check([](Views& v) { return xent::gaussian_nll(v[0], v[1], v[2], v[3], v[4]); });
    case 13:
      return call.check([](Views& v) { return xent::poisson_nll(v[0], v[1], v[2]); });
    default:
      return call.check([](Views& v) { return xent::half_squared_error(v[0], v[1], v[2]); });
  }
}

/// Weights, features, bias, and their gradients.
template <class Scalar>
void check_linear(support::Random& random) {
  using Views = std::vector<View<Scalar>>;
  const Index classes = 1 + random.integer(40);
  const Index dim = 1 + random.integer(12);
  const Index batch = 1 + random.integer(20);
  const std::vector<std::pair<Index, Index>> shapes = {{classes, dim}, {dim, batch}, {classes, 1},
                                                       {classes, dim}, {dim, batch}, {classes, 1}};
  Places places(random);
  const std::vector<Place> chosen = places.of(shapes);
  std::vector<int> labels;
  for (Index i = 0; i < batch; ++i) labels.push_back(random.integer(static_cast<int>(classes)));
  xent::LinearCrossEntropyOptions<xent::RealOf<Scalar>> options;
  options.workspace_bytes = random.integer(2) == 0 ? 1 : std::size_t{1} << 20U;
  options.accumulate = random.integer(2) == 0;
  CAPTURE(classes, dim, batch, options.workspace_bytes, options.accumulate);
  Call<Scalar>(content_for<Scalar>(chosen, 0.5, random), 3, chosen).check([&](Views& v) {
    return xent::linear_cross_entropy(v[0], v[1], v[2].col(0), labels, v[3], v[4], v[5].col(0), options);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("overlap: random views of one buffer, and the same views of copies", "", float, double,
                   Eigen::half) {
  support::Random random(2026);
  for (int i = 0; i < 6000; ++i) {
    CAPTURE(i);
    if (i % (functions + 1) == functions)
      check_linear<TestType>(random);
    else
      check_call<TestType>(i % (functions + 1), random);
  }
}

TEST_CASE("overlap: what was seen to go wrong") {
  support::Random random(1);
  for (const Index n : {30, 97, 128, 300}) {
    Eigen::MatrixXf z(n, n);
    Eigen::MatrixXf y(n, n);
    for (Index i = 0; i < z.size(); ++i) z.data()[i] = static_cast<float>(random.normal(0, 1));
    for (Index i = 0; i < y.size(); ++i) y.data()[i] = static_cast<float>(random.uniform(0, 1));
    const std::vector<int> labels(static_cast<std::size_t>(n), 3);
    for (const Axis axis : {Axis::columns, Axis::rows}) {
      CAPTURE(n, axis == Axis::columns);
      xent::CrossEntropyOptions<float> options;
      options.axis = axis;
      Eigen::MatrixXf expected(n, n);
      Eigen::MatrixXf shared = y;
      const float loss = xent::softmax_cross_entropy(z, y, expected, options);
      CHECK(xent::softmax_cross_entropy(z, shared, shared, options) == loss);
      CHECK(shared == expected);

      shared = z;
      xent::softmax(z.transpose(), expected, {axis});  // layouts as below: other ones have other last digits
      xent::softmax(shared.transpose(), shared, {axis});
      CHECK(shared == expected);

      shared = z;
      xent::softmax_cross_entropy(z, labels, expected.transpose(), options);
      xent::softmax_cross_entropy(shared, labels, shared.transpose(), options);
      CHECK(shared == expected);
    }
    Eigen::MatrixXf shared = z;
    const Eigen::MatrixXf expected = xent::softmax(z.leftCols(n - 1));
    xent::softmax(shared.leftCols(n - 1), shared.rightCols(n - 1));
    CHECK(shared.rightCols(n - 1) == expected);
    CHECK(shared.col(0) == z.col(0));
  }
}

TEST_CASE("overlap: the empty matrix twice is one memory, too") {
  const Eigen::MatrixXd p = Eigen::MatrixXd::Random(4, 3);
  const Eigen::MatrixXd q = Eigen::MatrixXd::Random(4, 3);
  Eigen::MatrixXd d;
  CHECK_THROWS_AS(xent::kl_divergence_from_logits(p, q, d, d), std::invalid_argument);
  CHECK(d.size() == 0);
}

TEST_CASE("overlap: numbers of the options and entries of sparse targets are arguments") {
  Eigen::MatrixXd z = Eigen::MatrixXd::Random(6, 1);
  Eigen::MatrixXd expected(6, 1);
  xent::CrossEntropyOptions<double> options;
  options.class_weights = Eigen::VectorXd::LinSpaced(6, 0.5, 2.0);
  options.label_smoothing = 0.2;
  const std::vector<int> labels{2};
  xent::softmax_cross_entropy(z, labels, expected, options);
  Eigen::Map<Eigen::MatrixXd> over_weights(options.class_weights.data(), 6, 1);
  xent::softmax_cross_entropy(z, labels, over_weights, options);
  CHECK(over_weights == expected);

  options.sample_weights = Eigen::VectorXd::Constant(1, 0.75);
  Eigen::MatrixXd one(1, 1);
  Eigen::MatrixXd of_one(1, 1);
  one(0, 0) = 0.5;
  Eigen::Map<Eigen::MatrixXd> over_sample_weights(options.sample_weights.data(), 1, 1);
  options.class_weights.resize(0);
  xent::softmax_cross_entropy(one, std::vector<int>{0}, of_one, options);
  xent::softmax_cross_entropy(one, std::vector<int>{0}, over_sample_weights, options);
  CHECK(over_sample_weights == of_one);

  xent::SigmoidOptions<double> sigmoid;
  sigmoid.positive_weights = Eigen::VectorXd::LinSpaced(6, 0.5, 2.0);
  const Eigen::MatrixXd decisions = Eigen::MatrixXd::Constant(6, 1, 0.25);
  xent::sigmoid_cross_entropy(z, decisions, expected, sigmoid);
  Eigen::Map<Eigen::MatrixXd> over_positive(sigmoid.positive_weights.data(), 6, 1);
  xent::sigmoid_cross_entropy(z, decisions, over_positive, sigmoid);
  CHECK(over_positive == expected);

  options = {};
  options.class_weights = Eigen::VectorXd::LinSpaced(6, 0.5, 2.0);
  Eigen::Map<Eigen::MatrixXd> under_product(options.class_weights.data(), 6, 1);
  xent::softmax_cross_entropy_hvp(z, labels, decisions, expected, options);
  xent::softmax_cross_entropy_hvp(z, labels, decisions, under_product, options);
  CHECK(under_product == expected);

  options.class_weights = Eigen::VectorXd::LinSpaced(6, 0.5, 2.0);
  const Eigen::MatrixXd feature = Eigen::MatrixXd::Constant(1, 1, 0.5);
  Eigen::Map<Eigen::MatrixXd> d_weights(options.class_weights.data(), 6, 1);
  xent::linear_cross_entropy(z, feature, xent::none, labels, expected, xent::none, xent::none, options);
  xent::linear_cross_entropy(z, feature, xent::none, labels, d_weights, xent::none, xent::none, options);
  CHECK(d_weights == expected);
  Eigen::MatrixXd distribution = decisions;
  xent::linear_cross_entropy(z, feature, xent::none, distribution, expected, xent::none, xent::none);
  xent::linear_cross_entropy(z, feature, xent::none, distribution, distribution, xent::none, xent::none);
  CHECK(distribution == expected);

  Eigen::SparseMatrix<double> targets(6, 1);
  for (Index k = 0; k < 6; ++k) targets.insert(k, 0) = 0.1 * static_cast<double>(k + 1);
  targets.makeCompressed();
  xent::softmax_cross_entropy(z, targets, expected);
  Eigen::Map<Eigen::MatrixXd> over_targets(targets.valuePtr(), 6, 1);
  xent::softmax_cross_entropy(z, targets, over_targets);
  CHECK(over_targets == expected);
}

TEST_CASE("overlap: one variance whose derivative goes into the mean") {
  Eigen::VectorXd mean = Eigen::VectorXd::LinSpaced(5, -1, 1);
  const Eigen::VectorXd target = Eigen::VectorXd::Constant(5, 0.25);
  Eigen::VectorXd d_mean(5);
  double expected = 0;
  const double loss = xent::gaussian_nll(mean, target, 2.0, d_mean, expected);
  CHECK(xent::gaussian_nll(mean, target, 2.0, xent::none, mean[1]) == loss);
  CHECK(mean[1] == expected);
  CHECK_THROWS_AS(xent::gaussian_nll(mean, target, 2.0, d_mean, d_mean[1]), std::invalid_argument);
}
