// The formulas of docs/information.md, by their numbers. Here the references are identities and closed forms; the
// bounds against a reference of 400 digits are in accuracy_information.cpp, zeros and bad numbers in
// information_edges.cpp.

#include <xent/information.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Random;
using xent::Axis;
using xent::Unit;

template <class Real>
using Vector = Eigen::Array<Real, Eigen::Dynamic, 1>;
template <class Real>
using Table = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

template <class Real>
constexpr Real infinity = std::numeric_limits<Real>::infinity();
template <class Real>
constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

constexpr long double ln2 = 0.693147180559945309417232121458176568L;

/// |a - b| in ULP of `scale`.
template <class Real>
Real ulps(Real a, Real b, Real scale) {
  const Real next = std::nextafter(std::abs(scale), infinity<Real>);
  return std::abs(a - b) / (next - std::abs(scale));
}

/// Integers >= 0 over 2^bits that sum to 1 exactly, in float too when bits <= 24: identities that ask for normalised
/// distributions then hold without an allowance for the inputs.
template <class Real>
Vector<Real> random_distribution(Random& random, Index classes, int bits, double share_of_zeros = 0) {
  Vector<double> weights(classes);
  for (double& weight : weights) weight = random.chance(share_of_zeros) ? 0 : std::exp2(random.uniform(-12, 0));
  weights[random.integer(classes)] = 1;
  const double total = std::exp2(bits);
  Vector<double> units = (weights * (total / weights.sum())).floor();
  Index largest = 0;
  units.maxCoeff(&largest);
  units[largest] += total - units.sum();
  return (units / total).cast<Real>();
}

/// The same with a few units of `step` moved from class to class.
template <class Real>
Vector<Real> nearly_equal(Random& random, Vector<Real> p, double step) {
  for (Index move = 0; move < p.size(); ++move) {
    const Index from = random.integer(p.size()), to = random.integer(p.size());
    const Real amount = static_cast<Real>(step * static_cast<double>(1 + random.integer(5)));
    if (p[from] < 2 * amount || p[to] == 0) continue;
    p[from] -= amount;
    p[to] += amount;
  }
  return p;
}

/// All the mass on the second class.
template <class Real>
Vector<Real> certainty(Index classes) {
  Vector<Real> p = Vector<Real>::Zero(classes);
  p[1] = 1;
  return p;
}

/// sum_n x^(2n) / (2n (2n - 1)), the divergence of (1 + x, 1 - x)/2 from (1, 1)/2: a closed form without cancellation.
long double divergence_of_a_biased_coin(long double x) {
  long double sum = 0, power = 1;
  for (int n = 1; n < 4000; ++n) {
    power *= x * x;
    sum += power / (2.0L * n * (2 * n - 1));
  }
  return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("information (1): the information content is -log p", "", float, double, long double) {
  using Real = TestType;
  CHECK(xent::information_content(Real(1)) == 0);
  CHECK_FALSE(std::signbit(xent::information_content(Real(1))));
  CHECK(xent::information_content(Real(0)) == infinity<Real>);
  CHECK(xent::information_content(-Real(0)) == infinity<Real>);
  CHECK(std::isnan(xent::information_content(-Real(0.5))));
  CHECK(std::isnan(xent::information_content(not_a_number<Real>)));
  CHECK(xent::information_content(infinity<Real>) == -infinity<Real>);
  CHECK(xent::information_content(Real(0.5)) == static_cast<Real>(ln2));

  // Independent events: surprises add. 1 ULP each and their sum's rounding; ULP of the sum, terms are >= 0.
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const Real a = std::ldexp(static_cast<Real>(1 + random.integer(4096)), -12);
    const Real b = std::ldexp(static_cast<Real>(1 + random.integer(4096)), -12);
    const Real sum = xent::information_content(a) + xent::information_content(b);
    if (sum > 0) CHECK(ulps(xent::information_content(a * b), sum, sum) <= 3);
  }
}

TEMPLATE_TEST_CASE("information (2): bits and hartleys are nats over ln 2 and ln 10", "", float, double, long double) {
  using Real = TestType;
  for (int k = 0; k >= std::numeric_limits<Real>::min_exponent - std::numeric_limits<Real>::digits; --k)
    CHECK(xent::information_content(std::ldexp(Real(1), k), Unit::bits) == Real(-k));
  CHECK(xent::information_content(Real(8), Unit::bits) == -3);
  // Down to the neighbours of 1, where exponent and mantissa could cancel.
  for (const Real p : {std::nextafter(Real(1), Real(0)), std::nextafter(Real(1), Real(2)), Real(0.75), Real(1e-30)}) {
    const Real nats = xent::information_content(p);
    const Real bits = xent::information_content(p, Unit::bits), hartleys = xent::information_content(p, Unit::hartleys);
    // Both sides are within 1.5 ULP of the exact value; the product rounds once more.
    CHECK(ulps(bits * static_cast<Real>(ln2), nats, nats) <= 4);
    CHECK(ulps(hartleys * static_cast<Real>(2.302585092994045684017991454684364208L), nats, nats) <= 4);
  }
}

TEMPLATE_TEST_CASE("information (3): the entropy is the mean surprise", "", float, double) {
  using Real = TestType;
  Random random(3);
  for (const Index classes : {1, 2, 3, 7, 8, 9, 31, 33, 64, 65, 1000, 5000}) {
    const Vector<Real> p = random_distribution<Real>(random, classes, 24, 0.2);
    long double mean = 0;
    for (const Real x : p) mean += x == 0 ? 0 : x * -std::log(static_cast<long double>(x));
    CHECK(oracle::ulp_error(xent::entropy(p), oracle::exactly(mean)) <= 2);  // 0.9 seen
  }
  CHECK(xent::entropy(Vector<Real>(0)) == 0);
  CHECK(xent::entropy(Vector<Real>::Zero(3).eval()) == 0);
  Vector<Real> certain = certainty<Real>(4);
  CHECK(xent::entropy(certain) == 0);
  CHECK_FALSE(std::signbit(xent::entropy(certain)));
  certain[0] = -Real(0);
  CHECK(xent::entropy(certain) == 0);
}

TEMPLATE_TEST_CASE("information (4): 2^k equally likely classes have k bits", "", float, double, long double) {
  using Real = TestType;
  for (int k = 0; k <= 12; ++k) {
    const Index classes = Index{1} << k;
    const Real bits = static_cast<Real>(k);
    const Vector<Real> p = Vector<Real>::Constant(classes, std::ldexp(Real(1), -k));
    const Vector<Real> q = Vector<Real>::Constant(classes, std::ldexp(Real(1), -k - 3));
    CHECK(xent::entropy(p, Unit::bits) == bits);
    CHECK(xent::cross_entropy(p, q, Unit::bits) == bits + 3);
    CHECK(xent::perplexity(p) == static_cast<Real>(classes));
    CHECK(xent::joint_entropy(p.reshaped(Index{1} << (k / 2), Index{1} << (k - k / 2)), Unit::bits) == bits);
  }
  // Ratios between powers of two, 2 and 1/2 included, which take another way through the divergence.
  Vector<Real> p(4), q(4);
  p << Real(0.5), Real(0.25), Real(0.125), Real(0.125);
  q << Real(0.125), Real(0.125), Real(0.25), Real(0.5);
  CHECK(xent::entropy(p, Unit::bits) == Real(1.75));
  CHECK(xent::cross_entropy(p, q, Unit::bits) == Real(2.625));
  CHECK(xent::kl_divergence(p, q, Unit::bits) == Real(0.875));
}

TEMPLATE_TEST_CASE("information (5): cross-entropy is entropy plus divergence", "", float, double) {
  using Real = TestType;
  Random random(5);
  for (int round = 0; round < 400; ++round) {
    const Index classes = 1 + random.integer(Index{300});
    const Vector<Real> p = random_distribution<Real>(random, classes, 24, 0.1);
    // Unrelated, nearly equal, equal.
    Vector<Real> q = round % 4 == 0 ? random_distribution<Real>(random, classes, 24) : nearly_equal(random, p, 0x1p-24);
    if (round % 4 == 3) q = p;
    const Real cross = xent::cross_entropy(p, q);
    if (!std::isfinite(cross)) continue;
    // Three results of at most 1.5 ULP, none larger than the cross-entropy, and a sum.
    CHECK(ulps(cross, xent::entropy(p) + xent::kl_divergence(p, q), cross) <= 5);
  }
}

TEMPLATE_TEST_CASE("information (6): the divergence is never negative, and 0 for equal bits", "", float, double) {
  using Real = TestType;
  Random random(6);
  for (int round = 0; round < 2000; ++round) {
    const Index classes = 1 + random.integer(Index{40});
    Vector<Real> p(classes), q(classes);
    random.fill_uniform(p);  // not normalised
    q = p;
    CHECK(xent::kl_divergence(p, q) == 0);
    CHECK(xent::js_divergence(p, q) == 0);
    const double distance = std::exp2(random.uniform(-60, 0));
    for (Real& x : q) x *= static_cast<Real>(1 + distance * random.uniform(-0.5, 0.5));
    const bool equal = (p == q).all();
    CHECK((equal ? xent::kl_divergence(p, q) == 0 : xent::kl_divergence(p, q) > 0));
    CHECK((equal ? xent::js_divergence(p, q) == 0 : xent::js_divergence(p, q) > 0));
  }
}

TEMPLATE_TEST_CASE("information (7): the divergence of nearly equal distributions is right", "", float, double,
                   long double) {
  using Real = TestType;
  for (int k = 1; k <= std::numeric_limits<Real>::digits - 1; ++k) {
    const Real e = std::ldexp(Real(1), -k - 1);
    Vector<Real> p(2), q(2);
    p << Real(0.5) + e, Real(0.5) - e;
    q << Real(0.5), Real(0.5);
    const Real exact = static_cast<Real>(divergence_of_a_biased_coin(2 * static_cast<long double>(e)));
    // The reference for long double has an error of its own, one ULP.
    CHECK(ulps(xent::kl_divergence(p, q), exact, exact) <= 2);
    // The biased coin and its mirror image have the fair coin for mean.
    CHECK(ulps(xent::js_divergence(p, p.reverse().eval()), exact, exact) <= 2);
    // A table with independent marginals (1/2, 1/2).
    const Table<Real> joint = (Table<Real>(2, 2) << p / 2, p.reverse() / 2).finished();
    CHECK(ulps(xent::mutual_information(joint), exact, exact) <= 2);
  }
}

TEMPLATE_TEST_CASE("information (8): JS is symmetric and at most 1 bit", "", float, double) {
  using Real = TestType;
  Random random(8);
  const Real most = static_cast<Real>(ln2);
  for (int round = 0; round < 400; ++round) {
    const Index classes = 1 + random.integer(Index{200});
    Vector<Real> p = random_distribution<Real>(random, classes, 24, 0.5);
    Vector<Real> q = random_distribution<Real>(random, classes, 24, 0.5);
    if (round % 2 == 0) q = (p > 0).select(p * std::ldexp(Real(1), -static_cast<int>(random.integer(60))), q);
    const Real js = xent::js_divergence(p, q);
    CHECK(js == xent::js_divergence(q, p));
    CHECK(js >= 0);
    CHECK(js <= most * std::max(Real(1), (p.sum() + q.sum()) / 2));
  }
  // No class in common: 1 bit, exactly. Nearly none: not above it.
  for (int round = 0; round < 100; ++round) {
    const Index classes = 1 + random.integer(Index{50});
    Vector<Real> p = Vector<Real>::Zero(2 * classes), q = p;
    p.head(classes) = random_distribution<Real>(random, classes, 24);
    q.tail(classes) = random_distribution<Real>(random, classes, 24);
    CHECK(xent::js_divergence(p, q) == most);
    CHECK(xent::js_divergence(p, q, Unit::bits) == 1);
    const Real little = std::ldexp(Real(1), -24 - static_cast<int>(random.integer(20)));
    Vector<Real> blurred = p * (1 - little);
    blurred.tail(classes) = little * q.tail(classes);
    CHECK(xent::js_divergence(blurred, q) <= most);
  }
}

TEMPLATE_TEST_CASE("information (9): perplexity is the exponential of the entropy", "", float, double, long double) {
  using Real = TestType;
  Random random(9);
  for (int round = 0; round < 100; ++round) {
    const Vector<Real> p = random_distribution<Real>(random, 1 + random.integer(Index{500}), 24);
    const Real h = xent::entropy(p), perplexity = xent::perplexity(p);
    // exp turns the rounding of h, half an ULP, into up to h ULP.
    CHECK(ulps(perplexity, std::exp(h), perplexity) <= 3 + 2 * h);
  }
  CHECK(xent::perplexity(Vector<Real>(0)) == 1);
  CHECK(xent::perplexity(Vector<Real>::Zero(5).eval()) == 1);
  CHECK(xent::perplexity(certainty<Real>(5)) == 1);
  CHECK(std::isnan(xent::perplexity(Vector<Real>::Constant(2, not_a_number<Real>).eval())));
  // Not a distribution: the entropy as given, however large.
  CHECK(xent::perplexity(Vector<Real>::Constant(1, Real(1e30)).eval()) == 0);
  CHECK(xent::perplexity(Vector<Real>::Constant(40000, Real(0.25)).eval()) == infinity<Real>);
}

namespace {

/// A joint table of multiples of 2^-12, so that its marginals and their products are exact in float.
template <class Real>
Table<Real> random_joint(Random& random) {
  const Index rows = 1 + random.integer(Index{6}), cols = 1 + random.integer(Index{6});
  return random_distribution<Real>(random, rows * cols, 12, 0.3).reshaped(rows, cols);
}

}  // namespace

TEMPLATE_TEST_CASE("information (10): joint entropy is the entropy of all entries", "", float, double) {
  using Real = TestType;
  Random random(10);
  for (int round = 0; round < 100; ++round) {
    const Table<Real> joint = random_joint<Real>(random);
    for (const Unit unit : {Unit::nats, Unit::bits, Unit::hartleys})
      CHECK(xent::joint_entropy(joint, unit) == xent::entropy(Vector<Real>(joint.reshaped()), unit));
  }
}

TEMPLATE_TEST_CASE("information (11): the chain rule, H(Y | X) = H(X, Y) - H(X)", "", float, double) {
  using Real = TestType;
  Random random(11);
  for (int round = 0; round < 400; ++round) {
    const Table<Real> joint = random_joint<Real>(random);
    const Vector<Real> x = joint.rowwise().sum(), y = joint.colwise().sum().transpose();
    const Real both = xent::joint_entropy(joint);
    if (both == 0) continue;
    // 1 ULP each of three results, none larger than the joint entropy, and a difference.
    CHECK(ulps(xent::conditional_entropy(joint), both - xent::entropy(x), both) <= 4);
    CHECK(ulps(xent::conditional_entropy(joint.transpose()), both - xent::entropy(y), both) <= 4);
  }
}

TEMPLATE_TEST_CASE("information (12): mutual information is the divergence from independence", "", float, double) {
  using Real = TestType;
  Random random(12);
  for (int round = 0; round < 400; ++round) {
    const Table<Real> joint = random_joint<Real>(random);
    const Vector<Real> x = joint.rowwise().sum(), y = joint.colwise().sum().transpose();
    const Table<Real> independent = x.matrix() * y.matrix().transpose();  // exact
    const Real mutual = xent::mutual_information(joint);
    const Real divergence = xent::kl_divergence(joint.reshaped(), independent.reshaped());
    CHECK(mutual >= 0);
    CHECK(((mutual == 0 && divergence == 0) || ulps(mutual, divergence, divergence) <= 3));
    CHECK(mutual == xent::mutual_information(joint * std::ldexp(Real(1), -7)) * std::ldexp(Real(1), 7));
    // What X and Y have in common; the terms cancel, so in ULP of the largest.
    const Real sum = xent::entropy(x) + xent::entropy(y);
    if (sum > 0) CHECK(ulps(mutual, sum - xent::joint_entropy(joint), sum) <= 5);
    CHECK(xent::mutual_information(independent) == 0);
  }
}
