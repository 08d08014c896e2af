// The referees agree with each other: the long-double reference with the 400-digit values of tests/data, the measure of
// ULP with numbers worked out by hand.

#include "support/accuracy.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using reference::Index;
using reference::Matrix;
using reference::Real;
using reference::Vector;

Matrix matrix(const oracle::Case& c, const std::string& name) {
  const auto& values = c.input(name);
  const auto classes = static_cast<Index>(c.input("shape")[0]), batch = static_cast<Index>(c.input("shape")[1]);
  return Eigen::Map<const Eigen::MatrixXd>(values.data(), classes, batch).cast<Real>();
}

reference::Options options(const oracle::Case& c) {
  reference::Options o;
  o.temperature = c.number("temperature");
  o.z_loss = c.number("z_loss");
  o.label_smoothing = c.number("smoothing");
  o.other_classes = c.number("other_classes") != 0;
  o.mean = c.number("mean") != 0;
  if (c.has("denominator")) o.denominator = c.number("denominator");
  if (c.has("class_weights")) o.class_weights = accuracy::vector_of<Real>(c.input("class_weights")).array();
  if (c.has("sample_weights")) o.sample_weights = accuracy::vector_of<Real>(c.input("sample_weights")).array();
  return o;
}

/// The worst difference in units of the last place of a long double: of the exact value, or of the scale where terms
/// cancel.
template <class Values>
void see(oracle::Worst& worst, const oracle::Case& c, const std::string& name, const Values& got) {
  const auto& exact = c.result(name);
  REQUIRE(static_cast<std::size_t>(got.size()) == exact.size());
  for (std::size_t n = 0; n < exact.size(); ++n) {
    const double scale = c.scales.count(name) ? c.scale(name)[n] : 0;
    const Real result = got.data()[n];
    worst.see(oracle::ulp_error_of_scale(result, exact[n], scale),
              [&] { return accuracy::describe(c, name + " " + std::to_string(n), result, exact[n]); });
  }
}

Vector one(Real x) { return Vector::Constant(1, x); }

}  // namespace

TEST_CASE("the long-double reference agrees with the exact values") {
  oracle::Worst worst;
  for (const oracle::Case& c : oracle::read("cross_entropy")) {
    const Matrix z = matrix(c, "logits"), v = matrix(c, "direction");
    reference::Result r;
    if (c.has("labels")) {
      std::vector<Index> labels;
      for (double label : c.input("labels")) labels.push_back(static_cast<Index>(label));
      r = reference::softmax_cross_entropy(z, labels, options(c), v);
    } else {
      r = reference::softmax_cross_entropy(z, matrix(c, "targets"), options(c), v);
    }
    see(worst, c, "sample_loss", r.sample_loss);
    see(worst, c, "loss", one(r.loss));
    see(worst, c, "z_loss", one(r.z_loss));
    see(worst, c, "denominator", one(r.denominator));
    see(worst, c, "logsumexp", r.logsumexp);
    see(worst, c, "entropy", r.entropy);
    see(worst, c, "gradient", r.gradient);
    see(worst, c, "temperature_gradient", one(r.temperature_gradient));
    see(worst, c, "hvp", r.hvp);
  }
  INFO(worst.input());
  CHECK(worst.count() > 10000);
  // The rounding of (z - m) / T in the exponent: |x| ULP for exp(x), and the smallest s here is exp(-700). That is a
  // quarter of an ULP of double, and nothing for results that are not tiny. (A long double of 113 bits has more of them
  // than the exact values, which are sums of two doubles.)
  CHECK(worst.error() < (std::numeric_limits<Real>::digits > 64 ? 0x1p12 : 700));
}

TEST_CASE("the reference's derivatives agree with central differences of its loss") {
  support::Random random(14);
  for (int round = 0; round < 20; ++round) {
    const Index classes = 1 + random.integer<Index>(6), batch = 1 + random.integer<Index>(3);
    Matrix z(classes, batch), y(classes, batch), v(classes, batch);
    random.fill_normal(z, 0, 2);
    random.fill_normal(v);
    random.fill_uniform(y);
    reference::Options o;
    o.temperature = random.uniform(0.5, 2);
    o.z_loss = random.uniform(0, 0.1);
    o.label_smoothing = random.uniform(0, 0.3);
    o.other_classes = random.chance(0.5);
    o.denominator = 3;
    o.class_weights = Vector::LinSpaced(classes, 1, 2);
    const auto result = reference::softmax_cross_entropy(z, y, o, v);

    const auto loss = [&](const Matrix& at) { return reference::softmax_cross_entropy(at, y, o).loss; };
    CHECK((reference::central_difference(loss, z) - result.gradient).cwiseAbs().maxCoeff() < 1e-10L);
    const auto gradient = [&](const Matrix& at) { return reference::softmax_cross_entropy(at, y, o).gradient; };
    CHECK((reference::directional_difference(gradient, z, v) - result.hvp).cwiseAbs().maxCoeff() < 1e-10L);
    const auto loss_at = [&](const Matrix& t) {
      reference::Options moved = o;
      moved.temperature = t(0, 0);
      return reference::softmax_cross_entropy(z, y, moved).loss;
    };
    const Matrix t = Matrix::Constant(1, 1, o.temperature);
    CHECK(std::fabs(reference::central_difference(loss_at, t)(0, 0) - result.temperature_gradient) < 1e-9L);
  }
}

TEST_CASE("the reference knows the edges") {
  const Real inf = reference::infinity;
  Matrix z(3, 6);
  z << 0, reference::nan, inf, -inf, -inf, 1,  //
      1, 0, inf, -inf, 2, 2,                   //
      1, inf, 0, -inf, -inf, 9;
  const auto r = reference::softmax_cross_entropy(z, std::vector<Index>{1, 0, 0, 0, 0, -100});
  CHECK(r.counted == 5);
  CHECK(r.ignored == 1);
  CHECK(r.correct == 2);  // The tie of sample 0 and the lower of the two infinities of sample 2.
  CHECK(std::isnan(r.loss));
  CHECK(r.prediction.isApprox((Eigen::Array<Index, 6, 1>() << 1, -1, 0, -1, 1, -1).finished()));
  CHECK(std::isnan(r.sample_loss[1]));
  CHECK(std::isnan(r.logsumexp[1]));
  CHECK(std::isnan(r.sample_loss[2]));
  CHECK(r.logsumexp[2] == inf);
  CHECK(r.sample_loss[3] == inf);
  CHECK(r.logsumexp[3] == -inf);
  CHECK(r.gradient.col(3).isZero(0));
  CHECK(r.sample_loss[4] == inf);
  CHECK(r.gradient(0, 4) == -1 / Real(5));
  CHECK(r.gradient(1, 4) == 1 / Real(5));
  CHECK(r.gradient(2, 4) == 0);
  CHECK(r.sample_loss[5] == 0);
  CHECK(r.logsumexp[5] == -inf);
  CHECK(r.gradient.col(5).isZero(0));

  CHECK(reference::softmax_cross_entropy(Matrix(3, 0), std::vector<Index>{}).loss == 0);
  CHECK(reference::softmax_cross_entropy(Matrix(0, 2), std::vector<Index>{-100, -100}).ignored == 2);
  CHECK_THROWS_AS(reference::softmax_cross_entropy(Matrix(0, 1), std::vector<Index>{0}), std::invalid_argument);
  CHECK_THROWS_AS(reference::softmax_cross_entropy(z, std::vector<Index>(6, 3)), std::out_of_range);
  CHECK_THROWS_AS(reference::softmax_cross_entropy(z, Matrix(3, 5)), std::invalid_argument);
}

TEST_CASE("the ULP of a result is measured in the binade of the exact value") {
  using oracle::Exact;
  using oracle::ulp_error;
  const auto epsilon = static_cast<double>(std::numeric_limits<float>::epsilon());
  CHECK(ulp_error(1.0F, Exact{1, 0}) == 0);
  CHECK(ulp_error(1.0F, Exact{1 + epsilon / 4, 0}) == 0.25);
  // Below a power of two the spacing is half as wide, also when hi itself has been rounded up to the power.
  CHECK(ulp_error(1.0F, Exact{1 - epsilon / 4, 0}) == 0.5);
  CHECK(ulp_error(1.0, Exact{1, -0.25}) == 0.5);
  CHECK(ulp_error(1.0, Exact{1, 0.25}) == 0.25);
  CHECK(ulp_error(-1.0, Exact{-1, 0.25}) == 0.5);
  CHECK(ulp_error(1 + 0x1p-52, Exact{1, 0.25}) == 0.75);
  constexpr int digits = std::numeric_limits<long double>::digits;
  CHECK(ulp_error(1.0L, oracle::exactly(1 + 0x1p-62L)) == (digits > 53 ? std::ldexp(1.0, digits - 63) : 0));
  CHECK(oracle::ulp_error_of_scale(0.0F, Exact{epsilon, 0}, 1.5) == 1);
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(ulp_error(inf, Exact{inf, 0}) == 0);
  CHECK(ulp_error(-inf, Exact{inf, 0}) == inf);
  CHECK(ulp_error(nan, Exact{1, 0}) == inf);
  CHECK(ulp_error(nan, Exact{nan, 0}) == 0);
  CHECK(ulp_error(1.0, Exact{nan, 0}) == inf);
  CHECK(ulp_error(std::numeric_limits<float>::infinity(), Exact{1e39, 0}) == 0);
  CHECK(ulp_error(std::numeric_limits<float>::infinity(), Exact{1e38, 0}) == inf);
  // Zero asks for zero; below the normal range anything below it will do.
  CHECK(ulp_error(1e-30, Exact{0, 0}) == inf);
  CHECK(ulp_error(0.0F, Exact{1e-40, 0}) == 0);
  CHECK(ulp_error(1e-30F, Exact{1e-40, 0}) == inf);
  CHECK(ulp_error(0x1p-1022, Exact{0x1p-1022, 0.25}) == 0.25);
  CHECK(ulp_error(Eigen::half(1), Exact{1 + 0x1p-12, 0}) == 0.25);
  CHECK(ulp_error(Eigen::bfloat16(1), Exact{1 + 0x1p-9, 0}) == 0.25);
}

TEST_CASE("a missing file of exact values says its name") {
  try {
    oracle::read("no_such_file");
    CHECK(false);
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("no_such_file.txt (written by tests/oracle/generate.py)") !=
          std::string::npos);
  }
}
