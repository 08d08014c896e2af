// expect: xent: probabilities and vectors must have the same scalar: write .cast<>() on one of them
#include <xent/softmax_jacobian.hpp>
Eigen::VectorXd moved(const Eigen::VectorXf& s, const Eigen::VectorXd& v) {
#ifdef XENT_MISUSE_FIXED
  return xent::softmax_jvp(s.cast<double>(), v);
#else
  return xent::softmax_jvp(s, v);
#endif
}
