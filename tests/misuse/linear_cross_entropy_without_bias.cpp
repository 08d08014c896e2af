// expect: xent: after the features comes the bias, or xent::none
#include <xent/linear_cross_entropy.hpp>

#include <vector>

float call(const Eigen::MatrixXf& w, const Eigen::MatrixXf& x, const std::vector<int>& y) {
#ifdef XENT_MISUSE_FIXED
  return xent::linear_cross_entropy(w, x, xent::none, y);
#else
  return xent::linear_cross_entropy(w, x, y);
#endif
}
