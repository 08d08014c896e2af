#ifndef XENT_BENCH_PEERS_PEER_HPP
#define XENT_BENCH_PEERS_PEER_HPP

/// What measure.py calls. A sample's logits are contiguous: a row of a row-major matrix (samples x classes), a column
/// of a column-major one (classes x samples). Each function returns the mean loss.

#include <cstdint>

#define PEER_EXPORT extern "C" __attribute__((visibility("default")))

/// Labels in, loss and gradient out. A function that hands out a matrix of its own copies it to `gradient` unless that
/// is null: null while the clock runs.
#define PEER_CROSS_ENTROPY(name)                                                                                 \
  PEER_EXPORT float name(const float* logits, const std::int64_t* labels, float* gradient, std::int64_t classes, \
                         std::int64_t samples)

/// logits = weights features + bias; weights [classes x dim] row-major, a sample's features contiguous.
struct LinearArguments {
  const float* weights;
  const float* features;
  const float* bias;
  const std::int64_t* labels;
  float* d_weights;
  float* d_features;
  float* d_bias;
  std::int64_t dim, classes, samples;
};
#define PEER_LINEAR_CROSS_ENTROPY(name) PEER_EXPORT float name(const LinearArguments* arguments)

#endif
