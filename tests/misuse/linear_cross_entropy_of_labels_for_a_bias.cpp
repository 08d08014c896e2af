// expect: xent: after the features comes the bias, or xent::none
#include <xent/linear_cross_entropy.hpp>

#include <vector>

void call(const Eigen::MatrixXf& w, const Eigen::MatrixXf& x, const std::vector<int>& y, Eigen::MatrixXf& d) {
#ifdef XENT_MISUSE_FIXED
  xent::linear_cross_entropy(w, x, xent::none, y, d, xent::none, xent::none);
#else
  xent::linear_cross_entropy(w, x, y, d, xent::none, xent::none);
#endif
}
