// expect: takes two distributions; for logits and labels call softmax_cross_entropy
#include <xent/information.hpp>
double loss(const Eigen::MatrixXd& logits, const Eigen::VectorXi& labels, const Eigen::MatrixXd& targets) {
#ifdef XENT_MISUSE_FIXED
  static_cast<void>(labels);
  return xent::cross_entropy(targets, logits).sum();
#else
  static_cast<void>(targets);
  return xent::cross_entropy(logits, labels).sum();
#endif
}
