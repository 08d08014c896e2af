// expect: options are in the scalar of the results, float for half and bfloat16
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

void call(const Eigen::Matrix<Eigen::bfloat16, -1, -1>& z, const std::vector<int>& y) {
#ifdef XENT_MISUSE_FIXED
  const xent::CrossEntropyOptions<float> options;
  xent::softmax_cross_entropy(z, y, options);
#else
  const xent::CrossEntropyOptions<Eigen::bfloat16> options;
  xent::softmax_cross_entropy(z, y, options);
#endif
}
