// expect: xent: labels must be integers: targets.cast<int>()
#include <xent/likelihood.hpp>

int main() {
  const Eigen::MatrixXd log_probabilities = Eigen::MatrixXd::Constant(2, 3, -1);
  const Eigen::VectorXd labels = Eigen::VectorXd::Zero(3);
#ifdef XENT_MISUSE_FIXED
  xent::nll(log_probabilities, labels.cast<int>());
#else
  xent::nll(log_probabilities, labels);
#endif
}
