// expect: xent: logits, probabilities, features and the like are dense Eigen expressions
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

float call(const std::vector<std::vector<float>>& z, const std::vector<int>& y) {
#ifdef XENT_MISUSE_FIXED
  return xent::softmax_cross_entropy(Eigen::Map<const Eigen::MatrixXf>(z.front().data(), 3, 1), y);
#else
  return xent::softmax_cross_entropy(z, y);
#endif
}
