#ifndef XENT_TESTS_LINEAR_HPP
#define XENT_TESTS_LINEAR_HPP

/// Problems for linear_cross_entropy, everything that it says about one, and the same from the matrix of all logits.

#include <xent/linear_cross_entropy.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "matrices.hpp"
#include "random.hpp"

namespace support {

using Eigen::Index;

template <class Real>
using LinearOptions = xent::LinearCrossEntropyOptions<Real>;

/// Multiples of 1/8 from -3/2 to 3/2: logits of up to 1000 dimensions are exact in float, whatever the order of their
/// sum, so that what differs between two results has another cause.
template <class Matrix>
void fill_eighths(Random& random, Matrix& matrix) {
  using Scalar = typename Matrix::Scalar;
  for (Index j = 0; j < matrix.cols(); ++j)
    for (Index i = 0; i < matrix.rows(); ++i) matrix(i, j) = Scalar(static_cast<float>(random.integer(25) - 12) / 8);
}

template <class Scalar>
struct LinearProblem {
  using Real = xent::RealOf<Scalar>;

  Matrix<Scalar> weights;   // [classes x dim]
  Matrix<Scalar> features;  // [dim x batch]
  Vector<Real> bias;
  std::vector<int> labels;
  Matrix<Real> y;  // distributions that do not sum to 1

  LinearProblem(std::uint64_t seed, Index classes, Index dim, Index batch)
      : weights(classes, dim), features(dim, batch), bias(classes), y(Matrix<Real>::Zero(classes, batch)) {
    Random random(seed);
    fill_eighths(random, weights);
    fill_eighths(random, features);
    fill_eighths(random, bias);
    for (Index i = 0; i < batch; ++i) {
      labels.push_back(random.integer(static_cast<int>(classes)));
      for (Index k = 0; k < classes; ++k)
        if (random.chance(0.2)) y(k, i) = static_cast<Real>(random.uniform());
    }
  }

  Index classes() const { return weights.rows(); }
  Index batch() const { return features.cols(); }
  Matrix<Real> logits() const {
    return (weights.template cast<Real>() * features.template cast<Real>()).colwise() + bias;
  }
};

template <class Real>
struct LinearAnswer {
  Real loss{};
  Matrix<Real> d_weights, d_features;
  Vector<Real> d_bias;
  xent::CrossEntropyReport<Real> report;
};

template <class Scalar, class Targets>
LinearAnswer<xent::RealOf<Scalar>> linear_answer(const LinearProblem<Scalar>& p, const Targets& targets,
                                                 const LinearOptions<xent::RealOf<Scalar>>& options) {
  LinearAnswer<xent::RealOf<Scalar>> a;
  Matrix<Scalar> features = p.features;
  if (options.loss.axis == xent::Axis::rows) features.transposeInPlace();
  a.d_weights.resize(p.weights.rows(), p.weights.cols());
  a.d_features.resize(features.rows(), features.cols());
  a.loss = xent::linear_cross_entropy(p.weights, features, p.bias, targets, a.d_weights, a.d_features, a.d_bias,
                                      options, &a.report);
  if (options.loss.axis == xent::Axis::rows) a.d_features.transposeInPlace();
  return a;
}

/// softmax_cross_entropy of the full product, followed by three products.
template <class Scalar, class Targets>
LinearAnswer<xent::RealOf<Scalar>> full_answer(const LinearProblem<Scalar>& p, const Targets& targets,
                                               LinearOptions<xent::RealOf<Scalar>> options) {
  using Real = xent::RealOf<Scalar>;
  LinearAnswer<Real> a;
  Matrix<Real> z = p.logits();
  if (options.loss.axis == xent::Axis::rows) z.transposeInPlace();
  a.loss = xent::softmax_cross_entropy(z, targets, z, options.loss, &a.report);
  if (options.loss.axis == xent::Axis::rows) z.transposeInPlace();
  // An absent sample takes no part in the products, not even with 0 * NaN.
  Matrix<Real> x = p.features.template cast<Real>();
  for (Index i = 0; i < x.cols(); ++i)
    if (a.report.prediction[i] == -1 && z.col(i).isZero(0)) x.col(i).setZero();
  a.d_weights = z * x.transpose();
  a.d_features = p.weights.template cast<Real>().transpose() * z;
  a.d_bias = z.rowwise().sum();
  return a;
}

/// The largest difference of two matrices in ULPs of the largest entry of the second; infinite if one is NaN or
/// infinite where the other one is something else.
template <class A, class B>
double ulps_of_largest(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  using Real = typename B::Scalar;
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (a.rows() != b.rows() || a.cols() != b.cols()) return infinite;
  double largest = 0;
  double difference = 0;
  for (Index j = 0; j < a.cols(); ++j) {
    for (Index i = 0; i < a.rows(); ++i) {
      const auto x = static_cast<double>(a.derived()(i, j));
      const auto y = static_cast<double>(b.derived()(i, j));
      if (same_number(x, y)) {
        if (std::isfinite(y)) largest = std::max(largest, std::abs(y));
        continue;
      }
      if (!std::isfinite(x) || !std::isfinite(y)) return infinite;
      largest = std::max(largest, std::abs(y));
      difference = std::max(difference, std::abs(x - y));
    }
  }
  if (difference == 0) return 0;
  return difference / std::scalbn(1.0, std::ilogb(largest) + 1 - std::numeric_limits<Real>::digits);
}

template <class Real>
double ulps_of_number(Real a, Real b) {
  return ulps_of_largest(Eigen::Array<Real, 1, 1>(a), Eigen::Array<Real, 1, 1>(b));
}

/// Empty if two answers agree to `ulps` of their largest entries, the whole report included; else what does not. The
/// temperature gradient is a sum of terms that cancel: it is held to `ulps` of the loss and of itself, whichever is
/// larger.
template <class Real>
std::string difference(const LinearAnswer<Real>& a, const LinearAnswer<Real>& b, double ulps) {
  std::string text;
  const auto see = [&](const char* name, double error) {
    if (!(error <= ulps)) text += std::string(name) + " by " + std::to_string(error) + " ULP; ";
  };
  const xent::CrossEntropyReport<Real>& r = a.report;
  const xent::CrossEntropyReport<Real>& s = b.report;
  see("loss", ulps_of_number(a.loss, b.loss));
  see("d_weights", ulps_of_largest(a.d_weights, b.d_weights));
  see("d_features", ulps_of_largest(a.d_features, b.d_features));
  see("d_bias", ulps_of_largest(a.d_bias, b.d_bias));
  see("report.loss", ulps_of_number(r.loss, s.loss));
  see("report.z_loss", ulps_of_number(r.z_loss, s.z_loss));
  see("report.denominator", ulps_of_number(r.denominator, s.denominator));
  see("report.temperature_gradient",
      ulps_of_largest(Eigen::Array<Real, 2, 1>(r.temperature_gradient, std::abs(a.loss)),
                      Eigen::Array<Real, 2, 1>(s.temperature_gradient, std::abs(a.loss))));
  see("report.sample_loss", ulps_of_largest(r.sample_loss, s.sample_loss));
  see("report.logsumexp", ulps_of_largest(r.logsumexp, s.logsumexp));
  see("report.entropy", ulps_of_largest(r.entropy, s.entropy));
  if (r.counted != s.counted || r.ignored != s.ignored || r.correct != s.correct) text += "counts; ";
  if (!same(r.prediction, s.prediction)) text += "report.prediction; ";
  return text;
}

}  // namespace support

#endif
