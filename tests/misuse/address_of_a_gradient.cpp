// expect: xent: an output is passed itself, not by its address
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

void call(const Eigen::MatrixXf& z, const std::vector<int>& y, Eigen::MatrixXf& g) {
#ifdef XENT_MISUSE_FIXED
  xent::softmax_cross_entropy(z, y, g);
#else
  xent::softmax_cross_entropy(z, y, &g);
#endif
}
