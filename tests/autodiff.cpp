// xent/autodiff.hpp: softmax_cross_entropy of AutoDiffScalar logits has the value and derivatives of the plain
// template, taken from the gradient.

#include <xent/autodiff.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <unsupported/Eigen/AutoDiff>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::Vector;
using Dual = Eigen::AutoDiffScalar<Eigen::Matrix<double, 5, 1>>;
using Duals = Matrix<Dual>;
template <class Real>
using Options = xent::CrossEntropyOptions<Real>;

const std::vector<int> labels{2, 0, 3, 3, 1, 0};

/// Logits that depend on five parameters, as those of a network do.
Duals logits(Index rows = 4, Index cols = 6) {
  support::Random random(31);
  Duals z(rows, cols);
  for (Index i = 0; i < z.size(); ++i) {
    z.data()[i].value() = random.normal(0, 3);
    random.fill_normal(z.data()[i].derivatives());
  }
  return z;
}

Matrix<double> values(const Duals& z) {
  Matrix<double> v(z.rows(), z.cols());
  for (Index i = 0; i < z.size(); ++i) v.data()[i] = z.data()[i].value();
  return v;
}

/// What the header replaces.
template <class Logits, class Targets>
Dual plain(const Logits& z, const Targets& targets, const Options<Dual>& o = {}) {
  return xent::detail::softmax_cross_entropy_into(z, targets, xent::none, o, nullptr);
}

/// Both sum up to 24 products of numbers up to 10 in their own order.
bool near(const Dual& a, const Dual& b) {
  return std::abs(a.value() - b.value()) < 1e-14 && (a.derivatives() - b.derivatives()).cwiseAbs().maxCoeff() < 1e-14;
}

template <class Scalar>
Options<Scalar> every_option() {
  Options<Scalar> o;
  o.denominator = Scalar(2.5);
  o.ignore_index = 1;
  o.label_smoothing = Scalar(0.1);
  o.smoothing = xent::Smoothing::other_classes;
  o.temperature = Scalar(1.7);
  o.z_loss = Scalar(0.01);
  o.class_weights = {Scalar(1.5), Scalar(1), Scalar(0.5), Scalar(2)};
  o.sample_weights = {Scalar(1), Scalar(0.5), Scalar(2), Scalar(-0.25), Scalar(1), Scalar(1)};
  o.executor = support::backwards();
  return o;
}

}  // namespace

TEST_CASE("autodiff: value and derivatives are those of the plain template") {
  const Duals z = logits();
  CHECK(near(xent::softmax_cross_entropy(z, labels), plain(z, labels)));
  CHECK(near(xent::softmax_cross_entropy(z, labels, every_option<Dual>()), plain(z, labels, every_option<Dual>())));
  Options<Dual> rows = every_option<Dual>();
  rows.axis = xent::Axis::rows;
  rows.reduction = xent::Reduction::sum;
  const Duals by_rows = z.transpose();
  CHECK(near(xent::softmax_cross_entropy(by_rows, labels, rows), plain(by_rows, labels, rows)));
}

TEST_CASE("autodiff: the value is, bit for bit, that of the logits' values: the plain template is not used") {
  const Duals z = logits(50, 6);
  CHECK(xent::softmax_cross_entropy(z, labels).value() == xent::softmax_cross_entropy(values(z), labels));
  // The plain template, which computes in double and its derivatives, differs in the last bits of some sample.
  int differing = 0;
  for (Index i = 0; i < 6; ++i) {
    const int label = labels[static_cast<std::size_t>(i)];
    CHECK(xent::softmax_cross_entropy(z.col(i), label).value() == xent::softmax_cross_entropy(values(z).col(i), label));
    differing += plain(z.col(i), label).value() != xent::softmax_cross_entropy(values(z).col(i), label) ? 1 : 0;
  }
  CHECK(differing > 0);
}

TEST_CASE("autodiff: the derivatives are the gradient times those of the logits") {
  const Duals z = logits();
  Matrix<double> gradient;
  const double loss = xent::softmax_cross_entropy(values(z), labels, gradient, every_option<double>());
  const Dual dual = xent::softmax_cross_entropy(z, labels, every_option<Dual>());
  CHECK(dual.value() == loss);
  Vector<double> expected = Vector<double>::Zero(5);
  for (Index i = 0; i < z.size(); ++i) expected += gradient.data()[i] * z.data()[i].derivatives();
  CHECK((dual.derivatives() - expected).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("autodiff: every kind of logits and targets") {
  const Duals z = logits();
  const Dual loss = xent::softmax_cross_entropy(z, labels);
  const auto same = [](const Dual& a, const Dual& b) {
    return a.value() == b.value() && a.derivatives() == b.derivatives();
  };
  CHECK(same(xent::softmax_cross_entropy(z.array(), labels), loss));
  CHECK(same(xent::softmax_cross_entropy(Eigen::Map<const Duals>(z.data(), 4, 6), labels), loss));
  CHECK(same(xent::softmax_cross_entropy(Eigen::Ref<const Duals>(z), labels), loss));
  CHECK(same(xent::softmax_cross_entropy(Eigen::Array<Dual, 4, 6>(z.array()), labels), loss));
  Duals large = logits(9, 14);
  large.block(2, 3, 4, 6) = z;
  CHECK(same(xent::softmax_cross_entropy(large.block(2, 3, 4, 6), labels), loss));
  const Eigen::Matrix<Dual, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> row_major = z;
  CHECK(near(xent::softmax_cross_entropy(row_major, labels), loss));
  CHECK(near(xent::softmax_cross_entropy(z.transpose(), labels, {xent::Axis::rows}), loss));
  CHECK(near(xent::softmax_cross_entropy(z + z, labels), plain(Duals(z + z), labels)));
  CHECK(same(xent::softmax_cross_entropy(z.transpose().row(1), 0), xent::softmax_cross_entropy(z.col(1), 0)));

  Matrix<double> y = Matrix<double>::Zero(4, 6);
  for (Index i = 0; i < 6; ++i) y(labels[static_cast<std::size_t>(i)], i) = 1;
  const Eigen::SparseMatrix<float> sparse = y.cast<float>().sparseView();
  CHECK(near(xent::softmax_cross_entropy(z, y), loss));
  CHECK(near(xent::softmax_cross_entropy(z, sparse), loss));
  CHECK(near(xent::softmax_cross_entropy(z, Eigen::Map<const Eigen::VectorXi>(labels.data(), 6)), loss));
  const Dual nothing = xent::softmax_cross_entropy(Duals(4, 0), std::vector<int>{});
  CHECK((nothing.value() == 0 && nothing.derivatives() == Vector<double>::Zero(5)));
}

TEST_CASE("autodiff: what the gradient cannot give comes from the plain template") {
  const Duals z = logits();
  // Targets, options and reports that carry derivatives.
  const Matrix<Dual> soft = logits().cwiseAbs2();
  CHECK(near(xent::softmax_cross_entropy(z, soft), plain(z, soft)));
  Options<Dual> o;
  o.temperature = Dual(2, 5, 3);
  const Dual tempered = xent::softmax_cross_entropy(z, labels, o);
  CHECK(near(tempered, plain(z, labels, o)));
  o.temperature = Dual(2);
  CHECK((tempered.derivatives() - xent::softmax_cross_entropy(z, labels, o).derivatives()).cwiseAbs().maxCoeff() >
        0.01);
  const auto agrees = [&](auto change) {
    Options<Dual> changed = every_option<Dual>();
    changed.label_smoothing = Dual(0.1);
    change(changed);
    const Dual fast = xent::softmax_cross_entropy(z, labels, changed);
    const Dual constant = xent::softmax_cross_entropy(z, labels, every_option<Dual>());
    return near(fast, plain(z, labels, changed)) && fast.derivatives() != constant.derivatives();
  };
  const auto vary = [](Dual& x) { x.derivatives()[4] = 1; };
  CHECK(agrees([&](Options<Dual>& c) { vary(c.label_smoothing); }));
  CHECK(agrees([&](Options<Dual>& c) { vary(c.z_loss); }));
  CHECK(agrees([&](Options<Dual>& c) { vary(*c.denominator); }));
  CHECK(agrees([&](Options<Dual>& c) { vary(c.class_weights[0]); }));
  CHECK(agrees([&](Options<Dual>& c) { vary(c.sample_weights[2]); }));

  xent::CrossEntropyReport<Dual> report;
  const Dual reported = xent::softmax_cross_entropy(z, labels, {}, &report);
  CHECK(near(reported, xent::softmax_cross_entropy(z, labels)));
  CHECK((near(report.loss, reported) && report.counted == 6));
  CHECK(near(Dual(report.sample_loss.sum() / 6.0), reported));

  // A gradient with derivatives: the Hessian times the derivatives of the logits.
  Duals gradient;
  xent::softmax_cross_entropy(z, labels, gradient);
  Matrix<double> direction(4, 6);
  for (Index i = 0; i < z.size(); ++i) direction.data()[i] = z.data()[i].derivatives()[2];
  const Matrix<double> product = xent::softmax_cross_entropy_hvp(values(z), labels, direction);
  for (Index i = 0; i < z.size(); ++i) CHECK(std::abs(gradient.data()[i].derivatives()[2] - product.data()[i]) < 1e-14);
}

TEST_CASE("autodiff: derivatives of dynamic size, some logits constant") {
  using Dynamic = Eigen::AutoDiffScalar<Eigen::VectorXd>;
  Eigen::Matrix<Dynamic, 3, 1> z;
  z << Dynamic(1), Dynamic(2, 2, 0), Dynamic(-1, 2, 1);
  const Dynamic loss = xent::softmax_cross_entropy(z, 1);
  Eigen::Vector3d gradient;
  CHECK(loss.value() == xent::softmax_cross_entropy(Eigen::Vector3d(1, 2, -1), 1, gradient));
  CHECK(loss.derivatives() == gradient.tail(2));
  const Eigen::Matrix<Dynamic, 2, 1> constants(Dynamic(1), Dynamic(2));
  CHECK(xent::softmax_cross_entropy(constants, 0).derivatives().size() == 0);
}

TEST_CASE("autodiff: nested, for second derivatives") {
  using Inner = Eigen::AutoDiffScalar<Eigen::Vector3d>;
  using Outer = Eigen::AutoDiffScalar<Eigen::Matrix<Inner, 3, 1>>;
  const Eigen::Vector3d at(0.5, -1, 2);
  Eigen::Matrix<Outer, 3, 1> z;
  for (int k = 0; k < 3; ++k) {
    z[k].value() = Inner(at[k], 3, k);
    for (int j = 0; j < 3; ++j) z[k].derivatives()[j] = Inner(k == j ? 1 : 0);
  }
  const Outer loss = xent::softmax_cross_entropy(z, 2);
  for (int j = 0; j < 3; ++j) {
    const Eigen::Vector3d column = xent::softmax_cross_entropy_hvp(at, 2, Eigen::Vector3d::Unit(j));
    CHECK((loss.derivatives()[j].derivatives() - column).cwiseAbs().maxCoeff() < 1e-15);
  }
  // T = 1 + x^2 at x = 0: the first derivative is 0, the second is not, and the loss depends on T.
  Options<Outer> o;
  o.temperature.value() = Inner(1);
  o.temperature.derivatives()[0] = Inner(0, Eigen::Vector3d(2, 0, 0));
  xent::CrossEntropyReport<double> report;
  Eigen::Vector3d gradient;
  xent::softmax_cross_entropy(at, 2, gradient, {}, &report);
  for (int k = 0; k < 3; ++k) z[k] = Outer(Inner(at[k]));
  const double second = xent::softmax_cross_entropy(z, 2, o).derivatives()[0].derivatives()[0];
  CHECK(std::abs(second - 2 * report.temperature_gradient) < 1e-15);
}

TEST_CASE("autodiff: derivatives of masked logits and of absent samples are not read") {
  const double inf = std::numeric_limits<double>::infinity();
  Duals z = logits(4, 3);
  const std::vector<int> some{2, -100, 0};
  const Dual expected = xent::softmax_cross_entropy(z, some);
  z.col(1).setConstant(Dual(std::nan(""), Vector<double>::Constant(5, std::nan(""))));
  const Dual ignored = xent::softmax_cross_entropy(z, some);
  CHECK((ignored.value() == expected.value() && ignored.derivatives() == expected.derivatives()));
  z(3, 0) = Dual(-inf, Vector<double>::Constant(5, inf));  // log of a probability that is 0
  const Dual masked = xent::softmax_cross_entropy(z, some);
  CHECK(near(masked, plain(z, some)));
  CHECK(masked.derivatives().allFinite());
}

TEST_CASE("autodiff: errors are those of the function") {
  const Duals z = logits();
  CHECK_THROWS_AS(xent::softmax_cross_entropy(z, std::vector<int>{0, 1, 2, 3, 4, 5}), std::out_of_range);
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, std::vector<int>{0}),
                    "xent::softmax_cross_entropy: labels: got 1, expected 6, one per sample");
  Options<Dual> o;
  o.temperature = Dual(0);
  CHECK_THROWS_AS(xent::softmax_cross_entropy(z, labels, o), std::invalid_argument);
}
