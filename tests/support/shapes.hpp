#ifndef XENT_TESTS_SUPPORT_SHAPES_HPP
#define XENT_TESTS_SUPPORT_SHAPES_HPP

/// One check for every function of two matrices of one shape that returns a number and fills a third: the same bits
/// whatever the storage orders, strides, sizes and expressions are, in place too, each lazy argument evaluated once.

#include <xent/types.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "matrices.hpp"

namespace support {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Strided = Eigen::Map<Eigen::MatrixXd, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// `call(a, b, out, axis)` of a 4 x 6 batch in columns, or of its transpose with Axis::rows.
template <class Call>
class Shapes {
 public:
  Shapes(const Matrix<double>& a, const Matrix<double>& b, const Call& call)
      : a_(a), b_(b), call_(call), result_(4, 6), number_(call(a, b, result_, xent::Axis::columns)) {
    REQUIRE((a.rows() == 4 && a.cols() == 6 && b.rows() == 4 && b.cols() == 6));
  }

  void check() {
    arguments();
    outputs();
    vectors();
    evaluations();
  }

 private:
  /// Whether arguments of any type say the same.
  template <class A, class B>
  bool agrees(const A& a, const B& b) const {
    const bool by_rows = a.rows() == 6;
    Matrix<double> out(a.rows(), a.cols());
    const double number = call_(a, b, out, by_rows ? xent::Axis::rows : xent::Axis::columns);
    return number == number_ && same(by_rows ? Matrix<double>(out.transpose()) : out, result_);
  }

  /// Whether an output of any type is filled with the same.
  template <class Out>
  bool fills(Out&& out) const {
    return call_(a_, b_, std::forward<Out>(out), xent::Axis::columns) == number_ && same(out, result_);
  }

  void arguments() const {
    CHECK(agrees(a_, b_));
    CHECK(agrees(a_.array(), b_));
    CHECK(agrees(a_, b_.array()));
    CHECK(agrees(RowMajor(a_), b_));
    CHECK(agrees(a_, RowMajor(b_)));
    CHECK(agrees(a_.transpose(), b_.transpose()));
    CHECK(agrees(Matrix<double>(a_.transpose()), RowMajor(b_.transpose())));
    CHECK(agrees(RowMajor(a_.transpose()), Matrix<double>(b_.transpose())));
    CHECK(agrees(Eigen::Matrix<double, 4, 6>(a_), b_));
    CHECK(agrees(Eigen::Matrix<double, 4, Eigen::Dynamic>(a_), Eigen::Matrix<double, Eigen::Dynamic, 6>(b_)));
    CHECK(agrees(Eigen::Ref<const Matrix<double>>(a_), Eigen::Map<const Matrix<double>>(b_.data(), 4, 6)));
    Matrix<double> large = Matrix<double>::Constant(9, 14, 1e30);
    large.block(2, 3, 4, 6) = a_;
    CHECK(agrees(large.block(2, 3, 4, 6), b_));
    CHECK(agrees(large.transpose().block(3, 2, 6, 4), b_.transpose()));
    std::vector<double> memory(200, 1e30);
    Strided strided(memory.data() + 1, 4, 6, {31, 3});
    strided = b_;
    CHECK(agrees(a_, strided));
    CHECK(agrees(a_.transpose(), strided.transpose()));
    const Matrix<double> identity = Matrix<double>::Identity(4, 4);
    CHECK(agrees(identity * a_, identity * b_));
    CHECK(agrees(-(-a_), 2 * b_ - b_));
    CHECK(agrees(a_(Eigen::all, Eigen::seq(0, Eigen::last)), b_(Eigen::all, std::vector<int>{0, 1, 2, 3, 4, 5})));
  }

  void outputs() const {
    Matrix<double> large = Matrix<double>::Constant(9, 14, 7);
    std::vector<double> memory(200, 7);
    Matrix<double> matrix(4, 6), transposed(6, 4), empty;
    Eigen::ArrayXXd array(4, 6);
    RowMajor row_major(4, 6);
    Eigen::Matrix<double, 4, 6> fixed;
    CHECK(fills(matrix));
    CHECK(fills(array));
    CHECK(fills(matrix.array()));
    CHECK(fills(row_major));
    CHECK(fills(fixed));
    CHECK(fills(empty));
    CHECK(fills(transposed.transpose()));
    CHECK(fills(Eigen::Ref<Matrix<double>>(matrix)));
    CHECK(fills(Eigen::Map<Matrix<double>>(memory.data(), 4, 6)));
    CHECK(fills(Strided(memory.data() + 1, 4, 6, {31, 3})));
    CHECK(fills(large.block(2, 3, 4, 6)));
    large.block(2, 3, 4, 6).setConstant(7);
    CHECK((large.array() == 7).all());
    CHECK(fills(large({0, 2, 1, 3}, {0, 2, 3, 1, 4, 5})));

    Matrix<double> in_place = a_;
    CHECK(call_(in_place, b_, in_place, xent::Axis::columns) == number_);
    CHECK(same(in_place, result_));
    Matrix<double> rows_in_place = a_.transpose();
    CHECK(call_(rows_in_place, b_.transpose(), rows_in_place, xent::Axis::rows) == number_);
    CHECK(same(rows_in_place.transpose(), result_));
    CHECK(call_(a_, b_, xent::none, xent::Axis::columns) == number_);

    Matrix<double> wrong(4, 5);
    CHECK_THROWS_AS(call_(a_, b_, wrong, xent::Axis::columns), std::invalid_argument);
    Matrix<double> no_samples;
    CHECK(call_(a_.leftCols(0), b_.leftCols(0), no_samples, xent::Axis::columns) == 0);
    CHECK((no_samples.rows() == 4 && no_samples.cols() == 0));
    CHECK(call_(a_.topRows(0).leftCols(0), b_.topRows(0).leftCols(0), no_samples, xent::Axis::rows) == 0);
  }

  /// A vector at compile time is one sample, in either orientation.
  void vectors() const {
    const Matrix<double> a = a_.col(2), b = b_.col(2);
    Matrix<double> expected(4, 1);
    const double number = call_(a, b, expected, xent::Axis::columns);
    const auto holds = [&](const auto& x, const auto& y, auto out) {
      for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows}) {
        if (call_(x, y, out, axis) != number) return false;
        if (!same(Eigen::Map<Vector<double>>(out.data(), 4), expected)) return false;
      }
      return true;
    };
    const Vector<double> x = a.col(0), y = b.col(0);
    CHECK(holds(x, y, Vector<double>()));
    CHECK(holds(x, y.transpose(), Vector<double>(4)));
    CHECK(holds(x.transpose(), y, Vector<double>(4)));
    CHECK(holds(x, y, Eigen::RowVectorXd(4)));
    CHECK(holds(Eigen::Vector4d(x), Eigen::Array4d(y), Eigen::Vector4d()));
    CHECK(holds(a_.col(2), b_.transpose().row(2), Matrix<double>(4, 1)));
    CHECK(holds(Matrix<double>(a_.transpose()).row(2), y, Matrix<double>(1, 4)));
    CHECK(holds(x.reverse().reverse(), y, Vector<double>()));
  }

  void evaluations() const {
    long count = 0;
    Matrix<double> out(4, 6);
    call_(a_.unaryExpr(Counted{&count}), b_, out, xent::Axis::columns);
    CHECK(std::exchange(count, 0) == 24);
    call_(a_, b_.unaryExpr(Counted{&count}), out, xent::Axis::columns);
    CHECK(std::exchange(count, 0) == 24);
    call_(a_.unaryExpr(Counted{&count}), b_, xent::none, xent::Axis::columns);
    CHECK(count == 24);
  }

  Matrix<double> a_, b_;
  Call call_;
  Matrix<double> result_;
  double number_;
};

template <class Call>
void check_shapes(const Matrix<double>& a, const Matrix<double>& b, const Call& call) {
  Shapes<Call>(a, b, call).check();
}

}  // namespace support

#endif
