// Few classes and plain labels, which have loops of their own: the same bits as by the loops that do what those refuse.

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

#include <xent/softmax_cross_entropy.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <limits>
#include <vector>

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using xent::Axis;

template <class Real>
struct Result {
  Real loss;
  Matrix<Real> gradient;
};

template <class Real>
bool same_result(const Result<Real>& a, const Result<Real>& b) {
  return support::same_number(a.loss, b.loss) && same(a.gradient, b.gradient);
}

template <class Real, class Labels>
Result<Real> run(const Matrix<Real>& z, const Labels& labels, const xent::CrossEntropyOptions<Real>& options,
                 bool with_report = false) {
  Result<Real> result{0, Matrix<Real>(z.rows(), z.cols())};
  xent::CrossEntropyReport<Real> report;
  result.loss = xent::softmax_cross_entropy(z, labels, result.gradient, options, with_report ? &report : nullptr);
  return result;
}

template <class Real>
Matrix<Real> logits_of(Index classes, Index count, support::Random& random) {
  Matrix<Real> z(classes, count);
  random.fill_uniform(z, -9, 9);
  return z;
}

std::vector<int> labels_of(Index classes, Index count, int ignored, support::Random& random) {
  std::vector<int> labels;
  for (Index i = 0; i < count; ++i)
    labels.push_back(random.integer(7) == 0 ? ignored : static_cast<int>(random.integer(classes)));
  return labels;
}

// Every label kind, storage and axis; a report asks for the loops that write to a tile.
template <class Real>
void check_same_bits(const Matrix<Real>& z, const std::vector<int>& labels,
                     const xent::CrossEntropyOptions<Real>& options) {
  const Result<Real> expected = run(z, labels, options, true);
  CHECK(same_result(run(z, labels, options), expected));
  CHECK(same_result(run(z, std::vector<Index>(labels.begin(), labels.end()), options), expected));
  CHECK(same_result(run(z, std::deque<short>(labels.begin(), labels.end()), options), expected));
  Eigen::VectorXi apart(2 * z.cols());
  for (Index i = 0; i < z.cols(); ++i) apart[2 * i] = labels[static_cast<std::size_t>(i)];
  using Apart = Eigen::Map<const Eigen::VectorXi, 0, Eigen::InnerStride<2>>;
  CHECK(same_result(run(z, Apart(apart.data(), z.cols()), options), expected));

  Matrix<Real> in_place = z;
  CHECK(support::same_number(xent::softmax_cross_entropy(in_place, labels, in_place, options), expected.loss));
  CHECK(same(in_place, expected.gradient));
  CHECK(support::same_number(xent::softmax_cross_entropy(z, labels, options), expected.loss));

  xent::CrossEntropyOptions<Real> rows = options;
  rows.axis = Axis::rows;
  const Result<Real> turned = run<Real>(z.transpose(), labels, rows);
  CHECK(same(turned.gradient.transpose(), run<Real>(z.transpose(), labels, rows, true).gradient.transpose()));
}

}  // namespace

TEMPLATE_TEST_CASE("few classes: the same bits with a report, for every container of labels, in place, loss only", "",
                   float, double) {
  support::Random random(2026);
  for (const Index classes : {1, 2, 3, 4, 7, 8, 9, 10, 15, 16, 17, 32, 64, 96})
    for (const Index count : {1, 7, 64, 65, 200}) {
      CAPTURE(classes, count);
      const Matrix<TestType> z = logits_of<TestType>(classes, count, random);
      xent::CrossEntropyOptions<TestType> options;
      check_same_bits(z, labels_of(classes, count, -100, random), options);
      for (const Index ignored : {(Index{1} << 24U) + 1, (Index{1} << 32U) + 1, std::numeric_limits<Index>::min()}) {
        options.ignore_index = ignored;  // no label of 32 bits, however it is rounded or cut
        check_same_bits(z, labels_of(classes, count, 0, random), options);
      }
      options.ignore_index = 0;
      options.temperature = TestType(0.7);
      check_same_bits(z, labels_of(classes, count, 0, random), options);
    }
}

TEMPLATE_TEST_CASE("few classes: out of place, a sample that is not for the loop changes no bit of its neighbours", "",
                   float, double) {
  support::Random random(2027);
  constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
  constexpr Index count = 200;
  for (const Index classes : {2, 3, 10, 16, 32, 96}) {
    const Matrix<TestType> z = logits_of<TestType>(classes, count, random);
    const std::vector<int> labels = labels_of(classes, count, -100, random);
    xent::CrossEntropyOptions<TestType> options;
    options.reduction = xent::Reduction::sum;
    const Matrix<TestType> expected = run(z, labels, options).gradient;
    for (const TestType odd : {infinity, -infinity, std::numeric_limits<TestType>::quiet_NaN(), TestType(1e9)})
      for (const Index odd_class : {0, 1}) {
        CAPTURE(classes, odd, odd_class);
        constexpr Index at = 70;
        Matrix<TestType> changed = z;
        changed(odd_class, at) = odd;
        Matrix<TestType> gradient = run(changed, labels, options).gradient;
        check_same_bits(changed, labels, options);
        gradient.col(at) = expected.col(at);
        CHECK(same(gradient, expected));
      }
  }
}

TEMPLATE_TEST_CASE("few classes: what an ignored sample holds changes no bit", "", float, double) {
  support::Random random(2029);
  constexpr Index count = 128;
  for (const Index classes : {2, 3, 10, 16, 32, 96}) {
    Matrix<TestType> z = logits_of<TestType>(classes, count, random);
    std::vector<int> labels = labels_of(classes, count, -100, random);
    labels[70] = -100;
    const xent::CrossEntropyOptions<TestType> options;
    const Result<TestType> expected = run(z, labels, options);
    for (const TestType odd :
         {std::numeric_limits<TestType>::quiet_NaN(), std::numeric_limits<TestType>::infinity(), TestType(1e9)}) {
      CAPTURE(classes, odd);
      z.col(70).setConstant(odd);
      CHECK(same_result(run(z, labels, options), expected));
      check_same_bits(z, labels, options);
    }
  }
}

TEMPLATE_TEST_CASE("few classes: in a part of a larger matrix, with and without smoothing", "", float, double) {
  support::Random random(2030);
  for (const Index classes : {2, 10, 32, 64})
    for (const double smoothing : {0.0, 0.1}) {
      CAPTURE(classes, smoothing);
      const Matrix<TestType> z = logits_of<TestType>(classes, 100, random);
      const std::vector<int> labels = labels_of(classes, 100, -100, random);
      xent::CrossEntropyOptions<TestType> options;
      options.label_smoothing = TestType(smoothing);
      const Result<TestType> expected = run(z, labels, options);
      Matrix<TestType> larger = Matrix<TestType>::Constant(classes + 3, 100, TestType(7));
      auto part = larger.topRows(classes);
      CHECK(support::same_number(xent::softmax_cross_entropy(z, labels, part, options), expected.loss));
      CHECK(same(part, expected.gradient));
      part = z;
      const TestType loss = xent::softmax_cross_entropy(part, labels, part, options);
      CHECK(support::close_number(loss, expected.loss));
      CHECK(support::close(part, expected.gradient));
      CHECK((larger.bottomRows(3).array() == TestType(7)).all());
    }
}

TEMPLATE_TEST_CASE("two classes: the same bits and the same report where memory has strides both ways", "", float,
                   double) {
  support::Random random(2031);
  const Matrix<TestType> z = logits_of<TestType>(2, 130, random);
  const std::vector<int> labels = labels_of(2, 130, -100, random);
  Matrix<TestType> memory(6, 260);
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  Eigen::Map<Matrix<TestType>, 0, Strides> apart(memory.data(), 2, 130, Strides(12, 3));
  apart = z;
  xent::CrossEntropyReport<TestType> expected;
  xent::CrossEntropyReport<TestType> report;
  Matrix<TestType> gradient(2, 130);
  const TestType loss = xent::softmax_cross_entropy(z, labels, gradient, {}, &expected);
  CHECK(support::same_number(xent::softmax_cross_entropy(apart, labels, apart, {}, &report), loss));
  CHECK(same(apart, gradient));
  CHECK(report.correct == expected.correct);
  CHECK(same(report.prediction, expected.prediction));
  CHECK(support::close(report.sample_loss, expected.sample_loss));
  CHECK(support::close(report.logsumexp, expected.logsumexp));
  CHECK(support::close_number(report.temperature_gradient, expected.temperature_gradient));
}

TEST_CASE("two classes: logits whose sum leaves the range") {
  Matrix<double> z(2, 2);
  z << 8e307, 8e307, -8e307, -8e307;
  Matrix<double> gradient(2, 2);
  xent::CrossEntropyOptions<double> options;
  options.temperature = 2;
  CHECK(xent::softmax_cross_entropy(z, std::vector<int>{1, 1}, gradient, options) == 8e307);
  CHECK((gradient.row(0).array() == 0.25).all());
}

// More than a cache holds: gradients of a strided class axis are made in a copy of the tile.
TEMPLATE_TEST_CASE("few classes in a large batch: the same bits with a report", "", float, double) {
  support::Random random(2028);
  for (const Index classes : {2, 10, 64}) {
    const Index count = (Index{5} << 20U) / static_cast<Index>(sizeof(TestType)) / classes;
    const Matrix<TestType> z = logits_of<TestType>(classes, count, random);
    check_same_bits(z, labels_of(classes, count, -100, random), xent::CrossEntropyOptions<TestType>{});
  }
}

// One other class: an exponential with 0.53 units of the last place (double 0.63) has 1.06 (1.26) ULP of the loss at
// most, to round adds 0.5. Of these inputs the worst has less; 1.9 in float and 1.8 in double where the exponential of
// the maximum or the logarithm is rounded as well.
TEMPLATE_TEST_CASE("few classes: a loss has the error of one exponential, and is rounded once", "", float, double) {
  support::Random random(7);
  double worst = 0;
  for (int call = 0; call < 40; ++call) {
    const auto t = static_cast<TestType>(std::exp2(random.uniform(-3, 3)));
    Matrix<TestType> z = Matrix<TestType>::Constant(3, 512, -std::numeric_limits<TestType>::infinity());
    std::vector<Index> labels;
    for (Index i = 0; i < z.cols(); ++i) {
      labels.push_back(random.integer(Index{3}));
      const double maximum = random.uniform(-1, 1);
      z(labels.back(), i) = static_cast<TestType>(double{t} * maximum);
      z((labels.back() + 1) % 3, i) = static_cast<TestType>(double{t} * (maximum - random.uniform(0, 30)));
    }
    xent::CrossEntropyOptions<TestType> options;
    options.temperature = t;
    xent::CrossEntropyReport<TestType> report;
    xent::softmax_cross_entropy(z, labels, options, &report);
    for (Index i = 0; i < z.cols(); ++i) {
      const long double maximum = z(labels[static_cast<std::size_t>(i)], i);
      const long double other = z((labels[static_cast<std::size_t>(i)] + 1) % 3, i);
      const long double exact = std::log1p(std::exp((other - maximum) / static_cast<long double>(t)));
      worst = std::max(worst, oracle::ulp_error(report.sample_loss[i], oracle::exactly(exact)));
    }
  }
  CHECK(worst <= 1.6);
}
