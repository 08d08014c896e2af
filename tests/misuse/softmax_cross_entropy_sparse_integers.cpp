// expect: xent: distributions are real: targets.cast<float>()
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/SparseCore>

int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Zero(3, 2);
  const Eigen::SparseMatrix<int> targets(3, 2);
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy(z, targets.cast<float>()));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, targets));
#endif
}
