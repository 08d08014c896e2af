// Sparse distributions: every form of a sparse expression says what the dense one says.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <vector>

#include "support/catch.hpp"
#include "support/cross_entropy.hpp"

namespace {

using Eigen::Index;
using Options = xent::CrossEntropyOptions<double>;
using support::near;
using ColumnMajor = Eigen::SparseMatrix<double>;
using RowMajor = Eigen::SparseMatrix<double, Eigen::RowMajor>;

/// 5 classes, 6 samples; one sample has no entry, one class none, one entry is negative.
struct Fixture {
  Eigen::MatrixXd z = Eigen::MatrixXd(5, 6);
  Eigen::MatrixXd y = Eigen::MatrixXd::Zero(5, 6);
  ColumnMajor s;
  std::vector<Options> options = std::vector<Options>(3);
  std::vector<support::Answer<double>> dense;

  Fixture() {
    support::Random random(3);
    random.fill_normal(z, 0, 3);
    y(0, 0) = 0.25;
    y(4, 0) = 0.75;
    y(3, 1) = 1;
    y(0, 3) = 0.5;
    y(1, 3) = 1.5;
    y(3, 3) = -0.25;
    y(4, 4) = 0.125;
    y(0, 5) = 0.3;
    s = y.sparseView();
    options[1].label_smoothing = 0.2;
    options[1].class_weights = {1, 0.5, 2, 0, 3};
    options[2].label_smoothing = 0.2;
    options[2].smoothing = xent::Smoothing::other_classes;
    options[2].sample_weights = {1, 2, 3, 0, 0.5, 1};
    options[2].z_loss = 0.1;
    options[2].temperature = 0.7;
    for (const Options& o : options) dense.push_back(support::answer(z, y, z, o));
  }

  /// Whether sparse targets, classes x samples, say what the dense ones say, for each set of options.
  template <class Sparse>
  bool agrees(const Sparse& targets) const {
    for (std::size_t i = 0; i < options.size(); ++i)
      if (!near(support::answer(z, targets, z, options[i]), dense[i])) return false;
    return true;
  }
  /// The same for samples x classes and Axis::rows.
  template <class Sparse>
  bool agrees_by_rows(const Sparse& targets) const {
    const Eigen::MatrixXd zt = z.transpose();
    for (std::size_t i = 0; i < options.size(); ++i) {
      Options o = options[i];
      o.axis = xent::Axis::rows;
      support::Answer<double> a = support::answer(zt, targets, zt, o);
      a.gradient.transposeInPlace();
      a.hvp.transposeInPlace();
      if (!near(a, dense[i])) return false;
    }
    return true;
  }
};

}  // namespace

TEST_CASE("sparse matrices of either storage order, for either axis") {
  const Fixture f;
  CHECK(f.agrees(f.s));
  CHECK(f.agrees(RowMajor(f.s)));
  CHECK(f.agrees_by_rows(ColumnMajor(f.s.transpose())));
  CHECK(f.agrees_by_rows(RowMajor(f.s.transpose())));
  CHECK(f.agrees_by_rows(f.s.transpose()));
  CHECK(f.agrees(ColumnMajor(f.s.transpose()).transpose()));
  CHECK(f.agrees(Eigen::SparseMatrix<double, Eigen::ColMajor, long>(f.s)));
  CHECK(f.agrees(Eigen::SparseMatrix<double, Eigen::RowMajor, short>(f.s)));
}

TEST_CASE("uncompressed, with explicit zeros") {
  const Fixture f;
  ColumnMajor s(5, 6);
  s.reserve(Eigen::VectorXi::Constant(6, 4));
  for (Index i = 0; i < 6; ++i)
    for (Index k = 4; k >= 0; --k)
      if (f.y(k, i) != 0 || (i + k) % 3 == 0) s.insert(k, i) = f.y(k, i);
  REQUIRE(!s.isCompressed());
  REQUIRE(s.nonZeros() > f.s.nonZeros());
  CHECK(f.agrees(s));
  const RowMajor by_rows(s);
  CHECK(f.agrees(by_rows));
  CHECK(f.agrees(2 * s * 0.5));
  s.makeCompressed();
  CHECK(f.agrees(s));
  RowMajor uncompressed(5, 6);
  uncompressed.reserve(Eigen::VectorXi::Constant(5, 4));
  for (Index i = 0; i < 6; ++i)
    for (Index k = 0; k < 5; ++k)
      if (f.y(k, i) != 0) uncompressed.insert(k, i) = f.y(k, i);
  REQUIRE(!uncompressed.isCompressed());
  CHECK(f.agrees(uncompressed));
}

TEST_CASE("views of sparse matrices") {
  const Fixture f;
  ColumnMajor s = f.s;
  s.makeCompressed();
  using MapType = Eigen::Map<const ColumnMajor>;
  CHECK(f.agrees(MapType(5, 6, s.nonZeros(), s.outerIndexPtr(), s.innerIndexPtr(), s.valuePtr())));
  CHECK(f.agrees(Eigen::Ref<ColumnMajor>(s)));
  CHECK(f.agrees(Eigen::Ref<const ColumnMajor>(f.s)));

  ColumnMajor large(7, 10);
  for (Index i = 0; i < 6; ++i)
    for (ColumnMajor::InnerIterator entry(f.s, i); entry; ++entry) large.insert(entry.row() + 1, i + 2) = entry.value();
  for (Index i = 0; i < 10; ++i) {
    large.insert(0, i) = 1e30;
    large.insert(6, i) = 1e30;
  }
  CHECK(f.agrees(large.block(1, 2, 5, 6)));
  CHECK(f.agrees(large.middleCols(2, 6).middleRows(1, 5)));
  const ColumnMajor five_rows = large.middleRows(1, 5);
  CHECK(f.agrees(five_rows.middleCols(2, 6)));
  CHECK(f.agrees(five_rows.innerVectors(2, 6)));
  const RowMajor six_columns = large.middleCols(2, 6);
  CHECK(f.agrees(six_columns.middleRows(1, 5)));
}

TEST_CASE("lazy sparse expressions, evaluated exactly once") {
  const Fixture f;
  ColumnMajor identity(6, 6);
  identity.setIdentity();
  CHECK(f.agrees(f.s * identity));
  CHECK(f.agrees(0.5 * f.s + f.s * 0.5));
  CHECK(f.agrees(f.y.sparseView()));
  CHECK(f.agrees_by_rows((0.5 * f.s + f.s * 0.5).transpose()));

  Index evaluations = 0;
  const auto counted = [&evaluations](double x) {
    ++evaluations;
    return x;
  };
  Eigen::MatrixXd gradient;
  for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
    Options options = f.options[2];
    options.axis = axis;
    options.sample_weights = {};
    evaluations = 0;
    xent::softmax_cross_entropy(f.z, f.s.unaryExpr(counted), gradient, options);
    CHECK(evaluations == f.s.nonZeros());
  }
}

TEST_CASE("one sample: a sparse vector or a sparse matrix with one row or column") {
  const Fixture f;
  const Eigen::VectorXd z = f.z.col(3);
  const Eigen::VectorXd y = f.y.col(3);
  for (Options options : f.options) {
    options.sample_weights = {};
    Eigen::VectorXd expected(5);
    const double loss = xent::softmax_cross_entropy(z, y, expected, options);
    const Eigen::VectorXd hvp = xent::softmax_cross_entropy_hvp(z, y, z, options);
    const auto agrees = [&](const auto& logits, const auto& targets) {
      Eigen::VectorXd g(5);
      return near(xent::softmax_cross_entropy(logits, targets, g, options), loss) && near(g, expected) &&
             near(xent::softmax_cross_entropy_hvp(z, targets, z, options), hvp);
    };
    const Eigen::SparseVector<double> vector = y.sparseView();
    const Eigen::SparseVector<double, Eigen::RowMajor> row_vector = vector.transpose();
    for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
      options.axis = axis;
      CHECK(agrees(z, vector));
      CHECK(agrees(z.transpose(), vector));
      CHECK(agrees(z, row_vector));
      CHECK(agrees(z, vector.transpose()));
      CHECK(agrees(z, 2 * vector * 0.5));
      CHECK(agrees(z, f.s.col(3)));
      CHECK(agrees(z, f.s.innerVector(3)));
      CHECK(agrees(z, RowMajor(f.s).col(3)));
      CHECK(agrees(z, ColumnMajor(f.s.transpose()).row(3)));
      CHECK(agrees(z, ColumnMajor(vector)));
      CHECK(agrees(z, RowMajor(ColumnMajor(vector))));
      CHECK(agrees(z, ColumnMajor(row_vector)));
      CHECK(agrees(f.z.col(3), y));
      CHECK(agrees(z, y.transpose()));
    }
  }
}

TEST_CASE("a sparse vector is also the target of a matrix of its shape") {
  const Fixture f;
  const Eigen::MatrixXd z = f.z.col(3);
  const Eigen::SparseVector<double> vector = f.y.col(3).sparseView();
  const double loss = xent::softmax_cross_entropy(z, Eigen::MatrixXd(f.y.col(3)));
  CHECK(near(xent::softmax_cross_entropy(z, vector), loss));
  CHECK(near(xent::softmax_cross_entropy(z.transpose(), vector.transpose(), {xent::Axis::rows}), loss));
  // Five samples of one class: no loss.
  CHECK(xent::softmax_cross_entropy(z, vector, {xent::Axis::rows}) == 0);
}

TEST_CASE("no entry at all: every target is 0, and so are loss and gradient") {
  const Fixture f;
  Eigen::MatrixXd gradient = Eigen::MatrixXd::Constant(5, 6, 3);
  for (const double smoothing : {0.0, 0.3}) {
    Options options;
    options.label_smoothing = smoothing;
    CHECK(xent::softmax_cross_entropy(f.z, ColumnMajor(5, 6), gradient, options) == 0);
    CHECK(gradient.isZero(0));
    CHECK(xent::softmax_cross_entropy(f.z, RowMajor(5, 6), gradient, options) == 0);
    CHECK(gradient.isZero(0));
  }
}
