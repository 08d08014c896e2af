// The rows of the semantics table on masked classes, zero weights, unusual targets and extreme numbers, for every kind
// of target, and for value, gradient, report and Hessian product alike.

#include <xent/softmax_cross_entropy.hpp>

#include <cmath>
#include <functional>

#include "support/catch.hpp"
#include "support/semantics.hpp"

using namespace semantics;

namespace {

/// One sample with these logits and targets; as labels, the class of the largest target.
template <class Real>
support::Batch<Real> one_sample(std::vector<Real> z, std::vector<Real> y) {
  const auto classes = static_cast<Index>(z.size());
  const Eigen::Map<const support::Matrix<Real>> target(y.data(), classes, 1);
  Index label = 0;
  target.col(0).maxCoeff(&label);
  support::Batch<Real> b(Eigen::Map<support::Matrix<Real>>(z.data(), classes, 1), {static_cast<int>(label)});
  b.y = target;
  return b;
}

template <class Real>
support::Answer<Real> ask(const support::Batch<Real>& b, Kind kind, double smoothing, xent::Smoothing rule,
                          double zeta) {
  Options<Real> o;
  o.label_smoothing = static_cast<Real>(smoothing);
  o.smoothing = rule;
  o.z_loss = static_cast<Real>(zeta);
  o.temperature = Real(0.5);
  return support::answer(b, kind, o);
}

template <class Real>
bool finite(const support::Matrix<Real>& x) {
  return std::isfinite(x.sum());
}

constexpr auto both_rules = {xent::Smoothing::all_classes, xent::Smoothing::other_classes};

}  // namespace

TEMPLATE_TEST_CASE("every logit -inf", "", float, double, long double) {
  using Real = TestType;
  for (const Options<Real>& options : some_options<Real>())
    for (const Kind kind : every_kind) {
      CAPTURE(support::name(kind));
      support::Batch<Real> b = batch<Real>();
      const support::Answer<Real> clean = support::answer(b, kind, options);
      b.z.col(1).setConstant(-inf<Real>);
      b.v.col(1).setConstant(not_a_number<Real>);
      const support::Answer<Real> a = support::answer(b, kind, options);
      CHECK((a.loss == inf<Real> && a.report.sample_loss[1] == inf<Real>));
      CHECK(a.report.z_loss == (options.z_loss > 0 ? inf<Real> : Real(0)));
      CHECK((a.report.logsumexp[1] == -inf<Real> && a.report.entropy[1] == 0 && a.report.prediction[1] == -1));
      CHECK((all_positive_zero(a.gradient.col(1)) && all_positive_zero(a.hvp.col(1))));
      CHECK((others_agree(a, clean, 1) && a.report.counted == 4));
      CHECK(std::isfinite(a.report.temperature_gradient));
    }
}

TEMPLATE_TEST_CASE("every logit -inf: the loss is +inf if some target is positive or zeta is, else 0", "", float,
                   double, long double) {
  using Real = TestType;
  const Real masked = -inf<Real>;
  const auto loss = [&](std::vector<Real> y, Kind kind, double smoothing, xent::Smoothing rule, double zeta) {
    const support::Answer<Real> a = ask(one_sample<Real>({masked, masked}, y), kind, smoothing, rule, zeta);
    CHECK((a.report.temperature_gradient == 0 && a.report.sample_loss[0] == a.loss));
    CHECK((all_positive_zero(a.gradient) && all_positive_zero(a.hvp)));
    return a.loss;
  };
  for (const xent::Smoothing rule : both_rules) {
    for (const Kind kind : every_kind) {
      CAPTURE(support::name(kind), static_cast<int>(rule));
      CHECK(loss({1, 0}, kind, 0, rule, 0) == inf<Real>);
      CHECK(loss({1, 0}, kind, 0.5, rule, 0) == inf<Real>);
      CHECK(loss({1, 0}, kind, 0, rule, 0.1) == inf<Real>);
    }
    for (const Kind kind : every_distribution) {
      CAPTURE(support::name(kind), static_cast<int>(rule));
      CHECK(loss({0, 0}, kind, 0, rule, 0) == 0);
      CHECK(loss({0, 0}, kind, 0.5, rule, 0) == 0);
      CHECK(loss({0, 0}, kind, 0, rule, 0.1) == inf<Real>);
      CHECK(loss({-1, 0}, kind, 0, rule, 0) == 0);
      CHECK(loss({-1, 1}, kind, 0, rule, 0) == inf<Real>);
    }
  }
  // Without a class to give to: all_classes takes all of the label's mass away, other_classes smooths nothing.
  for (const Kind kind : every_kind) {
    CHECK(loss({1, 0}, kind, 1, xent::Smoothing::all_classes, 0) == 0);
    CHECK(loss({1, 0}, kind, 1, xent::Smoothing::other_classes, 0) == inf<Real>);
  }
}

TEMPLATE_TEST_CASE("a positive target on a masked class: loss +inf, gradient finite", "", float, double, long double) {
  using Real = TestType;
  for (const Kind kind : every_kind)
    for (const xent::Smoothing rule : both_rules)
      for (const double zeta : {0.0, 0.25}) {
        CAPTURE(support::name(kind), static_cast<int>(rule), zeta);
        const support::Batch<Real> b = one_sample<Real>({0, -inf<Real>, 0}, {0, 1, 0});
        const support::Answer<Real> a = ask(b, kind, 0.5, rule, zeta);
        CHECK((a.loss == inf<Real> && a.report.correct == 0 && a.report.prediction[0] == 0));
        // Y = 1/2 on the label, and 1/4 on each of the two classes that are left, by either rule for a label. As a
        // distribution, other_classes divides by K - 1 = 1.
        const bool doubled = rule == xent::Smoothing::other_classes && kind != Kind::labels;
        const double given = doubled ? 0.5 : 0.25;
        const double lse = std::log(2.0);
        const double mass = 0.5 + 2 * given + 2 * zeta * lse;
        CHECK(a.gradient(1, 0) == Real(-1));  // -w Y / (D T), T = 1/2
        CHECK(std::fabs(static_cast<double>(a.gradient(0, 0)) - 2 * (mass / 2 - given)) < 1e-6);
        CHECK(near(a.gradient(2, 0), a.gradient(0, 0), Real(1)));
        CHECK((a.hvp(1, 0) == 0 && finite(a.hvp) && std::isfinite(a.report.temperature_gradient)));
        CHECK(std::fabs(static_cast<double>(a.report.logsumexp[0]) - lse) < 1e-6);
      }
  // The sums of the temperature gradient, that of Y included, run over the unmasked classes: here those have no target.
  support::Batch<Real> b = one_sample<Real>({3, -inf<Real>, 0}, {0, 1, 0});
  for (const Kind kind : every_kind) CHECK(support::answer(b, kind).report.temperature_gradient == 0);
  b.y << Real(0), Real(0.5), Real(0.5);
  support::Batch<Real> unmasked = one_sample<Real>({3, 0}, {0, Real(0.5)});
  for (const Kind kind : every_distribution)
    CHECK(near(support::answer(b, kind).report.temperature_gradient,
               support::answer(unmasked, kind).report.temperature_gradient));
}

TEMPLATE_TEST_CASE("targets of both signs on masked classes make no NaN", "", float, double, long double) {
  using Real = TestType;
  const Real masked = -inf<Real>;
  for (const Kind kind : every_distribution)
    for (const std::vector<Real>& y : {std::vector<Real>{2, -1, 0}, std::vector<Real>{-1, 2, 0}}) {
      const support::Answer<Real> a = support::answer(one_sample<Real>({masked, masked, 1}, y), kind);
      CHECK(a.loss == inf<Real>);
      CHECK((a.gradient(0, 0) == -y[0] && a.gradient(1, 0) == -y[1] && a.gradient(2, 0) == 1));
    }
  for (const Kind kind : every_distribution)
    CHECK(support::answer(one_sample<Real>({masked, 0, 1}, {-1, 0, 0}), kind).loss == -inf<Real>);
}

TEMPLATE_TEST_CASE("a masked class without a target: as if it did not exist", "", float, double, long double) {
  using Real = TestType;
  for (const Kind kind : every_kind)
    for (const xent::Smoothing rule : both_rules)
      for (const double smoothing : {0.0, 0.3, 1.0})
        for (const double zeta : {0.0, 0.1})
          for (const Index at : {0, 1, 2}) {
            CAPTURE(support::name(kind), static_cast<int>(rule), smoothing, zeta, at);
            const support::Batch<Real> small = one_sample<Real>({Real(0.5), Real(-1)}, {0, 1});
            std::vector<Real> z{Real(0.5), Real(-1)};
            std::vector<Real> y{0, 1};
            z.insert(z.begin() + at, -inf<Real>);
            y.insert(y.begin() + at, Real(0));
            support::Batch<Real> large = one_sample<Real>(z, y);
            Index from = 0;
            for (Index k = 0; k < 3; ++k) large.v(k, 0) = k == at ? not_a_number<Real> : small.v(from++, 0);
            const support::Answer<Real> without = ask(small, kind, smoothing, rule, zeta);
            const support::Answer<Real> with = ask(large, kind, smoothing, rule, zeta);
            CHECK((near(with.loss, without.loss) && near(with.report.entropy[0], without.report.entropy[0])));
            CHECK(near(with.report.logsumexp[0], without.report.logsumexp[0]));
            CHECK(near(with.report.temperature_gradient, without.report.temperature_gradient, Real(1)));
            CHECK(all_positive_zero(with.gradient.row(at)));
            CHECK(all_positive_zero(with.hvp.row(at)));
            from = 0;
            for (Index k = 0; k < 3; ++k) {
              if (k == at) continue;
              CHECK(near(with.gradient(k, 0), without.gradient(from, 0), Real(1)));
              CHECK(near(with.hvp(k, 0), without.hvp(from, 0), Real(1)));
              ++from;
            }
          }
}

TEMPLATE_TEST_CASE("one class that is not masked is certain", "", float, double, long double) {
  using Real = TestType;
  for (const Kind kind : every_kind)
    for (const xent::Smoothing rule : both_rules)
      for (const double smoothing : {0.0, 0.3, 1.0}) {
        CAPTURE(support::name(kind), static_cast<int>(rule), smoothing);
        const support::Answer<Real> a =
            ask(one_sample<Real>({-inf<Real>, 5, -inf<Real>}, {0, 1, 0}), kind, smoothing, rule, 0);
        CHECK((a.loss == 0 && a.report.entropy[0] == 0 && near(a.report.logsumexp[0], Real(10))));
        CHECK((a.report.temperature_gradient == 0 && a.report.prediction[0] == 1));
        CHECK((near(a.gradient(1, 0), Real(0), Real(1)) && near(a.hvp(1, 0), Real(0), Real(1))));
        if (kind == Kind::labels) CHECK(a.gradient.isZero(0));
      }
}

TEMPLATE_TEST_CASE("class weight 0 of the label: counted, but its cross-entropy is 0", "", float, double, long double) {
  using Real = TestType;
  support::Batch<Real> b = batch<Real>();
  Options<Real> options;
  options.class_weights = {Real(0), Real(1), Real(1)};  // samples 1 and 3 have the label 0
  support::Answer<Real> a = support::answer(b, Kind::labels, options);
  CHECK((a.report.counted == 4 && a.report.denominator == 2));
  CHECK((a.report.sample_loss[1] == 0 && a.gradient.col(1).isZero(0) && std::isfinite(a.report.logsumexp[1])));
  options.z_loss = Real(0.5);
  a = support::answer(b, Kind::labels, options);
  CHECK(a.report.sample_loss[1] > 0);
  options.z_loss = Real(0);
  options.label_smoothing = Real(0.5);
  a = support::answer(b, Kind::labels, options);
  CHECK(a.report.sample_loss[1] > 0);
  CHECK((a.report.denominator == 2 && a.gradient(2, 1) < 0 && a.gradient(0, 1) > 0));

  // Every counted label has weight 0: the default denominator is 0, and so are loss and gradient.
  b.labels.setZero();
  options.z_loss = Real(0.5);
  a = support::answer(b, Kind::labels, options);
  CHECK((a.loss == 0 && a.report.loss == 0 && a.report.z_loss == 0 && a.report.denominator == 0));
  CHECK((a.report.counted == 4 && a.report.sample_loss[0] > 0 && a.report.temperature_gradient == 0));
  CHECK((a.gradient.isZero(0) && a.hvp.isZero(0)));
  b.z(0, 2) = -inf<Real>;
  b.z(1, 3) = not_a_number<Real>;
  a = support::answer(b, Kind::labels, options);
  CHECK((std::isnan(a.loss) && std::isnan(a.gradient(0, 3)) && a.gradient.leftCols(3).isZero(0)));
}

TEMPLATE_TEST_CASE("soft targets are used as given", "", float, double, long double) {
  using Real = TestType;
  // (sum Y) s - Y with s = (1/4, 3/4)
  const Real ln3 = std::log(Real(3));
  for (const Kind kind : every_distribution) {
    const support::Answer<Real> a = support::answer(one_sample<Real>({0, ln3}, {3, -1}), kind);
    CHECK(std::fabs(static_cast<double>(a.gradient(0, 0) - Real(2.5 - 5))) < 1e-6);
    CHECK(std::fabs(static_cast<double>(a.gradient(1, 0) - Real(2.5))) < 1e-6);
    CHECK(std::fabs(static_cast<double>(a.loss) - (3 * std::log(4.0) - std::log(4.0 / 3))) < 1e-6);
    CHECK((a.report.denominator == 1 && a.report.correct == 0 && a.report.prediction[0] == 1));
  }
}

TEMPLATE_TEST_CASE("a common offset changes nothing but the z-loss", "", float, double, long double) {
  using Real = TestType;
  for (const Kind kind : every_kind)
    for (Options<Real> options : some_options<Real>()) {
      options.temperature = Real(0.5);
      support::Batch<Real> b = batch<Real>();  // multiples of 1/4: adding 1024 is exact
      support::Answer<Real> a = support::answer(b, kind, options);
      b.z.array() += Real(1024);
      support::Answer<Real> moved = support::answer(b, kind, options);
      CHECK((moved.report.logsumexp - (a.report.logsumexp + Real(2048))).abs().maxCoeff() < Real(0.001));
      CHECK(near(moved.report.entropy, a.report.entropy));
      CHECK(near(moved.loss, a.loss) == (options.z_loss == 0));
      options.z_loss = Real(0);
      b = batch<Real>();
      a = support::answer(b, kind, options);
      b.z.array() += Real(1024);
      moved = support::answer(b, kind, options);
      a.report.logsumexp = moved.report.logsumexp;
      CHECK(near(moved, a));
    }
}

TEMPLATE_TEST_CASE("the prediction is the lowest index of the largest logit; correct counts it", "", float, double) {
  using Real = TestType;
  support::Matrix<Real> z(3, 4);
  z << 1, 2, 0, -inf<Real>,  //
      1, 3, 0, -inf<Real>,   //
      0, 3, 0, 4;
  const support::Batch<Real> b(z, {0, 2, 0, 1});
  for (const Kind kind : every_kind) {
    const support::Answer<Real> a = support::answer(b, kind);
    CHECK((a.report.prediction[0] == 0 && a.report.prediction[1] == 1));
    CHECK((a.report.prediction[2] == 0 && a.report.prediction[3] == 2));
    CHECK(a.report.correct == (kind == Kind::labels ? 2 : 0));
  }
}
