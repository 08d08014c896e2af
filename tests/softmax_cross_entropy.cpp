// softmax_cross_entropy takes logits, and writes gradients, of every shape that Eigen has: the same numbers for either
// axis, either storage order, any strides, fixed and dynamic sizes, and lazy expressions, which are evaluated once.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/cross_entropy.hpp"

namespace {

using Eigen::Index;
using Options = xent::CrossEntropyOptions<double>;
using Report = xent::CrossEntropyReport<double>;
using RowMajor = support::RowMajorMatrix<double>;
using support::near;
using Strided = Eigen::Map<Eigen::MatrixXd, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

const Options rows{xent::Axis::rows};

/// Every parameter away from its default, the axis apart.
Options every_option() {
  Options o;
  o.denominator = 2.5;
  o.ignore_index = 1;
  o.label_smoothing = 0.1;
  o.smoothing = xent::Smoothing::other_classes;
  o.temperature = 1.7;
  o.z_loss = 0.01;
  o.class_weights = {1.5, 1, 0.5, 2};
  o.sample_weights = {1, 0.5, 2, -0.25, 1, 1};
  return o;
}

/// 4 classes, 6 samples, and what the plainest call says of them.
struct Fixture {
  Eigen::MatrixXd z = Eigen::MatrixXd(4, 6);
  Eigen::VectorXi labels = (Eigen::VectorXi(6) << 2, 0, 3, 3, 1, 0).finished();
  Eigen::MatrixXd v = Eigen::MatrixXd(4, 6);
  Options options = every_option();
  Options row_options = options;
  support::Answer<double> expected;

  Fixture() {
    support::Random random(7);
    random.fill_normal(z, 0, 3);
    random.fill_normal(v);
    row_options.axis = xent::Axis::rows;
    expected = support::answer(z, labels, v, options);
  }

  /// Whether logits and a direction of any type, classes x samples or with Axis::rows samples x classes, say the same.
  template <class Z, class V>
  bool agrees(const Z& logits, const V& direction, bool by_rows = false) const {
    const Options& o = by_rows ? row_options : options;
    support::Answer<double> a;
    a.gradient.resize(logits.rows(), logits.cols());
    a.loss = xent::softmax_cross_entropy(logits, labels, a.gradient, o, &a.report);
    a.hvp = xent::softmax_cross_entropy_hvp(logits, labels, direction, o);
    if (by_rows) {
      a.gradient.transposeInPlace();
      a.hvp.transposeInPlace();
    }
    return near(a, expected) && near(xent::softmax_cross_entropy(logits, labels, o), expected.loss);
  }

  /// Whether an output, of the shape of the logits, holds the gradient and then the HVP after the calls.
  template <class Out>
  bool fills(Out&& out, bool by_rows = false) {
    const Options& o = by_rows ? row_options : options;
    const Eigen::MatrixXd logits = by_rows ? Eigen::MatrixXd(z.transpose()) : z;
    const Eigen::MatrixXd direction = by_rows ? Eigen::MatrixXd(v.transpose()) : v;
    const auto holds = [&](const Eigen::MatrixXd& wanted) {
      return by_rows ? near(out, Eigen::MatrixXd(wanted.transpose())) : near(out, wanted);
    };
    if (!near(xent::softmax_cross_entropy(logits, labels, std::forward<Out>(out), o), expected.loss)) return false;
    if (!holds(expected.gradient)) return false;
    xent::softmax_cross_entropy_hvp(logits, labels, direction, std::forward<Out>(out), o);
    return holds(expected.hvp);
  }
};

}  // namespace

TEST_CASE("the loss of a label is logsumexp minus its logit, the gradient softmax minus one-hot") {
  const Eigen::Vector3d z(std::log(1.0), std::log(2.0), std::log(5.0));
  Eigen::Vector3d gradient;
  for (int label = 0; label < 3; ++label) {
    const double loss = xent::softmax_cross_entropy(z, label, gradient);
    CHECK(std::fabs(loss - (std::log(8.0) - z[label])) < 1e-15);
    CHECK(near(xent::softmax_cross_entropy(z, label), loss));
    const Eigen::Vector3d expected = Eigen::Vector3d(0.125, 0.25, 0.625) - Eigen::Vector3d::Unit(label);
    CHECK((gradient - expected).cwiseAbs().maxCoeff() < 1e-15);
  }
}

TEST_CASE("a confident prediction keeps its digits: 2.06e-9, not 0") {
  const Eigen::Vector2f z(20, 0);
  Eigen::Vector2f gradient;
  // log1p(exp(-20)) and 1 / (1 + exp(20)), to the last float digits
  CHECK(std::fabs(xent::softmax_cross_entropy(z, 0, gradient) - 2.0611536e-9F) < 3e-16F);
  CHECK(std::fabs(gradient[0] + 2.0611536e-9F) < 4e-16F);
  CHECK(std::fabs(gradient[1] - 2.0611536e-9F) < 4e-16F);
}

TEST_CASE("logits in memory, whatever the storage order, the strides and the axis") {
  Fixture f;
  CHECK(f.agrees(f.z, f.v));
  CHECK(f.agrees(f.z.array(), f.v.array()));
  CHECK(f.agrees(RowMajor(f.z), RowMajor(f.v)));
  CHECK(f.agrees(f.z, RowMajor(f.v)));
  CHECK(f.agrees(f.z.transpose(), f.v.transpose(), true));
  CHECK(f.agrees(Eigen::MatrixXd(f.z.transpose()), Eigen::MatrixXd(f.v.transpose()), true));
  CHECK(f.agrees(RowMajor(f.z.transpose()), RowMajor(f.v.transpose()), true));
  CHECK(f.agrees(Eigen::Matrix<double, 4, 6>(f.z), Eigen::Matrix<double, 4, 6>(f.v)));
  CHECK(f.agrees(Eigen::Matrix<double, 4, Eigen::Dynamic>(f.z), f.v));
  CHECK(f.agrees(Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, 8, 8>(f.z), f.v));
  CHECK(f.agrees(Eigen::Ref<const Eigen::MatrixXd>(f.z), Eigen::Ref<const Eigen::MatrixXd>(f.v)));
  CHECK(f.agrees(Eigen::Map<const Eigen::MatrixXd>(f.z.data(), 4, 6), f.v));

  Eigen::MatrixXd large = Eigen::MatrixXd::Constant(9, 14, 1e30);
  large.block(2, 3, 4, 6) = f.z;
  CHECK(f.agrees(large.block(2, 3, 4, 6), f.v));
  CHECK(f.agrees(large.block<4, 6>(2, 3), f.v));
  CHECK(f.agrees(large.transpose().block(3, 2, 6, 4), f.v.transpose(), true));

  std::vector<double> memory(200, 1e30);
  Strided strided(memory.data() + 1, 4, 6, {31, 3});
  strided = f.z;
  CHECK(f.agrees(strided, f.v));
  CHECK(f.agrees(strided.transpose(), f.v.transpose(), true));
}

TEST_CASE("lazy logits") {
  Fixture f;
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(4, 4);
  CHECK(f.agrees(identity * f.z, identity * f.v));
  CHECK(f.agrees(f.z + Eigen::MatrixXd::Zero(4, 6), -(-f.v)));
  CHECK(f.agrees(f.z.cast<long double>().cast<double>(), f.v));
  CHECK(f.agrees(f.z.rowwise().reverse().rowwise().reverse(), f.v));
  CHECK(f.agrees(f.z(Eigen::indexing::all, std::vector<Index>{0, 1, 2, 3, 4, 5}), f.v));
  CHECK(f.agrees(f.z(Eigen::indexing::all, Eigen::seq(0, Eigen::indexing::last)), f.v));
  CHECK(f.agrees(f.z(Eigen::seq(Eigen::fix<0>, Eigen::indexing::last, Eigen::fix<1>), Eigen::indexing::all), f.v));
  CHECK(f.agrees((identity * f.z).transpose(), f.v.transpose(), true));
}

TEST_CASE("every lazy argument is evaluated exactly once") {
  Fixture f;
  Index evaluations = 0;
  const auto counted = [&evaluations](double x) {
    ++evaluations;
    return x;
  };
  const auto since = [&evaluations] { return std::exchange(evaluations, 0); };
  Eigen::MatrixXd out(4, 6);
  Report report;
  const Eigen::MatrixXd y = Eigen::MatrixXd::Constant(4, 6, 0.25);

  xent::softmax_cross_entropy(f.z.unaryExpr(counted), f.labels, f.options);
  CHECK(since() == 24);
  xent::softmax_cross_entropy(f.z.unaryExpr(counted), f.labels, out, f.options, &report);
  CHECK(since() == 24);
  xent::softmax_cross_entropy(f.z, y.unaryExpr(counted), out, f.options, &report);
  CHECK(since() == 24);
  xent::softmax_cross_entropy_hvp(f.z.unaryExpr(counted), f.labels, f.v, out, f.options);
  CHECK(since() == 24);
  xent::softmax_cross_entropy_hvp(f.z, f.labels, f.v.unaryExpr(counted), out, f.options);
  CHECK(since() == 24);
}

TEST_CASE("a vector at compile time is one sample, whatever the axis and the orientation") {
  Fixture f;
  Eigen::MatrixXd column = f.z.col(2);
  Eigen::MatrixXd expected(4, 1);
  Eigen::MatrixXd expected_hvp(4, 1);
  Options o = f.options;
  o.sample_weights = {-0.5};
  Report whole;
  const double loss = xent::softmax_cross_entropy(column, std::vector<int>{3}, expected, o, &whole);
  expected_hvp = xent::softmax_cross_entropy_hvp(column, std::vector<int>{3}, Eigen::MatrixXd(f.v.col(2)), o);

  const auto agrees = [&](const auto& z, const auto& v, auto g) {
    for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
      o.axis = axis;
      Report report;
      if (!near(xent::softmax_cross_entropy(z, 3, g, o, &report), loss) || !near(report, whole, 1.0)) return false;
      if (!near(Eigen::Map<Eigen::VectorXd>(g.data(), 4), expected)) return false;
      xent::softmax_cross_entropy_hvp(z, 3, v, g, o);
      if (!near(Eigen::Map<Eigen::VectorXd>(g.data(), 4), expected_hvp)) return false;
    }
    return true;
  };
  const Eigen::VectorXd z = f.z.col(2);
  const Eigen::VectorXd v = f.v.col(2);
  CHECK(agrees(z, v, Eigen::VectorXd(4)));
  CHECK(agrees(z, v.transpose(), Eigen::VectorXd()));
  CHECK(agrees(z.transpose(), v, Eigen::VectorXd(4)));
  CHECK(agrees(z, v, Eigen::RowVectorXd(4)));
  CHECK(agrees(z, v, Eigen::Array4d()));
  CHECK(agrees(Eigen::RowVectorXd(z.transpose()), v, Eigen::RowVectorXd()));
  CHECK(agrees(Eigen::Vector4d(z), v, Eigen::Vector4d()));
  CHECK(agrees(f.z.col(2), f.v.col(2), Eigen::MatrixXd(4, 1)));
  CHECK(agrees(f.z.transpose().row(2), f.v.col(2), Eigen::MatrixXd(1, 4)));
  CHECK(agrees(RowMajor(f.z).col(2), f.v.col(2), Eigen::VectorXd(4)));
  CHECK(agrees(0.5 * (z + z), v, Eigen::VectorXd(4)));
  CHECK(agrees(z.reverse().reverse(), v, Eigen::VectorXd(4)));

  // The row of a column-major matrix: strided logits, strided gradient.
  const Eigen::MatrixXd by_rows = f.z.transpose();
  Eigen::MatrixXd gradients = Eigen::MatrixXd::Constant(6, 4, 5);
  CHECK(near(xent::softmax_cross_entropy(by_rows.row(2), 3, gradients.row(2), o), loss));
  CHECK(near(gradients.row(2).transpose(), expected));
  CHECK((gradients.topRows(2).array() == 5).all());
  CHECK((gradients.bottomRows(3).array() == 5).all());
}

TEST_CASE("a dynamic matrix with one row is as many samples as it has columns") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Random(1, 5);
  const std::vector<int> zeros(5, 0);
  Report report;
  CHECK(xent::softmax_cross_entropy(z, zeros, {}, &report) == 0);
  CHECK(report.counted == 5);
  CHECK(xent::softmax_cross_entropy(z, std::vector<int>{3}, rows, &report) > 0);
  CHECK(report.counted == 1);
  CHECK(xent::softmax_cross_entropy(z.row(0), 3, {}, &report) > 0);
  CHECK(report.counted == 1);
}

TEST_CASE("the gradient goes into anything that can be written") {
  Fixture f;
  Eigen::MatrixXd large = Eigen::MatrixXd::Constant(9, 14, 7);
  std::vector<double> memory(200, 7);
  Eigen::MatrixXd matrix(4, 6);
  Eigen::ArrayXXd array(4, 6);
  CHECK(f.fills(matrix));
  CHECK(f.fills(array));
  CHECK(f.fills(matrix.array()));
  CHECK(f.fills(Eigen::Ref<Eigen::MatrixXd>(matrix)));
  CHECK(f.fills(Eigen::Map<Eigen::MatrixXd>(memory.data(), 4, 6)));
  const Eigen::Map<Eigen::MatrixXd> const_view(memory.data(), 4, 6);
  CHECK(f.fills(const_view));
  Eigen::MatrixXd transposed(6, 4);
  CHECK(f.fills(transposed.transpose()));
  CHECK(f.fills(transposed, true));
  RowMajor row_major(4, 6);
  CHECK(f.fills(row_major));
  Eigen::Matrix<double, 4, 6> fixed;
  CHECK(f.fills(fixed));
  CHECK(f.fills(large.block(2, 3, 4, 6)));
  large.block(2, 3, 4, 6).setConstant(7);
  CHECK((large.array() == 7).all());
  CHECK(f.fills(large(Eigen::seq(0, 6, 2), Eigen::seq(0, 10, 2))));
  CHECK(f.fills(large({0, 2, 1, 3}, {0, 2, 3, 1, 4, 5})));
  CHECK(f.fills(Strided(memory.data() + 1, 4, 6, {31, 3})));
}

TEST_CASE("an empty plain object is resized, even on its second use") {
  Fixture f;
  Eigen::MatrixXd matrix;
  CHECK(f.fills(matrix));
  Eigen::ArrayXXd array;
  CHECK(f.fills(array));
  RowMajor row_major;
  CHECK(f.fills(row_major));
  Eigen::Matrix<double, 4, Eigen::Dynamic> half_fixed;
  CHECK(f.fills(half_fixed));
  Eigen::MatrixXd no_samples;
  CHECK(xent::softmax_cross_entropy(f.z.leftCols(0), std::vector<int>{}, no_samples) == 0);
  CHECK((no_samples.rows() == 4 && no_samples.cols() == 0));
}

TEST_CASE("xent::none stands for a gradient that is not wanted, {} for the options") {
  Fixture f;
  Report report;
  CHECK(near(xent::softmax_cross_entropy(f.z, f.labels, xent::none, f.options, &report), f.expected.loss));
  CHECK(report.temperature_gradient == 0);
  CHECK(near(report.sample_loss, f.expected.report.sample_loss));
  const double plain = xent::softmax_cross_entropy(f.z, f.labels);
  CHECK(near(xent::softmax_cross_entropy(f.z, f.labels, {}, &report), plain));
  CHECK(near(xent::softmax_cross_entropy(f.z, f.labels, {}), plain));
  CHECK(near(xent::softmax_cross_entropy(f.z.transpose(), f.labels, {xent::Axis::rows}), plain));
  Eigen::MatrixXd gradient;
  CHECK(near(xent::softmax_cross_entropy(f.z, f.labels, gradient, {}, &report), plain));
  const double sum = xent::softmax_cross_entropy(f.z, f.labels, gradient, {xent::Axis::columns, xent::Reduction::sum});
  CHECK(near(sum, 6 * plain));
  CHECK(report.temperature_gradient != 0);
}
