// A variance per row or per column of the mean, and rates of 0.

#include <xent/likelihood.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;

template <class Real>
using RowMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Real>
struct Problem {
  Matrix<Real> mean{6, 70};
  Matrix<Real> x{6, 70};
  Eigen::Matrix<Real, Eigen::Dynamic, 1> of_rows{6};
  Eigen::Matrix<Real, 1, Eigen::Dynamic> of_columns{70};

  Problem() {
    support::Random random(31);
    random.fill_normal(mean, 0, 1);
    random.fill_normal(x, 0, 1);
    for (Real& v : of_rows) v = static_cast<Real>(random.uniform(0.25, 4));
    for (Real& v : of_columns) v = static_cast<Real>(random.uniform(0.25, 4));
    of_rows[2] = Real(0.01);  // less than the minimum
  }
};

/// |a - b| <= ulps of |b|, the sum of 70 terms or fewer in another order.
template <class A, class B>
bool near(const A& a, const B& b, double ulps) {
  using Real = typename B::Scalar;
  const double unit = std::numeric_limits<Real>::epsilon();
  return ((a - b).array().abs().template cast<double>() <=
          ulps * unit * b.array().abs().template cast<double>() + 1e-30)
      .all();
}

/// Against the same variances written out, one per coefficient.
template <class Real, class Mean, class Variance>
void check(const Problem<Real>& p, const Variance& variance, const Matrix<Real>& full, bool per_row) {
  const Mean mean = p.mean;
  const Mean x = p.x;
  for (const auto& options :
       {xent::GaussianOptions<Real>{}, xent::GaussianOptions<Real>{xent::Reduction::sum, Real(0.25), true}}) {
    CAPTURE(per_row, options.constant);
    if (options.minimum_variance == Real(0) && per_row) CHECK(variance.minCoeff() > Real(0));
    Mean d_mean, expected_d_mean, expected_d_variance;
    const Real expected = xent::gaussian_nll(mean, x, full, expected_d_mean, expected_d_variance, options);
    CHECK(xent::gaussian_nll(mean, x, variance, options) == expected);
    Variance d_variance;
    CHECK(xent::gaussian_nll(mean, x, variance, d_mean, d_variance, options) == expected);
    CHECK(same(d_mean, expected_d_mean));
    Variance sums(variance.rows(), variance.cols());
    Variance sizes(variance.rows(), variance.cols());
    for (Index i = 0; i < variance.size(); ++i) {
      const auto one = [&](const auto& of) {
        return (per_row ? of.row(i).template cast<double>().sum() : of.col(i).template cast<double>().sum());
      };
      sums[i] = static_cast<Real>(one(expected_d_variance));
      sizes[i] = static_cast<Real>(one(Matrix<Real>(expected_d_variance.cwiseAbs())));
    }
    // Terms of both signs, each rounded where they are written out.
    CHECK(((d_variance - sums).array().abs() <= 4 * std::numeric_limits<Real>::epsilon() * sizes.array()).all());

    // In the place of the mean, of the variance, and of neither.
    Mean in_place = mean;
    Variance variance_in_place = variance;
    CHECK(xent::gaussian_nll(in_place, x, variance_in_place, in_place, variance_in_place, options) == expected);
    CHECK((same(in_place, expected_d_mean) && same(variance_in_place, d_variance)));
    Variance alone(variance.rows(), variance.cols());
    xent::gaussian_nll(mean, x, variance, xent::none, alone, options);
    CHECK(same(alone, d_variance));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("gaussian_nll: a variance per row and per column", "", float, double) {
  using Real = TestType;
  const Problem<Real> p;
  const Matrix<Real> rows = p.of_rows.replicate(1, 70);
  const Matrix<Real> columns = p.of_columns.replicate(6, 1);
  check<Real, Matrix<Real>>(p, p.of_rows, rows, true);
  check<Real, RowMajor<Real>>(p, p.of_rows, rows, true);
  check<Real, Matrix<Real>>(p, p.of_columns, columns, false);
  check<Real, RowMajor<Real>>(p, p.of_columns, columns, false);
}

TEMPLATE_TEST_CASE("gaussian_nll: shared variances of 16 bits", "", Eigen::half, Eigen::bfloat16) {
  const Problem<float> p;
  const auto narrow = [](const auto& x) { return x.template cast<TestType>().eval(); };
  const auto mean = narrow(p.mean);
  const auto x = narrow(p.x);
  const auto variance = narrow(p.of_columns);
  Eigen::Matrix<float, 1, Eigen::Dynamic> d, expected;
  const float loss = xent::gaussian_nll(mean, x, variance, xent::none, d);
  CHECK(loss == xent::gaussian_nll(mean.template cast<float>(), x.template cast<float>(),
                                   variance.template cast<float>(), xent::none, expected));
  CHECK(same(d, expected));
}

TEST_CASE("gaussian_nll: the derivative of a shared variance is the slope of the loss") {
  const Problem<double> p;
  Eigen::VectorXd variance = p.of_rows;
  variance[2] = 1.5;
  Eigen::VectorXd d;
  xent::gaussian_nll(p.mean, p.x, variance, xent::none, d);
  const double h = 1e-5;
  for (Index i = 0; i < 6; ++i) {
    Eigen::VectorXd high = variance, low = variance;
    high[i] += h;
    low[i] -= h;
    const double slope = (xent::gaussian_nll(p.mean, p.x, high) - xent::gaussian_nll(p.mean, p.x, low)) / (2 * h);
    CHECK(std::abs(slope - d[i]) <= 1e-8);
  }
}

TEST_CASE("gaussian_nll: errors of a shared variance") {
  Problem<double> p;
  Eigen::VectorXd d = Eigen::VectorXd::Constant(6, 77);
  CHECK_THROWS_WITH(xent::gaussian_nll(p.mean, p.x, Eigen::VectorXd::Ones(5).eval(), xent::none, d),
                    "xent::gaussian_nll: variance: got [5 x 1], expected [6 x 70], or one number per row");
  CHECK_THROWS_WITH(xent::gaussian_nll(p.mean, p.x, Eigen::RowVectorXd::Ones(6).eval()),
                    "xent::gaussian_nll: variance: got [1 x 6], expected [6 x 70], or one number per column");
  CHECK_THROWS_WITH(
      xent::gaussian_nll(p.mean, p.x, p.of_columns, xent::none, Eigen::RowVectorXd(d.transpose()).head(5)),
      "xent::gaussian_nll: d_variance: got [1 x 5], expected [1 x 70]");
  p.of_rows[4] = 0;
  CHECK_THROWS_WITH(xent::gaussian_nll(p.mean, p.x, p.of_rows, xent::none, d),
                    "xent::gaussian_nll: variance[4]: got 0, expected a number > 0");
  p.of_columns[69] = -1;
  CHECK_THROWS_WITH(xent::gaussian_nll(p.mean, p.x, p.of_columns),
                    "xent::gaussian_nll: variance[69]: got -1, expected a number > 0");
  CHECK((d.array() == 77).all());
}

TEMPLATE_TEST_CASE("poisson_nll: a rate of 0 where nothing was counted adds nothing", "", float, double) {
  using Real = TestType;
  constexpr Real inf = std::numeric_limits<Real>::infinity();
  Eigen::Matrix<Real, 3, 1> log_rate(-inf, Real(0.5), -inf);
  const Eigen::Vector3i counts(0, 2, 0);
  Eigen::Matrix<Real, 3, 1> d;
  const Real loss = xent::poisson_nll(log_rate, counts, d, {xent::Reduction::sum, true});
  const Eigen::Matrix<Real, 1, 1> one(Real(0.5));
  CHECK(loss == xent::poisson_nll(one, Eigen::Matrix<int, 1, 1>(2), {xent::Reduction::sum, true}));
  CHECK((d[0] == 0 && d[2] == 0 &&
         std::abs(static_cast<double>(d[1]) - (std::exp(0.5) - 2)) <= std::numeric_limits<Real>::epsilon()));
  CHECK_THROWS_WITH(
      xent::poisson_nll(log_rate, Eigen::Vector3i(0, 2, 1), d),
      "xent::poisson_nll: log_rate[2]: got -inf, expected a number > -inf, so a rate > 0, or -inf where the "
      "target is 0");
}
