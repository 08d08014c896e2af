// expect: xent: a plain integer is the label of one sample, and these logits are a matrix: pass one label a
// expect: sample, or logits that are a vector at compile time, as .col(0) is
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Zero(3, 1);
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy(z.col(0), 2));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, 2));
#endif
}
