// The kernels behind softmax_cross_entropy_hvp: held to the same function of long double, which no kernel serves, for
// every layout, option and kind of target. XENT_SIMD chooses which.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using xent::Axis;

using Wide = long double;
constexpr double bound = 8;  // of the sum of the absolute values of the terms

template <class Real>
struct Problem {
  Matrix<Real> z, v;
  std::vector<int> labels;
  xent::CrossEntropyOptions<Real> options{};

  /// Samples are columns; some classes of every third one are masked.
  Problem(Index classes, Index batch, support::Random& random) : z(classes, batch), v(classes, batch) {
    random.fill_normal(z, 0, 3);
    random.fill_normal(v, 0, 2);
    for (Index i = 0; i < batch; ++i) labels.push_back(random.integer(static_cast<int>(classes)));
    for (Index i = 0; i < batch; i += 3)
      for (Index k = 0; k < classes; ++k)
        if (k != labels[static_cast<std::size_t>(i)] && random.chance(0.2))
          z(k, i) = -std::numeric_limits<Real>::infinity();
  }
};

template <class Real>
xent::CrossEntropyOptions<Wide> widened(const xent::CrossEntropyOptions<Real>& o) {
  xent::CrossEntropyOptions<Wide> wide;
  wide.axis = o.axis;
  wide.temperature = o.temperature;
  wide.label_smoothing = o.label_smoothing;
  wide.smoothing = o.smoothing;
  wide.z_loss = o.z_loss;
  wide.reduction = o.reduction;
  wide.class_weights = o.class_weights.template cast<Wide>().eval();
  wide.sample_weights = o.sample_weights.template cast<Wide>().eval();
  return wide;
}

/// Samples are columns. The terms are s_k A v_k, and s_k (A - 2 zeta) s_j v_j for every j.
/// The results are those of every way in which the call can be made.
template <class Real, class Targets>
void check(const Problem<Real>& p, const Targets& targets, const std::vector<Matrix<Real>>& results) {
  const auto wide = widened(p.options);
  const Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic> z = p.z.template cast<Wide>(),
                                                            v = p.v.template cast<Wide>();
  Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic> exact(z.rows(), z.cols()), gradient(z.rows(), z.cols());
  xent::CrossEntropyReport<Wide> report;
  xent::softmax_cross_entropy_hvp(z, targets, v, exact, wide);
  xent::softmax_cross_entropy(z, targets, gradient, wide, &report);
  double worst = 0;
  for (Index i = 0; i < z.cols(); ++i) {
    Wide mean = 0;
    for (Index k = 0; k < z.rows(); ++k)
      if (std::isfinite(z(k, i)))
        mean += std::exp(z(k, i) / wide.temperature - report.logsumexp[i]) * std::abs(v(k, i));
    const Wide weight = wide.sample_weights.size() == 0 ? 1 : wide.sample_weights[i];
    const Wide denominator = wide.reduction == xent::Reduction::sum ? Wide(1) : report.denominator;
    const Wide a = weight / (denominator * wide.temperature * wide.temperature) *
                   (wide.class_weights.size() == 0 ? Wide(1) : wide.class_weights.minCoeff());  // not above A
    for (Index k = 0; k < z.rows(); ++k) {
      const bool counts = std::isfinite(z(k, i)) && std::isfinite(report.logsumexp[i]);
      const Wide s = counts ? std::exp(z(k, i) / wide.temperature - report.logsumexp[i]) : 0;
      const Wide scale = a * s * (std::abs(v(k, i)) + mean);
      for (const Matrix<Real>& out : results) {
        if (counts)
          worst = std::max(
              worst, oracle::ulp_error_of_scale(out(k, i), oracle::exactly(exact(k, i)), static_cast<double>(scale)));
        else
          CHECK(support::same_number(out(k, i), Real(0)));
      }
    }
  }
  CHECK(worst <= bound);
}

template <class Real, class Targets>
Matrix<Real> product(const Problem<Real>& p, const Targets& targets) {
  return xent::softmax_cross_entropy_hvp(p.z, targets, p.v, p.options);
}

/// In place of either argument, along the other axis, and with a direction that lies otherwise than the logits.
template <class Real>
std::vector<Matrix<Real>> products(const Problem<Real>& p) {
  std::vector<Matrix<Real>> all{product(p, p.labels), p.z, p.v};
  xent::softmax_cross_entropy_hvp(all[1], p.labels, p.v, all[1], p.options);
  xent::softmax_cross_entropy_hvp(p.z, p.labels, all[2], all[2], p.options);
  auto by_rows = p.options;
  by_rows.axis = Axis::rows;
  Matrix<Real> rows = p.z.transpose(), out;
  const Matrix<Real> v_rows = p.v.transpose();
  xent::softmax_cross_entropy_hvp(rows, p.labels, v_rows, out, by_rows);
  all.push_back(out.transpose());
  xent::softmax_cross_entropy_hvp(rows, p.labels, v_rows, rows, by_rows);
  all.push_back(rows.transpose());
  using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor v_major = p.v;
  all.emplace_back(xent::softmax_cross_entropy_hvp(p.z, p.labels, v_major, p.options));
  return all;
}

/// Within a few ULP of the largest of each sample, zero where the other is, NaN too.
template <class Real>
bool agree(const Matrix<Real>& a, const Matrix<Real>& b) {
  for (Index i = 0; i < a.cols(); ++i) {
    const Real tolerance = Real(8) * std::numeric_limits<Real>::epsilon() * b.col(i).cwiseAbs().maxCoeff();
    for (Index k = 0; k < a.rows(); ++k) {
      if (std::isnan(a(k, i)) != std::isnan(b(k, i)) || (a(k, i) == 0) != (b(k, i) == 0)) return false;
      if (!std::isnan(a(k, i)) && a(k, i) != b(k, i) && !(std::abs(a(k, i) - b(k, i)) <= tolerance)) return false;
    }
  }
  return true;
}

}  // namespace

TEMPLATE_TEST_CASE("Hessian kernels: within 8 ULP of the terms, for every target and option", "", float, double) {
  using Real = TestType;
  support::Random random(41);
  for (const Index classes : {1, 2, 10, 95, 300, 6000}) {
    Problem<Real> p(classes, classes > 1000 ? 4 : 70, random);
    const auto all = [&] {
      CAPTURE(classes);
      check(p, p.labels, products(p));
    };
    all();
    p.options.temperature = Real(1.7);
    p.options.label_smoothing = Real(0.1);
    p.options.z_loss = Real(0.01);
    all();
    p.options.smoothing = xent::Smoothing::other_classes;
    all();
    p.options.label_smoothing = 0;
    p.options.sample_weights.resize(p.z.cols());
    for (Real& w : p.options.sample_weights) w = static_cast<Real>(random.chance(0.2) ? 0 : random.uniform() + 0.5);
    p.options.class_weights.resize(classes);
    for (Real& w : p.options.class_weights) w = static_cast<Real>(random.uniform() + 0.5);
    p.labels[0] = static_cast<int>(p.options.ignore_index);
    all();

    const Problem<Real> q(classes, p.z.cols(), random);
    Matrix<Real> t(classes, q.z.cols());
    for (Index i = 0; i < t.cols(); ++i) {
      for (Index k = 0; k < classes; ++k) t(k, i) = std::isfinite(q.z(k, i)) ? static_cast<Real>(random.uniform()) : 0;
      t.col(i) /= t.col(i).sum();
    }
    const Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic> wide = t.template cast<Wide>();
    check(q, wide, {product(q, t)});
    const Eigen::SparseMatrix<Real> sparse = t.sparseView();
    check(q, wide, {product(q, sparse)});
  }
}

TEMPLATE_TEST_CASE("Hessian kernels: what they refuse is right", "", float, double) {
  using Real = TestType;
  const Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  support::Random random(42);
  for (const Index classes : {10, 200}) {
    const Problem<Real> p(classes, 20, random);
    Matrix<Real> expected;
    xent::softmax_cross_entropy_hvp(p.z, p.labels, p.v, expected);
    for (const Axis axis : {Axis::columns, Axis::rows}) {
      const auto run = [&](const Problem<Real>& broken) {
        if (axis == Axis::columns) return xent::softmax_cross_entropy_hvp(broken.z, broken.labels, broken.v, axis);
        const Matrix<Real> z = broken.z.transpose(), v = broken.v.transpose();
        return Matrix<Real>(xent::softmax_cross_entropy_hvp(z, broken.labels, v, axis).transpose());
      };
      for (const Real odd : {nan, inf, -inf, std::numeric_limits<Real>::max()}) {
        // At a masked class the direction is not read, at another one it is its sample's alone.
        Problem<Real> broken = p;
        const Index label = p.labels[4];
        const Index k = label == 0 ? 1 : 0;
        broken.z(k, 4) = -inf;
        const Matrix<Real> masked = run(broken);
        broken.v(k, 4) = odd;
        CHECK(agree(run(broken), masked));
        CHECK(support::same_number(run(broken)(k, 4), Real(0)));
        broken = p;
        broken.v(k, 4) = odd;
        Matrix<Real> out = run(broken);
        if (std::isnan(odd)) CHECK(std::isnan(out(k, 4)));
        out.col(4) = expected.col(4);
        CHECK(agree(out, expected));
        if (odd == std::numeric_limits<Real>::max()) continue;
        broken = p;
        broken.z.col(4).setConstant(odd);
        out = run(broken);
        CHECK((odd == -inf ? (out.col(4).array() == Real(0)).all() : out.col(4).array().isNaN().all()));
        out.col(4) = expected.col(4);
        CHECK(agree(out, expected));
      }
    }
  }
}

// So many classes that exponentials are computed again, in vectors that are not whole, under every shift.
TEMPLATE_TEST_CASE("Hessian kernels: long samples, wherever their logits lie", "", float, double) {
  using Real = TestType;
  support::Random random(43);
  Problem<Real> p(70001, 2, random);
  for (const double top : {0.0, -47.5, -225.2, 20.0, -532.5}) {
    CAPTURE(top);
    for (Index i = 0; i < 2; ++i) p.z.col(i).array() += static_cast<Real>(top) - p.z.col(i).maxCoeff();
    check(p, p.labels, {product(p, p.labels)});
  }
}

TEMPLATE_TEST_CASE("Hessian kernels: weights and directions of every size", "", float, double) {
  using Real = TestType;
  constexpr bool single = std::is_same_v<Real, float>;
  support::Random random(44);
  Problem<Real> p(200, 4, random);
  p.options.reduction = xent::Reduction::sum;
  for (const Real weight : {Real(1e-31), Real(1e9), single ? Real(1e-36) : Real(1e-200)}) {
    p.options.sample_weights = Eigen::Array<Real, Eigen::Dynamic, 1>::Constant(4, weight);
    check(p, p.labels, products(p));
  }
  p = Problem<Real>(2, 1, random);
  p.options.reduction = xent::Reduction::sum;
  p.options.sample_weights = {Real(1e9)};
  p.labels = {0};
  p.z << Real(0), Real(single ? -130 : -640);
  p.v << Real(1e12), Real(-1e12);
  check(p, p.labels, products(p));
  p.options.sample_weights = {Real(1)};
  p.z << Real(0), Real(0);
  p.v << Real(single ? 1e-30 : 1e-250), Real(0);
  check(p, p.labels, products(p));
}

// Masked classes with targets of their own take more of what smoothing gives away.
TEMPLATE_TEST_CASE("Hessian kernels: distributions with mass on masked classes", "", float, double) {
  using Real = TestType;
  support::Random random(45);
  for (const auto smoothing : {xent::Smoothing::all_classes, xent::Smoothing::other_classes}) {
    Problem<Real> p(3, 2, random);
    p.options.label_smoothing = Real(0.3);
    p.options.smoothing = smoothing;
    p.z.row(0).setConstant(-std::numeric_limits<Real>::infinity());
    p.z.bottomRows(2).setRandom();
    const Matrix<Real> t = Matrix<Real>::Identity(3, 2);
    check(p, Matrix<Wide>(t.template cast<Wide>()), {product(p, t)});
  }
}

TEST_CASE("Hessian kernels: results and directions that lie otherwise than the logits") {
  support::Random random(46);
  const Problem<float> p(200, 1, random);
  const Matrix<float> row = p.z.transpose(), v_row = p.v.transpose();
  const Matrix<float> expected = product(p, p.labels);
  Matrix<float> large = Matrix<float>::Constant(5, 200, 7);
  xent::softmax_cross_entropy_hvp(row, p.labels, v_row, large.topRows(1), Axis::rows);
  CHECK(agree<float>(large.topRows(1).transpose(), expected));
  CHECK((large.bottomRows(4).array() == 7.0F).all());

  // 16-bit logits that are widened, with a direction of float beside them.
  using Short = Eigen::Matrix<Eigen::bfloat16, Eigen::Dynamic, Eigen::Dynamic>;
  for (const Index classes : {20, 300, 10000})
    for (const Axis axis : {Axis::columns, Axis::rows}) {
      const Problem<float> q(classes, 6, random);
      const bool columns = axis == Axis::columns;
      const Short z = (columns ? q.z : Matrix<float>(q.z.transpose())).cast<Eigen::bfloat16>();
      const Matrix<float> v = columns ? q.v : Matrix<float>(q.v.transpose());
      Matrix<float> out, exact;
      xent::softmax_cross_entropy_hvp(z, q.labels, v, out, axis);
      xent::softmax_cross_entropy_hvp(z.cast<float>().eval(), q.labels, v, exact, axis);
      if (!columns) {
        out.transposeInPlace();
        exact.transposeInPlace();
      }
      CHECK(agree(out, exact));
    }
}
