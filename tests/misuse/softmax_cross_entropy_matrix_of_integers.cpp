// expect: xent: labels are one integer per sample, in a vector: for a matrix with one column write .col(0); for a
// expect: distribution write .cast<float>() or .cast<double>()
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Zero(3, 2);
  const Eigen::MatrixXi targets = Eigen::MatrixXi::Zero(2, 1);
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy(z, targets.col(0)));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, targets));
#endif
}
