// expect: xent: logits, probabilities, features and the like are dense Eigen expressions
#include <xent/logsumexp.hpp>

#include <unsupported/Eigen/CXX11/Tensor>

float call(const Eigen::Tensor<float, 1>& z) {
#ifdef XENT_MISUSE_FIXED
  return xent::logsumexp(Eigen::Map<const Eigen::VectorXf>(z.data(), z.size()));
#else
  return xent::logsumexp(z);
#endif
}
