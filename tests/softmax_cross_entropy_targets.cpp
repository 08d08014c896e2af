// Distributions, and smoothed labels under class weights, in batches large enough for every walk: results past the
// caches and in place, few classes and many, classes that are strided, targets that lie otherwise than the logits.
// Samples that the kernels leave to others stand among the rest.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;

template <class Real>
using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class Real>
using Options = xent::CrossEntropyOptions<Real>;

constexpr int ignored = -100;

// Of logits; results of more than 4 MiB go past the caches.
constexpr Index large = Index{5} << 20;
constexpr Index small = Index{1} << 18;

/// Logits with targets of both kinds, at least three samples.
template <class Real>
struct Batch {
  Matrix<Real> z;
  Matrix<Real> y;
  std::vector<int> labels;

  Batch(Index classes, Index bytes, support::Random& random) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();
    const Index count = std::max<Index>(3, bytes / static_cast<Index>(sizeof(Real)) / classes);
    z.resize(classes, count);
    y.resize(classes, count);
    random.fill_uniform(z, -9, 9);
    random.fill_uniform(y, 0, 1);
    for (Index i = 0; i < count; ++i) {
      y.col(i) /= y.col(i).sum();
      labels.push_back(static_cast<int>(random.integer(classes)));
      const Index k = random.integer(classes);
      switch (random.integer(count < 3000 ? 24 : 500)) {
        case 0:
          z(k, i) = nan;
          break;
        case 1:
          y(k, i) = nan;
          break;
        case 2:
          y(k, i) = -Real(0.25);
          break;
        case 3:
          y(k, i) = Real(1e30F);
          break;
        case 4:
          z(k, i) = -infinity;  // under a target
          break;
        case 5:
          z(k, i) = -infinity;
          y(k, i) = 0;
          labels.back() = static_cast<int>((k + 1) % classes);
          break;
        case 6:
          z(k, i) = infinity;
          break;
        case 7:
          z.col(i).setConstant(-infinity);
          break;
        case 8:  // one class has nearly all
          z(k, i) = 40;
          labels.back() = static_cast<int>(k);
          y.col(i).setZero();
          y(k, i) = 1;
          break;
        case 9:
          labels.back() = ignored;
          break;
        case 10:
          y.col(i).setZero();
          break;
        default:
          break;
      }
    }
  }
};

/// Options with and without numbers for every class besides the targets.
template <class Real>
std::vector<Options<Real>> option_sets(Index classes, Index count, support::Random& random) {
  Options<Real> plain;
  plain.reduction = xent::Reduction::sum;
  Options<Real> weighted = plain;
  weighted.class_weights.resize(classes);
  for (Real& c : weighted.class_weights) c = random.chance(0.1) ? Real(0) : static_cast<Real>(random.uniform(0.2, 3));
  weighted.temperature = Real(1.75);
  Options<Real> smoothed = plain;
  smoothed.label_smoothing = Real(0.2);
  smoothed.z_loss = Real(0.01);
  Options<Real> both = weighted;
  both.label_smoothing = Real(0.3);
  both.smoothing = xent::Smoothing::other_classes;
  both.sample_weights.resize(count);
  for (Real& w : both.sample_weights) w = random.chance(0.1) ? Real(0) : static_cast<Real>(random.uniform(-2, 2));
  return {plain, weighted, smoothed, both};
}

/// Some samples of a batch with their results by definition, and the sizes of the terms that these are sums of.
template <class Real>
class Expected {
 public:
  /// Of labels, if `of_labels`.
  Expected(const Batch<Real>& batch, const Options<Real>& options, bool of_labels) {
    const Index classes = batch.z.rows();
    const Index count = batch.z.cols();
    const Index wanted = std::max<Index>(3, 20000 / classes);
    const reference::Options o = reference::options_from(options);
    for (Index i = 0; i < count; i += std::max<Index>(1, count / wanted)) {
      const int label = of_labels ? batch.labels[static_cast<std::size_t>(i)] : -1;
      reference::Vector y = reference::Vector::Zero(classes);
      if (!of_labels) y = batch.y.col(i).template cast<Wide>().array();
      if (label >= 0) y[label] = 1;
      const Wide weight = label == ignored ? 0 : o.sample_weights.size() == 0 ? 1 : o.sample_weights[i];
      samples_.push_back(sample(i, batch.z.col(i).template cast<Wide>().array(), y, label, weight, o));
    }
  }

  /// Where results are beyond their bounds; empty if nowhere. `at(k, i)` is the gradient.
  template <class At, class Losses>
  std::string disagreement(const At& at, const Losses& losses) const {
    for (const Sample& s : samples_) {
      const auto i = static_cast<std::size_t>(s.index);
      const double loss = oracle::ulp_error_of_scale(losses[s.index], oracle::exactly(s.loss), s.loss_scale);
      if (!(loss <= 4)) return "loss of sample " + std::to_string(i) + " by " + std::to_string(loss) + " ULP";
      for (Index k = 0; k < s.gradient.size(); ++k) {
        const double error = oracle::ulp_error_of_scale(at(k, s.index), oracle::exactly(s.gradient[k]), s.scales[k]);
        if (!(error <= 6))
          return "gradient of class " + std::to_string(k) + ", sample " + std::to_string(i) + " by " +
                 std::to_string(error) + " ULP";
      }
    }
    return {};
  }

 private:
  using Wide = reference::Real;

  struct Sample {
    Index index{0};
    Wide loss{0};
    double loss_scale{0};
    reference::Vector gradient;
    Eigen::ArrayXd scales;
  };

  static Sample sample(Index i, const reference::Vector& z, const reference::Vector& y, Index label, Wide weight,
                       const reference::Options& o) {
    const Index classes = z.size();
    Sample r{i, 0, 0, reference::Vector::Zero(classes), Eigen::ArrayXd::Zero(classes)};
    if (weight == 0) return r;
    if (z.isNaN().any() || y.isNaN().any() || (z == reference::infinity).any()) {
      r.loss = reference::nan;
      r.gradient.setConstant(reference::nan);
      return r;
    }
    const reference::Vector target = reference::effective_target(z, y, label, o);
    const Wide m = z.maxCoeff();
    if (m == -reference::infinity) {
      if ((target > 0).any() || o.z_loss > 0) r.loss = weight * reference::infinity;
      return r;
    }
    const auto sum = [&](const auto& term) { return reference::sum(classes, term); };
    Index argmax = 0;
    z.maxCoeff(&argmax);
    const Wide rest = sum([&](Index k) { return k == argmax ? Wide(0) : std::exp((z[k] - m) / o.temperature); });
    const Wide total = 1 + rest;
    const Wide above = std::log1p(rest);
    const Wide lse = m / o.temperature + above;
    const auto surprise = [&](Index k) {
      return target[k] == 0 ? Wide(0) : target[k] * ((m - z[k]) / o.temperature + above);
    };
    r.loss = weight * (sum(surprise) + o.z_loss * lse * lse);
    const Wide lse_size = std::max(std::abs(lse), std::abs(m) / o.temperature);
    const Wide a = target.sum() + 2 * o.z_loss * lse;
    const Wide a_size = target.abs().sum() + 2 * o.z_loss * lse_size;
    const Wide alpha = weight / o.temperature;
    for (Index k = 0; k < classes; ++k) {
      const Wide s = std::exp((z[k] - m) / o.temperature) / total;
      r.gradient[k] = alpha * (a * s - target[k]);
      r.scales[k] = static_cast<double>(std::abs(alpha) * std::max(a_size * s, std::abs(target[k])));
    }
    if (!std::isfinite(r.loss)) return r;
    r.loss_scale = static_cast<double>(
        std::abs(weight) * (sum([&](Index k) { return std::abs(surprise(k)); }) + o.z_loss * lse_size * lse_size));
    return r;
  }

  std::vector<Sample> samples_;
};

/// All ways to ask for the gradient of a batch.
template <class Real, class Targets, class RowTargets>
std::string check(const Batch<Real>& b, const Targets& targets, const RowTargets& row_targets,
                  const Options<Real>& options, bool of_labels) {
  const Expected<Real> expected(b, options, of_labels);
  const Index classes = b.z.rows();
  const Index count = b.z.cols();
  std::string text;
  const auto see = [&](const char* what, const auto& gradient, const auto& losses) {
    const std::string wrong = expected.disagreement([&](Index k, Index i) { return gradient(k, i); }, losses);
    if (!wrong.empty()) text += std::string(what) + ": " + wrong + "; ";
  };
  xent::CrossEntropyReport<Real> report;
  Matrix<Real> gradient = Matrix<Real>::Zero(classes, count);
  xent::softmax_cross_entropy(b.z, targets, gradient, options, &report);
  see("with a report", gradient, report.sample_loss);
  const auto losses = report.sample_loss;
  gradient.setZero();
  xent::softmax_cross_entropy(b.z, targets, gradient, options);
  see("alone", gradient, losses);
  xent::softmax_cross_entropy(b.z, targets, options, &report);
  see("loss only", gradient, report.sample_loss);

  Matrix<Real> in_place = b.z;
  xent::softmax_cross_entropy(in_place, targets, in_place, options);
  see("in place", in_place, losses);
  Matrix<Real> around = Matrix<Real>::Constant(classes + 3, count, Real(-77));
  xent::softmax_cross_entropy(b.z, targets, around.topRows(classes), options);
  see("with gaps", around, losses);
  if (!(around.bottomRows(3).array() == Real(-77)).all()) text += "written into gaps; ";

  const RowMajor<Real> z = b.z;
  RowMajor<Real> rows = RowMajor<Real>::Zero(classes, count);
  xent::softmax_cross_entropy(z, row_targets, rows, options, &report);
  see("strided", rows, report.sample_loss);
  rows.setZero();
  xent::softmax_cross_entropy(z, targets, rows, options);
  see("strided, other targets", rows, losses);
  rows = z;
  xent::softmax_cross_entropy(rows, row_targets, rows, options);
  see("strided, in place", rows, losses);
  gradient.setZero();
  xent::softmax_cross_entropy(b.z, row_targets, gradient, options);
  see("strided targets", gradient, losses);
  return text;
}

}  // namespace

TEMPLATE_TEST_CASE("targets: dense ones in large batches hold their bounds", "", float, double) {
  using Real = TestType;
  support::Random random(41);
  for (const Index bytes : {large, small})
    for (const Index classes : {2, 7, 100, 1000, 4100, 70001}) {
      const Batch<Real> b(classes, bytes, random);
      const RowMajor<Real> by_rows = b.y;
      for (const Options<Real>& o : option_sets<Real>(classes, b.z.cols(), random)) {
        CAPTURE(bytes, classes, o.label_smoothing, o.class_weights.size());
        CHECK(check(b, b.y, by_rows, o, false) == "");
        if (bytes == large) break;
      }
    }
}

TEMPLATE_TEST_CASE("targets: sparse ones in large batches hold their bounds", "", float, double) {
  using Real = TestType;
  support::Random random(42);
  for (const Index classes : {7, 1000, 4100}) {
    Batch<Real> b(classes, classes == 1000 ? large : small, random);
    for (Real& y : b.y.reshaped())
      if (random.chance(0.9)) y = 0;
    const Eigen::SparseMatrix<Real> by_columns = b.y.sparseView(Real(1), Real(0));
    const Eigen::SparseMatrix<Real, Eigen::RowMajor> by_rows = by_columns;
    for (const Options<Real>& o : option_sets<Real>(classes, b.z.cols(), random)) {
      CAPTURE(classes, o.label_smoothing, o.class_weights.size());
      CHECK(check(b, by_columns, by_rows, o, false) == "");
    }
  }
}

TEMPLATE_TEST_CASE("targets: labels under smoothing and class weights in large batches hold their bounds", "", float,
                   double) {
  using Real = TestType;
  support::Random random(43);
  for (const Index classes : {7, 1000, 4100}) {
    const Batch<Real> b(classes, classes == 1000 ? large : small, random);
    for (const Options<Real>& o : option_sets<Real>(classes, b.z.cols(), random)) {
      if (o.label_smoothing == 0 || o.class_weights.size() == 0) continue;
      CAPTURE(classes);
      CHECK(check(b, b.labels, b.labels, o, true) == "");
    }
  }
}

// One product of rounded parts would leave nothing: s_k - 1 is 0 from these margins on.
TEMPLATE_TEST_CASE("targets: what is left of a confident class that has all of the target", "", float, double) {
  using Real = TestType;
  constexpr Real margin = sizeof(Real) == 4 ? 18 : 38;
  for (const Index classes : {3, 40, 2000}) {
    Matrix<Real> z = Matrix<Real>::Zero(classes, 70);
    Matrix<Real> y = Matrix<Real>::Zero(classes, 70);
    std::vector<int> labels;
    for (Index i = 0; i < z.cols(); ++i) {
      labels.push_back(static_cast<int>(i % classes));
      z(labels.back(), i) = margin;
      y(labels.back(), i) = 1;
    }
    Matrix<Real> expected;
    xent::softmax_cross_entropy(z, labels, expected);
    const auto agrees = [&](const auto& targets) {
      Matrix<Real> gradient;
      xent::softmax_cross_entropy(z, targets, gradient);
      // The portable path subtracts in wide arithmetic: 2^-53 e^18 for float, 2^-104 e^38 for double.
      return support::all_of(gradient, expected, [](Real a, Real b) {
        return std::abs(a - b) <= Real(8) * std::numeric_limits<Real>::epsilon() * std::abs(b);
      });
    };
    CAPTURE(classes);
    CHECK(agrees(y));
    CHECK(agrees(Matrix<Real>(RowMajor<Real>(y))));
    CHECK(agrees(Eigen::SparseMatrix<Real>(y.sparseView())));
  }
}

TEMPLATE_TEST_CASE("targets: of 16 bits as their floats", "", Eigen::bfloat16, Eigen::half) {
  using Short = TestType;
  support::Random random(44);
  for (const Index classes : {3, 100, 5000}) {
    const Batch<float> b(classes, small, random);
    const Matrix<Short> y = b.y.cast<Short>();
    const Matrix<float> widened = y.template cast<float>();
    CAPTURE(classes);
    Matrix<float> expected;
    Matrix<float> gradient;
    xent::softmax_cross_entropy(b.z, widened, expected);
    xent::softmax_cross_entropy(b.z, y, gradient);
    CHECK(support::same(gradient, expected));

    const RowMajor<float> by_rows = b.z;
    const RowMajor<Short> y_by_rows = y;
    RowMajor<float> of_rows;
    RowMajor<float> expected_rows;
    xent::softmax_cross_entropy(by_rows, RowMajor<float>(widened), expected_rows);
    xent::softmax_cross_entropy(by_rows, y_by_rows, of_rows);
    CHECK(support::same(of_rows, expected_rows));

    const Matrix<Short> z = b.z.cast<Short>();
    Matrix<Short> in_place = z;
    Matrix<Short> apart;
    Matrix<float> of_floats;
    xent::softmax_cross_entropy(z, y, of_floats);
    xent::softmax_cross_entropy(z, y, apart);
    xent::softmax_cross_entropy(in_place, y, in_place);
    CHECK(support::same(apart, Matrix<Short>(of_floats.cast<Short>())));
    CHECK(support::same(apart, in_place));
  }
}

TEMPLATE_TEST_CASE("targets: the same bits on every executor", "", float, double) {
  using Real = TestType;
  support::Random random(45);
  for (const Index classes : {7, 1000, 9001}) {
    const Batch<Real> b(classes, 4 * small, random);
    for (Options<Real> o : option_sets<Real>(classes, b.z.cols(), random)) {
      Matrix<Real> expected;
      Matrix<Real> gradient;
      xent::CrossEntropyReport<Real> expected_report;
      xent::CrossEntropyReport<Real> report;
      xent::softmax_cross_entropy(b.z, b.y, expected, o, &expected_report);
      o.executor = support::threaded();
      xent::softmax_cross_entropy(b.z, b.y, gradient, o, &report);
      CHECK(support::same(gradient, expected));
      CHECK(support::same(report.sample_loss, expected_report.sample_loss));
      CHECK(support::same_number(report.temperature_gradient, expected_report.temperature_gradient));
    }
  }
}
