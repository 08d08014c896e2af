// expect: xent: the logits come first, then the labels
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

float call(const Eigen::MatrixXf& z, const std::vector<int>& y) {
#ifdef XENT_MISUSE_FIXED
  return xent::softmax_cross_entropy(z, y);
#else
  return xent::softmax_cross_entropy(y, z);
#endif
}
