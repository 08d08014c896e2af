// expect: p and q have different scalars: write .cast<float>() or .cast<double>() on one of them
#include <xent/information.hpp>
double distance(const Eigen::VectorXd& p, const Eigen::VectorXf& q) {
#ifdef XENT_MISUSE_FIXED
  return xent::kl_divergence(p, q.cast<double>());
#else
  return xent::kl_divergence(p, q);
#endif
}
