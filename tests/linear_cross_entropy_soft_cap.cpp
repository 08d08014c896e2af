// Softly capped logits, cap tanh(z / cap), against the same in long double, with the losses and gradients that follow.

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/linear.hpp"
#include "support/matrices.hpp"

namespace {

using Eigen::Index;
using support::difference;
using support::linear_answer;
using support::LinearAnswer;
using support::LinearOptions;
using support::LinearProblem;
using support::Matrix;
using support::same;
using support::ulps_of_largest;
using support::Vector;

using Exact = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;

template <class Real>
struct Reference {
  long double loss = 0;
  Matrix<Real> d_weights, d_features;
  Vector<Real> d_bias;
};

/// The mean of the losses of labels at a temperature, without further options.
template <class Real>
Reference<Real> reference(const LinearProblem<Real>& p, long double cap, long double temperature) {
  const Exact w = p.weights.template cast<long double>();
  const Exact x = p.features.template cast<long double>();
  Exact g = (w * x).colwise() + p.bias.template cast<long double>();
  Reference<Real> r;
  const auto n = static_cast<long double>(p.batch());
  for (Index i = 0; i < p.batch(); ++i) {
    const Index label = p.labels[static_cast<std::size_t>(i)];
    Eigen::Array<long double, Eigen::Dynamic, 1> capped(p.classes()), slope(p.classes());
    for (Index k = 0; k < p.classes(); ++k) {
      capped[k] = cap * std::tanh(g(k, i) / cap);
      const long double cosh = std::cosh(g(k, i) / cap);
      slope[k] = 1 / (cosh * cosh);
    }
    const long double most = capped.maxCoeff();
    const Eigen::Array<long double, Eigen::Dynamic, 1> e = ((capped - most) / temperature).exp();
    r.loss += ((most - capped[label]) / temperature + std::log(e.sum())) / n;
    Eigen::Array<long double, Eigen::Dynamic, 1> s = e / e.sum();
    s[label] -= 1;
    g.col(i) = (s * slope / (n * temperature)).matrix();
  }
  r.d_weights = (g * x.transpose()).template cast<Real>();
  r.d_features = (w.transpose() * g).template cast<Real>();
  r.d_bias = g.rowwise().sum().template cast<Real>();
  return r;
}

const std::vector<std::size_t> budgets{1, 9000, 32000, 32U << 20U};

}  // namespace

TEMPLATE_TEST_CASE("capped logits: the loss and three gradients, whole and by tiles", "", float, double) {
  using Real = TestType;
  const LinearProblem<Real> p(61, 90, 12, 70);  // logits of up to 20
  for (const Real cap : {Real(0.25), Real(5), Real(30), Real(1e4)})
    for (const Real temperature : {Real(1), Real(0.5)}) {
      const Reference<Real> r = reference(p, static_cast<long double>(cap), static_cast<long double>(temperature));
      for (const std::size_t bytes : budgets) {
        LinearOptions<Real> o;
        o.soft_cap = cap;
        o.loss.temperature = temperature;
        o.workspace_bytes = bytes;
        CAPTURE(cap, temperature, bytes);
        const LinearAnswer<Real> a = linear_answer(p, p.labels, o);
        CHECK(support::ulps_of_number(a.loss, static_cast<Real>(r.loss)) <= 3);
        // Each gradient of a logit is within 4 ULP of its terms, and what is left of them cancels again in the
        // products.
        CHECK(ulps_of_largest(a.d_weights, r.d_weights) <= 8);
        CHECK(ulps_of_largest(a.d_features, r.d_features) <= 8);
        CHECK(ulps_of_largest(a.d_bias, r.d_bias) <= 6);
        CHECK(xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o) == a.loss);
        CHECK(a.report.logsumexp.maxCoeff() <= cap / temperature + std::log(Real(90)) * Real(1.01));
      }
    }
}

// Rows of features, dense targets, every gradient alone, threads: what the rest of the function does goes on as before.
TEMPLATE_TEST_CASE("capped logits with the other options", "", float, double) {
  using Real = TestType;
  const LinearProblem<Real> p(62, 300, 24, 40);
  LinearOptions<Real> o;
  o.soft_cap = Real(4);
  o.loss.label_smoothing = Real(0.1);
  o.loss.z_loss = Real(0.01);
  o.loss.sample_weights = Vector<Real>::LinSpaced(40, Real(0), Real(2));
  const LinearAnswer<Real> labels = linear_answer(p, p.labels, o);
  const LinearAnswer<Real> dense = linear_answer(p, p.y, o);
  for (const std::size_t bytes : {std::size_t{30000}, std::size_t{400000}, std::size_t{32} << 20U})
    for (const bool weights : {false, true}) {
      o.workspace_bytes = bytes;
      if (weights) o.loss.class_weights = Vector<Real>::Ones(300);
      CAPTURE(bytes, weights);
      CHECK(difference(linear_answer(p, p.labels, o), labels, 6) == std::string());
      CHECK(difference(linear_answer(p, p.y, o), dense, 8) == std::string());
      o.loss.class_weights = {};
      const LinearAnswer<Real> alone = linear_answer(p, p.labels, o);
      o.loss.executor = support::threaded();
      const LinearAnswer<Real> threaded = linear_answer(p, p.labels, o);
      CHECK((alone.loss == threaded.loss && same(alone.d_weights, threaded.d_weights) &&
             same(alone.d_features, threaded.d_features) && same(alone.d_bias, threaded.d_bias)));
      o.loss.executor = {};
      o.loss.axis = xent::Axis::rows;
      CHECK(difference(linear_answer(p, p.labels, o), labels, 6) == std::string());
      o.loss.axis = xent::Axis::columns;
    }
}

TEST_CASE("central differences of a capped loss") {
  LinearProblem<double> p(63, 30, 6, 9);
  LinearOptions<double> o;
  o.soft_cap = 3;
  const LinearAnswer<double> a = linear_answer(p, p.labels, o);
  const double h = 0x1p-17;
  for (Index d = 0; d < 6; ++d)
    for (Index k = 0; k < 30; ++k) {
      const double before = p.weights(k, d);
      p.weights(k, d) = before + h;
      const double above = xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o);
      p.weights(k, d) = before - h;
      const double below = xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o);
      p.weights(k, d) = before;
      CHECK(std::abs((above - below) / (2 * h) - a.d_weights(k, d)) <= 1e-9);
    }
}

// A class whose bias is -inf is masked: the cap does not bring it back.
TEMPLATE_TEST_CASE("a masked class stays masked under a cap", "", float, double) {
  using Real = TestType;
  LinearProblem<Real> p(64, 50, 8, 20);
  std::replace(p.labels.begin(), p.labels.end(), 3, 4);
  p.bias[3] = -std::numeric_limits<Real>::infinity();
  LinearProblem<Real> without = p;
  without.weights.row(3).setZero();
  for (const std::size_t bytes : budgets) {
    LinearOptions<Real> o;
    o.soft_cap = Real(5);
    o.workspace_bytes = bytes;
    const LinearAnswer<Real> a = linear_answer(p, p.labels, o);
    CHECK(std::isfinite(a.loss));
    CHECK((a.d_weights.row(3).isZero(0) && a.d_bias[3] == 0));
    CHECK(ulps_of_largest(a.d_features, linear_answer(without, p.labels, o).d_features) <= 4);
  }
}

// The gradient of the capped logits overflows, and their slope underflows: no NaN.
TEMPLATE_TEST_CASE("a saturated cap under an infinite gradient", "", float, double) {
  using Real = TestType;
  Matrix<Real> w(3, 1), d_w, d_x;
  w << Real(1e4), Real(-1e4), Real(5);
  const Matrix<Real> x = Matrix<Real>::Constant(1, 1, Real(1));
  LinearOptions<Real> o;
  o.soft_cap = 2;
  o.loss.denominator = std::numeric_limits<Real>::denorm_min();
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{32} << 20U}) {
    o.workspace_bytes = bytes;
    xent::linear_cross_entropy(w, x, xent::none, std::vector<int>{1}, d_w, d_x, xent::none, o);
    CHECK((d_w(0, 0) == 0 && d_w(1, 0) == 0 && !std::isnan(d_w(2, 0)) && !std::isnan(d_x(0, 0))));
  }
}

TEST_CASE("caps that are none") {
  const LinearProblem<float> p(65, 10, 4, 6);
  for (const float cap : {-1.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    LinearOptions<float> o;
    o.soft_cap = cap;
    CHECK_THROWS_AS(xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o), std::invalid_argument);
  }
  LinearOptions<float> o;
  o.soft_cap = -1;
  CHECK_THROWS_WITH(xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o),
                    "xent::linear_cross_entropy: soft_cap: got -1, expected 0, or a finite number > 0");
}
