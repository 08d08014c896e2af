// What one would write with Eigen alone.

#include <Eigen/Core>

#include <cmath>

#include "peer.hpp"

using Eigen::Index;
using Matrix = Eigen::MatrixXf;

// What the formula says, in whole-matrix expressions.
PEER_CROSS_ENTROPY(whole_matrix) {
  const Eigen::Map<const Matrix> z(logits, classes, samples);
  Eigen::Map<Matrix> g(gradient, classes, samples);
  const auto batch = static_cast<float>(samples);
  const Eigen::RowVectorXf maxima = z.colwise().maxCoeff();
  g = (z.rowwise() - maxima).array().exp();
  const Eigen::RowVectorXf sums = g.colwise().sum();
  double loss = 0;
  for (Index i = 0; i < samples; ++i) loss += static_cast<double>(std::log(sums[i]) + maxima[i] - z(labels[i], i));
  g.array().rowwise() /= sums.array() * batch;
  for (Index i = 0; i < samples; ++i) g(labels[i], i) -= 1 / batch;
  return static_cast<float>(loss) / batch;
}

// Column by column, in cache.
PEER_CROSS_ENTROPY(column_loop) {
  const Eigen::Map<const Matrix> z(logits, classes, samples);
  Eigen::Map<Matrix> g(gradient, classes, samples);
  const auto batch = static_cast<float>(samples);
  double loss = 0;
  for (Index i = 0; i < samples; ++i) {
    const float maximum = z.col(i).maxCoeff();
    auto column = g.col(i);
    column = (z.col(i).array() - maximum).exp();
    const float sum = column.sum();
    loss += static_cast<double>(std::log(sum) + maximum - z(labels[i], i));
    column *= 1 / (sum * batch);
    column[labels[i]] -= 1 / batch;
  }
  return static_cast<float>(loss) / batch;
}
