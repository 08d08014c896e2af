// CrossEntropyOptions, Weights and CrossEntropyReport as objects: their defaults, the order of their members, and {1,
// 5} as two weights.

#include <xent/cross_entropy_options.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

using Options = xent::CrossEntropyOptions<double>;
using Report = xent::CrossEntropyReport<double>;
using xent::Weights;

template <class Real>
bool holds(const Weights<Real>& weights, const std::vector<Real>& expected) {
  if (weights.size() != static_cast<Eigen::Index>(expected.size())) return false;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (weights[static_cast<Eigen::Index>(i)] != expected[i]) return false;
  return true;
}

template <class T, class Argument>
constexpr bool assignable = std::is_assignable_v<T&, Argument>;

}  // namespace

static_assert(std::is_aggregate_v<Options>, "designated initialisers need an aggregate");
static_assert(std::is_aggregate_v<Report>, "a report is an aggregate");
static_assert(!std::is_convertible_v<xent::CrossEntropyOptions<float>, Options>, "another Real does not convert");
static_assert(!std::is_convertible_v<Options, xent::CrossEntropyOptions<float>>, "another Real does not convert");
static_assert(!std::is_constructible_v<Weights<double>, int>, "one number in parentheses is no size");
static_assert(!std::is_constructible_v<Weights<double>, int, int>, "nor are two");
static_assert(!std::is_convertible_v<double, Weights<double>>, "a number is no list of weights");
static_assert(!assignable<Weights<double>, double>, "a number is no list of weights");

TEMPLATE_TEST_CASE("{1, 5} is two weights, in every place", "", float, double, long double) {
  using Real = TestType;
  CHECK(holds<Real>({1, 5}, {1, 5}));
  const Weights<Real> constructed{1, 5};
  CHECK(holds(constructed, {1, 5}));
  const Weights<Real> copied = {3, 4};
  CHECK(holds(copied, {3, 4}));
  Weights<Real> assigned;
  CHECK(assigned.size() == 0);
  assigned = {1, 5};
  CHECK(holds(assigned, {1, 5}));
  assigned = {7};
  CHECK(holds(assigned, {7}));
  assigned = {1, 2, 3, 4, 5};
  CHECK(holds(assigned, {1, 2, 3, 4, 5}));
  assigned = {};
  CHECK(assigned.size() == 0);
  CHECK(holds(Weights<Real>{2}, {2}));
  CHECK(holds(Weights<Real>{}, {}));
  CHECK(holds<Real>({}, {}));
  xent::CrossEntropyOptions<Real> options;
  options.class_weights = {1, 5};
  options.sample_weights = {2, 0};
  CHECK((holds(options.class_weights, {1, 5}) && holds(options.sample_weights, {2, 0})));
}

TEST_CASE("weights from vectors of either orientation, and expressions of them") {
  const Eigen::VectorXd column = Eigen::Vector3d(1, 2, 3);
  const Eigen::RowVectorXd row = column.transpose();
  const std::vector<double> three{1, 2, 3};
  CHECK(holds(Weights<double>(column), three));
  CHECK(holds(Weights<double>{column}, three));
  CHECK(holds(Weights<double>(row), three));
  CHECK(holds<double>(column.array(), three));
  CHECK(holds<double>(row.array(), three));
  CHECK(holds<double>(0.5 * (column + column), three));
  CHECK(holds<double>(row.transpose(), three));
  CHECK(holds<double>(Eigen::Map<const Eigen::VectorXd>(three.data(), 3), three));
  CHECK(holds<double>(Eigen::Map<const Eigen::RowVectorXd>(three.data(), 3), three));
  CHECK(holds<double>(Eigen::Vector3f(1, 2, 3).cast<double>(), three));
  CHECK(holds<double>(Eigen::ArrayXd::Ones(2), {1, 1}));
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(3, 3);
  matrix.row(1) = row;
  CHECK(holds<double>(matrix.row(1), three));
  CHECK(holds<double>(matrix.transpose().col(1), three));
  Weights<double> weights{9};
  weights = column;
  CHECK(holds(weights, three));
  weights = row.reverse();
  CHECK(holds(weights, {3, 2, 1}));
  weights = weights * 2 + 1;
  CHECK(holds(weights, {7, 5, 3}));
  weights = weights.head(2).eval();
  CHECK(holds(weights, {7, 5}));
}

TEST_CASE("weights own their copy") {
  Eigen::VectorXd source = Eigen::Vector3d(1, 2, 3);
  Weights<double> weights = source;
  source.setZero();
  CHECK(holds(weights, {1, 2, 3}));
  Weights<double> copy = weights;
  copy[0] = 9;
  CHECK((holds(weights, {1, 2, 3}) && holds(copy, {9, 2, 3})));
  const Weights<double>& alias = weights;
  weights = alias;
  CHECK(holds(weights, {1, 2, 3}));
  const Weights<double> moved = std::move(copy);
  CHECK(holds(moved, {9, 2, 3}));
  weights = moved;
  CHECK(holds(weights, {9, 2, 3}));
  // An Eigen array all the same.
  CHECK((weights.sum() == 14 && (weights > 2.5).count() == 2));
  const Options options{
      xent::Axis::columns, xent::Reduction::mean, {}, -100, 0, xent::Smoothing::all_classes, 1, 0, weights};
  CHECK(holds(Options(options).class_weights, {9, 2, 3}));
}

TEST_CASE("the defaults") {
  const Options o;
  CHECK((o.axis == xent::Axis::columns && o.reduction == xent::Reduction::mean && !o.denominator));
  CHECK((o.ignore_index == -100 && o.label_smoothing == 0 && o.smoothing == xent::Smoothing::all_classes));
  CHECK((o.temperature == 1 && o.z_loss == 0 && o.class_weights.size() == 0 && o.sample_weights.size() == 0));
  CHECK(!o.executor);
  const xent::LinearCrossEntropyOptions<double> l;
  CHECK((l.loss.temperature == 1 && l.workspace_bytes == std::size_t{32} * 1024 * 1024 && !l.accumulate));
  const Report r;
  CHECK((r.loss == 0 && r.z_loss == 0 && r.denominator == 0 && r.temperature_gradient == 0));
  CHECK((r.counted == 0 && r.ignored == 0 && r.correct == 0 && r.sample_loss.size() == 0));
  CHECK((r.logsumexp.size() == 0 && r.entropy.size() == 0 && r.prediction.size() == 0));
}

// The order of the members is API.
TEST_CASE("aggregate initialisation, in order") {
  const Options o{xent::Axis::rows,
                  xent::Reduction::sum,
                  2.5,
                  -1,
                  0.1,
                  xent::Smoothing::other_classes,
                  0.5,
                  0.25,
                  {1, 5},
                  {2, 3, 4},
                  [](Eigen::Index n, const std::function<void(Eigen::Index, Eigen::Index)>& body) { body(0, n); }};
  CHECK((o.axis == xent::Axis::rows && o.reduction == xent::Reduction::sum && o.denominator == 2.5));
  CHECK((o.ignore_index == -1 && o.label_smoothing == 0.1 && o.smoothing == xent::Smoothing::other_classes));
  CHECK((o.temperature == 0.5 && o.z_loss == 0.25 && holds(o.class_weights, {1, 5})));
  CHECK((holds(o.sample_weights, {2, 3, 4}) && o.executor));
  const xent::LinearCrossEntropyOptions<double> l{o, 0, 64, true};
  CHECK((l.loss.denominator == 2.5 && l.workspace_bytes == 64 && l.accumulate));
  const Report r{1, 2, 3, 4, 5, 6, 7, Eigen::Array2d(1, 2), Eigen::Array2d(3, 4), Eigen::Array2d(5, 6), {}};
  CHECK((r.loss == 1 && r.z_loss == 2 && r.denominator == 3 && r.temperature_gradient == 4));
  CHECK((r.counted == 5 && r.ignored == 6 && r.correct == 7));
  CHECK((r.sample_loss[0] == 1 && r.logsumexp[0] == 3 && r.entropy[0] == 5 && r.prediction.size() == 0));
}

TEST_CASE("braces in a call reach the options") {
  const Eigen::MatrixXd z = Eigen::MatrixXd::Random(3, 2);
  const std::vector<int> labels{0, 2};
  Eigen::MatrixXd gradient;
  const double mean = xent::softmax_cross_entropy(z, labels, {});
  const double sum = xent::softmax_cross_entropy(z, labels, {xent::Axis::columns, xent::Reduction::sum});
  CHECK(std::abs(sum - 2 * mean) < 1e-14);
  CHECK(std::abs(xent::softmax_cross_entropy(z, labels, gradient, {xent::Axis::columns, xent::Reduction::sum}) - sum) <
        1e-14);
  CHECK(std::abs(xent::softmax_cross_entropy(z.transpose(), labels, {xent::Axis::rows}) - mean) < 1e-14);
}

TEST_CASE("a report that is kept does not allocate again, and forgets the last call") {
  Report report;
  Eigen::MatrixXd gradient;
  const Eigen::MatrixXd z = Eigen::MatrixXd::Random(3, 4);
  Options options;
  options.z_loss = 0.5;
  xent::softmax_cross_entropy(z, std::vector<int>{0, 2, 1, -100}, gradient, options, &report);
  const double* const loss = report.sample_loss.data();
  const Eigen::Index* const prediction = report.prediction.data();
  CHECK((report.temperature_gradient != 0 && report.z_loss != 0 && report.ignored == 1));
  xent::softmax_cross_entropy(z, Eigen::MatrixXd(Eigen::MatrixXd::Constant(3, 4, 0.1)), {}, &report);
  CHECK((report.sample_loss.data() == loss && report.prediction.data() == prediction));
  CHECK((report.temperature_gradient == 0 && report.z_loss == 0 && report.ignored == 0 && report.correct == 0));
  xent::softmax_cross_entropy(z.leftCols(1), std::vector<int>{0}, {}, &report);
  CHECK((report.sample_loss.size() == 1 && report.prediction.size() == 1 && report.counted == 1));
}
