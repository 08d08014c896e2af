// The kernels behind mutual_information and information_content: held to the same functions of long double, which no
// kernel serves. XENT_SIMD chooses which.

#include <xent/information.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same_number;
using support::Vector;

constexpr double bound = 2;

template <class Real>
using Strided = Eigen::Map<Matrix<Real>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// Some entries are 0; X and Y depend on each other as much as `noise` says.
template <class Real>
Matrix<Real> table(Index rows, Index cols, double noise, support::Random& random) {
  Matrix<Real> joint(rows, cols);
  for (Index j = 0; j < cols; ++j)
    for (Index i = 0; i < rows; ++i) {
      const double independent = double(1 + i % 3) * double(2 + j % 5) / double(6 * rows * cols);
      joint(i, j) = random.chance(noise / 10) ? Real(0) : Real(independent * (1 + noise * random.uniform()));
    }
  return joint;
}

template <class Real>
double error_of(const Real& information, const Matrix<Real>& joint) {
  const long double exact = xent::mutual_information(Matrix<long double>(joint.template cast<long double>()));
  return oracle::ulp_error(information, oracle::exactly(exact));
}

}  // namespace

TEMPLATE_TEST_CASE("table kernels: mutual information of every size, storage and dependence", "", float, double) {
  using Real = TestType;
  support::Random random(31);
  for (const Index rows : {1, 2, 7, 8, 9, 33}) {
    for (const Index cols : {2, 5, 8, 16, 17, 100}) {
      for (const double noise : {0.01, 1.0}) {
        CAPTURE(rows, cols, noise);
        const Matrix<Real> joint = table<Real>(rows, cols, noise, random);
        CHECK((rows == 1 || error_of(xent::mutual_information(joint), joint) <= bound));
        const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> by_rows = joint;
        const Real of_rows = xent::mutual_information(by_rows);
        CHECK((rows == 1 || error_of(of_rows, joint) <= bound));
        Vector<Real> memory(6 * joint.size());
        Strided<Real> apart(memory.data(), rows, cols, {6 * rows, 3});
        apart = joint;
        if (rows > 1)
          CHECK(xent::mutual_information(apart) == xent::mutual_information(joint));
        else
          CHECK(std::abs(xent::mutual_information(joint)) <= Real(0x1p-80));
      }
    }
  }
}

TEMPLATE_TEST_CASE("table kernels: what they refuse is left to the portable path", "", float, double) {
  using Real = TestType;
  support::Random random(32);
  const Matrix<Real> joint = table<Real>(12, 20, 1, random);
  for (const Index at : {0, 7, 8, 19}) {
    CAPTURE(at);
    Matrix<Real> rare = joint;  // a row whose product of marginals leaves the range of the kernels
    rare.row(3).setZero();
    rare.col(at).setZero();
    rare(3, at) = std::ldexp(Real(1), std::numeric_limits<Real>::min_exponent + 20);
    CHECK(error_of(xent::mutual_information(rare), rare) <= bound);
    Matrix<Real> broken = joint;
    broken(5, at) = -broken(5, at) - Real(0.001);
    CHECK(std::isnan(xent::mutual_information(broken)));
    broken(5, at) = std::numeric_limits<Real>::quiet_NaN();
    CHECK(std::isnan(xent::mutual_information(broken)));
  }
}

TEMPLATE_TEST_CASE("information content: every size and place, near 1, small and irregular", "", float, double) {
  using Real = TestType;
  using Limits = std::numeric_limits<Real>;
  support::Random random(33);
  const Real special[] = {0,
                          Real(-0.0),
                          1,
                          Limits::infinity(),
                          -Limits::infinity(),
                          Limits::quiet_NaN(),
                          Real(-0.5),
                          Limits::denorm_min(),
                          (Limits::min)(),
                          (Limits::max)(),
                          Real(3)};
  for (const xent::Unit unit : {xent::Unit::nats, xent::Unit::bits, xent::Unit::hartleys}) {
    for (const Index n : {1, 7, 15, 16, 17, 200, 1500}) {
      Vector<Real> p(n);
      for (Index k = 0; k < n; ++k) {
        const double u = random.uniform();
        p[k] = static_cast<Real>(k % 3 == 0 ? u : k % 3 == 1 ? 1 - u * std::exp(-20 * u) / 2 : std::exp(-80 * u));
        if (k % 11 == 5) p[k] = special[(k / 11) % 11];
      }
      const Vector<long double> exact = xent::information_content(p.template cast<long double>().eval(), unit);
      const Vector<Real> got = xent::information_content(p, unit);
      Vector<Real> memory = Vector<Real>::Zero(2 * n);
      Eigen::Map<Vector<Real>, 0, Eigen::InnerStride<2>> apart(memory.data(), n);
      apart = p;
      const Vector<Real> of_apart = xent::information_content(apart, unit);
      for (Index k = 0; k < n; ++k) {
        CAPTURE(n, k, p[k]);
        CHECK(same_number(of_apart[k], got[k]));
        const auto rounded = static_cast<Real>(exact[k]);
        if (std::isfinite(rounded) && rounded != 0)
          CHECK(oracle::ulp_error(got[k], oracle::exactly(exact[k])) <= bound);
        else
          CHECK(same_number(got[k], rounded));
      }
    }
  }
}
