// nll: its formula, every option, the semantics of softmax_cross_entropy's table, errors, and every kind of argument.

#include <xent/likelihood.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <unsupported/Eigen/AutoDiff>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using support::same_number;
using support::Vector;
using xent::Axis;
using xent::Reduction;
template <class Real>
using Options = xent::NllOptions<Real>;
using Report = xent::CrossEntropyReport<double>;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

const std::vector<int> labels{2, 0, 3, 3, 1, 0};

template <class Real = double>
Matrix<Real> log_probabilities() {
  Matrix<Real> z(4, 6);
  support::Random(21).fill_normal(z, 0, 2);
  return xent::log_softmax(z);
}

/// Every member that nll reads away from its default.
template <class Real = double>
Options<Real> every_option() {
  Options<Real> o;
  o.denominator = Real(2.5);
  o.ignore_index = 1;
  o.class_weights = {Real(1.5), Real(1), Real(0.5), Real(2)};
  o.sample_weights = {Real(1), Real(0.5), Real(2), Real(-0.25), Real(1), Real(0)};
  o.executor = support::backwards();
  return o;
}

template <class Real>
xent::CrossEntropyOptions<Real> of_softmax(const Options<Real>& o) {
  xent::CrossEntropyOptions<Real> all;
  all.axis = o.axis;
  all.reduction = o.reduction;
  all.denominator = o.denominator;
  all.ignore_index = o.ignore_index;
  all.class_weights = o.class_weights;
  all.sample_weights = o.sample_weights;
  all.executor = o.executor;
  return all;
}

}  // namespace

TEST_CASE("likelihood (1): the loss of a label is minus its log-probability") {
  const Matrix<double> l = log_probabilities();
  double sum = 0;
  for (Index i = 0; i < 6; ++i) {
    const int label = labels[static_cast<std::size_t>(i)];
    CHECK(xent::nll(l.col(i), label) == -l(label, i));
    sum -= l(label, i);
  }
  CHECK(std::abs(xent::nll(l, labels) - sum / 6) < 1e-15);
  CHECK(std::abs(xent::nll(l, labels, {Axis::columns, Reduction::sum}) - sum) < 1e-14);
  Report report;
  CHECK(same_number(xent::nll(Eigen::Vector2d(0, -3), 0, {}, &report), 0.0));
  CHECK(same_number(report.sample_loss[0], 0.0));
}

TEST_CASE("nll: every option, alone and together") {
  const Matrix<double> l = log_probabilities();
  const auto entry = [&](Index i) { return -l(labels[static_cast<std::size_t>(i)], i); };
  const auto near = [](double a, double b) { return std::abs(a - b) < 1e-14; };
  Options<double> o;
  o.denominator = 4;
  CHECK(near(xent::nll(l, labels, o), xent::nll(l, labels) * 6 / 4));
  o = {};
  o.ignore_index = 3;
  CHECK(near(xent::nll(l, labels, o), (entry(0) + entry(1) + entry(4) + entry(5)) / 4));
  o = {};
  o.class_weights = {1.5, 1, 0.5, 2};
  CHECK(near(xent::nll(l, labels, o),
             (0.5 * entry(0) + 1.5 * entry(1) + 2 * entry(2) + 2 * entry(3) + entry(4) + 1.5 * entry(5)) / 8.5));
  o = {};
  o.sample_weights = {1, 0.5, 2, 0, 1, 0};
  CHECK(near(xent::nll(l, labels, o), (entry(0) + 0.5 * entry(1) + 2 * entry(2) + entry(4)) / 4.5));
  CHECK(near(xent::nll(l, labels, every_option()),
             (0.5 * entry(0) + 0.5 * 1.5 * entry(1) + 2 * 2 * entry(2) - 0.25 * 2 * entry(3)) / 2.5));
}

TEST_CASE("nll: with a report it is softmax_cross_entropy of the log-probabilities") {
  const Matrix<double> l = log_probabilities();
  for (const bool sum : {false, true}) {
    Options<double> o = every_option();
    o.reduction = sum ? Reduction::sum : Reduction::mean;
    Report report, expected;
    const double loss = xent::nll(l, labels, o, &report);
    const double softmax_loss = xent::softmax_cross_entropy(l, labels, of_softmax(o), &expected);
    CHECK(loss == xent::nll(l, labels, o));
    CHECK(report.loss == loss);
    // log_softmax has rounded: exp of the log-probabilities sums to 1 within 16 ULP of 2^-53 (4 classes, 3.5 ULP each).
    CHECK(std::abs(loss - softmax_loss) < 1e-14);
    CHECK((report.sample_loss - expected.sample_loss).abs().maxCoeff() < 1e-14);
    const auto near = [](const auto& a, const auto& b) { return (a == b || (a - b).abs() < 1e-15).all(); };
    CHECK(near(report.logsumexp, expected.logsumexp));
    CHECK(near(report.entropy, expected.entropy));
    CHECK(same(report.prediction, expected.prediction));
    CHECK((report.counted == 4 && report.ignored == 2 && report.correct == expected.correct));
    CHECK(report.denominator == expected.denominator);
    CHECK((report.z_loss == 0 && report.temperature_gradient == 0));
  }
}

TEST_CASE("nll: every kind of labels and of log-probabilities") {
  const Matrix<double> l = log_probabilities();
  const Eigen::VectorXi y = Eigen::Map<const Eigen::VectorXi>(labels.data(), 6);
  const double loss = xent::nll(l, labels);
  CHECK(xent::nll(l, y) == loss);
  CHECK(xent::nll(l, y.transpose()) == loss);
  CHECK(xent::nll(l, y.cast<std::uint8_t>()) == loss);
  CHECK(xent::nll(l, std::array<std::int64_t, 6>{2, 0, 3, 3, 1, 0}) == loss);
  CHECK(xent::nll(l, labels, {}) == loss);
  CHECK(xent::nll(RowMajor(l), y) == loss);
  CHECK(xent::nll(l.transpose(), y, {Axis::rows}) == loss);
  CHECK(xent::nll(RowMajor(l.transpose()), y, {Axis::rows}) == loss);
  CHECK(xent::nll(l.array(), y) == loss);
  CHECK(xent::nll(Eigen::Matrix<double, 4, 6>(l), y) == loss);
  Matrix<double> large = Matrix<double>::Constant(9, 14, not_a_number);
  large.block(2, 3, 4, 6) = l;
  CHECK(xent::nll(large.block(2, 3, 4, 6), y) == loss);
  long evaluations = 0;
  CHECK(xent::nll(l.unaryExpr(support::Counted{&evaluations}), y) == loss);
  CHECK(evaluations == 24);
  CHECK(xent::nll(l.transpose().row(3), 3) == -l(3, 3));
  CHECK(xent::nll(l.leftCols(0), std::vector<int>{}) == 0);
}

TEST_CASE("nll: log-probabilities of -inf, NaN, and samples that are absent") {
  Matrix<double> l = log_probabilities();
  Report report;
  l(3, 2) = -inf;
  CHECK(xent::nll(l, labels) == inf);
  Options<double> o;
  o.class_weights = {1, 1, 1, 0};
  CHECK(std::isfinite(xent::nll(l, labels, o, &report)));
  CHECK((report.sample_loss[2] == 0 && report.counted == 6 && report.denominator == 4));
  l(3, 2) = not_a_number;
  CHECK(std::isnan(xent::nll(l, labels, o, &report)));
  CHECK((std::isnan(report.sample_loss[2]) && std::isnan(report.logsumexp[2]) && report.prediction[2] == -1));
  CHECK(std::isfinite(report.sample_loss[3]));
  // Only the entry of the label is read.
  l(3, 2) = -1;
  l(0, 2) = not_a_number;
  CHECK(std::isfinite(xent::nll(l, labels)));
  o = {};
  o.sample_weights = {1, 1, 0, 1, 1, 1};
  std::vector<int> y = labels;
  y[2] = 77;  // not even whether it is a class
  CHECK(std::isfinite(xent::nll(l, y, o, &report)));
  CHECK((report.sample_loss[2] == 0 && report.logsumexp[2] == -inf && report.entropy[2] == 0));
  CHECK((report.prediction[2] == -1 && report.counted == 5 && report.ignored == 1));
  o.sample_weights = xent::Weights<double>(Eigen::ArrayXd::Zero(6));
  CHECK(same_number(xent::nll(l, labels, o, &report), 0.0));
  CHECK(report.counted == 0);
  // The label -1 of an ignored sample is not its prediction.
  o = {};
  o.ignore_index = -1;
  y = labels;
  y[0] = y[4] = -1;
  const Matrix<double> whole = log_probabilities();
  xent::nll(whole, y, o, &report);
  Report expected;
  xent::softmax_cross_entropy(whole, y, of_softmax(o), &expected);
  CHECK((report.counted == 4 && report.correct == expected.correct));
  // Every label has class weight 0: a default denominator of 0, and a loss of 0.
  o = {};
  o.class_weights = {0, 0, 0, 0};
  CHECK(same_number(xent::nll(log_probabilities(), labels, o), 0.0));
}

TEST_CASE("nll: every executor gives the same bits") {
  Matrix<double> l(20, 5000);
  std::vector<int> y(5000);
  support::Random random(2);
  random.fill_normal(l);
  for (int& label : y) label = random.integer(20);
  Report report, other;
  const double loss = xent::nll(l, y, {}, &report);
  for (const auto& executor : {support::backwards(), support::threaded()}) {
    Options<double> o;
    o.executor = executor;
    CHECK(xent::nll(l, y, o, &other) == loss);
    CHECK(same(other.entropy, report.entropy));
    CHECK(other.correct == report.correct);
  }
}

TEMPLATE_TEST_CASE("nll: 16-bit log-probabilities are computed in float", "", Eigen::half, Eigen::bfloat16) {
  const Matrix<TestType> l = log_probabilities<float>().template cast<TestType>();
  CHECK(xent::nll(l, labels, every_option<float>()) ==
        xent::nll(l.template cast<float>(), labels, every_option<float>()));
}

TEST_CASE("nll: AutoDiffScalar log-probabilities") {
  using Dual = Eigen::AutoDiffScalar<Eigen::Vector3d>;
  Eigen::Matrix<Dual, 3, 1> l(Dual(-1, 3, 0), Dual(-2, 3, 1), Dual(-3, 3, 2));
  const Dual loss = xent::nll(l, 1);
  CHECK(loss.value() == 2);
  CHECK(loss.derivatives() == Eigen::Vector3d(0, -1, 0));
}

TEST_CASE("nll: errors say what was wrong") {
  const Matrix<double> l = log_probabilities();
  const auto call = [&](const Options<double>& o) { return xent::nll(l, labels, o); };
  Options<double> o;
  o.class_weights = {1, 2};
  CHECK_THROWS_WITH(call(o), "xent::nll: class_weights: got 2 weights, expected 4 or none");
  o.class_weights = {1, 2, -1, 1};
  CHECK_THROWS_WITH(call(o), "xent::nll: class_weights[2]: got -1, expected a finite number >= 0");
  o = {};
  o.sample_weights = {1, 1, 1, 1, 1, -1};
  CHECK_THROWS_WITH(call(o), "xent::nll: sample_weights[5]: got -1, expected a finite number >= 0");
  o = {};
  o.denominator = 0;
  CHECK_THROWS_WITH(call(o), "xent::nll: denominator: got 0, expected a finite number > 0");
  CHECK_THROWS_WITH(xent::nll(l, std::vector<int>{0, 1}), "xent::nll: labels: got 2, expected 6, one per sample");
  CHECK_THROWS_WITH(xent::nll(l, std::vector<int>{0, 1, 2, 3, 4, 5}),
                    "xent::nll: label of sample 4: got 4, expected a class in [0, 4)");
  CHECK_THROWS_AS(xent::nll(l, std::vector<int>{0, 1, 2, 3, -1, 5}), std::out_of_range);
  CHECK_THROWS_WITH(xent::nll(l.topRows(0), labels),
                    "xent::nll: logits: got 0 classes, expected at least one class for a sample that counts");
}
