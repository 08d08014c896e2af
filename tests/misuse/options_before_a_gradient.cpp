// expect: xent: a gradient comes before the options
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

void call(const Eigen::MatrixXf& z, const std::vector<int>& y, Eigen::MatrixXf& g) {
#ifdef XENT_MISUSE_FIXED
  xent::softmax_cross_entropy(z, y, g, xent::CrossEntropyOptions<float>{});
#else
  xent::softmax_cross_entropy(z, y, xent::CrossEntropyOptions<float>{}, g);
#endif
}
