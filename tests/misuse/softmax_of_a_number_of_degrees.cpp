// expect: xent: options stand here, and a number is none
#include <xent/softmax.hpp>

void call(const Eigen::MatrixXf& z) {
#ifdef XENT_MISUSE_FIXED
  static_cast<void>(xent::softmax(z, {xent::Axis::columns, 0.5F}));
#else
  static_cast<void>(xent::softmax(z, 0.5F));
#endif
}
