// Every exception of softmax_cross_entropy and its Hessian product, once, with its exact message. Nothing is written
// before it: not the gradient, not the report, not the logits when the gradient goes in their place.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/cross_entropy.hpp"

namespace {

using Eigen::Index;
using Options = xent::CrossEntropyOptions<double>;
using Report = xent::CrossEntropyReport<double>;
using support::same;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();

/// What a call throws: "invalid: message" or "range: message".
template <class Call>
std::string thrown(Call call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return std::string("invalid: ") + error.what();
  } catch (const std::out_of_range& error) {
    return std::string("range: ") + error.what();
  }
  return "nothing";
}

/// What every form of the function throws, the same for all: the message without "xent::" and the function's name.
template <class Z, class Targets>
std::string thrown_by_all(const Z& logits, const Targets& targets, const Options& options) {
  using Plain = typename Z::PlainObject;
  const Plain z = logits;
  const std::string cut = "xent::softmax_cross_entropy";
  const auto without_name = [&cut](std::string text) {
    const std::size_t at = text.find(cut);
    if (at == std::string::npos) return text;
    const std::size_t hvp = text.compare(at + cut.size(), 4, "_hvp") == 0 ? 4 : 0;
    return text.erase(at, cut.size() + hvp + 2);
  };
  Report report;
  report.loss = 77;
  report.sample_loss.setConstant(2, 77);
  const Report report_before = report;
  Plain gradient = Plain::Constant(z.rows(), z.cols(), 77);
  const Plain gradient_before = gradient;
  Plain in_place = z;
  const std::string forward = thrown([&] { xent::softmax_cross_entropy(z, targets, options, &report); });
  const std::string fused = thrown([&] { xent::softmax_cross_entropy(z, targets, gradient, options, &report); });
  const std::string over = thrown([&] { xent::softmax_cross_entropy(in_place, targets, in_place, options, &report); });
  const std::string hvp = thrown([&] { xent::softmax_cross_entropy_hvp(z, targets, z, options); });
  const std::string hvp_into = thrown([&] { xent::softmax_cross_entropy_hvp(z, targets, z, gradient, options); });
  const bool unchanged = same(report, report_before) && same(gradient, gradient_before) && same(in_place, z);
  if (!unchanged && forward != "nothing") return "something was written";
  if (fused != forward || over != forward || hvp_into != hvp || without_name(hvp) != without_name(forward))
    return forward + "\n" + fused + "\n" + over + "\n" + hvp + "\n" + hvp_into;
  return without_name(forward);
}

/// The same for every kind of target of three samples of four classes.
std::string thrown_for_all_kinds(const Options& options) {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Random(4, 3);
  const Eigen::MatrixXd y = Eigen::MatrixXd::Constant(4, 3, 0.25);
  const std::string text = thrown_by_all(z, std::vector<int>{0, 1, 2}, options);
  const bool agree = thrown_by_all(z, y, options) == text &&
                     thrown_by_all(z, Eigen::SparseMatrix<double>(y.sparseView()), options) == text;
  return agree ? text : "not the same for all kinds";
}

template <class Set>
Options with(Set set) {
  Options options;
  set(options);
  return options;
}

}  // namespace

TEST_CASE("a number that is no temperature, smoothing or z-loss") {
  const auto temperature = [](double t) { return thrown_for_all_kinds(with([t](Options& o) { o.temperature = t; })); };
  CHECK(temperature(0) == "invalid: temperature: got 0, expected a finite number > 0");
  CHECK(temperature(-2) == "invalid: temperature: got -2, expected a finite number > 0");
  CHECK(temperature(quiet_nan) == "invalid: temperature: got nan, expected a finite number > 0");
  CHECK(temperature(inf) == "invalid: temperature: got inf, expected a finite number > 0");
  CHECK(temperature(1e-300) == "nothing");

  const auto smoothing = [](double eps) {
    return thrown_for_all_kinds(with([eps](Options& o) { o.label_smoothing = eps; }));
  };
  CHECK(smoothing(-0.125) == "invalid: label_smoothing: got -0.125, expected a number in [0, 1]");
  CHECK(smoothing(1.5) == "invalid: label_smoothing: got 1.5, expected a number in [0, 1]");
  CHECK(smoothing(quiet_nan) == "invalid: label_smoothing: got nan, expected a number in [0, 1]");
  CHECK((smoothing(0) == "nothing" && smoothing(1) == "nothing"));

  const auto z_loss = [](double zeta) { return thrown_for_all_kinds(with([zeta](Options& o) { o.z_loss = zeta; })); };
  CHECK(z_loss(-0.5) == "invalid: z_loss: got -0.5, expected a finite number >= 0");
  CHECK(z_loss(quiet_nan) == "invalid: z_loss: got nan, expected a finite number >= 0");
  CHECK(z_loss(inf) == "invalid: z_loss: got inf, expected a finite number >= 0");
}

TEST_CASE("a denominator that is none, unless it is not read") {
  const auto denominator = [](double d, xent::Reduction reduction = xent::Reduction::mean) {
    return thrown_for_all_kinds(with([&](Options& o) {
      o.denominator = d;
      o.reduction = reduction;
    }));
  };
  for (const double d : {-1.0, 0.0, inf, -inf, quiet_nan}) CHECK(denominator(d, xent::Reduction::sum) == "nothing");
  CHECK(denominator(-1) == "invalid: denominator: got -1, expected a finite number > 0");
  CHECK(denominator(0) == "invalid: denominator: got 0, expected a finite number > 0");
  CHECK(denominator(inf) == "invalid: denominator: got inf, expected a finite number > 0");
  CHECK(denominator(quiet_nan) == "invalid: denominator: got nan, expected a finite number > 0");
}

TEST_CASE("class weights") {
  const auto weights = [](const xent::Weights<double>& w) {
    return thrown_for_all_kinds(with([&](Options& o) { o.class_weights = w; }));
  };
  CHECK(weights({1, 2, 3}) == "invalid: class_weights: got 3 weights, expected 4 or none");
  CHECK(weights({1, 2, 3, 4, 5}) == "invalid: class_weights: got 5 weights, expected 4 or none");
  CHECK(weights({1, 2, -3, 4}) == "invalid: class_weights[2]: got -3, expected a finite number >= 0");
  CHECK(weights({quiet_nan, 2, -3, 4}) == "invalid: class_weights[0]: got nan, expected a finite number >= 0");
  CHECK(weights({1, 2, 3, inf}) == "invalid: class_weights[3]: got inf, expected a finite number >= 0");
  CHECK((weights({0, 0, 0, 0}) == "nothing" && weights({}) == "nothing"));
}

TEST_CASE("sample weights: negative only under sum or with a denominator") {
  const auto weights = [](const xent::Weights<double>& w, bool sum = false, bool denominator = false) {
    return thrown_for_all_kinds(with([&](Options& o) {
      o.sample_weights = w;
      if (sum) o.reduction = xent::Reduction::sum;
      if (denominator) o.denominator = 2;
    }));
  };
  CHECK(weights({1, 2}) == "invalid: sample_weights: got 2 weights, expected 3 or none");
  CHECK(weights({1, 2, 3, 4}) == "invalid: sample_weights: got 4 weights, expected 3 or none");
  CHECK(weights({1, -2, 3}) == "invalid: sample_weights[1]: got -2, expected a finite number >= 0");
  CHECK(weights({1, 2, quiet_nan}) == "invalid: sample_weights[2]: got nan, expected a finite number >= 0");
  CHECK(weights({1, 2, inf}) == "invalid: sample_weights[2]: got inf, expected a finite number >= 0");
  CHECK(weights({1, quiet_nan, 3}, true) == "invalid: sample_weights[1]: got nan, expected a finite number");
  CHECK(weights({1, -inf, 3}, true) == "invalid: sample_weights[1]: got -inf, expected a finite number");
  CHECK(weights({1, -inf, 3}, false, true) == "invalid: sample_weights[1]: got -inf, expected a finite number");
  CHECK((weights({1, -2, 3}, true) == "nothing" && weights({1, -2, 3}, false, true) == "nothing"));
}

TEST_CASE("targets of another shape") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(4, 3);
  const Options rows{xent::Axis::rows};
  CHECK(thrown_by_all(z, std::vector<int>{0, 1}, {}) == "invalid: labels: got 2, expected 3, one per sample");
  CHECK(thrown_by_all(z, std::vector<int>{0, 1, 2}, rows) ==
        "invalid: labels: got 3, expected 4, one per sample (a sample is a row: Axis::columns?)");
  CHECK(thrown_by_all(z, Eigen::MatrixXd(3, 4), {}) == "invalid: targets: got [3 x 4], expected [4 x 3]");
  CHECK(thrown_by_all(z, Eigen::MatrixXd(4, 2), rows) == "invalid: targets: got [4 x 2], expected [4 x 3]");
  CHECK(thrown_by_all(z, Eigen::MatrixXd(), {}) == "invalid: targets: got [0 x 0], expected [4 x 3]");
  CHECK(thrown_by_all(z, Eigen::SparseMatrix<double>(3, 4), {}) == "invalid: targets: got [3 x 4], expected [4 x 3]");
  CHECK(thrown_by_all(z, Eigen::SparseMatrix<double, Eigen::RowMajor>(12, 1), {}) ==
        "invalid: targets: got [12 x 1], expected [4 x 3]");
  const Eigen::VectorXd v = Eigen::VectorXd::Zero(4);
  CHECK(thrown_by_all(v, Eigen::VectorXd(Eigen::VectorXd::Zero(3)), {}) ==
        "invalid: targets: got [3 x 1], expected [4 x 1]");
  CHECK(thrown_by_all(v, Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 2)), {}) ==
        "invalid: targets: got [2 x 2], expected [4 x 1]");
  CHECK(thrown_by_all(v, Eigen::SparseMatrix<double>(2, 2), {}) == "invalid: targets: got [2 x 2], expected [4 x 1]");
  CHECK(thrown_by_all(v, Eigen::Vector2i(0, 1), {}) == "invalid: labels: got 2, expected 1, one per sample");
}

TEST_CASE("outputs and directions of another shape, which are not resized") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(4, 3);
  const Eigen::VectorXd v = Eigen::VectorXd::Zero(4);
  const std::vector<int> labels{0, 1, 2};
  const auto check = [](const auto& logits, const auto& targets, auto& out, const std::string& got,
                        const std::string& expected) {
    const auto before = out.eval();
    CHECK(thrown([&] { xent::softmax_cross_entropy(logits, targets, out); }) ==
          "invalid: xent::softmax_cross_entropy: gradient: got " + got + ", expected " + expected);
    CHECK(thrown([&] { xent::softmax_cross_entropy_hvp(logits, targets, logits, out); }) ==
          "invalid: xent::softmax_cross_entropy_hvp: out: got " + got + ", expected " + expected);
    CHECK(same(out, before));
  };
  Eigen::MatrixXd other = Eigen::MatrixXd::Constant(3, 4, 77);
  check(z, labels, other, "[3 x 4]", "[4 x 3]");
  Eigen::Matrix<double, 3, Eigen::Dynamic> half_fixed(3, 0);
  check(z, labels, half_fixed, "[3 x 0]", "[4 x 3]");
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, 4, 2> bounded;
  check(z, labels, bounded, "[0 x 0]", "[4 x 3]");
  Eigen::VectorXd vector;
  check(z, labels, vector, "[0 x 1]", "[4 x 3]");
  Eigen::Matrix2d fixed = Eigen::Matrix2d::Constant(77);
  check(z, labels, fixed, "[2 x 2]", "[4 x 3]");
  Eigen::Map<Eigen::MatrixXd> map(other.data(), 6, 2);
  check(z, labels, map, "[6 x 2]", "[4 x 3]");
  Eigen::Map<Eigen::MatrixXd> empty_map(other.data(), 0, 0);
  check(z, labels, empty_map, "[0 x 0]", "[4 x 3]");
  Eigen::VectorXd longer = Eigen::VectorXd::Constant(5, 77);
  check(v, 1, longer, "[5 x 1]", "[4 x 1]");
  Eigen::MatrixXd square = Eigen::MatrixXd::Constant(2, 2, 77);
  check(v, 1, square, "[2 x 2]", "[4 x 1]");
  Eigen::MatrixXd lying = Eigen::MatrixXd::Constant(1, 4, 77);
  check(v, 1, lying, "[1 x 4]", "[4 x 1]");

  CHECK(thrown([&] { xent::softmax_cross_entropy_hvp(z, labels, other); }) ==
        "invalid: xent::softmax_cross_entropy_hvp: direction: got [3 x 4], expected [4 x 3]");
  CHECK(thrown([&] { xent::softmax_cross_entropy_hvp(v, 1, longer); }) ==
        "invalid: xent::softmax_cross_entropy_hvp: direction: got [5 x 1], expected [4 x 1]");
}

TEST_CASE("an empty gradient stays empty, and a report as it was, when something else throws") {
  Eigen::MatrixXd gradient;
  Report report;
  CHECK_THROWS_AS(xent::softmax_cross_entropy(Eigen::MatrixXd(4, 3), std::vector<int>{0, 1, 9}, gradient, {}, &report),
                  std::out_of_range);
  CHECK((gradient.size() == 0 && report.sample_loss.size() == 0 && report.prediction.size() == 0));
}

TEST_CASE("no class for a sample that counts") {
  const Eigen::MatrixXd z(0, 3);
  const std::string text = "invalid: logits: got 0 classes, expected at least one class for a sample that counts";
  CHECK(thrown_by_all(z, std::vector<int>{0, 0, 0}, {}) == text);
  CHECK(thrown_by_all(z, z, {}) == text);
  CHECK(thrown_by_all(z, Eigen::SparseMatrix<double>(0, 3), {}) == text);
  CHECK(thrown_by_all(Eigen::VectorXd(), 0, {}) == text);
  CHECK(thrown_by_all(z, std::vector<int>{-100, 0, -100}, {}) == text);
  CHECK(thrown_by_all(z, std::vector<int>{-100, -100, -100}, {}) == "nothing");
}

TEST_CASE("a label that is no class") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(4, 3);
  const std::string text = "range: label of sample ";
  CHECK(thrown_by_all(z, std::vector<int>{0, 4, -1}, {}) == text + "1: got 4, expected a class in [0, 4)");
  CHECK(thrown_by_all(z, std::vector<int>{0, 3, -1}, {}) == text + "2: got -1, expected a class in [0, 4)");
  CHECK(thrown_by_all(z, std::vector<int>{0, 3, -100}, {}) == "nothing");
  Options options = with([](Options& o) { o.sample_weights = {1, 0, 1}; });
  CHECK(thrown_by_all(z, std::vector<int>{0, 4, -1}, options) == text + "2: got -1, expected a class in [0, 4)");
  options.ignore_index = -1;
  CHECK(thrown_by_all(z, std::vector<int>{0, 4, -1}, options) == "nothing");
}

// Arguments and shapes first, then labels in the order of samples; also where the sample would not count.
TEST_CASE("the order of the checks") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(4, 3);
  const std::vector<int> bad_labels{0, 9, 0};
  CHECK(thrown_by_all(z, bad_labels, with([](Options& o) { o.temperature = -1; })) ==
        "invalid: temperature: got -1, expected a finite number > 0");
  CHECK(thrown_by_all(z, bad_labels, with([](Options& o) { o.denominator = 0; })) ==
        "invalid: denominator: got 0, expected a finite number > 0");
  CHECK(thrown_by_all(z, bad_labels, with([](Options& o) { o.class_weights = {1}; })) ==
        "invalid: class_weights: got 1 weights, expected 4 or none");
  Eigen::MatrixXd gradient(2, 2);
  CHECK(thrown([&] { xent::softmax_cross_entropy(z, bad_labels, gradient); }) ==
        "invalid: xent::softmax_cross_entropy: gradient: got [2 x 2], expected [4 x 3]");
  const std::vector<int> ignored{-100, -100, -100};
  CHECK(thrown_by_all(z, ignored, with([](Options& o) {
                        o.sample_weights = {1, quiet_nan, 1};
                      })) == "invalid: sample_weights[1]: got nan, expected a finite number >= 0");
  CHECK(thrown_by_all(z, ignored, with([](Options& o) { o.temperature = 0; })) ==
        "invalid: temperature: got 0, expected a finite number > 0");
  CHECK(thrown_by_all(z, ignored, with([](Options& o) { o.denominator = 0; })) == "nothing");
  CHECK(thrown_by_all(z, ignored, with([](Options& o) { o.denominator = -1; })) ==
        "invalid: denominator: got -1, expected a finite number > 0");
  CHECK(thrown_by_all(Eigen::MatrixXd(4, 0), std::vector<int>{}, with([](Options& o) { o.z_loss = quiet_nan; })) ==
        "invalid: z_loss: got nan, expected a finite number >= 0");
}
