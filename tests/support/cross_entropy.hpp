#ifndef XENT_TESTS_SUPPORT_CROSS_ENTROPY_HPP
#define XENT_TESTS_SUPPORT_CROSS_ENTROPY_HPP

/// A batch that can be asked with every kind of target, everything that the library says about it, and whether two such
/// answers agree.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "matrices.hpp"
#include "random.hpp"

namespace support {

using Eigen::Index;

template <class Real>
using RowMajorMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The forms in which a target can be given.
enum class Kind { labels, dense, sparse_columns, sparse_rows };
inline constexpr std::array<Kind, 4> every_kind{Kind::labels, Kind::dense, Kind::sparse_columns, Kind::sparse_rows};
inline constexpr std::array<Kind, 3> every_distribution{Kind::dense, Kind::sparse_columns, Kind::sparse_rows};

inline const char* name(Kind kind) {
  constexpr std::array<const char*, 4> names{"labels", "dense", "sparse by columns", "sparse by rows"};
  return names[static_cast<std::size_t>(kind)];
}

/// Logits, targets and a direction, classes x samples.
template <class Real>
struct Batch {
  Matrix<Real> z;
  Eigen::VectorXi labels;
  Matrix<Real> y;  // what the distributions say; the columns of the labels unless replaced
  Matrix<Real> v;

  Batch() = default;
  Batch(const Matrix<Real>& logits, const std::vector<int>& label_of_sample)
      : z(logits),
        labels(Eigen::Map<const Eigen::VectorXi>(label_of_sample.data(), logits.cols())),
        y(Matrix<Real>::Zero(logits.rows(), logits.cols())),
        v(logits.rows(), logits.cols()) {
    for (Index i = 0; i < z.cols(); ++i)
      if (labels[i] >= 0 && labels[i] < z.rows()) y(labels[i], i) = Real(1);
    for (Index i = 0; i < v.size(); ++i) v.data()[i] = Real(0.25) * Real(static_cast<double>(i % 7)) - Real(0.5);
  }
};

/// Random logits, some of them masked, none of those under a target; soft targets that do not sum to 1.
template <class Real>
Batch<Real> random_batch(Random& random, Index classes, Index samples) {
  Matrix<Real> z(classes, samples);
  std::vector<int> labels(static_cast<std::size_t>(samples));
  for (Index i = 0; i < samples; ++i) {
    const double offset = random.normal(0, 3);
    const int label = random.integer(static_cast<int>(classes));
    labels[static_cast<std::size_t>(i)] = label;
    for (Index k = 0; k < classes; ++k)
      z(k, i) = k != label && random.chance(0.1) ? -std::numeric_limits<Real>::infinity()
                                                 : static_cast<Real>(random.normal(offset, 3));
  }
  Batch<Real> batch(z, labels);
  random.fill_normal(batch.v);
  for (Index i = 0; i < samples; ++i)
    for (Index k = 0; k < classes; ++k)
      batch.y(k, i) =
          std::isinf(z(k, i)) || random.chance(0.3) ? Real(0) : static_cast<Real>(random.uniform(0, 1.5 / 3));
  return batch;
}

template <class Real>
struct Answer {
  Real loss{0};
  Matrix<Real> gradient, hvp;  // classes x samples, whatever the axis
  xent::CrossEntropyReport<Real> report;
};

/// Bit for bit, NaN included, as for matrices.
template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
bool same(Number x, Number y) {
  return same_number(x, y);
}

using Predictions = Eigen::Array<Index, Eigen::Dynamic, 1>;
inline bool same(const Predictions& a, const Predictions& b) { return a.size() == b.size() && (a == b).all(); }

template <class Real>
bool same(const xent::CrossEntropyReport<Real>& a, const xent::CrossEntropyReport<Real>& b) {
  return same(a.loss, b.loss) && same(a.z_loss, b.z_loss) && same(a.denominator, b.denominator) &&
         same(a.temperature_gradient, b.temperature_gradient) && a.counted == b.counted && a.ignored == b.ignored &&
         a.correct == b.correct && same(a.sample_loss, b.sample_loss) && same(a.logsumexp, b.logsumexp) &&
         same(a.entropy, b.entropy) && same(a.prediction, b.prediction);
}

template <class Real>
bool same(const Answer<Real>& a, const Answer<Real>& b) {
  return same(a.loss, b.loss) && same(a.gradient, b.gradient) && same(a.hvp, b.hvp) && same(a.report, b.report);
}

/// Whether two results within their bounds may be of one exact value: the same infinity, both NaN, or apart by 16 ULP
/// of the larger or of `scale`.
template <class Real, std::enable_if_t<std::is_arithmetic_v<Real>, int> = 0>
bool near(Real x, Real y, Real scale = Real(0)) {
  if (same(x, y)) return true;
  const Real size = std::max({std::abs(x), std::abs(y), scale});
  return std::isfinite(size) && std::abs(x - y) <= Real(16) * std::numeric_limits<Real>::epsilon() * size;
}

/// The largest finite absolute value.
template <class Derived>
typename Derived::Scalar size_of(const Eigen::DenseBase<Derived>& x) {
  using Real = typename Derived::Scalar;
  Real size(0);
  for (Index j = 0; j < x.cols(); ++j)
    for (Index i = 0; i < x.rows(); ++i)
      if (std::isfinite(x.derived().coeff(i, j))) size = std::max(size, std::abs(x.derived().coeff(i, j)));
  return size;
}

/// Coefficients near, as parts of one vector: where terms cancel, what is left has the rounding of the terms.
template <class A, class B>
bool near(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  const auto scale = size_of(a);
  for (Index j = 0; j < a.cols(); ++j)
    for (Index i = 0; i < a.rows(); ++i)
      if (!near(a.derived().coeff(i, j), b.derived().coeff(i, j), scale)) return false;
  return true;
}

template <class Real>
bool near(const xent::CrossEntropyReport<Real>& a, const xent::CrossEntropyReport<Real>& b, Real gradient_size) {
  const Real loss_size = size_of(a.sample_loss);
  return near(a.loss, b.loss, loss_size) && near(a.z_loss, b.z_loss) && near(a.denominator, b.denominator) &&
         near(a.temperature_gradient, b.temperature_gradient, std::max(loss_size, gradient_size)) &&
         a.counted == b.counted && a.ignored == b.ignored && a.correct == b.correct &&
         near(a.sample_loss, b.sample_loss) && near(a.logsumexp, b.logsumexp) && near(a.entropy, b.entropy) &&
         same(a.prediction, b.prediction);
}

/// The same answer by another path: another storage order, another kind of target.
template <class Real>
bool near(const Answer<Real>& a, const Answer<Real>& b) {
  return near(a.loss, b.loss, size_of(a.report.sample_loss)) && near(a.gradient, b.gradient) && near(a.hvp, b.hvp) &&
         near(a.report, b.report, size_of(a.gradient));
}

/// Loss, gradient, report and HVP. The forms of the function that compute less must say the same about what they do.
template <class Real, class Targets>
Answer<Real> answer(const Matrix<Real>& z, const Targets& targets, const Matrix<Real>& v,
                    const xent::CrossEntropyOptions<Real>& options) {
  constexpr Real unwritten(77);
  Answer<Real> a;
  a.gradient.setConstant(z.rows(), z.cols(), unwritten);
  a.loss = xent::softmax_cross_entropy(z, targets, a.gradient, options, &a.report);
  a.hvp = xent::softmax_cross_entropy_hvp(z, targets, v, options);

  Answer<Real> less;
  less.gradient.setConstant(z.rows(), z.cols(), unwritten);
  less.hvp.setConstant(z.rows(), z.cols(), unwritten);
  less.loss = xent::softmax_cross_entropy(z, targets, options, &less.report);
  less.report.temperature_gradient = a.report.temperature_gradient;
  xent::softmax_cross_entropy_hvp(z, targets, v, less.hvp, options);
  const Real without_report = xent::softmax_cross_entropy(z, targets, less.gradient, options);
  const Real alone = xent::softmax_cross_entropy(z, targets, options);
  const bool agree =
      near(a, less) && near(a.loss, without_report) && near(a.loss, alone) && same(a.loss, a.report.loss);
  if (!agree) throw std::logic_error("two forms of softmax_cross_entropy differ");
  return a;
}

/// The same of a batch, in the shape that options.axis asks for. Compiled once for all tests, in cross_entropy.cpp, for
/// float, double and long double.
template <class Real>
Answer<Real> answer(const Batch<Real>& batch, Kind kind, const xent::CrossEntropyOptions<Real>& options = {});

}  // namespace support

#endif
