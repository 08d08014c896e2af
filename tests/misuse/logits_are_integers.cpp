// expect: xent: logits must be real: write .cast<float>() or .cast<double>()
#include <xent/softmax.hpp>
Eigen::VectorXf probabilities(const Eigen::VectorXi& z) {
#ifdef XENT_MISUSE_FIXED
  return xent::softmax(z.cast<float>());
#else
  return xent::softmax(z).cast<float>();
#endif
}
