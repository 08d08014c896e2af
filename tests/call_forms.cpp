// The forms that a call can be written in: an axis alone in the place of options, results into memory of the caller's,
// weights in a std::vector. Each is the plain call.

#include <xent/xent.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/matrices.hpp"
#include "support/peak_memory.hpp"
#include "support/random.hpp"

namespace {

using Eigen::Index;
using support::Matrix;
using support::same;
using xent::Axis;
using xent::Unit;

template <class Scalar>
Matrix<Scalar> normal(Index rows, Index cols, int seed) {
  support::Random random(static_cast<std::uint64_t>(seed));
  Matrix<Scalar> x(rows, cols);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<Scalar>(static_cast<float>(random.normal(0, 2)));
  return x;
}

template <class Real>
using Numbers = Eigen::Array<Real, Eigen::Dynamic, 1>;

/// returned(axis, executor) is [samples]; into(out, axis, executor) writes it.
template <class Scalar, class Returned, class Into>
void check_numbers(Index samples, Axis axis, const Returned& returned, const Into& into) {
  using Real = xent::RealOf<Scalar>;
  const Numbers<Real> expected = returned(axis, xent::Executor{});
  CHECK(expected.size() == samples);
  CHECK(same(returned(axis, support::backwards()), expected));
  Eigen::Matrix<Real, 1, Eigen::Dynamic> row(samples);
  into(row, axis);
  CHECK(same(row.transpose().array(), expected));
  Matrix<Real> frame = Matrix<Real>::Constant(3, samples, Real(77));
  into(frame.row(1), axis);  // a stride between the numbers
  CHECK(same(frame.row(1).transpose().array(), expected));
  CHECK((frame(0, 0) == Real(77) && frame(2, samples - 1) == Real(77)));
  Eigen::Array<Real, Eigen::Dynamic, 1> empty;
  into(empty, axis);
  CHECK(same(empty, expected));
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> narrow(samples);
  into(narrow, axis);
  CHECK(same(narrow.template cast<Real>().array(), expected.template cast<Scalar>().template cast<Real>()));
  Eigen::Array<Real, Eigen::Dynamic, 1> wrong(samples + 1);
  CHECK_THROWS_AS(into(wrong, axis), std::invalid_argument);
}

}  // namespace

TEMPLATE_TEST_CASE("call forms: one number per sample, into any vector", "", float, double, Eigen::half,
                   Eigen::bfloat16) {
  using Scalar = TestType;
  using Real = xent::RealOf<Scalar>;
  for (const Axis axis : {Axis::columns, Axis::rows})
    for (const Index classes : {3, 10, 700}) {
      const Index samples = classes == 3 ? 30000 : 300;  // more than one block of an executor
      const bool columns = axis == Axis::columns;
      CAPTURE(classes, columns);
      const Matrix<Scalar> z = normal<Scalar>(columns ? classes : samples, columns ? samples : classes, 3);
      const Matrix<Scalar> p = xent::softmax(z, axis);
      const Matrix<Scalar> q = xent::softmax(Matrix<Scalar>(-z), axis);
      check_numbers<Scalar>(
          samples, axis,
          [&](Axis a, const xent::Executor& e) {
            return xent::logsumexp(z, xent::SoftmaxOptions<Real>{a, Real(1.5), e});
          },
          [&](auto&& out, Axis a) {
            xent::logsumexp(z, out, {a, Real(1.5)});
          });
      using Options = xent::InformationOptions<Real>;
      check_numbers<Scalar>(
          samples, axis,
          [&](Axis a, const xent::Executor& e) {
            return xent::entropy(p, Options{a, Unit::bits, e});
          },
          [&](auto&& out, Axis a) { xent::entropy(p, out, a, Unit::bits); });
      check_numbers<Scalar>(
          samples, axis,
          [&](Axis a, const xent::Executor& e) {
            return xent::cross_entropy(p, q, Options{a, Unit::bits, e});
          },
          [&](auto&& out, Axis a) { xent::cross_entropy(p, q, out, a, Unit::bits); });
      check_numbers<Scalar>(
          samples, axis,
          [&](Axis a, const xent::Executor& e) {
            return xent::kl_divergence(p, q, Options{a, Unit::hartleys, e});
          },
          [&](auto&& out, Axis a) {
            xent::kl_divergence(p, q, out, {a, Unit::hartleys});
          });
      check_numbers<Scalar>(
          samples, axis,
          [&](Axis a, const xent::Executor& e) {
            return xent::js_divergence(p, q, Options{a, Unit::nats, e});
          },
          [&](auto&& out, Axis a) { xent::js_divergence(p, q, out, a); });
      check_numbers<Scalar>(
          samples, axis,
          [&](Axis a, const xent::Executor& e) {
            return xent::perplexity(p, Options{a, Unit::bits, e});
          },
          [&](auto&& out, Axis a) { xent::perplexity(p, out, a); });
    }
}

TEST_CASE("call forms: the temperature of logsumexp divides the logits") {
  const Matrix<double> z = normal<double>(7, 20, 4);
  CHECK(same(xent::logsumexp(z, {Axis::columns, 0.5}), xent::logsumexp(Matrix<double>(z / 0.5))));
  CHECK(xent::logsumexp(Eigen::Vector2d(0, 0), {Axis::columns, 3.0}) == std::log(2.0));
  CHECK_THROWS_WITH(xent::logsumexp(z, {Axis::columns, -1.0}),
                    "xent::logsumexp: temperature: got -1, expected a finite number > 0");
}

TEST_CASE("call forms: numbers into memory that the argument has, too") {
  const Matrix<double> z = normal<double>(6, 6, 5);
  Matrix<double> shared = z;
  xent::logsumexp(shared, shared.col(0));
  CHECK(same(shared.col(0).array(), xent::logsumexp(z)));
  CHECK(same(shared.rightCols(5), z.rightCols(5)));
  const Matrix<double> p = xent::softmax(z);
  shared = p;
  xent::entropy(shared, shared.row(2));
  CHECK(same(shared.row(2).transpose().array(), xent::entropy(p)));
  shared = p;
  xent::kl_divergence(z.cwiseAbs(), shared, shared.row(5).transpose(), Axis::rows);
  CHECK(same(shared.row(5).transpose().array(), xent::kl_divergence(z.cwiseAbs(), p, Axis::rows)));
}

TEST_CASE("call forms: no heap for numbers that go into memory of the caller's") {
  if (!support::counts_heap) return;
  for (const Axis axis : {Axis::columns, Axis::rows}) {
    const Matrix<float> p = xent::softmax(normal<float>(300, 300, 6));
    Eigen::VectorXf out(300);
    Eigen::ArrayXf twice(600);
    Eigen::Map<Eigen::ArrayXf, 0, Eigen::InnerStride<2>> every_other(twice.data(), 300);
    CHECK(support::peak_of([&] { xent::logsumexp(p, out, axis); }) == 0);
    CHECK(support::peak_of([&] { xent::entropy(p, out, axis, Unit::bits); }) == 0);
    CHECK(support::peak_of([&] { xent::perplexity(p, every_other, axis); }) == 0);
    CHECK(support::peak_of([&] { xent::cross_entropy(p, p, out, axis); }) == 0);
    CHECK(support::peak_of([&] { xent::kl_divergence(p, p, out, axis); }) == 0);
    CHECK(support::peak_of([&] { xent::js_divergence(p, p, out, axis); }) == 0);
  }
}

TEST_CASE("call forms: an axis alone stands for options") {
  const Matrix<double> z = normal<double>(4, 4, 7);
  const Matrix<double> v = normal<double>(4, 4, 8);
  const std::vector<int> labels{0, 3, 1, 1};
  const Axis rows = Axis::rows;
  const Matrix<double> s = xent::softmax(z, rows);
  Matrix<double> expected(4, 4), out(4, 4), expected_q(4, 4), out_q(4, 4);
  xent::SoftmaxOptions<double> softmax{rows};
  CHECK(same(s, xent::softmax(z, softmax)));
  CHECK(!same(s, xent::softmax(z)));
  xent::softmax(z, out, rows);
  CHECK(same(out, s));
  xent::log_softmax(z, out, rows);
  CHECK((same(out, xent::log_softmax(z, softmax)) && same(out, xent::log_softmax(z, rows))));
  CHECK(same(xent::softmax_jvp(s, v, rows), xent::softmax_jvp(s, v, softmax)));
  CHECK(same(xent::softmax_vjp(s, v, rows), xent::softmax_vjp(s, v, softmax)));
  CHECK(same(xent::log_softmax_jvp(s, v, rows), xent::log_softmax_jvp(s, v, softmax)));
  xent::log_softmax_vjp(s, v, out, rows);
  CHECK(same(out, xent::log_softmax_vjp(s, v, softmax)));
  CHECK(same(xent::logsumexp(z, rows), xent::logsumexp(z, softmax)));

  xent::CrossEntropyReport<double> report;
  xent::CrossEntropyOptions<double> options{rows};
  CHECK(xent::softmax_cross_entropy(z, labels, rows) == xent::softmax_cross_entropy(z, labels, options));
  CHECK(xent::softmax_cross_entropy(z, labels) != xent::softmax_cross_entropy(z, labels, options));
  const double loss = xent::softmax_cross_entropy(z, labels, expected, options);
  CHECK(xent::softmax_cross_entropy(z, labels, out, rows, &report) == loss);
  CHECK((same(out, expected) && report.loss == loss));
  CHECK(same(xent::softmax_cross_entropy_hvp(z, labels, v, rows),
             xent::softmax_cross_entropy_hvp(z, labels, v, options)));
  xent::softmax_cross_entropy_hvp(z, labels, v, out, rows);
  CHECK(same(out, xent::softmax_cross_entropy_hvp(z, labels, v, options)));

  CHECK(xent::nll(z, labels, rows) == xent::nll(z, labels, {rows}));
  xent::LogitOptions<double> of_logits{rows};
  CHECK(xent::entropy_from_logits(z, rows) == xent::entropy_from_logits(z, of_logits));
  xent::entropy_from_logits(z, expected, of_logits);
  xent::entropy_from_logits(z, out, rows);
  CHECK(same(out, expected));
  CHECK(xent::kl_divergence_from_logits(z, v, rows) == xent::kl_divergence_from_logits(z, v, of_logits));
  xent::kl_divergence_from_logits(z, v, expected, expected_q, of_logits);
  xent::kl_divergence_from_logits(z, v, out, out_q, rows);
  CHECK((same(out, expected) && same(out_q, expected_q)));

  const xent::SigmoidOptions<double> sigmoid{rows};
  xent::SigmoidReport<double> by_options, by_axis;
  CHECK(xent::sigmoid_cross_entropy(z, s, rows) == xent::sigmoid_cross_entropy(z, s, sigmoid));
  xent::sigmoid_cross_entropy(z, s, expected, sigmoid, &by_options);
  xent::sigmoid_cross_entropy(z, s, out, rows, &by_axis);
  CHECK((same(out, expected) && same(by_axis.sample_loss, by_options.sample_loss)));

  xent::LinearCrossEntropyOptions<double> linear;
  linear.loss.axis = rows;
  const Eigen::Vector4d bias(1, 2, 3, 4);
  const double linear_loss = xent::linear_cross_entropy(z, v, bias, labels, out, expected, xent::none, linear);
  CHECK(xent::linear_cross_entropy(z, v, bias, labels, rows) == xent::linear_cross_entropy(z, v, bias, labels, linear));
  CHECK(xent::linear_cross_entropy(z, v, bias, labels, out, out_q, xent::none, rows) == linear_loss);
  CHECK(same(out_q, expected));
  // So do the options of the loss.
  options.label_smoothing = linear.loss.label_smoothing = 0.25;
  CHECK(xent::linear_cross_entropy(z, v, bias, labels, options) ==
        xent::linear_cross_entropy(z, v, bias, labels, linear));

  const Matrix<double> t = xent::softmax(v, rows);
  CHECK(same(xent::entropy(s, rows), xent::entropy(s, xent::InformationOptions<double>{rows})));
  CHECK(same(xent::entropy(s, Unit::bits), xent::entropy(s, {Axis::columns, Unit::bits})));
  CHECK(same(xent::cross_entropy(s, t, rows, Unit::bits), xent::cross_entropy(s, t, {rows, Unit::bits})));
  CHECK(same(xent::kl_divergence(s, t, Unit::bits), xent::kl_divergence(s, t, {Axis::columns, Unit::bits})));
  CHECK(same(xent::js_divergence(s, t, rows), xent::js_divergence(s, t, {rows})));
  CHECK(same(xent::perplexity(s, rows), xent::perplexity(s, {rows})));
}

TEST_CASE("call forms: options of a derived type are read where they are") {
  struct Named : xent::CrossEntropyOptions<float> {
    int name = 7;
  };
  const Matrix<float> z = normal<float>(300, 40, 12);
  const std::vector<int> labels(40, 5);
  Named named;
  named.class_weights = Eigen::VectorXf::LinSpaced(300, 1, 2);
  const xent::CrossEntropyOptions<float>& plain = named;
  CHECK(xent::softmax_cross_entropy(z, labels, named) == xent::softmax_cross_entropy(z, labels, plain));
  if (!support::counts_heap) return;
  CHECK(support::peak_of([&] { xent::softmax_cross_entropy(z, labels, named); }) == 0);
}

TEST_CASE("call forms: weights in a std::vector") {
  const Matrix<float> z = normal<float>(3, 2, 9);
  const std::vector<int> labels{0, 2};
  xent::CrossEntropyOptions<float> by_vector, by_list;
  by_vector.class_weights = std::vector<float>{1, 5, 2};
  const std::vector<float> of_samples{2, 3};
  by_vector.sample_weights = of_samples;
  by_list.class_weights = {1, 5, 2};
  by_list.sample_weights = {2, 3};
  CHECK(xent::softmax_cross_entropy(z, labels, by_vector) == xent::softmax_cross_entropy(z, labels, by_list));
  const xent::Weights<double> weights(std::vector<double>{0.5, 0.25});
  CHECK((weights.size() == 2 && weights[1] == 0.25));
}

// What a caller who forgot the axis is told.
TEST_CASE("call forms: the axis that fits is named") {
  const Matrix<float> z = normal<float>(5, 3, 10);
  const std::vector<int> labels(5, 0);
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, labels),
                    "xent::softmax_cross_entropy: labels: got 5, expected 3, one per sample (a sample is a column: "
                    "Axis::rows?)");
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(Matrix<float>(z.transpose()), labels, Axis::rows),
                    "xent::softmax_cross_entropy: labels: got 5, expected 3, one per sample (a sample is a row: "
                    "Axis::columns?)");
  CHECK_THROWS_WITH(xent::nll(z, std::vector<int>(4, 0)), "xent::nll: labels: got 4, expected 3, one per sample");
}

TEST_CASE("call forms: a label is printed as it was given") {
  const Matrix<float> z = normal<float>(5, 1, 11);
  const auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, std::vector<std::uint64_t>{most}),
                    "xent::softmax_cross_entropy: label of sample 0: got 18446744073709551615, expected a class in [0, "
                    "5)");
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z.col(0), most - 99),
                    "xent::softmax_cross_entropy: label of sample 0: got 18446744073709551516, expected a class in [0, "
                    "5)");
  CHECK_THROWS_WITH(xent::softmax_cross_entropy(z, std::vector<std::int8_t>{-5}),
                    "xent::softmax_cross_entropy: label of sample 0: got -5, expected a class in [0, 5)");
}

TEST_CASE("call forms: the instruction set has a name") {
  const std::string name = xent::name(xent::instruction_set());
  const char* const asked = std::getenv("XENT_SIMD");
  CAPTURE(name);
  if (asked != nullptr && std::string(asked) == "portable") CHECK(name == "portable");
  // Another word would have thrown.
  CHECK((name == "avx512" || name == "avx2" || name == "baseline" || name == "portable"));
}

// Run by itself, with such a word in the environment.
TEST_CASE("call forms: an unknown instruction set is an error at the first use", "[.][unknown]") {
  const std::string what =
      "xent::instruction_set: the environment variable XENT_SIMD: got avx1024, expected avx512, avx2, baseline or "
      "portable";
  CHECK_THROWS_WITH(xent::instruction_set(), what);
  if (!XENT_KERNELS_FOR_X86_64 && !XENT_KERNELS_FOR_ARM64) return;  // where nothing asks
  Eigen::VectorXf out = Eigen::VectorXf::Constant(3, 77);
  CHECK_THROWS_WITH(xent::softmax(Eigen::Vector3f(1, 2, 3), out), what);
  CHECK((out.array() == 77).all());
}
