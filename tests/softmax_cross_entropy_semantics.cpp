// The semantics table of docs/softmax_cross_entropy.md row by row, for every kind of target, and for value, gradient,
// report and Hessian product alike. What throws has a test file of its own.

#include <xent/softmax_cross_entropy.hpp>

#include <cmath>

#include "support/catch.hpp"
#include "support/semantics.hpp"

using namespace semantics;

TEMPLATE_TEST_CASE("a sample of weight 0 is absent, its logits and targets unread", "", float, double, long double) {
  using Real = TestType;
  for (Options<Real> options : some_options<Real>())
    for (const Kind kind : every_kind) {
      CAPTURE(support::name(kind));
      options.sample_weights = {Real(1), Real(0), Real(0.5), Real(1)};
      support::Batch<Real> b = batch<Real>();
      const support::Answer<Real> clean = support::answer(b, kind, options);
      b.z.col(1) << not_a_number<Real>, inf<Real>, -inf<Real>;
      b.v.col(1).setConstant(not_a_number<Real>);
      b.y.col(1).setConstant(not_a_number<Real>);
      b.labels[1] = 17;
      const support::Answer<Real> broken = support::answer(b, kind, options);
      CHECK(same(broken, clean));
      CHECK(absent(broken, 1));
      CHECK((broken.report.counted == 3 && broken.report.ignored == 1));
      options.sample_weights[1] = Real(-0.0);
      CHECK(same(support::answer(b, kind, options), clean));
    }
}

TEMPLATE_TEST_CASE("a label equal to ignore_index is absent", "", float, double, long double) {
  using Real = TestType;
  for (Options<Real> options : some_options<Real>())
    for (const int index : {-100, -1, 99, 0}) {
      CAPTURE(index);
      options.ignore_index = index;
      support::Batch<Real> b = batch<Real>();
      b.labels[1] = index;
      b.labels[3] = 1;
      b.z.col(1).setConstant(not_a_number<Real>);
      const support::Answer<Real> a = support::answer(b, Kind::labels, options);
      CHECK(absent(a, 1));
      CHECK((a.report.counted == 3 && a.report.ignored == 1));
      CHECK(std::isfinite(a.loss));
      // It is the same as a weight of 0.
      Options<Real> weightless = options;
      weightless.ignore_index = -100;
      if (weightless.sample_weights.size() == 0) weightless.sample_weights.setOnes(4);
      weightless.sample_weights[1] = Real(0);
      b.labels[1] = 2;
      CHECK(near(support::answer(b, Kind::labels, weightless), a));
    }
}

TEMPLATE_TEST_CASE("the class whose index is ignore_index stays a class for all other samples", "", float, double) {
  using Real = TestType;
  for (Options<Real> options : some_options<Real>()) {
    support::Batch<Real> b = batch<Real>();
    b.labels << 2, 1, 1, 2;
    const support::Answer<Real> without = support::answer(b, Kind::labels, options);
    options.ignore_index = 0;
    CHECK(same(support::answer(b, Kind::labels, options), without));
    CHECK((without.gradient.row(0).array() != 0).all());
  }
  // Distributions have no label to ignore.
  Options<Real> options;
  for (const Kind kind : every_distribution)
    for (const Index index : {Index{-1}, Index{0}, Index{1}}) {
      options.ignore_index = index;
      CHECK(same(support::answer(batch<Real>(), kind, options), support::answer(batch<Real>(), kind)));
    }
}

TEMPLATE_TEST_CASE("nothing counted, or no sample at all", "", float, double, long double) {
  using Real = TestType;
  for (Options<Real> options : some_options<Real>())
    for (const Kind kind : every_kind)
      for (const bool empty : {true, false}) {
        CAPTURE(support::name(kind), empty);
        support::Batch<Real> b = batch<Real>();
        options.sample_weights = {Real(0), Real(0), Real(0), Real(0)};
        if (empty) {
          b = support::Batch<Real>(support::Matrix<Real>(3, 0), {});
          options.sample_weights = {};
        }
        for (const bool given : {false, true}) {
          // A denominator of 0 is refused only when a sample counts.
          for (const Real denominator : {Real(0), Real(3)}) {
            options.denominator.reset();
            if (given) options.denominator = denominator;
            const support::Answer<Real> a = support::answer(b, kind, options);
            const bool used = given && options.reduction == xent::Reduction::mean;
            CHECK((a.loss == 0 && a.report.loss == 0 && a.report.z_loss == 0 && a.report.temperature_gradient == 0));
            CHECK((a.report.counted == 0 && a.report.ignored == b.z.cols() && a.report.correct == 0));
            CHECK(a.report.denominator == (used ? denominator : Real(0)));
            CHECK((all_positive_zero(a.gradient) && all_positive_zero(a.hvp)));
            for (Index i = 0; i < b.z.cols(); ++i) CHECK(absent(a, i));
          }
        }
      }
}

TEMPLATE_TEST_CASE("no class is no error while no sample counts", "", float, double) {
  using Real = TestType;
  support::Batch<Real> b;
  b.z.resize(0, 2);
  b.v.resize(0, 2);
  b.y.resize(0, 2);
  b.labels = Eigen::Vector2i(-100, -100);
  const support::Answer<Real> a = support::answer(b, Kind::labels);
  CHECK((a.loss == 0 && a.report.counted == 0 && a.report.ignored == 2));
  Options<Real> weightless;
  weightless.sample_weights = {Real(0), Real(0)};
  for (const Kind kind : every_kind) CHECK(support::answer(b, kind, weightless).loss == 0);
}

TEMPLATE_TEST_CASE("a NaN logit makes its sample NaN and no other; it wins over +inf", "", float, double, long double) {
  using Real = TestType;
  for (const Options<Real>& options : some_options<Real>())
    for (const Kind kind : every_kind)
      for (const Index at : {0, 1, 2})
        for (const Real beside : {Real(1), inf<Real>, -inf<Real>}) {
          CAPTURE(support::name(kind), at, beside);
          support::Batch<Real> b = batch<Real>();
          const support::Answer<Real> clean = support::answer(b, kind, options);
          b.z.col(1).setConstant(beside);
          b.z(at, 1) = not_a_number<Real>;
          const support::Answer<Real> a = support::answer(b, kind, options);
          CHECK((std::isnan(a.loss) && std::isnan(a.report.sample_loss[1]) && std::isnan(a.report.logsumexp[1])));
          CHECK((std::isnan(a.report.entropy[1]) && a.report.prediction[1] == -1));
          CHECK(std::isnan(a.report.temperature_gradient));
          CHECK(std::isnan(a.report.z_loss) == (options.z_loss > 0));
          CHECK((all_are(a.gradient.col(1), not_a_number<Real>) && all_are(a.hvp.col(1), not_a_number<Real>)));
          CHECK(others_agree(a, clean, 1));
          CHECK((a.report.counted == 4 && a.report.denominator == clean.report.denominator));
        }
}

TEMPLATE_TEST_CASE("a NaN in a soft target makes its sample NaN and no other", "", float, double, long double) {
  using Real = TestType;
  for (const Options<Real>& options : some_options<Real>())
    for (const Kind kind : every_distribution)
      for (const Index at : {0, 1, 2})
        for (const Real beside : {Real(1), inf<Real>, -inf<Real>}) {
          CAPTURE(support::name(kind), at, beside);
          support::Batch<Real> b = batch<Real>();
          const support::Answer<Real> clean = support::answer(b, kind, options);
          b.y(at, 1) = not_a_number<Real>;
          b.z.col(1).setConstant(beside);
          const support::Answer<Real> a = support::answer(b, kind, options);
          CHECK((std::isnan(a.loss) && std::isnan(a.report.sample_loss[1]) && std::isnan(a.report.logsumexp[1])));
          CHECK((std::isnan(a.report.entropy[1]) && a.report.prediction[1] == -1));
          CHECK((all_are(a.gradient.col(1), not_a_number<Real>) && all_are(a.hvp.col(1), not_a_number<Real>)));
          CHECK(others_agree(a, clean, 1));
        }
}

TEMPLATE_TEST_CASE("a logit of +inf: everything NaN but logsumexp and prediction", "", float, double, long double) {
  using Real = TestType;
  for (const Options<Real>& options : some_options<Real>())
    for (const Kind kind : every_kind)
      for (const Index at : {0, 1, 2})
        for (const Real beside : {Real(1), -inf<Real>}) {
          CAPTURE(support::name(kind), at, beside);
          support::Batch<Real> b = batch<Real>();
          const support::Answer<Real> clean = support::answer(b, kind, options);
          b.z.col(1).setConstant(beside);
          b.z(at, 1) = inf<Real>;
          support::Answer<Real> a = support::answer(b, kind, options);
          CHECK((std::isnan(a.loss) && std::isnan(a.report.sample_loss[1]) && std::isnan(a.report.entropy[1])));
          CHECK((a.report.logsumexp[1] == inf<Real> && a.report.prediction[1] == at));
          CHECK((all_are(a.gradient.col(1), not_a_number<Real>) && all_are(a.hvp.col(1), not_a_number<Real>)));
          CHECK(std::isnan(a.report.temperature_gradient));
          CHECK(others_agree(a, clean, 1));
          b.z(2, 1) = inf<Real>;  // the lowest index is predicted, and counts as correct
          a = support::answer(b, kind, options);
          CHECK(a.report.prediction[1] == at);
          CHECK(a.report.correct - clean.report.correct == (kind == Kind::labels && at == 0 ? 1 : 0));
        }
}
