// expect: and they come before the labels
#include <xent/softmax_cross_entropy.hpp>

float call(const Eigen::MatrixXf& z, const Eigen::VectorXi& y) {
#ifdef XENT_MISUSE_FIXED
  return xent::softmax_cross_entropy(z, y);
#else
  return static_cast<float>(xent::softmax_cross_entropy(y, z));
#endif
}
