// expect: xent: these are the options of another function
#include <xent/likelihood.hpp>

#include <vector>

void call(const Eigen::MatrixXf& z, const std::vector<int>& y) {
#ifdef XENT_MISUSE_FIXED
  const xent::NllOptions<float> options;
  xent::nll(z, y, options);
#else
  const xent::CrossEntropyOptions<float> options;
  xent::nll(z, y, options);
#endif
}
