// Random batches of random shapes with random options, fixed seeds, against the plain implementation of the
// definitions.

#include <xent/softmax_cross_entropy.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/cross_entropy_reference.hpp"
#include "support/semantics.hpp"

using namespace semantics;

namespace {

template <class Real>
xent::Weights<Real> random_weights(support::Random& random, Index size, bool of_either_sign) {
  xent::Weights<Real> weights;
  weights.resize(size);
  for (Real& w : weights) {
    w = random.chance(0.2) ? Real(0) : static_cast<Real>(random.uniform(0.1, 3));
    if (of_either_sign && random.chance(0.5)) w = -w;
  }
  return weights;
}

template <class Real>
Options<Real> random_options(support::Random& random, Index classes, Index samples) {
  const auto half_of_the_time = [&random] { return random.chance(0.5); };
  Options<Real> o;
  if (half_of_the_time()) o.axis = xent::Axis::rows;
  if (half_of_the_time()) o.reduction = xent::Reduction::sum;
  if (half_of_the_time()) o.denominator = static_cast<Real>(random.uniform(0.5, 20));
  if (half_of_the_time()) o.ignore_index = random.integer(classes);
  if (half_of_the_time()) o.label_smoothing = static_cast<Real>(random.uniform());
  if (half_of_the_time()) o.smoothing = xent::Smoothing::other_classes;
  if (half_of_the_time()) o.temperature = static_cast<Real>(std::exp(random.normal()));
  if (half_of_the_time()) o.z_loss = static_cast<Real>(random.uniform(0, 0.1));
  if (half_of_the_time()) o.class_weights = random_weights<Real>(random, classes, false);
  const bool of_either_sign = o.reduction == xent::Reduction::sum || o.denominator;
  if (half_of_the_time()) o.sample_weights = random_weights<Real>(random, samples, of_either_sign);
  return o;
}

template <class Real>
std::string check(support::Random& random, Index classes, Index samples) {
  const support::Batch<Real> b = support::random_batch<Real>(random, classes, samples);
  const Options<Real> o = random_options<Real>(random, classes, samples);
  std::string text;
  for (const Kind kind : every_kind) text += support::disagreement(support::answer(b, kind, o), b, kind, o);
  return text;
}

}  // namespace

TEMPLATE_TEST_CASE("1 to 70 classes, 1 to 12 samples", "", float, double) {
  support::Random random(61);
  for (Index classes = 1; classes <= 70; ++classes) {
    const Index samples = 1 + random.integer(Index{12});
    CAPTURE(classes, samples);
    CHECK(check<TestType>(random, classes, samples) == "");
  }
}

TEMPLATE_TEST_CASE("a few classes, many samples", "", float, double) {
  support::Random random(62);
  for (const Index classes : {1, 2, 3, 10})
    for (const Index samples : {31, 100, 257}) {
      CAPTURE(classes, samples);
      CHECK(check<TestType>(random, classes, samples) == "");
    }
}

TEMPLATE_TEST_CASE("5000 classes", "", float, double) {
  support::Random random(63);
  const support::Batch<TestType> b = support::random_batch<TestType>(random, 5000, 1);
  Options<TestType> o = random_options<TestType>(random, 5000, 1);
  o.sample_weights = {};
  o.ignore_index = -100;
  const Kind kind = sizeof(TestType) == 4 ? Kind::dense : Kind::labels;
  CHECK(support::disagreement(support::answer(b, kind, o), b, kind, o) == "");
}

TEMPLATE_TEST_CASE("no sample", "", float, double) {
  support::Random random(64);
  for (const Index classes : {0, 1, 70}) {
    const support::Batch<TestType> b(support::Matrix<TestType>(classes, 0), {});
    for (int round = 0; round < 20; ++round) {
      const Options<TestType> o = random_options<TestType>(random, std::max<Index>(classes, 1), 0);
      if (o.class_weights.size() != classes && o.class_weights.size() != 0) continue;
      for (const Kind kind : every_kind) {
        const support::Answer<TestType> a = support::answer(b, kind, o);
        CHECK((a.loss == 0 && a.report.counted == 0 && a.report.ignored == 0 && a.report.temperature_gradient == 0));
        CHECK((a.gradient.rows() == classes && a.gradient.cols() == 0 && a.report.sample_loss.size() == 0));
      }
    }
  }
}

// Each class leaves a vector of every width in some lane, and each alignment is met.
TEMPLATE_TEST_CASE("every offset of the first class and every length up to 70", "", float, double) {
  using Real = TestType;
  support::Random random(65);
  std::vector<Real> memory(2 * (70 + 16));
  for (Real& x : memory) x = static_cast<Real>(random.normal(0, 3));
  support::Matrix<Real> out = support::Matrix<Real>::Constant(100, 1, Real(77));
  for (Index classes = 1; classes <= 70; ++classes)
    for (const Index offset : {0, 1, 3, 7, 8, 15}) {
      CAPTURE(classes, offset);
      const Eigen::Map<const support::Matrix<Real>> z(memory.data() + offset, classes, 1);
      const int label = random.integer(static_cast<int>(classes));
      out.setConstant(Real(77));
      const Real loss = xent::softmax_cross_entropy(z, std::vector<int>{label}, out.block(offset, 0, classes, 1));
      const reference::Result exact = reference::softmax_cross_entropy(
          reference::Matrix(z.template cast<long double>()), std::vector<Index>{label});
      CHECK(oracle::ulp_error(loss, oracle::exactly(exact.loss)) <= 4.5);
      double worst = 0;
      for (Index k = 0; k < classes; ++k)
        worst = std::max(worst, oracle::ulp_error(out(offset + k, 0), oracle::exactly(exact.gradient(k, 0))));
      CHECK(worst <= 4);
      CHECK(
          ((out.topRows(offset).array() == 77).all() && (out.bottomRows(100 - offset - classes).array() == 77).all()));
    }
}
