// What the information measures accept: axes, storage orders, views, lazy expressions, number types; and what they
// throw.

#include <xent/information.hpp>

#include <Eigen/Core>

#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "support/catch.hpp"
#include "support/random.hpp"

#if __has_include(<unsupported/Eigen/AutoDiff>)
#include <unsupported/Eigen/AutoDiff>
#define XENT_TEST_AUTODIFF 1
#endif

namespace {

using Eigen::Dynamic;
using Eigen::Index;
using xent::Axis;
using xent::Unit;

template <class Scalar>
using ColMajor = Eigen::Matrix<Scalar, Dynamic, Dynamic>;
template <class Scalar>
using RowMajor = Eigen::Matrix<Scalar, Dynamic, Dynamic, Eigen::RowMajor>;
template <class Scalar>
using Vector = Eigen::Matrix<Scalar, Dynamic, 1>;
template <class Real>
using Numbers = Eigen::Array<Real, Dynamic, 1>;

constexpr Unit all_units[] = {Unit::nats, Unit::bits, Unit::hartleys};

ColMajor<double> random_matrix(std::uint64_t seed, Index rows, Index cols) {
  support::Random random(seed);
  ColMajor<double> p(rows, cols);
  random.fill_uniform(p);
  return p;
}

/// Every measure of two matrices, one column a measure, one row a sample.
template <class P, class Q>
Eigen::ArrayXXd measures(const P& p, const Q& q, Axis axis, Unit unit) {
  Eigen::ArrayXXd result(xent::entropy(p, axis).size(), 5);
  result << xent::entropy(p, axis, unit), xent::cross_entropy(p, q, axis, unit), xent::kl_divergence(p, q, axis, unit),
      xent::js_divergence(p, q, axis, unit), xent::perplexity(p, axis);
  return result;
}

/// The same, sample by sample, from plain column vectors.
Eigen::ArrayXXd measures_of_columns(const ColMajor<double>& p, const ColMajor<double>& q, Unit unit) {
  Eigen::ArrayXXd result(p.cols(), 5);
  for (Index i = 0; i < p.cols(); ++i) {
    const Vector<double> a = p.col(i), b = q.col(i);
    result.row(i) << xent::entropy(a, unit), xent::cross_entropy(a, b, unit), xent::kl_divergence(a, b, unit),
        xent::js_divergence(a, b, unit), xent::perplexity(a);
  }
  return result;
}

/// An expression that counts how often each of its coefficients is computed.
template <class Dense>
auto counted(const Dense& dense, long& evaluations) {
  return dense.unaryExpr([&evaluations](typename Dense::Scalar x) {
    ++evaluations;
    return x;
  });
}

}  // namespace

TEST_CASE("every axis, storage order and view gives the same bits") {
  const ColMajor<double> p = random_matrix(1, 13, 6), q = random_matrix(2, 13, 6);
  const RowMajor<double> p_rows = p, q_rows = q;
  for (const Unit unit : all_units) {
    const Eigen::ArrayXXd expected = measures_of_columns(p, q, unit);
    const auto same = [&](const Eigen::ArrayXXd& got) { return got.rows() == 6 && (got == expected).all(); };
    CHECK(same(measures(p, q, Axis::columns, unit)));
    CHECK(same(measures(p_rows, q_rows, Axis::columns, unit)));
    CHECK(same(measures(p_rows, q, Axis::columns, unit)));
    CHECK(same(measures(p.array(), q_rows, Axis::columns, unit)));
    CHECK(same(measures(p.transpose(), q.transpose(), Axis::rows, unit)));
    CHECK(same(measures(ColMajor<double>(p.transpose()), RowMajor<double>(q.transpose()), Axis::rows, unit)));
    CHECK(same(measures(Eigen::Ref<const ColMajor<double>>(p), p.cwiseMin(q).cwiseMax(q), Axis::columns, unit)));

    // A block inside of a larger matrix, every second row and third column of another, an indexed view.
    ColMajor<double> larger = ColMajor<double>::Constant(20, 10, -1);
    larger.block(3, 2, 13, 6) = p;
    ColMajor<double> sparse = ColMajor<double>::Constant(26, 18, -1);
    const Eigen::Stride<Dynamic, Dynamic> stride(3 * 26, 2);
    Eigen::Map<ColMajor<double>, 0, Eigen::Stride<Dynamic, Dynamic>> strided(sparse.data(), 13, 6, stride);
    strided = q;
    CHECK(same(measures(larger.block(3, 2, 13, 6), strided, Axis::columns, unit)));
    CHECK(same(measures(larger(Eigen::seqN(3, 13), Eigen::seqN(2, 6)), strided, Axis::columns, unit)));
  }
}

TEST_CASE("a vector at compile time is one sample, in either orientation and of any stride") {
  const ColMajor<double> p = random_matrix(3, 5, 7), q = random_matrix(4, 5, 7);
  const Vector<double> a = p.row(2).transpose(), b = q.row(2).transpose();
  const double expected = xent::kl_divergence(a, b);
  static_assert(std::is_same_v<decltype(xent::kl_divergence(a, b)), double>);
  static_assert(std::is_same_v<decltype(xent::entropy(p.row(2))), double>);
  static_assert(std::is_same_v<decltype(xent::entropy(p)), Numbers<double>>);

  CHECK(xent::kl_divergence(p.row(2), q.row(2)) == expected);
  CHECK(xent::kl_divergence(p.row(2), b) == expected);
  CHECK(xent::kl_divergence(a, q.row(2), Axis::rows) == expected);
  CHECK(xent::kl_divergence(a, b, Axis::rows) == expected);
  const Eigen::Matrix<double, 7, 1> fixed = a;
  const Eigen::Array<double, 1, 7> fixed_row = b.transpose();
  CHECK(xent::kl_divergence(fixed, fixed_row) == expected);

  // A dynamic matrix beside a vector of the same shape is the vector's sample; alone it is a batch.
  const ColMajor<double> row = p.row(2);
  CHECK(xent::kl_divergence(row, q.row(2)) == expected);
  CHECK(xent::entropy(row).size() == 7);
  CHECK(xent::entropy(row, Axis::rows)[0] == xent::entropy(a));
  CHECK(xent::entropy(p.row(2), Axis::rows, Unit::bits) == xent::entropy(a, Unit::bits));
}

TEST_CASE("a lazy expression is evaluated exactly once") {
  const ColMajor<double> p = random_matrix(5, 4, 3), q = random_matrix(6, 4, 3);
  const auto once = [&](auto measure) {
    long of_p = 0, of_q = 0;
    measure(counted(p, of_p), counted(q, of_q));
    return of_p == p.size() && of_q == q.size();
  };
  CHECK(once([](const auto& a, const auto& b) { xent::cross_entropy(a, b); }));
  CHECK(once([](const auto& a, const auto& b) { xent::kl_divergence(a, b, Axis::rows); }));
  CHECK(once([](const auto& a, const auto& b) { xent::js_divergence(a, b, Unit::bits); }));
  CHECK(once([](const auto& a, const auto& b) { xent::entropy(a), xent::perplexity(b); }));
  CHECK(once([](const auto& a, const auto& b) { xent::joint_entropy(a), xent::conditional_entropy(b); }));
  CHECK(once([](const auto& a, const auto& b) { xent::mutual_information(a), xent::information_content(b); }));
  const Numbers<double> of_a_product = xent::entropy(p * q.transpose() / 4);
  CHECK((of_a_product == xent::entropy((p * q.transpose() / 4).eval())).all());
}

TEST_CASE("no samples, no classes") {
  CHECK(xent::entropy(ColMajor<double>(3, 0)).size() == 0);
  CHECK(xent::kl_divergence(ColMajor<double>(0, 3), ColMajor<double>(0, 3), Axis::rows).size() == 0);
  CHECK((xent::entropy(ColMajor<double>(0, 3)) == Numbers<double>::Zero(3)).all());
  CHECK((xent::js_divergence(ColMajor<double>(0, 3), ColMajor<double>(0, 3)) == Numbers<double>::Zero(3)).all());
  CHECK((xent::perplexity(ColMajor<double>(0, 3)) == Numbers<double>::Ones(3)).all());
  CHECK(xent::cross_entropy(Vector<double>(0), Vector<double>(0)) == 0);
  CHECK(xent::information_content(ColMajor<double>(0, 3)).cols() == 3);
}

TEST_CASE("a bad probability is NaN for its sample only") {
  const ColMajor<double> p = random_matrix(7, 4, 3), q = random_matrix(8, 4, 3);
  for (const double bad : {-0.25, std::nan("")}) {
    ColMajor<double> broken = p;
    broken(2, 1) = bad;
    const Eigen::ArrayXXd expected = measures(p, q, Axis::columns, Unit::nats);
    const Eigen::ArrayXXd got = measures(broken, q, Axis::columns, Unit::nats);
    CHECK(got.row(1).isNaN().all());
    CHECK((got.row(0) == expected.row(0)).all());
    CHECK((got.row(2) == expected.row(2)).all());
    const Numbers<double> of_q = xent::js_divergence(q, broken);
    CHECK((std::isnan(of_q[1]) && of_q[0] == expected(0, 3) && of_q[2] == expected(2, 3)));
    const ColMajor<double> content = xent::information_content(broken);
    CHECK((std::isnan(content(2, 1)) && content.array().isNaN().count() == 1));
  }
}

TEST_CASE("information content of an expression has its shape and scalar") {
  const ColMajor<float> p = random_matrix(9, 4, 3).cast<float>();
  const auto content = xent::information_content(2 * p.transpose(), Unit::bits);
  static_assert(std::is_same_v<typename decltype(content)::Scalar, float>);
  REQUIRE(content.rows() == 3);
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 3; ++j) {
      const float number = xent::information_content(2 * p(i, j), Unit::bits);  // by another logarithm
      CHECK(std::abs(content(j, i) - number) <= 0x1p-23F * std::abs(number));
    }
}

TEMPLATE_TEST_CASE("16-bit probabilities are measured in float", "", Eigen::half, Eigen::bfloat16) {
  using Scalar = TestType;
  const ColMajor<Scalar> p = random_matrix(10, 9, 4).cast<Scalar>(), q = random_matrix(11, 9, 4).cast<Scalar>();
  const ColMajor<float> wide_p = p.template cast<float>(), wide_q = q.template cast<float>();
  static_assert(std::is_same_v<decltype(xent::entropy(p)), Numbers<float>>);
  static_assert(std::is_same_v<decltype(xent::js_divergence(p.col(0), q.col(0))), float>);
  CHECK((xent::entropy(p) == xent::entropy(wide_p)).all());
  CHECK((xent::cross_entropy(p, q, Unit::bits) == xent::cross_entropy(wide_p, wide_q, Unit::bits)).all());
  CHECK((xent::kl_divergence(p, q) == xent::kl_divergence(wide_p, wide_q)).all());
  CHECK((xent::js_divergence(p, q) == xent::js_divergence(wide_p, wide_q)).all());
  CHECK((xent::perplexity(p) == xent::perplexity(wide_p)).all());
  CHECK(xent::joint_entropy(p) == xent::joint_entropy(wide_p));
  CHECK(xent::conditional_entropy(p) == xent::conditional_entropy(wide_p));
  CHECK(xent::mutual_information(p) == xent::mutual_information(wide_p));
  const Scalar content = xent::information_content(p(0, 0));
  CHECK(content == Scalar(xent::information_content(wide_p(0, 0))));
  CHECK((xent::information_content(p).array() == xent::information_content(wide_p).template cast<Scalar>().array())
            .all());
}

TEST_CASE("different shapes and an empty joint table throw") {
  const ColMajor<double> p(4, 3), q(3, 4);
  const Vector<float> a(4), b(5);
  CHECK_THROWS_WITH(xent::cross_entropy(p, q), "xent::cross_entropy: q: got [3 x 4], expected [4 x 3]");
  CHECK_THROWS_WITH(xent::kl_divergence(a, b), "xent::kl_divergence: q: got [5 x 1], expected [4 x 1]");
  CHECK_THROWS_WITH(xent::js_divergence(p, p.col(0), Axis::rows),
                    "xent::js_divergence: q: got [4 x 1], expected [4 x 3]");
  CHECK_THROWS_AS(xent::js_divergence(a, b.transpose()), std::invalid_argument);
  const ColMajor<double> empty(0, 3);
  CHECK_THROWS_WITH(xent::joint_entropy(empty),
                    "xent::joint_entropy: joint: got [0 x 3], expected a table with an entry");
  CHECK_THROWS_WITH(xent::conditional_entropy(empty.transpose()),
                    "xent::conditional_entropy: joint: got [3 x 0], expected a table with an entry");
  CHECK_THROWS_AS(xent::mutual_information(Vector<double>(0)), std::invalid_argument);
}

#ifdef XENT_TEST_AUTODIFF
TEST_CASE("derivatives pass through") {
  using Number = Eigen::AutoDiffScalar<Eigen::VectorXd>;  // constants have no derivatives at all
  const Eigen::Vector4d values(0.3, 0.7, 0.6, 0.4);
  Vector<Number> p(2), q(2);
  p << Number(values[0], 4, 0), Number(values[1], 4, 1);
  q << Number(values[2], 4, 2), Number(values[3], 4, 3);
  const auto is = [](const Number& got, double value, const Eigen::VectorXd& derivatives) {
    return std::abs(got.value() - value) < 1e-14 && (got.derivatives() - derivatives).cwiseAbs().maxCoeff() < 1e-14;
  };
  const Eigen::Vector2d a = values.head<2>(), b = values.tail<2>();
  const Eigen::Array2d log_ratio = (a.array() / b.array()).log();
  Eigen::Vector4d derivatives;
  derivatives << log_ratio, 1 - a.array() / b.array();
  CHECK(is(xent::kl_divergence(p, q), xent::kl_divergence(a, b), derivatives));
  derivatives << -b.array().log(), -a.array() / b.array();
  CHECK(is(xent::cross_entropy(p, q), xent::cross_entropy(a, b), derivatives));
  derivatives << -a.array().log() - 1, 0, 0;
  CHECK(is(xent::entropy(p), xent::entropy(a), derivatives));
  CHECK(is(xent::perplexity(p), xent::perplexity(a), derivatives * xent::perplexity(a)));
  CHECK(is(xent::entropy(p, Unit::bits), xent::entropy(a, Unit::bits), derivatives / std::log(2.0)));

  // d I / d J_ij = log(J_ij N / (R_i C_j)) for a normalised table
  Eigen::Matrix<Number, 2, 2> joint;
  joint << p[0] / 2., p[1] / 2., q[0] / 2., q[1] / 2.;
  const Eigen::Matrix2d j = (Eigen::Matrix2d() << a.transpose(), b.transpose()).finished() / 2;
  for (Index k = 0; k < 4; ++k)
    derivatives[k] = std::log(j(k / 2, k % 2) / (j.row(k / 2).sum() * j.col(k % 2).sum())) / 2;
  CHECK(is(xent::mutual_information(joint), xent::mutual_information(j), derivatives));

  // Neighbouring distributions keep their digits also without a wider type to compute in, where their mean is rounded.
  const Eigen::Vector2d c = a.unaryExpr([](double x) { return std::nextafter(x, 0.5); });
  const double js = xent::js_divergence(a, c);
  CHECK(std::abs(xent::js_divergence(a.cast<Number>(), c.cast<Number>()).value() - js) < 1e-14 * js);
}
#endif
