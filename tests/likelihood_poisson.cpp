// The kernels behind poisson_nll: held to the same function of long double, which no kernel serves, for every size,
// place in memory and rate. XENT_SIMD chooses which.

#include <xent/likelihood.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"
#include "support/ulp.hpp"

namespace {

using Eigen::Index;
using support::same;
using support::Vector;
using xent::Reduction;

constexpr double bound = 4;

template <class Real>
struct Counts {
  Vector<Real> l, x;
  Counts(Index n, double spread, support::Random& random) : l(n), x(n) {
    for (Index i = 0; i < n; ++i) {
      l[i] = static_cast<Real>(random.normal(0, spread));
      x[i] = static_cast<Real>(random.chance(0.3) ? 0 : random.integer(1000));
    }
  }
};

template <class Real>
void check(const Counts<Real>& c, const xent::PoissonOptions& options) {
  Vector<Real> gradient;
  Vector<long double> exact;
  const Real loss = xent::poisson_nll(c.l, c.x, gradient, options);
  const Vector<long double> l = c.l.template cast<long double>(), x = c.x.template cast<long double>();
  const long double exact_loss = xent::poisson_nll(l, x, exact, options);
  const long double denominator = options.reduction == Reduction::mean ? static_cast<long double>(c.l.size()) : 1;
  long double scale = 0;
  for (Index i = 0; i < c.l.size(); ++i) {
    const long double rate = std::exp(l[i]);
    const long double constant = options.constant ? std::lgamma(x[i] + 1) : 0;
    scale += (rate + (x[i] == 0 ? 0 : std::abs(x[i] * l[i])) + constant) / denominator;
    CHECK(oracle::ulp_error_of_scale(gradient[i], oracle::exactly(exact[i]),
                                     static_cast<double>((rate + x[i]) / denominator)) <= bound);
  }
  CHECK(oracle::ulp_error_of_scale(loss, oracle::exactly(exact_loss), static_cast<double>(scale)) <= bound);
  CHECK(xent::poisson_nll(c.l, c.x, options) == loss);
}

}  // namespace

TEMPLATE_TEST_CASE("Poisson kernels: within 4 ULP for rates of every size", "", float, double) {
  using Real = TestType;
  constexpr bool single = std::is_same_v<Real, float>;
  support::Random random(31);
  for (const double spread : {1e-3, 1.0, 5.0, single ? 40.0 : 300.0})
    for (const Reduction reduction : {Reduction::sum, Reduction::mean})
      for (const bool constant : {false, true}) {
        CAPTURE(spread, constant);
        Counts<Real> c(300, spread, random);
        const Real most = single ? Real(80) : Real(700);  // beyond, their sum may be infinite
        c.l = c.l.cwiseMin(most);
        check(c, {reduction, constant});
      }
}

TEMPLATE_TEST_CASE("Poisson kernels: every size and every place in memory", "", float, double) {
  using Real = TestType;
  support::Random random(32);
  const Counts<Real> c(700, 2, random);
  Vector<Real> slopes;
  xent::poisson_nll(c.l, c.x, slopes, {Reduction::sum});
  for (const Index n : {0, 1, 7, 8, 15, 16, 17, 127, 128, 129, 600})
    for (const Index first : {0, 1, 8}) {
      Vector<Real> out = Vector<Real>::Constant(n + 40, 7);
      const Real loss =
          xent::poisson_nll(c.l.segment(first, n), c.x.segment(first, n), out.segment(first, n), {Reduction::sum});
      CHECK(same(out.segment(first, n), slopes.segment(first, n)));
      out.segment(first, n).setConstant(7);
      CHECK((out.array() == Real(7)).all());
      Vector<Real> in_place = c.l.segment(first, n);
      CHECK(xent::poisson_nll(in_place, c.x.segment(first, n).template cast<int>().eval(), in_place,
                              {Reduction::sum}) == loss);
      CHECK(same(in_place, slopes.segment(first, n)));
    }
}

TEMPLATE_TEST_CASE("Poisson kernels: what they refuse is right, and changes no bit of the others", "", float, double) {
  using Real = TestType;
  constexpr bool single = std::is_same_v<Real, float>;
  const Real inf = std::numeric_limits<Real>::infinity();
  support::Random random(33);
  const Counts<Real> c(400, 2, random);
  Vector<Real> slopes;
  xent::poisson_nll(c.l, c.x, slopes, {Reduction::sum});
  for (const Real odd : {-inf, inf, single ? Real(89) : Real(710), single ? Real(-100) : Real(-740), Real(-1e30),
                         Real(86), Real(-86), Real(706), Real(-706)})
    for (const Index at : {0, 131, 399}) {
      Counts<Real> broken = c;
      broken.l[at] = odd;
      broken.x[at] = 0;
      Vector<Real> gradient;
      Vector<long double> exact;
      const Real loss = xent::poisson_nll(broken.l, broken.x, gradient, {Reduction::sum});
      const Vector<long double> l = broken.l.template cast<long double>();
      xent::poisson_nll(l, Vector<long double>(broken.x.template cast<long double>()), exact, {Reduction::sum});
      CHECK(oracle::ulp_error(gradient[at], oracle::exactly(exact[at])) <= bound);
      CHECK(std::isinf(loss) == (static_cast<Real>(std::exp(l[at])) == inf));
      gradient[at] = slopes[at];
      CHECK(same(gradient, slopes));
    }
}
