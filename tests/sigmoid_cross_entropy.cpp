// sigmoid_cross_entropy: the formulas of docs/sigmoid_cross_entropy.md by their numbers, options, limits, errors, and
// every kind of argument. The bounds against 400-digit values are in accuracy_losses.cpp.

#include <xent/sigmoid_cross_entropy.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <unsupported/Eigen/AutoDiff>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"
#include "support/shapes.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using support::same_number;
using support::Vector;
using xent::Axis;
using xent::Reduction;

template <class Real>
using Options = xent::SigmoidOptions<Real>;
template <class Real>
using Report = xent::SigmoidReport<Real>;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

long double sigma(long double z) { return 1 / (1 + std::exp(-z)); }

/// From the definition, with -log sigma(z) = log(1 + exp(-z)).
long double loss_of(long double z, long double y, long double positive_weight = 1, long double eps = 0) {
  const long double smoothed = (1 - eps) * y + eps / 2;
  return positive_weight * smoothed * std::log1p(std::exp(-z)) + (1 - smoothed) * std::log1p(std::exp(z));
}

/// Every member away from its default, for 4 classes and 6 samples.
template <class Real>
Options<Real> every_option() {
  Options<Real> o;
  o.denominator = Real(2.5);
  o.label_smoothing = Real(0.125);
  o.positive_weights = {Real(1.5), Real(1), Real(0.25), Real(2)};
  o.sample_weights = {Real(1), Real(0.5), Real(0), Real(-0.25), Real(1), Real(2)};
  return o;
}

template <class Real>
struct Batch {
  Matrix<Real> z = Matrix<Real>(4, 6), y = Matrix<Real>(4, 6);
  explicit Batch(std::uint64_t seed = 3) {
    support::Random random(seed);
    random.fill_normal(z, 0, 3);
    random.fill_uniform(y);
    for (Index i = 0; i < y.size(); i += 3) y.data()[i] = Real(i % 2);
  }
};

/// The reduced loss from the definition, in long double.
long double reference_loss(const Matrix<long double>& z, const Matrix<long double>& y, const Options<double>& o,
                           long double denominator) {
  long double sum = 0;
  for (Index i = 0; i < z.cols(); ++i) {
    const long double w = o.sample_weights.size() ? o.sample_weights[i] : 1;
    for (Index k = 0; k < z.rows(); ++k)
      sum += w * loss_of(z(k, i), y(k, i), o.positive_weights.size() ? o.positive_weights[k] : 1, o.label_smoothing);
  }
  return sum / denominator;
}

double of(double z, double y) {
  return xent::sigmoid_cross_entropy(Vector<double>::Constant(1, z), Vector<double>::Constant(1, y));
}

double slope_of(double z, double y) {
  Vector<double> gradient;
  xent::sigmoid_cross_entropy(Vector<double>::Constant(1, z), Vector<double>::Constant(1, y), gradient);
  return gradient[0];
}

}  // namespace

TEST_CASE("sigmoid (1): the loss is the cross-entropy of a yes-or-no decision") {
  for (const double z : {-9.0, -1.5, -0.25, 0.0, 0.5, 3.0, 12.0}) {
    for (const double y : {0.0, 0.25, 0.5, 0.875, 1.0}) {
      CHECK(oracle::ulp_error(of(z, y), oracle::exactly(loss_of(z, y))) <= 4);
    }
  }
  CHECK(of(0, 0.5) == std::log(2.0));
}

TEST_CASE("sigmoid (2): the gradient is sigma(z) - y") {
  for (const double z : {-9.0, -1.5, -0.25, 0.0, 0.5, 3.0, 12.0}) {
    for (const double y : {0.0, 0.25, 0.5, 0.875, 1.0}) {
      const auto exact = oracle::exactly(y == 1 ? -sigma(-z) : sigma(z) - y);
      CHECK(oracle::ulp_error_of_scale(slope_of(z, y), exact, std::max(y, double(sigma(z)))) <= 2);
    }
  }
}

TEST_CASE("sigmoid (3): a confident decision keeps its digits") {
  // log1p(exp(-20)) and 1 / (1 + exp(20)) in float; exp(-700) in double, where 1 - sigma is 0.
  Eigen::Vector2f gradient;
  const float loss = xent::sigmoid_cross_entropy(Eigen::Vector2f(20, -20), Eigen::Vector2f(1, 0), gradient);
  CHECK(loss == 2.06115362e-9F);
  CHECK(gradient[0] == -1.03057681e-9F);
  CHECK(gradient[1] == 1.03057681e-9F);
  CHECK(oracle::ulp_error(of(-700, 0), {0x1.14f2b0fb9307fp-1010, 0}) <= 2);
  CHECK(oracle::ulp_error(slope_of(700, 1), {-0x1.14f2b0fb9307fp-1010, 0}) <= 2);
}

TEST_CASE("sigmoid (4): infinite logits have their limits") {
  CHECK(same_number(of(inf, 1), 0.0));
  CHECK(same_number(of(-inf, 0), 0.0));
  CHECK(of(inf, 0) == inf);
  CHECK(of(-inf, 1) == inf);
  CHECK(of(inf, 0.5) == inf);
  CHECK(of(-inf, 0.5) == inf);
  CHECK(same_number(slope_of(inf, 1), 0.0));
  CHECK(same_number(slope_of(-inf, 0), 0.0));
  CHECK(slope_of(inf, 0) == 1);
  CHECK(slope_of(-inf, 1) == -1);
  CHECK(slope_of(inf, 0.25) == 0.75);
  CHECK(slope_of(-inf, 0.25) == -0.25);
  // Targets outside [0, 1] are used as given; no finite one makes NaN.
  for (const double z : {inf, -inf, 1e308, -1e308})
    for (const double y : {-1.0, 0.0, 0.5, 1.0, 2.0}) {
      CHECK_FALSE(std::isnan(of(z, y)));
      CHECK_FALSE(std::isnan(slope_of(z, y)));
    }
}

TEST_CASE("sigmoid (5): it is softmax cross-entropy of the logits 0 and z") {
  const Batch<double> b;
  for (Index i = 0; i < b.z.size(); ++i) {
    const double z = b.z.data()[i], y = b.y.data()[i];
    Eigen::Vector2d gradient;
    const double loss = xent::softmax_cross_entropy(Eigen::Vector2d(0, z), Eigen::Vector2d(1 - y, y), gradient);
    CHECK(std::abs(loss - of(z, y)) <= 4 * std::numeric_limits<double>::epsilon() * loss);
    CHECK(std::abs(gradient[1] - slope_of(z, y)) <= 4 * std::numeric_limits<double>::epsilon());
  }
}

TEST_CASE("sigmoid (6): every option against the definition") {
  const Batch<double> b;
  const Matrix<long double> z = b.z.cast<long double>(), y = b.y.cast<long double>();
  const auto agrees = [&](const Options<double>& o, long double denominator) {
    const long double exact = reference_loss(z, y, o, denominator);
    return std::abs(xent::sigmoid_cross_entropy(b.z, b.y, o) - exact) <= 4e-16L * (1 + std::abs(exact));
  };
  Options<double> o;
  CHECK(agrees(o, 24));
  o.reduction = Reduction::sum;
  CHECK(agrees(o, 1));
  o.denominator = 7;
  CHECK(agrees(o, 1));
  o.reduction = Reduction::mean;
  CHECK(agrees(o, 7));
  o = {};
  o.label_smoothing = 0.25;
  CHECK(agrees(o, 24));
  o.label_smoothing = 1;
  CHECK(agrees(o, 24));
  o = {};
  o.positive_weights = {2, 1, 0, 0.5};
  CHECK(agrees(o, 24));
  o = {};
  o.sample_weights = {1, 2, 0.5, 0, 3, 1};
  CHECK(agrees(o, 20));
  CHECK(agrees(every_option<double>(), 2.5L));
}

TEST_CASE("sigmoid (7): the gradient under every option is the derivative of the loss") {
  const Batch<long double> b;
  Options<long double> o = every_option<long double>();
  for (const bool sum : {false, true}) {
    o.reduction = sum ? Reduction::sum : Reduction::mean;
    Matrix<long double> gradient;
    xent::sigmoid_cross_entropy(b.z, b.y, gradient, o);
    const auto loss = [&](const Matrix<long double>& z) { return xent::sigmoid_cross_entropy(z, b.y, o); };
    CHECK((reference::central_difference(loss, b.z) - gradient).cwiseAbs().maxCoeff() < 1e-11L);
  }
}

TEST_CASE("sigmoid (8): with positive weights and smoothing the optimum is where the derivative says") {
  // p y' / (p y' + 1 - y') = sigma(z): for y = 1, eps = 0.2, p = 3 that is 2.7 / 2.8, z = log 27.
  Options<double> o;
  o.label_smoothing = 0.2;
  o.positive_weights = {3};
  Vector<double> gradient;
  xent::sigmoid_cross_entropy(Vector<double>::Constant(1, std::log(27.0)), Vector<double>::Constant(1, 1), gradient, o);
  CHECK(std::abs(gradient[0]) < 1e-15);
}

TEST_CASE("sigmoid: a tiny smoothing is not lost beside 1") {
  Options<float> o;
  o.label_smoothing = 1e-30F;
  Eigen::Matrix<float, 1, 1> z(120.0F), y(1.0F), gradient;
  // eps/2 z, the cost of what smoothing adds; log1p(exp(-120)) is far below.
  CHECK(std::abs(xent::sigmoid_cross_entropy(z, y, gradient, o) / 6e-29F - 1) < 1e-6F);
  CHECK(std::abs(gradient[0] / 5e-31F - 1) < 1e-6F);
}

TEST_CASE("sigmoid: NaN stays where it is") {
  Batch<double> b;
  Matrix<double> plain, gradient;
  Report<double> before, after;
  xent::sigmoid_cross_entropy(b.z, b.y, plain, {}, &before);
  for (const bool in_target : {false, true}) {
    Batch<double> broken = b;
    (in_target ? broken.y : broken.z)(1, 2) = not_a_number;
    CHECK(std::isnan(xent::sigmoid_cross_entropy(broken.z, broken.y, gradient, {}, &after)));
    CHECK(std::isnan(gradient(1, 2)));
    gradient(1, 2) = plain(1, 2);
    CHECK(same(gradient, plain));
    CHECK(std::isnan(after.sample_loss[2]));
    CHECK(std::isnan(after.logsumexp[2]) == !in_target);
    CHECK(std::isnan(after.entropy[2]) == !in_target);
    CHECK((after.prediction[2] == -1) == !in_target);
    for (const Index i : {0, 1, 3, 4, 5}) {
      CHECK(after.sample_loss[i] == before.sample_loss[i]);
      CHECK(after.logsumexp[i] == before.logsumexp[i]);
    }
  }
}

TEST_CASE("sigmoid: what has weight 0 is not read, and has gradient 0") {
  Batch<double> b;
  Options<double> o;
  o.sample_weights = {1, 0, 1, 1, 1, 1};
  Matrix<double> gradient = Matrix<double>::Constant(4, 6, 7), plain(4, 6);
  Report<double> report;
  const double loss = xent::sigmoid_cross_entropy(b.z, b.y, plain, o, &report);
  b.z.col(1).setConstant(not_a_number);
  b.y.col(1).setConstant(not_a_number);
  CHECK(xent::sigmoid_cross_entropy(b.z, b.y, gradient, o, &report) == loss);
  CHECK(same(gradient, plain));
  CHECK(same(gradient.col(1), Vector<double>::Zero(4)));
  CHECK((report.counted == 20 && report.ignored == 4));
  CHECK(report.denominator == 20);
  CHECK((report.sample_loss[1] == 0 && report.logsumexp[1] == -inf));
  CHECK((report.entropy[1] == 0 && report.prediction[1] == -1));

  o.sample_weights = xent::Weights<double>(Eigen::ArrayXd::Zero(6));
  CHECK(same_number(xent::sigmoid_cross_entropy(b.z, b.y, gradient, o, &report), 0.0));
  CHECK(same(gradient, Matrix<double>::Zero(4, 6)));
  CHECK((report.counted == 0 && report.denominator == 0));
  o.denominator = 0;
  CHECK(same_number(xent::sigmoid_cross_entropy(b.z, b.y, gradient, o), 0.0));
}

TEST_CASE("sigmoid: in a vector both weights have one entry, or one a coefficient") {
  const Eigen::Vector4d z(1, -2, 0.5, 3), y(1, 0, 0, 1);
  Matrix<double> as_rows(1, 4);
  Options<double> o;
  o.positive_weights = {2};
  o.sample_weights = {0.5};
  Eigen::Vector4d gradient, each;
  const double loss = xent::sigmoid_cross_entropy(z, y, gradient, o);
  // Weights that vary within a sample are not the business of kernels: each rounds at most 4 ULP off.
  o.positive_weights = {2, 2, 2, 2};
  o.sample_weights = {0.5, 0.5, 0.5, 0.5};
  constexpr double u = std::numeric_limits<double>::epsilon();
  CHECK(std::abs(xent::sigmoid_cross_entropy(z, y, each, o) - loss) <= 8 * u * loss);
  CHECK(((each - gradient).array().abs() <= 8 * u * gradient.array().abs()).all());

  // Four samples of one class, and one sample of four classes, differ in the meaning of the weights alone.
  o.sample_weights = {1, 0, 3, 2};
  o.positive_weights = {2};
  Matrix<double> four;
  Report<double> report, matrix_report;
  const double vector_loss = xent::sigmoid_cross_entropy(z, y, each, o, &report);
  const Matrix<double> z_row = z.transpose(), y_row = y.transpose();
  CHECK(xent::sigmoid_cross_entropy(z_row, y_row, four, o, &matrix_report) == vector_loss);
  CHECK(same(four.transpose(), each));
  CHECK((report.counted == 3 && report.ignored == 1 && matrix_report.counted == 3));
  CHECK(report.denominator == 3);
  CHECK((report.sample_loss.size() == 1 && matrix_report.sample_loss.size() == 4));
  CHECK(std::abs(report.sample_loss[0] - matrix_report.sample_loss.sum()) < 1e-15);
}

TEST_CASE("sigmoid: the report") {
  const Batch<double> b;
  Options<double> o;
  o.sample_weights = {1, 2, 0.5, 0, 3, 1};
  o.label_smoothing = 0.1;
  Report<double> report;
  const double loss = xent::sigmoid_cross_entropy(b.z, b.y, o, &report);
  CHECK(report.loss == loss);
  CHECK((report.denominator == 20 && report.counted == 20 && report.ignored == 4));
  CHECK(std::abs(report.sample_loss.sum() / 20 - loss) < 1e-15);
  Index correct = 0;
  for (Index i = 0; i < 6; ++i) {
    if (i == 3) continue;
    long double partition = 0, entropy = 0;
    for (Index k = 0; k < 4; ++k) {
      const long double s = sigma(b.z(k, i));
      partition += std::log1p(std::exp(static_cast<long double>(b.z(k, i))));
      entropy += -s * std::log(s) - (1 - s) * std::log1p(-s);
      correct += (b.z(k, i) > 0) == (b.y(k, i) > 0.5) ? 1 : 0;
    }
    CHECK(oracle::ulp_error(report.logsumexp[i], oracle::exactly(partition)) <= 2);
    CHECK(oracle::ulp_error(report.entropy[i], oracle::exactly(entropy)) <= 2);
    Index largest = 0;
    b.z.col(i).maxCoeff(&largest);
    CHECK(report.prediction[i] == largest);
  }
  CHECK(report.correct == correct);
  o.reduction = Reduction::sum;
  xent::sigmoid_cross_entropy(b.z, b.y, o, &report);
  CHECK(report.denominator == 20);

  // log sum over all 2^3 outcomes b of exp(<b, z>): the partition function of independent decisions.
  const Eigen::Vector3d z(0.5, -1, 2);
  double sum = 0;
  for (int bits = 0; bits < 8; ++bits) sum += std::exp((bits & 1) * z[0] + (bits >> 1 & 1) * z[1] + (bits >> 2) * z[2]);
  xent::sigmoid_cross_entropy(z, z, {}, &report);
  CHECK(std::abs(report.logsumexp[0] - std::log(sum)) < 1e-15);

  // The first of equal logits; a logit of 0 decides for no; infinite logits have no entropy.
  xent::sigmoid_cross_entropy(Eigen::Vector4d(-inf, 0, 0, -1), Eigen::Vector4d(0, 0, 1, 0), {}, &report);
  CHECK((report.prediction[0] == 1 && report.correct == 3));
  xent::sigmoid_cross_entropy(Eigen::Vector2d(-inf, inf), Eigen::Vector2d(0, 1), {}, &report);
  CHECK((report.entropy[0] == 0 && report.logsumexp[0] == inf && report.correct == 2 && report.loss == 0));
}

TEST_CASE("sigmoid: targets of any scalar, dense or sparse") {
  const Batch<double> b;
  const Eigen::MatrixXi y = (b.y.array() > 0.5).cast<int>();
  Matrix<double> expected, gradient(4, 6);
  const double loss = xent::sigmoid_cross_entropy(b.z, y.cast<double>(), expected);
  const auto holds = [&](const auto& targets) {
    gradient.setConstant(7);
    return xent::sigmoid_cross_entropy(b.z, targets, gradient) == loss && same(gradient, expected);
  };
  CHECK(holds(y));
  CHECK(holds(y.cast<unsigned char>()));
  CHECK(holds(y.cast<bool>()));
  CHECK(holds(y.cast<bool>().array()));
  CHECK(holds(y.cast<float>()));
  CHECK(holds(y.cast<long double>()));
  const Eigen::SparseMatrix<double> columns = y.cast<double>().sparseView();
  const Eigen::SparseMatrix<float, Eigen::RowMajor> by_rows = y.cast<float>().sparseView();
  // Sparse targets are not the business of kernels: each rounds at most 4 ULP off.
  const auto nearly_holds = [&](const auto& targets) {
    constexpr double u = std::numeric_limits<double>::epsilon();
    return std::abs(xent::sigmoid_cross_entropy(b.z, targets, gradient) - loss) <= 8 * u * loss &&
           ((gradient - expected).array().abs() <= 8 * u * expected.array().abs()).all();
  };
  CHECK(nearly_holds(columns));
  CHECK(nearly_holds(by_rows));
  const Vector<double> z = b.z.col(0);
  const Eigen::SparseVector<double> one = Vector<double>(y.col(0).cast<double>()).sparseView();
  CHECK(xent::sigmoid_cross_entropy(z, one) == xent::sigmoid_cross_entropy(z, y.col(0)));
}

TEST_CASE("sigmoid: every shape, storage order and axis") {
  const Batch<double> b;
  support::check_shapes(b.z, b.y, [](const auto& z, const auto& y, auto&& out, Axis axis) {
    Options<double> o;
    o.axis = axis;
    o.label_smoothing = 0.125;
    return xent::sigmoid_cross_entropy(z, y, std::forward<decltype(out)>(out), o);
  });
}

TEST_CASE("sigmoid: the forms without gradient or options say the same") {
  const Batch<double> b;
  Matrix<double> gradient;
  Report<double> report;
  const double loss = xent::sigmoid_cross_entropy(b.z, b.y);
  CHECK(xent::sigmoid_cross_entropy(b.z, b.y, {}) == loss);
  CHECK(xent::sigmoid_cross_entropy(b.z, b.y, {}, &report) == loss);
  CHECK(xent::sigmoid_cross_entropy(b.z, b.y, gradient) == loss);
  CHECK(xent::sigmoid_cross_entropy(b.z, b.y, xent::none, {}, &report) == loss);
  CHECK(xent::sigmoid_cross_entropy(b.z.transpose(), b.y.transpose(), {Axis::rows}) == loss);
  Options<double> o = every_option<double>();
  o.axis = Axis::rows;
  CHECK(xent::sigmoid_cross_entropy(b.z.transpose(), b.y.transpose(), o) ==
        xent::sigmoid_cross_entropy(b.z, b.y, every_option<double>()));
}

TEST_CASE("sigmoid: every executor gives the same bits") {
  Matrix<double> z(50, 3000), y(50, 3000), expected, gradient;
  support::Random random(5);
  random.fill_normal(z, 0, 3);
  random.fill_uniform(y);
  Report<double> report, other;
  const double loss = xent::sigmoid_cross_entropy(z, y, expected, {}, &report);
  int calls = 0;
  for (const auto& executor : {support::backwards(&calls), support::threaded()}) {
    Options<double> o;
    o.executor = executor;
    CHECK(xent::sigmoid_cross_entropy(z, y, gradient, o, &other) == loss);
    CHECK(same(gradient, expected));
    CHECK(same(other.sample_loss, report.sample_loss));
    CHECK(other.correct == report.correct);
  }
  CHECK(calls == 1);
}

TEMPLATE_TEST_CASE("sigmoid: 16-bit logits are computed in float and rounded once", "", Eigen::half, Eigen::bfloat16) {
  const Batch<float> b;
  const Matrix<TestType> z = b.z.template cast<TestType>(), y = b.y.template cast<TestType>();
  Matrix<TestType> gradient;
  Matrix<float> wide_gradient, float_gradient;
  const float loss = xent::sigmoid_cross_entropy(z.template cast<float>(), y, float_gradient, every_option<float>());
  CHECK(xent::sigmoid_cross_entropy(z, y, gradient, every_option<float>()) == loss);
  CHECK(same(gradient, float_gradient.cast<TestType>()));
  CHECK(xent::sigmoid_cross_entropy(z, y, wide_gradient, every_option<float>()) == loss);
  CHECK(same(wide_gradient, float_gradient));
}

TEST_CASE("sigmoid: AutoDiffScalar logits differentiate to the gradient") {
  using Dual = Eigen::AutoDiffScalar<Eigen::Matrix<double, 24, 1>>;
  const Batch<double> b;
  Matrix<Dual> z(4, 6);
  for (Index i = 0; i < 24; ++i) z.data()[i] = Dual(b.z.data()[i], 24, static_cast<int>(i));
  Matrix<double> gradient;
  const double loss = xent::sigmoid_cross_entropy(b.z, b.y, gradient, every_option<double>());
  const Dual dual = xent::sigmoid_cross_entropy(z, b.y, every_option<Dual>());
  CHECK(std::abs(dual.value() - loss) < 1e-15);
  const Vector<double> difference = dual.derivatives() - Eigen::Map<Vector<double>>(gradient.data(), 24);
  CHECK(difference.cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("sigmoid: errors say what was wrong, before anything is written") {
  const Batch<double> b;
  Matrix<double> gradient = Matrix<double>::Constant(4, 6, 7);
  const auto call = [&](const Options<double>& o) { return xent::sigmoid_cross_entropy(b.z, b.y, gradient, o); };
  Options<double> o;
  o.label_smoothing = 1.5;
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: label_smoothing: got 1.5, expected a number in [0, 1]");
  o.label_smoothing = not_a_number;
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: label_smoothing: got nan, expected a number in [0, 1]");
  o = {};
  o.denominator = -1;
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: denominator: got -1, expected a finite number > 0");
  o.denominator = 0;
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: denominator: got 0, expected a finite number > 0");
  o.reduction = Reduction::sum;
  CHECK(call(o) > 0);
  gradient.setConstant(7);
  o = {};
  o.positive_weights = {1, 2};
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: positive_weights: got 2 weights, expected 4 or none");
  o.positive_weights = {1, 2, -3, 1};
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: positive_weights[2]: got -3, expected a finite number >= 0");
  o = {};
  o.sample_weights = {1, 2, 1, 1, -1, 1};
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: sample_weights[4]: got -1, expected a finite number >= 0");
  o.sample_weights[4] = inf;
  o.denominator = 1;
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: sample_weights[4]: got inf, expected a finite number");
  o = {};
  o.sample_weights = {1, 1};
  CHECK_THROWS_WITH(call(o), "xent::sigmoid_cross_entropy: sample_weights: got 2 weights, expected 6 or none");
  CHECK_THROWS_WITH(xent::sigmoid_cross_entropy(Vector<double>::Zero(3), Vector<double>::Zero(3), o),
                    "xent::sigmoid_cross_entropy: sample_weights: got 2 weights, expected 3, 1 or none");
  CHECK_THROWS_WITH(xent::sigmoid_cross_entropy(b.z, b.y.leftCols(5), gradient),
                    "xent::sigmoid_cross_entropy: targets: got [4 x 5], expected [4 x 6]");
  Matrix<double> wrong(6, 4);
  CHECK_THROWS_WITH(xent::sigmoid_cross_entropy(b.z, b.y, wrong),
                    "xent::sigmoid_cross_entropy: gradient: got [6 x 4], expected [4 x 6]");
  CHECK_THROWS_AS(call(o), std::invalid_argument);
  CHECK(same(gradient, Matrix<double>::Constant(4, 6, 7)));
}
