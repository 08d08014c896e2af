// Kernels are really used: of ordinary input they leave nothing to the portable path, for every function, layout and
// scalar. (A kernel that refuses everything computes the right numbers, a hundred times slower.) By the headers alone:
// the library does not count.

namespace {
int refusals = 0;
}  // namespace
#define XENT_ON_REFUSAL ++refusals

#include "support/catch.hpp"
#include "support/random.hpp"

#include <xent/xent.hpp>

#include <Eigen/SparseCore>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using Eigen::Index;
using xent::Axis;

template <class Scalar, int order>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, order>;

template <class Scalar, int order>
Matrix<Scalar, order> normal(Index rows, Index cols, support::Random& random) {
  Matrix<Scalar, order> m(rows, cols);
  for (Index j = 0; j < cols; ++j)
    for (Index i = 0; i < rows; ++i) m(i, j) = static_cast<Scalar>(random.normal(0, 0.5));  // no half of a softmax is 0
  return m;
}

/// A matrix with a coefficient that is no part of it after each of its own.
template <class Scalar, int order>
class EveryOther {
 public:
  explicit EveryOther(const Matrix<Scalar, order>& m)
      : memory_(static_cast<std::size_t>(2 * m.size())), rows_(m.rows()), cols_(m.cols()) {
    view() = m;
  }
  auto view() { return map<Matrix<Scalar, order>>(memory_.data()); }
  auto view() const { return map<const Matrix<Scalar, order>>(memory_.data()); }

 private:
  template <class M, class Pointer>
  auto map(Pointer data) const {
    using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    return Eigen::Map<M, 0, Stride>(data, rows_, cols_, Stride(2 * (order == Eigen::ColMajor ? rows_ : cols_), 2));
  }

  std::vector<Scalar> memory_;
  Index rows_, cols_;
};

/// Of a call, exactly none.
template <class Call>
void check_none(const std::string& function, const Call& call) {
  refusals = 0;
  call();
  INFO(function);
  CHECK(refusals == 0);
}

/// Products, and labels whose classes come in tiles.
template <class Scalar, int order>
void check_linear(support::Random& random) {
  using Real = xent::RealOf<Scalar>;
  const Matrix<Scalar, order> w = normal<Scalar, order>(500, 40, random);
  const Matrix<Scalar, order> x = normal<Scalar, order>(40, 70, random);
  const Eigen::Matrix<Real, Eigen::Dynamic, 1> b = normal<Real, Eigen::ColMajor>(500, 1, random);
  std::vector<int> labels(70);
  for (int& label : labels) label = random.integer(500);
  Matrix<Real, order> d_w;
  Matrix<Scalar, order> d_x;
  Eigen::Matrix<Real, Eigen::Dynamic, 1> d_b;
  for (const std::size_t bytes : {std::size_t{32} << 20U, std::size_t{60000}})
    for (const bool smoothed : {false, true}) {
      xent::LinearCrossEntropyOptions<Real> o;
      o.workspace_bytes = bytes;
      o.loss.label_smoothing = smoothed ? Real(0.1) : Real(0);
      o.soft_cap = smoothed ? Real(20) : Real(0);
      check_none("linear_cross_entropy", [&] { xent::linear_cross_entropy(w, x, b, labels, d_w, d_x, d_b, o); });
      check_none("linear_cross_entropy, loss alone", [&] { xent::linear_cross_entropy(w, x, b, labels, o); });
    }
}

/// Decisions under every option, and where logits exclude what has no mass.
template <class Scalar, int order>
void check_sigmoid(const Matrix<Scalar, order>& z, const Matrix<Scalar, order>& y,
                   const xent::SigmoidOptions<xent::RealOf<Scalar>>& plain, Matrix<Scalar, order>& out) {
  using Real = xent::RealOf<Scalar>;
  const bool columns = plain.axis == Axis::columns;
  const Index classes = columns ? z.rows() : z.cols();
  const Index batch = columns ? z.cols() : z.rows();
  Matrix<Scalar, order> masked = z;
  Matrix<Scalar, order> hard = y.unaryExpr([](const Scalar& x) { return Scalar(x > Scalar(0.001F) ? 1.0F : 0.0F); });
  masked(0, 0) = Scalar(-std::numeric_limits<float>::infinity());
  hard(0, 0) = Scalar(0.0F);
  const auto integers = hard.template cast<int>().eval();
  const Eigen::SparseMatrix<float> sparse = hard.template cast<float>().sparseView();
  auto weighted = plain;
  weighted.label_smoothing = Real(0.1);
  weighted.positive_weights = Eigen::Array<Real, Eigen::Dynamic, 1>::LinSpaced(classes, Real(0.5), Real(2));
  auto by_sample = plain;
  by_sample.sample_weights = Eigen::Array<Real, Eigen::Dynamic, 1>::LinSpaced(batch, Real(0), Real(2));
  xent::SigmoidReport<Real> report;
  for (auto* const to : {static_cast<xent::SigmoidReport<Real>*>(nullptr), &report}) {
    check_none("decisions", [&] { xent::sigmoid_cross_entropy(z, y, out, plain, to); });
    check_none("weighted classes", [&] { xent::sigmoid_cross_entropy(z, y, out, weighted, to); });
    check_none("weighted samples", [&] { xent::sigmoid_cross_entropy(z, y, out, by_sample, to); });
    check_none("infinite logits", [&] { xent::sigmoid_cross_entropy(masked, hard, out, plain, to); });
    check_none("integers", [&] { xent::sigmoid_cross_entropy(masked, integers, out, plain, to); });
    check_none("sparse decisions", [&] { xent::sigmoid_cross_entropy(masked, sparse, out, plain, to); });
  }
}

/// Samples are the columns, or the rows, of matrices that are stored in that order: four layouts in memory.
template <class Scalar, int order>
void check_layout(Axis axis, Index classes, Index batch) {
  using Real = xent::RealOf<Scalar>;
  using M = Matrix<Scalar, order>;
  support::Random random(7);
  const bool columns = axis == Axis::columns;
  const Index rows = columns ? classes : batch;
  const Index cols = columns ? batch : classes;
  CAPTURE(rows, cols, columns, order, sizeof(Scalar));
  const M z = normal<Scalar, order>(rows, cols, random);
  const M v = normal<Scalar, order>(rows, cols, random);
  M out(rows, cols);
  xent::SoftmaxOptions<Real> softmax;
  softmax.axis = axis;
  M s = xent::softmax(z, softmax);
  const M t = xent::softmax(v, softmax);
  std::vector<int> labels;
  for (Index i = 0; i < batch; ++i) labels.push_back(random.integer(static_cast<int>(classes)));

  check_none("softmax", [&] { xent::softmax(z, out, softmax); });
  check_none("log_softmax", [&] { xent::log_softmax(z, out, softmax); });
  check_none("logsumexp", [&] { xent::logsumexp(z, axis); });

  xent::CrossEntropyOptions<Real> options;
  options.axis = axis;
  xent::CrossEntropyReport<Real> report;
  for (const bool reports : {false, true}) {
    auto* const to = reports ? &report : nullptr;
    check_none("labels", [&] { xent::softmax_cross_entropy(z, labels, out, options, to); });
    check_none("labels, loss alone", [&] { xent::softmax_cross_entropy(z, labels, options, to); });
    check_none("dense", [&] { xent::softmax_cross_entropy(z, t, out, options, to); });
    auto smoothed = options;
    smoothed.label_smoothing = Real(0.1);
    smoothed.temperature = Real(1.5);
    check_none("smoothed labels", [&] { xent::softmax_cross_entropy(z, labels, out, smoothed, to); });
    M masked = z;
    for (Index i = 0; i < batch; ++i)
      if (labels[static_cast<std::size_t>(i)] != 0)
        (columns ? masked(0, i) : masked(i, 0)) = Scalar(-std::numeric_limits<float>::infinity());
    check_none("masked labels", [&] { xent::softmax_cross_entropy(masked, labels, out, options, to); });
    check_none("masked and smoothed labels", [&] { xent::softmax_cross_entropy(masked, labels, out, smoothed, to); });
    M t_masked = t;  // without mass where logits are masked
    if (columns)
      t_masked.row(0).setZero();
    else
      t_masked.col(0).setZero();
    const M z_masked = t_masked.binaryExpr(z, [](const Scalar& y, const Scalar& x) {
      return y == Scalar(0.0F) ? Scalar(-std::numeric_limits<float>::infinity()) : x;
    });
    check_none("masked and smoothed", [&] { xent::softmax_cross_entropy(z_masked, t_masked, out, smoothed, to); });
    smoothed.class_weights = Eigen::Array<Real, Eigen::Dynamic, 1>::Constant(classes, Real(0.5));
    check_none("smoothed and weighted labels", [&] { xent::softmax_cross_entropy(z, labels, out, smoothed, to); });
    check_none("masked, weighted labels", [&] { xent::softmax_cross_entropy(masked, labels, out, smoothed, to); });
    check_none("masked, weighted", [&] { xent::softmax_cross_entropy(z_masked, t_masked, out, smoothed, to); });
    check_none("entropy_from_logits", [&] { xent::entropy_from_logits(z, out, axis, to); });
    M d_q(rows, cols);
    check_none("kl_divergence_from_logits", [&] { xent::kl_divergence_from_logits(z, v, out, d_q, axis, to); });
  }
  check_none("entropy", [&] { xent::entropy(s, axis); });
  check_none("cross_entropy", [&] { xent::cross_entropy(s, t, axis); });
  check_none("kl_divergence", [&] { xent::kl_divergence(s, t, axis); });
  check_none("js_divergence", [&] { xent::js_divergence(s, t, axis); });
  // Impossible, and next to that: the divergence is infinite, or needs the inverse of a subnormal number.
  M rare = s;
  rare(0, 0) = Scalar(0.0F);
  (columns ? rare(1, 0) : rare(0, 1)) = std::is_same_v<Scalar, float> ? Scalar(0x1p-140F) : Scalar(0.0F);
  check_none("cross_entropy, q = 0", [&] { xent::cross_entropy(s, rare, axis); });
  check_none("kl_divergence, q = 0", [&] { xent::kl_divergence(s, rare, axis); });
  check_none("js_divergence, q = 0", [&] { xent::js_divergence(rare, rare, axis); });
  check_none("mutual_information", [&] { xent::mutual_information(s); });
  check_none("conditional_entropy", [&] { xent::conditional_entropy(s); });

  xent::SigmoidOptions<Real> sigmoid;
  sigmoid.axis = axis;
  check_sigmoid<Scalar, order>(z, s, sigmoid, out);
  check_none("half_squared_error", [&] { xent::half_squared_error(z, v, out); });
  M d_variance(rows, cols);
  const M variance = (z.template cast<Real>().array().abs() + Real(0.5)).matrix().template cast<Scalar>();
  check_none("gaussian_nll", [&] { xent::gaussian_nll(z, v, variance, out, d_variance); });
  Real d_one(0);
  check_none("gaussian_nll, one variance", [&] { xent::gaussian_nll(z, v, Real(2), out, d_one); });
  const Eigen::Matrix<Scalar, Eigen::Dynamic, 1> variances = variance.col(0);
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> d_variances(rows);
  check_none("gaussian_nll, a variance a row", [&] { xent::gaussian_nll(z, v, variances, out, d_variances); });
  const Eigen::Matrix<Scalar, 1, Eigen::Dynamic> of_columns = variance.row(0);
  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> d_of_columns(cols);
  check_none("gaussian_nll, a variance a column", [&] { xent::gaussian_nll(z, v, of_columns, out, d_of_columns); });
  const M counts = v.cwiseAbs();
  check_none("poisson_nll", [&] { xent::poisson_nll(z, counts, out); });
  auto weighted = options;
  weighted.class_weights = Eigen::Array<Real, Eigen::Dynamic, 1>::LinSpaced(classes, Real(0.5), Real(2));
  using Turned = Matrix<Scalar, order == Eigen::ColMajor ? Eigen::RowMajor : Eigen::ColMajor>;
  const Turned turned = v;
  for (const auto& o : {options, weighted}) {
    check_none("softmax_cross_entropy_hvp", [&] { xent::softmax_cross_entropy_hvp(z, labels, v, out, o); });
    check_none("hvp of distributions", [&] { xent::softmax_cross_entropy_hvp(z, t, v, out, o); });
    check_none("hvp, stored otherwise", [&] { xent::softmax_cross_entropy_hvp(z, labels, turned, out, o); });
  }
  check_none("softmax_jvp", [&] { xent::softmax_jvp(s, v, out, softmax); });
  check_none("log_softmax_jvp", [&] { xent::log_softmax_jvp(s, v, out, softmax); });
  check_none("log_softmax_vjp", [&] { xent::log_softmax_vjp(s, v, out, softmax); });
  const EveryOther<Scalar, order> apart(v);
  EveryOther<Scalar, order> z_apart(z);
  check_none("softmax_jvp, strides", [&] { xent::softmax_jvp(s, apart.view(), out, softmax); });
  check_none("softmax, strides", [&] { xent::softmax(apart.view(), out, softmax); });
  check_none("labels, strides", [&] { xent::softmax_cross_entropy(apart.view(), labels, out, options, &report); });
  check_none("labels, strides, in place",
             [&] { xent::softmax_cross_entropy(z_apart.view(), labels, z_apart.view(), options); });
  check_none("dense, strides", [&] { xent::softmax_cross_entropy(apart.view(), t, out, options); });
  if constexpr (std::is_same_v<Scalar, double>) {
    const Matrix<float, order> of_floats = t.template cast<float>();
    check_none("dense, targets of float", [&] { xent::softmax_cross_entropy(z, of_floats, out, options); });
  }
  check_none("hvp, strides", [&] { xent::softmax_cross_entropy_hvp(apart.view(), labels, v, out, options); });
  check_none("labels, stored otherwise", [&] { xent::softmax_cross_entropy(turned, labels, out, options); });
  if constexpr (std::is_same_v<Scalar, Real>) {
    xent::softmax(s, s, softmax);
    check_none("in place", [&] { xent::softmax_cross_entropy(s, labels, s, options); });
  }
}

}  // namespace

TEMPLATE_TEST_CASE("kernels refuse no ordinary sample", "", float, double, Eigen::half) {
  if (!xent::simd::has_kernels()) return;
  for (const Axis axis : {Axis::columns, Axis::rows}) {
    for (const Index classes : {2, 10, 100, 1000, 5000}) {
      const Index batch = classes > 1000 ? 3 : 70;
      check_layout<TestType, Eigen::ColMajor>(axis, classes, batch);
      check_layout<TestType, Eigen::RowMajor>(axis, classes, batch);
    }
  }
}

// 4 MiB of samples side by side are walked class by class.
TEMPLATE_TEST_CASE("kernels refuse no ordinary sample of many classes", "", float, double) {
  if (!xent::simd::has_kernels()) return;
  support::Random random(2);
  constexpr Index batch = 1100;
  const Index classes = (Index{4} << 20U) / static_cast<Index>(sizeof(TestType)) / batch + 1;
  auto z = normal<TestType, Eigen::RowMajor>(classes, batch, random);
  z.row(3).setConstant(-std::numeric_limits<TestType>::infinity());
  Matrix<TestType, Eigen::RowMajor> out(classes, batch);
  const Eigen::VectorXi labels = Eigen::VectorXi::LinSpaced(batch, 4, static_cast<int>(classes) - 1);
  check_none("labels", [&] { xent::softmax_cross_entropy(z, labels, out); });
  check_none("softmax", [&] { xent::softmax(z, out); });
  check_none("logsumexp", [&] { xent::logsumexp(z); });
}

TEMPLATE_TEST_CASE("products and tiles of classes are by kernels", "", float, double, Eigen::bfloat16) {
  if (!xent::simd::has_kernels()) return;
  support::Random random(3);
  check_linear<TestType, Eigen::ColMajor>(random);
  check_linear<TestType, Eigen::RowMajor>(random);
}

TEST_CASE("a sample that kernels refuse is counted") {
  if (!xent::simd::has_kernels()) return;
  Eigen::MatrixXf z = Eigen::MatrixXf::Zero(200, 3);
  z(5, 1) = std::numeric_limits<float>::quiet_NaN();
  refusals = 0;
  xent::softmax(z);
  CHECK(refusals == 1);
}

TEMPLATE_TEST_CASE("NaN in numbers of 16 bits, where coefficients stand alone", "", Eigen::half, Eigen::bfloat16) {
  Matrix<TestType, Eigen::ColMajor> z = Matrix<TestType, Eigen::ColMajor>::Constant(20, 3, TestType(0.5F));
  const Matrix<TestType, Eigen::ColMajor> y = z;
  Matrix<TestType, Eigen::ColMajor> out(20, 3);
  z(4, 1) = TestType(std::numeric_limits<float>::quiet_NaN());
  const auto is_nan_there_alone = [&] {
    for (Index j = 0; j < 3; ++j)
      for (Index i = 0; i < 20; ++i)
        if (std::isnan(static_cast<float>(out(i, j))) != (i == 4 && j == 1)) return false;
    return true;
  };
  CHECK((std::isnan(xent::half_squared_error(z, y, out)) && is_nan_there_alone()));
  CHECK((std::isnan(xent::gaussian_nll(z, y, 1.5F, out, xent::none)) && is_nan_there_alone()));
  CHECK((std::isnan(xent::sigmoid_cross_entropy(z, y, out)) && is_nan_there_alone()));
}
