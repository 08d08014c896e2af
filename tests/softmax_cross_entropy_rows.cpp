// Batches large enough for results to leave past the caches: sample by sample the same bits as calls of one sample,
// whatever lies between, before and after them.

#include "support/catch.hpp"
#include "support/random.hpp"

#include <xent/softmax_cross_entropy.hpp>

#include <cstring>
#include <limits>
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

  Batch(Index classes, support::Random& random) {
    const Index count = (Index{5} << 20) / static_cast<Index>(sizeof(Real)) / classes;
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
  for (const Index classes : {7, 128, 1000, 4100, 9001}) {
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
      if (!same_bits(alone, in_block) || !same_bits(alone, dense.col(i)) || !same_bits(alone, in_place.col(i))) ++wrong;
      if (std::memcmp(&report.sample_loss[i], &one.sample_loss[0], sizeof(Real)) != 0) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK((around.row(0).array() == untouched).all());
    CHECK((around.bottomRows(2).array() == untouched).all());
    CHECK((around.leftCols(1).array() == untouched).all());
    CHECK((around.rightCols(1).array() == untouched).all());
  }
}
