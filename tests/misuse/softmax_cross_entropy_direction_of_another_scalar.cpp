// expect: xent: the direction has another scalar than the logits: write .cast<>() on one of them
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3f z(1, 2, 3);
  const Eigen::Vector3d direction(1, 0, 0);
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy_hvp(z, 2, direction.cast<float>())[0]);
#else
  return static_cast<int>(xent::softmax_cross_entropy_hvp(z, 2, direction)[0]);
#endif
}
