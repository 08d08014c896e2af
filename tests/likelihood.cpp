// gaussian_nll, poisson_nll and half_squared_error: the formulas of docs/likelihood.md by their numbers, options,
// limits, errors, and every kind of argument. nll is in likelihood_labels.cpp; the bounds against 400-digit values are
// in accuracy_losses.cpp.

#include <xent/likelihood.hpp>

#include <Eigen/Core>
#include <unsupported/Eigen/AutoDiff>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"
#include "support/shapes.hpp"

#if __has_include(<boost/multiprecision/cpp_bin_float.hpp>)
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#define XENT_TEST_HAS_BOOST
#endif

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using support::same_number;
using support::Vector;
using xent::Axis;
using xent::PoissonOptions;
using xent::Reduction;
template <class Real>
using GaussianOptions = xent::GaussianOptions<Real>;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr long double half_log_two_pi = 0.918938533204672741780329736405617640L;

/// Means, targets and variances of a 4 x 6 batch.
template <class Real>
struct Batch {
  Matrix<Real> mean = Matrix<Real>(4, 6), x = Matrix<Real>(4, 6), v = Matrix<Real>(4, 6);
  Batch() {
    support::Random random(11);
    random.fill_normal(mean, 0, 2);
    random.fill_normal(x, 0, 2);
    random.fill_uniform(v, 0.25, 4);
  }
};

/// The sum over all coefficients of a function of the coefficients of three matrices, in long double.
template <class A, class B, class C, class Term>
long double sum_of(const A& a, const B& b, const C& c, Term term) {
  long double sum = 0;
  for (Index j = 0; j < a.cols(); ++j)
    for (Index i = 0; i < a.rows(); ++i)
      sum +=
          term(static_cast<long double>(a(i, j)), static_cast<long double>(b(i, j)), static_cast<long double>(c(i, j)));
  return sum;
}

long double gaussian(long double mean, long double x, long double v) {
  return (std::log(v) + (x - mean) * (x - mean) / v) / 2;
}
long double poisson(long double l, long double x, long double /*unused*/) { return std::exp(l) - x * l; }

bool near(double got, long double exact, double tolerance = 1e-15) {
  return std::abs(got - exact) <= tolerance * (1 + std::abs(exact));
}

}  // namespace

TEST_CASE("likelihood (2): the Gaussian loss is (log v + (x - mean)^2 / v) / 2") {
  const Batch<double> b;
  const long double exact = sum_of(b.mean, b.x, b.v, gaussian);
  CHECK(near(xent::gaussian_nll(b.mean, b.x, b.v, {Reduction::sum}), exact));
  CHECK(near(xent::gaussian_nll(b.mean, b.x, b.v), exact / 24));
  CHECK(near(xent::gaussian_nll(b.mean, b.x, 2.5),
             sum_of(b.mean, b.x, Matrix<double>::Constant(4, 6, 2.5), gaussian) / 24));
  CHECK(
      near(xent::gaussian_nll(b.mean, b.x, 2), sum_of(b.mean, b.x, Matrix<double>::Constant(4, 6, 2), gaussian) / 24));
  // By pencil: log 4 / 2 + 9 / 8.
  CHECK(near(xent::gaussian_nll(Vector<double>::Constant(1, 5), Vector<double>::Constant(1, 2), 4),
             std::log(2.0L) + 1.125L));
}

TEST_CASE("likelihood (3), (4): the Gaussian gradients are the derivatives of the loss") {
  const Batch<long double> b;
  using M = Matrix<long double>;
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    const GaussianOptions<long double> o{reduction, 0.5L, true};  // some variances lie below 0.5
    M d_mean, d_variance;
    xent::gaussian_nll(b.mean, b.x, b.v, d_mean, d_variance, o);
    const auto of_mean = [&](const M& mean) { return xent::gaussian_nll(mean, b.x, b.v, o); };
    const auto of_variance = [&](const M& v) { return xent::gaussian_nll(b.mean, b.x, v, o); };
    CHECK((reference::central_difference(of_mean, b.mean) - d_mean).cwiseAbs().maxCoeff() < 1e-10L);
    CHECK((reference::central_difference(of_variance, b.v) - d_variance).cwiseAbs().maxCoeff() < 1e-9L);
    CHECK((b.v.array() < 0.5L).any());

    // One variance for all: its derivative is the sum.
    long double d_number = 7;
    M same_mean;
    const M twos = M::Constant(4, 6, 2);
    xent::gaussian_nll(b.mean, b.x, twos, d_mean, d_variance, o);
    xent::gaussian_nll(b.mean, b.x, 2.0L, same_mean, d_number, o);
    CHECK(same(same_mean, d_mean));
    CHECK(std::abs(d_number - d_variance.sum()) < 1e-17L);
    M in_place = b.mean;
    long double again = 7;
    xent::gaussian_nll(in_place, b.x, 2.0L, in_place, again, o);
    CHECK(again == d_number);
    CHECK(same(in_place, d_mean));
    xent::gaussian_nll(b.mean, b.x, 2.0L, xent::none, again, o);
    xent::gaussian_nll(b.mean, b.x, 0.25L, xent::none, d_number, o);  // below the minimum: nothing depends on it
    CHECK(d_number == 0);
  }
}

TEMPLATE_TEST_CASE("likelihood (5): with unit variance it is half_squared_error plus log(2 pi)/2 a coefficient", "",
                   float, double, long double) {
  const Batch<TestType> b;
  const Matrix<TestType> ones = Matrix<TestType>::Ones(4, 6);
  Matrix<TestType> d_mean, gradient;
  const TestType half_square = xent::half_squared_error(b.mean, b.x, gradient);
  CHECK(xent::gaussian_nll(b.mean, b.x, ones, d_mean, xent::none, {Reduction::sum}) == half_square);
  CHECK(same(d_mean, gradient));
  CHECK(xent::gaussian_nll(b.mean, b.x, 1, {Reduction::sum}) == half_square);
  const TestType with_constant = xent::gaussian_nll(b.mean, b.x, 1, {Reduction::sum, TestType(0), true});
  const auto epsilon = static_cast<long double>(std::numeric_limits<TestType>::epsilon());
  // half_square has been rounded once, and so has the sum.
  CHECK(std::abs(with_constant - (half_square + 24 * half_log_two_pi)) <= epsilon * with_constant);
  const TestType mean = xent::gaussian_nll(b.mean, b.x, 1, {Reduction::mean, TestType(0), true});
  CHECK(std::abs(mean - (half_square / TestType(24) + half_log_two_pi)) <= epsilon * mean);
}

TEST_CASE("likelihood (6): the best variance is the squared error") {
  const Batch<double> b;
  const Matrix<double> squares = (b.x - b.mean).array().square();
  Matrix<double> d_variance;
  xent::gaussian_nll(b.mean, b.x, squares, xent::none, d_variance, {Reduction::sum});
  // v d_variance = (1 - (x - mean)^2 / v) / 2, and v carries three roundings, two from the difference that is squared.
  CHECK(((d_variance.array() * squares.array()).abs() <= 0.75 * std::numeric_limits<double>::epsilon()).all());
  // And the derivative there keeps its digits: v = 1 + 2^-52, (x - mean)^2 = 1.
  Vector<double> d(1);
  xent::gaussian_nll(Vector<double>::Zero(1), Vector<double>::Ones(1), Vector<double>::Constant(1, 1 + 0x1p-52),
                     xent::none, d);
  CHECK(std::abs(d[0] / 0x1p-53 - 1) < 1e-15);
}

TEST_CASE("likelihood (7), (8): the Poisson loss is exp(l) - x l, its gradient exp(l) - x") {
  Batch<double> b;
  const Eigen::MatrixXi x = (b.x.array().abs() * 3).cast<int>();
  const Matrix<double> counts = x.cast<double>();
  const long double exact = sum_of(b.mean, counts, counts, poisson);
  Matrix<double> gradient;
  CHECK(near(xent::poisson_nll(b.mean, x, gradient, {Reduction::sum}), exact));
  CHECK((gradient - (b.mean.array().exp().matrix() - counts)).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(near(xent::poisson_nll(b.mean, x), exact / 24));
  CHECK(near(xent::poisson_nll(b.mean, x.cast<float>(), gradient), exact / 24));
  const Batch<long double> wide;
  Matrix<long double> d;
  xent::poisson_nll(wide.mean, x, d);
  const auto loss = [&](const Matrix<long double>& l) { return xent::poisson_nll(l, x); };
  CHECK((reference::central_difference(loss, wide.mean) - d).cwiseAbs().maxCoeff() < 1e-10L);
}

TEST_CASE("likelihood (9): the constant of the Poisson loss makes probabilities that sum to 1") {
  for (const double rate : {0.5, 3.0, 20.0}) {
    double sum = 0;
    for (int x = 0; x < 100; ++x)
      sum += std::exp(-xent::poisson_nll(Vector<double>::Constant(1, std::log(rate)), Vector<double>::Constant(1, x),
                                         {Reduction::mean, true}));
    CHECK(std::abs(sum - 1) < 1e-13);
  }
  // log 5! by pencil, and nothing for 0 and 1.
  const Eigen::Vector3d l(0, 0, 0), x(0, 1, 5);
  CHECK(near(xent::poisson_nll(l, x, {Reduction::sum, true}) - xent::poisson_nll(l, x, {Reduction::sum}),
             std::log(120.0L)));
  CHECK(xent::poisson_nll(l.head(2), x.head(2), {Reduction::sum, true}) == 2);
}

TEST_CASE("likelihood (10), (11): half the squared error, and prediction minus target") {
  const Batch<double> b;
  Matrix<double> gradient;
  const double loss = xent::half_squared_error(b.mean, b.x, gradient);
  CHECK(near(loss, sum_of(b.mean, b.x, b.x, [](auto p, auto x, auto) { return (p - x) * (p - x) / 2; })));
  CHECK(same(gradient, b.mean - b.x));
  CHECK(xent::half_squared_error(b.mean, b.x) == loss);
  CHECK(xent::half_squared_error(b.mean, b.x, xent::none) == loss);
  // 1.7e308 = (1/2) d^2 with d^2 > the largest number.
  CHECK(near(xent::half_squared_error(Vector<double>::Constant(1, 1.8e154), Vector<double>::Zero(1)), 1.62e308L));
  CHECK(xent::half_squared_error(Vector<float>::Constant(1, 1e30F), Vector<float>::Zero(1)) ==
        std::numeric_limits<float>::infinity());
}

TEST_CASE("likelihood: infinities and NaN") {
  const auto one = [](double x) { return Vector<double>(Vector<double>::Constant(1, x)); };
  Vector<double> d_mean, d_variance;
  CHECK(xent::gaussian_nll(one(1), one(2), one(inf), d_mean, d_variance) == inf);
  CHECK((d_mean[0] == 0 && d_variance[0] == 0));
  CHECK(xent::gaussian_nll(one(inf), one(2), one(3), d_mean, d_variance) == inf);
  CHECK((d_mean[0] == inf && d_variance[0] == -inf));
  CHECK(xent::gaussian_nll(one(0), one(-inf), one(3), d_mean, d_variance) == inf);
  CHECK((d_mean[0] == inf && d_variance[0] == -inf));
  CHECK(std::isnan(xent::gaussian_nll(one(not_a_number), one(2), one(3), d_mean, d_variance)));
  CHECK((std::isnan(d_mean[0]) && std::isnan(d_variance[0])));
  // (x - mean)^2 leaves the range, (x - mean)^2 / v does not; and the other way round.
  CHECK(near(xent::gaussian_nll(one(1e200), one(0), one(1e300), d_mean, d_variance), 5e99L));
  CHECK(near(d_variance[0] * 1e201, -5.0L, 1e-14));
  CHECK(xent::gaussian_nll(one(1), one(0), one(5e-324), d_mean, d_variance) == inf);
  CHECK((d_mean[0] == inf && d_variance[0] == -inf));

  Vector<double> gradient;
  CHECK(xent::poisson_nll(one(inf), one(3), gradient) == inf);
  CHECK(gradient[0] == inf);
  CHECK(xent::poisson_nll(one(1000), one(3), gradient) == inf);
  CHECK(xent::poisson_nll(one(-1e6), one(3), gradient) == 3e6);
  CHECK(gradient[0] == -3);
  CHECK(std::isnan(xent::poisson_nll(one(0), one(not_a_number), gradient)));
  CHECK(std::isnan(gradient[0]));
  CHECK(std::isnan(xent::half_squared_error(one(inf), one(inf))));
  CHECK(xent::half_squared_error(one(inf), one(-inf)) == inf);
}

TEST_CASE("likelihood: every shape and storage order") {
  const Batch<double> b;
  const Matrix<double> zeros = Matrix<double>::Zero(4, 6);
  support::check_shapes(b.mean, b.x, [](const auto& mean, const auto& x, auto&& out, Axis) {
    return xent::gaussian_nll(mean, x, 2.0, std::forward<decltype(out)>(out), xent::none);
  });
  support::check_shapes(b.mean, b.v, [](const auto& mean, const auto& v, auto&& out, Axis) {
    using Shape = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;
    const Shape x = Shape::Ones(mean.rows(), mean.cols());
    return xent::gaussian_nll(mean, x, v, std::forward<decltype(out)>(out), xent::none);
  });
  support::check_shapes(b.v, b.x, [](const auto& v, const auto& x, auto&& out, Axis) {
    using Shape = typename std::decay_t<decltype(v)>::PlainObject;
    const Shape mean = Shape::Ones(v.rows(), v.cols());
    return xent::gaussian_nll(mean, x, v, xent::none, std::forward<decltype(out)>(out));
  });
  support::check_shapes(b.mean, b.v, [](const auto& l, const auto& x, auto&& out, Axis) {
    return xent::poisson_nll(l, x, std::forward<decltype(out)>(out), {Reduction::sum, true});
  });
  support::check_shapes(b.mean, b.x, [](const auto& p, const auto& x, auto&& out, Axis) {
    return xent::half_squared_error(p, x, std::forward<decltype(out)>(out));
  });
}

TEST_CASE("likelihood: both gradients in place") {
  const Batch<double> b;
  Matrix<double> d_mean, d_variance, mean = b.mean, v = b.v;
  const double loss = xent::gaussian_nll(b.mean, b.x, b.v, d_mean, d_variance);
  CHECK(xent::gaussian_nll(mean, b.x, v, mean, v) == loss);
  CHECK(same(mean, d_mean));
  CHECK(same(v, d_variance));
  CHECK(xent::gaussian_nll(b.mean, b.x, b.v, xent::none, xent::none) == loss);
  CHECK(xent::gaussian_nll(b.mean, b.x.cast<float>().cast<long double>(), b.v) ==
        xent::gaussian_nll(b.mean, b.x.cast<float>(), b.v));
}

TEMPLATE_TEST_CASE("likelihood: 16-bit arguments are computed in float and rounded once", "", Eigen::half,
                   Eigen::bfloat16) {
  const Batch<float> b;
  const Matrix<TestType> mean = b.mean.template cast<TestType>(), x = b.x.template cast<TestType>(),
                         v = b.v.template cast<TestType>();
  const Matrix<float> wide_mean = mean.template cast<float>(), wide_x = x.template cast<float>(),
                      wide_v = v.template cast<float>();
  Matrix<TestType> d_mean, d_variance;
  Matrix<float> wide_d_mean, wide_d_variance;
  const GaussianOptions<float> o{Reduction::mean, 0.5F, true};
  CHECK(xent::gaussian_nll(mean, x, v, d_mean, d_variance, o) ==
        xent::gaussian_nll(wide_mean, wide_x, wide_v, wide_d_mean, wide_d_variance, o));
  CHECK(same(d_mean, wide_d_mean.template cast<TestType>()));
  CHECK(same(d_variance, wide_d_variance.template cast<TestType>()));
  CHECK(xent::gaussian_nll(mean, x, wide_v, o) == xent::gaussian_nll(mean, x, v, o));
  float d_number = 0;
  xent::gaussian_nll(mean, x, 1.5F, wide_d_mean, d_number, o);
  CHECK(d_number != 0);
  CHECK(xent::poisson_nll(mean, x, d_mean) == xent::poisson_nll(wide_mean, wide_x, wide_d_mean));
  CHECK(same(d_mean, wide_d_mean.template cast<TestType>()));
  CHECK(xent::half_squared_error(mean, x, d_mean) == xent::half_squared_error(wide_mean, wide_x, wide_d_mean));
  CHECK(same(d_mean, wide_d_mean.template cast<TestType>()));
}

TEST_CASE("likelihood: AutoDiffScalar arguments differentiate to the gradients") {
  using Dual = Eigen::AutoDiffScalar<Eigen::Matrix<double, 24, 1>>;
  const Batch<double> b;
  Matrix<Dual> mean(4, 6), v(4, 6);
  for (int i = 0; i < 24; ++i) {
    mean.data()[i] = Dual(b.mean.data()[i], 24, i);
    v.data()[i] = Dual(b.v.data()[i], 24, i);
  }
  const auto differs = [](const Dual& dual, double value, const Matrix<double>& gradient) {
    const Vector<double> difference = dual.derivatives() - Eigen::Map<const Vector<double>>(gradient.data(), 24);
    return std::abs(dual.value() - value) + difference.cwiseAbs().maxCoeff();
  };
  Matrix<double> d_mean, d_variance;
  const double loss = xent::gaussian_nll(b.mean, b.x, b.v, d_mean, d_variance, {Reduction::mean, 0.5, true});
  const GaussianOptions<Dual> o{Reduction::mean, Dual(0.5), true};
  const Matrix<Dual> fixed_mean = b.mean.cast<Dual>(), fixed_v = b.v.cast<Dual>();
  CHECK(differs(xent::gaussian_nll(mean, b.x, fixed_v, o), loss, d_mean) < 1e-14);
  CHECK(differs(xent::gaussian_nll(fixed_mean, b.x, v, o), loss, d_variance) < 1e-14);
  const double count_loss = xent::poisson_nll(b.mean, b.v, d_mean);
  CHECK(differs(xent::poisson_nll(mean, b.v), count_loss, d_mean) < 1e-14);
  const double square = xent::half_squared_error(b.mean, b.x, d_mean);
  CHECK(differs(xent::half_squared_error(mean, b.x), square, d_mean) < 1e-13);
  CHECK_THROWS_WITH(xent::poisson_nll(mean, b.v, {Reduction::mean, true}),
                    "xent::poisson_nll: constant: got true, expected false for a number type without lgamma");
}

#ifdef XENT_TEST_HAS_BOOST
TEST_CASE("likelihood: in 50 digits") {
  using Number = boost::multiprecision::number<boost::multiprecision::cpp_bin_float_50::backend_type,
                                               boost::multiprecision::et_on>;
  const Batch<double> b;
  const Matrix<Number> mean = b.mean.cast<Number>(), x = b.x.cast<Number>(), v = b.v.cast<Number>();
  Number exact = 0, pi = acos(Number(-1));
  for (Index i = 0; i < 24; ++i) {
    const Number r = x.data()[i] - mean.data()[i];
    exact += log(Number(2 * pi * v.data()[i])) / 2 + r * r / v.data()[i] / 2;
  }
  const Number loss = xent::gaussian_nll(mean, x, v, {Reduction::sum, Number(0), true});
  CHECK(abs(Number(loss - exact)) < Number("1e-47"));
  const Number count =
      xent::poisson_nll(Vector<Number>::Zero(1), Vector<Number>::Constant(1, Number(5)), {Reduction::sum, true});
  CHECK(abs(Number(count - 1 - log(Number(120)))) < Number("1e-48"));
}
#endif

TEST_CASE("likelihood: errors say what was wrong, and where, before anything is written") {
  Batch<double> b;
  const Matrix<double> sevens = Matrix<double>::Constant(4, 6, 7);
  Matrix<double> d_mean = sevens, d_variance = sevens;
  const auto call = [&](const auto& v, const GaussianOptions<double>& o = {}) {
    return xent::gaussian_nll(b.mean, b.x, v, d_mean, d_variance, o);
  };
  b.v(2, 3) = -0.5;
  CHECK_THROWS_WITH(call(b.v), "xent::gaussian_nll: variance(2, 3): got -0.5, expected a number > 0");
  CHECK_THROWS_WITH(call(support::RowMajor(b.v)),
                    "xent::gaussian_nll: variance(2, 3): got -0.5, expected a number > 0");
  CHECK_THROWS_WITH(xent::gaussian_nll(support::RowMajor(b.mean), b.x, b.v),
                    "xent::gaussian_nll: variance(2, 3): got -0.5, expected a number > 0");
  CHECK_THROWS_WITH(xent::gaussian_nll(b.mean.col(3), b.x.col(3), b.v.col(3)),
                    "xent::gaussian_nll: variance[2]: got -0.5, expected a number > 0");
  CHECK(same(d_mean, sevens));
  // A minimum variance replaces it, and then nothing depends on it.
  CHECK(std::isfinite(call(b.v, {Reduction::sum, 0.1})));
  CHECK(d_variance(2, 3) == 0);
  b.v(2, 3) = 0.1;
  const double at_minimum = call(b.v, {Reduction::sum});
  CHECK(d_variance(2, 3) != 0);
  b.v(2, 3) = -0.5;
  CHECK(call(b.v, {Reduction::sum, 0.1}) < at_minimum + 1e9);
  d_mean = d_variance = sevens;
  b.v(2, 3) = not_a_number;
  CHECK_THROWS_WITH(call(b.v, {Reduction::sum, 0.1}),
                    "xent::gaussian_nll: variance(2, 3): got nan, expected a number > 0");
  b.v(2, 3) = 0;
  CHECK_THROWS_AS(call(b.v), std::invalid_argument);
  CHECK_THROWS_WITH(xent::gaussian_nll(b.mean, b.x, 0), "xent::gaussian_nll: variance: got 0, expected a number > 0");
  CHECK_THROWS_WITH(xent::gaussian_nll(b.mean.leftCols(0), b.x.leftCols(0), -1.5),
                    "xent::gaussian_nll: variance: got -1.5, expected a number > 0");
  b.v(2, 3) = 1;
  CHECK_THROWS_WITH(call(b.v, {Reduction::sum, -1}),
                    "xent::gaussian_nll: minimum_variance: got -1, expected a finite number >= 0");
  CHECK_THROWS_WITH(call(b.v, {Reduction::sum, inf}),
                    "xent::gaussian_nll: minimum_variance: got inf, expected a finite number >= 0");
  CHECK_THROWS_WITH(call(b.v.leftCols(2)), "xent::gaussian_nll: variance: got [4 x 2], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::gaussian_nll(b.mean, b.x.topRows(3), 1.0),
                    "xent::gaussian_nll: target: got [3 x 6], expected [4 x 6]");
  Matrix<double> wrong(2, 2);
  CHECK_THROWS_WITH(xent::gaussian_nll(b.mean, b.x, b.v, wrong, d_variance),
                    "xent::gaussian_nll: d_mean: got [2 x 2], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::gaussian_nll(b.mean, b.x, b.v, d_mean, wrong),
                    "xent::gaussian_nll: d_variance: got [2 x 2], expected [4 x 6]");

  b.mean(1, 4) = -inf;
  CHECK_THROWS_WITH(xent::poisson_nll(b.mean, b.x, d_mean),
                    "xent::poisson_nll: log_rate(1, 4): got -inf, expected a number > -inf, so a rate > 0, or -inf "
                    "where the target is 0");
  b.mean(1, 4) = not_a_number;
  CHECK_THROWS_WITH(xent::poisson_nll(b.mean.col(4), b.x.col(4)),
                    "xent::poisson_nll: log_rate[1]: got nan, expected a number > -inf, so a rate > 0, or -inf where "
                    "the target is 0");
  CHECK_THROWS_WITH(xent::poisson_nll(b.mean, b.x.topRows(3)),
                    "xent::poisson_nll: target: got [3 x 6], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::poisson_nll(b.mean, b.x, wrong),
                    "xent::poisson_nll: gradient: got [2 x 2], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::half_squared_error(b.mean, b.x.topRows(3)),
                    "xent::half_squared_error: target: got [3 x 6], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::half_squared_error(b.mean, b.x, wrong),
                    "xent::half_squared_error: gradient: got [2 x 2], expected [4 x 6]");
  CHECK(same(d_mean, sevens));
  CHECK(same(d_variance, sevens));
}
