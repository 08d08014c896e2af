// The formulas of docs/counts.md, by their numbers; what counts and labels may be; what throws.

#include <xent/counts.hpp>
#include <xent/information.hpp>

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using xent::Estimator;
using xent::Unit;

constexpr long double ln2 = 0.693147180559945309417232121458176568L;

std::vector<int> random_labels(support::Random& random, int classes, int count) {
  std::vector<int> labels(static_cast<std::size_t>(count));
  for (int& label : labels) label = random.integer(random.integer(classes) + 1);
  return labels;
}

Eigen::ArrayXd random_model(support::Random& random, Index classes) {
  Eigen::ArrayXd q(classes);
  random.fill_uniform(q, 0.01, 1);
  return q / q.sum();
}

}  // namespace

TEMPLATE_TEST_CASE("counts (1): relative frequencies", "", float, double, long double, Eigen::half) {
  using Real = TestType;
  const std::vector<int> labels = {2, 0, 2, 2, 4, 0, 2};
  const auto p = xent::empirical_distribution<Real>(labels, 6);
  static_assert(std::is_same_v<std::decay_t<decltype(p)>, Eigen::Array<Real, Eigen::Dynamic, 1>>);
  REQUIRE(p.size() == 6);
  const int counts[] = {2, 0, 4, 0, 1, 0};
  for (Index k = 0; k < 6; ++k) CHECK(p[k] == Real(static_cast<float>(counts[k])) / Real(7));

  CHECK((xent::empirical_distribution<Real>(std::vector<int>(), 3) == Eigen::Array<Real, 3, 1>::Zero()).all());
  CHECK(xent::empirical_distribution<Real>(std::vector<int>(), 0).size() == 0);
}

TEST_CASE("counts (2): the cross-entropy from the relative frequencies is the mean negative log-likelihood") {
  support::Random random(2);
  for (int round = 0; round < 100; ++round) {
    const int classes = 1 + random.integer(40);
    const std::vector<int> labels = random_labels(random, classes, 1 + random.integer(500));
    const Eigen::ArrayXd q = random_model(random, classes);
    long double mean = 0;
    for (const int label : labels) mean += -std::log(static_cast<long double>(q[label]));
    mean /= static_cast<long double>(labels.size());
    // The frequencies are rounded, half an ULP each, and the cross-entropy has 1 ULP.
    CHECK(oracle::ulp_error(xent::cross_entropy(xent::empirical_distribution(labels, classes), q),
                            oracle::exactly(mean)) <= 2);
  }
}

TEST_CASE("counts (3): the maximum likelihood estimate is the entropy of the relative frequencies") {
  support::Random random(3);
  for (int round = 0; round < 200; ++round) {
    Eigen::ArrayXi counts(1 + random.integer(100));
    long double total = 0, entropy = 0;
    for (int& count : counts) total += count = random.chance(0.3) ? 0 : 1 + random.integer(1000000);
    for (const int count : counts) entropy += count == 0 ? 0 : count / total * std::log(total / count);
    CHECK(oracle::ulp_error(xent::entropy_from_counts(counts), oracle::exactly(entropy)) <= 1.5);  // 0.9 seen
  }
  for (int k = 0; k <= 10; ++k) {
    const Eigen::ArrayXi equal = Eigen::ArrayXi::Constant(1 << k, 3);
    CHECK(xent::entropy_from_counts(equal, Unit::bits) == k);
  }
  CHECK(xent::entropy_from_counts(Eigen::ArrayXi(0)) == 0);
  CHECK(xent::entropy_from_counts(Eigen::ArrayXi::Zero(5)) == 0);
  CHECK(xent::entropy_from_counts(Eigen::Array3i(0, 7, 0)) == 0);
}

TEST_CASE("counts (4): one exception in 2^k observations is not lost") {
  for (int k = 1; k <= 60; ++k) {
    const Eigen::Array<std::int64_t, 2, 1> counts(std::int64_t{3} << k, 3);
    const long double u = std::ldexp(1.0L, -k), exact = (std::log1p(u) + u * (std::log1p(u) + k * ln2)) / (1 + u);
    CHECK(oracle::ulp_error(xent::entropy_from_counts(counts), oracle::exactly(exact)) <= 1.5);
    CHECK(oracle::ulp_error(xent::entropy_from_counts(counts.cast<double>()), oracle::exactly(exact)) <= 1.5);
    CHECK(oracle::ulp_error(xent::entropy_from_counts(counts.cast<float>()), oracle::exactly(exact)) <= 1.5);
    CHECK(xent::entropy_from_counts(counts.reverse()) == xent::entropy_from_counts(counts));
  }
}

TEST_CASE("counts (5): Miller and Madow add (m - 1) / 2n nats, whatever the unit") {
  const Eigen::Array<int, 5, 1> counts(4, 0, 8, 2, 2);  // m = 4 classes seen, n = 16
  for (const Unit unit : {Unit::nats, Unit::bits, Unit::hartleys}) {
    const double per_nat = unit == Unit::nats ? 1 : unit == Unit::bits ? std::log(2.0) : std::log(10.0);
    const double expected = xent::entropy_from_counts(counts, unit) + 3.0 / 32 / per_nat;
    CHECK(oracle::ulp_error(xent::entropy_from_counts(counts, Estimator::miller_madow, unit),
                            oracle::exactly(expected)) <= 2);
  }
  CHECK(xent::entropy_from_counts(counts, Estimator::maximum_likelihood, Unit::bits) == 1.75);
  CHECK(xent::entropy_from_counts(counts, Unit::bits) == 1.75);
  CHECK(xent::entropy_from_counts(Eigen::Array3i(0, 7, 0), Estimator::miller_madow) == 0);
  CHECK(xent::entropy_from_counts(Eigen::Array3i(0, 0, 0), Estimator::miller_madow) == 0);
}

TEMPLATE_TEST_CASE("labels and counts of every integer type", "", std::int8_t, std::uint8_t, std::int16_t,
                   std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t) {
  using Integer = TestType;
  const Eigen::Matrix<Integer, Eigen::Dynamic, 1> values = (Eigen::Matrix<Integer, 5, 1>() << 3, 1, 3, 0, 3).finished();
  const Eigen::Array4d expected(0.2, 0.2, 0, 0.6);
  const auto same = [&](const auto& labels) { return (xent::empirical_distribution(labels, 4) == expected).all(); };
  CHECK(same(values));
  CHECK(same(values.transpose()));
  CHECK(same(values.reverse()));
  CHECK(same(std::vector<Integer>(values.begin(), values.end())));
  CHECK(same(std::array<Integer, 5>{3, 1, 3, 0, 3}));

  static_assert(std::is_same_v<decltype(xent::entropy_from_counts(values)), double>);
  const double entropy = xent::entropy_from_counts(Eigen::ArrayXd(values.template cast<double>()));
  CHECK(xent::entropy_from_counts(values) == entropy);
  CHECK(xent::entropy_from_counts(values.transpose()) == entropy);
  CHECK(xent::entropy_from_counts(std::vector<Integer>(values.begin(), values.end())) == entropy);
  CHECK(xent::entropy_from_counts(std::array<Integer, 5>{3, 1, 3, 0, 3}) == entropy);
}

TEST_CASE("labels and counts from views, expressions and bool") {
  Eigen::MatrixXi table(3, 4);
  table << 0, 1, 2, 1, 5, 5, 5, 5, 2, 0, 0, 0;
  CHECK((xent::empirical_distribution(table.row(0), 3) == Eigen::Array3d(0.25, 0.5, 0.25)).all());
  CHECK((xent::empirical_distribution(table.row(2).array() + 1, 4) == Eigen::Array4d(0, 0.75, 0, 0.25)).all());
  CHECK((xent::empirical_distribution(std::vector<bool>{true, false, true, true}, 2) == Eigen::Array2d(0.25, 0.75))
            .all());
  CHECK((xent::empirical_distribution(table.row(0).array() > 0, 2) == Eigen::Array2d(0.25, 0.75)).all());
  CHECK(xent::entropy_from_counts(table.row(1), Unit::bits) == 2);
  CHECK(xent::entropy_from_counts(table.col(0).tail(2) - Eigen::Vector2i(1, -2), Unit::bits) == 1);
  long evaluations = 0;
  const auto counted = [&evaluations](int x) { return ++evaluations, x; };
  xent::empirical_distribution(table.col(0).unaryExpr(counted), 6);
  CHECK(evaluations == 3);
  xent::entropy_from_counts(table.col(0).unaryExpr(counted));
  CHECK(evaluations == 6);
}

TEST_CASE("real counts: weights, halves, float") {
  static_assert(std::is_same_v<decltype(xent::entropy_from_counts(Eigen::ArrayXf())), float>);
  static_assert(std::is_same_v<decltype(xent::entropy_from_counts(Eigen::Array<Eigen::half, 3, 1>())), float>);
  static_assert(std::is_same_v<decltype(xent::entropy_from_counts(std::vector<long double>())), long double>);
  CHECK(xent::entropy_from_counts(Eigen::Array3d(0.5, 0.25, 0.25), Unit::bits) == 1.5);
  CHECK(xent::entropy_from_counts(std::vector<float>{1.5F, 1.5F}, Unit::bits) == 1);
  CHECK(xent::entropy_from_counts(Eigen::Array<Eigen::bfloat16, 2, 1>::Constant(Eigen::bfloat16(3)), Unit::bits) == 1);
}

TEST_CASE("labels outside of the classes and impossible counts throw") {
  const std::vector<int> labels = {0, 2, 3, -1};
  CHECK_THROWS_AS(xent::empirical_distribution(labels, 3), std::out_of_range);
  CHECK_THROWS_WITH(xent::empirical_distribution(labels, 3),
                    "xent::empirical_distribution: label of sample 2: got 3, expected a class in [0, 3)");
  CHECK_THROWS_WITH(xent::empirical_distribution(labels, 4),
                    "xent::empirical_distribution: label of sample 3: got -1, expected a class in [0, 4)");
  CHECK_THROWS_AS(xent::empirical_distribution(std::vector<std::uint64_t>{UINT64_MAX}, 1), std::out_of_range);
  CHECK_THROWS_AS(xent::empirical_distribution(labels, 0), std::out_of_range);
  CHECK_THROWS_WITH(xent::empirical_distribution(labels, -1),
                    "xent::empirical_distribution: classes: got -1, expected a number >= 0");

  CHECK_THROWS_AS(xent::entropy_from_counts(Eigen::Array3i(1, -1, 2)), std::invalid_argument);
  CHECK_THROWS_WITH(xent::entropy_from_counts(Eigen::Array<std::int8_t, 2, 1>(1, -7)),
                    "xent::entropy_from_counts: count 1: got -7, expected a number >= 0");
  CHECK_THROWS_WITH(xent::entropy_from_counts(Eigen::Array2d(-0.5, std::nan(""))),
                    "xent::entropy_from_counts: count 0: got -0.5, expected a number >= 0");
  CHECK_THROWS_WITH(xent::entropy_from_counts(Eigen::Array2d(1, std::numeric_limits<double>::quiet_NaN())),
                    "xent::entropy_from_counts: count 1: got nan, expected a number >= 0");
}

TEST_CASE("amounts that are nothing beside the others keep what they add") {
  const auto near = [](double got, double exact) { return std::abs(got - exact) <= 1e-14 * exact; };
  for (const double rare : {0x1p-1000, 1e-290, 1e-200}) {
    CAPTURE(rare);
    const double exact = rare * (1 - std::log(rare));  // of 1 and this
    CHECK(near(xent::entropy_from_counts(Eigen::Vector2d(1, rare)), exact));
    Eigen::Matrix2d joint;
    joint << 1, rare, 0, 0;
    CHECK(near(xent::conditional_entropy(joint), exact));
  }
  CHECK(near(xent::entropy_from_counts(Eigen::Vector3d(1e30, 1e30, 1e-270)), std::log(2.0)));
  // Of the sum of the two, twice the digits of double have none for the smaller one: its share of the other's
  // logarithm.
  CHECK(xent::conditional_entropy(Eigen::RowVector2d(1e30, 1e-300)) > 0.998e-300 * (1 + 330 * std::log(10)));
  CHECK(near(xent::conditional_entropy(Eigen::RowVector2d(1e30, 1e-250)),
             1e-250 * (1 + std::log(1e30) + 250 * std::log(10))));
}

TEST_CASE("counts at the ends of the range") {
  const auto entropy = [](std::vector<double> counts, Estimator estimator = Estimator::maximum_likelihood) {
    return xent::entropy_from_counts(counts, estimator);
  };
  const auto exact = [](std::vector<long double> counts) { return oracle::exactly(xent::entropy_from_counts(counts)); };
  CHECK(oracle::ulp_error(entropy({1e308, 1e308}), oracle::exactly(ln2)) <= 1);
  CHECK(oracle::ulp_error(entropy({1e308, 1e308}, Estimator::miller_madow), oracle::exactly(ln2)) <= 1);
  CHECK(oracle::ulp_error(entropy({5e-324, 5e-324}), oracle::exactly(ln2)) <= 1);
  CHECK(oracle::ulp_error(entropy({1e-310, 3e-310}), exact({1e-310, 3e-310})) <= 1);
  CHECK(oracle::ulp_error(entropy({1.5e308, 1e300, 1}), exact({1.5e308L, 1e300, 1})) <= 1);
  // 1 + (m - 1) / 2n: of one observation in all
  CHECK(oracle::ulp_error(entropy({0.5, 0.5}, Estimator::miller_madow), oracle::exactly(ln2 + 0.5L)) <= 1);
  CHECK(entropy({1e-310, 3e-310}, Estimator::miller_madow) > 1e308);
}
