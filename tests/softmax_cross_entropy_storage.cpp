// Storage types: half and bfloat16 are computed in float and rounded once; long double keeps its own digits; targets
// may have any real scalar.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cmath>
#include <type_traits>

#include "support/catch.hpp"
#include "support/cross_entropy_reference.hpp"
#include "support/semantics.hpp"

using namespace semantics;

namespace {

template <class Storage>
using Matrix = support::Matrix<Storage>;

/// |got - exact| in units of the last place of the storage type, denormals included.
template <class Storage>
double ulps(Storage got, float exact) {
  const int digits = std::is_same_v<Storage, Eigen::half> ? 11 : 8;
  const int lowest = std::is_same_v<Storage, Eigen::half> ? -14 : -126;
  const double x = static_cast<float>(got);
  const double e = exact;
  if (std::isnan(x) || std::isnan(e)) return std::isnan(x) == std::isnan(e) ? 0 : INFINITY;
  if (x == e) return 0;
  const int exponent = e == 0 ? lowest : std::max(lowest, std::ilogb(e));
  return std::fabs(x - e) / std::ldexp(1.0, exponent - (digits - 1));
}

template <class Storage>
double worst(const Matrix<Storage>& got, const Matrix<float>& exact) {
  double error = 0;
  for (Index i = 0; i < exact.size(); ++i) error = std::max(error, ulps(got.data()[i], exact.data()[i]));
  return error;
}

/// A batch of numbers that the storage type has exactly, in float; among them a masked class, a confident sample, and
/// one of equal logits.
template <class Storage>
support::Batch<float> stored_batch() {
  support::Random random(51);
  support::Batch<float> b = support::random_batch<float>(random, 9, 7);
  b.z = b.z.cast<Storage>().template cast<float>();
  b.z.col(2).setConstant(3);
  b.z(b.labels[3], 3) = 40;
  b.z(b.labels[4] == 0 ? 1 : 0, 4) = -inf<float>;
  b.y = (b.y * 8).array().round() / 8;
  b.y.row(b.labels[4] == 0 ? 1 : 0).setZero();
  b.v = b.v.cast<Storage>().template cast<float>();
  return b;
}

std::vector<Options<float>> option_sets() {
  std::vector<Options<float>> sets = some_options<float>();
  for (Options<float>& o : sets) {
    o.axis = xent::Axis::columns;
    if (o.class_weights.size() != 0) o.class_weights = {1, 2, 0.5F, 1, 3, 0, 1, 0.25F, 1};
    if (o.sample_weights.size() != 0) o.sample_weights = {1, 0, 2, 0.5F, 1, 1.5F, 1};
  }
  return sets;
}

/// Everything that can be asked with logits in the storage type, against the same logits in float.
template <class Storage, class Targets, class FloatTargets>
void check(const support::Batch<float>& b, const Targets& targets, const FloatTargets& float_targets,
           const Options<float>& o) {
  const support::Answer<float> expected = support::answer(b.z, float_targets, b.v, o);
  const Matrix<Storage> z = b.z.cast<Storage>();
  const Matrix<Storage> v = b.v.cast<Storage>();
  xent::CrossEntropyReport<float> report;
  Matrix<Storage> gradient;
  const float loss = xent::softmax_cross_entropy(z, targets, gradient, o, &report);
  static_assert(std::is_same_v<decltype(xent::softmax_cross_entropy(z, targets)), float>);
  CHECK((near(loss, expected.loss) && near(report, expected.report, 1.0F)));
  CHECK(near(xent::softmax_cross_entropy(z, targets, o), expected.loss));
  CHECK(worst(gradient, expected.gradient) <= 0.51);

  Matrix<float> float_gradient;
  CHECK(near(xent::softmax_cross_entropy(z, targets, float_gradient, o), expected.loss));
  CHECK(near(float_gradient, expected.gradient));

  Matrix<Storage> in_place = z;
  CHECK(same(xent::softmax_cross_entropy(in_place, targets, in_place, o), loss));
  CHECK(same(in_place.template cast<float>(), gradient.template cast<float>()));

  CHECK(worst(Matrix<Storage>(xent::softmax_cross_entropy_hvp(z, targets, v, o)), expected.hvp) <= 0.51);
  CHECK(worst(Matrix<Storage>(xent::softmax_cross_entropy_hvp(z, targets, b.v, o)), expected.hvp) <= 0.51);
  xent::softmax_cross_entropy_hvp(z, targets, v, float_gradient, o);
  CHECK(near(float_gradient, expected.hvp));
}

}  // namespace

TEMPLATE_TEST_CASE("half and bfloat16: the float result, rounded once", "", Eigen::half, Eigen::bfloat16) {
  const support::Batch<float> b = stored_batch<TestType>();
  for (const Options<float>& o : option_sets()) {
    check<TestType>(b, b.labels, b.labels, o);
    check<TestType>(b, b.y, b.y, o);
    check<TestType>(b, Matrix<TestType>(b.y.cast<TestType>()), b.y, o);
    check<TestType>(b, Eigen::SparseMatrix<float>(b.y.sparseView()), b.y, o);
  }
}

TEMPLATE_TEST_CASE("half and bfloat16: rows, vectors, views and expressions", "", Eigen::half, Eigen::bfloat16) {
  const support::Batch<float> b = stored_batch<TestType>();
  const Matrix<TestType> z = b.z.cast<TestType>();
  const support::Answer<float> expected = support::answer(b, Kind::labels, Options<float>());
  support::RowMajorMatrix<TestType> rows(7, 9);
  CHECK(near(xent::softmax_cross_entropy(z.transpose(), b.labels, rows, {xent::Axis::rows}), expected.loss));
  CHECK(worst(Matrix<TestType>(rows.transpose()), expected.gradient) <= 0.51);
  Matrix<TestType> padded = Matrix<TestType>::Constant(12, 9, TestType(7));
  CHECK(near(xent::softmax_cross_entropy(b.z.cast<TestType>(), b.labels, padded.block(2, 1, 9, 7)), expected.loss));
  CHECK(worst(Matrix<TestType>(padded.block(2, 1, 9, 7)), expected.gradient) <= 0.51);
  CHECK((padded.row(0).template cast<float>().array() == 7).all());
  Eigen::Matrix<TestType, 9, 1> fixed;
  Eigen::VectorXf fixed_float(9);
  const float loss = xent::softmax_cross_entropy(b.z.col(0), b.labels[0], fixed_float);
  CHECK(near(xent::softmax_cross_entropy(z.col(0), b.labels[0], fixed), loss));
  CHECK(worst(Matrix<TestType>(fixed), Matrix<float>(fixed_float)) <= 0.51);
}

TEMPLATE_TEST_CASE("half and bfloat16: broken and masked samples, results out of range", "", Eigen::half,
                   Eigen::bfloat16) {
  Matrix<float> wide(2, 5);
  wide << 1, not_a_number<float>, inf<float>, -inf<float>, -inf<float>, 2, 1, 0, 0, -inf<float>;
  const Matrix<TestType> z = wide.cast<TestType>();
  Matrix<TestType> gradient(2, 5);
  xent::CrossEntropyReport<float> report;
  const Options<float> sum{xent::Axis::columns, xent::Reduction::sum};
  CHECK(std::isnan(xent::softmax_cross_entropy(z, std::vector<int>{0, 0, 0, 0, 0}, gradient, sum, &report)));
  CHECK(
      (std::isfinite(report.sample_loss[0]) && std::isnan(report.sample_loss[1]) && std::isnan(report.sample_loss[2])));
  CHECK((report.sample_loss[3] == inf<float> && report.sample_loss[4] == inf<float>));
  CHECK((report.logsumexp[2] == inf<float> && report.logsumexp[4] == -inf<float>));
  const Matrix<float> g = gradient.template cast<float>();
  CHECK((std::isfinite(g.col(0).sum()) && std::isnan(g(0, 1)) && std::isnan(g(1, 2))));
  CHECK((g(0, 3) == -1 && g(1, 3) == 1 && g.col(4).isZero(0)));

  // Weights beyond the range of half: -inf and +inf there, right in bfloat16.
  Options<float> heavy = sum;
  heavy.sample_weights = {1e30F};
  const float loss = xent::softmax_cross_entropy(z.col(0), 0, gradient.col(0), heavy);
  CHECK((loss > 1e30F && std::isfinite(loss)));
  const float first = static_cast<float>(gradient(0, 0));
  CHECK(std::isinf(first) == std::is_same_v<TestType, Eigen::half>);
  CHECK(first < 0);
}

TEST_CASE("long double keeps its digits, and has the range of its exponent") {
  support::Random random(52);
  const support::Batch<long double> b = support::random_batch<long double>(random, 9, 7);
  for (const Options<float>& f : option_sets()) {
    Options<long double> o;
    o.reduction = f.reduction;
    o.label_smoothing = f.label_smoothing;
    o.smoothing = f.smoothing;
    o.temperature = f.temperature;
    o.z_loss = f.z_loss;
    o.class_weights = f.class_weights.cast<long double>();
    o.sample_weights = f.sample_weights.cast<long double>();
    // The reference has no more digits itself: 9 sums of 9 terms.
    for (const Kind kind : every_kind) {
      CAPTURE(support::name(kind));
      CHECK(support::disagreement(support::answer(b, kind, o), b, kind, o, 24) == "");
    }
  }
  const Eigen::Matrix<long double, 2, 1> z(5000, 0);
  CHECK(xent::softmax_cross_entropy(z, 0) == std::exp(-5000.0L));
  const Eigen::Matrix<long double, 2, 1> confident(20, 0);
  CHECK(std::fabs(xent::softmax_cross_entropy(confident, 0) / std::log1p(std::exp(-20.0L)) - 1) < 1e-18L);
}

// Eighths and small counts: every type has them.
TEMPLATE_TEST_CASE("targets of any real scalar", "", float, double, long double) {
  using Real = TestType;
  support::Random random(53);
  support::Batch<Real> b = support::random_batch<Real>(random, 6, 5);
  b.y = (b.y * 8).array().round() / 8;
  for (Options<Real> o : some_options<Real>()) {
    o.axis = xent::Axis::columns;
    o.sample_weights = {};
    if (o.class_weights.size() != 0) o.class_weights = {1, 2, 3, 4, 5, 6};
    const support::Answer<Real> expected = support::answer(b.z, b.y, b.v, o);
    const auto agrees = [&](const auto& y) { return near(support::answer(b.z, y, b.v, o), expected); };
    CHECK(agrees(Matrix<Eigen::half>(b.y.template cast<Eigen::half>())));
    CHECK(agrees(Matrix<Eigen::bfloat16>(b.y.template cast<Eigen::bfloat16>())));
    CHECK(agrees(Matrix<float>(b.y.template cast<float>())));
    CHECK(agrees(Matrix<double>(b.y.template cast<double>())));
    CHECK(agrees(Matrix<long double>(b.y.template cast<long double>())));
    CHECK(agrees(b.y.template cast<float>()));
    CHECK(agrees(Eigen::SparseMatrix<float>(b.y.template cast<float>().sparseView())));
    CHECK(agrees(Eigen::SparseMatrix<double, Eigen::RowMajor>(b.y.template cast<double>().sparseView())));
    CHECK(agrees(Eigen::SparseMatrix<long double>(b.y.template cast<long double>().sparseView())));
    CHECK(agrees(Eigen::SparseMatrix<Eigen::half>(b.y.template cast<Eigen::half>().sparseView())));
  }
}

// A target with more digits than the logits is not rounded to theirs.
TEST_CASE("targets keep the digits that they have") {
  const Eigen::Vector2f z(0, 0);
  const Eigen::Vector2d y(1 + 0x1p-40, -1);
  CHECK(xent::softmax_cross_entropy(z, y) == static_cast<float>(0x1p-40 * std::log(2.0)));
  const Eigen::Vector2d zd(0, 0);
  const Eigen::Matrix<long double, 2, 1> yl(1 + 0x1p-60L, -1);
  CHECK(xent::softmax_cross_entropy(zd, yl) == 0x1p-60 * std::log(2.0));
}
