// Divergences of logits near the ends of the range: masking by the lowest number is common practice. Held to the same
// call of long double, which has room for every difference of doubles.

#include <xent/logits.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/matrices.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using support::Vector;
using Wide = long double;

constexpr double greatest = std::numeric_limits<double>::max();

template <class Real>
struct Answer {
  Real loss;
  Vector<Real> d_p, d_q;
  xent::CrossEntropyReport<Real> report;

  Answer(const Vector<double>& p, const Vector<double>& q, double temperature) {
    xent::LogitOptions<Real> o;
    o.temperature = static_cast<Real>(temperature);
    loss = xent::kl_divergence_from_logits(p.cast<Real>().eval(), q.cast<Real>().eval(), d_p, d_q, o, &report);
  }
};

/// A p below 2^-1330 is 0 to double, also scaled; with a distance of 2^1024 / T that is what results may lack.
constexpr Wide least_result = 0x1p-280L;

/// The number of double next to x, infinite where x is beyond the range.
bool agree(double x, Wide exact, Wide least) {
  if (std::isnan(x)) return false;
  if (std::fabs(exact) > static_cast<Wide>(greatest)) return x == static_cast<double>(exact);
  return std::fabs(static_cast<Wide>(x) - exact) <= std::max(least, 1e-14L * std::fabs(exact));
}

void check(const std::vector<double>& z_p, const std::vector<double>& z_q, double temperature) {
  const auto n = static_cast<Index>(z_p.size());
  const Vector<double> p = Eigen::Map<const Vector<double>>(z_p.data(), n);
  const Vector<double> q = Eigen::Map<const Vector<double>>(z_q.data(), n);
  const Answer<double> answer(p, q, temperature);
  const Answer<Wide> exact(p, q, temperature);
  CAPTURE(p.transpose(), q.transpose(), temperature, answer.loss, static_cast<double>(exact.loss));
  CHECK(agree(answer.loss, exact.loss, least_result));
  CHECK_FALSE(std::isnan(answer.report.temperature_gradient));
  // What d_p is a difference of: p_k |log(p_k / q_k)| and p_k times their mean.
  const Wide size = exact.d_p.cwiseAbs().maxCoeff();
  for (Index k = 0; k < n; ++k) {
    CAPTURE(k, answer.d_p[k], static_cast<double>(exact.d_p[k]), answer.d_q[k], static_cast<double>(exact.d_q[k]));
    CHECK(agree(answer.d_p[k], exact.d_p[k], std::max(least_result, 1e-14L * size)));
    CHECK(agree(answer.d_q[k], exact.d_q[k], 1e-15L / static_cast<Wide>(temperature)));
  }
}

}  // namespace

TEST_CASE("divergences of logits at the ends of the range have no NaN, and the numbers of long double") {
  check({0, -30}, {-greatest, -0.7}, 0.5);
  check({0, -30}, {0, -greatest}, 1);
  check({0, -700}, {-greatest, greatest}, 1);
  check({0, -700}, {-greatest, greatest}, 0.001);
  check({0, -690, 1}, {0, -greatest, 1}, 1);
  check({0, -800}, {0, -greatest}, 1);
  check({greatest, -greatest}, {-greatest, greatest}, 1e-3);
  check({greatest, -greatest, 3}, {greatest, -greatest, 7}, 1);
  check({1, 2, -greatest}, {1, 2.5, -greatest}, 1);
}

TEST_CASE("divergences of random logits, some of them at the ends of the range") {
  support::Random random(61);
  for (int i = 0; i < 4000; ++i) {
    const Index n = 2 + random.integer(5);
    std::vector<double> p, q;
    for (auto* const z : {&p, &q})
      for (Index k = 0; k < n; ++k) {
        const double ordinary = 20 * random.normal();
        const double far =
            (random.chance(0.5) ? 1 : -1) * std::ldexp(1 - random.uniform() / 2, 1024 - random.integer(40));
        z->push_back(random.chance(0.6) ? ordinary : random.chance(0.5) ? -greatest : far);
      }
    const double temperatures[] = {1, 0.5, 3, 0.01};
    check(p, q, temperatures[random.integer(4)]);
  }
}
