// expect: xent: logaddexp takes two numbers or two expressions
#include <xent/logsumexp.hpp>
Eigen::VectorXd at_least(const Eigen::VectorXd& z, double floor) {
#ifdef XENT_MISUSE_FIXED
  return xent::logaddexp(z, Eigen::VectorXd::Constant(z.size(), floor));
#else
  return xent::logaddexp(z, floor);
#endif
}
