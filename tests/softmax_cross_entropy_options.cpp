// Every option alone and every pair of options, for every kind of target, against the plain implementation of the
// definitions in tests/support/reference.hpp.

#include <xent/softmax_cross_entropy.hpp>

#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/cross_entropy_reference.hpp"

namespace {

using support::Index;

constexpr Index classes = 7;
constexpr Index samples = 6;

template <class Real>
struct NamedOption {
  std::string name;
  std::function<void(xent::CrossEntropyOptions<Real>&)> set;
};

/// One entry a value away from the default. The weights fit the batch; one of either is 0.
template <class Real>
std::vector<NamedOption<Real>> every_option() {
  using Options = xent::CrossEntropyOptions<Real>;
  return {
      {"Axis::rows", [](Options& o) { o.axis = xent::Axis::rows; }},
      {"Reduction::sum", [](Options& o) { o.reduction = xent::Reduction::sum; }},
      {"denominator", [](Options& o) { o.denominator = Real(12.5); }},
      {"ignore_index", [](Options& o) { o.ignore_index = 2; }},
      {"label_smoothing", [](Options& o) { o.label_smoothing = Real(0.1); }},
      {"label_smoothing 1", [](Options& o) { o.label_smoothing = Real(1); }},
      {"Smoothing::other_classes", [](Options& o) { o.smoothing = xent::Smoothing::other_classes; }},
      {"temperature", [](Options& o) { o.temperature = Real(2.3); }},
      {"low temperature", [](Options& o) { o.temperature = Real(0.17); }},
      {"z_loss", [](Options& o) { o.z_loss = Real(0.01); }},
      {"class_weights",
       [](Options& o) { o.class_weights = {Real(1), Real(0.5), Real(3), Real(0), Real(2.25), Real(1.1), Real(0.7)}; }},
      {"sample_weights",
       [](Options& o) { o.sample_weights = {Real(0.3), Real(2), Real(0), Real(1), Real(1.7), Real(0.6)}; }},
      {"executor",
       [](Options& o) {
         o.executor = [](Index count, const std::function<void(Index, Index)>& body) { body(0, count); };
       }},
  };
}

/// Labels 0 ... 5, each once, so that every option that speaks of a label or its weight finds one.
template <class Real>
support::Batch<Real> batch_of_every_label() {
  support::Random random(20240611);
  support::Batch<Real> batch = support::random_batch<Real>(random, classes, samples);
  for (Index i = 0; i < samples; ++i) {
    batch.labels[i] = static_cast<int>(i);
    if (std::isinf(batch.z(i, i))) batch.z(i, i) = Real(0.5);
  }
  return batch;
}

}  // namespace

TEMPLATE_TEST_CASE("no option", "", float, double) {
  const auto batch = batch_of_every_label<TestType>();
  for (const support::Kind kind : support::every_kind) {
    CAPTURE(support::name(kind));
    const xent::CrossEntropyOptions<TestType> options;
    CHECK(support::disagreement(support::answer(batch, kind, options), batch, kind, options) == "");
  }
}

TEMPLATE_TEST_CASE("every option alone and every pair of options", "", float, double) {
  const auto batch = batch_of_every_label<TestType>();
  const auto options_to_try = every_option<TestType>();
  for (const support::Kind kind : support::every_kind)
    for (std::size_t a = 0; a < options_to_try.size(); ++a)
      for (std::size_t b = a; b < options_to_try.size(); ++b) {
        CAPTURE(support::name(kind), options_to_try[a].name, options_to_try[b].name);
        xent::CrossEntropyOptions<TestType> options;
        options_to_try[a].set(options);
        options_to_try[b].set(options);
        CHECK(support::disagreement(support::answer(batch, kind, options), batch, kind, options) == "");
      }
}

TEMPLATE_TEST_CASE("every option at once", "", float, double) {
  const auto batch = batch_of_every_label<TestType>();
  xent::CrossEntropyOptions<TestType> options;
  for (const auto& option : every_option<TestType>()) option.set(options);
  for (const auto smoothing : {xent::Smoothing::all_classes, xent::Smoothing::other_classes})
    for (const auto reduction : {xent::Reduction::mean, xent::Reduction::sum})
      for (const auto eps : {0.0, 0.1, 0.9, 1.0})
        for (const support::Kind kind : support::every_kind) {
          options.smoothing = smoothing;
          options.reduction = reduction;
          options.label_smoothing = static_cast<TestType>(eps);
          CAPTURE(support::name(kind), static_cast<int>(smoothing), static_cast<int>(reduction), eps);
          CHECK(support::disagreement(support::answer(batch, kind, options), batch, kind, options) == "");
        }
}

// Sample weights of either sign are the upstream gradient of each sample: under Reduction::sum, or with a denominator.
TEMPLATE_TEST_CASE("sample weights of either sign", "", float, double) {
  const auto batch = batch_of_every_label<TestType>();
  xent::CrossEntropyOptions<TestType> options;
  options.sample_weights = {TestType(-0.3), TestType(2), TestType(0), TestType(-1), TestType(1.7), TestType(-0.6)};
  options.z_loss = TestType(0.01);
  for (const support::Kind kind : support::every_kind) {
    CAPTURE(support::name(kind));
    options.reduction = xent::Reduction::sum;
    CHECK(support::disagreement(support::answer(batch, kind, options), batch, kind, options) == "");
    options.reduction = xent::Reduction::mean;
    options.denominator = TestType(3);
    CHECK(support::disagreement(support::answer(batch, kind, options), batch, kind, options) == "");
  }
}

// A reference that ignored an option would agree with a library that ignores it too. Here the two sides are numbers
// worked out by hand: logits 0 and ln 3, so s = (1/4, 3/4), label 0.
TEST_CASE("each option by hand") {
  const double ln2 = std::log(2.0);
  const double ln3 = std::log(3.0);
  const Eigen::Vector2d z(0, ln3);
  Eigen::Vector2d gradient;
  xent::CrossEntropyReport<double> report;
  const auto near = [](double x, double y) { return std::fabs(x - y) <= 1e-14; };
  const auto loss = [&](const xent::CrossEntropyOptions<double>& options) {
    return xent::softmax_cross_entropy(z, 0, gradient, options, &report);
  };
  xent::CrossEntropyOptions<double> options;

  SECTION("none") {
    CHECK(near(loss(options), 2 * ln2));
    CHECK((near(gradient[0], -0.75) && near(gradient[1], 0.75)));
    CHECK((near(report.entropy[0], 2 * ln2 - 0.75 * ln3) && near(report.logsumexp[0], 2 * ln2)));
    CHECK((report.prediction[0] == 1 && report.correct == 0 && report.counted == 1 && report.denominator == 1));
  }
  SECTION("label_smoothing, all_classes: Y = (0.8, 0.2)") {
    options.label_smoothing = 0.4;
    CHECK(near(loss(options), 2 * ln2 - 0.2 * ln3));
    CHECK((near(gradient[0], 0.25 - 0.8) && near(gradient[1], 0.75 - 0.2)));
  }
  SECTION("label_smoothing, other_classes: Y = (0.6, 0.4)") {
    options.label_smoothing = 0.4;
    options.smoothing = xent::Smoothing::other_classes;
    CHECK(near(loss(options), 2 * ln2 - 0.4 * ln3));
    CHECK((near(gradient[0], 0.25 - 0.6) && near(gradient[1], 0.75 - 0.4)));
  }
  SECTION("temperature 1/2: s = (1/10, 9/10)") {
    options.temperature = 0.5;
    CHECK(near(loss(options), std::log(10.0)));
    CHECK((near(gradient[0], -1.8) && near(gradient[1], 1.8)));
    // d/dT of log(1 + exp(ln 3 / T)) is -(ln 3 / T^2) s_1
    CHECK(near(report.temperature_gradient, -4 * ln3 * 0.9));
  }
  SECTION("z_loss") {
    options.z_loss = 0.5;
    CHECK(near(loss(options), 2 * ln2 + 2 * ln2 * ln2));
    CHECK(near(report.z_loss, 2 * ln2 * ln2));
    CHECK((near(gradient[0], -0.75 + 0.5 * ln2) && near(gradient[1], 0.75 + 1.5 * ln2)));
  }
  SECTION("class_weights scale the loss and the default denominator alike") {
    options.class_weights = {3, 100};
    CHECK(near(loss(options), 2 * ln2));
    CHECK(near(report.denominator, 3));
    CHECK(near(report.sample_loss[0], 6 * ln2));
    options.reduction = xent::Reduction::sum;
    CHECK(near(loss(options), 6 * ln2));
    CHECK((near(gradient[0], -2.25) && near(gradient[1], 2.25)));
  }
  SECTION("sample_weights and denominator") {
    options.sample_weights = {-2.0};
    options.denominator = 8;
    CHECK(near(loss(options), -ln2 / 2));
    CHECK((near(gradient[0], 0.1875) && near(gradient[1], -0.1875)));
    CHECK((near(report.denominator, 8) && near(report.sample_loss[0], -4 * ln2)));
  }
  SECTION("ignore_index") {
    options.ignore_index = 0;
    CHECK((loss(options) == 0 && gradient[0] == 0 && gradient[1] == 0));
    CHECK((report.ignored == 1 && report.counted == 0));
  }
}
