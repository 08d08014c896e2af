// Rows whose maximum is not where the kernels expect it, who do not look for it: as little as a bit above, beyond what
// one shift can hold, and so far that nothing else counts; next to masked classes, and far from 0.

#include "support/catch.hpp"
#include "support/cross_entropy_reference.hpp"
#include "support/random.hpp"

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <cfenv>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

namespace {

using support::Index;
using support::Kind;

/// A class `height` temperatures above the others, and labels that have it or not. Each sample has one class in a place
/// of its own.
template <class Real>
support::Batch<Real> with_peaks(Index classes, Real height, Real temperature, Real offset, support::Random& random) {
  constexpr Index count = 7;
  support::Batch<Real> batch = support::random_batch<Real>(random, classes, count);
  random.fill_uniform(batch.z, offset - 3 * temperature, offset + 3 * temperature);
  const Index places[count] = {0, 40, 64, classes / 2, classes - 33, classes - 2, classes - 1};
  for (Index i = 0; i < count; ++i) {
    batch.z(places[i], i) = offset + height * temperature;
    if (i % 3 == 0) batch.labels[i] = static_cast<int>(places[i]);
  }
  batch.labels[1] = static_cast<int>(classes - 5);
  return batch;
}

template <class Real>
using Matrix = support::Matrix<Real>;

template <class Real>
Real sum_of_losses(const support::Batch<Real>& batch, Real temperature, Matrix<Real>& gradient) {
  xent::CrossEntropyOptions<Real> options;
  options.temperature = temperature;
  options.reduction = xent::Reduction::sum;
  return xent::softmax_cross_entropy(batch.z, batch.labels, gradient, options);
}

/// In place, and sample by sample, the same bits.
template <class Real>
void check_bits(const support::Batch<Real>& batch, Real temperature) {
  Matrix<Real> gradient(batch.z.rows(), batch.z.cols());
  const Real loss = sum_of_losses(batch, temperature, gradient);
  support::Batch<Real> own = batch;
  CHECK(sum_of_losses(own, temperature, own.z) == loss);
  CHECK(own.z == gradient);
  for (Index i = 0; i < batch.z.cols(); ++i) {
    const support::Batch<Real> alone(batch.z.col(i), {batch.labels[i]});
    Matrix<Real> of_sample(batch.z.rows(), 1);
    sum_of_losses(alone, temperature, of_sample);
    CHECK(of_sample == gradient.col(i));
  }
  Matrix<Real> p(batch.z.rows(), batch.z.cols());
  xent::SoftmaxOptions<Real> options;
  options.temperature = temperature;
  xent::softmax(batch.z, p, options);
  own.z = batch.z;
  xent::softmax(own.z, own.z, options);
  CHECK(own.z == p);
  for (Index i = 0; i < batch.z.cols(); ++i) CHECK(xent::softmax(batch.z.col(i), options) == p.col(i));
}

/// Against the reference, and bit for bit.
template <class Real>
void check(const support::Batch<Real>& batch, Real temperature) {
  xent::CrossEntropyOptions<Real> options;
  options.temperature = temperature;
  CHECK(support::disagreement(support::answer(batch, Kind::labels, options), batch, Kind::labels, options) == "");
  check_bits(batch, temperature);
}

}  // namespace

TEMPLATE_TEST_CASE("guess: peaks of every height, against the reference", "", float, double) {
  support::Random random(2041);
  for (const Index classes : {100, 128, 333, 4500})
    for (const double temperature : classes > 1000 ? std::vector<double>{1.0} : std::vector<double>{1.0, 0.3, 9.0})
      for (const double height : {3.5, 20.0, 38.0, 40.0, 41.0, 42.0, 90.0, 200.0, 222.0, 224.0, 240.0, 800.0}) {
        CAPTURE(classes, temperature, height);
        const auto t = static_cast<TestType>(temperature);
        const auto batch = with_peaks(classes, static_cast<TestType>(height), t, TestType(0), random);
        check(batch, t);
      }
}

TEMPLATE_TEST_CASE("guess: far from 0", "", float, double) {
  support::Random random(2042);
  const bool single = std::is_same_v<TestType, float>;
  for (const Index classes : {100, 1000})
    for (const double offset : {-900.0, 400.0, 1e5, single ? 4e6 : 1e14, single ? 1e30 : 1e250})
      for (const double height : {2.0, 30.0, 300.0}) {
        CAPTURE(classes, offset, height);
        const auto batch =
            with_peaks(classes, static_cast<TestType>(height), TestType(1), static_cast<TestType>(offset), random);
        check(batch, TestType(1));
      }
}

TEMPLATE_TEST_CASE("guess: the classes that are looked at are masked", "", float, double) {
  support::Random random(2043);
  constexpr TestType masked = -std::numeric_limits<TestType>::infinity();
  for (const Index classes : {100, 128, 400})
    for (const Index count : {Index(1), Index(63), Index(64), Index(65), classes - 1}) {
      CAPTURE(classes, count);
      auto batch = with_peaks(classes, TestType(60), TestType(1), TestType(0), random);
      batch.z.topRows(count).setConstant(masked);
      for (Index i = 0; i < batch.z.cols(); ++i)
        batch.labels[i] = static_cast<int>(classes - 1 - i % (classes - count));
      check(batch, TestType(1));
    }
}

TEMPLATE_TEST_CASE("guess: weights of samples and z-loss have the digits, too", "", float, double) {
  support::Random random(2044);
  for (const double height : {10.0, 30.0, 70.0}) {
    CAPTURE(height);
    const auto batch = with_peaks(Index(300), static_cast<TestType>(height), TestType(1), TestType(2), random);
    xent::CrossEntropyOptions<TestType> options;
    options.z_loss = TestType(0.01);
    CHECK(support::disagreement(support::answer(batch, Kind::labels, options), batch, Kind::labels, options) == "");
    options.z_loss = 0;
    std::vector<TestType> weights(static_cast<std::size_t>(batch.z.cols()), TestType(1.5));
    weights[2] = 0;
    weights[4] = TestType(-0.75);
    options.sample_weights = weights;
    options.reduction = xent::Reduction::sum;
    CHECK(support::disagreement(support::answer(batch, Kind::labels, options), batch, Kind::labels, options) == "");
  }
}

// Where what a walk with a guess lets pass is refused by the one for the report, or the other way around, a slope would
// be lost, or counted twice.
TEMPLATE_TEST_CASE("guess: slopes of samples at the end of what kernels take", "", float, double) {
  const bool single = std::is_same_v<TestType, float>;
  for (const double size : {0x1p30, 0x1p38, 4.4e12, 0x1p43, 0x1p47, 0x1p60, 0x1p180, 0x1p190, 3e57, 0x1p195}) {
    if (single && size > 0x1p80) continue;
    CAPTURE(size);
    Matrix<TestType> z = Matrix<TestType>::Zero(200, 1);
    z(100) = single ? TestType(37) : TestType(200);
    const support::Batch<TestType> batch(z, {0});
    xent::CrossEntropyOptions<TestType> options;
    options.z_loss = static_cast<TestType>(size);
    CHECK(support::disagreement(support::answer(batch, Kind::labels, options), batch, Kind::labels, options) == "");
  }
}

TEMPLATE_TEST_CASE("guess: finite logits raise no flag", "", float, double) {
  support::Random random(2045);
  for (const Index classes : {10, 32, 100, 64, 1000})
    for (const double height : {0.0, 5.0, 50.0, 400.0, 1e6}) {
      CAPTURE(classes, height);
      auto batch = with_peaks(Index(1000), static_cast<TestType>(height), TestType(1), TestType(0), random);
      const Matrix<TestType> z = batch.z.bottomRows(classes);
      std::vector<int> labels(static_cast<std::size_t>(z.cols()), static_cast<int>(classes / 2));
      Matrix<TestType> gradient(z.rows(), z.cols());
      Matrix<TestType> two(classes, 2);
      std::feclearexcept(FE_ALL_EXCEPT);
      xent::softmax_cross_entropy(z, labels, gradient);
      xent::softmax(z, gradient);
      xent::softmax(Matrix<TestType>::Zero(classes, 2), two);
      CHECK(std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW) == 0);
    }
}

TEMPLATE_TEST_CASE("guess: temperatures that are not for kernels", "", float, double) {
  support::Random random(2047);
  for (const double temperature : {0x1p-30, 0x1p45, 0x1p100})
    for (const Index classes : {100, 1000}) {
      CAPTURE(temperature, classes);
      const auto t = static_cast<TestType>(std::is_same_v<TestType, double> ? temperature * temperature : temperature);
      const auto batch = with_peaks(classes, TestType(7), t, TestType(0), random);
      check(batch, t);
    }
}

// In place, beyond what a buffer of the kernels holds.
TEMPLATE_TEST_CASE("guess: long rows", "", float, double) {
  support::Random random(2046);
  for (const Index classes : {9000, 70000})
    for (const double height : {5.0, 60.0, 500.0}) {
      CAPTURE(classes, height);
      check_bits(with_peaks(classes, static_cast<TestType>(height), TestType(1), TestType(0), random), TestType(1));
    }
}
