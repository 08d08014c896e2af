// Every exception of linear_cross_entropy, once, with its exact message. Nothing is written before it.

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/linear.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::Vector;
using Options = xent::LinearCrossEntropyOptions<double>;

/// Five classes, three dimensions, four samples; each test makes one thing wrong.
struct Arguments {
  Matrix<double> weights = Matrix<double>::Ones(5, 3);
  Matrix<double> features = Matrix<double>::Ones(3, 4);
  Vector<double> bias = Vector<double>::Ones(5);
  std::vector<int> labels{0, 1, 2, 3};
  Matrix<double> d_weights = Matrix<double>::Constant(5, 3, 77);
  Matrix<double> d_features = Matrix<double>::Constant(3, 4, 77);
  Vector<double> d_bias = Vector<double>::Constant(5, 77);
  Options options;

  /// What the call throws, without the name of the function.
  std::string thrown() { return thrown_with(labels); }

  template <class Targets>
  std::string thrown_with(const Targets& targets) {
    xent::CrossEntropyReport<double> report;
    report.loss = 77;
    std::string text = "nothing";
    const std::string name = "xent::linear_cross_entropy: ";
    try {
      xent::linear_cross_entropy(weights, features, bias, targets, d_weights, d_features, d_bias, options, &report);
    } catch (const std::invalid_argument& error) {
      text = error.what();
    } catch (const std::out_of_range& error) {
      text = std::string("range: ") + error.what();
    }
    CHECK((d_weights.array() == 77).all());
    CHECK((d_features.array() == 77).all());
    CHECK((d_bias.array() == 77).all());
    CHECK((report.loss == 77 && report.sample_loss.size() == 0));
    const std::size_t at = text.find(name);
    return at == std::string::npos ? text : text.erase(at, name.size());
  }
};

}  // namespace

TEST_CASE("shapes that do not chain") {
  Arguments a;
  a.features.resize(4, 3);
  CHECK(a.thrown() == "features: got [4 x 3], expected 3 features a sample, as the weights [5 x 3] have columns");
  a = Arguments();
  a.options.loss.axis = xent::Axis::rows;
  CHECK(a.thrown() == "features: got [3 x 4], expected 3 features a sample, as the weights [5 x 3] have columns");
  a = Arguments();
  a.bias.resize(4);
  CHECK(a.thrown() == "bias: got [4 x 1], expected 5, one per class");
  a = Arguments();
  a.labels.push_back(0);
  CHECK(a.thrown() == "labels: got 5, expected 4, one per sample");
  a = Arguments();
  CHECK(a.thrown_with(Matrix<double>::Ones(4, 5).eval()) == "targets: got [4 x 5], expected [5 x 4]");
  a.options.loss.axis = xent::Axis::rows;
  a.features = Matrix<double>::Ones(4, 3);
  CHECK(a.thrown_with(Matrix<double>::Ones(5, 4).eval()) == "targets: got [5 x 4], expected [4 x 5]");
}

TEST_CASE("outputs of the wrong shape") {
  Arguments a;
  a.d_weights = Matrix<double>::Constant(3, 5, 77);
  CHECK(a.thrown() == "d_weights: got [3 x 5], expected [5 x 3]");
  a = Arguments();
  a.d_features = Matrix<double>::Constant(4, 3, 77);
  CHECK(a.thrown() == "d_features: got [4 x 3], expected [3 x 4]");
  a = Arguments();
  a.d_bias = Vector<double>::Constant(6, 77);
  CHECK(a.thrown() == "d_bias: got [6 x 1], expected [5 x 1]");
}

TEST_CASE("options and labels") {
  Arguments a;
  a.options.workspace_bytes = 0;
  CHECK(a.thrown() == "workspace_bytes: got 0, expected at least 1");
  a = Arguments();
  a.options.loss.temperature = 0;
  CHECK(a.thrown() == "temperature: got 0, expected a finite number > 0");
  a = Arguments();
  a.options.loss.class_weights = {1, 2};
  CHECK(a.thrown() == "class_weights: got 2 weights, expected 5 or none");
  a = Arguments();
  a.options.loss.sample_weights = {1, 2, 3, -4};
  CHECK(a.thrown() == "sample_weights[3]: got -4, expected a finite number >= 0");
  a = Arguments();
  a.labels[2] = 5;
  CHECK(a.thrown() == "range: label of sample 2: got 5, expected a class in [0, 5)");
  a = Arguments();
  a.weights.resize(0, 3);
  a.bias.resize(0);
  a.d_weights.resize(0, 3);
  a.d_bias.resize(0);
  CHECK(a.thrown() == "logits: got 0 classes, expected at least one class for a sample that counts");
}

// The bias, the weights and the features are what they are in any orientation, but not in any number.
TEST_CASE("a bias that is no vector") {
  Arguments a;
  const Matrix<double> square = Matrix<double>::Ones(5, 5);
  CHECK_THROWS_WITH(xent::linear_cross_entropy(a.weights, a.features, square, a.labels),
                    "xent::linear_cross_entropy: bias: got [5 x 5], expected 5, one per class");
}
