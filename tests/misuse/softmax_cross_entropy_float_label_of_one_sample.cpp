// expect: xent: labels must be integers: targets.cast<int>()
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3f z(1, 2, 3);
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy(z, 2));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, 2.0));
#endif
}
