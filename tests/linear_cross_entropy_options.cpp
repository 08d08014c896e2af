// linear_cross_entropy is softmax_cross_entropy of the full product, followed by three products: for every option, kind
// of target, axis, storage and scalar, with all classes in a tile and with tiles of sixteen.

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/linear.hpp"
#include "support/matrices.hpp"

namespace {

using Eigen::Index;
using support::difference;
using support::full_answer;
using support::linear_answer;
using support::LinearAnswer;
using support::LinearOptions;
using support::LinearProblem;
using support::Matrix;
using support::same;
using support::ulps_of_largest;
using support::Vector;

template <class Real>
using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

const std::vector<std::size_t> budgets{1, 6000, 32U << 20U};

/// Sets in which every option is away from its default somewhere, for 50 classes and 20 samples.
template <class Real>
std::vector<LinearOptions<Real>> option_sets() {
  LinearOptions<Real> smoothed;
  smoothed.loss.label_smoothing = Real(0.125);
  LinearOptions<Real> others = smoothed;
  others.loss.smoothing = xent::Smoothing::other_classes;
  others.loss.reduction = xent::Reduction::sum;
  LinearOptions<Real> weighted;
  weighted.loss.class_weights = Vector<Real>::LinSpaced(50, Real(0), Real(2));
  weighted.loss.sample_weights = Vector<Real>::LinSpaced(20, Real(0), Real(3));
  LinearOptions<Real> squared;
  squared.loss.temperature = Real(1.75);
  squared.loss.z_loss = Real(0.02);
  squared.loss.ignore_index = 7;
  LinearOptions<Real> all = others;
  all.loss.class_weights = weighted.loss.class_weights;
  all.loss.sample_weights = Vector<Real>::LinSpaced(20, Real(-1), Real(2));
  all.loss.temperature = Real(0.75);
  all.loss.z_loss = Real(0.01);
  all.loss.reduction = xent::Reduction::mean;
  all.loss.denominator = Real(3.5);
  return {LinearOptions<Real>(), smoothed, others, weighted, squared, all};
}

/// Checks a problem with every kind of target under the option sets. The sums of this test have 20 to 50 terms of one
/// sign or both, added up in different orders: 8 ULP of the largest.
template <class Scalar>
void check_against_full(const LinearProblem<Scalar>& p) {
  using Real = xent::RealOf<Scalar>;
  for (const std::size_t bytes : budgets)
    for (LinearOptions<Real> o : option_sets<Real>())
      for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
        o.loss.axis = axis;
        o.workspace_bytes = bytes;
        const bool columns = axis == xent::Axis::columns;
        CAPTURE(bytes, columns, o.loss.z_loss, o.loss.label_smoothing, o.loss.class_weights.size());
        const Matrix<Real> y = columns ? p.y : Matrix<Real>(p.y.transpose());
        const auto check = [&](const auto& targets) {
          CHECK(difference(linear_answer(p, targets, o), full_answer(p, targets, o), 8) == std::string());
        };
        check(p.labels);
        check(y);
        check(Eigen::SparseMatrix<Real>(y.sparseView()));
        check(Eigen::SparseMatrix<Real, Eigen::RowMajor>(y.sparseView()));
      }
}

}  // namespace

TEMPLATE_TEST_CASE("the full product, softmax_cross_entropy and three products", "", float, double, Eigen::half,
                   Eigen::bfloat16) {
  check_against_full(LinearProblem<TestType>(20, 50, 6, 20));
}

// A class masked by its bias is absent for every sample, in whichever tile it lies; NaN and +inf stay in their sample
// as far as a gradient that is not a sum over samples goes.
TEMPLATE_TEST_CASE("masks, NaN and infinities mean what they mean in a matrix of logits", "", float, double) {
  using Real = TestType;
  constexpr Real inf = std::numeric_limits<Real>::infinity();
  LinearProblem<Real> p(21, 50, 6, 20);
  SECTION("masked classes, some under a target") {
    for (const Index k : {0, 3, 15, 16, 17, 49}) p.bias[k] = -inf;
    p.labels[2] = 16;
  }
  SECTION("a tile of masked classes, and all but one") {
    p.bias.setConstant(-inf);
    p.bias[33] = 1;
    p.labels.assign(20, 33);
  }
  SECTION("every class masked") { p.bias.setConstant(-inf); }
  SECTION("a sample of NaN") { p.features(3, 11) = std::numeric_limits<Real>::quiet_NaN(); }
  SECTION("an infinite logit, then NaN in a later tile") {
    p.bias[5] = inf;
    p.bias[9] = inf;
    p.features(0, 1) = std::numeric_limits<Real>::quiet_NaN();
  }
  SECTION("a NaN target") { p.y(40, 4) = std::numeric_limits<Real>::quiet_NaN(); }
  check_against_full(p);
}

// Each tile brings a higher maximum than all before, or none does; a label is the first class, the last, and one
// between.
TEMPLATE_TEST_CASE("running states merge exactly", "", float, double) {
  using Real = TestType;
  LinearProblem<Real> p(22, 500, 2, 3);
  p.labels = {0, 250, 499};
  for (const double step : {-300.0, -2.0, -1e-3, 1e-3, 2.0, 300.0}) {
    for (Index k = 0; k < 500; ++k) p.bias[k] = static_cast<Real>(step * static_cast<double>(k));
    p.weights.setZero();
    for (LinearOptions<Real> o : {LinearOptions<Real>(), option_sets<Real>()[1], option_sets<Real>()[4]}) {
      CAPTURE(step, o.loss.label_smoothing, o.loss.temperature);
      o.loss.reduction = xent::Reduction::sum;
      const LinearAnswer<Real> full = full_answer(p, p.labels, o);
      o.workspace_bytes = 1;
      const LinearAnswer<Real> tiled = linear_answer(p, p.labels, o);
      // Each within its own bound of the exact one: 4 ULP for a loss, 6 for a gradient of smoothed labels.
      for (Index i = 0; i < 3; ++i) {
        CHECK(support::ulps_of_number(tiled.report.sample_loss[i], full.report.sample_loss[i]) <= 8);
        CHECK(support::ulps_of_number(tiled.report.logsumexp[i], full.report.logsumexp[i]) <= 6);
        CHECK(support::ulps_of_number(tiled.report.entropy[i], full.report.entropy[i]) <= 16);
      }
      CHECK(ulps_of_largest(tiled.d_bias, full.d_bias) <= 12);
      CHECK(same(tiled.report.prediction, full.report.prediction));
    }
  }
}

// (f(v + h) - f(v - h)) / 2h in double: h^2 times a third derivative below 1, plus rounding of the loss over h.
TEST_CASE("central differences of all three gradients") {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{32} << 20U})
    for (LinearOptions<double> o : option_sets<double>()) {
      LinearProblem<double> p(23, 50, 6, 20);
      o.workspace_bytes = bytes;
      const auto check = [&](const auto& targets) {
        const LinearAnswer<double> a = linear_answer(p, targets, o);
        const double h = 1e-4;
        const auto slope = [&](double& value) {
          const double kept = value;
          value = kept + h;
          const double high = xent::linear_cross_entropy(p.weights, p.features, p.bias, targets, o);
          value = kept - h;
          const double low = xent::linear_cross_entropy(p.weights, p.features, p.bias, targets, o);
          value = kept;
          return (high - low) / (2 * h);
        };
        const double bound = 1e-6 * std::max(1.0, a.d_weights.cwiseAbs().maxCoeff());
        for (const Index k : {0, 17, 49}) {
          CHECK(std::abs(slope(p.weights(k, k % 6)) - a.d_weights(k, k % 6)) <= bound);
          CHECK(std::abs(slope(p.bias[k]) - a.d_bias[k]) <= bound);
        }
        for (const Index i : {1, 12, 19})
          CHECK(std::abs(slope(p.features(i % 6, i)) - a.d_features(i % 6, i)) <= bound);
        CHECK(std::abs(slope(o.loss.temperature) - a.report.temperature_gradient) <= 10 * bound);
      };
      check(p.labels);
      check(p.y);
    }
}

TEST_CASE("every storage of arguments and outputs") {
  const LinearProblem<float> p(24, 50, 6, 20);
  for (const std::size_t bytes : budgets) {
    LinearOptions<float> o;
    o.workspace_bytes = bytes;
    const LinearAnswer<float> expected = linear_answer(p, p.labels, o);
    const auto check = [&](const auto& loss, const auto& d_weights, const auto& d_features, const auto& d_bias) {
      CHECK(support::ulps_of_number(loss, expected.loss) <= 4);
      CHECK(ulps_of_largest(d_weights, expected.d_weights) <= 4);
      CHECK(ulps_of_largest(d_features, expected.d_features) <= 4);
      CHECK(ulps_of_largest(d_bias, expected.d_bias) <= 4);
    };
    SECTION("row-major matrices, labels in a row, empty outputs " + std::to_string(bytes)) {
      const RowMajor<float> weights = p.weights;
      const RowMajor<float> features = p.features;
      const Eigen::RowVector<short, Eigen::Dynamic> labels =
          Eigen::Map<const Eigen::VectorXi>(p.labels.data(), 20).cast<short>();
      const Eigen::RowVectorXd bias = p.bias.cast<double>();
      RowMajor<float> d_weights, d_features;
      Matrix<float> d_bias;
      const float loss = xent::linear_cross_entropy(weights, features, bias, labels, d_weights, d_features, d_bias, o);
      check(loss, d_weights, d_features, d_bias);
    }
    SECTION("expressions, blocks and arrays " + std::to_string(bytes)) {
      Matrix<float> frame = Matrix<float>::Constant(60, 30, 77);
      frame.block(4, 3, 6, 20) = p.features;
      Eigen::ArrayXXf half = p.weights.array() / 2;
      Matrix<float> outputs = Matrix<float>::Constant(70, 40, 77);
      Eigen::ArrayXf d_bias;
      const float loss = xent::linear_cross_entropy(half + half, frame.block(4, 3, 6, 20), p.bias.array(), p.labels,
                                                    outputs.block(1, 2, 50, 6), outputs.block(55, 9, 6, 20), d_bias, o);
      check(loss, outputs.block(1, 2, 50, 6), outputs.block(55, 9, 6, 20), d_bias);
      CHECK((outputs(0, 2) == 77 && outputs(51, 2) == 77 && outputs(1, 8) == 77 && outputs(54, 9) == 77));
    }
    SECTION("strides, indexed and transposed outputs " + std::to_string(bytes)) {
      using Strided = Eigen::Map<Matrix<float>, 0, Eigen::Stride<Eigen::Dynamic, 2>>;
      std::vector<float> memory(50 * 6 * 2, 77), gradient(50 * 6 * 2, 77);
      Strided weights(memory.data(), 50, 6, Eigen::Stride<Eigen::Dynamic, 2>(100, 2));
      weights = p.weights;
      Strided d_weights(gradient.data(), 50, 6, Eigen::Stride<Eigen::Dynamic, 2>(100, 2));
      Matrix<float> d_features(20, 6);
      Matrix<float> d_bias = Matrix<float>::Constant(50, 2, 77);
      std::vector<Index> all(50);
      for (Index k = 0; k < 50; ++k) all[static_cast<std::size_t>(k)] = k;
      const float loss = xent::linear_cross_entropy(weights, p.features, p.bias, p.labels, d_weights,
                                                    d_features.transpose(), d_bias.col(1), o);
      check(loss, d_weights, d_features.transpose(), d_bias.col(1));
      CHECK((gradient[1] == 77 && d_bias(0, 0) == 77));
      Matrix<float> indexed = Matrix<float>::Ones(50, 6);
      LinearOptions<float> adding = o;
      adding.accumulate = true;
      xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, indexed(all, Eigen::indexing::all),
                                 xent::none, xent::none, adding);
      CHECK(ulps_of_largest(indexed, Matrix<float>(expected.d_weights.array() + 1)) <= 4);
    }
  }
}

TEST_CASE("each gradient alone is the one among three") {
  const LinearProblem<double> p(25, 50, 6, 20);
  for (const std::size_t bytes : budgets) {
    LinearOptions<double> o;
    o.workspace_bytes = bytes;
    const LinearAnswer<double> three = linear_answer(p, p.labels, o);
    Matrix<double> d_weights, d_features;
    Vector<double> d_bias;
    xent::CrossEntropyReport<double> report;
    using xent::none;
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, none, none, o);
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, none, d_features, none, o);
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, none, none, d_bias, o, &report);
    CHECK(ulps_of_largest(d_weights, three.d_weights) <= 4);
    CHECK(ulps_of_largest(d_features, three.d_features) <= 4);
    CHECK(ulps_of_largest(d_bias, three.d_bias) <= 4);
    CHECK(report.temperature_gradient != 0);
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, none, none, none, o, &report);
    CHECK(report.temperature_gradient == 0);
    CHECK(support::ulps_of_number(report.loss, three.loss) <= 4);
  }
}

TEST_CASE("one sample: features in a vector, a number for a label, a vector for a distribution") {
  const LinearProblem<double> p(26, 50, 6, 1);
  for (const std::size_t bytes : budgets)
    for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
      LinearOptions<double> o;
      o.workspace_bytes = bytes;
      const LinearAnswer<double> expected = linear_answer(p, p.labels, o);
      const LinearAnswer<double> soft = linear_answer(p, p.y, o);
      o.loss.axis = axis;
      Eigen::VectorXd d_features;
      const double loss = xent::linear_cross_entropy(p.weights, p.features.col(0), p.bias, p.labels[0], xent::none,
                                                     d_features, xent::none, o);
      CHECK(loss == expected.loss);
      CHECK(ulps_of_largest(d_features, expected.d_features.col(0)) <= 4);  // without a report
      const Eigen::RowVectorXd x = p.features.col(0).transpose();
      CHECK(xent::linear_cross_entropy(p.weights, x, p.bias, p.labels[0], o) == expected.loss);
      CHECK(xent::linear_cross_entropy(p.weights, x, p.bias, p.y.col(0), o) == soft.loss);
      CHECK(xent::linear_cross_entropy(p.weights, x, p.bias, Eigen::RowVectorXd(p.y.col(0).transpose()), o) ==
            soft.loss);
      const Eigen::SparseVector<double> sparse = p.y.col(0).sparseView();
      CHECK(xent::linear_cross_entropy(p.weights, x, p.bias, sparse, o) == soft.loss);
    }
}

TEST_CASE("nothing to do") {
  const LinearProblem<double> p(27, 50, 6, 20);
  Matrix<double> d_weights, d_features;
  Vector<double> d_bias;
  // No sample.
  CHECK(xent::linear_cross_entropy(p.weights, p.features.leftCols(0), p.bias, std::vector<int>(), d_weights, d_features,
                                   d_bias) == 0);
  CHECK((d_weights.rows() == 50 && d_weights.isZero(0) && d_bias.size() == 50 && d_bias.isZero(0)));
  CHECK(d_features.cols() == 0);
  // No dimension: the logits are the bias.
  Matrix<double> nothing;
  d_features.resize(0, 0);
  LinearProblem<double> flat = p;
  flat.weights.resize(50, 0);
  flat.features.resize(0, 20);
  const LinearAnswer<double> a = linear_answer(flat, flat.labels, LinearOptions<double>());
  CHECK(difference(a, full_answer(flat, flat.labels, LinearOptions<double>()), 8) == std::string());
  // No class, and no sample that counts.
  const std::vector<int> ignored(20, -100);
  CHECK(xent::linear_cross_entropy(p.weights.topRows(0), p.features, xent::none, ignored, nothing, xent::none,
                                   xent::none) == 0);
}
