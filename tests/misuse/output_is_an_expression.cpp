// expect: xent: this output cannot be written to, it is an expression or a view of const memory
#include <xent/softmax.hpp>
void probabilities(const Eigen::MatrixXf& z, Eigen::MatrixXf& s) {
#ifdef XENT_MISUSE_FIXED
  xent::softmax(z, s);
#else
  xent::softmax(z, 2 * s);
#endif
}
