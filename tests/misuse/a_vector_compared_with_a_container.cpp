// expect: xent: logits, probabilities, features and the like are dense Eigen expressions
#include <xent/information.hpp>

#include <vector>

float call(const Eigen::VectorXf& p, const std::vector<float>& q) {
#ifdef XENT_MISUSE_FIXED
  return xent::kl_divergence(p, Eigen::Map<const Eigen::VectorXf>(q.data(), p.size()));
#else
  return xent::kl_divergence(p, q);
#endif
}
