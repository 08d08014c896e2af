// Few classes and plain labels, which have loops of their own: what they say is right, and not only what other loops
// say.

#include "support/catch.hpp"
#include "support/cross_entropy_reference.hpp"
#include "support/semantics.hpp"

#include <xent/softmax_cross_entropy.hpp>

#include <cmath>

namespace {

using support::Index;
using support::Kind;

/// Of some samples another class has the maximum too, other samples are ignored.
template <class Real>
support::Batch<Real> few_classes(Index classes, Index count, support::Random& random) {
  support::Batch<Real> batch = support::random_batch<Real>(random, classes, count);
  for (Index i = 0; i < count; ++i) {
    const Index tie = random.integer(classes);
    if (random.chance(0.2)) batch.z(tie, i) = batch.z.col(i).maxCoeff();
    if (random.chance(0.15)) batch.labels[i] = -100;
  }
  return batch;
}

}  // namespace

TEMPLATE_TEST_CASE("few classes: loss, gradient and report against the reference", "", float, double) {
  support::Random random(2032);
  for (const Index classes : {2, 3, 10, 16, 32, 64, 96})
    for (const Index count : {1, 7, 65, 150})
      for (const double temperature : {1.0, 0.7}) {
        CAPTURE(classes, count, temperature);
        const auto batch = few_classes<TestType>(classes, count, random);
        xent::CrossEntropyOptions<TestType> options;
        options.temperature = static_cast<TestType>(temperature);
        if (count == 65) options.reduction = xent::Reduction::sum;
        CHECK(support::disagreement(support::answer(batch, Kind::labels, options), batch, Kind::labels, options) == "");
      }
}

TEMPLATE_TEST_CASE("few classes: NaN and infinities of one sample, in each class", "", float, double) {
  using semantics::inf;
  using semantics::not_a_number;
  support::Random random(2033);
  constexpr Index at = 33;
  for (const Index classes : {2, 3, 10, 32})
    for (Index odd_class = 0; odd_class < classes; ++odd_class)
      for (const TestType odd : {not_a_number<TestType>, inf<TestType>, -inf<TestType>}) {
        CAPTURE(classes, odd_class, odd);
        support::Batch<TestType> batch = few_classes<TestType>(classes, 70, random);
        batch.labels[at] = 1;
        batch.z.col(at).setConstant(TestType(0.5));
        batch.z(odd_class, at) = odd;
        const auto answer = support::answer(batch, Kind::labels);
        if (odd == -inf<TestType> && odd_class == 1) {
          CHECK((answer.loss == inf<TestType> && answer.report.sample_loss[at] == inf<TestType>));
          CHECK(answer.gradient.col(at).allFinite());
        } else if (odd == -inf<TestType>) {
          CHECK(support::disagreement(answer, batch, Kind::labels, {}) == "");
        } else {
          CHECK((std::isnan(answer.loss) && std::isnan(answer.report.sample_loss[at])));
          CHECK(answer.gradient.col(at).array().isNaN().all());
          CHECK(std::isnan(answer.report.temperature_gradient));
        }
        CHECK(answer.gradient.leftCols(at).allFinite());
        CHECK(answer.gradient.rightCols(batch.z.cols() - at - 1).allFinite());
      }
}
