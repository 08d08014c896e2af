// The gradient is the derivative of the loss, the temperature gradient too, and the Hessian product is the derivative
// of the gradient: by central differences in long double, and by automatic differentiation.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/SparseCore>
#include <unsupported/Eigen/AutoDiff>

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/semantics.hpp"

using namespace semantics;

namespace {

using Real = long double;

/// f'(0) by the five-point stencil: truncation h^4 f'''''/30 = 2e-15 f''''', rounding 1e-19/h = 2e-16.
template <class F>
auto derivative(F f) {
  const Real h = 0x1p-11L;
  using Value = decltype(f(h));
  return Value((Value(f(h) - f(-h)) * Real(8) - Value(f(2 * h) - f(-2 * h))) / (12 * h));
}
/// Truncation, for the fifth derivatives that temperatures down to 1/2 give.
constexpr Real tolerance = 1e-12L;

struct NamedOptions {
  std::string name;
  Options<Real> options;
};

/// Each option alone, and all of them, for 5 classes and 4 samples.
std::vector<NamedOptions> option_sets() {
  std::vector<NamedOptions> sets{{"none", {}}};
  Options<Real> all;
  all.temperature = 0.8L;
  const auto add = [&](const std::string& name, auto set) {
    Options<Real> alone;
    set(alone);
    set(all);
    sets.push_back({name, alone});
    sets.push_back({"all up to " + name, all});
  };
  add("rows", [](auto& o) { o.axis = xent::Axis::rows; });
  add("temperature", [](auto& o) { o.temperature = 1.7L; });
  add("z_loss", [](auto& o) { o.z_loss = 0.03L; });
  add("class_weights", [](auto& o) { o.class_weights = {0.5L, 2, 1, 0, 1.5L}; });
  add("sample_weights", [](auto& o) { o.sample_weights = {1, 0.25L, 0, 2}; });
  add("all_classes", [](auto& o) { o.label_smoothing = 0.2L; });
  add("other_classes", [](auto& o) {
    o.label_smoothing = 0.3L;
    o.smoothing = xent::Smoothing::other_classes;
  });
  add("denominator", [](auto& o) { o.denominator = 7; });
  add("negative", [](auto& o) { (o.sample_weights = {-1, 0.25L, 0, -2}), (o.reduction = xent::Reduction::sum); });
  return sets;
}

support::Batch<Real> some_batch() {
  support::Random random(17);
  support::Batch<Real> b = support::random_batch<Real>(random, 5, 4);
  b.z(3, 1) = -inf<Real>;
  b.y(3, 1) = 0;
  if (b.labels[1] == 3) b.labels[1] = 0;
  return b;
}

}  // namespace

TEST_CASE("the gradient is the derivative of the loss") {
  for (const NamedOptions& set : option_sets())
    for (const Kind kind : every_kind) {
      CAPTURE(set.name, support::name(kind));
      const support::Batch<Real> b = some_batch();
      const support::Answer<Real> a = support::answer(b, kind, set.options);
      for (Index i = 0; i < b.z.cols(); ++i)
        for (Index k = 0; k < b.z.rows(); ++k) {
          const Real difference = derivative([&](Real h) {
            support::Batch<Real> moved = b;
            moved.z(k, i) += h;
            return support::answer(moved, kind, set.options).loss;
          });
          CHECK(std::abs(a.gradient(k, i) - difference) <= tolerance);
        }
    }
}

TEST_CASE("the temperature gradient is the derivative of the loss") {
  for (const NamedOptions& set : option_sets())
    for (const Kind kind : every_kind) {
      CAPTURE(set.name, support::name(kind));
      const support::Batch<Real> b = some_batch();
      const Real difference = derivative([&](Real h) {
        Options<Real> moved = set.options;
        moved.temperature += h / 16;
        return support::answer(b, kind, moved).loss * 16;
      });
      const support::Answer<Real> a = support::answer(b, kind, set.options);
      CHECK(std::abs(a.report.temperature_gradient - difference) <= tolerance);
    }
}

TEST_CASE("the Hessian product is the derivative of the gradient, and symmetric") {
  for (const NamedOptions& set : option_sets())
    for (const Kind kind : every_kind) {
      CAPTURE(set.name, support::name(kind));
      const support::Batch<Real> b = some_batch();
      const support::Answer<Real> a = support::answer(b, kind, set.options);
      const support::Matrix<Real> difference = derivative([&](Real h) {
        support::Batch<Real> moved = b;
        moved.z += h * b.v;
        return support::answer(moved, kind, set.options).gradient;
      });
      CHECK((a.hvp - difference).cwiseAbs().maxCoeff() <= tolerance);
      support::Batch<Real> other = b;
      support::Random(23).fill_normal(other.v);
      const Real uv = (a.hvp.array() * other.v.array()).sum();
      const Real vu = (support::answer(other, kind, set.options).hvp.array() * b.v.array()).sum();
      CHECK(std::abs(uv - vu) <= 1e-17L);
    }
}

// The entries of a gradient add up to w / (D T) 2 zeta lse: to 0 without z-loss.
TEST_CASE("the sum of the gradient of a sample") {
  for (const NamedOptions& set : option_sets())
    for (const Kind kind : every_kind) {
      CAPTURE(set.name, support::name(kind));
      const Options<Real>& o = set.options;
      const support::Answer<Real> a = support::answer(some_batch(), kind, o);
      const Real d = o.reduction == xent::Reduction::mean ? a.report.denominator : 1;
      for (Index i = 0; i < 4; ++i) {
        const Real w = o.sample_weights.size() != 0 ? o.sample_weights[i] : 1;
        const Real expected = w == 0 ? 0 : w / (d * o.temperature) * 2 * o.z_loss * a.report.logsumexp[i];
        CHECK(std::abs(a.gradient.col(i).sum() - expected) <= 1e-17L);
      }
    }
}

namespace {

using Dual = Eigen::AutoDiffScalar<Eigen::Matrix<double, 13, 1>>;  // 12 logits and the temperature
using DualMatrix = Eigen::Matrix<Dual, Eigen::Dynamic, Eigen::Dynamic>;

Options<Dual> differentiated(const Options<double>& o) {
  Options<Dual> d;
  d.axis = o.axis;
  d.reduction = o.reduction;
  if (o.denominator) d.denominator = Dual(*o.denominator);
  d.label_smoothing = Dual(o.label_smoothing);
  d.smoothing = o.smoothing;
  d.temperature = Dual(o.temperature, 13, 12);
  d.z_loss = Dual(o.z_loss);
  d.class_weights = o.class_weights.cast<Dual>();
  d.sample_weights = o.sample_weights.cast<Dual>();
  return d;
}

}  // namespace

// The second derivatives come out of the derivatives of the fused gradient.
TEST_CASE("AutoDiffScalar differentiates the loss, and agrees with the fused gradient") {
  support::Matrix<double> z(4, 3);
  z << 0.5, -1, 30, 0.25, 2, -1, -0.75, -inf<double>, 0, 1.5, 0, 0.5;
  support::Batch<double> b(z, {3, 1, 0});
  b.y << 0.5, 0, 1, 0.25, 2, 0, 0, 0, 0.5, 0.25, 0.5, 0;
  std::vector<Options<double>> sets = some_options<double>();
  for (Options<double>& o : sets) {
    o.axis = xent::Axis::columns;
    if (o.class_weights.size() != 0) o.class_weights = {2, 0.5, 1, 3};
    if (o.sample_weights.size() != 0) o.sample_weights = {1, 2, 0.5};
  }
  for (const Options<double>& o : sets)
    for (const Kind kind : every_kind) {
      CAPTURE(support::name(kind));
      const support::Answer<double> expected = support::answer(b, kind, o);
      DualMatrix duals(4, 3);
      for (int i = 0; i < 12; ++i) duals.data()[i] = Dual(b.z.data()[i], 13, i);
      DualMatrix gradient(4, 3);
      xent::CrossEntropyReport<Dual> report;
      const auto ask = [&](const auto& targets) {
        const Dual loss = xent::softmax_cross_entropy(duals, targets, gradient, differentiated(o), &report);
        const Dual alone = xent::softmax_cross_entropy(duals, targets, differentiated(o));
        CHECK((loss.value() == alone.value() && loss.derivatives() == alone.derivatives()));
        return loss;
      };
      const Dual loss = kind == Kind::labels  ? ask(b.labels)
                        : kind == Kind::dense ? ask(b.y)
                        : kind == Kind::sparse_columns
                            ? ask(Eigen::SparseMatrix<double>(b.y.sparseView()))
                            : ask(Eigen::SparseMatrix<double, Eigen::RowMajor>(b.y.sparseView()));
      const double rounding = 1e-14;
      CHECK(std::fabs(loss.value() - expected.loss) <= rounding);
      CHECK(std::fabs(loss.derivatives()[12] - expected.report.temperature_gradient) <= 10 * rounding);
      CHECK(std::fabs(report.temperature_gradient.value() - expected.report.temperature_gradient) <= 10 * rounding);
      CHECK(report.correct == expected.report.correct);
      for (Index i = 0; i < 12; ++i) {
        CHECK(std::fabs(loss.derivatives()[i] - expected.gradient.data()[i]) <= rounding);
        CHECK(std::fabs(gradient.data()[i].value() - expected.gradient.data()[i]) <= rounding);
        const double second =
            gradient.data()[i].derivatives().head<12>().dot(Eigen::Map<const Eigen::VectorXd>(b.v.data(), 12));
        CHECK(std::fabs(second - expected.hvp.data()[i]) <= rounding);
      }
    }
}
