// Calls end in every rounding mode, with numbers near those of rounding to nearest; the bounds in ULP are for
// that one alone.

#include "support/catch.hpp"
#include "support/random.hpp"

#include <xent/xent.hpp>

#include <Eigen/Core>
#include <unsupported/Eigen/AutoDiff>

#include <cfenv>
#include <cmath>
#include <type_traits>
#include <vector>

namespace {

using Eigen::Index;

class RoundingMode {
 public:
  explicit RoundingMode(int mode) : before_(std::fegetround()) { std::fesetround(mode); }
  ~RoundingMode() { std::fesetround(before_); }
  RoundingMode(const RoundingMode&) = delete;
  RoundingMode& operator=(const RoundingMode&) = delete;

 private:
  int before_;
};

template <class Real>
struct Inputs {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix z, w, s, t;  // logits, others near them, and their softmax
  std::vector<int> labels{};

  Inputs(Index classes, xent::Axis axis) {
    constexpr Index batch = 9;
    const bool columns = axis == xent::Axis::columns;
    support::Random random(11);
    z.resize(columns ? classes : batch, columns ? batch : classes);
    w = z;
    for (Index i = 0; i < z.size(); ++i) {
      z.data()[i] = static_cast<Real>(random.normal(0, 3));
      w.data()[i] = z.data()[i] + static_cast<Real>(random.normal(0, 0.01));  // the divergence of these is a series
    }
    for (Index i = 0; i < batch; ++i) labels.push_back(random.integer(static_cast<int>(classes)));
    s = xent::softmax(z, axis);
    t = xent::softmax(w, axis);
  }
};

/// Results of functions for samples along an axis.
template <class Real>
std::vector<double> results(const Inputs<Real>& inputs, xent::Axis axis) {
  using Matrix = typename Inputs<Real>::Matrix;
  const auto& [z, w, s, t, labels] = inputs;
  std::vector<double> all;
  const auto keep = [&](const auto& numbers) {
    for (Index i = 0; i < numbers.size(); ++i) all.push_back(static_cast<double>(numbers.derived().data()[i]));
  };
  const auto number = [&](const Real& x) { all.push_back(static_cast<double>(x)); };
  Matrix out(z.rows(), z.cols());
  Matrix other(z.rows(), z.cols());

  const xent::SoftmaxOptions<Real> softmax{axis, Real(0.7), {}};
  keep(xent::softmax(z, softmax));
  keep(xent::log_softmax(z, softmax));
  keep(xent::logsumexp(z, axis));
  keep(xent::softmax_jvp(s, z, softmax));
  keep(xent::log_softmax_vjp(s, z, softmax));
  for (const bool smoothed : {false, true}) {
    xent::CrossEntropyOptions<Real> options;
    options.axis = axis;
    if (smoothed) {
      options.label_smoothing = Real(0.1);
      options.temperature = Real(1.5);
      options.z_loss = Real(0.01);
    }
    xent::CrossEntropyReport<Real> report;
    number(xent::softmax_cross_entropy(z, labels, out, options, &report));
    keep(out);
    keep(report.entropy);
    number(xent::softmax_cross_entropy(z, t, out, options));
    keep(out);
  }
  number(xent::entropy_from_logits(z, out, axis));
  keep(out);
  number(xent::kl_divergence_from_logits(z, w, out, other, axis));
  keep(out);
  keep(other);
  xent::SigmoidOptions<Real> sigmoid;
  sigmoid.axis = axis;
  number(xent::sigmoid_cross_entropy(z, s, out, sigmoid));
  keep(out);
  number(xent::gaussian_nll(z, w, t, out, other));
  keep(out);
  keep(other);
  number(xent::poisson_nll(z, s, out));
  keep(xent::entropy(s, axis));
  keep(xent::kl_divergence(s, t, axis));
  keep(xent::js_divergence(s, t, axis));
  number(xent::linear_cross_entropy(z, Matrix(Matrix::Ones(z.cols(), 2)), xent::none, std::vector<int>{0, 1}));
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("rounding modes: every function ends, near its result", "", float, double) {
  for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows})
    for (const Index classes : {2, 7, 33, 300}) {
      CAPTURE(classes, axis == xent::Axis::columns);
      const Inputs<TestType> inputs(classes, axis);
      const std::vector<double> nearest = results(inputs, axis);
      for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        const std::vector<double> got = [&] {
          const RoundingMode set(mode);
          return results(inputs, axis);
        }();
        REQUIRE(got.size() == nearest.size());
        // The exponential splits off a power of 2 by rounding: the rest is then up to twice as far from 0 as where its
        // polynomial is good.
        const double tolerance = std::is_same_v<TestType, float> ? 1e-3 : 1e-9;
        for (std::size_t i = 0; i < got.size(); ++i) {
          CAPTURE(mode, i, got[i], nearest[i]);
          REQUIRE(std::abs(got[i] - nearest[i]) <= tolerance * (1 + std::abs(nearest[i])));
        }
      }
    }
}

// A scalar that brings no log1p has a series.
TEST_CASE("rounding modes: the logarithm of a scalar that has derivatives ends") {
  using Scalar = Eigen::AutoDiffScalar<Eigen::Vector2d>;
  Eigen::Matrix<Scalar, 2, 1> z;
  z[0] = Scalar(0.25, Eigen::Vector2d(1, 0));
  z[1] = Scalar(2, Eigen::Vector2d(0, 1));
  const double expected = xent::logsumexp(Eigen::Vector2d(0.25, 2));
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    const RoundingMode set(mode);
    CHECK(std::abs(xent::logsumexp(z).value() - expected) < 1e-9);
  }
}
