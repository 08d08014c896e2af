// What a loss over chunks and tiles can get wrong, a test a fault: the answers must not depend on how the work was cut.

#include <xent/linear_cross_entropy.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/linear.hpp"
#include "support/matrices.hpp"

namespace {

using Eigen::Index;
using support::difference;
using support::full_answer;
using support::linear_answer;
using support::LinearAnswer;
using support::LinearOptions;
using support::LinearProblem;
using support::Matrix;
using support::same;
using support::ulps_of_largest;
using support::Vector;

/// From a chunk of one sample and a tile of sixteen classes to all at once.
const std::vector<std::size_t> budgets{1,     5000,  9000,  12000,  16000,     24000,     32000,
                                       45000, 60000, 90000, 120000, 1U << 20U, 32U << 20U};

template <class Real>
LinearOptions<Real> every_option(Index classes, Index batch) {
  LinearOptions<Real> o;
  o.loss.label_smoothing = Real(0.1);
  o.loss.temperature = Real(1.5);
  o.loss.z_loss = Real(0.01);
  o.loss.class_weights = Vector<Real>::LinSpaced(classes, Real(0.5), Real(2));
  o.loss.sample_weights = Vector<Real>::LinSpaced(batch, Real(0.25), Real(1.75));
  o.loss.sample_weights[batch / 3] = Real(0);
  o.loss.ignore_index = 7;
  return o;
}

}  // namespace

TEMPLATE_TEST_CASE("chunk size and workspace change nothing, from one sample to all", "", float, double) {
  using Real = TestType;
  const LinearProblem<Real> p(14, 50, 9, 60);
  for (LinearOptions<Real> o : {LinearOptions<Real>(), every_option<Real>(50, 60)}) {
    const LinearAnswer<Real> labels = linear_answer(p, p.labels, o);
    const LinearAnswer<Real> dense = linear_answer(p, p.y, o);
    for (const std::size_t bytes : budgets) {
      CAPTURE(bytes);
      o.workspace_bytes = bytes;
      CHECK(difference(linear_answer(p, p.labels, o), labels, 4) == std::string());
      // Each gradient of a logit is within 6 ULP of its terms, and what is left of them cancels again in the products.
      CHECK(difference(linear_answer(p, p.y, o), dense, 8) == std::string());
      CHECK(support::ulps_of_number(xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, o),
                                    labels.loss) <= 4);
    }
  }
}

// With a chain rule that forgets a factor, or uses it twice, one of the three is off and the loss is not.
TEST_CASE("the weight of a sample reaches d_weights, d_features and d_bias") {
  const LinearProblem<double> p(2, 40, 5, 12);
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{32} << 20U}) {
    LinearOptions<double> o;
    o.workspace_bytes = bytes;
    o.loss.reduction = xent::Reduction::sum;
    o.loss.sample_weights = Vector<double>::LinSpaced(12, -1, 4.5);
    const LinearAnswer<double> weighted = linear_answer(p, p.labels, o);
    Matrix<double> d_weights = Matrix<double>::Zero(40, 5);
    Vector<double> d_bias = Vector<double>::Zero(40);
    for (Index i = 0; i < 12; ++i) {
      const double w = o.loss.sample_weights[i];
      const Vector<double> z = p.logits().col(i);
      Vector<double> g(40);
      xent::softmax_cross_entropy(z, p.labels[static_cast<std::size_t>(i)], g);
      d_weights += w * g * p.features.col(i).transpose();
      d_bias += w * g;
      CHECK(ulps_of_largest(weighted.d_features.col(i), Vector<double>(w * p.weights.transpose() * g)) <= 8);
    }
    CHECK(ulps_of_largest(weighted.d_weights, d_weights) <= 8);
    CHECK(ulps_of_largest(weighted.d_bias, d_bias) <= 8);
  }
}

TEST_CASE("a bias, a bias of zeros and none") {
  LinearProblem<float> p(3, 50, 6, 20);
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{32} << 20U}) {
    LinearOptions<float> o;
    o.workspace_bytes = bytes;
    CHECK(difference(linear_answer(p, p.labels, o), full_answer(p, p.labels, o), 4) == std::string());
    LinearProblem<float> zeros = p;
    zeros.bias.setZero();
    const LinearAnswer<float> expected = linear_answer(zeros, p.labels, o);
    Matrix<float> d_weights, d_features;
    Eigen::RowVectorXf d_bias;
    const float loss =
        xent::linear_cross_entropy(p.weights, p.features, xent::none, p.labels, d_weights, d_features, d_bias, o);
    CHECK(loss == expected.loss);
    CHECK(loss != linear_answer(p, p.labels, o).loss);
    CHECK(same(d_weights, expected.d_weights));
    CHECK(same(d_features, expected.d_features));
    CHECK(same(d_bias.transpose(), expected.d_bias));
  }
}

// Sums of terms around 10^4 that cancel to logits of a few units: another order of the sum moves them by 10^-3. If the
// gradient saw other logits than the loss, its probabilities would not sum to 1.
TEST_CASE("the logits of the loss and of the gradient are the same bits") {
  support::Random random(4);
  LinearProblem<float> p(4, 200, 64, 10);
  for (Index k = 0; k < 200; ++k)
    for (Index d = 0; d < 32; ++d) {
      p.weights(k, d) = static_cast<float>(random.uniform(50, 150));
      p.weights(k, d + 32) = p.weights(k, d) + static_cast<float>(random.uniform(-0.01, 0.01));
    }
  for (Index i = 0; i < 10; ++i)
    for (Index d = 0; d < 32; ++d)
      p.features(d + 32, i) = -(p.features(d, i) = static_cast<float>(random.uniform(50, 150)));
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{40000}, std::size_t{100000}, std::size_t{32} << 20U})
    for (Index i = 0; i < 10; ++i) {
      LinearOptions<float> o;
      o.workspace_bytes = bytes;
      o.loss.reduction = xent::Reduction::sum;
      o.loss.sample_weights = Vector<float>::Zero(10);
      o.loss.sample_weights[i] = 1;
      const LinearAnswer<float> one = linear_answer(p, p.labels, o);
      CAPTURE(bytes, i, one.loss);
      // 200 probabilities, each within 4 ULP.
      CHECK(std::abs(one.d_bias.cast<double>().sum()) <= 1e-6);
      CHECK(one.d_bias.cwiseAbs().sum() > 0.5F);
    }
}

TEMPLATE_TEST_CASE("accumulating twice is twice", "", float, double) {
  using Real = TestType;
  const LinearProblem<Real> p(5, 60, 7, 30);
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{40000}, std::size_t{32} << 20U}) {
    LinearOptions<Real> o;
    o.workspace_bytes = bytes;
    const LinearAnswer<Real> once = linear_answer(p, p.labels, o);
    o.accumulate = true;
    Matrix<Real> d_weights = Matrix<Real>::Zero(60, 7);
    Matrix<Real> d_features = Matrix<Real>::Constant(7, 30, 77);  // written, not added to
    Vector<Real> d_bias = Vector<Real>::Zero(60);
    for (int turn = 0; turn < 2; ++turn)
      xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o);
    CHECK(ulps_of_largest(d_weights, Matrix<Real>(2 * once.d_weights)) <= 4);
    CHECK(ulps_of_largest(d_bias, Vector<Real>(2 * once.d_bias)) <= 4);
    CHECK(same(d_features, once.d_features));
    // Nothing counts, and nothing is added; without accumulate there is nothing.
    o.loss.sample_weights = Vector<Real>::Zero(30);
    const Matrix<Real> kept = d_weights;
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o);
    CHECK(same(d_weights, kept));
    CHECK(d_features.isZero(0));
    o.accumulate = false;
    CHECK(xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, d_features, d_bias, o) == 0);
    CHECK((d_weights.isZero(0) && d_bias.isZero(0)));
  }
}

// exp(-20) is 2.06e-9: 1 - s_y is 0 in float.
TEST_CASE("the gradient of a confident label is not 0") {
  LinearProblem<float> p(6, 100, 4, 3);
  p.weights.setZero();
  p.bias.setZero();
  p.features.setZero();
  p.features.row(0).setConstant(2);
  p.weights(63, 0) = 10;
  p.labels.assign(3, 63);
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{32} << 20U}) {
    LinearOptions<float> o;
    o.workspace_bytes = bytes;
    const LinearAnswer<float> a = linear_answer(p, p.labels, o);
    const double rest = 99 * std::exp(-20.0);
    CHECK(std::abs(a.loss / std::log1p(rest) - 1) < 4e-7);
    CHECK(std::abs(a.d_bias[63] / (-rest / (1 + rest)) - 1) < 4e-7);
    CHECK(std::abs(a.d_weights(63, 0) / (-2 * rest / (1 + rest)) - 1) < 4e-7);
    CHECK(std::abs(a.d_features(0, 1) / (-10 * rest / (1 + rest) / 3) - 1) < 4e-7);
  }
}

// A sum of bfloat16 numbers stops growing after 256 equal terms. In float, 10 000 terms lose at most 10^4 / 2 ULP of
// their absolute sum, 3e-4 of it.
TEST_CASE("bfloat16 weights accumulate in float over 10 000 chunks") {
  using Half = Eigen::bfloat16;
  const Index batch = 10000;
  LinearProblem<Half> p(7, 3, 2, batch);
  LinearOptions<float> o;
  o.loss.reduction = xent::Reduction::sum;
  const Matrix<double> z = p.logits().cast<double>();
  Matrix<double> g(3, batch);
  xent::CrossEntropyOptions<double> wide;
  wide.reduction = xent::Reduction::sum;
  xent::softmax_cross_entropy(z, p.labels, g, wide);
  const Matrix<double> x = p.features.cast<double>();
  const Matrix<double> expected = g * x.transpose();
  const Matrix<double> bound = 3e-4 * (g.cwiseAbs() * x.cwiseAbs().transpose());

  SECTION("of one call") {
    o.workspace_bytes = 1;
    Matrix<float> d_weights;
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, d_weights, xent::none, xent::none, o);
    CHECK(((d_weights.cast<double>() - expected).array().abs() <= bound.array()).all());
    Matrix<Half> narrow;
    xent::linear_cross_entropy(p.weights, p.features, p.bias, p.labels, narrow, xent::none, xent::none, o);
    CHECK(same(narrow.cast<float>(), d_weights.cast<Half>().cast<float>()));
  }
  SECTION("of 10 000 calls") {
    o.accumulate = true;
    Matrix<float> d_weights = Matrix<float>::Zero(3, 2);
    for (Index i = 0; i < batch; ++i)
      xent::linear_cross_entropy(p.weights, p.features.col(i), p.bias, p.labels[static_cast<std::size_t>(i)], d_weights,
                                 xent::none, xent::none, o);
    CHECK(((d_weights.cast<double>() - expected).array().abs() <= bound.array()).all());
  }
}

TEST_CASE("absent samples anywhere, with NaN for features, never enter a product") {
  const LinearProblem<double> p(8, 30, 5, 40);
  const std::vector<std::vector<Index>> patterns{{0}, {39}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {3, 5, 6, 20, 38, 39}};
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{6000}, std::size_t{32} << 20U})
    for (const std::vector<Index>& gone : patterns)
      for (const bool by_weight : {false, true})
        for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
          CAPTURE(bytes, gone.size(), by_weight);
          LinearProblem<double> with = p;
          LinearProblem<double> without = p;
          LinearOptions<double> o;
          o.loss.axis = axis;
          o.workspace_bytes = bytes;
          std::vector<Index> kept;
          without.labels.clear();
          if (by_weight) o.loss.sample_weights = Vector<double>::Ones(40);
          for (Index i = 0; i < 40; ++i) {
            if (std::find(gone.begin(), gone.end(), i) == gone.end()) {
              kept.push_back(i);
              without.labels.push_back(p.labels[static_cast<std::size_t>(i)]);
              continue;
            }
            with.features.col(i).setConstant(std::numeric_limits<double>::quiet_NaN());
            if (by_weight) {
              o.loss.sample_weights[i] = 0;
              with.labels[static_cast<std::size_t>(i)] = 12345;  // not even looked at
            } else {
              with.labels[static_cast<std::size_t>(i)] = -100;
            }
          }
          without.features = p.features(Eigen::indexing::all, kept);
          const LinearAnswer<double> a = linear_answer(with, with.labels, o);
          LinearOptions<double> plain = o;
          plain.loss.sample_weights = {};
          const LinearAnswer<double> b = linear_answer(without, without.labels, plain);
          CHECK(support::ulps_of_number(a.loss, b.loss) <= 4);
          CHECK(ulps_of_largest(a.d_weights, b.d_weights) <= 4);
          CHECK(ulps_of_largest(a.d_bias, b.d_bias) <= 4);
          CHECK(ulps_of_largest(a.d_features(Eigen::indexing::all, kept), b.d_features) <= 4);
          CHECK(a.report.ignored == static_cast<Index>(gone.size()));
          for (const Index i : gone) {
            CHECK(a.d_features.col(i).isZero(0));
            CHECK((a.report.sample_loss[i] == 0 && a.report.entropy[i] == 0 && a.report.prediction[i] == -1));
            CHECK(a.report.logsumexp[i] == -std::numeric_limits<double>::infinity());
          }
        }
}

TEMPLATE_TEST_CASE("every executor gives the same bits", "", float, double) {
  using Real = TestType;
  const LinearProblem<Real> p(9, 3000, 300, 20);
  for (const std::size_t bytes : {std::size_t{600000}, std::size_t{32} << 20U}) {
    LinearOptions<Real> o;
    o.workspace_bytes = bytes;
    const LinearAnswer<Real> expected = linear_answer(p, p.labels, o);
    int calls = 0;
    for (const xent::Executor& executor : {support::backwards(&calls), support::threaded()}) {
      o.loss.executor = executor;
      const LinearAnswer<Real> a = linear_answer(p, p.labels, o);
      CHECK(a.loss == expected.loss);
      CHECK(same(a.d_weights, expected.d_weights));
      CHECK(same(a.d_features, expected.d_features));
      CHECK(same(a.d_bias, expected.d_bias));
      CHECK(same(a.report.sample_loss, expected.report.sample_loss));
    }
    CHECK(calls >= 3);
  }
}

// A NaN in one, in tiles of classes as in whole chunks.
TEMPLATE_TEST_CASE("a sample that is not for kernels changes no bit of others", "", float, double) {
  using Real = TestType;
  const LinearProblem<Real> p(91, 2000, 24, 130);
  LinearProblem<Real> with = p;
  with.features(5, 77) = std::numeric_limits<Real>::quiet_NaN();
  with.features.col(90).setConstant(std::numeric_limits<Real>::max());
  for (const std::size_t bytes : {std::size_t{200000}, std::size_t{32} << 20U}) {
    LinearOptions<Real> o;
    o.workspace_bytes = bytes;
    const LinearAnswer<Real> a = linear_answer(p, p.labels, o);
    const LinearAnswer<Real> b = linear_answer(with, with.labels, o);
    for (Index i = 0; i < 130; ++i) {
      CAPTURE(bytes, i);
      if (i == 77) {
        CHECK(std::isnan(b.report.sample_loss[i]));
      } else if (i != 90) {
        CHECK(a.report.sample_loss[i] == b.report.sample_loss[i]);
        CHECK(same(a.d_features.col(i), b.d_features.col(i)));
      }
    }
  }
}

// The bias comes last: products that are small beside it keep the digits that its sum has room for.
TEMPLATE_TEST_CASE("a large bias costs one rounding", "", float, double) {
  using Real = TestType;
  const Real large = sizeof(Real) == sizeof(float) ? Real(3e6) : Real(1e15);
  Matrix<Real> w(2, 256);
  w.row(0).setConstant(Real(0.1));
  w.row(1).setZero();
  const Matrix<Real> x = Matrix<Real>::Ones(256, 8);
  const Vector<Real> b = Vector<Real>::Constant(2, large);
  xent::CrossEntropyReport<Real> report;
  xent::linear_cross_entropy(w, x, b, std::vector<int>(8, 1), LinearOptions<Real>(), &report);
  const Real distance = Real(25.6);
  for (Index i = 0; i < 8; ++i)
    CHECK(std::abs(report.sample_loss[i] - distance) <= 2 * std::numeric_limits<Real>::epsilon() * large);
}

// Sums over many samples of few classes: each level of them is short.
TEST_CASE("gradients of many samples keep their digits") {
  const Index batch = 300000;
  const Matrix<float> w = Matrix<float>::Zero(3, 1);
  const Matrix<float> x = Matrix<float>::Ones(1, batch);
  Matrix<float> d_w;
  Vector<float> d_b;
  LinearOptions<float> o;
  o.loss.reduction = xent::Reduction::sum;
  xent::linear_cross_entropy(w, x, Vector<float>(Vector<float>::Zero(3)), std::vector<int>(batch, 0), d_w, xent::none,
                             d_b, o);
  const float third = 1.0F / 3 * static_cast<float>(batch);
  CHECK(std::abs(d_b[1] - third) <= 40 * 0x1p-24F * third);
  CHECK(std::abs(d_w(1, 0) - third) <= 40 * 0x1p-24F * third);
}
