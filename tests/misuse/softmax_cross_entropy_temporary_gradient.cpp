// expect: xent: this output is a temporary Matrix or Array, which dies with the call: pass a named one, or call
// expect: the form that returns its result
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3f z(1, 2, 3);
#ifdef XENT_MISUSE_FIXED
  Eigen::Vector3f gradient;
  return static_cast<int>(xent::softmax_cross_entropy(z, 2, gradient));
#else
  return static_cast<int>(xent::softmax_cross_entropy(z, 2, Eigen::Vector3f()));
#endif
}
