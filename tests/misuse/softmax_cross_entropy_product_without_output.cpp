// expect: xent: this output is what the function computes: it needs one
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3f z(1, 2, 3);
#ifdef XENT_MISUSE_FIXED
  Eigen::Vector3f out;
  xent::softmax_cross_entropy_hvp(z, 2, z, out);
#else
  xent::softmax_cross_entropy_hvp(z, 2, z, xent::none);
#endif
}
