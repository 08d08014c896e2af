// entropy_from_logits and kl_divergence_from_logits: the formulas of docs/logits.md by their numbers, options, masks,
// errors, and every kind of argument. The bounds against 400-digit values are in accuracy_losses.cpp.

#include <xent/logits.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <unsupported/Eigen/AutoDiff>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"
#include "support/shapes.hpp"
#include "support/ulp.hpp"

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
using xent::Reduction;
template <class Real>
using Options = xent::LogitOptions<Real>;
template <class Real>
using Report = xent::CrossEntropyReport<Real>;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class Real = double>
Matrix<Real> logits(std::uint64_t seed, double sigma = 2) {
  Matrix<Real> z(4, 6);
  support::Random(seed).fill_normal(z, 0, sigma);
  return z;
}

/// Every member that the functions read away from its default, for 6 samples.
template <class Real = double>
Options<Real> every_option() {
  Options<Real> o;
  o.denominator = Real(2.5);
  o.temperature = Real(1.75);
  o.sample_weights = {Real(1), Real(0.5), Real(0), Real(-0.25), Real(1), Real(2)};
  o.executor = support::backwards();
  return o;
}

/// log softmax(z / t) of one sample in long double, with the digits of a confident one.
Vector<long double> log_softmax_of(const Vector<double>& z, long double t = 1) {
  Index top = 0;
  z.maxCoeff(&top);
  const Vector<long double> x = (z.cast<long double>().array() - static_cast<long double>(z[top])) / t;
  long double rest = 0;
  for (Index k = 0; k < z.size(); ++k) rest += k == top ? 0 : std::exp(x[k]);
  return x.array() - std::log1p(rest);
}

double kl(const Eigen::Vector3d& p, const Eigen::Vector3d& q, const Options<double>& o = {}) {
  return xent::kl_divergence_from_logits(p, q, o);
}

}  // namespace

TEST_CASE("logits (1): the entropy of the softmax") {
  const Matrix<double> z = logits(1);
  for (const double t : {0.25, 1.0, 3.0}) {
    Options<double> o;
    o.temperature = t;
    for (Index i = 0; i < 6; ++i) {
      const Vector<long double> l = log_softmax_of(z.col(i), t);
      const long double exact = -l.array().exp().matrix().dot(l);
      CHECK(oracle::ulp_error(xent::entropy_from_logits(z.col(i), o), oracle::exactly(exact)) <= 4);
    }
  }
  CHECK(std::abs(xent::entropy_from_logits(Eigen::Vector4d(7, 7, 7, 7)) - std::log(4.0)) <= 2.3e-16);
  CHECK(same_number(xent::entropy_from_logits(Vector<double>::Constant(1, 5)), 0.0));
}

TEST_CASE("logits (2): a confident sample keeps the digits of its entropy") {
  // log1p(e) + 20 e / (1 + e), e = exp(-20): 4.3284225607056e-8.
  CHECK(std::abs(xent::entropy_from_logits(Eigen::Vector2f(0, 20)) / 4.32842256e-8F - 1) < 2e-7F);
  // 301 exp(-300), to its last digits
  const double e = std::exp(-300.0);
  CHECK(std::abs(xent::entropy_from_logits(Eigen::Vector2d(0, -300)) / (301 * e) - 1) < 4e-16);
}

TEST_CASE("logits (3): the gradient of the entropy is its derivative, under every option") {
  const Matrix<long double> z = logits<long double>(2);
  Options<long double> o = every_option<long double>();
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    o.reduction = reduction;
    Matrix<long double> gradient;
    Report<long double> report;
    xent::entropy_from_logits(z, gradient, o, &report);
    const auto loss = [&](const Matrix<long double>& at) { return xent::entropy_from_logits(at, o); };
    CHECK((reference::central_difference(loss, z) - gradient).cwiseAbs().maxCoeff() < 1e-11L);
    // (4): and the derivative with respect to the temperature
    const auto of_temperature = [&](const Matrix<long double>& t) {
      Options<long double> moved = o;
      moved.temperature = t(0, 0);
      return xent::entropy_from_logits(z, moved);
    };
    const auto slope =
        reference::central_difference(of_temperature, Matrix<long double>::Constant(1, 1, o.temperature));
    CHECK(std::abs(slope(0, 0) - report.temperature_gradient) < 1e-11L);
  }
}

TEST_CASE("logits (5): the divergence of two softmaxes") {
  const Matrix<double> p = logits(1), q = logits(2);
  for (const double t : {0.25, 1.0, 3.0}) {
    Options<double> o;
    o.temperature = t;
    for (Index i = 0; i < 6; ++i) {
      const Vector<long double> l_p = log_softmax_of(p.col(i), t), l_q = log_softmax_of(q.col(i), t);
      const long double exact = l_p.array().exp().matrix().dot(l_p - l_q);
      CHECK(oracle::ulp_error(xent::kl_divergence_from_logits(p.col(i), q.col(i), o), oracle::exactly(exact)) <= 4);
    }
  }
  // By pencil: p = (1/2, 1/2), q = (1/4, 3/4): (1/2) log 2 + (1/2) log(2/3) = (1/2) log(4/3).
  const double half_log = std::log(4.0 / 3) / 2;
  CHECK(std::abs(xent::kl_divergence_from_logits(Eigen::Vector2d(0, 0), Eigen::Vector2d(0, std::log(3.0))) - half_log) <
        1e-16);
}

TEMPLATE_TEST_CASE("logits (6): nearly equal distributions have a small, positive, right divergence", "", float,
                   double) {
  // z = (0, 0), (d, -d): KL = log cosh d = d^2/2 - d^4/12 + ..., whatever offset they share.
  using Two = Eigen::Matrix<TestType, 2, 1>;
  for (const int exponent : {-3, -10, -20, -40, -60}) {
    const auto d = static_cast<TestType>(std::ldexp(1.0, exponent));
    const long double wide = d;
    const long double exact = wide * wide / 2 - std::pow(wide, 4) / 12 + std::pow(wide, 6) / 45;
    Two gradient, d_q;
    const TestType value = xent::kl_divergence_from_logits(Two(0, 0), Two(d, -d), gradient, xent::none);
    // The series stops at d^8 * 17/2520: 2^-24 * 0.4 % of a ULP of float at d = 1/8, but 2^5 ULP of double.
    if (exponent < -3 || std::numeric_limits<TestType>::digits == 24)
      CHECK(oracle::ulp_error(value, oracle::exactly(exact)) <= 4);
    // d_p = -p (t - tbar) = -(1/2) (d, -d)
    CHECK(gradient == Two(-d / 2, d / 2));
    // d_q = q - p = (1/2) (tanh d, -tanh d)
    xent::kl_divergence_from_logits(Two(0, 0), Two(d, -d), xent::none, d_q);
    CHECK(oracle::ulp_error(d_q[0], oracle::exactly(std::tanh(wide) / 2)) <= 2);
    CHECK(oracle::ulp_error(d_q[1], oracle::exactly(-std::tanh(wide) / 2)) <= 2);
    CHECK(xent::kl_divergence_from_logits(Two(64, 64), Two(d, -d)) == value);
  }
  support::Random random(9);
  for (int trial = 0; trial < 300; ++trial) {
    Matrix<TestType> p(17, 1), q(17, 1);
    random.fill_normal(p, 0, 3);
    for (Index k = 0; k < 17; ++k)
      q(k) = p(k) + static_cast<TestType>(random.normal(0, std::ldexp(1.0, -random.integer(60))));
    const TestType value = xent::kl_divergence_from_logits(p, q);
    CHECK(value >= 0);
    CHECK((value > 0 || p == q || (p - q).cwiseAbs().maxCoeff() < std::numeric_limits<TestType>::epsilon()));
    CHECK(same_number(xent::kl_divergence_from_logits(p, p), TestType(0)));
  }
}

TEST_CASE("logits (7), (8): the gradients of the divergence are its derivatives, under every option") {
  using M = Matrix<long double>;
  const M p = logits<long double>(2), q = logits<long double>(3);
  Options<long double> o = every_option<long double>();
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    o.reduction = reduction;
    M d_p, d_q;
    Report<long double> report;
    xent::kl_divergence_from_logits(p, q, d_p, d_q, o, &report);
    const auto of_p = [&](const M& at) { return xent::kl_divergence_from_logits(at, q, o); };
    const auto of_q = [&](const M& at) { return xent::kl_divergence_from_logits(p, at, o); };
    CHECK((reference::central_difference(of_p, p) - d_p).cwiseAbs().maxCoeff() < 1e-10L);
    CHECK((reference::central_difference(of_q, q) - d_q).cwiseAbs().maxCoeff() < 1e-10L);
    // (9): and the derivative with respect to the temperature
    const auto of_temperature = [&](const M& t) {
      Options<long double> moved = o;
      moved.temperature = t(0, 0);
      return xent::kl_divergence_from_logits(p, q, moved);
    };
    const M slope = reference::central_difference(of_temperature, M::Constant(1, 1, o.temperature));
    CHECK(std::abs(slope(0, 0) - report.temperature_gradient) < 1e-10L);
  }
}

TEST_CASE("logits (7), (8): gradients that cancel keep their digits") {
  // Two distributions that are sure of the same class: p_0 = 1 - 2e-20, q_0 = 1 - 3e-20, nearly.
  const double a = std::log(1e-20);
  const Eigen::Vector3d z_p(0, a, a), z_q(0, a, std::log(2e-20));
  Eigen::Vector3d d_p, d_q;
  const double value = xent::kl_divergence_from_logits(z_p, z_q, d_p, d_q);
  // With r = exp(a): KL = r - r log 2, d_q = (-r, 0, r), d_p = (r log 2, 0, -r log 2), up to r^2.
  const double r = std::exp(a);
  CHECK(std::abs(value / (r - r * std::log(2.0)) - 1) < 1e-14);
  CHECK(std::abs(d_q[0] / -r - 1) < 1e-14);
  CHECK(std::abs(d_q[2] / r - 1) < 1e-14);
  CHECK(std::abs(d_p[0] / (r * std::log(2.0)) - 1) < 1e-14);
  CHECK(std::abs(d_p[2] / (-r * std::log(2.0)) - 1) < 1e-14);
  // p_0 = 1 - r, and q gives the other class next to nothing, or has masked it: q_0 - p_0 is r / (1 + r).
  for (const double far : {-100.0, -800.0, -1e6, -inf}) {
    for (const double rest : {-12.0, -36.0, -600.0}) {
      if (rest < far) continue;
      const double small = std::exp(rest) / (1 + std::exp(rest));
      Eigen::Vector2d two;
      xent::kl_divergence_from_logits(Eigen::Vector2d(0, rest), Eigen::Vector2d(0, far), xent::none, two);
      CHECK(std::abs(two[0] / small - 1) <= 2 * std::numeric_limits<double>::epsilon());
      CHECK(std::abs(two[1] / -small - 1) <= 2 * std::numeric_limits<double>::epsilon());
    }
  }
  // d_q sums to 0, and d_p too.
  CHECK(std::abs(d_q.sum()) < 1e-15 * r);
  CHECK(std::abs(d_p.sum()) < 1e-15 * r);
}

TEST_CASE("logits (10): entropy and divergence add up to the cross-entropy") {
  const Matrix<double> z_p = logits(4), z_q = logits(5);
  Report<double> report, target;
  Matrix<double> d_q, gradient;
  xent::kl_divergence_from_logits(z_p, z_q, xent::none, d_q, {}, &report);
  const double cross_entropy = xent::softmax_cross_entropy(z_q, xent::softmax(z_p), gradient, {}, &target);
  CHECK(std::abs(report.loss + xent::entropy_from_logits(z_p) - cross_entropy) < 1e-14);
  CHECK((report.sample_loss + report.entropy - target.sample_loss).abs().maxCoeff() < 1e-14);
  CHECK((d_q - gradient).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("logits: far distributions") {
  // Beyond 64 the direct form is taken: both sides of the switch.
  for (const double d : {1.0, 30.0, 63.9, 64.1, 500.0, 1e5, 1e300}) {
    // p = (1, 0), q = softmax(0, d): KL = log(1 + exp d).
    const double value = xent::kl_divergence_from_logits(Eigen::Vector2d(0, -1e306), Eigen::Vector2d(0, d));
    CHECK(std::abs(value / (d + std::log1p(std::exp(-d))) - 1) <= 4 * std::numeric_limits<double>::epsilon());
  }
  Eigen::Vector2d d_p, d_q;
  const double largest = std::numeric_limits<double>::max();
  xent::kl_divergence_from_logits(Eigen::Vector2d(largest, -largest), Eigen::Vector2d(-largest, largest), d_p, d_q);
  CHECK(d_q == Eigen::Vector2d(-1, 1));
  CHECK(d_p == Eigen::Vector2d(0, 0));
}

TEST_CASE("logits: masked, infinite and NaN logits of an entropy") {
  Eigen::Vector3d gradient;
  Report<double> report;
  const auto entropy = [&](double a, double b, double c) {
    gradient.setConstant(7);
    return xent::entropy_from_logits(Eigen::Vector3d(a, b, c), gradient, {}, &report);
  };
  Eigen::Vector2d rest;
  const double two = xent::entropy_from_logits(Eigen::Vector2d(1, 3), rest);
  CHECK(entropy(1, -inf, 3) == two);
  CHECK(same(gradient, Eigen::Vector3d(rest[0], 0, rest[1])));
  CHECK(same_number(entropy(-inf, 2, -inf), 0.0));
  CHECK(same(gradient, Eigen::Vector3d(0, 0, 0)));
  CHECK(report.prediction[0] == 1);
  CHECK(same_number(entropy(-inf, -inf, -inf), 0.0));
  CHECK(same(gradient, Eigen::Vector3d(0, 0, 0)));
  CHECK((report.logsumexp[0] == -inf && report.entropy[0] == 0 && report.prediction[0] == -1));
  const Eigen::Vector3d nans = Eigen::Vector3d::Constant(not_a_number);
  CHECK(std::isnan(entropy(1, inf, 3)));
  CHECK(same(gradient, nans));
  CHECK((report.logsumexp[0] == inf && std::isnan(report.entropy[0]) && report.prediction[0] == 1));
  CHECK(std::isnan(entropy(1, inf, not_a_number)));
  CHECK(same(gradient, nans));
  CHECK((std::isnan(report.logsumexp[0]) && report.prediction[0] == -1));
  // Distances beyond the largest number.
  CHECK(same_number(entropy(1.7e308, -1.7e308, -1.7e308), 0.0));
  CHECK(same(gradient, Eigen::Vector3d(0, 0, 0)));
}

TEST_CASE("logits: masked, infinite and NaN logits of a divergence") {
  using Three = Eigen::Vector3d;
  Three d_p, d_q;
  Report<double> report;
  const auto divergence = [&](const Three& p, const Three& q) {
    d_p.setConstant(7);
    d_q.setConstant(7);
    const double value = xent::kl_divergence_from_logits(p, q, d_p, d_q, {}, &report);
    CHECK(same_number(value, kl(p, q)));
    return value;
  };
  const Three zero(0, 0, 0), nans = Three::Constant(not_a_number);
  const Three q(1, 2, 3), s_q = xent::softmax(q);
  SECTION("a class that both have masked does not exist") {
    Eigen::Vector2d two_p, two_q;
    const double two = xent::kl_divergence_from_logits(Eigen::Vector2d(0, 1), Eigen::Vector2d(2, 5), two_p, two_q);
    CHECK(divergence(Three(0, -inf, 1), Three(2, -inf, 5)) == two);
    CHECK(same(d_p, Three(two_p[0], 0, two_p[1])));
    CHECK(same(d_q, Three(two_q[0], 0, two_q[1])));
  }
  SECTION("a class that only p has masked adds nothing, but takes what q gives it from the others") {
    const double value = divergence(Three(0, 0, -inf), q);
    const double exact = 0.5 * std::log(0.5 / s_q[0]) + 0.5 * std::log(0.5 / s_q[1]);
    CHECK(std::abs(value - exact) < 1e-15);
    CHECK(d_p[2] == 0);
    CHECK(std::abs(d_p[0] - 0.5 * (std::log(0.5 / s_q[0]) - exact)) < 1e-15);
    CHECK((d_q - (s_q - Three(0.5, 0.5, 0))).cwiseAbs().maxCoeff() < 1e-15);
    // Even where q agrees but for a mass of 1e-50 there.
    const double mass = std::exp(-115.0);
    CHECK(std::abs(divergence(Three(0, 0, -inf), Three(0, 0, -115)) / (mass / 2) - 1) < 1e-15);
  }
  SECTION("a class that only q has masked makes it infinite") {
    CHECK(divergence(Three(0, 1, 2), Three(1, -inf, 0)) == inf);
    CHECK(same(d_p, zero));
    const Three p = xent::softmax(Three(0, 1, 2)), other = xent::softmax(Three(1, -inf, 0));
    CHECK((d_q - (other - p)).cwiseAbs().maxCoeff() < 1e-15);
    CHECK(std::isfinite(report.temperature_gradient));
    // The masks decide, not whether p has underflowed.
    CHECK(divergence(Three(0, -5000, 0), Three(0, -inf, 0)) == inf);
    CHECK(same(d_q, zero));
  }
  SECTION("every class masked") {
    const Three masked(-inf, -inf, -inf);
    CHECK(same_number(divergence(masked, q), 0.0));
    CHECK((same(d_p, zero) && same(d_q, zero)));
    CHECK((report.logsumexp[0] == -inf && report.prediction[0] == -1));
    CHECK(divergence(q, masked) == inf);
    CHECK((same(d_p, zero) && same(d_q, zero)));
    CHECK(same_number(divergence(masked, masked), 0.0));
    CHECK((same(d_p, zero) && same(d_q, zero)));
  }
  SECTION("NaN and +inf in either") {
    for (const double bad : {inf, not_a_number}) {
      CHECK(std::isnan(divergence(Three(0, bad, 1), q)));
      CHECK((same(d_p, nans) && same(d_q, nans)));
      CHECK(report.prediction[0] == (bad == inf ? 1 : -1));
      CHECK(std::isnan(divergence(q, Three(0, bad, -inf))));
      CHECK((same(d_p, nans) && same(d_q, nans)));
      CHECK(report.prediction[0] == (bad == inf ? 2 : -1));
      CHECK(std::isnan(divergence(Three(-inf, -inf, -inf), Three(0, bad, 1))));
    }
  }
}

TEST_CASE("logits: reports, and samples that are absent") {
  Matrix<double> p = logits(6), q = logits(7), gradient(4, 6), d_p(4, 6), d_q(4, 6), plain;
  Options<double> o = every_option();
  Report<double> of_entropy, of_kl;
  xent::entropy_from_logits(p, plain, o);
  p.col(2).setConstant(not_a_number);  // its weight is 0
  q.col(2).setConstant(not_a_number);
  const double entropy = xent::entropy_from_logits(p, gradient, o, &of_entropy);
  const double divergence = xent::kl_divergence_from_logits(p, q, d_p, d_q, o, &of_kl);
  CHECK(same(gradient, plain));
  CHECK((gradient.col(2) == Vector<double>::Zero(4) && d_p.col(2) == gradient.col(2) && d_q.col(2) == gradient.col(2)));
  CHECK((of_entropy.loss == entropy && of_kl.loss == divergence));
  CHECK(std::abs(of_kl.sample_loss.sum() / 2.5 - divergence) < 1e-15);
  CHECK(std::abs(of_entropy.sample_loss.sum() / 2.5 - entropy) < 1e-15);
  const Eigen::ArrayXd lse = [&] {
    Report<double> softmax;
    const Eigen::VectorXi zeros = Eigen::VectorXi::Zero(6);
    xent::CrossEntropyOptions<double> of_labels;
    of_labels.temperature = o.temperature;
    of_labels.reduction = xent::Reduction::sum;
    of_labels.sample_weights = o.sample_weights;
    xent::softmax_cross_entropy(p, zeros, of_labels, &softmax);
    return softmax.logsumexp;
  }();
  for (const Report<double>* r : {&of_entropy, &of_kl}) {
    CHECK((r->counted == 5 && r->ignored == 1 && r->correct == 0 && r->denominator == 2.5 && r->z_loss == 0));
    CHECK((r->sample_loss[2] == 0 && r->logsumexp[2] == -inf && r->entropy[2] == 0 && r->prediction[2] == -1));
    for (const Index i : {0, 1, 3, 4, 5}) {
      Index largest = 0;
      p.col(i).maxCoeff(&largest);
      CHECK(r->prediction[i] == largest);
      CHECK(std::abs(r->logsumexp[i] - lse[i]) <= 4e-16);
      CHECK(r->sample_loss[i] / (r == &of_entropy ? r->entropy[i] : 1) != 0);
    }
  }
  CHECK(of_entropy.sample_loss[1] == 0.5 * of_entropy.entropy[1]);
  // That of the divergence is not the business of kernels.
  CHECK(
      ((of_entropy.entropy - of_kl.entropy).abs() <= 8 * std::numeric_limits<double>::epsilon() * of_kl.entropy).all());

  // The default denominator is the sum of the weights; under Reduction::sum it is reported.
  o.denominator.reset();
  o.sample_weights = {1, 0.5, 0, 0.25, 1, 2};
  const double mean = xent::entropy_from_logits(p, o, &of_entropy);
  CHECK(of_entropy.denominator == 4.75);
  o.reduction = Reduction::sum;
  CHECK(std::abs(xent::entropy_from_logits(p, o, &of_entropy) - 4.75 * mean) < 1e-14);
  CHECK(of_entropy.denominator == 4.75);

  o.sample_weights = xent::Weights<double>(Eigen::ArrayXd::Zero(6));
  CHECK(same_number(xent::kl_divergence_from_logits(p, q, d_p, d_q, o, &of_kl), 0.0));
  CHECK((of_kl.counted == 0 && d_p == Matrix<double>::Zero(4, 6)));
}

TEST_CASE("logits: NaN in one sample leaves the others alone") {
  const Matrix<double> p = logits(6), q = logits(7);
  Matrix<double> broken = p, d_p, d_q, plain_p, plain_q;
  broken(1, 4) = not_a_number;
  CHECK(std::isfinite(xent::kl_divergence_from_logits(p, q, plain_p, plain_q)));
  CHECK(std::isnan(xent::kl_divergence_from_logits(broken, q, d_p, d_q)));
  CHECK((d_p.col(4).array().isNaN().all() && d_q.col(4).array().isNaN().all()));
  d_p.col(4) = plain_p.col(4);
  d_q.col(4) = plain_q.col(4);
  CHECK((same(d_p, plain_p) && same(d_q, plain_q)));
}

TEST_CASE("logits: every shape, storage order and axis") {
  const auto options = [](Axis axis) {
    Options<double> o;
    o.axis = axis;
    o.temperature = 1.5;
    return o;
  };
  const Matrix<double> p = logits(1), q = logits(2);
  support::check_shapes(p, q, [&](const auto& a, const auto& b, auto&& out, Axis axis) {
    return xent::kl_divergence_from_logits(a, b, std::forward<decltype(out)>(out), xent::none, options(axis));
  });
  support::check_shapes(p, q, [&](const auto& a, const auto& b, auto&& out, Axis axis) {
    return xent::kl_divergence_from_logits(a, b, xent::none, std::forward<decltype(out)>(out), options(axis));
  });
  support::check_shapes(p, q, [&](const auto& a, const auto& b, auto&& out, Axis axis) {
    const Matrix<double> evaluated = b;  // nobody else does
    return xent::entropy_from_logits(a, std::forward<decltype(out)>(out), options(axis));
  });
}

TEST_CASE("logits: the forms without gradients or options say the same") {
  const Matrix<double> p = logits(1), q = logits(2);
  Matrix<double> d_p, d_q, in_p = p, in_q = q, gradient;
  Report<double> report;
  const double divergence = xent::kl_divergence_from_logits(p, q, d_p, d_q);
  CHECK(xent::kl_divergence_from_logits(p, q) == divergence);
  CHECK(xent::kl_divergence_from_logits(p, q, {}) == divergence);
  CHECK(xent::kl_divergence_from_logits(p, q, {}, &report) == divergence);
  CHECK(report.temperature_gradient == 0);
  CHECK(xent::kl_divergence_from_logits(p, q, xent::none, xent::none, {}, &report) == divergence);
  CHECK(xent::kl_divergence_from_logits(in_p, in_q, in_p, in_q) == divergence);
  CHECK((same(in_p, d_p) && same(in_q, d_q)));
  in_p = p;
  in_q = q;
  CHECK(xent::kl_divergence_from_logits(in_p, in_q, in_q, in_p) == divergence);
  CHECK((same(in_q, d_p) && same(in_p, d_q)));
  const double entropy = xent::entropy_from_logits(p, gradient);
  CHECK(xent::entropy_from_logits(p) == entropy);
  CHECK(xent::entropy_from_logits(p, {}) == entropy);
  CHECK(xent::entropy_from_logits(p, xent::none, {}, &report) == entropy);
  CHECK(xent::entropy_from_logits(p.transpose(), {Axis::rows}, &report) == entropy);
}

TEST_CASE("logits: every executor gives the same bits") {
  Matrix<double> p(30, 4000), q(30, 4000), d_p, d_q, e, expected_p, expected_q, expected_e;
  support::Random random(5);
  random.fill_normal(p, 0, 3);
  random.fill_normal(q, 0, 3);
  Report<double> report, other;
  const double divergence = xent::kl_divergence_from_logits(p, q, expected_p, expected_q, {}, &report);
  const double entropy = xent::entropy_from_logits(p, expected_e);
  int calls = 0;
  for (const auto& executor : {support::backwards(&calls), support::threaded()}) {
    Options<double> o;
    o.executor = executor;
    CHECK(xent::kl_divergence_from_logits(p, q, d_p, d_q, o, &other) == divergence);
    CHECK(xent::entropy_from_logits(p, e, o) == entropy);
    CHECK((same(d_p, expected_p) && same(d_q, expected_q) && same(e, expected_e)));
    CHECK((same(other.sample_loss, report.sample_loss) && other.temperature_gradient == report.temperature_gradient));
  }
  CHECK(calls == 2);
}

TEMPLATE_TEST_CASE("logits: 16-bit logits are computed in float and rounded once", "", Eigen::half, Eigen::bfloat16) {
  const Matrix<TestType> p = logits<float>(1).template cast<TestType>(), q = logits<float>(2).template cast<TestType>();
  const Matrix<float> wide_p = p.template cast<float>(), wide_q = q.template cast<float>();
  Matrix<TestType> d_p, d_q;
  Matrix<float> wide_d_p, wide_d_q;
  const Options<float> o = every_option<float>();
  const float divergence = xent::kl_divergence_from_logits(wide_p, wide_q, wide_d_p, wide_d_q, o);
  CHECK(xent::kl_divergence_from_logits(p, q, d_p, d_q, o) == divergence);
  CHECK((same(d_p, wide_d_p.cast<TestType>()) && same(d_q, wide_d_q.cast<TestType>())));
  const float entropy = xent::entropy_from_logits(wide_p, wide_d_p, o);
  CHECK(xent::entropy_from_logits(p, d_p, o) == entropy);
  CHECK(same(d_p, wide_d_p.cast<TestType>()));
  CHECK(xent::entropy_from_logits(p, wide_d_q, o) == entropy);
  CHECK(same(wide_d_q, wide_d_p));
}

TEST_CASE("logits: AutoDiffScalar logits differentiate to the gradients") {
  using Dual = Eigen::AutoDiffScalar<Eigen::Matrix<double, 24, 1>>;
  const Matrix<double> p = logits(1), q = logits(2);
  const auto duals = [](const Matrix<double>& z, bool variable) {
    Matrix<Dual> result(4, 6);
    for (int i = 0; i < 24; ++i) result.data()[i] = variable ? Dual(z.data()[i], 24, i) : Dual(z.data()[i]);
    return result;
  };
  const auto difference = [](const Dual& dual, double value, const Matrix<double>& gradient) {
    const Vector<double> d = dual.derivatives() - Eigen::Map<const Vector<double>>(gradient.data(), 24);
    return std::abs(dual.value() - value) + d.cwiseAbs().maxCoeff();
  };
  Matrix<double> d_p, d_q, d;
  const double divergence = xent::kl_divergence_from_logits(p, q, d_p, d_q, every_option());
  const double entropy = xent::entropy_from_logits(p, d, every_option());
  const auto o = every_option<Dual>();
  CHECK(difference(xent::kl_divergence_from_logits(duals(p, true), duals(q, false), o), divergence, d_p) < 1e-14);
  CHECK(difference(xent::kl_divergence_from_logits(duals(p, false), duals(q, true), o), divergence, d_q) < 1e-14);
  CHECK(difference(xent::entropy_from_logits(duals(p, true), o), entropy, d) < 1e-14);
}

#ifdef XENT_TEST_HAS_BOOST
TEST_CASE("logits: in 50 digits") {
  using Number = boost::multiprecision::number<boost::multiprecision::cpp_bin_float_50::backend_type,
                                               boost::multiprecision::et_on>;
  const Matrix<double> p = logits(1), q = logits(2);
  const Vector<Number> z_p = p.col(0).cast<Number>(), z_q = q.col(0).cast<Number>();
  Vector<Number> s_p(4), s_q(4), d_p(4), d_q(4);
  Number sum_p = 0, sum_q = 0, entropy = 0, divergence = 0;
  for (Index k = 0; k < 4; ++k) {
    sum_p += s_p[k] = exp(z_p[k]);
    sum_q += s_q[k] = exp(z_q[k]);
  }
  for (Index k = 0; k < 4; ++k) {
    s_p[k] /= sum_p;
    s_q[k] /= sum_q;
    entropy -= s_p[k] * log(s_p[k]);
    divergence += s_p[k] * log(Number(s_p[k] / s_q[k]));
  }
  const Number tolerance("1e-47");
  CHECK(abs(Number(xent::entropy_from_logits(z_p) - entropy)) < tolerance);
  CHECK(abs(Number(xent::kl_divergence_from_logits(z_p, z_q, d_p, d_q) - divergence)) < tolerance);
  for (Index k = 0; k < 4; ++k) {
    CHECK(abs(Number(d_p[k] - s_p[k] * (log(Number(s_p[k] / s_q[k])) - divergence))) < tolerance);
    CHECK(abs(Number(d_q[k] - (s_q[k] - s_p[k]))) < tolerance);
  }
}
#endif

TEST_CASE("logits: errors say what was wrong, before anything is written") {
  const Matrix<double> p = logits(1), q = logits(2), sevens = Matrix<double>::Constant(4, 6, 7);
  Matrix<double> d_p = sevens, d_q = sevens, wrong(6, 4);
  const auto throws_alike = [&](const Options<double>& o, const std::string& what) {
    CHECK_THROWS_WITH(xent::entropy_from_logits(p, d_p, o), "xent::entropy_from_logits: " + what);
    CHECK_THROWS_WITH(xent::kl_divergence_from_logits(p, q, d_p, d_q, o), "xent::kl_divergence_from_logits: " + what);
    CHECK_THROWS_AS(xent::entropy_from_logits(p, o), std::invalid_argument);
  };
  Options<double> o;
  o.temperature = 0;
  throws_alike(o, "temperature: got 0, expected a finite number > 0");
  o.temperature = not_a_number;
  throws_alike(o, "temperature: got nan, expected a finite number > 0");
  o = {};
  o.denominator = -1;
  throws_alike(o, "denominator: got -1, expected a finite number > 0");
  o.denominator = 0;
  throws_alike(o, "denominator: got 0, expected a finite number > 0");
  o = {};
  o.sample_weights = {1, 1};
  throws_alike(o, "sample_weights: got 2 weights, expected 6 or none");
  o.sample_weights = {1, 1, 1, -1, 1, 1};
  throws_alike(o, "sample_weights[3]: got -1, expected a finite number >= 0");

  CHECK_THROWS_WITH(xent::kl_divergence_from_logits(p, q.leftCols(5), d_p, d_q),
                    "xent::kl_divergence_from_logits: logits_q: got [4 x 5], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::kl_divergence_from_logits(p, q, wrong, d_q),
                    "xent::kl_divergence_from_logits: d_p: got [6 x 4], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::kl_divergence_from_logits(p, q, d_p, wrong),
                    "xent::kl_divergence_from_logits: d_q: got [6 x 4], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::entropy_from_logits(p, wrong),
                    "xent::entropy_from_logits: gradient: got [6 x 4], expected [4 x 6]");
  CHECK_THROWS_WITH(xent::entropy_from_logits(p.topRows(0)),
                    "xent::entropy_from_logits: logits: got 0 classes, expected at least one class for a sample that "
                    "counts");
  CHECK((same(d_p, sevens) && same(d_q, sevens)));
}

TEMPLATE_TEST_CASE("logits: long samples, and batches that pass the caches by, have the bits of their samples", "",
                   float, double) {
  using Real = TestType;
  xent::LogitOptions<Real> sum;
  sum.reduction = xent::Reduction::sum;
  xent::LogitOptions<long double> wide_sum;
  wide_sum.reduction = xent::Reduction::sum;
  support::Random random(9);
  for (const Index classes : {300, 1000, 10001}) {
    const Index count = (Index{5} << 20U) / static_cast<Index>(sizeof(Real)) / classes;
    Matrix<Real> few(classes, 10), near(classes, 10);
    random.fill_normal(few, 0, 3);
    random.fill_normal(near, 0, 0.01);
    near += few;
    const Matrix<Real> z = few.replicate(1, count / 10 + 1).leftCols(count),
                       q = near.replicate(1, count / 10 + 1).leftCols(count);
    Matrix<Real> gradient, d_p, d_q;
    const Real entropy = xent::entropy_from_logits(z, gradient, sum);
    const Index some = std::min<Index>(count, 12);
    const Matrix<Real> z_some = z.leftCols(some), q_some = q.leftCols(some);
    const Real divergence = xent::kl_divergence_from_logits(z_some, q_some, d_p, d_q, sum);
    for (const Index i : {Index{0}, Index{1}, Index{10}, count / 2, count - 1}) {
      Vector<Real> alone, alone_p, alone_q;
      xent::entropy_from_logits(z.col(i), alone, sum);
      xent::kl_divergence_from_logits(z.col(i), q.col(i), alone_p, alone_q, sum);
      CHECK(same(gradient.col(i), alone));
      if (i < some) CHECK(same(d_p.col(i), alone_p));
      if (i < some) CHECK(same(d_q.col(i), alone_q));
      if (i > 1) continue;
      Vector<long double> exact, exact_p, exact_q;
      const Vector<long double> wide = z.col(i).template cast<long double>(),
                                wide_q = q.col(i).template cast<long double>();
      const long double h = xent::entropy_from_logits(wide, exact, wide_sum);
      const long double kl = xent::kl_divergence_from_logits(wide, wide_q, exact_p, exact_q, wide_sum);
      CHECK(oracle::ulp_error(xent::entropy_from_logits(z.col(i), sum), oracle::exactly(h)) <= 4);
      CHECK(oracle::ulp_error(xent::kl_divergence_from_logits(z.col(i), q.col(i), sum), oracle::exactly(kl)) <= 4);
      const auto close = [](const Vector<Real>& got, const Vector<long double>& expected) {
        return (got.template cast<long double>() - expected).cwiseAbs().maxCoeff() <=
               8 * static_cast<long double>(std::numeric_limits<Real>::epsilon()) * expected.cwiseAbs().maxCoeff();
      };
      CHECK(close(alone, exact));
      CHECK(close(alone_p, exact_p));
      CHECK(close(alone_q, exact_q));
    }
    Matrix<Real> in_place = z, in_place_q = q_some;
    CHECK(xent::entropy_from_logits(in_place, in_place, sum) == entropy);
    CHECK(same(in_place, gradient));
    in_place = z_some;
    CHECK(xent::kl_divergence_from_logits(in_place, in_place_q, in_place, in_place_q, sum) == divergence);
    CHECK(same(in_place, d_p));
    CHECK(same(in_place_q, d_q));
  }
}
