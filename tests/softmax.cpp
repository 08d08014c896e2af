// softmax and log_softmax: formulas, semantics, every kind of argument and output. The bounds are in
// accuracy_softmax.cpp, number types other than float, double and long double in softmax_scalars.cpp.

#include <xent/softmax.hpp>

#include <array>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

using support::close;
using support::close_number;
using support::Matrix;
using support::same;
using support::Vector;
using xent::Axis;

namespace {

template <class Real>
constexpr Real inf = std::numeric_limits<Real>::infinity();
template <class Real>
constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

template <class Real>
Matrix<Real> random_matrix(Eigen::Index rows, Eigen::Index cols, double sigma = 3, std::uint64_t seed = 1) {
  Matrix<Real> z(rows, cols);
  support::Random(seed).fill_normal(z, 0, sigma);
  return z;
}

/// From the definition, in long double: exp(z_k / T) / sum_j exp(z_j / T), numerator and denominator divided by
/// exp(max z / T).
template <class Real>
Vector<long double> definition(const Vector<Real>& z, long double temperature = 1) {
  const Vector<long double> wide = z.template cast<long double>();
  const long double m = wide.maxCoeff();
  const Vector<long double> e = ((wide.array() - m) / temperature).exp();
  return e / e.sum();
}

template <class Real>
double worst_ulp(const Vector<Real>& got, const Vector<long double>& exact) {
  double worst = 0;
  for (Eigen::Index k = 0; k < got.size(); ++k)
    worst = std::max(worst, oracle::ulp_error(got[k], oracle::exactly(exact[k])));
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("softmax (1): exponentials over their sum", "", float, double) {
  const Vector<TestType> z = random_matrix<TestType>(70, 1).col(0);
  // 4 ULP is the bound of softmax; the definition in long double has errors of 2^-11 ULP of double.
  CHECK(worst_ulp<TestType>(xent::softmax(z), definition(z)) <= 4);
}

TEMPLATE_TEST_CASE("softmax (2): temperature divides the logits of numerator and denominator alike", "", float,
                   double) {
  const Vector<TestType> z = random_matrix<TestType>(33, 1).col(0);
  for (const double t : {0.1, 0.7, 3.0, 1000.0}) {
    const auto temperature = static_cast<TestType>(t);
    CHECK(worst_ulp<TestType>(xent::softmax(z, {Axis::columns, temperature}), definition(z, temperature)) <= 4);
    // Powers of two divide exactly: then the temperature is nothing but a division of the logits.
    const Vector<TestType> halved = z / TestType(2);
    CHECK(close(xent::softmax(z, {Axis::columns, TestType(2)}), xent::softmax(halved)));
    CHECK(close(xent::log_softmax(z, {Axis::columns, TestType(2)}), xent::log_softmax(halved)));
  }
}

TEMPLATE_TEST_CASE("softmax (3): a common offset changes nothing", "", float, double, long double) {
  // Small integers and offsets: every sum is exact.
  Vector<TestType> z(9);
  z << 3, -1, 0, 2, -7, 5, 5, -4, 1;
  for (const int offset : {-1000, -64, 1, 300, 100000}) {
    const Vector<TestType> moved = z.array() + TestType(offset);
    CHECK(close(xent::softmax(moved), xent::softmax(z)));
    CHECK(close(xent::log_softmax(moved), xent::log_softmax(z)));
  }
}

TEMPLATE_TEST_CASE("softmax (4): probabilities sum to 1", "", float, double) {
  for (const int classes : {1, 2, 7, 64, 1000}) {
    const Vector<TestType> s = xent::softmax(random_matrix<TestType>(classes, 1).col(0));
    CHECK((s.array() > TestType(0)).all());
    // Each is within 4 ULP, which is at most 4 epsilon of itself: the sum is within 4 epsilon of 1.
    const auto defect = s.template cast<long double>().sum() - 1;
    CHECK(std::abs(defect) <= 4 * static_cast<long double>(std::numeric_limits<TestType>::epsilon()));
  }
}

TEST_CASE("softmax (5): log odds are differences of logits over the temperature") {
  const Vector<double> z = random_matrix<double>(6, 1).col(0);
  const double t = 0.6;
  const Vector<double> s = xent::softmax(z, {Axis::columns, t});
  for (Eigen::Index i = 0; i < z.size(); ++i) {
    for (Eigen::Index j = 0; j < z.size(); ++j) {
      const double exact = (z[i] - z[j]) / t;
      // Two probabilities at 4 ULP each, and a logarithm of a quotient: absolute.
      CHECK(std::abs(std::log(s[i] / s[j]) - exact) <=
            16 * std::numeric_limits<double>::epsilon() * (1 + std::abs(exact)));
    }
  }
}

TEST_CASE("softmax (6): cold is the argmax, hot is uniform") {
  Vector<double> z(4);
  z << 1, 3, 2, -1;
  CHECK(close(xent::softmax(z, {Axis::columns, 1e-3}), Eigen::Vector4d(0, 1, 0, 0)));
  CHECK(close(xent::softmax(z, {Axis::columns, 1e300}), Eigen::Vector4d(0.25, 0.25, 0.25, 0.25)));
  z << 3, 3, 2, -1;
  CHECK(close(xent::softmax(z, {Axis::columns, 1e-3}), Eigen::Vector4d(0.5, 0.5, 0, 0)));
}

TEMPLATE_TEST_CASE("softmax (7): log_softmax keeps the digits of a confident sample", "", float, double, long double) {
  // log s_0 = -log1p(exp(-40)) = -4.248354255291589e-18 where s_0 rounds to 1.
  const Vector<TestType> l = xent::log_softmax(Eigen::Matrix<TestType, 2, 1>(TestType(40), TestType(0)));
  CHECK(oracle::ulp_error(l[0], oracle::exactly(-4.24835425529158898630497784363158218e-18L)) <= 2.5);
  CHECK(oracle::ulp_error(l[1], oracle::exactly(-40.0000000000000000042483542552915889863L)) <= 2.5);
  if (std::numeric_limits<TestType>::digits <= 53) {
    CHECK(xent::softmax(Eigen::Matrix<TestType, 2, 1>(TestType(40), TestType(0)))[0] == 1);
  }
  const Vector<TestType> z = random_matrix<TestType>(20, 1).col(0);
  const Vector<TestType> log_s = xent::log_softmax(z);
  const Vector<TestType> s = xent::softmax(z);
  // |log s| <= 20: an error of 3.5 ULP of log s moves s by up to 3.5 * 16 ULP.
  const auto epsilon = std::numeric_limits<TestType>::epsilon();
  for (Eigen::Index k = 0; k < z.size(); ++k) CHECK(std::abs(std::exp(log_s[k]) - s[k]) <= 50 * epsilon * s[k]);
}

TEMPLATE_TEST_CASE("softmax: masked, infinite and NaN logits", "", float, double, long double) {
  using Real = TestType;
  using Three = Eigen::Matrix<Real, 3, 1>;
  const auto of = [](Real a, Real b, Real c) { return Three(a, b, c); };
  const Three nans = Three::Constant(not_a_number<Real>);
  SECTION("a masked class is absent") {
    const Eigen::Matrix<Real, 2, 1> rest(Real(1), Real(3));
    const auto s = xent::softmax(rest);
    const auto l = xent::log_softmax(rest);
    CHECK(close(xent::softmax(of(1, -inf<Real>, 3)), of(s[0], 0, s[1])));
    CHECK(close(xent::log_softmax(of(1, -inf<Real>, 3)), of(l[0], -inf<Real>, l[1])));
    CHECK(close(xent::softmax(of(-inf<Real>, 5, -inf<Real>)), of(0, 1, 0)));
    CHECK(close(xent::log_softmax(of(-inf<Real>, 5, -inf<Real>)), of(-inf<Real>, Real(-0.0), -inf<Real>)));
  }
  SECTION("every class masked") {
    CHECK(close(xent::softmax(of(-inf<Real>, -inf<Real>, -inf<Real>)), of(0, 0, 0)));
    CHECK(close(xent::log_softmax(of(-inf<Real>, -inf<Real>, -inf<Real>)), of(-inf<Real>, -inf<Real>, -inf<Real>)));
  }
  SECTION("NaN and +inf make their sample NaN, in every place, and no other") {
    for (const Real bad : {not_a_number<Real>, -not_a_number<Real>, inf<Real>}) {
      for (Eigen::Index place = 0; place < 3; ++place) {
        for (const Real other : {Real(2), -inf<Real>, inf<Real>, not_a_number<Real>}) {
          Matrix<Real> z(3, 3);
          z << 1, other, 4, 2, other, 5, 3, other, 6;
          z(place, 1) = bad;
          for (const Axis axis : {Axis::columns, Axis::rows}) {
            const Matrix<Real> logits = axis == Axis::columns ? z : Matrix<Real>(z.transpose());
            const Matrix<Real> s = xent::softmax(logits, axis);
            const Matrix<Real> l = xent::log_softmax(logits, axis);
            const auto sample = [&](const Matrix<Real>& m, int i) {
              return axis == Axis::columns ? Three(m.col(i)) : Three(m.row(i).transpose());
            };
            CHECK(close(sample(s, 1), nans));
            CHECK(close(sample(l, 1), nans));
            CHECK(close(sample(s, 0), xent::softmax(of(1, 2, 3))));
            CHECK(close(sample(l, 2), xent::log_softmax(of(4, 5, 6))));
          }
        }
      }
    }
  }
  SECTION("logits further apart than Real reaches") {
    const Real most = std::numeric_limits<Real>::max();
    CHECK(close(xent::softmax(of(most, -most, most)), of(Real(0.5), 0, Real(0.5))));
    // -2 max: a result too large for Real.
    CHECK(xent::log_softmax(of(most, -most, 0))[1] == -inf<Real>);
    CHECK(xent::log_softmax(of(most, -most, 0))[2] == -most);
    CHECK(xent::log_softmax(of(most, -most, 0), {Axis::columns, 4})[1] == -most / 2);
    CHECK(close(xent::softmax(of(8, 1, 0), {Axis::columns, std::numeric_limits<Real>::min()}), of(1, 0, 0)));
    CHECK(xent::log_softmax(of(8, 1, 0), {Axis::columns, std::numeric_limits<Real>::min()})[2] == -inf<Real>);
  }
}

TEMPLATE_TEST_CASE("softmax: no sample, no class, one class", "", float, double, long double) {
  CHECK(close(xent::softmax(Matrix<TestType>(4, 0)), Matrix<TestType>(4, 0)));
  CHECK(close(xent::softmax(Matrix<TestType>(0, 4)), Matrix<TestType>(0, 4)));
  CHECK(close(xent::softmax(Matrix<TestType>(0, 4), Axis::rows), Matrix<TestType>(0, 4)));
  CHECK(xent::softmax(Vector<TestType>()).size() == 0);
  CHECK(xent::log_softmax(Eigen::Matrix<TestType, 1, Eigen::Dynamic>()).size() == 0);
  CHECK(xent::softmax(Eigen::Matrix<TestType, 1, 1>(TestType(-7)))[0] == 1);
  CHECK(xent::log_softmax(Eigen::Matrix<TestType, 1, 1>(TestType(-7)))[0] == 0);
  // A dynamic 1 x K matrix is K samples of one class; its row is one sample.
  const Matrix<TestType> row = random_matrix<TestType>(1, 5);
  CHECK(close(xent::softmax(row), Matrix<TestType>::Ones(1, 5)));
  CHECK(close(xent::softmax(row.row(0)), xent::softmax(row, Axis::rows)));
}

TEST_CASE("softmax: either axis, and the argument forms of the axis") {
  const Matrix<double> z = random_matrix<double>(5, 3);
  const Matrix<double> columns = xent::softmax(z);
  for (Eigen::Index i = 0; i < z.cols(); ++i) CHECK(close(columns.col(i), xent::softmax(z.col(i))));
  CHECK(close(xent::softmax(z.transpose(), Axis::rows), columns.transpose()));
  CHECK(close(xent::softmax(z.transpose(), {Axis::rows}), columns.transpose()));
  CHECK(close(xent::softmax(z, {}), columns));
  CHECK(close(xent::softmax(z, Axis::columns), columns));
  xent::SoftmaxOptions<double> options;
  options.axis = Axis::rows;
  options.temperature = 2;
  const Matrix<double> log_rows = xent::log_softmax(Matrix<double>(2 * z.transpose()), options);
  CHECK(close(log_rows, xent::log_softmax(z).transpose()));
  // A vector is one sample, whatever the axis.
  CHECK(close(xent::softmax(z.col(0), Axis::rows), columns.col(0)));
  CHECK(close(xent::softmax(z.col(0).transpose(), Axis::columns), columns.col(0).transpose()));
}

TEST_CASE("softmax: every kind of argument") {
  const Matrix<double> z = random_matrix<double>(4, 3);
  const Matrix<double> s = xent::softmax(z);
  SECTION("storage orders, Array, fixed sizes") {
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    CHECK(close(xent::softmax(RowMajor(z)), s));
    CHECK(close(xent::softmax(RowMajor(z.transpose()), Axis::rows), s.transpose()));
    CHECK(close(xent::softmax(z.array()), s));
    CHECK(close(xent::softmax(Eigen::Matrix<double, 4, 3>(z)), s));
    CHECK(close(xent::softmax(Eigen::Matrix<double, 4, 3, Eigen::RowMajor>(z)), s));
    CHECK(close(xent::softmax(Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, 6, 6>(z)), s));
    const Eigen::Vector2f two(0, 1);
    static_assert(std::is_same_v<decltype(xent::softmax(two)), Eigen::Vector2f>);
    CHECK(xent::softmax(two).sum() == 1);
    CHECK(close(xent::softmax(Eigen::Matrix3d::Zero()), Eigen::Matrix3d::Constant(1 / 3.)));
  }
  SECTION("views") {
    CHECK(close(xent::softmax(Eigen::Map<const Matrix<double>>(z.data(), 4, 3)), s));
    CHECK(close(xent::softmax(Eigen::Ref<const Matrix<double>>(z)), s));
    Matrix<double> large = Matrix<double>::Constant(9, 8, 100);
    large.block(2, 3, 4, 3) = z;
    CHECK(close(xent::softmax(large.block(2, 3, 4, 3)), s));
    CHECK(close(xent::softmax(large.block<4, 3>(2, 3)), s));
    CHECK(close(xent::softmax(large.transpose().block(3, 2, 3, 4), Axis::rows), s.transpose()));
    using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    std::vector<double> memory(100, 100.0);
    Eigen::Map<Matrix<double>, 0, Strides> strided(memory.data(), 4, 3, Strides(20, 3));
    strided = z;
    CHECK(close(xent::softmax(strided), s));
    CHECK(close(xent::softmax(strided.transpose(), Axis::rows), s.transpose()));
    CHECK(close(xent::softmax(strided.col(1)), s.col(1)));
    // The row of a column-major matrix, the diagonal, every other coefficient.
    large.row(5).segment(1, 4) = z.col(0).transpose();
    CHECK(close(xent::softmax(large.row(5).segment(1, 4)), s.col(0).transpose()));
    large.topLeftCorner(4, 4).diagonal() = z.col(2);
    CHECK(close(xent::softmax(large.topLeftCorner(4, 4).diagonal()), s.col(2)));
    Vector<double> spaced(8);
    spaced << z(0, 0), 9, z(1, 0), 9, z(2, 0), 9, z(3, 0), 9;
    CHECK(close(xent::softmax(Eigen::Map<Vector<double>, 0, Eigen::InnerStride<2>>(spaced.data(), 4)), s.col(0)));
    CHECK(close(xent::softmax(spaced(Eigen::seqN(0, 4, Eigen::fix<2>))), s.col(0)));
    CHECK(close(xent::softmax(z(Eigen::seqN(0, 4), std::vector<int>{2, 0, 2})).col(1), s.col(0)));
    CHECK(close(xent::softmax(z.col(0).reverse()), s.col(0).reverse()));
    CHECK(close(xent::softmax(z.reshaped(12, 1).col(0)), xent::softmax(Vector<double>(z.reshaped()))));
  }
  SECTION("lazy expressions, evaluated exactly once") {
    long evaluations = 0;
    CHECK(close(xent::softmax(z.unaryExpr(support::Counted{&evaluations})), s));
    CHECK(evaluations == z.size());
    CHECK(close(xent::log_softmax(z.unaryExpr(support::Counted{&evaluations}), Axis::rows),
                xent::log_softmax(z, Axis::rows)));
    CHECK(evaluations == 2 * z.size());
    const Matrix<double> right = random_matrix<double>(3, 5, 1, 2);
    evaluations = 0;
    const Matrix<double> product = z * right;
    CHECK(close(xent::softmax(z.lazyProduct(right).unaryExpr(support::Counted{&evaluations})),
                xent::softmax(Matrix<double>(z.lazyProduct(right)))));
    CHECK(evaluations == product.size());
    CHECK(close(xent::softmax(z * right), xent::softmax(product)));
    CHECK(close(xent::softmax(z.cast<float>()), xent::softmax(Eigen::MatrixXf(z.cast<float>()))));
    CHECK(close(xent::softmax(2 * z.array() + 1), xent::softmax(Matrix<double>(2 * z.array() + 1))));
    static_assert(std::is_same_v<decltype(xent::softmax(z.col(0) * 2)), Eigen::VectorXd>);
  }
}

TEST_CASE("softmax: every kind of output") {
  const Matrix<double> z = random_matrix<double>(4, 3);
  const Matrix<double> s = xent::softmax(z);
  const auto into = [&](auto&& out) { xent::softmax(z, std::forward<decltype(out)>(out)); };
  const double untouched = 7;
  Matrix<double> large = Matrix<double>::Constant(9, 8, untouched);
  const auto only_changed = [&](Eigen::Index coefficients) {
    return (large.array() != untouched).count() == coefficients;
  };
  SECTION("plain objects") {
    Matrix<double> matrix(4, 3);
    into(matrix);
    CHECK(close(matrix, s));
    Eigen::ArrayXXd array(4, 3);
    into(array);
    CHECK(close(array, s));
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> row_major(4, 3);
    into(row_major);
    CHECK(close(row_major, s));
    Eigen::Matrix<double, 4, 3> fixed;
    into(fixed);
    CHECK(close(fixed, s));
  }
  SECTION("views with a name") {
    std::vector<double> memory(12);
    const Eigen::Map<Matrix<double>> map(memory.data(), 4, 3);  // const, of writable memory
    into(map);
    CHECK(close(map, s));
    const Eigen::Ref<Matrix<double>> ref(large.topRows(4).leftCols(3));
    into(ref);
    CHECK(close(large.topLeftCorner(4, 3), s));
    CHECK(only_changed(12));
    auto block = large.bottomRightCorner(4, 3);
    into(block);
    CHECK(close(block, s));
    CHECK(only_changed(24));
  }
  SECTION("temporary views") {
    into(large.block(1, 2, 4, 3));
    CHECK(close(large.block(1, 2, 4, 3), s));
    CHECK(only_changed(12));
    large.setConstant(untouched);
    into(large.block<4, 3>(1, 2).array());
    CHECK(close(large.block(1, 2, 4, 3), s));
    CHECK(only_changed(12));
    large.setConstant(untouched);
    into(large.block(1, 2, 3, 4).transpose());
    CHECK(close(large.block(1, 2, 3, 4), s.transpose()));
    CHECK(only_changed(12));
    std::vector<double> memory(100);
    using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    into(Eigen::Map<Matrix<double>, 0, Strides>(memory.data(), 4, 3, Strides(20, 3)));
    CHECK((close_number(memory[3], s(1, 0)) && close_number(memory[46], s(2, 2))));
    Vector<double> flat(12);
    into(flat.reshaped(4, 3));
    CHECK(close(flat, s.reshaped()));
  }
  SECTION("writable views that are not one strided piece of memory") {
    into(large(std::vector<int>{8, 0, 3, 5}, Eigen::seqN(1, 3)));
    CHECK(close(large.row(3).segment(1, 3), s.row(2)));
    CHECK(close(large.row(8).segment(1, 3), s.row(0)));
    CHECK(only_changed(12));
    large.setConstant(untouched);
    into(large(Eigen::seqN(0, 4, Eigen::fix<2>), Eigen::seqN(0, 3, Eigen::fix<2>)));
    CHECK(close(large.row(6).head(3), Eigen::RowVector3d(s(3, 0), untouched, s(3, 1))));
    CHECK(only_changed(12));
    large.setConstant(untouched);
    into(large.topLeftCorner(4, 3).reverse());
    CHECK(close(large.topLeftCorner(4, 3), s.reverse()));
    CHECK(only_changed(12));
  }
  SECTION("vectors, of either orientation") {
    Eigen::RowVectorXd row(4);
    xent::softmax(z.col(0), row);
    CHECK(close(row, s.col(0).transpose()));
    xent::softmax(z.col(0), large.row(2).head(4));
    CHECK(close(large.row(2).head(4), s.col(0).transpose()));
    xent::softmax(z.col(0).transpose(), large.topLeftCorner(4, 4).diagonal());
    CHECK(close(large.topLeftCorner(4, 4).diagonal(), s.col(0)));
    Matrix<double> one_column(4, 1);
    xent::softmax(z.col(0), one_column);
    CHECK(close(one_column, s.col(0)));
    Eigen::Vector4d fixed;
    xent::softmax(z.col(0), fixed, {Axis::rows, 1});
    CHECK(close(fixed, s.col(0)));
  }
  SECTION("with options") {
    Matrix<double> rows(4, 3);
    xent::softmax(z, rows, {Axis::rows, 0.5});
    CHECK(close(rows, xent::softmax(Matrix<double>(2 * z), Axis::rows)));
    xent::log_softmax(z, rows, {});
    CHECK(close(rows, xent::log_softmax(z)));
  }
}

TEST_CASE("softmax: in place") {
  const Matrix<double> z = random_matrix<double>(6, 4);
  Matrix<double> x = z;
  for (const Axis axis : {Axis::columns, Axis::rows}) {
    x = z;
    xent::softmax(x, x, {axis, 0.5});
    CHECK(close(x, xent::softmax(z, {axis, 0.5})));
    x = z;
    xent::log_softmax(x, x, {axis, 0.5});
    CHECK(close(x, xent::log_softmax(z, {axis, 0.5})));
  }
  x = z;
  xent::softmax(2 * x, x);
  CHECK(close(x, xent::softmax(Matrix<double>(2 * z))));
  x = z;
  xent::softmax(x.row(1), x.row(1));
  CHECK(close(x.row(1), xent::softmax(z.row(1))));
  CHECK(close(x.row(0), z.row(0)));
  Eigen::Matrix<Eigen::bfloat16, Eigen::Dynamic, 1> narrow = z.col(0).cast<Eigen::bfloat16>(), out = narrow;
  xent::softmax(out, out);
  CHECK(close(out, xent::softmax(narrow)));
}

TEST_CASE("softmax: wrong arguments throw before the first write") {
  const Matrix<double> z = random_matrix<double>(4, 3);
  const Matrix<double> before = Matrix<double>::Constant(3, 4, 7);
  Matrix<double> out = before;
  CHECK_THROWS_AS(xent::softmax(z, out), std::invalid_argument);
  CHECK_THROWS_WITH(xent::softmax(z, out), "xent::softmax: out: got [3 x 4], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::log_softmax(z, out), "xent::log_softmax: out: got [3 x 4], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax(z, out.block(0, 0, 2, 3)), "xent::softmax: out: got [2 x 3], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax(z, out.reverse()), "xent::softmax: out: got [3 x 4], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax(z.col(0), out.row(0).head(3)), "xent::softmax: out: got [1 x 3], expected [4 x 1]");
  // A dynamic matrix is no vector, so its orientation counts.
  CHECK_THROWS_WITH(xent::softmax(z.col(0), out.topRows(1)), "xent::softmax: out: got [1 x 4], expected [4 x 1]");
  out.resize(4, 3);
  out.setConstant(7);
  const auto with = [](double t) { return xent::SoftmaxOptions<double>{Axis::columns, t}; };
  CHECK_THROWS_AS(xent::softmax(z, out, with(0)), std::invalid_argument);
  CHECK_THROWS_WITH(xent::softmax(z, out, with(0)), "xent::softmax: temperature: got 0, expected a finite number > 0");
  CHECK_THROWS_WITH(xent::softmax(z, out, with(-1.5)),
                    "xent::softmax: temperature: got -1.5, expected a finite number > 0");
  CHECK_THROWS_WITH(xent::log_softmax(z, out, with(inf<double>)),
                    "xent::log_softmax: temperature: got inf, expected a finite number > 0");
  CHECK_THROWS_WITH(xent::log_softmax(z, with(not_a_number<double>)),
                    "xent::log_softmax: temperature: got nan, expected a finite number > 0");
  CHECK((out.array() == 7).all());
}

TEST_CASE("softmax: only an empty plain output is resized") {
  const Matrix<double> z = random_matrix<double>(4, 3);
  Matrix<double> matrix;
  xent::softmax(z, matrix);
  CHECK(close(matrix, xent::softmax(z)));
  Eigen::ArrayXXd array(0, 5);
  xent::softmax(z, array);
  CHECK(close(array, xent::softmax(z)));
  Eigen::RowVectorXd row;
  xent::softmax(z.col(0), row);
  CHECK(close(row, xent::softmax(z.col(0)).transpose()));
  Eigen::Matrix<double, 4, Eigen::Dynamic> half_fixed;
  xent::softmax(z, half_fixed);
  CHECK(close(half_fixed, xent::softmax(z)));
  Vector<double> column;
  xent::softmax(z.leftCols(1), column);
  CHECK(close(column, xent::softmax(z.col(0))));

  Eigen::Map<Matrix<double>> map(nullptr, 0, 0);
  CHECK_THROWS_WITH(xent::softmax(z, map), "xent::softmax: out: got [0 x 0], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax(z, matrix.topRows(0)), "xent::softmax: out: got [0 x 3], expected [4 x 3]");
  Eigen::Matrix<double, 3, Eigen::Dynamic> too_low;
  CHECK_THROWS_WITH(xent::softmax(z, too_low), "xent::softmax: out: got [3 x 0], expected [4 x 3]");
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, 4, 2> too_small;
  CHECK_THROWS_WITH(xent::softmax(z, too_small), "xent::softmax: out: got [0 x 0], expected [4 x 3]");
  Vector<double> vector;
  CHECK_THROWS_WITH(xent::softmax(z, vector), "xent::softmax: out: got [0 x 1], expected [4 x 3]");
  CHECK(matrix.rows() == 4);
}

TEST_CASE("softmax: the same bits for every executor") {
  const Matrix<float> z = random_matrix<float>(37, 9000);  // more than ten blocks
  for (const Axis axis : {Axis::columns, Axis::rows}) {
    const Matrix<float> logits = axis == Axis::columns ? z : Matrix<float>(z.transpose());
    const Matrix<float> s = xent::softmax(logits, axis);
    int calls = 0;
    CHECK(same(xent::softmax(logits, {axis, 1, support::backwards(&calls)}), s));
    CHECK(calls == 1);
    CHECK(same(xent::softmax(logits, {axis, 1, support::threaded()}), s));
    Matrix<float> out;
    xent::log_softmax(logits, out, {axis, 1, support::threaded()});
    CHECK(same(out, xent::log_softmax(logits, axis)));
  }
  const xent::Executor failing = [](Eigen::Index, const auto&) { throw std::runtime_error("no threads left"); };
  CHECK_THROWS_WITH(xent::softmax(z, {Axis::columns, 1, failing}), "no threads left");
}
