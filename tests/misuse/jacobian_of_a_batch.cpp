// expect: xent: softmax_jacobian takes one sample, a vector at compile time: write .col(0) or .row(0)
#include <xent/softmax_jacobian.hpp>
Eigen::MatrixXd jacobian(const Eigen::MatrixXd& s) {
#ifdef XENT_MISUSE_FIXED
  return xent::softmax_jacobian(s.col(0)).toDenseMatrix();
#else
  return xent::softmax_jacobian(s).toDenseMatrix();
#endif
}
