// expect: xent: this output is a const Matrix or Array, and xent never casts const away: pass a mutable one
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3f z(1, 2, 3);
#ifdef XENT_MISUSE_FIXED
  Eigen::Vector3f gradient = z;
#else
  const Eigen::Vector3f gradient = z;
#endif
  return static_cast<int>(xent::softmax_cross_entropy(z, 2, gradient));
}
