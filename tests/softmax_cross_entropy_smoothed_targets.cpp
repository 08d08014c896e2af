// Smoothed distributions, and smoothed labels under class weights, by kernels, with classes masked: held to the same
// call of long double, which no kernel serves.

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
using WideMatrix = Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic>;

constexpr double loss_bound = 4;
constexpr double gradient_bound = 6;  // of the larger term

/// Samples are columns. Of those, some have no masked class, others all but two with a target and perhaps a third one.
template <class Real>
struct Problem {
  Matrix<Real> z, y;
  std::vector<int> labels;

  Problem(Index classes, Index batch, double spread, support::Random& random)
      : z(classes, batch), y(Matrix<Real>::Zero(classes, batch)) {
    random.fill_normal(z, 0, spread);
    for (Index i = 0; i < batch; ++i) {
      labels.push_back(random.integer(static_cast<int>(classes)));
      y(labels.back(), i) += Real(0.625);
      y(random.integer(classes), i) += Real(0.375);
      const double masked = i % 4 == 0 ? 0 : i % 4 == 1 ? 0.02 : i % 4 == 2 ? 0.5 : 1;
      const Index third = random.integer(classes);
      for (Index k = 0; k < classes; ++k)
        if (y(k, i) == 0 && (k != third || i % 8 == 3) && random.chance(masked))
          z(k, i) = -std::numeric_limits<Real>::infinity();
    }
  }
};

template <class Real>
using Options = xent::CrossEntropyOptions<Real>;

Options<Wide> widened(const Options<double>& o) {
  Options<Wide> wide;
  wide.temperature = o.temperature;
  wide.label_smoothing = o.label_smoothing;
  wide.smoothing = o.smoothing;
  wide.z_loss = o.z_loss;
  wide.class_weights = o.class_weights.cast<Wide>();
  return wide;
}
template <class Real>
Options<Real> of(const Options<double>& o, Axis axis) {
  Options<Real> options;
  options.axis = axis;
  options.temperature = static_cast<Real>(o.temperature);
  options.label_smoothing = static_cast<Real>(o.label_smoothing);
  options.smoothing = o.smoothing;
  options.z_loss = static_cast<Real>(o.z_loss);
  options.class_weights = o.class_weights.cast<Real>();
  return options;
}

/// What gradients are made of: of A s_k and Y_k the larger one, over D T.
template <class Real>
WideMatrix larger_terms(const Problem<Real>& p, const Matrix<Real>& y, const Options<Wide>& o,
                        const xent::CrossEntropyReport<Wide>& report) {
  WideMatrix terms(y.rows(), y.cols());
  for (Index i = 0; i < y.cols(); ++i) {
    const auto unmasked = static_cast<Wide>((p.z.col(i).array() > -std::numeric_limits<Real>::infinity()).count());
    const bool to_others = o.smoothing == xent::Smoothing::other_classes;
    const Wide receivers = to_others ? unmasked - 1 : unmasked;
    const bool smoothed = receivers > 0;
    const Wide share = smoothed ? o.label_smoothing / receivers : 0;
    const Wide keep = smoothed ? 1 - o.label_smoothing : 1;
    Wide mass = 0;
    for (Index k = 0; k < y.rows(); ++k) {
      const auto y_k = static_cast<Wide>(y(k, i));
      const Wide c = o.class_weights.size() == 0 ? 1 : o.class_weights[k];
      const bool masked = std::isinf(p.z(k, i));
      terms(k, i) = masked ? 0 : c * (keep * y_k + share * (1 - (to_others ? y_k : 0)));
      mass += terms(k, i);
    }
    const Wide a = mass + 2 * o.z_loss * std::abs(report.logsumexp[i]);
    for (Index k = 0; k < y.rows(); ++k)
      terms(k, i) =
          std::max(terms(k, i), a * std::exp(static_cast<Wide>(p.z(k, i)) / o.temperature - report.logsumexp[i]));
  }
  return terms / (report.denominator * o.temperature);
}

template <class Real>
struct Expected {
  WideMatrix gradient, terms;
  xent::CrossEntropyReport<Wide> report;
  Wide loss;
};

template <class Real>
void compare(const Problem<Real>& p, const Expected<Real>& expected, Real loss, const Matrix<Real>& gradient,
             const xent::CrossEntropyReport<Real>* report) {
  double worst = 0;
  double worst_loss = oracle::ulp_error(loss, oracle::exactly(expected.loss));
  bool masked_are_zero = true;
  for (Index i = 0; i < gradient.cols(); ++i) {
    if (report)
      worst_loss = std::max(worst_loss,
                            oracle::ulp_error(report->sample_loss[i], oracle::exactly(expected.report.sample_loss[i])));
    for (Index k = 0; k < gradient.rows(); ++k)
      if (std::isinf(p.z(k, i)))
        masked_are_zero = masked_are_zero && support::same_number(gradient(k, i), Real(0));
      else
        worst = std::max(worst, oracle::ulp_error_of_scale(gradient(k, i), oracle::exactly(expected.gradient(k, i)),
                                                           static_cast<double>(expected.terms(k, i))));
  }
  CHECK(masked_are_zero);
  CHECK(worst <= gradient_bound);
  CHECK(worst_loss <= loss_bound);
}

/// Four layouts, each out of place and in place, with a report and without.
template <class Real, class Targets, class TurnedTargets>
void check_layouts(const Problem<Real>& p, const Targets& targets, const TurnedTargets& turned,
                   const Options<double>& o, const Expected<Real>& expected) {
  xent::CrossEntropyReport<Real> report;
  for (auto* const to : {static_cast<xent::CrossEntropyReport<Real>*>(nullptr), &report}) {
    if (to && p.z.rows() > 8000) continue;
    CAPTURE(to != nullptr);
    Matrix<Real> gradient;
    Real loss = xent::softmax_cross_entropy(p.z, targets, gradient, of<Real>(o, Axis::columns), to);
    compare(p, expected, loss, gradient, to);
    gradient = p.z;
    loss = xent::softmax_cross_entropy(gradient, targets, gradient, of<Real>(o, Axis::columns), to);
    compare(p, expected, loss, gradient, to);
    const Matrix<Real> rows = p.z.transpose();
    Matrix<Real> out;
    loss = xent::softmax_cross_entropy(rows, turned, out, of<Real>(o, Axis::rows), to);
    compare(p, expected, loss, Matrix<Real>(out.transpose()), to);
    out = rows;
    loss = xent::softmax_cross_entropy(out, turned, out, of<Real>(o, Axis::rows), to);
    compare(p, expected, loss, Matrix<Real>(out.transpose()), to);
  }
}

template <class Real>
Expected<Real> exactly(const Problem<Real>& p, const Matrix<Real>& y, const Options<Wide>& o, bool of_labels) {
  Expected<Real> e;
  const WideMatrix z = p.z.template cast<Wide>();
  if (of_labels)
    e.loss = xent::softmax_cross_entropy(z, p.labels, e.gradient, o, &e.report);
  else
    e.loss = xent::softmax_cross_entropy(z, y.template cast<Wide>().eval(), e.gradient, o, &e.report);
  e.terms = larger_terms(p, y, o, e.report);
  return e;
}

template <class Real>
void check(const Problem<Real>& p, const Options<double>& o) {
  // What the call is told is rounded to Real before.
  Options<double> told = o;
  told.temperature = static_cast<double>(static_cast<Real>(o.temperature));
  told.label_smoothing = static_cast<double>(static_cast<Real>(o.label_smoothing));
  told.z_loss = static_cast<double>(static_cast<Real>(o.z_loss));
  told.class_weights = o.class_weights.cast<Real>().template cast<double>();
  const Options<Wide> wide = widened(told);
  const Expected<Real> of_distribution = exactly(p, p.y, wide, false);
  check_layouts(p, p.y, Matrix<Real>(p.y.transpose()), o, of_distribution);
  const Eigen::SparseMatrix<Real> sparse = p.y.sparseView();
  const Eigen::SparseMatrix<Real> turned = Matrix<Real>(p.y.transpose()).sparseView();
  check_layouts(p, sparse, turned, o, of_distribution);
  if (o.class_weights.size() == 0) return;
  Matrix<Real> one_hot = Matrix<Real>::Zero(p.y.rows(), p.y.cols());
  for (Index i = 0; i < one_hot.cols(); ++i) one_hot(p.labels[static_cast<std::size_t>(i)], i) = 1;
  check_layouts(p, p.labels, p.labels, o, exactly(p, one_hot, wide, true));
}

}  // namespace

TEMPLATE_TEST_CASE("smoothed targets: masked classes do not exist, whichever way samples are walked", "", float,
                   double) {
  using Real = TestType;
  support::Random random(53);
  for (const Index classes : {2, 3, 16, 40, 110, 700, 9000, 70000}) {
    const Problem<Real> p(classes, classes > 8000 ? 4 : 45, 3, random);
    for (const auto smoothing : {xent::Smoothing::all_classes, xent::Smoothing::other_classes})
      for (const bool weighted : {false, true}) {
        // Long samples take their time: one rule with class weights, the other one without.
        if (classes > 8000 && weighted == (smoothing == xent::Smoothing::all_classes)) continue;
        CAPTURE(classes, weighted, smoothing == xent::Smoothing::all_classes);
        Options<double> o;
        o.label_smoothing = 0.1;
        o.smoothing = smoothing;
        if (weighted) {
          o.class_weights = Eigen::Array<double, Eigen::Dynamic, 1>::LinSpaced(classes, 0.5, 2);
          o.temperature = 1.7;
          o.z_loss = 0.01;
        }
        check(p, o);
      }
  }
}

// What others of a tile have masked is nothing to a sample.
TEMPLATE_TEST_CASE("smoothed targets: the same bits alone and among masked samples", "", float, double) {
  using Real = TestType;
  support::Random random(54);
  for (const Index classes : {10, 100, 700, 70000}) {
    CAPTURE(classes);
    const Index batch = classes > 8000 ? 4 : 45;
    const Problem<Real> p(classes, batch, 3, random);
    Options<double> o;
    o.label_smoothing = 0.1;
    auto options = of<Real>(o, Axis::columns);
    options.reduction = xent::Reduction::sum;
    Matrix<Real> together;
    Matrix<Real> alone;
    xent::softmax_cross_entropy(p.z, p.y, together, options);
    for (Index i = 0; i < batch; ++i) {
      const Matrix<Real> z = p.z.col(i);
      const Matrix<Real> y = p.y.col(i);
      xent::softmax_cross_entropy(z, y, alone, options);
      CHECK(support::same(alone, Matrix<Real>(together.col(i))));
    }
  }
}
