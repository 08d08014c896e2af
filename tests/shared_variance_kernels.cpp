// The kernels behind the derivatives of gaussian_nll with respect to variances that coefficients share: held to the
// same function of long double, which no kernel serves. XENT_SIMD chooses which.

#include <xent/likelihood.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using Wide = Matrix<long double>;

constexpr double bound = 4;

template <class Real>
struct Case {
  Matrix<Real> mean, target;
  Case(Index rows, Index cols, support::Random& random) : mean(rows, cols), target(rows, cols) {
    for (Index i = 0; i < mean.size(); ++i) {
      mean.data()[i] = static_cast<Real>(random.normal());
      target.data()[i] = static_cast<Real>(random.normal());
    }
  }
};

/// Of derivatives, in ULP of the sum of their terms' sizes.
template <class Got, class Exact, class Scale>
double worst(const Got& got, const Exact& exact, const Scale& scale) {
  double error = 0;
  for (Index i = 0; i < got.size(); ++i)
    error = std::max(error, oracle::ulp_error_of_scale(got(i), oracle::exactly(exact(i)), double(scale(i))));
  return error;
}

/// sum |v - r^2| / (2 v^2) of each coefficient.
template <class Real, class Variances>
Wide sizes(const Case<Real>& c, const Variances& v) {
  const Wide r = c.mean.template cast<long double>() - c.target.template cast<long double>();
  return ((v.array() - r.array().square()) / (2 * v.array().square())).abs();
}

}  // namespace

TEMPLATE_TEST_CASE("shared variances: one a row, one a column, one for all", "", float, double) {
  using Real = TestType;
  support::Random random(41);
  constexpr auto sum = xent::Reduction::sum;
  for (const Index rows : {1, 3, 8, 17, 1100}) {
    for (const Index cols : {2, 9}) {
      CAPTURE(rows, cols);
      const Case<Real> c(rows, cols, random);
      const Wide mean = c.mean.template cast<long double>();
      const Wide target = c.target.template cast<long double>();
      Eigen::Matrix<Real, Eigen::Dynamic, 1> v(rows), d(rows);
      Eigen::Matrix<Real, 1, Eigen::Dynamic> w(cols), e(cols);
      for (Index i = 0; i < rows; ++i) v[i] = static_cast<Real>(0.5 + random.uniform());
      for (Index j = 0; j < cols; ++j) w[j] = static_cast<Real>(0.5 + random.uniform());
      for (const double minimum : {0.0, 1.0}) {
        const xent::GaussianOptions<Real> o{sum, static_cast<Real>(minimum)};
        const xent::GaussianOptions<long double> wide{sum, static_cast<long double>(minimum)};
        Eigen::Matrix<long double, Eigen::Dynamic, 1> exact_d;
        Eigen::Matrix<long double, 1, Eigen::Dynamic> exact_e;
        const Wide all_v = v.template cast<long double>().replicate(1, cols);
        const Wide all_w = w.template cast<long double>().replicate(rows, 1);
        xent::gaussian_nll(mean, target, v.template cast<long double>().eval(), xent::none, exact_d, wide);
        xent::gaussian_nll(c.mean, c.target, v, xent::none, d, o);
        CHECK(worst(d, exact_d, sizes(c, all_v).rowwise().sum()) <= bound);
        xent::gaussian_nll(mean, target, w.template cast<long double>().eval(), xent::none, exact_e, wide);
        xent::gaussian_nll(c.mean, c.target, w, xent::none, e, o);
        CHECK(worst(e, exact_e, sizes(c, all_w).colwise().sum()) <= bound);
        Real one(0);
        long double exact_one = 0;
        xent::gaussian_nll(c.mean, c.target, Real(1.25), xent::none, one, o);
        xent::gaussian_nll(mean, target, 1.25L, xent::none, exact_one, wide);
        CHECK(oracle::ulp_error_of_scale(one, oracle::exactly(exact_one),
                                         double(sizes(c, Wide::Constant(rows, cols, 1.25L).eval()).sum())) <= bound);
      }
    }
  }
}

TEMPLATE_TEST_CASE("shared variances: a variance that is the square of the error, and infinite numbers", "", float,
                   double) {
  using Real = TestType;
  // v = r^2 but for the last digits: the derivative is what is left.
  Case<Real> c = [] {
    support::Random random(42);
    return Case<Real>(40, 1, random);
  }();
  const Real r = Real(1) + std::numeric_limits<Real>::epsilon();
  c.mean.setConstant(r);
  c.target.setZero();
  Real one(0);
  xent::gaussian_nll(c.mean, c.target, Real(1), xent::none, one, {xent::Reduction::sum});
  const long double excess = 1 - static_cast<long double>(r) * static_cast<long double>(r);
  CHECK(oracle::ulp_error(one, oracle::exactly(20 * excess)) <= bound);

  c.mean(7, 0) = std::numeric_limits<Real>::infinity();
  xent::gaussian_nll(c.mean, c.target, Real(1), xent::none, one);
  CHECK(one == -std::numeric_limits<Real>::infinity());
  Eigen::Matrix<Real, Eigen::Dynamic, 1> v = Eigen::Matrix<Real, Eigen::Dynamic, 1>::Ones(40), d(40);
  xent::gaussian_nll(c.mean, c.target, v, xent::none, d);
  for (Index i = 0; i < 40; ++i) CHECK(std::isinf(d[i]) == (i == 7));
}
