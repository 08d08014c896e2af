// Scalars of the user's: 50-digit numbers, and a number type with nothing but arithmetic, exp, log and explicit
// constructors. (Automatic differentiation is in softmax_cross_entropy_gradient.cpp.)

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include "support/catch.hpp"
#include "support/cross_entropy.hpp"

#if __has_include(<boost/multiprecision/cpp_bin_float.hpp>)
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#define XENT_TEST_HAS_BOOST 1
#endif

namespace user {

/// A number without infinities: std::numeric_limits says nothing of it.
struct Number {
  double value = 0;

  Number() = default;
  explicit Number(double x) : value(x) {}

  friend Number operator+(Number a, Number b) { return Number(a.value + b.value); }
  friend Number operator-(Number a, Number b) { return Number(a.value - b.value); }
  friend Number operator*(Number a, Number b) { return Number(a.value * b.value); }
  friend Number operator/(Number a, Number b) { return Number(a.value / b.value); }
  friend Number operator-(Number a) { return Number(-a.value); }
  Number& operator+=(Number other) { return *this = *this + other; }
  friend bool operator<(Number a, Number b) { return a.value < b.value; }
  friend bool operator>(Number a, Number b) { return a.value > b.value; }
  friend bool operator<=(Number a, Number b) { return a.value <= b.value; }
  friend bool operator>=(Number a, Number b) { return a.value >= b.value; }
  friend bool operator==(Number a, Number b) { return a.value == b.value; }
  friend bool operator!=(Number a, Number b) { return a.value != b.value; }
  friend Number exp(Number a) { return Number(std::exp(a.value)); }
  friend Number log(Number a) { return Number(std::log(a.value)); }
  friend std::ostream& operator<<(std::ostream& out, Number a) { return out << a.value; }
};

}  // namespace user

namespace Eigen {
template <>
struct NumTraits<user::Number> : NumTraits<double> {
  using Real = user::Number;
  using NonInteger = user::Number;
  using Nested = user::Number;
  using Literal = user::Number;
  static user::Number highest() { return user::Number(1e300); }
  static user::Number lowest() { return user::Number(-1e300); }
};
}  // namespace Eigen

namespace {

using Eigen::Index;
using support::Kind;

template <class Number>
using Matrix = support::Matrix<Number>;

/// What each kind of target and many options give in double.
struct Fixture {
  support::Batch<double> batch;
  std::vector<xent::CrossEntropyOptions<double>> options = std::vector<xent::CrossEntropyOptions<double>>(3);

  Fixture() {
    support::Random random(41);
    batch = support::random_batch<double>(random, 6, 4);
    batch.z.array() = (batch.z.array() == -std::numeric_limits<double>::infinity()).select(-4.0, batch.z);
    batch.z(2, 1) = 0;
    options[1].label_smoothing = 0.25;
    options[1].temperature = 1.5;
    options[1].z_loss = 0.125;
    options[1].class_weights = {1, 0.5, 2, 0, 1.5, 3};
    options[2].smoothing = xent::Smoothing::other_classes;
    options[2].label_smoothing = 0.25;
    options[2].reduction = xent::Reduction::sum;
    options[2].sample_weights = {1, -0.5, 0, 2};
    options[2].axis = xent::Axis::rows;
  }
};

template <class Number>
Matrix<Number> converted(const Matrix<double>& x, bool transposed) {
  Matrix<Number> result(transposed ? x.cols() : x.rows(), transposed ? x.rows() : x.cols());
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j) result(transposed ? j : i, transposed ? i : j) = Number(x(i, j));
  return result;
}

template <class Number>
xent::CrossEntropyOptions<Number> converted(const xent::CrossEntropyOptions<double>& o) {
  xent::CrossEntropyOptions<Number> result;
  result.axis = o.axis;
  result.reduction = o.reduction;
  result.smoothing = o.smoothing;
  result.label_smoothing = Number(o.label_smoothing);
  result.temperature = Number(o.temperature);
  result.z_loss = Number(o.z_loss);
  result.class_weights.resize(o.class_weights.size());
  for (Index i = 0; i < o.class_weights.size(); ++i) result.class_weights[i] = Number(o.class_weights[i]);
  result.sample_weights.resize(o.sample_weights.size());
  for (Index i = 0; i < o.sample_weights.size(); ++i) result.sample_weights[i] = Number(o.sample_weights[i]);
  return result;
}

/// Whether `Number` gives what double does, to the digits of double.
template <class Number, class ToDouble>
void check_against_double(ToDouble to_double) {
  const Fixture f;
  for (const xent::CrossEntropyOptions<double>& o : f.options) {
    const bool rows = o.axis == xent::Axis::rows;
    const Matrix<Number> z = converted<Number>(f.batch.z, rows);
    const Matrix<Number> y = converted<Number>(f.batch.y, rows);
    const Matrix<Number> v = converted<Number>(f.batch.v, rows);
    const xent::CrossEntropyOptions<Number> options = converted<Number>(o);
    const auto near = [&](const Number& a, double b) { return std::fabs(to_double(a) - b) <= 1e-13; };
    const auto agrees = [&](const auto& targets, const support::Answer<double>& expected) {
      Matrix<Number> gradient(z.rows(), z.cols());
      xent::CrossEntropyReport<Number> report;
      const Number loss = xent::softmax_cross_entropy(z, targets, gradient, options, &report);
      const Matrix<Number> hvp = xent::softmax_cross_entropy_hvp(z, targets, v, options);
      bool all = near(loss, expected.loss) && near(xent::softmax_cross_entropy(z, targets, options), expected.loss) &&
                 near(report.z_loss, expected.report.z_loss) && near(report.denominator, expected.report.denominator) &&
                 near(report.temperature_gradient, expected.report.temperature_gradient) &&
                 report.correct == expected.report.correct;
      for (Index i = 0; i < 4; ++i) {
        all = all && near(report.sample_loss[i], expected.report.sample_loss[i]);
        all = all && near(report.entropy[i], expected.report.entropy[i]);
        all = all && report.prediction[i] == expected.report.prediction[i];
        for (Index k = 0; k < 6; ++k) {
          all = all && near(rows ? gradient(i, k) : gradient(k, i), expected.gradient(k, i));
          all = all && near(rows ? hvp(i, k) : hvp(k, i), expected.hvp(k, i));
        }
      }
      return all;
    };
    CHECK(agrees(f.batch.labels, support::answer(f.batch, Kind::labels, o)));
    const support::Answer<double> distribution = support::answer(f.batch, Kind::dense, o);
    CHECK(agrees(y, distribution));
    const Matrix<double> y_double = rows ? Matrix<double>(f.batch.y.transpose()) : f.batch.y;
    CHECK(agrees(y_double, distribution));
    CHECK(agrees(Eigen::SparseMatrix<double>(y_double.sparseView()), distribution));
  }
}

}  // namespace

TEST_CASE("a number type with arithmetic, exp and log is enough") {
  check_against_double<user::Number>([](user::Number x) { return x.value; });

  // A logit of 0 is no masked class, minus the largest number is.
  using Vector = Eigen::Matrix<user::Number, Eigen::Dynamic, 1>;
  const Vector z = Vector::Constant(2, user::Number(0));
  Vector gradient;
  CHECK(std::fabs(xent::softmax_cross_entropy(z, 0, gradient).value - std::log(2.0)) <= 1e-15);
  CHECK((gradient[0].value == -0.5 && gradient[1].value == 0.5));
  Vector masked(3);
  masked << user::Number(0), user::Number(-1e300), user::Number(0);
  CHECK(std::fabs(xent::softmax_cross_entropy(masked, 0).value - std::log(2.0)) <= 1e-15);

  xent::CrossEntropyOptions<user::Number> options;
  options.temperature = user::Number(-2);
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, 0, options),
                    "xent::softmax_cross_entropy: temperature: got -2, expected a finite number > 0");
}

#ifdef XENT_TEST_HAS_BOOST
namespace {
using Binary50 = boost::multiprecision::cpp_bin_float_50;
using Decimal50 = boost::multiprecision::cpp_dec_float_50;
using Lazy50 = boost::multiprecision::number<Binary50::backend_type, boost::multiprecision::et_on>;
}  // namespace

TEMPLATE_TEST_CASE("50-digit numbers give what double does", "", Binary50, Lazy50, Decimal50) {
  check_against_double<TestType>([](const TestType& x) { return x.template convert_to<double>(); });
}

TEMPLATE_TEST_CASE("50-digit numbers keep their digits", "", Binary50, Lazy50, Decimal50) {
  using Vector = Eigen::Matrix<TestType, Eigen::Dynamic, 1>;
  const TestType infinity = std::numeric_limits<TestType>::infinity();
  const TestType tolerance("1e-47");
  const auto off = [](const TestType& x, const TestType& exact) { return TestType(abs(TestType(x / exact - 1))); };
  Vector z(4);
  z << TestType(3), TestType("0.1"), TestType(-infinity), TestType(-90);
  const TestType rest = exp(TestType("-2.9")) + exp(TestType(-93));
  Vector gradient;
  xent::CrossEntropyReport<TestType> report;
  CHECK(off(xent::softmax_cross_entropy(z, 0, gradient, {}, &report), TestType(log(TestType(1 + rest)))) < tolerance);
  CHECK(off(gradient[0], TestType(-rest / (1 + rest))) < tolerance);
  CHECK(off(gradient[1], TestType(exp(TestType("-2.9")) / (1 + rest))) < tolerance);
  CHECK(gradient[2] == 0);
  CHECK(off(gradient[3], TestType(exp(TestType(-93)) / (1 + rest))) < tolerance);
  CHECK(off(report.logsumexp[0], TestType(3 + log(TestType(1 + rest)))) < tolerance);
  CHECK(xent::softmax_cross_entropy(z, 2) == infinity);
  z[1] = std::numeric_limits<TestType>::quiet_NaN();
  xent::softmax_cross_entropy(z, 0, gradient);
  for (Index k = 0; k < 4; ++k) CHECK(gradient[k] != gradient[k]);
}
#endif
