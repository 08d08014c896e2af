// Batches large enough for results to leave past the caches: sample by sample the same bits as calls of one sample,
// whatever lies between, before and after them.

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"

#include <xent/logsumexp.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace {

using Eigen::Index;

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

constexpr int ignored = -100;

// A batch of 5 MiB with every kind of sample that the kernels leave to others: absent, NaN, +inf, masked label, no
// class.
template <class Real>
struct Batch {
  Matrix<Real> logits;
  std::vector<int> labels;

  Batch(Index classes, support::Random& random, Index mebibytes = 5) {
    const Index count = (mebibytes << 20) / static_cast<Index>(sizeof(Real)) / classes;
    logits.resize(classes, count);
    random.fill_uniform(logits, -9, 9);
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    for (Index i = 0; i < count; ++i) {
      labels.push_back(static_cast<int>(random.integer(classes)));
      const Index label = labels.back();
      switch (random.integer(24)) {
        case 0:
          labels.back() = ignored;
          break;
        case 1:
          logits(random.integer(classes), i) = std::numeric_limits<Real>::quiet_NaN();
          break;
        case 2:
          logits(label, i) = std::numeric_limits<Real>::quiet_NaN();
          break;
        case 3:
          logits(random.integer(classes), i) = infinity;
          break;
        case 4:
          logits(label, i) = -infinity;
          break;
        case 5:
          logits.col(i).setConstant(-infinity);
          break;
        case 6:
          logits(label, i) = 60;
          break;
        case 7:
          logits.col(i).head(classes / 2).setConstant(-infinity);
          break;
        case 8:  // too far from 0 for the shift to happen in the exponent
          logits.col(i).array() += std::is_same_v<Real, float> ? Real(600) : Real(2e6);
          break;
        default:
          break;
      }
    }
  }
};

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(typename A::Scalar)) == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("a large batch has the bits of its samples one by one", "", float, double) {
  using Real = TestType;
  support::Random random(7);
  for (const Index classes : {1, 2, 3, 7, 128, 1000, 1025, 4100, 9001, 33000}) {
    const Batch<Real> batch(classes, random);
    const Index count = batch.logits.cols();
    CAPTURE(classes, count);
    xent::CrossEntropyOptions<Real> options;
    options.denominator = Real(count);

    // The gradient is a block of a larger matrix: columns that are not neighbours, and cells that must stay as they
    // are.
    constexpr Real untouched = Real(-77);
    Matrix<Real> around = Matrix<Real>::Constant(classes + 3, count + 2, untouched);
    Matrix<Real> dense = Matrix<Real>::Zero(classes, count);
    Matrix<Real> in_place = batch.logits;
    xent::CrossEntropyReport<Real> report;
    xent::softmax_cross_entropy(batch.logits, batch.labels, around.block(1, 1, classes, count), options, &report);
    xent::softmax_cross_entropy(batch.logits, batch.labels, dense, options);
    xent::softmax_cross_entropy(in_place, batch.labels, in_place, options);

    Index wrong = 0;
    for (Index i = 0; i < count; i += 1 + count / 4000) {
      const Eigen::Matrix<Real, Eigen::Dynamic, 1> z = batch.logits.col(i);
      Eigen::Matrix<Real, Eigen::Dynamic, 1> alone(classes);
      xent::CrossEntropyReport<Real> one;
      xent::softmax_cross_entropy(z, batch.labels[static_cast<std::size_t>(i)], alone, options, &one);
      const Eigen::Matrix<Real, Eigen::Dynamic, 1> in_block = around.block(1, 1, classes, count).col(i);
      // A sample of more than 16 KiB is walked in segments where its exponentials are not kept: other sums, same bound.
      const bool kept = classes * static_cast<Index>(sizeof(Real)) <= 16384;
      const auto equal = [&](const auto& a, const auto& b) { return kept ? same_bits(a, b) : support::close(a, b); };
      if (!equal(alone, in_block) || !equal(alone, dense.col(i)) || !equal(alone, in_place.col(i))) ++wrong;
      if (!equal(report.sample_loss.segment(i, 1), one.sample_loss)) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK((around.row(0).array() == untouched).all());
    CHECK((around.bottomRows(2).array() == untouched).all());
    CHECK((around.leftCols(1).array() == untouched).all());
    CHECK((around.rightCols(1).array() == untouched).all());
  }
}

TEMPLATE_TEST_CASE("a large batch whose classes are strided is within the bound of the same samples", "", float,
                   double) {
  using Real = TestType;
  using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  support::Random random(13);
  for (const Index classes : {2, 7, 100, 1000, 9001}) {
    const Batch<Real> batch(classes, random);
    CAPTURE(classes, batch.logits.cols());
    Matrix<Real> expected;
    xent::CrossEntropyReport<Real> expected_report;
    xent::softmax_cross_entropy(batch.logits, batch.labels, expected, {}, &expected_report);
    const RowMajor z = batch.logits;
    RowMajor gradient;
    xent::CrossEntropyReport<Real> report;
    xent::softmax_cross_entropy(z, batch.labels, gradient, {}, &report);
    CHECK(support::close(gradient, expected));
    CHECK(support::close(report.sample_loss, expected_report.sample_loss));
    CHECK((report.prediction == expected_report.prediction).all());
    RowMajor in_place = z;
    xent::softmax_cross_entropy(in_place, batch.labels, in_place);
    CHECK(support::close(in_place, gradient));  // neighbours of irregular samples take the portable path
    // The same in a larger matrix, whose other cells must stay as they are.
    RowMajor around = RowMajor::Constant(classes + 2, z.cols() + 5, Real(-77));
    xent::softmax_cross_entropy(z, batch.labels, around.block(1, 3, classes, z.cols()));
    CHECK(support::same(RowMajor(around.block(1, 3, classes, z.cols())), gradient));
    around.block(1, 3, classes, z.cols()).setConstant(Real(-77));
    CHECK((around.array() == Real(-77)).all());
  }
}

TEMPLATE_TEST_CASE("a long sample: NaN and smoothing among masked segments", "", float, double) {
  using Real = TestType;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  Vector z = Vector::LinSpaced(20000, -3, 3);
  z.head(9000).setConstant(-infinity);
  xent::CrossEntropyOptions<Real> options;
  for (const Real smoothing : {Real(0), Real(0.125)}) {
    options.label_smoothing = smoothing;
    // As if the masked classes did not exist.
    const Real loss = xent::softmax_cross_entropy(z, 19000, options);
    const Real expected = xent::softmax_cross_entropy(z.tail(11000), 10000, options);
    CHECK(support::close_number(loss, expected));
    for (const Index at : {Index{7}, Index{8999}, Index{9500}, Index{19999}}) {
      Vector with_nan = z;
      Vector gradient(z.size());
      with_nan[at] = std::numeric_limits<Real>::quiet_NaN();
      CHECK(std::isnan(xent::softmax_cross_entropy(with_nan, 19000, gradient, options)));
      CHECK(gradient.array().isNaN().all());
      CHECK(std::isnan(xent::softmax_cross_entropy(with_nan, 19000, options)));
      CHECK(std::isnan(xent::logsumexp(with_nan)));
    }
  }
}

TEMPLATE_TEST_CASE("smoothed samples in place, with gaps between them and without", "", float, double) {
  using Real = TestType;
  support::Random random(17);
  xent::CrossEntropyOptions<Real> options;
  options.label_smoothing = Real(0.125);
  // 6 ULP of max(s, Y) / count each: s - Y cancels.
  const auto near = [](const Matrix<Real>& x, const Matrix<Real>& y) {
    const Real scale = 12 * std::numeric_limits<Real>::epsilon() / static_cast<Real>(x.cols());
    return support::all_of(x, y, [scale](Real a, Real b) {
      return std::isnan(a) ? std::isnan(b) : std::abs(a - b) <= scale * (std::abs(b) * Real(70) + Real(0.125));
    });
  };
  for (const Index classes : {7, 130, 1000, 5000}) {
    Batch<Real> batch(classes, random);
    const Index count = std::min<Index>(batch.logits.cols(), 70);
    const Matrix<Real> z = batch.logits.leftCols(count);
    batch.labels.resize(static_cast<std::size_t>(count));
    CAPTURE(classes);
    Matrix<Real> expected;
    xent::softmax_cross_entropy(z, batch.labels, expected, options);
    Matrix<Real> dense = z;
    xent::softmax_cross_entropy(dense, batch.labels, dense, options);
    CHECK(near(dense, expected));
    Matrix<Real> around = Matrix<Real>::Constant(classes + 3, count, Real(-77));
    around.topRows(classes) = z;
    xent::softmax_cross_entropy(around.topRows(classes), batch.labels, around.topRows(classes), options);
    CHECK(near(around.topRows(classes), expected));
    CHECK((around.bottomRows(3).array() == Real(-77)).all());
  }
}

TEMPLATE_TEST_CASE("a large batch of 16-bit logits has the gradient of its floats, rounded once", "", Eigen::bfloat16,
                   Eigen::half) {
  using Short = TestType;
  support::Random random(11);
  for (const Index classes : {3, 7, 1000, 4096, 4098, 9001}) {
    const Batch<float> batch(classes, random, 9);  // as many bytes as leave past the caches in 16 bits, too
    const Matrix<Short> stored = batch.logits.cast<Short>();
    const Matrix<float> logits = stored.template cast<float>();
    Matrix<float> expected;
    Matrix<float> of_floats;
    Matrix<Short> gradient;
    Matrix<Short> in_place = stored;
    xent::CrossEntropyReport<float> report;
    xent::CrossEntropyReport<float> expected_report;
    xent::softmax_cross_entropy(Matrix<float>(logits), batch.labels, expected = logits, {}, &expected_report);
    xent::softmax_cross_entropy(stored, batch.labels, gradient, {}, &report);
    xent::softmax_cross_entropy(stored, batch.labels, of_floats);
    xent::softmax_cross_entropy(in_place, batch.labels, in_place);
    CAPTURE(classes);
    // The exponentials are kept whatever the number of classes: up to 16 KiB, the same sums.
    if (classes <= 4096) CHECK(support::same(gradient, Matrix<Short>(expected.cast<Short>())));
    if (classes <= 4096) CHECK(support::same(report.sample_loss, expected_report.sample_loss));
    CHECK(support::close(of_floats, expected));
    CHECK(support::same(gradient, Matrix<Short>(of_floats.cast<Short>())));
    CHECK(support::same(gradient, in_place));
    Matrix<Short> padded = Matrix<Short>::Constant(classes + 1, stored.cols(), Short(7.0F));
    xent::softmax_cross_entropy(stored, batch.labels, padded.topRows(classes));
    CHECK(support::same(padded.topRows(classes), gradient));
    CHECK((padded.row(classes).array() == Short(7.0F)).all());
    xent::CrossEntropyOptions<float> smoothed;  // a sample with a masked class is refused when its sums are known
    smoothed.label_smoothing = 0.1F;
    xent::softmax_cross_entropy(stored, batch.labels, gradient, smoothed);
    xent::softmax_cross_entropy(in_place = stored, batch.labels, in_place, smoothed);
    CHECK(support::same(gradient, in_place));
    CHECK((report.prediction == expected_report.prediction).all());
  }
}

TEST_CASE("an exponential far below the normal range counts where a weight or a temperature lifts it", "") {
  // exp(-131) 2^80 = 1.548e-33, twice.
  xent::CrossEntropyOptions<float> heavy;
  heavy.reduction = xent::Reduction::sum;
  heavy.sample_weights = {0x1p80F};
  xent::CrossEntropyOptions<float> cold;
  cold.temperature = 0x1p-80F;
  const auto expected = static_cast<float>(std::exp(-131.0) * 0x1p80);
  Eigen::Vector2f gradient;
  CHECK(std::abs(xent::softmax_cross_entropy(Eigen::Vector2f(0, -131), 0, gradient, heavy) / expected - 1) < 1e-6F);
  CHECK(std::abs(gradient[1] / expected - 1) < 1e-6F);
  xent::softmax_cross_entropy(Eigen::Vector2f(0, -131 * 0x1p-80F), 0, gradient, cold);
  CHECK(std::abs(gradient[1] / expected - 1) < 1e-6F);
}

TEST_CASE("the entropy of a sample survives an extreme temperature", "") {
  xent::CrossEntropyReport<float> unit;
  xent::CrossEntropyReport<float> hot;
  xent::CrossEntropyOptions<float> options;
  Eigen::Vector3f gradient;
  xent::softmax_cross_entropy(Eigen::Vector3f(0, -1, -2), 1, gradient, {}, &unit);
  options.temperature = 0x1p80F;
  xent::softmax_cross_entropy(Eigen::Vector3f(0, -0x1p80F, -0x1p81F), 1, gradient, options, &hot);
  CHECK(std::abs(hot.entropy[0] / unit.entropy[0] - 1) < 1e-6F);
  CHECK(std::isfinite(hot.temperature_gradient));
}

TEST_CASE("a masked class has the gradient +0 under a weight of either sign", "") {
  xent::CrossEntropyOptions<float> options;
  options.reduction = xent::Reduction::sum;
  for (const float weight : {-1.0F, 1.0F}) {
    options.sample_weights = {weight};
    for (int j = 0; j < 50; ++j) {
      Eigen::Vector3f gradient;
      const Eigen::Vector3f z(0, -std::numeric_limits<float>::infinity(), -0.1F * static_cast<float>(j));
      xent::softmax_cross_entropy(z, 0, gradient, options);
      CHECK((gradient[1] == 0 && !std::signbit(gradient[1])));
    }
  }
}

// Beside a sample that is far from 0, whose shift is computed in double, all samples of a tile once took over its
// numbers. The exponents of these maxima lie so close to half an integer that float and double round them to different
// ones.
TEST_CASE("a shift in float is not changed by a neighbour whose shift is in double") {
  const double log2_e = 1 / std::log(2.0);
  Index found = 0;
  for (int k = 1; k < 300; ++k) {
    float m = static_cast<float>((k + 0.5) / log2_e);
    m = std::nextafter(m, 0.0F);
    for (int i = 0; i < 3; ++i, m = std::nextafter(m, 1000.0F)) {
      const bool differs = std::rint(static_cast<double>(m) * static_cast<double>(static_cast<float>(log2_e))) !=
                           std::rint(static_cast<double>(m) * log2_e);
      if (!differs) continue;
      ++found;
      Matrix<float> z(3, 2);
      z << m, 600, m - 1, 599, m - 5, 598;
      xent::CrossEntropyOptions<float> options;
      options.reduction = xent::Reduction::sum;
      Matrix<float> gradient;
      xent::softmax_cross_entropy(z, std::vector<int>{1, 0}, gradient, options);
      Matrix<float> alone;
      xent::softmax_cross_entropy(z.leftCols(1), std::vector<int>{1}, alone, options);
      CHECK(same_bits(Matrix<float>(gradient.leftCols(1)), alone));
    }
  }
  CHECK(found > 5);
}
