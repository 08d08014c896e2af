// expect: xent: the targets of sigmoid_cross_entropy are one number per logit
// expect: in a dense or sparse Eigen expression shaped like the logits
#include <xent/sigmoid_cross_entropy.hpp>

#include <vector>

int main() {
  const Eigen::VectorXd logits = Eigen::VectorXd::Zero(3);
  const std::vector<double> targets{0, 1, 1};
#ifdef XENT_MISUSE_FIXED
  xent::sigmoid_cross_entropy(logits, Eigen::Map<const Eigen::VectorXd>(targets.data(), 3));
#else
  xent::sigmoid_cross_entropy(logits, targets);
#endif
}
