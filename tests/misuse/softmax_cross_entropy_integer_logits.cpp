// expect: xent: logits must be real: write .cast<float>() or .cast<double>()
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3i z(1, 2, 3);
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy(z.cast<float>(), 2));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, 2));
#endif
}
