// expect: xent: labels must be integers: targets.cast<int>()
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Zero(3, 2);
  const Eigen::VectorXd targets = Eigen::VectorXd::Zero(2);
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy(z, targets.cast<int>()));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, targets));
#endif
}
