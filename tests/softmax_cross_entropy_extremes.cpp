// Finite inputs at the ends of the range: no NaN comes out, what is too large is infinite, what is in range is right.

#include <xent/softmax_cross_entropy.hpp>

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/cross_entropy_reference.hpp"
#include "support/semantics.hpp"

using namespace semantics;

namespace {

template <class Real>
using Limits = std::numeric_limits<Real>;

template <class Derived>
bool has_nan(const Eigen::DenseBase<Derived>& x) {
  return x.derived().array().isNaN().any();
}

template <class Real>
bool has_nan(const support::Answer<Real>& a) {
  return std::isnan(a.loss) || std::isnan(a.report.z_loss) || std::isnan(a.report.denominator) ||
         std::isnan(a.report.temperature_gradient) || has_nan(a.gradient) || has_nan(a.hvp) ||
         has_nan(a.report.sample_loss) || has_nan(a.report.logsumexp) || has_nan(a.report.entropy);
}

}  // namespace

// "NaN or +inf in is the only way to get NaN out": batches of numbers from the whole range, most of them absurd.
TEMPLATE_TEST_CASE("finite inputs of any size give no NaN", "", float, double, long double) {
  using Real = TestType;
  support::Random random(31);
  // The whole range, or with `largest` its moderate part: targets and weights whose sums leave the range are refused no
  // promise, but nobody has them.
  const auto any_size = [&random](Real largest, bool may_be_negative) {
    const std::vector<Real> sizes{Limits<Real>::max(),
                                  Limits<Real>::max() / 3,
                                  std::sqrt(Limits<Real>::max()),
                                  Real(1e30),
                                  Real(700),
                                  Real(1),
                                  Real(1),
                                  Real(0.3),
                                  Real(1e-30),
                                  Limits<Real>::min(),
                                  Limits<Real>::denorm_min(),
                                  Real(0)};
    const Real size = std::min(largest, sizes[random.integer(sizes.size())]);
    return may_be_negative && random.chance(0.5) ? -size : size;
  };
  const Real moderate(1e9);
  const Real all = Limits<Real>::max();
  int failures = 0;
  for (int round = 0; round < 400; ++round) {
    const Index classes = 1 + random.integer(Index{4});
    support::Matrix<Real> z(classes, 2);
    support::Batch<Real> b(z, {random.integer(static_cast<int>(classes)), random.integer(static_cast<int>(classes))});
    for (Index i = 0; i < z.size(); ++i) {
      b.z.data()[i] = random.chance(0.1) ? -inf<Real> : any_size(all, true);
      b.v.data()[i] = any_size(moderate, true);
      if (random.chance(0.5)) b.y.data()[i] = any_size(moderate, false);
    }
    Options<Real> o;
    if (random.chance(0.5)) o.reduction = xent::Reduction::sum;
    if (random.chance(0.5)) o.denominator = std::max(any_size(moderate, false), Real(1e-9));
    if (random.chance(0.5)) o.temperature = std::max(any_size(all, false), Limits<Real>::denorm_min());
    if (random.chance(0.5)) o.label_smoothing = std::min(any_size(moderate, false), Real(1));
    if (random.chance(0.5)) o.smoothing = xent::Smoothing::other_classes;
    if (random.chance(0.5)) o.z_loss = any_size(moderate, false);
    if (random.chance(0.5)) o.sample_weights = {any_size(moderate, false), any_size(moderate, false)};
    if (random.chance(0.5)) {
      o.class_weights.resize(classes);
      for (Index k = 0; k < classes; ++k) o.class_weights[k] = any_size(moderate, false);
    }
    for (const Kind kind : every_kind) {
      const support::Answer<Real> a = support::answer(b, kind, o);
      if (!has_nan(a)) continue;
      if (++failures > 3) continue;
      UNSCOPED_INFO(support::name(kind) << "\nz " << b.z << "\ny " << b.y << "\nv " << b.v << "\nT " << o.temperature
                                        << " zeta " << o.z_loss << " eps " << o.label_smoothing << " D "
                                        << o.denominator.value_or(-1) << "\nw " << o.sample_weights << "\nc "
                                        << o.class_weights << "\nloss " << a.loss << " zl " << a.report.z_loss << " D "
                                        << a.report.denominator << " dT " << a.report.temperature_gradient << "\ng "
                                        << a.gradient << "\nh " << a.hvp << "\nl " << a.report.sample_loss << "\nlse "
                                        << a.report.logsumexp << "\ne " << a.report.entropy);
    }
  }
  CHECK(failures == 0);
}

TEMPLATE_TEST_CASE("logits further apart than the largest number", "", float, double, long double) {
  using Real = TestType;
  const Real max = Limits<Real>::max();
  support::Matrix<Real> z(2, 1);
  z << max, -max;
  Options<Real> o;
  for (const Real t : {Real(1), Real(0.25), Limits<Real>::min(), Limits<Real>::denorm_min()}) {
    o.temperature = t;
    const support::Answer<Real> wrong = support::answer(support::Batch<Real>(z, {1}), Kind::labels, o);
    CHECK((wrong.loss == inf<Real> && near(wrong.gradient(1, 0), -wrong.gradient(0, 0))));
    CHECK((near(wrong.gradient(0, 0), 1 / t) || (std::isinf(1 / t) && wrong.gradient(0, 0) > max / 2)));
    const support::Answer<Real> right = support::answer(support::Batch<Real>(z, {0}), Kind::labels, o);
    CHECK((right.loss == 0 && right.report.entropy[0] == 0 && right.gradient.isZero(0)));
    CHECK(near(right.report.logsumexp[0], t == 1 ? max : inf<Real>));
  }
  o.temperature = Real(4);  // 2 max / 4
  CHECK(near(support::answer(support::Batch<Real>(z, {1}), Kind::labels, o).loss, max / 2));
  o.temperature = Real(1);
  o.denominator = Real(4);
  o.sample_weights = {-Real(1)};
  CHECK(support::answer(support::Batch<Real>(z, {1}), Kind::labels, o).loss ==
        (sizeof(Real) == 4 ? -max / 2 : -inf<Real>));
}

TEMPLATE_TEST_CASE("the smallest logits are not rounded before they are divided", "", float, double, long double) {
  using Real = TestType;
  support::Matrix<Real> z(1, 1);
  Options<Real> o;
  o.temperature = std::ldexp(Real(1), -100);
  for (const int multiple : {1, 3, 5}) {
    z(0, 0) = Real(multiple) * Limits<Real>::denorm_min();
    const support::Answer<Real> a = support::answer(support::Batch<Real>(z, {0}), Kind::labels, o);
    CHECK(near(a.report.logsumexp[0], std::ldexp(z(0, 0), 100)));
    CHECK(a.loss == 0);
  }
}

// Each exponential is denormal or close to it; loss and gradient, being sums, are not.
TEMPLATE_TEST_CASE("confident losses at the end of the range keep their digits", "", float, double) {
  using Real = TestType;
  const auto lowest = static_cast<Real>(std::log(Limits<Real>::min()));
  Options<Real> o;
  for (const Index classes : {2, 40, 5000})
    for (const Real gap : {Real(-0.97) * lowest, Real(-1.005) * lowest})
      for (const Real temperature : {Real(1), Real(0.75)}) {
        CAPTURE(classes, gap, temperature);
        o.temperature = temperature;
        support::Matrix<Real> z = support::Matrix<Real>::Constant(classes, 1, Real(1));
        z(0, 0) = Real(1) + gap * temperature;
        const support::Batch<Real> b(z, {0});
        CHECK(support::disagreement(support::answer(b, Kind::labels, o), b, Kind::labels, o) == "");
      }
}

TEMPLATE_TEST_CASE("a large weight brings a small softmax back into range", "", float, double) {
  using Real = TestType;
  support::Matrix<Real> z(3, 1);
  z << Real(1), Real(1) + std::log(Limits<Real>::min()), Real(0.5);
  Options<Real> o;
  o.reduction = xent::Reduction::sum;
  o.sample_weights = {Real(0.001) * Limits<Real>::max()};
  const support::Batch<Real> b(z, {0});
  for (const Kind kind : every_kind) {
    CAPTURE(support::name(kind));
    CHECK(support::disagreement(support::answer(b, kind, o), b, kind, o) == "");
  }
  o.sample_weights = {Real(1000) * Limits<Real>::min()};
  for (const Kind kind : every_kind) {
    CAPTURE(support::name(kind));
    CHECK(support::disagreement(support::answer(b, kind, o), b, kind, o) == "");
  }
}

TEMPLATE_TEST_CASE("a tiny zeta with a square out of range, and the other way round", "", float, double) {
  using Real = TestType;
  for (const double sign : {1.0, -1.0}) {
    support::Matrix<Real> z(2, 1);
    z.setConstant(static_cast<Real>(sign) * std::pow(Limits<Real>::max(), Real(0.75)));
    Options<Real> o;
    o.z_loss = std::pow(Limits<Real>::min(), Real(0.8));
    const support::Batch<Real> large(z, {0});
    CHECK(support::disagreement(support::answer(large, Kind::labels, o), large, Kind::labels, o) == "");
  }
  support::Matrix<Real> lone(1, 1);
  lone << std::pow(Limits<Real>::min(), Real(0.75));
  Options<Real> o;
  o.z_loss = std::pow(Limits<Real>::max(), Real(0.8));
  const support::Batch<Real> small(lone, {0});
  CHECK(support::disagreement(support::answer(small, Kind::labels, o), small, Kind::labels, o) == "");
}

// An infinite mass times a distance of 0 would be NaN.
TEMPLATE_TEST_CASE("targets too large with their class weights", "", float, double, long double) {
  using Real = TestType;
  for (const Kind kind : every_distribution) {
    support::Batch<Real> b(support::Matrix<Real>::Constant(1, 1, Real(3)), {0});
    b.y.setConstant(Real(1000));
    Options<Real> o;
    o.class_weights = {Limits<Real>::max()};
    const support::Answer<Real> a = support::answer(b, kind, o);
    CHECK((a.loss == 0 && a.gradient(0, 0) == 0 && a.hvp(0, 0) == 0 && a.report.temperature_gradient == 0));
  }
}
