// The Jacobian of softmax as an operator, and the products with it and with that of log_softmax.

#include <xent/logsumexp.hpp>
#include <xent/softmax_jacobian.hpp>

#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/oracle.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

using support::Matrix;
using support::same;
using support::Vector;
using xent::Axis;

namespace {

template <class Real>
constexpr Real inf = std::numeric_limits<Real>::infinity();
template <class Real>
constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

using Wide = Matrix<long double>;

template <class Real>
Matrix<Real> random_matrix(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed = 1, double sigma = 2) {
  Matrix<Real> z(rows, cols);
  support::Random(seed).fill_normal(z, 0, sigma);
  return z;
}

template <class Real>
Vector<Real> probabilities(Eigen::Index classes, std::uint64_t seed = 1, double sigma = 2) {
  return xent::softmax(random_matrix<Real>(classes, 1, seed, sigma).col(0));
}

/// (diag(s) - s s^T) / T in long double.
template <class Real>
Wide definition(const Vector<Real>& s, long double temperature = 1) {
  const Vector<long double> wide = s.template cast<long double>();
  return (Wide(wide.asDiagonal()) - wide * wide.transpose()) / temperature;
}

/// The worst error in ULP of the scales: the sums of the absolute values of the terms, which cancel.
template <class Real>
double worst_ulp(const Matrix<Real>& got, const Wide& exact, const Wide& scale) {
  double worst = 0;
  for (Eigen::Index j = 0; j < got.cols(); ++j) {
    for (Eigen::Index i = 0; i < got.rows(); ++i) {
      worst = std::max(
          worst, oracle::ulp_error_of_scale(got(i, j), oracle::exactly(exact(i, j)), static_cast<double>(scale(i, j))));
    }
  }
  return worst;
}

// Rounded once from about twice the digits: half an ULP, and a little for the long double reference.
constexpr double once = 0.51;

}  // namespace

TEMPLATE_TEST_CASE("softmax_jacobian (1): an entry on the diagonal is s_i (1 - s_i) / T", "", float, double) {
  for (const double t : {1.0, 0.3, 50.0}) {
    const Vector<TestType> s = probabilities<TestType>(12);
    const auto temperature = static_cast<TestType>(t);
    const auto jacobian = xent::softmax_jacobian(s, temperature);
    for (Eigen::Index i = 0; i < 12; ++i) {
      const long double p = s[i];
      CHECK(oracle::ulp_error(jacobian(i, i), oracle::exactly(p * (1 - p) / temperature)) <= once);
    }
  }
  // A confident class: 1 - s is not 0 where s is not 1.
  const auto nearly_one = 1 - std::numeric_limits<TestType>::epsilon();
  const Eigen::Matrix<TestType, 2, 1> s(nearly_one, 1 - nearly_one);
  CHECK(xent::softmax_jacobian(s)(0, 0) == nearly_one * std::numeric_limits<TestType>::epsilon());
}

TEMPLATE_TEST_CASE("softmax_jacobian (2): an entry off the diagonal is -s_i s_j / T", "", float, double) {
  const Vector<TestType> s = probabilities<TestType>(12);
  const auto t = static_cast<TestType>(0.7);
  const auto jacobian = xent::softmax_jacobian(s, t);
  for (Eigen::Index i = 0; i < 12; ++i) {
    for (Eigen::Index j = 0; j < 12; ++j) {
      if (i == j) continue;
      const long double exact = -static_cast<long double>(s[i]) * s[j] / t;
      CHECK(oracle::ulp_error(jacobian(i, j), oracle::exactly(exact)) <= once);
    }
  }
}

TEMPLATE_TEST_CASE("softmax_jacobian (3): toDenseMatrix is (diag(s) - s s^T) / T", "", float, double) {
  for (const int classes : {1, 2, 7, 33}) {
    const Vector<TestType> s = probabilities<TestType>(classes);
    const auto t = static_cast<TestType>(1.7);
    const auto jacobian = xent::softmax_jacobian(s, t);
    const Matrix<TestType> dense = jacobian.toDenseMatrix();
    const Wide exact = definition(s, t);
    const Vector<long double> wide = s.template cast<long double>();
    CHECK(worst_ulp<TestType>(dense, exact, wide.asDiagonal()) <= once);
    CHECK(jacobian.rows() == classes);
    CHECK(jacobian.cols() == classes);
    for (int i = 0; i < classes; ++i)
      for (int j = 0; j < classes; ++j) CHECK(dense(i, j) == jacobian(i, j));
  }
  using Three = Eigen::Matrix<TestType, 3, 1>;
  static_assert(
      std::is_same_v<decltype(xent::softmax_jacobian(Three()).toDenseMatrix()), Eigen::Matrix<TestType, 3, 3>>);
  CHECK(xent::softmax_jacobian(Vector<TestType>()).toDenseMatrix().size() == 0);
}

TEMPLATE_TEST_CASE("softmax_jacobian (4): its rows sum to 0", "", float, double) {
  for (const double sigma : {0.1, 2.0, 10.0}) {
    for (const int classes : {1, 2, 10, 200}) {
      const Vector<TestType> s = probabilities<TestType>(classes, 3, sigma);
      const auto jacobian = xent::softmax_jacobian(s);
      const Wide dense = jacobian.toDenseMatrix().template cast<long double>();
      const Vector<TestType> product = jacobian * Vector<TestType>::Ones(classes);
      for (int i = 0; i < classes; ++i) {
        // The exact row sum is s_i (1 - sum s). With each s within 4 ULP that is 4 epsilon s_i, up to 8 ULP of s_i. The
        // roundings of the entries add less than 2 ULP of s_i to the dense row, and one to the product.
        const double ulp = std::ldexp(1.0, std::ilogb(s[i]) - (std::numeric_limits<TestType>::digits - 1));
        CHECK(std::abs(static_cast<double>(dense.row(i).sum())) <= 10 * ulp);
        CHECK(std::abs(static_cast<double>(product[i])) <= 9 * ulp);
      }
    }
  }
}

TEMPLATE_TEST_CASE("softmax_jacobian (5): times a vector, out_k = s_k (v_k - <s, v>) / T", "", float, double) {
  for (const int classes : {1, 2, 9, 100}) {
    for (const double t : {1.0, 0.25, 3.3}) {
      const Vector<TestType> s = probabilities<TestType>(classes);
      const Matrix<TestType> v = random_matrix<TestType>(classes, 4, 5);
      const auto temperature = static_cast<TestType>(t);
      const auto jacobian = xent::softmax_jacobian(s, temperature);
      const Vector<long double> p = s.template cast<long double>();
      const Wide wide = v.template cast<long double>();
      const Wide exact = definition(s, temperature) * wide;
      const Wide scale = p.asDiagonal() * (wide.cwiseAbs().rowwise() + p.transpose() * wide.cwiseAbs()) / temperature;
      const Matrix<TestType> product = jacobian * v;
      CHECK(worst_ulp<TestType>(product, exact, scale) <= once);
      for (int i = 0; i < 4; ++i) {
        const Vector<TestType> column = v.col(i);
        CHECK(same(jacobian * column, product.col(i)));
        CHECK(same(jacobian * v.col(i), product.col(i)));
        CHECK(same(xent::softmax_jvp(s, column, {Axis::columns, temperature}), product.col(i)));
      }
      CHECK(same(jacobian * (v + v), jacobian * Matrix<TestType>(2 * v)));
    }
  }
}

TEST_CASE("softmax_jacobian (6): symmetric: from the left, transposed, forward and reverse mode are one map") {
  const Vector<double> s = probabilities<double>(5);
  const Matrix<double> v = random_matrix<double>(5, 3, 6);
  const auto jacobian = xent::softmax_jacobian(s, 0.6);
  CHECK(same(v.transpose() * jacobian, (jacobian * v).transpose()));
  CHECK(same(v.col(0).transpose() * jacobian, (jacobian * v.col(0)).transpose()));
  CHECK(same(jacobian.transpose() * v, jacobian * v));
  CHECK(&jacobian.transpose() == &jacobian);
  CHECK(same(xent::softmax_jacobian(s, 0.6).transpose() * v, jacobian * v));
  CHECK(same(jacobian.toDenseMatrix(), jacobian.toDenseMatrix().transpose()));
  CHECK(same(xent::softmax_vjp(s, v.col(0)), xent::softmax_jvp(s, v.col(0))));
}

TEMPLATE_TEST_CASE("softmax_jacobian (7): log_softmax_jvp is (v - <s, v>) / T", "", float, double) {
  const Vector<TestType> s = probabilities<TestType>(20);
  const Matrix<TestType> v = random_matrix<TestType>(20, 1, 5);
  const auto t = static_cast<TestType>(0.4);
  const Vector<long double> p = s.template cast<long double>();
  const Wide wide = v.template cast<long double>();
  const Wide exact = (wide.array() - p.dot(wide.col(0))) / t;
  const Wide scale = (wide.array().abs() + p.dot(wide.col(0).cwiseAbs())) / t;
  CHECK(worst_ulp<TestType>(xent::log_softmax_jvp(s, v.col(0), {Axis::columns, t}), exact, scale) <= once);
}

TEMPLATE_TEST_CASE("softmax_jacobian (8): log_softmax_vjp is (g - s sum g) / T", "", float, double) {
  const Vector<TestType> s = probabilities<TestType>(20);
  const Matrix<TestType> g = random_matrix<TestType>(20, 1, 5);
  const auto t = static_cast<TestType>(0.4);
  const Vector<long double> p = s.template cast<long double>();
  const Wide wide = g.template cast<long double>();
  const Wide exact = (wide - p * wide.sum()) / t;
  const Wide scale = (wide.cwiseAbs() + p * wide.cwiseAbs().sum()) / t;
  CHECK(worst_ulp<TestType>(xent::log_softmax_vjp(s, g.col(0), {Axis::columns, t}), exact, scale) <= once);
}

TEST_CASE("softmax_jacobian (9): the gradient of the cross-entropy is (s - y) / T") {
  const Vector<double> s = probabilities<double>(4);
  const Eigen::Vector4d y(0, 0, 1, 0);
  const Vector<double> gradient = xent::log_softmax_vjp(s, -y, {Axis::columns, 0.5});
  for (int k = 0; k < 4; ++k) CHECK(gradient[k] == (s[k] - y[k]) / 0.5);
}

TEMPLATE_TEST_CASE("the products hold their bounds on the reference cases", "", float, double) {
  int cases = 0;
  oracle::Worst worst;
  for (const oracle::Case& c : oracle::read("jacobian")) {
    if (c.scalar != (std::is_same_v<TestType, float> ? "float" : "double")) continue;
    ++cases;
    const auto vector = [&](const char* name) {
      const std::vector<double>& values = c.input(name);
      return Vector<TestType>(Eigen::Map<const Vector<double>>(values.data(), static_cast<Eigen::Index>(values.size()))
                                  .template cast<TestType>());
    };
    const Vector<TestType> s = vector("probabilities"), v = vector("direction");
    const xent::SoftmaxOptions<TestType> options{Axis::columns, static_cast<TestType>(c.number("temperature"))};
    const auto see = [&](const char* name, const Vector<TestType>& got) {
      for (Eigen::Index k = 0; k < got.size(); ++k) {
        const auto n = static_cast<std::size_t>(k);
        worst.see(oracle::ulp_error_of_scale(got[k], c.result(name)[n], c.scale(name)[n]),
                  [&] { return c.description + ", " + name + ", class " + std::to_string(k); });
      }
    };
    see("softmax_jvp", xent::softmax_jvp(s, v, options));
    see("log_softmax_jvp", xent::log_softmax_jvp(s, v, options));
    see("log_softmax_vjp", xent::log_softmax_vjp(s, v, options));
  }
  INFO(worst.input());
  CHECK(cases > 20);
  CHECK(worst.error() <= once);
}

TEST_CASE("the Jacobians agree with central differences in long double") {
  const Vector<long double> z = random_matrix<long double>(7, 1).col(0);
  for (const long double t : {1.0L, 0.5L, 3.0L}) {
    const xent::SoftmaxOptions<long double> options{Axis::columns, t};
    const Vector<long double> s = xent::softmax(z, options);
    const Wide jacobian = xent::softmax_jacobian(s, t).toDenseMatrix();
    const long double h = 0x1p-20L;
    for (Eigen::Index j = 0; j < z.size(); ++j) {
      Vector<long double> up = z, down = z, unit = Vector<long double>::Zero(7);
      up[j] += h;
      down[j] -= h;
      unit[j] = 1;
      const Vector<long double> ds = (xent::softmax(up, options) - xent::softmax(down, options)) / (2 * h);
      const Vector<long double> dl = (xent::log_softmax(up, options) - xent::log_softmax(down, options)) / (2 * h);
      // h^2 / 6 of a third derivative below 1 / T^3 <= 8, and rounding of 2^-60 / h.
      CHECK((ds - jacobian.col(j)).cwiseAbs().maxCoeff() <= 4e-12L);
      CHECK((dl - xent::log_softmax_jvp(s, unit, options)).cwiseAbs().maxCoeff() <= 4e-12L);
    }
  }
}

TEMPLATE_TEST_CASE("the Jacobians: probabilities of 0, NaN, extreme numbers", "", float, double, long double) {
  using Real = TestType;
  using Three = Eigen::Matrix<Real, 3, 1>;
  const Three s(Real(0.25), 0, Real(0.75));
  const Real most = std::numeric_limits<Real>::max();
  for (const Real unread : {not_a_number<Real>, inf<Real>, -inf<Real>, Real(5)}) {
    const Three v(1, unread, 2);
    // <s, v> = 1.75
    CHECK(same(xent::softmax_jvp(s, v), Three(Real(-0.1875), 0, Real(0.1875))));
    CHECK(same(xent::softmax_vjp(s, v), Three(Real(-0.1875), 0, Real(0.1875))));
    CHECK(same(xent::softmax_jacobian(s) * v, Three(Real(-0.1875), 0, Real(0.1875))));
    CHECK(same(xent::log_softmax_jvp(s, v), Three(Real(-0.75), unread - Real(1.75), Real(0.25))));
  }
  CHECK(same(xent::log_softmax_vjp(s, Three(1, 4, 3), {Axis::columns, 2}), Three(Real(-0.5), 2, Real(-1.5))));
  // An infinite sum does not reach a class that has no part of it.
  CHECK(xent::log_softmax_vjp(s, Three(inf<Real>, 4, 3))[1] == 4);
  CHECK(same(xent::softmax_jacobian(s).toDenseMatrix().col(1), Three::Zero()));
  CHECK(xent::softmax_jvp(s, Three(1, 1, not_a_number<Real>)).array().isNaN().count() == 2);
  CHECK(same(xent::softmax_jvp(Three(0, 0, 0), Three(1, 2, inf<Real>)), Three(0, 0, 0)));
  // Nothing overflows on the way: v_0 - <s, v> = 2 max.
  const Three half(Real(0.5), Real(0.5), 0);
  CHECK(xent::softmax_jvp(Three(Real(0.25), Real(0.75), 0), Three(most, -most, 0))[0] == Real(0.375) * most);
  CHECK(xent::log_softmax_jvp(half, Three(most, -most, 0), {Axis::columns, 2})[0] == most / 2);
  CHECK(xent::softmax_jvp(half, Three(most, -most, 0), {Axis::columns, Real(0.25)})[0] == inf<Real>);
  // A small probability times a small v over a small T is not small.
  const Real tiny = std::numeric_limits<Real>::min() * 4;
  const Real root = std::ldexp(Real(1), -std::numeric_limits<Real>::max_exponent / 8);
  const Three rare(tiny, 1 - tiny, 0);
  CHECK(xent::softmax_jvp(rare, Three(root, 0, 0), {Axis::columns, root})[0] == tiny);
  // Nor is a small probability times a large v over a large T.
  CHECK(xent::softmax_jvp(rare, Three(1 / root, 0, 0), {Axis::columns, 1 / root})[0] == tiny);
  // The smallest temperature there is: 0 stays 0, everything else is too large.
  const Real least = std::numeric_limits<Real>::denorm_min();
  CHECK(same(xent::softmax_jvp(half, Three(1, 1, 0), {Axis::columns, least}), Three(0, 0, 0)));
  CHECK(same(xent::log_softmax_jvp(half, Three(1, 1, 1), {Axis::columns, least}), Three(0, 0, 0)));
  CHECK(xent::log_softmax_jvp(half, Three(1, -1, 0), {Axis::columns, least})[0] == inf<Real>);
}

TEST_CASE("the Jacobians of a batch: both axes, every kind of argument and output") {
  const Matrix<double> s = xent::softmax(random_matrix<double>(5, 3));
  const Matrix<double> v = random_matrix<double>(5, 3, 7);
  const xent::SoftmaxOptions<double> rows{Axis::rows, 0.7}, columns{Axis::columns, 0.7};
  const auto check = [&](const auto& product) {
    const Matrix<double> exact = product(s, v, columns);
    for (int i = 0; i < 3; ++i) CHECK(same(product(s.col(i), v.col(i), columns), exact.col(i)));
    CHECK(same(product(s.transpose(), v.transpose(), rows), exact.transpose()));
    CHECK(same(product(Matrix<double>(s.transpose()), Matrix<double>(v.transpose()), rows), exact.transpose()));
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    CHECK(same(product(RowMajor(s), v, columns), exact));
    CHECK(same(product(s, RowMajor(v), columns), exact));
    CHECK(same(product(s.array(), v.array(), columns), exact));
    CHECK(same(product(Eigen::Matrix<double, 5, 3>(s), v, columns), exact));
    Matrix<double> large = Matrix<double>::Constant(8, 8, 3);
    large.block(1, 2, 5, 3) = v;
    CHECK(same(product(s, large.block(1, 2, 5, 3), columns), exact));
    long evaluations = 0;
    CHECK(same(product(s.unaryExpr(support::Counted{&evaluations}), v, columns), exact));
    CHECK(evaluations == 15);
    CHECK(same(product(s, v.unaryExpr(support::Counted{&evaluations}), columns), exact));
    CHECK(evaluations == 30);
    CHECK(same(product(s.col(0), v.col(0).transpose(), columns), exact.col(0).transpose()));
    CHECK(product(Matrix<double>(5, 0), Matrix<double>(5, 0), columns).cols() == 0);
    CHECK(product(Matrix<double>(0, 5), Matrix<double>(0, 5), columns).rows() == 0);
  };
  check([](const auto& a, const auto& b, const auto& options) { return xent::softmax_jvp(a, b, options); });
  check([](const auto& a, const auto& b, const auto& options) { return xent::softmax_vjp(a, b, options); });
  check([](const auto& a, const auto& b, const auto& options) { return xent::log_softmax_jvp(a, b, options); });
  check([](const auto& a, const auto& b, const auto& options) { return xent::log_softmax_vjp(a, b, options); });

  const auto into = [&](const auto& product, const Matrix<double>& exact) {
    Matrix<double> empty, large = Matrix<double>::Constant(8, 8, 3);
    product(s, v, empty, columns);
    CHECK(same(empty, exact));
    product(s, v, large.block(1, 2, 5, 3), columns);
    CHECK(same(large.block(1, 2, 5, 3), exact));
    product(s, v, large.topRows(3).leftCols(5).transpose(), columns);
    CHECK(same(large.topLeftCorner(3, 5), exact.transpose()));
    product(s, v, large.bottomLeftCorner(5, 3).reverse(), columns);
    CHECK(same(large.bottomLeftCorner(5, 3), exact.reverse()));
    std::vector<double> memory(15);
    const Eigen::Map<Eigen::ArrayXXd> map(memory.data(), 5, 3);
    product(s, v, map, columns);
    CHECK(same(map, exact));
    // In place of either argument, and of the memory under an expression.
    Matrix<double> x = v;
    product(s, x, x, columns);
    CHECK(same(x, exact));
    x = s;
    product(x, v, x, columns);
    CHECK(same(x, exact));
    x = 0.5 * v;
    product(s, 2 * x, x, columns);
    CHECK(same(x, exact));
    x = Matrix<double>(s.transpose());
    product(x, v.transpose(), x, rows);
    CHECK(same(x, exact.transpose()));
  };
  into([](auto&& a, auto&& b, auto&& out,
          const auto& o) { xent::softmax_jvp(a, b, std::forward<decltype(out)>(out), o); },
       xent::softmax_jvp(s, v, columns));
  into([](auto&& a, auto&& b, auto&& out,
          const auto& o) { xent::softmax_vjp(a, b, std::forward<decltype(out)>(out), o); },
       xent::softmax_jvp(s, v, columns));
  into([](auto&& a, auto&& b, auto&& out,
          const auto& o) { xent::log_softmax_jvp(a, b, std::forward<decltype(out)>(out), o); },
       xent::log_softmax_jvp(s, v, columns));
  into([](auto&& a, auto&& b, auto&& out,
          const auto& o) { xent::log_softmax_vjp(a, b, std::forward<decltype(out)>(out), o); },
       xent::log_softmax_vjp(s, v, columns));
  // Without options, and with a braced list.
  Matrix<double> out(5, 3);
  xent::softmax_jvp(s, v, out);
  CHECK(same(out, xent::softmax_jvp(s, v)));
  CHECK(same(xent::softmax_jvp(s, v, {}), out));
  CHECK(same(xent::softmax_jvp(s, v, {Axis::columns, 0.7}), xent::softmax_jvp(s, v, columns)));
}

TEST_CASE("the Jacobian keeps its own copy") {
  Vector<double> s = probabilities<double>(3);
  const Vector<double> v = random_matrix<double>(3, 1, 7).col(0);
  const auto jacobian = xent::softmax_jacobian(s);
  const Vector<double> product = jacobian * v;
  s.setZero();
  CHECK(same(jacobian * v, product));
  // Of rows, Arrays, blocks and expressions too.
  s = probabilities<double>(3);
  CHECK(same(xent::softmax_jacobian(s.transpose()) * v, product));
  CHECK(same(xent::softmax_jacobian(s.array()) * v.array(), product));
  CHECK(same(xent::softmax_jacobian(s.reverse()) * v.reverse(), product.reverse()));
  const Matrix<double> matrix = s.replicate(1, 2).transpose();
  CHECK(same(xent::softmax_jacobian(matrix.row(1)) * v, product));
  long evaluations = 0;
  CHECK(same(xent::softmax_jacobian(s.unaryExpr(support::Counted{&evaluations})) * v, product));
  CHECK(evaluations == 3);
  CHECK(same(jacobian * v.unaryExpr(support::Counted{&evaluations}), product));
  CHECK(evaluations == 6);
}

TEST_CASE("a row vector is many samples of one class to the Jacobian of one class, one sample from its left") {
  const auto jacobian = xent::softmax_jacobian(Eigen::Matrix<double, 1, 1>(0.5));
  CHECK(same(jacobian * Eigen::RowVector3d(1, 2, 4), Eigen::RowVector3d(0.25, 0.5, 1)));
  CHECK(same(Eigen::Vector3d(1, 2, 4) * jacobian, Eigen::Vector3d(0.25, 0.5, 1)));
}

TEMPLATE_TEST_CASE("the Jacobians of a 16-bit type", "", Eigen::bfloat16, Eigen::half) {
  const Matrix<TestType> s = xent::softmax(random_matrix<float>(6, 2)).template cast<TestType>();
  const Matrix<TestType> v = random_matrix<float>(6, 2, 8).template cast<TestType>();
  const Matrix<float> exact = xent::softmax_jvp(s.template cast<float>(), v.template cast<float>());
  CHECK(same(xent::softmax_jvp(s, v), exact.template cast<TestType>()));
  Matrix<float> out;
  xent::softmax_jvp(s, v, out);
  CHECK(same(out, exact));
  CHECK(same(xent::softmax_jvp(s, v.template cast<float>()), exact));
  const auto jacobian = xent::softmax_jacobian(s.col(0), 2.0F);
  CHECK(same(jacobian * v.col(0), xent::softmax_jvp(s.col(0), v.col(0), {Axis::columns, 2.0F})));
  CHECK(jacobian(0, 1) == TestType(xent::softmax_jacobian(s.col(0).template cast<float>(), 2.0F)(0, 1)));
}

TEST_CASE("the Jacobians: wrong arguments throw before the first write") {
  const Matrix<double> s = xent::softmax(random_matrix<double>(4, 3));
  const Matrix<double> v = random_matrix<double>(4, 3, 7);
  Matrix<double> out = Matrix<double>::Constant(4, 3, 7);
  CHECK_THROWS_AS(xent::softmax_jvp(s, v.leftCols(2), out), std::invalid_argument);
  CHECK_THROWS_WITH(xent::softmax_jvp(s, v.leftCols(2), out), "xent::softmax_jvp: v: got [4 x 2], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax_jvp(s, v.transpose()), "xent::softmax_jvp: v: got [3 x 4], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax_vjp(s, v.topRows(3), out), "xent::softmax_vjp: g: got [3 x 3], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::log_softmax_jvp(s.col(0), v.col(0).head(3)),
                    "xent::log_softmax_jvp: v: got [3 x 1], expected [4 x 1]");
  CHECK_THROWS_WITH(xent::log_softmax_vjp(s, v.topRows(3)), "xent::log_softmax_vjp: g: got [3 x 3], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax_jvp(s, v, out.topRows(2)), "xent::softmax_jvp: out: got [2 x 3], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::softmax_jvp(s, v, out, {Axis::columns, 0.0}),
                    "xent::softmax_jvp: temperature: got 0, expected a finite number > 0");
  CHECK_THROWS_WITH(xent::log_softmax_vjp(s, v, out, {Axis::columns, -inf<double>}),
                    "xent::log_softmax_vjp: temperature: got -inf, expected a finite number > 0");
  CHECK((out.array() == 7).all());
  CHECK_THROWS_AS(xent::softmax_jacobian(s.col(0), -1.0), std::invalid_argument);
  CHECK_THROWS_WITH(xent::softmax_jacobian(s.col(0), -1.0),
                    "xent::softmax_jacobian: temperature: got -1, expected a finite number > 0");
  const auto jacobian = xent::softmax_jacobian(s.col(0));
  CHECK_THROWS_WITH(jacobian * v.topRows(3), "xent::softmax_jacobian: right factor: got [3 x 3], expected 4 rows");
  CHECK_THROWS_WITH(v * jacobian, "xent::softmax_jacobian: left factor: got [4 x 3], expected 4 columns");
  CHECK_THROWS_AS(jacobian(0, 4), std::out_of_range);
  CHECK_THROWS_WITH(jacobian(-1, 2), "xent::softmax_jacobian: index: got (-1, 2), expected one inside [4 x 4]");
}

TEST_CASE("the Jacobians have the same bits for every executor") {
  const Matrix<float> s = xent::softmax(random_matrix<float>(37, 9000));
  const Matrix<float> v = random_matrix<float>(37, 9000, 7);
  int calls = 0;
  CHECK(same(xent::softmax_jvp(s, v, {Axis::columns, 1, support::backwards(&calls)}), xent::softmax_jvp(s, v)));
  CHECK(calls == 1);
  CHECK(same(xent::log_softmax_vjp(s, v, {Axis::columns, 1, support::threaded()}), xent::log_softmax_vjp(s, v)));
}
