// expect: labels must be integers: targets.cast<int>()
#include <xent/counts.hpp>
Eigen::ArrayXd frequencies(const Eigen::VectorXd& labels) {
#ifdef XENT_MISUSE_FIXED
  return xent::empirical_distribution(labels.cast<int>(), 10);
#else
  return xent::empirical_distribution(labels, 10);
#endif
}
