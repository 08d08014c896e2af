// expect: xent: this output is a temporary Matrix or Array, which dies with the call: pass a named one, or call
#include <xent/softmax.hpp>
void probabilities(const Eigen::MatrixXf& z) {
#ifdef XENT_MISUSE_FIXED
  Eigen::MatrixXf s;
  xent::softmax(z, s);
#else
  xent::softmax(z, Eigen::MatrixXf(3, 4));
#endif
}
