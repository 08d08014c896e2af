// expect: xent: weights are one number per class or sample, in a vector: .col(0)?
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::MatrixXf weights = Eigen::MatrixXf::Ones(3, 1);
#ifdef XENT_MISUSE_FIXED
  const xent::Weights<float> copy = weights.col(0);
#else
  const xent::Weights<float> copy = weights;
#endif
  return static_cast<int>(copy[0]);
}
