// The kernels behind sigmoid_cross_entropy where the coefficients of a call differ in more than logit and target:
// weights per class and per sample, reports, layouts, targets of every kind. Held to the same call of long double,
// which no kernel serves.

#include <xent/sigmoid_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using xent::Axis;

using Wide = long double;
using WideMatrix = Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic>;

/// Rounding of the sums of a report's entries comes on top of the 4 ULP of each.
constexpr double bound = 4;

/// Samples are columns. Where logits exclude an outcome, it has no mass.
template <class Real>
struct Decisions {
  Matrix<Real> z, y;

  Decisions(Index classes, Index batch, bool hard, support::Random& random) : z(classes, batch), y(classes, batch) {
    for (Index i = 0; i < batch; ++i)
      for (Index k = 0; k < classes; ++k) {
        z(k, i) = static_cast<Real>(random.normal(0, random.chance(0.2) ? 40 : 3));
        y(k, i) = static_cast<Real>(hard || random.chance(0.2) ? random.integer(2) : random.uniform());
        if (hard && random.chance(0.05)) z(k, i) = (y(k, i) * 2 - 1) * std::numeric_limits<Real>::infinity();
      }
  }
};

template <class Real>
struct Options {
  xent::SigmoidOptions<Real> narrow{};
  xent::SigmoidOptions<Wide> wide{};

  void positive_weights(Index classes, support::Random& random) {
    narrow.positive_weights.resize(classes);
    for (Real& p : narrow.positive_weights) p = static_cast<Real>(random.chance(0.1) ? 0 : random.uniform() * 9);
    wide.positive_weights = narrow.positive_weights.template cast<Wide>().eval();
  }
  void sample_weights(Index batch, support::Random& random) {
    narrow.sample_weights.resize(batch);
    for (Real& w : narrow.sample_weights) w = static_cast<Real>(random.chance(0.3) ? 0 : random.uniform() * 5);
    narrow.sample_weights[0] = Real(1.5);
    wide.sample_weights = narrow.sample_weights.template cast<Wide>().eval();
  }
  void smoothing(double eps) {
    narrow.label_smoothing = static_cast<Real>(eps);
    wide.label_smoothing = static_cast<Wide>(narrow.label_smoothing);
  }
};

/// The larger of the two terms of each coefficient of the gradient.
template <class Real>
WideMatrix larger_terms(const Decisions<Real>& d, const xent::SigmoidOptions<Wide>& o, Wide denominator) {
  WideMatrix scale(d.z.rows(), d.z.cols());
  for (Index i = 0; i < scale.cols(); ++i)
    for (Index k = 0; k < scale.rows(); ++k) {
      const Wide y = d.y(k, i), eps = o.label_smoothing;
      const Wide p = o.positive_weights.size() == 0 ? 1 : o.positive_weights[k];
      const Wide w = o.sample_weights.size() == 0 ? 1 : o.sample_weights[i];
      const Wide sigma = 1 / (1 + std::exp(-static_cast<Wide>(d.z(k, i))));
      const Wide other = 1 / (1 + std::exp(static_cast<Wide>(d.z(k, i))));
      scale(k, i) =
          w / denominator * std::max(p * ((1 - eps) * y + eps / 2) * other, ((1 - eps) * (1 - y) + eps / 2) * sigma);
    }
  return scale;
}

template <class Real>
void check_report(const xent::SigmoidReport<Real>& got, const xent::SigmoidReport<Wide>& exact) {
  CHECK((got.correct == exact.correct && got.counted == exact.counted && got.ignored == exact.ignored));
  for (Index i = 0; i < got.sample_loss.size(); ++i) {
    CAPTURE(i);
    CHECK(oracle::ulp_error(got.sample_loss[i], oracle::exactly(exact.sample_loss[i])) <= bound);
    CHECK(oracle::ulp_error(got.logsumexp[i], oracle::exactly(exact.logsumexp[i])) <= bound);
    CHECK(oracle::ulp_error(got.entropy[i], oracle::exactly(exact.entropy[i])) <= bound);
    CHECK(got.prediction[i] == exact.prediction[i]);
  }
}

template <class Real>
void check_call(const Decisions<Real>& d, const Options<Real>& options) {
  WideMatrix exact;
  xent::SigmoidReport<Wide> wide_report;
  const Wide exact_loss = xent::sigmoid_cross_entropy(
      WideMatrix(d.z.template cast<Wide>()), WideMatrix(d.y.template cast<Wide>()), exact, options.wide, &wide_report);
  const WideMatrix scale = larger_terms(d, options.wide, wide_report.denominator);
  const auto check_gradient = [&](const Matrix<Real>& gradient) {
    double worst = 0;
    for (Index i = 0; i < exact.cols(); ++i)
      for (Index k = 0; k < exact.rows(); ++k)
        worst = std::max(worst, oracle::ulp_error_of_scale(gradient(k, i), oracle::exactly(exact(k, i)),
                                                           static_cast<double>(scale(k, i))));
    CHECK(worst <= bound);
  };
  Matrix<Real> gradient;
  const Real loss = xent::sigmoid_cross_entropy(d.z, d.y, gradient, options.narrow);
  CHECK(oracle::ulp_error(loss, oracle::exactly(exact_loss)) <= bound);
  check_gradient(gradient);
  CHECK(xent::sigmoid_cross_entropy(d.z, d.y, options.narrow) == loss);

  xent::SigmoidReport<Real> report;
  Matrix<Real> again;
  CHECK(oracle::ulp_error(xent::sigmoid_cross_entropy(d.z, d.y, again, options.narrow, &report),
                          oracle::exactly(exact_loss)) <= bound);
  CHECK(same(again, gradient));
  check_report(report, wide_report);

  // The other axis, in both storage orders: samples side by side, and one after the other.
  auto by_rows = options.narrow;
  by_rows.axis = Axis::rows;
  const Matrix<Real> z_rows = d.z.transpose(), y_rows = d.y.transpose();
  Matrix<Real> rows;
  xent::SigmoidReport<Real> rows_report;
  CHECK(oracle::ulp_error(xent::sigmoid_cross_entropy(z_rows, y_rows, rows, by_rows), oracle::exactly(exact_loss)) <=
        bound);
  CHECK(same(Matrix<Real>(rows.transpose()), gradient));
  xent::sigmoid_cross_entropy(z_rows, y_rows, rows, by_rows, &rows_report);
  CHECK(same(Matrix<Real>(rows.transpose()), gradient));
  check_report(rows_report, wide_report);
  using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor z_major = z_rows;
  RowMajor major(z_major.rows(), z_major.cols());
  xent::sigmoid_cross_entropy(z_major, y_rows, major, by_rows);
  CHECK(same(Matrix<Real>(major.transpose()), gradient));

  // Part of a larger matrix, and in place.
  Matrix<Real> large = Matrix<Real>::Constant(d.z.rows() + 3, d.z.cols() + 2, Real(7));
  large.block(1, 1, d.z.rows(), d.z.cols()) = d.z;
  auto block = large.block(1, 1, d.z.rows(), d.z.cols());
  xent::sigmoid_cross_entropy(block, d.y, block, options.narrow);
  CHECK(same(Matrix<Real>(block), gradient));
  CHECK((large.row(0).array() == Real(7)).all());
  CHECK((large.bottomRows(2).array() == Real(7)).all());
}

}  // namespace

TEMPLATE_TEST_CASE("decisions: weights, reports and layouts by kernels are within 4 ULP", "", float, double) {
  using Real = TestType;
  support::Random random(11);
  for (const Index classes : {1, 7, 130, 600}) {
    const Index batch = classes > 500 ? 5 : 70;
    for (const bool hard : {true, false})
      for (const int kind : {0, 1, 2, 3}) {
        CAPTURE(classes, hard, kind);
        const Decisions<Real> d(classes, batch, hard, random);
        Options<Real> options;
        if ((kind & 1) != 0) options.positive_weights(classes, random);
        if ((kind & 2) != 0) options.sample_weights(batch, random);
        if (!hard) options.smoothing(0.1);
        check_call(d, options);
      }
  }
}

TEMPLATE_TEST_CASE("decisions: targets of every kind are one", "", float, double) {
  using Real = TestType;
  support::Random random(12);
  for (const Index classes : {3, 40, 1300}) {
    const Index batch = classes > 1000 ? 4 : 50;
    const Decisions<Real> d(classes, batch, true, random);
    Matrix<Real> expected, got;
    const Real loss = xent::sigmoid_cross_entropy(d.z, d.y, expected);
    const auto check = [&](const auto& targets) {
      CHECK(xent::sigmoid_cross_entropy(d.z, targets, got) == loss);
      CHECK(same(got, expected));
    };
    check(d.y.template cast<int>().eval());
    check(d.y.template cast<bool>().eval());
    check(d.y.template cast<double>().eval());
    const Eigen::SparseMatrix<Real> by_sample = d.y.sparseView();
    const Eigen::SparseMatrix<Real, Eigen::RowMajor> by_class = by_sample;
    check(by_sample);
    check(by_class);
    auto few = by_sample;
    few.prune([](Index row, Index /*column*/, Real /*y*/) { return row % 31 == 0; });
    const Matrix<Real> dense(few);
    CHECK(xent::sigmoid_cross_entropy(d.z.cwiseAbs().cwiseMin(Real(9)).eval(), few, got) ==
          xent::sigmoid_cross_entropy(d.z.cwiseAbs().cwiseMin(Real(9)).eval(), dense, expected));
    CHECK(same(got, expected));
  }
}

// Irregular logits on all sides: kernels and the path of single coefficients take turns.
TEMPLATE_TEST_CASE("decisions: what kernels refuse is right among sparse targets and weights", "", float, double) {
  using Real = TestType;
  support::Random random(13);
  const Index classes = 1500, batch = 3;
  Decisions<Real> d(classes, batch, true, random);
  for (const Index k : {0, 5, 511, 512, 700, 1499}) d.z(k, 1) = std::numeric_limits<Real>::quiet_NaN();
  for (const Index k : {17, 513, 1024}) {
    d.z(k, 2) = std::numeric_limits<Real>::infinity();
    d.y(k, 2) = 0;
  }
  Options<Real> options;
  options.positive_weights(classes, random);
  const Eigen::SparseMatrix<Real> sparse = d.y.sparseView();
  Matrix<Real> from_dense, from_sparse;
  xent::SigmoidReport<Real> dense_report, sparse_report;
  xent::sigmoid_cross_entropy(d.z, d.y, from_dense, options.narrow, &dense_report);
  xent::sigmoid_cross_entropy(d.z, sparse, from_sparse, options.narrow, &sparse_report);
  CHECK(same(from_dense, from_sparse));
  for (Index i = 0; i < batch; ++i)
    for (Index k = 0; k < classes; ++k) CHECK(std::isnan(from_dense(k, i)) == std::isnan(d.z(k, i)));
  CHECK(support::same_number(dense_report.sample_loss[0], sparse_report.sample_loss[0]));
  CHECK(std::isnan(dense_report.sample_loss[1]));
  CHECK((dense_report.prediction[1] == -1 && std::isnan(dense_report.logsumexp[1])));
  CHECK(std::isinf(dense_report.sample_loss[2]));
  CHECK((dense_report.prediction == sparse_report.prediction).all());

  // What has weight 0 is not read.
  options.narrow.sample_weights = {Real(1), Real(0), Real(0)};
  const Real loss = xent::sigmoid_cross_entropy(d.z, d.y, from_dense, options.narrow, &dense_report);
  CHECK(std::isfinite(loss));
  CHECK((from_dense.rightCols(2).array() == Real(0)).all());
  CHECK((dense_report.counted == classes && dense_report.logsumexp[1] == -std::numeric_limits<Real>::infinity()));
}

// 0.1 is another number in double: it is used as given, and changes no bit of the decisions around it.
TEST_CASE("decisions: targets of more digits than the logits have") {
  support::Random random(14);
  const Index classes = 1400;
  Decisions<float> d(classes, 2, false, random);
  Eigen::MatrixXd y = d.y.cast<double>();
  Matrix<float> exact, got, from_sparse;
  xent::sigmoid_cross_entropy(d.z, y, exact);
  for (const Index k : {0, 300, 511, 512, 1399}) y(k, 1) = 0.1;
  const float loss = xent::sigmoid_cross_entropy(d.z, y, got);
  const Eigen::SparseMatrix<double> sparse = y.sparseView();
  CHECK(xent::sigmoid_cross_entropy(d.z, sparse, from_sparse) == loss);
  CHECK(same(got, from_sparse));
  WideMatrix wide;
  xent::sigmoid_cross_entropy(WideMatrix(d.z.cast<Wide>()), WideMatrix(y.cast<Wide>()), wide);
  for (Index k = 0; k < classes; ++k) {
    if (y(k, 1) != 0.1)
      CHECK(got(k, 1) == exact(k, 1));
    else
      CHECK(oracle::ulp_error_of_scale(got(k, 1), oracle::exactly(wide(k, 1)), 0.5 / (2.0 * classes)) <= bound);
  }
}

// Samples side by side are read and written some at a time, around what the portable path does.
TEMPLATE_TEST_CASE("decisions: a report of samples side by side is that of samples one after the other", "", float,
                   double, Eigen::half) {
  using Scalar = TestType;
  using Real = xent::RealOf<Scalar>;
  using M = Matrix<Scalar>;
  support::Random random(9);
  for (const Index classes : {2, 7, 130, 1100}) {
    for (const Index batch : {1, 15, 16, 37}) {
      CAPTURE(classes, batch);
      M z(classes, batch), y(classes, batch);
      for (Index i = 0; i < z.size(); ++i) {
        z.data()[i] = static_cast<Scalar>(static_cast<Real>(random.normal(0, 3)));
        y.data()[i] = static_cast<Scalar>(static_cast<Real>(random.integer(2)));
        if (random.chance(0.01)) z.data()[i] = std::numeric_limits<Scalar>::quiet_NaN();
      }
      M expected(classes, batch), got(batch, classes), in_place = z.transpose();
      const M z_rows = z.transpose(), y_rows = y.transpose();
      xent::SigmoidReport<Real> report, of_rows;
      xent::sigmoid_cross_entropy(z, y, expected, Axis::columns, &report);
      xent::sigmoid_cross_entropy(z_rows, y_rows, got, Axis::rows, &of_rows);
      CHECK(same(M(got.transpose()), expected));
      CHECK(same(of_rows.sample_loss, report.sample_loss));
      CHECK(same(of_rows.entropy, report.entropy));
      CHECK((of_rows.prediction == report.prediction).all());
      xent::sigmoid_cross_entropy(in_place, y_rows, in_place, Axis::rows, &of_rows);
      CHECK(same(M(in_place.transpose()), expected));
    }
  }
}
