// expect: xent: these are the options of another function, or of another scalar
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

void call(const Eigen::MatrixXf& z, const std::vector<int>& y, Eigen::MatrixXf& g) {
#ifdef XENT_MISUSE_FIXED
  const xent::CrossEntropyOptions<float> options;
  xent::softmax_cross_entropy(z, y, g, options);
#else
  const xent::CrossEntropyOptions<double> options;
  xent::softmax_cross_entropy(z, y, g, options);
#endif
}
