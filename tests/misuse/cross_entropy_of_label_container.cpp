// expect: takes two distributions; for logits and labels call softmax_cross_entropy
#include <xent/counts.hpp>
#include <xent/information.hpp>
double loss(const Eigen::VectorXd& model, const std::vector<int>& labels) {
#ifdef XENT_MISUSE_FIXED
  return xent::cross_entropy(xent::empirical_distribution(labels, model.size()), model);
#else
  return xent::cross_entropy(model, labels, xent::Unit::bits);
#endif
}
