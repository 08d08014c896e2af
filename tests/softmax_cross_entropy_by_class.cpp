// Samples side by side of many classes, which are walked class by class: against the same batch with contiguous
// classes, whose loops are others, and against the formula in long double.

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

#include <xent/logsumexp.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <vector>

namespace {

using Eigen::Index;
using support::close;
using support::close_number;
using support::Matrix;
using support::same;
using support::same_number;

template <class Real>
using Strided = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Real>
constexpr Real infinity = std::numeric_limits<Real>::infinity();

/// Coefficients from which on memory is walked class by class.
template <class Real>
constexpr Index large = (Index{4} << 20U) / static_cast<Index>(sizeof(Real));

/// Logits whose maximum rises from class to class in some samples, falls in others, and is at random in the rest.
template <class Real>
Strided<Real> logits_of(Index classes, Index count, support::Random& random) {
  Strided<Real> z(classes, count);
  for (Index i = 0; i < count; ++i) {
    const double slope = i % 3 == 0 ? 0 : (i % 3 == 1 ? 40.0 : -40.0) / static_cast<double>(classes);
    for (Index k = 0; k < classes; ++k)
      z(k, i) = static_cast<Real>(random.uniform(-4, 4) + slope * static_cast<double>(k));
  }
  return z;
}

std::vector<int> labels_of(Index classes, Index count, support::Random& random) {
  std::vector<int> labels(static_cast<std::size_t>(count));
  for (int& label : labels) label = random.integer(7) == 0 ? -100 : static_cast<int>(random.integer(classes));
  return labels;
}

/// Loss and gradients, in the place of the logits and elsewhere, of all of a matrix and of a part of a larger one.
template <class Real>
void check_close(const Strided<Real>& z, const std::vector<int>& labels,
                 const xent::CrossEntropyOptions<Real>& options = {}) {
  const Matrix<Real> contiguous = z;
  Matrix<Real> expected(z.rows(), z.cols());
  const Real loss = xent::softmax_cross_entropy(contiguous, labels, expected, options);

  Strided<Real> gradient(z.rows(), z.cols());
  const Real strided_loss = xent::softmax_cross_entropy(z, labels, gradient, options);
  CHECK(close_number(strided_loss, loss));
  CHECK(close(gradient, expected));
  CHECK(same_number(xent::softmax_cross_entropy(z, labels, options), strided_loss));

  Strided<Real> in_place = z;
  CHECK(same_number(xent::softmax_cross_entropy(in_place, labels, in_place, options), strided_loss));
  CHECK(same(in_place, gradient));

  Strided<Real> larger(z.rows() + 1, z.cols() + 5);
  larger.setConstant(Real(7));
  auto part = larger.block(1, 3, z.rows(), z.cols());
  CHECK(same_number(xent::softmax_cross_entropy(z, labels, part, options), strided_loss));
  CHECK(same(part, gradient));
  CHECK((larger.row(0).array() == Real(7)).all());
  CHECK((larger.leftCols(3).array() == Real(7)).all());
  CHECK((larger.rightCols(2).array() == Real(7)).all());
}

}  // namespace

TEMPLATE_TEST_CASE("by class: loss and gradients are those of contiguous classes", "", float, double) {
  support::Random random(1301);
  for (const Index count : {63, 64, 65, 79, 200}) {
    const Index classes = large<TestType> / count + 1 + count % 3;
    CAPTURE(classes, count);
    const auto z = logits_of<TestType>(classes, count, random);
    const auto labels = labels_of(classes, count, random);
    xent::CrossEntropyOptions<TestType> options;
    check_close(z, labels, options);
    options.temperature = TestType(0.7);
    options.z_loss = TestType(0.01);
    options.reduction = xent::Reduction::sum;
    check_close(z, labels, options);
    options.temperature = TestType(5);
    options.class_weights = Eigen::Array<TestType, Eigen::Dynamic, 1>::LinSpaced(classes, TestType(0), TestType(3));
    options.sample_weights = Eigen::Array<TestType, Eigen::Dynamic, 1>::LinSpaced(count, TestType(0), TestType(2));
    check_close(z, labels, options);
  }
}

// More samples than are walked at a time, and results that pass the caches by.
TEMPLATE_TEST_CASE("by class: a large batch, and the same bits by every executor", "", float, double) {
  support::Random random(1302);
  constexpr Index classes = 600;
  constexpr Index count = 2100;
  const auto z = logits_of<TestType>(classes, count, random);
  const auto labels = labels_of(classes, count, random);
  check_close(z, labels);
  Strided<TestType> expected(classes, count);
  const TestType loss = xent::softmax_cross_entropy(z, labels, expected);
  for (const auto& executor : {support::backwards(), support::threaded()}) {
    xent::CrossEntropyOptions<TestType> options;
    options.executor = executor;
    Strided<TestType> gradient(classes, count);
    CHECK(same_number(xent::softmax_cross_entropy(z, labels, gradient, options), loss));
    CHECK(same(gradient, expected));
  }
}

TEMPLATE_TEST_CASE("by class: a sample that kernels do not compute changes no bit of its neighbours", "", float,
                   double) {
  support::Random random(1303);
  constexpr Index count = 70;
  constexpr Index classes = large<TestType> / count + 1;
  const auto z = logits_of<TestType>(classes, count, random);
  auto labels = labels_of(classes, count, random);
  labels[33] = 5;
  xent::CrossEntropyOptions<TestType> options;
  options.reduction = xent::Reduction::sum;
  Strided<TestType> expected(classes, count);
  xent::softmax_cross_entropy(z, labels, expected, options);
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  for (const TestType odd : {infinity<TestType>, -infinity<TestType>, nan, TestType(2e7), TestType(-2e7)})
    for (const Index at : {Index{5}, classes - 1}) {
      CAPTURE(odd, at);
      Strided<TestType> changed = z;
      changed(at, 33) = odd;
      check_close(changed, labels, options);
      Strided<TestType> gradient(classes, count);
      xent::softmax_cross_entropy(changed, labels, gradient, options);
      gradient.col(33) = expected.col(33);
      CHECK(same(gradient, expected));
    }
  Strided<TestType> masked = z;
  masked.col(33).head(classes - 9).setConstant(-infinity<TestType>);
  labels[33] = static_cast<int>(classes - 3);
  check_close(masked, labels, options);
  masked.col(33).setConstant(-infinity<TestType>);
  check_close(masked, labels, options);
  masked.col(33).setConstant(TestType(1e6));  // far from 0, and all the same
  check_close(masked, labels, options);
}

TEMPLATE_TEST_CASE("by class: softmax, log_softmax and logsumexp are those of contiguous classes", "", float, double) {
  support::Random random(1304);
  for (const Index count : {64, 70, 600}) {
    const Index classes = large<TestType> / count + 1;
    CAPTURE(classes, count);
    auto z = logits_of<TestType>(classes, count, random);
    z(3, 0) = infinity<TestType>;
    z(7, 1) = -infinity<TestType>;
    const Matrix<TestType> contiguous = z;
    const Strided<TestType> s = xent::softmax(z);
    CHECK(close(s, xent::softmax(contiguous).eval()));
    CHECK(close(xent::log_softmax(z).eval(), xent::log_softmax(contiguous).eval()));
    CHECK(close(xent::logsumexp(z).eval(), xent::logsumexp(contiguous).eval()));
    xent::softmax(z, z);
    CHECK(same(z, s));
  }
}

TEMPLATE_TEST_CASE("by class: a report changes no bit, and is that of contiguous classes", "", float, double) {
  support::Random random(1306);
  constexpr Index count = 1100;
  constexpr Index classes = large<TestType> / count + 1;
  auto z = logits_of<TestType>(classes, count, random);
  const auto labels = labels_of(classes, count, random);
  z(3, 17) = std::numeric_limits<TestType>::quiet_NaN();
  for (const auto& executor : {xent::Executor(), support::backwards()}) {
    xent::CrossEntropyOptions<TestType> options;
    options.executor = executor;
    options.z_loss = TestType(0.01);
    Strided<TestType> expected(classes, count);
    const TestType loss = xent::softmax_cross_entropy(z, labels, expected, options);
    Strided<TestType> gradient(classes, count);
    xent::CrossEntropyReport<TestType> report;
    CHECK(same_number(xent::softmax_cross_entropy(z, labels, gradient, options, &report), loss));
    CHECK(same(gradient, expected));
    Matrix<TestType> contiguous = z;
    xent::CrossEntropyReport<TestType> other;
    xent::softmax_cross_entropy(contiguous, labels, contiguous, options, &other);
    CHECK(report.correct == other.correct);
    CHECK(report.counted == other.counted);
    CHECK(same(report.prediction, other.prediction));
    CHECK(close(report.sample_loss, other.sample_loss));
    CHECK(close(report.entropy, other.entropy));
  }
  z(3, 17) = TestType(1);
  Matrix<TestType> contiguous = z;
  xent::CrossEntropyReport<TestType> report;
  xent::CrossEntropyReport<TestType> other;
  xent::CrossEntropyOptions<TestType> options;
  options.z_loss = TestType(0.01);
  xent::softmax_cross_entropy(contiguous, labels, contiguous, options, &other);
  xent::softmax_cross_entropy(z, labels, z, options, &report);
  CHECK(close_number(report.temperature_gradient, other.temperature_gradient));
  CHECK(close_number(report.z_loss, other.z_loss));
}

// The shift is a subtraction for the first maxima, and happens in the exponent for the later ones; or all that came
// before the last maximum vanishes beside it.
TEMPLATE_TEST_CASE("by class: maxima that rise far", "", float, double) {
  constexpr Index count = 1100;
  constexpr Index classes = large<TestType> / count + 40;
  constexpr bool single = std::is_same_v<TestType, float>;
  const std::vector<int> labels(static_cast<std::size_t>(count), static_cast<int>(classes - 1));
  Strided<TestType> z = Strided<TestType>::Constant(classes, count, TestType(single ? -357 : -726819));
  z.bottomRows(12).array() += TestType(single ? 3 : 2);
  check_close(z, labels);
  z.setConstant(-infinity<TestType>);
  z.topRows(16).setZero();
  z.bottomRows(1).setConstant(TestType(3000));
  check_close(z, labels);
  z.setConstant(-infinity<TestType>);
  z.bottomRows(20).setConstant(TestType(-709.8));
  check_close(z, labels);
  z.setZero();
  z(0, 5) = std::numeric_limits<TestType>::quiet_NaN();
  z.bottomRows(1).setConstant(TestType(3000));
  check_close(z, labels);
}

// The sum of what some classes leave is carried on into a higher shift: as accurate as if the maximum had been known.
TEMPLATE_TEST_CASE("by class: as accurate as the formula where the maximum rises", "", float, double) {
  support::Random random(1305);
  constexpr Index count = 1300;
  constexpr Index classes = large<TestType> / count + 1;
  const auto z = logits_of<TestType>(classes, count, random);
  std::vector<int> labels(count);
  for (int& label : labels) label = static_cast<int>(random.integer(classes));
  xent::CrossEntropyOptions<TestType> options;
  options.reduction = xent::Reduction::sum;
  Strided<TestType> gradient(classes, count);
  const TestType loss = xent::softmax_cross_entropy(z, labels, gradient, options);
  long double exact_loss = 0;
  double worst = 0;
  for (Index i = 0; i < count; ++i) {
    const auto x = z.col(i).template cast<long double>().eval();
    const long double maximum = x.maxCoeff();
    const long double sum = (x.array() - maximum).exp().sum();
    const int label = labels[static_cast<std::size_t>(i)];
    exact_loss += std::log(sum) + maximum - x[label];
    for (Index k = 0; k < classes; ++k)
      if (k != label)
        worst = std::max(worst, oracle::ulp_error(gradient(k, i), oracle::exactly(std::exp(x[k] - maximum) / sum)));
  }
  CHECK(oracle::ulp_error(loss, oracle::exactly(exact_loss)) <= 2.5);
  CAPTURE(worst);
  CHECK(worst <= 4);
}
