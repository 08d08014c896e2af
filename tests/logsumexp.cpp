// logsumexp, logaddexp and the running state. The bounds of logsumexp on the reference cases are in
// accuracy_softmax.cpp.

#include <xent/logsumexp.hpp>
#include <xent/softmax.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

using support::close;
using support::close_number;
using support::Matrix;
using support::same;
using support::same_number;
using support::Vector;
using xent::Axis;
using xent::LogSumExp;

namespace {

template <class Real>
constexpr Real inf = std::numeric_limits<Real>::infinity();
template <class Real>
constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

// The bound of logsumexp and of everything built on it, in ULP of max(|lse|, |max z|).
constexpr double bound = 5.5;

/// From the definition, in long double, the maximum taken out; a compensated sum, so that 10^5 terms cost no digits.
template <class Real>
long double definition(const Vector<Real>& z) {
  Eigen::Index argmax = 0;
  const long double m = z.maxCoeff(&argmax);
  long double sum = 0, lost = 0;
  for (Eigen::Index k = 0; k < z.size(); ++k) {
    if (k == argmax) continue;
    const long double term = std::exp(static_cast<long double>(z[k]) - m) - lost;
    const long double next = sum + term;
    lost = (next - sum) - term;
    sum = next;
  }
  return m + std::log1p(sum);
}

template <class Real>
double error(Real got, long double exact, Real maximum) {
  const double scale = std::max(std::abs(static_cast<double>(exact)), std::abs(static_cast<double>(maximum)));
  return oracle::ulp_error_of_scale(got, oracle::exactly(exact), scale);
}

template <class Real>
double error(Real got, const Vector<Real>& z) {
  return error(got, definition(z), z.maxCoeff());
}

template <class Real>
Vector<Real> random_vector(Eigen::Index size, double mean = 0, double sigma = 3, std::uint64_t seed = 1) {
  Vector<Real> z(size);
  support::Random(seed).fill_normal(z, mean, sigma);
  return z;
}

}  // namespace

TEMPLATE_TEST_CASE("logsumexp (1): the logarithm of the sum of the exponentials", "", float, double) {
  for (const int classes : {1, 2, 3, 16, 100, 3000}) {
    const Vector<TestType> z = random_vector<TestType>(classes);
    CHECK(error(xent::logsumexp(z), z) <= bound);
  }
}

TEMPLATE_TEST_CASE("logsumexp (2): a common offset moves it by as much", "", float, double, long double) {
  for (const int offset : {-1000, -64, 0, 300, 100000}) {
    const Vector<TestType> z = Vector<TestType>::Constant(4, TestType(offset));
    CHECK(error(xent::logsumexp(z), offset + std::log(4.0L), TestType(offset)) <= bound);
  }
}

TEMPLATE_TEST_CASE("logsumexp (3): the maximum is left out of the sum", "", float, double, long double) {
  const auto lse = [](TestType a, TestType b) { return xent::logsumexp(Eigen::Matrix<TestType, 2, 1>(a, b)); };
  CHECK(error(lse(0, -40), 4.24835425529158898630497784363158218e-18L, TestType(0)) <= bound);
  CHECK(error(lse(-40, 0), 4.24835425529158898630497784363158218e-18L, TestType(0)) <= bound);
  CHECK(lse(1000, 0) == 1000);
  CHECK(error(lse(-1000, -1000), std::log(2.0L) - 1000, TestType(-1000)) <= bound);
}

TEMPLATE_TEST_CASE("logsumexp (4): between the maximum and log(classes) above it", "", float, double, long double) {
  for (const double sigma : {1e-3, 1.0, 100.0}) {
    const Vector<TestType> z = random_vector<TestType>(50, 0, sigma);
    const TestType m = z.maxCoeff(), lse = xent::logsumexp(z);
    CHECK(m <= lse);
    CHECK(lse <= m + std::log(TestType(50)) * (1 + 4 * std::numeric_limits<TestType>::epsilon()));
  }
}

TEST_CASE("logsumexp (5): its gradient is the softmax") {
  const Vector<long double> z = random_vector<long double>(6);
  const Vector<long double> s = xent::softmax(z);
  const long double h = 0x1p-20L;
  for (Eigen::Index k = 0; k < z.size(); ++k) {
    Vector<long double> up = z, down = z;
    up[k] += h;
    down[k] -= h;
    // Central differences: h^2 / 6 of a third derivative below 1, and 2^-63 * 4 / h from rounding.
    CHECK(std::abs((xent::logsumexp(up) - xent::logsumexp(down)) / (2 * h) - s[k]) <= 2e-12L);
  }
}

TEMPLATE_TEST_CASE("logsumexp: masked, infinite and NaN logits, no class, no sample", "", float, double, long double) {
  using Real = TestType;
  using Three = Eigen::Matrix<Real, 3, 1>;
  const auto lse = [](Real a, Real b, Real c) { return xent::logsumexp(Three(a, b, c)); };
  CHECK(error(lse(1, -inf<Real>, 3), 3 + std::log1p(std::exp(-2.0L)), Real(3)) <= bound);
  CHECK(lse(-inf<Real>, 5, -inf<Real>) == 5);
  CHECK(lse(-inf<Real>, -inf<Real>, -inf<Real>) == -inf<Real>);
  CHECK(lse(1, inf<Real>, -inf<Real>) == inf<Real>);
  for (const Real other : {Real(1), inf<Real>, -inf<Real>}) {
    CHECK(std::isnan(lse(not_a_number<Real>, other, 2)));
    CHECK(std::isnan(lse(other, 2, -not_a_number<Real>)));
  }
  const Real most = std::numeric_limits<Real>::max();
  CHECK(lse(most, most, -most) == most);
  CHECK(lse(-most, -most, -most) == -most);
  CHECK(xent::logsumexp(Vector<Real>()) == -inf<Real>);
  CHECK(xent::logsumexp(Matrix<Real>(4, 0)).size() == 0);
  CHECK(same(xent::logsumexp(Matrix<Real>(0, 2)), Eigen::Array<Real, 2, 1>::Constant(-inf<Real>)));
  CHECK(xent::logsumexp(Eigen::Matrix<Real, 1, 1>(Real(-7))) == -7);
  // One bad sample does not touch its neighbours.
  Matrix<Real> z(2, 3);
  z << 1, not_a_number<Real>, 3, 2, 0, 4;
  CHECK(error(xent::logsumexp(z)[2], 4 + std::log1p(std::exp(-1.0L)), Real(4)) <= bound);
}

TEST_CASE("logsumexp: every kind of argument, either axis") {
  Matrix<double> z(4, 3);
  support::Random(2).fill_normal(z);
  Eigen::Array3d lse;
  for (int i = 0; i < 3; ++i) lse[i] = xent::logsumexp(z.col(i));
  static_assert(std::is_same_v<decltype(xent::logsumexp(z)), Eigen::ArrayXd>);
  static_assert(std::is_same_v<decltype(xent::logsumexp(z.row(0))), double>);
  CHECK(close(xent::logsumexp(z), lse));
  CHECK(close(xent::logsumexp(z, Axis::columns), lse));
  CHECK(close(xent::logsumexp(z.transpose(), Axis::rows), lse));
  CHECK(close(xent::logsumexp(Matrix<double>(z.transpose()), Axis::rows), lse));
  CHECK(close_number(xent::logsumexp(z.col(1), Axis::rows), lse[1]));
  using RowMajor = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  CHECK(close(xent::logsumexp(RowMajor(z.array())), lse));
  CHECK(close(xent::logsumexp(Eigen::Matrix<double, 4, 3>(z)), lse));
  Matrix<double> large = Matrix<double>::Constant(9, 9, 50);
  large.block(2, 1, 3, 4) = z.transpose();
  CHECK(close(xent::logsumexp(large.block(2, 1, 3, 4), Axis::rows), lse));
  CHECK(close_number(xent::logsumexp(large.row(2).segment(1, 4)), lse[0]));
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  std::vector<double> memory(100, 50.0);
  Eigen::Map<Matrix<double>, 0, Strides> strided(memory.data(), 4, 3, Strides(20, 3));
  strided = z;
  CHECK(close(xent::logsumexp(strided), lse));
  CHECK(xent::logsumexp(z(Eigen::seqN(0, 2, Eigen::fix<3>), Eigen::seqN(0, 3))).size() == 3);
  long evaluations = 0;
  CHECK(close(xent::logsumexp(z.unaryExpr(support::Counted{&evaluations})), lse));
  CHECK(evaluations == z.size());
  CHECK(close(xent::logsumexp(z.cast<float>()), xent::logsumexp(Matrix<float>(z.cast<float>()))));
}

TEMPLATE_TEST_CASE("logaddexp (6): logsumexp of two, commutative, with -inf as neutral element", "", float, double,
                   long double) {
  using Real = TestType;
  support::Random random(7);
  for (int turn = 0; turn < 200; ++turn) {
    const auto a = static_cast<Real>(random.normal(0, 20)), b = static_cast<Real>(random.normal(0, 20));
    const Real sum = xent::logaddexp(a, b);
    CHECK(error(sum, Vector<Real>(Eigen::Matrix<Real, 2, 1>(a, b))) <= bound);
    CHECK(sum == xent::logaddexp(b, a));
    CHECK(xent::logaddexp(a, -inf<Real>) == a);
  }
  CHECK(xent::logaddexp(-inf<Real>, -inf<Real>) == -inf<Real>);
  CHECK(xent::logaddexp(inf<Real>, Real(3)) == inf<Real>);
  CHECK(xent::logaddexp(-inf<Real>, inf<Real>) == inf<Real>);
  CHECK(std::isnan(xent::logaddexp(not_a_number<Real>, inf<Real>)));
  CHECK(std::isnan(xent::logaddexp(-inf<Real>, not_a_number<Real>)));
}

TEST_CASE("logaddexp: what is left of the smaller number at the end of the range") {
  for (const double d : {-600.0, -700.0, -707.5, -708.0, -708.39}) {
    CAPTURE(d);
    const double exact = std::exp(d);  // log1p of it
    CHECK(std::abs(xent::logaddexp(0.0, d) - exact) <= 4 * std::numeric_limits<double>::epsilon() * exact);
    CHECK(xent::logaddexp(Eigen::Vector2d(d, 0), Eigen::Vector2d(0, d))[1] == xent::logaddexp(0.0, d));
  }
  CHECK(xent::logaddexp(0.0, -760.0) == 0);
}

TEST_CASE("logaddexp of expressions goes coefficient by coefficient") {
  Matrix<double> a(3, 4), b(3, 4);
  support::Random random(8);
  random.fill_normal(a);
  random.fill_normal(b);
  Matrix<double> exact(3, 4);
  for (int i = 0; i < 12; ++i) exact(i) = xent::logaddexp(a(i), b(i));
  static_assert(std::is_same_v<decltype(xent::logaddexp(a, 2 * b)), Matrix<double>>);
  static_assert(std::is_same_v<decltype(xent::logaddexp(a.array(), b)), Eigen::ArrayXXd>);
  CHECK(same(xent::logaddexp(a, b), exact));
  CHECK(same(xent::logaddexp(a.array(), b), exact));
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  CHECK(same(xent::logaddexp(RowMajor(a), b), exact));
  CHECK(same(xent::logaddexp(a.transpose(), RowMajor(b).transpose()), exact.transpose()));
  long evaluations = 0;
  CHECK(same(xent::logaddexp(a.unaryExpr(support::Counted{&evaluations}), b), exact));
  CHECK(evaluations == 12);
  CHECK(same(xent::logaddexp(a.row(1), b.row(1).transpose()), exact.row(1)));
  CHECK(xent::logaddexp(Matrix<double>(0, 3), Matrix<double>(0, 3)).size() == 0);
  const Eigen::VectorXf half = a.col(0).cast<Eigen::bfloat16>().cast<float>();
  static_assert(std::is_same_v<decltype(xent::logaddexp(a.cast<Eigen::bfloat16>(), b.cast<Eigen::bfloat16>()))::Scalar,
                               Eigen::bfloat16>);
  CHECK(same(xent::logaddexp(half.cast<Eigen::bfloat16>(), half.cast<Eigen::bfloat16>()),
             xent::logaddexp(half, half).cast<Eigen::bfloat16>()));
  CHECK_THROWS_AS(xent::logaddexp(a, b.leftCols(3)), std::invalid_argument);
  CHECK_THROWS_WITH(xent::logaddexp(a, b.leftCols(3)), "xent::logaddexp: b: got [3 x 3], expected [3 x 4]");
  CHECK_THROWS_WITH(xent::logaddexp(a, b.transpose()), "xent::logaddexp: b: got [4 x 3], expected [3 x 4]");
}

namespace {

/// The state of z[first, last), merged as a tree that splits where `split(first, last)` says.
template <class Real, class Split>
LogSumExp<Real> merged(const Vector<Real>& z, Eigen::Index first, Eigen::Index last, const Split& split) {
  LogSumExp<Real> state;
  if (last - first == 1) {
    state.push(z[first]);
    return state;
  }
  const Eigen::Index middle = split(first, last);
  state = merged(z, first, middle, split);
  state.merge(merged(z, middle, last, split));
  return state;
}

/// Pushes and merges in many groupings; each result within the bound.
template <class Real>
void check_groupings(const Vector<Real>& z, const std::string& what) {
  const long double exact = definition(z);
  const Real m = z.maxCoeff();
  INFO(what);
  LogSumExp<Real> one_by_one;
  for (Eigen::Index k = 0; k < z.size(); ++k) one_by_one.push(z[k]);
  CHECK(error(one_by_one.value(), exact, m) <= bound);
  LogSumExp<Real> blocks;
  for (Eigen::Index k = 0; k < z.size(); k += 7) blocks.push(z.segment(k, std::min<Eigen::Index>(7, z.size() - k)));
  CHECK(error(blocks.value(), exact, m) <= bound);
  if (z.size() > 5000) return;  // the trees are deep
  using Index = Eigen::Index;
  support::Random random(9);
  CHECK(error(merged(z, 0, z.size(), [](Index a, Index b) { return (a + b) / 2; }).value(), exact, m) <= bound);
  CHECK(error(merged(z, 0, z.size(), [](Index a, Index) { return a + 1; }).value(), exact, m) <= bound);
  CHECK(error(merged(z, 0, z.size(), [](Index, Index b) { return b - 1; }).value(), exact, m) <= bound);
  const auto anywhere = [&](Index a, Index b) { return a + 1 + random.integer(b - a - 1); };
  CHECK(error(merged(z, 0, z.size(), anywhere).value(), exact, m) <= bound);
}

}  // namespace

TEMPLATE_TEST_CASE("LogSumExp (7): in any order and grouping, the logsumexp of all", "", float, double) {
  using Real = TestType;
  for (const int size : {1, 2, 3, 10, 500}) {
    for (const double mean : {0.0, -63.9, 1e3, -1e6}) {
      for (const double sigma : {0.1, 3.0, 60.0, 300.0}) {
        Vector<Real> z = random_vector<Real>(size, mean, sigma);
        check_groupings(z, "random");
        std::sort(z.data(), z.data() + z.size());
        check_groupings(z, "ascending");
        check_groupings(Vector<Real>(z.reverse()), "descending");
      }
    }
  }
}

// A maximum that rises with every push: rescaling the sum by exp(old maximum - new maximum) each time loses 1200 ULP in
// double. The exact sum is a geometric series: sum_i exp(-i step) = expm1(-n step) / expm1(-step).
TEMPLATE_TEST_CASE("LogSumExp (8): 10^5 values, each a new maximum", "", float, double) {
  using Real = TestType;
  const int count = 100000;
  for (const long double step : {0x1p-20L, 0x1p-17L, 0x1p-10L, 1.0L, 64.0L}) {
    for (const long double first : {0.0L, -11.5L, -std::ldexp(step, 15)}) {
      LogSumExp<Real> up, down;
      Real z{};
      bool exact_inputs = true;
      for (int i = 0; i < count; ++i) {
        z = static_cast<Real>(first + static_cast<long double>(i) * step);
        exact_inputs = exact_inputs && z == first + static_cast<long double>(i) * step;
        up.push(z);
        down.push(static_cast<Real>(first + static_cast<long double>(count - 1 - i) * step));
      }
      REQUIRE(exact_inputs);
      // The maximum is left out: the series from i = 1.
      const long double rest = std::exp(-step) * (std::expm1(-(count - 1) * step) / std::expm1(-step));
      const long double exact = static_cast<long double>(z) + std::log1p(rest);
      CHECK(error(up.value(), exact, z) <= bound);
      CHECK(error(down.value(), exact, z) <= bound);
    }
  }
}

TEMPLATE_TEST_CASE("LogSumExp: a rest far below the maximum keeps its digits", "", float, double) {
  using Real = TestType;
  // The smaller values arrive first, far from the last maximum, and add up to a result in the normal range.
  const Real low = std::is_same_v<Real, float> ? Real(-87) : Real(-705);
  for (const Real jump : {Real(0), low / 2, low - 1}) {
    LogSumExp<Real> state;
    for (int i = 0; i < 1000; ++i) state.push(low);
    if (jump < 0) state.push(jump);
    state.push(Real(0));
    long double rest = 1000 * std::exp(static_cast<long double>(low));
    if (jump < 0) rest += std::exp(static_cast<long double>(jump));
    CHECK(error(state.value(), std::log1p(rest), Real(0)) <= bound);
  }
}

TEST_CASE("LogSumExp: the factor of a merge may be too small where the sum is not") {
  LogSumExp<double> state;
  state.push(-720);
  for (int doubling = 0; doubling < 20; ++doubling) state.merge(state);
  state.push(0);
  CHECK(error(state.value(), std::log1p(std::ldexp(std::exp(-720.0L), 20)), 0.0) <= bound);
}

TEMPLATE_TEST_CASE("LogSumExp: empty, masked, infinite and NaN", "", float, double, long double) {
  using Real = TestType;
  using State = LogSumExp<Real>;
  static_assert(std::is_trivially_copyable_v<State>);
  const auto of = [](std::initializer_list<Real> values) {
    State state;
    for (const Real z : values) state.push(z);
    return state;
  };
  CHECK(State().value() == -inf<Real>);
  CHECK(of({-inf<Real>, -inf<Real>}).value() == -inf<Real>);
  CHECK(of({-inf<Real>, -inf<Real>, Real(2), -inf<Real>, -inf<Real>}).value() == 2);
  CHECK(of({Real(1), inf<Real>, Real(2), inf<Real>}).value() == inf<Real>);
  CHECK(std::isnan(of({inf<Real>, not_a_number<Real>, Real(1)}).value()));
  CHECK(std::isnan(of({not_a_number<Real>, inf<Real>}).value()));
  const std::vector<State> states = {State(),          of({Real(1), Real(2)}),    of({Real(2), -inf<Real>}),
                                     of({-inf<Real>}), of({Real(-3), inf<Real>}), of({Real(5), not_a_number<Real>})};
  for (const State& a : states) {
    for (const State& b : states) {
      State ab = a, ba = b;
      ab.merge(b);
      ba.merge(a);
      CHECK(same_number(ab.value(), ba.value()));
      if (std::isnan(a.value()) || std::isnan(b.value())) {
        CHECK(std::isnan(ab.value()));
      } else {
        // The state agrees with logaddexp of the values to a few of their roundings.
        const Real sum = xent::logaddexp(a.value(), b.value());
        CHECK((ab.value() == sum || std::abs(ab.value() - sum) <= 8 * std::numeric_limits<Real>::epsilon()));
      }
    }
  }
  State twice = of({Real(1), Real(2)});
  twice.merge(twice);
  const Real exact = xent::logsumexp(Eigen::Matrix<Real, 4, 1>(Real(1), Real(2), Real(1), Real(2)));
  CHECK(std::abs(twice.value() - exact) <= 2 * std::numeric_limits<Real>::epsilon());
  const Real most = std::numeric_limits<Real>::max();
  CHECK(of({-most, most, Real(0)}).value() == most);
  CHECK(of({-most, -most}).value() == -most);
}

TEST_CASE("LogSumExp pushes every kind of expression, once") {
  Matrix<double> z(5, 6);
  support::Random(10).fill_normal(z);
  const auto pushed = [](const auto& values) {
    LogSumExp<double> state;
    state.push(values);
    return state.value();
  };
  const double lse = pushed(z);
  CHECK(error(lse, Vector<double>(z.reshaped())) <= bound);
  long evaluations = 0;
  CHECK(pushed(z.unaryExpr(support::Counted{&evaluations})) == lse);
  CHECK(evaluations == 30);
  CHECK(pushed(z.array()) == lse);
  CHECK(error(pushed(z.row(2)), Vector<double>(z.row(2).transpose())) <= bound);
  CHECK(error(pushed(z.block(1, 1, 3, 2)), Vector<double>(z.block(1, 1, 3, 2).reshaped())) <= bound);
  CHECK(pushed(Vector<double>()) == -inf<double>);
  LogSumExp<float> narrow;
  narrow.push(z.cast<Eigen::bfloat16>());
  CHECK(error(narrow.value(), Vector<float>(z.cast<Eigen::bfloat16>().cast<float>().reshaped())) <= bound);
}
