// expect: xent: a report is passed by its address: &report
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

void call(const Eigen::MatrixXf& z, const std::vector<int>& y, Eigen::MatrixXf& g) {
#ifdef XENT_MISUSE_FIXED
  xent::CrossEntropyReport<float> report;
  xent::softmax_cross_entropy(z, y, g, {}, &report);
#else
  xent::CrossEntropyReport<float> report;
  xent::softmax_cross_entropy(z, y, g, {}, report);
#endif
}
