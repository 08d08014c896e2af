// xent, and what the measurement itself needs: numbers to work on and the copy that everything is compared with.

#include <xent/linear_cross_entropy.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cstdint>
#include <cstring>

#include "peer.hpp"

using Labels = Eigen::Map<const Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>>;
using Matrix = Eigen::MatrixXf;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

PEER_EXPORT const char* built_with() {
#ifdef __clang__
  return __VERSION__ ", " PEER_FLAGS;
#else
  return "gcc " __VERSION__ ", " PEER_FLAGS;
#endif
}

PEER_EXPORT int eigen_version() {
  return EIGEN_WORLD_VERSION * 10000 + EIGEN_MAJOR_VERSION * 100 + EIGEN_MINOR_VERSION;
}

/// Uniform in [-bound, bound).
PEER_EXPORT void fill(float* first, std::int64_t count, float bound) {
  std::uint32_t bits = 1;
  for (std::int64_t i = 0; i < count; ++i) {
    bits = bits * 1664525U + 1013904223U;
    first[i] = bound * (static_cast<float>(bits >> 8U) * 0x1p-23F - 1);
  }
}

/// A cycle each: the clock of the core, from how long so many take.
PEER_EXPORT void additions(std::int64_t count) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    ++sum;
    asm volatile("" : "+r"(sum));  // one waits for the one before
  }
}

PEER_EXPORT void copy(const float* from, float* to, std::int64_t count) {
  std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

PEER_CROSS_ENTROPY(cross_entropy) {
  const Eigen::Map<const Matrix> z(logits, classes, samples);
  const Labels y(labels, samples);
  Eigen::Map<Matrix> g(gradient, classes, samples);
  return xent::softmax_cross_entropy(z, y, g);
}

PEER_CROSS_ENTROPY(cross_entropy_returned) {
  const Eigen::Map<const Matrix> z(logits, classes, samples);
  const Labels y(labels, samples);
  Matrix g;
  const float loss = xent::softmax_cross_entropy(z, y, g);
  if (gradient) copy(g.data(), gradient, g.size());
  return loss;
}

PEER_LINEAR_CROSS_ENTROPY(linear_cross_entropy) {
  const auto& a = *arguments;
  const Eigen::Map<const RowMajor> weights(a.weights, a.classes, a.dim);
  const Eigen::Map<const Matrix> features(a.features, a.dim, a.samples);
  const Eigen::Map<const Eigen::VectorXf> bias(a.bias, a.classes);
  Eigen::Map<RowMajor> d_weights(a.d_weights, a.classes, a.dim);
  Eigen::Map<Matrix> d_features(a.d_features, a.dim, a.samples);
  Eigen::Map<Eigen::VectorXf> d_bias(a.d_bias, a.classes);
  return xent::linear_cross_entropy(weights, features, bias, Labels(a.labels, a.samples), d_weights, d_features,
                                    d_bias);
}

/// What no such loss can do without, on logits that are there: a yardstick, without a loss.
PEER_LINEAR_CROSS_ENTROPY(three_products) {
  const auto& a = *arguments;
  static Matrix logits;
  logits.resize(a.classes, a.samples);
  const Eigen::Map<const RowMajor> weights(a.weights, a.classes, a.dim);
  const Eigen::Map<const Matrix> features(a.features, a.dim, a.samples);
  Eigen::Map<RowMajor> d_weights(a.d_weights, a.classes, a.dim);
  Eigen::Map<Matrix> d_features(a.d_features, a.dim, a.samples);
  logits.noalias() = weights * features;
  d_features.noalias() = weights.transpose() * logits;
  d_weights.noalias() = logits * features.transpose();
  return 0;
}
