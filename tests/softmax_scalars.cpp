// softmax, log_softmax and logsumexp of bfloat16 and half, of automatic differentiation and of 50-digit numbers.

#include <xent/logsumexp.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_jacobian.hpp>

#include <limits>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

#if __has_include(<unsupported/Eigen/AutoDiff>)
#include <unsupported/Eigen/AutoDiff>
#define XENT_TEST_HAS_AUTODIFF 1
#endif
#if __has_include(<boost/multiprecision/cpp_bin_float.hpp>)
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>
#define XENT_TEST_HAS_BOOST 1
#endif

using support::close;
using support::Matrix;
using support::same;
using support::Vector;
using xent::Axis;

TEMPLATE_TEST_CASE("softmax of a 16-bit type is that of float, rounded once", "", Eigen::bfloat16, Eigen::half) {
  Matrix<float> wide(9, 5);
  support::Random(3).fill_normal(wide, 0, 4);
  const Matrix<TestType> z = wide.cast<TestType>();
  const Matrix<float> exact = z.template cast<float>();
  // Half an ULP of the 16-bit type, and 4 ULP of float, of which it has 2^13 or more.
  const auto rounded_once = [](const Matrix<TestType>& narrow, const Matrix<float>& result) {
    return support::all_of(narrow, result, [](TestType x, float y) {
      return oracle::ulp_error(x, oracle::exactly(static_cast<long double>(y))) <= 0.501;
    });
  };
  Matrix<float> s;
  for (const Axis axis : {Axis::columns, Axis::rows}) {
    xent::softmax(z, s, {axis, 0.7F});
    CHECK(close(s, xent::softmax(exact, {axis, 0.7F})));
    CHECK(rounded_once(xent::softmax(z, {axis, 0.7F}), s));
    xent::log_softmax(z, s, {axis});
    CHECK(close(s, xent::log_softmax(exact, axis)));
    CHECK(rounded_once(xent::log_softmax(z, axis), s));
    static_assert(std::is_same_v<decltype(xent::logsumexp(z)), Eigen::ArrayXf>);
    CHECK(close(xent::logsumexp(z, axis), xent::logsumexp(exact, axis)));
  }
  static_assert(std::is_same_v<decltype(xent::softmax(z)), Matrix<TestType>>);
  static_assert(std::is_same_v<decltype(xent::logsumexp(z.col(0))), float>);
  const Vector<TestType> masked = Vector<TestType>::Constant(3, TestType(-std::numeric_limits<float>::infinity()));
  CHECK(same(xent::softmax(masked), Vector<TestType>::Zero(3)));
  CHECK(same(xent::log_softmax(masked), masked));
}

#ifdef XENT_TEST_HAS_AUTODIFF
TEST_CASE("softmax and logsumexp differentiate") {
  using Dual = Eigen::AutoDiffScalar<Eigen::Vector3d>;
  const double t = 0.8;
  const Eigen::Vector3d at(0.3, -1.2, 2.5);
  Eigen::Matrix<Dual, 3, 1> z;
  for (int k = 0; k < 3; ++k) z[k] = Dual(at[k], 3, k);
  const Eigen::Matrix<Dual, 3, 1> s = xent::softmax(z, {Axis::columns, Dual(t)});
  const Eigen::Matrix<Dual, 3, 1> l = xent::log_softmax(z, {Axis::columns, Dual(t)});
  const Dual lse = xent::logsumexp(z);
  const Eigen::Vector3d exact = xent::softmax(at, {Axis::columns, t});
  const Eigen::Vector3d untempered = xent::softmax(at);
  // The wide type of a number type of the user's is the type itself: a few roundings.
  const double tolerance = 8 * std::numeric_limits<double>::epsilon();
  CHECK(std::abs(lse.value() - xent::logsumexp(at)) <= tolerance);
  CHECK((lse.derivatives() - untempered).cwiseAbs().maxCoeff() <= tolerance);
  for (int i = 0; i < 3; ++i) {
    CHECK(std::abs(s[i].value() - exact[i]) <= tolerance);
    CHECK(std::abs(l[i].value() - std::log(exact[i])) <= tolerance);
    for (int j = 0; j < 3; ++j) {
      CHECK(std::abs(s[i].derivatives()[j] - (exact[i] * ((i == j) - exact[j])) / t) <= tolerance);
      CHECK(std::abs(l[i].derivatives()[j] - ((i == j) - exact[j]) / t) <= tolerance);
    }
  }
  xent::LogSumExp<Dual> running;
  running.push(z.head<2>());
  running.push(z[2]);
  CHECK((running.value().derivatives() - untempered).cwiseAbs().maxCoeff() <= tolerance);
  const Dual pair = xent::logaddexp(z[0], z[1]);
  CHECK(std::abs(pair.derivatives()[1] - xent::softmax(at.head<2>())[1]) <= tolerance);
  const Eigen::Matrix<Dual, 3, 1> product = xent::softmax_jvp(s, z, {Axis::columns, Dual(t)});
  CHECK(std::abs(product[0].value() - xent::softmax_jvp(exact, at, {Axis::columns, t})[0]) <= tolerance);
  // With respect to the temperature: ds_k / dT = -s_k (z_k - <s, z>) / T^2.
  const Eigen::Matrix<Dual, 3, 1> fixed = at.cast<Dual>();
  const Eigen::Matrix<Dual, 3, 1> tempered = xent::softmax(fixed, {Axis::columns, Dual(t, 3, 0)});
  for (int k = 0; k < 3; ++k)
    CHECK(std::abs(tempered[k].derivatives()[0] + exact[k] * (at[k] - exact.dot(at)) / (t * t)) <= tolerance);
}

TEST_CASE("a masked class, a tie and a small rest differentiate") {
  using Dual = Eigen::AutoDiffScalar<Eigen::Vector3d>;
  const double infinity = std::numeric_limits<double>::infinity();
  Eigen::Matrix<Dual, 3, 1> z;
  const auto set = [&](double a, double b, double c) { z << Dual(a, 3, 0), Dual(b, 3, 1), Dual(c, 3, 2); };
  set(1, -infinity, 1);
  const Eigen::Matrix<Dual, 3, 1> s = xent::softmax(z);
  CHECK(s[1].value() == 0);
  CHECK(s[0].derivatives() == Eigen::Vector3d(0.25, 0, -0.25));
  CHECK(xent::logsumexp(z).derivatives() == Eigen::Vector3d(0.5, 0, 0.5));
  set(0, -40, -infinity);
  const Dual lse = xent::logsumexp(z);
  CHECK(std::abs(lse.value() / 4.248354255291589e-18 - 1) <= 1e-15);
  CHECK(std::abs(lse.derivatives()[1] / 4.248354255291589e-18 - 1) <= 1e-15);
}

#endif

#ifdef XENT_TEST_HAS_BOOST
namespace {
using Digits50 = boost::multiprecision::cpp_bin_float_50;
using Digits100 = boost::multiprecision::cpp_bin_float_100;
using Lazy50 = boost::multiprecision::number<Digits50::backend_type, boost::multiprecision::et_on>;

template <class Number>
Vector<Number> definition(const Vector<Number>& z) {
  Vector<Number> e(z.size());
  for (Eigen::Index k = 0; k < z.size(); ++k) e[k] = exp(z[k]);
  Number sum = 0;
  for (Eigen::Index k = 0; k < z.size(); ++k) sum += e[k];
  for (Eigen::Index k = 0; k < z.size(); ++k) e[k] /= sum;
  return e;
}

template <class Number, class T>
Vector<Number> numbers(const Vector<T>& z) {
  Vector<Number> wide(z.size());
  for (Eigen::Index k = 0; k < z.size(); ++k) wide[k] = Number(z[k]);
  return wide;
}

/// |got - exact| in units of the last place of T.
template <class T, class Number>
T ulps(const T& got, const Number& exact) {
  const T spacing = std::ldexp(T(1), std::ilogb(static_cast<T>(exact)) - (std::numeric_limits<T>::digits - 1));
  return static_cast<T>(abs(Number(Number(got) - exact))) / spacing;
}
}  // namespace

TEMPLATE_TEST_CASE("softmax and logsumexp in 50 digits", "", Digits50, Lazy50) {
  Vector<double> z(20);
  support::Random(4).fill_normal(z, 0, 3);
  const Vector<TestType> wide = numbers<TestType>(z);
  const Vector<TestType> exact = definition(wide);
  const Vector<TestType> s = xent::softmax(wide);
  const Vector<TestType> l = xent::log_softmax(wide);
  const TestType tolerance("1e-48");  // 50 digits, a few roundings
  TestType sum = 0;
  for (Eigen::Index k = 0; k < z.size(); ++k) {
    CHECK(abs(TestType(s[k] / exact[k] - 1)) < tolerance);
    CHECK(abs(TestType(l[k] - log(exact[k]))) < tolerance * 10);
    sum += exp(wide[k]);
  }
  CHECK(abs(TestType(xent::logsumexp(wide) - log(sum))) < tolerance * 10);
  CHECK(abs(TestType(xent::logaddexp(wide[0], wide[1]) - log(TestType(exp(wide[0]) + exp(wide[1]))))) < tolerance * 10);
  xent::LogSumExp<TestType> running;
  running.push(wide.head(7));
  for (Eigen::Index k = 7; k < z.size(); ++k) running.push(wide[k]);
  CHECK(abs(TestType(running.value() - log(sum))) < tolerance * 10);
  const Vector<TestType> product = xent::softmax_jacobian(s) * wide;
  CHECK(abs(TestType(product[3] - s[3] * (wide[3] - s.dot(wide)))) < tolerance);
  const TestType infinity = std::numeric_limits<TestType>::infinity();
  CHECK(xent::logsumexp(Vector<TestType>(Vector<TestType>::Constant(3, -infinity))) == -infinity);
}

// The bounds are promised for float and double; long double runs through the same arithmetic. 100 digits: the logarithm
// of 1 - 1e-26 has 24 of 50, fewer than a long double of 113 bits.
TEST_CASE("softmax, log_softmax and logsumexp of long double hold the bounds of double") {
  support::Random random(5);
  for (int turn = 0; turn < 50; ++turn) {
    Vector<long double> z(1 + turn % 12);
    random.fill_normal(z, 0, turn % 3 == 0 ? 20 : 1);
    const Vector<Digits100> exact = definition(numbers<Digits100>(z));
    const Vector<long double> s = xent::softmax(z);
    const Vector<long double> l = xent::log_softmax(z);
    Digits100 sum = 0;
    for (Eigen::Index k = 0; k < z.size(); ++k) sum += exp(Digits100(z[k]));
    const Digits100 lse = log(sum);
    const long double scale = std::max<long double>(std::abs(static_cast<long double>(lse)), std::abs(z.maxCoeff()));
    CHECK(abs(Digits100(Digits100(xent::logsumexp(z)) - lse)) <=
          Digits100(3 * std::numeric_limits<long double>::epsilon() * scale));
    for (Eigen::Index k = 0; k < z.size(); ++k) {
      CHECK(ulps(s[k], exact[k]) <= 4);
      if (z.size() > 1) CHECK(ulps(l[k], Digits100(log(exact[k]))) <= 2.5L);
    }
  }
}
#endif
