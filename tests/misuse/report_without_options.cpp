// expect: xent: a report comes after the options, by its address
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

void call(const Eigen::MatrixXf& z, const std::vector<int>& y) {
#ifdef XENT_MISUSE_FIXED
  xent::CrossEntropyReport<float> report;
  xent::softmax_cross_entropy(z, y, {}, &report);
#else
  xent::CrossEntropyReport<float> report;
  xent::softmax_cross_entropy(z, y, &report);
#endif
}
