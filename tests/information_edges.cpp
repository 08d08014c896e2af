// Zeros, infinities, bad probabilities, and results at the ends of the range.

#include <xent/information.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/ulp.hpp"

namespace {

template <class Real>
using Vector = Eigen::Array<Real, Eigen::Dynamic, 1>;
template <class Real>
using Table = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

template <class Real>
constexpr Real infinity = std::numeric_limits<Real>::infinity();
template <class Real>
constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

constexpr long double ln2 = 0.693147180559945309417232121458176568L;

}  // namespace

TEMPLATE_TEST_CASE("what one class contributes, zeros and bad probabilities included", "", float, double, long double) {
  using Real = TestType;
  const Real log2 = static_cast<Real>(ln2), inf = infinity<Real>, bad = not_a_number<Real>;
  struct Row {
    Real p, q, cross_entropy, kl, js;
  };
  const Row rows[] = {
      {0, 0, 0, 0, 0},
      {-Real(0), -Real(0), 0, 0, 0},
      {0, Real(0.5), 0, Real(0.5), log2 / 4},
      {-Real(0), Real(0.5), 0, Real(0.5), log2 / 4},
      {0, 2, 0, 2, log2},
      {Real(0.5), 0, inf, inf, log2 / 4},
      {Real(0.5), -Real(0), inf, inf, log2 / 4},
      {1, 1, 0, 0, 0},
      {Real(0.5), Real(0.5), log2 / 2, 0, 0},
      {-1, 1, bad, bad, bad},
      {1, -1, bad, bad, bad},
      {-1, 0, bad, bad, bad},
      {0, -1, bad, bad, bad},
      {bad, 0, bad, bad, bad},
      {0, bad, bad, bad, bad},
      {bad, 1, bad, bad, bad},
  };
  const auto same = [](Real a, Real b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  for (const Row& row : rows) {
    CAPTURE(row.p, row.q);
    const Vector<Real> p = Vector<Real>::Constant(1, row.p), q = Vector<Real>::Constant(1, row.q);
    CHECK(same(xent::cross_entropy(p, q), row.cross_entropy));
    CHECK(same(xent::kl_divergence(p, q), row.kl));
    CHECK(same(xent::js_divergence(p, q), row.js));
  }
  // NaN wins over +inf.
  Vector<Real> p(2), q(2);
  p << 1, bad;
  q << 0, 1;
  CHECK(std::isnan(xent::kl_divergence(p, q)));
  CHECK(std::isnan(xent::cross_entropy(p, q)));
}

TEMPLATE_TEST_CASE("joint tables: zeros, extremes and bad entries", "", float, double) {
  using Real = TestType;
  const Table<Real> identity = Table<Real>::Identity(8, 8);
  CHECK(xent::mutual_information(identity / 8, xent::Unit::bits) == 3);
  CHECK(xent::conditional_entropy(identity / 8) == 0);
  CHECK(xent::mutual_information(Table<Real>::Zero(2, 3)) == 0);
  CHECK(xent::joint_entropy(Table<Real>::Zero(2, 3)) == 0);
  CHECK(xent::conditional_entropy(Table<Real>::Zero(2, 3)) == 0);

  Table<Real> joint(2, 3);
  joint << Real(0.25), Real(0.25), 0, 0, 0, 0;  // a row of zeros, a column of zeros
  CHECK(xent::conditional_entropy(joint, xent::Unit::bits) == Real(0.5));
  CHECK(xent::mutual_information(joint) == 0);
  for (const Real bad : {-Real(0.1), not_a_number<Real>, -infinity<Real>}) {
    joint(1, 2) = bad;
    CHECK(std::isnan(xent::joint_entropy(joint)));
    CHECK(std::isnan(xent::conditional_entropy(joint)));
    CHECK(std::isnan(xent::mutual_information(joint)));
  }
  joint << 1, -1, 0, 0, 0, 0;  // sums to 0
  CHECK(std::isnan(xent::mutual_information(joint)));

  // Y is nearly certain: a log((a + b)/a) + b log((a + b)/b) with b = 2^-40 a. Both parts count, neither is lost, also
  // where a has no short logarithm.
  const Real a = Real(0.3), b = std::ldexp(a, -40);
  const Table<Real> sure = (Table<Real>(1, 2) << a, b).finished();
  const long double exact = a * (std::log1p(0x1p-40L) + 0x1p-40L * (std::log1p(0x1p-40L) + 40 * ln2));
  CHECK(oracle::ulp_error(xent::conditional_entropy(sure), oracle::exactly(exact)) <= 1);

  // Two rare states that always meet: the product of their marginals leaves the range, their information does not.
  const int exponent = std::numeric_limits<Real>::min_exponent + 20;
  Table<Real> rare = Table<Real>::Identity(2, 2);
  rare(1, 1) = std::ldexp(Real(1), exponent);
  // With N = 1 + e: I = N log N - e log e = e (1 + log(1/e)) to first order.
  const long double information = std::ldexp(1 - exponent * ln2, exponent);
  CHECK(oracle::ulp_error(xent::mutual_information(rare), oracle::exactly(information)) <= 1);
}

TEST_CASE("terms below the normal range add up to a result within it") {
  // 4096 classes at the smallest normal number m: each term is subnormal, the sum is not.
  const Eigen::ArrayXd p = Eigen::ArrayXd::Constant(4096, 0x1p-1022);
  const Eigen::ArrayXd zero = Eigen::ArrayXd::Zero(4096);
  const auto scaled_ulps = [](double got, long double exact_over_m) {
    return oracle::ulp_error(std::ldexp(got, 1000), oracle::exactly(std::ldexp(exact_over_m, -22)));
  };
  CHECK(scaled_ulps(xent::js_divergence(p, zero), 2048 * ln2) <= 1);
  // p log(p/q) - p + q with q = 1.25 p
  CHECK(scaled_ulps(xent::kl_divergence(p, p * 1.25), 4096 * (0.25L - std::log(1.25L))) <= 1);
  // q just below 1: -log q = 2^-6 + ...
  CHECK(scaled_ulps(xent::cross_entropy(p, zero + 0.984375), 4096 * -std::log1p(-0x1p-6L)) <= 1);
}

TEST_CASE("tables whose sums leave the range") {
  Table<double> joint = Table<double>::Constant(2, 2, 1e308);
  CHECK(xent::mutual_information(joint) == 0);
  CHECK(xent::conditional_entropy(joint) == infinity<double>);  // 4e308 ln 2
  joint << 1e308, 1e300, 1e308, 1e308;
  using Wide = Table<long double>;
  const Wide exact = joint.cast<long double>();
  CHECK(oracle::ulp_error(xent::mutual_information(joint), oracle::exactly(xent::mutual_information(exact))) <= 1);
  CHECK(oracle::ulp_error(xent::mutual_information(joint.transpose()),
                          oracle::exactly(xent::mutual_information(exact))) <= 1);
  CHECK(oracle::ulp_error(xent::conditional_entropy(joint), oracle::exactly(xent::conditional_entropy(exact))) <= 1);
  joint(1, 0) = infinity<double>;
  CHECK(std::isnan(xent::mutual_information(joint)));
  CHECK(std::isnan(xent::conditional_entropy(joint)));
}
