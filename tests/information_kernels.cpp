// The kernels behind the information measures and the products with the Jacobians: held to the same functions of long
// double, which no kernel serves, for every size, place in memory and irregular number. XENT_SIMD chooses which.

#include <xent/information.hpp>
#include <xent/softmax_jacobian.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using support::same_number;
using support::Vector;
using xent::Axis;

template <class Real>
using Strided = Eigen::Map<Matrix<Real>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// The kernels stay below 1. What they refuse, and where there are none, everything, has the logarithms of the C
/// library and of long double: 1.3 were seen.
constexpr double bound = 2;

/// Every size around the vectors of each instruction set and what is transposed, and some longer ones.
const std::vector<Index>& sizes() {
  static const std::vector<Index> all = [] {
    std::vector<Index> some = {127, 128, 129, 1000};
    for (Index n = 0; n <= 70; ++n) some.push_back(n);
    return some;
  }();
  return all;
}

/// Columns of ordinary, peaked and sparse distributions, and of q next to p.
template <class Real>
struct Pair {
  Matrix<Real> p, q;

  Pair(support::Random& random, Index classes, Index samples) : p(classes, samples), q(classes, samples) {
    for (Index i = 0; i < samples; ++i) {
      for (Index k = 0; k < classes; ++k) {
        const double wide = i % 3 == 1 ? std::exp(-20 * random.uniform()) : 0.01 + random.uniform();
        p(k, i) = static_cast<Real>(i % 4 == 3 && random.chance(0.5) ? 0 : wide / double(classes));
        q(k, i) = static_cast<Real>(i % 2 == 0 ? (0.01 + random.uniform()) / double(classes)
                                               : double(p(k, i)) * (1 + 1e-3 * random.normal()));
        // Probabilities of at most 1.
        p(k, i) = std::min(p(k, i), Real(1));
        q(k, i) = std::min(q(k, i), Real(1));
      }
    }
  }
};

/// Every measure, a column each.
template <class P, class Q>
auto measures(const P& p, const Q& q, Axis axis = Axis::columns) {
  using Real = typename P::Scalar;
  Matrix<Real> result(axis == Axis::columns ? p.cols() : p.rows(), 4);
  result.col(0) = xent::entropy(p, axis);
  result.col(1) = xent::cross_entropy(p, q, axis);
  result.col(2) = xent::kl_divergence(p, q, axis);
  result.col(3) = xent::js_divergence(p, q, axis);
  return result;
}

template <class Real>
Matrix<long double> exact_measures(const Matrix<Real>& p, const Matrix<Real>& q) {
  return measures(Matrix<long double>(p.template cast<long double>()),
                  Matrix<long double>(q.template cast<long double>()));
}

/// The worst error in ULP of the exact number; infinite where one is finite and the other is not.
template <class Real>
double worst(const Matrix<Real>& got, const Matrix<long double>& exact) {
  double error = 0;
  for (Index j = 0; j < got.size(); ++j) {
    const Real x = got.data()[j];
    const long double y = exact.data()[j];
    if (same_number(x, static_cast<Real>(y))) continue;
    error = std::max(error, std::isfinite(x) && std::isfinite(y) ? oracle::ulp_error(x, oracle::exactly(y))
                                                                 : std::numeric_limits<double>::infinity());
  }
  return error;
}

/// A copy whose classes and samples lie further apart than they must, and off the lines of a cache.
template <class Real>
struct Apart {
  std::vector<Real> memory;
  Strided<Real> view;

  Apart(const Matrix<Real>& x, Index class_stride, Index sample_stride)
      : memory(static_cast<std::size_t>(1 + x.rows() * class_stride + x.cols() * sample_stride)),
        view(memory.data() + 1, x.rows(), x.cols(), {sample_stride, class_stride}) {
    view = x;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("information kernels (1): every size, in samples that lie together or side by side", "", float,
                   double) {
  support::Random random(1);
  for (const Index classes : sizes()) {
    CAPTURE(classes);
    const Pair<TestType> x(random, classes, classes % 5 == 0 ? 37 : 6);
    const auto exact = exact_measures(x.p, x.q);
    CHECK(worst(measures(x.p, x.q), exact) <= bound);
    const Matrix<TestType> p = x.p.transpose();
    const Matrix<TestType> q = x.q.transpose();
    CHECK(worst(measures(p, q, Axis::rows), exact) <= bound);
    CHECK(worst(measures(x.p, Matrix<TestType>(q).transpose()), exact) <= bound);  // one of each
  }
}

namespace {

/// The samples from the middle on, or the only one.
constexpr Index middle = 117;

template <class P, class Q>
auto measures_of_some(const P& p, const Q& q, Index count) {
  return measures(p.middleCols(middle, count), q.middleCols(middle, count));
}

constexpr Index unlike_vectors[] = {1, 3, 10, 24, 25, 33, 64, 100};

}  // namespace

TEMPLATE_TEST_CASE("information kernels (2): a sample has the same bits wherever it lies, whatever its neighbours are",
                   "", float, double) {
  support::Random random(2);
  for (const Index classes : unlike_vectors) {
    CAPTURE(classes);
    const Pair<TestType> x(random, classes, 300);
    const auto all = measures(x.p, x.q);
    const Apart<TestType> p(x.p, 1, classes + 3);
    const Apart<TestType> q(x.q, 1, classes + 5);
    CHECK(same(measures(p.view, q.view), all));
    CHECK(same(measures_of_some(x.p, x.q, 70), all.middleRows(middle, 70)));
    CHECK(same(measures_of_some(x.p, x.q, 1), all.row(middle)));
    const Apart<TestType> p_loose(x.p, 2, 2 * classes);
    const Apart<TestType> q_loose(x.q, 3, 3 * classes);
    CHECK(same(measures(p_loose.view, q_loose.view), all));
  }
}

TEMPLATE_TEST_CASE("information kernels (3): the same of samples side by side", "", float, double) {
  support::Random random(3);
  for (const Index classes : unlike_vectors) {
    CAPTURE(classes);
    const Pair<TestType> x(random, classes, 300);
    const Apart<TestType> p(x.p, 307, 1);
    const Apart<TestType> q(x.q, 311, 1);
    const auto all = measures(p.view, q.view);
    CHECK(same(measures_of_some(p.view, q.view, 70), all.middleRows(middle, 70)));
    CHECK(same(measures_of_some(p.view, q.view, 1), all.row(middle)));
    CHECK(worst(all, exact_measures(x.p, x.q)) <= bound);
  }
}

namespace {

/// How many measures of irregular samples (the even ones) are of another kind than the exact ones, or off by more than
/// the bound; and of the others, how many are not what they were.
template <class Real>
Index disagreements(const Matrix<Real>& got, const Matrix<Real>& before, const Pair<Real>& x) {
  const auto exact = exact_measures(x.p, x.q);
  Index count = 0;
  for (Index i = 0; i < got.rows(); ++i) {
    const bool at_most_1 = std::max(x.p.col(i).maxCoeff(), x.q.col(i).maxCoeff()) <= 1;
    for (Index j = 0; j < 4; ++j) {
      const auto rounded = static_cast<Real>(exact(i, j));
      const bool bounded = std::isfinite(rounded) && (j > 1 || at_most_1);  // else terms of entropies cancel
      const bool right = i % 2 == 1 ? same_number(got(i, j), before(i, j))
                         : bounded  ? oracle::ulp_error(got(i, j), oracle::exactly(exact(i, j))) <= bound
                                    : std::isnan(got(i, j)) == std::isnan(rounded) &&
                                         std::isfinite(got(i, j)) == std::isfinite(rounded);
      count += right ? 0 : 1;
    }
  }
  return count;
}

template <class Real>
Matrix<Real> measures_side_by_side(const Pair<Real>& x) {
  return measures(Matrix<Real>(x.p.transpose()), Matrix<Real>(x.q.transpose()), Axis::rows);
}

}  // namespace

TEMPLATE_TEST_CASE("information kernels (4): what is not regular, among what is", "", float, double) {
  using Real = TestType;
  using Limits = std::numeric_limits<Real>;
  const Real special[] = {0,
                          -Real(0),
                          Limits::denorm_min(),
                          3 * Limits::denorm_min(),
                          Limits::min(),
                          Real(1),
                          Real(3),
                          static_cast<Real>(0x1p100),
                          -Limits::denorm_min(),
                          -Real(0.5),
                          Limits::infinity(),
                          Limits::quiet_NaN()};
  support::Random random(4);
  for (const Index classes : {1, 2, 7, 24, 25, 40, 77}) {
    CAPTURE(classes);
    Pair<Real> x(random, classes, 288);
    const auto before = measures(x.p, x.q);
    const auto before_side_by_side = measures_side_by_side(x);
    for (Index i = 0; i < 288; i += 2) {  // every pair of them, in every second sample
      const Index k = random.integer(classes);
      x.p(k, i) = special[i / 24];
      x.q(k, i) = special[i / 2 % 12];
    }
    CHECK(disagreements<Real>(measures(x.p, x.q), before, x) == 0);
    CHECK(disagreements<Real>(measures_side_by_side(x), before_side_by_side, x) == 0);
  }
}

TEMPLATE_TEST_CASE("information kernels (5): sums that leave the range of their terms' digits", "", float, double) {
  using Real = TestType;
  support::Random random(5);
  for (const int exponent : {-1000, -900, -700, -140, -120, -60}) {
    if (std::is_same_v<Real, float> && exponent < -140) continue;
    CAPTURE(exponent);
    Pair<Real> x(random, 50, 6);
    x.p *= static_cast<Real>(std::ldexp(1.0, exponent));
    x.q *= static_cast<Real>(std::ldexp(1.0, exponent));
    const auto got = measures(x.p, x.q);
    const auto exact = exact_measures(x.p, x.q);
    const Matrix<Real> normal =
        (exact.array() >= std::numeric_limits<Real>::min()).select(got, Matrix<Real>(exact.template cast<Real>()));
    CHECK(worst(normal, exact) <= bound);
  }
}

TEMPLATE_TEST_CASE("information kernels (6): errors do not grow with the classes", "", float, double) {
  support::Random random(9);
  Matrix<TestType> p(300000, 8);
  random.fill_uniform(p);
  const Matrix<long double> exact = xent::entropy(Matrix<long double>(p.template cast<long double>()));
  CHECK(worst(Matrix<TestType>(xent::entropy(p)), exact) <= 0.75);
}

namespace {

/// The three products, one after the other.
template <class Real, class S, class V>
std::vector<Matrix<Real>> products(const S& s, const V& v, const xent::SoftmaxOptions<Real>& options) {
  return {xent::softmax_jvp(s, v, options), xent::log_softmax_jvp(s, v, options), xent::log_softmax_vjp(s, v, options)};
}

/// The worst error of the products, in ULP of the sum of the absolute values of their terms.
template <class Real>
double worst_product(const std::vector<Matrix<Real>>& got, const Matrix<Real>& s, const Matrix<Real>& v, Real t) {
  const Matrix<long double> p = s.template cast<long double>();
  const Matrix<long double> x = v.template cast<long double>();
  const auto exact = products<long double>(p, x, {Axis::columns, static_cast<long double>(t)});
  double error = 0;
  for (Index i = 0; i < s.cols(); ++i) {
    const long double mean = p.col(i).dot(x.col(i).cwiseAbs());
    const long double sum = x.col(i).cwiseAbs().sum();
    for (Index k = 0; k < s.rows(); ++k) {
      const long double size = std::fabs(x(k, i));
      const long double scales[] = {p(k, i) * (size + mean) / t, (size + mean) / t, (size + p(k, i) * sum) / t};
      for (std::size_t j = 0; j < 3; ++j)
        error = std::max(error, oracle::ulp_error_of_scale(got[j](k, i), oracle::exactly(exact[j](k, i)),
                                                           static_cast<double>(scales[j])));
    }
  }
  return error;
}

template <class Real>
std::vector<Matrix<Real>> products_side_by_side(const Matrix<Real>& s, const Matrix<Real>& v, Real t) {
  auto all = products<Real>(Matrix<Real>(s.transpose()), Matrix<Real>(v.transpose()), {Axis::rows, t});
  for (Matrix<Real>& product : all) product = product.transpose().eval();
  return all;
}

template <class Real>
Matrix<Real> random_directions(support::Random& random, const Matrix<Real>& s) {
  Matrix<Real> v(s.rows(), s.cols());
  random.fill_normal(v);
  return v;
}

}  // namespace

TEMPLATE_TEST_CASE("Jacobian kernels (1): every size, in samples that lie together or side by side", "", float,
                   double) {
  using Real = TestType;
  support::Random random(6);
  for (const Index classes : sizes()) {
    CAPTURE(classes);
    const Matrix<Real> s = Pair<Real>(random, classes, classes % 5 == 0 ? 37 : 6).p;
    const Matrix<Real> v = random_directions(random, s);
    const Real t = classes % 2 == 0 ? Real(1) : Real(0.3);
    const auto got = products<Real>(s, v, {Axis::columns, t});
    CHECK(worst_product(got, s, v, t) <= bound);
    CHECK(worst_product(products_side_by_side(s, v, t), s, v, t) <= bound);
    CHECK((classes == 0 || same(xent::softmax_jacobian(s.col(0), t) * v.leftCols(1), got[0].leftCols(1))));
  }
}

TEMPLATE_TEST_CASE("Jacobian kernels (2): in place", "", float, double) {
  using Real = TestType;
  support::Random random(7);
  for (const Index classes : {1, 2, 10, 12, 13, 16, 40, 129}) {
    CAPTURE(classes);
    const Matrix<Real> s = Pair<Real>(random, classes, 70).p;
    const Matrix<Real> v = random_directions(random, s);
    const auto expected = products<Real>(s, v, {});
    Matrix<Real> out = v;
    xent::softmax_jvp(s, out, out);
    CHECK(same(out, expected[0]));
    out = s;
    xent::log_softmax_jvp(out, v, out);
    CHECK(same(out, expected[1]));
    out = s;
    xent::log_softmax_vjp(out, v, out);
    CHECK(same(out, expected[2]));
  }
}

namespace {

/// How many coefficients of irregular samples (the even ones) are of another kind than the exact ones: finite, +inf,
/// -inf, NaN; and of the others, how many are not what they were.
template <class Real>
Index disagreements(const Matrix<Real>& got, const Matrix<Real>& before, const Matrix<long double>& exact) {
  const auto kind = [](Real x) { return std::isnan(x) ? 3 : !std::isinf(x) ? 0 : x > 0 ? 1 : 2; };
  Index count = 0;
  for (Index i = 0; i < got.cols(); ++i) {
    for (Index k = 0; k < got.rows(); ++k) {
      const bool right =
          i % 2 == 1 ? same_number(got(k, i), before(k, i)) : kind(got(k, i)) == kind(static_cast<Real>(exact(k, i)));
      count += right ? 0 : 1;
    }
  }
  return count;
}

}  // namespace

TEMPLATE_TEST_CASE("Jacobian kernels (3): what is not regular, among what is", "", float, double) {
  using Real = TestType;
  using Limits = std::numeric_limits<Real>;
  const Real inf = Limits::infinity();
  const Real special[] = {0, -Real(0), Real(1), Limits::max(), -Limits::max(), inf, -inf, Limits::quiet_NaN()};
  support::Random random(8);
  for (const Index classes : {1, 2, 7, 12, 13, 40}) {
    CAPTURE(classes);
    Matrix<Real> s = Pair<Real>(random, classes, 128).p;
    Matrix<Real> v = random_directions(random, s);
    const auto before = products<Real>(s, v, {});
    const auto before_side_by_side = products_side_by_side(s, v, Real(1));
    for (Index i = 0; i < 128; i += 2) {  // every pair of them, in every second sample
      const Index k = random.integer(classes);
      s(k, i) = special[i / 16];
      v(k, i) = special[i / 2 % 8];
    }
    const auto exact = products<long double>(Matrix<long double>(s.template cast<long double>()),
                                             Matrix<long double>(v.template cast<long double>()), {});
    const auto got = products<Real>(s, v, {});
    const auto side_by_side = products_side_by_side(s, v, Real(1));
    for (std::size_t j = 0; j < 3; ++j) {
      CAPTURE(j);
      CHECK(disagreements(got[j], before[j], exact[j]) == 0);
      CHECK(disagreements(side_by_side[j], before_side_by_side[j], exact[j]) == 0);
    }
    Matrix<Real> out = v;
    xent::softmax_jvp(s, out, out);
    CHECK(same(out, got[0]));
    Matrix<Real> out_rows = v.transpose();
    xent::softmax_jvp(Matrix<Real>(s.transpose()), out_rows, out_rows, {Axis::rows});
    CHECK(same(Matrix<Real>(out_rows.transpose()), side_by_side[0]));
  }
}
