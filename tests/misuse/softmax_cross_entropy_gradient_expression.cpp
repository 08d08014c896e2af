// expect: xent: this output cannot be written to, it is an expression or a view of const memory: pass a Matrix,
// expect: an Array, or a Map, Ref or Block of mutable memory
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3f z(1, 2, 3);
  Eigen::Vector3f gradient;
#ifdef XENT_MISUSE_FIXED
  return static_cast<int>(xent::softmax_cross_entropy(z, 2, gradient));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, 2, 2 * gradient));
#endif
}
