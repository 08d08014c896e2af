// expect: xent: this is the report of another function, or of another scalar
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

void call(const Eigen::MatrixXf& z, const std::vector<int>& y, Eigen::MatrixXf& g) {
#ifdef XENT_MISUSE_FIXED
  xent::CrossEntropyReport<float> report;
  xent::softmax_cross_entropy(z, y, g, {}, &report);
#else
  xent::CrossEntropyReport<double> report;
  xent::softmax_cross_entropy(z, y, g, {}, &report);
#endif
}
