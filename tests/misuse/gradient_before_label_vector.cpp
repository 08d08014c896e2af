// expect: xent: an output stands here, and these are integers: labels come before the gradient
#include <xent/softmax_cross_entropy.hpp>

void call(const Eigen::MatrixXf& z, Eigen::VectorXi& y, Eigen::MatrixXf& g) {
#ifdef XENT_MISUSE_FIXED
  xent::softmax_cross_entropy(z, y, g);
#else
  xent::softmax_cross_entropy(z, g, y);
#endif
}
