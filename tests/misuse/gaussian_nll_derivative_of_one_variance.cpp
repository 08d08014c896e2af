// expect: xent: the variance is one number, and so is the derivative: pass a variable of the type of the result, or
// expect: xent::none
#include <xent/likelihood.hpp>

int main() {
  const Eigen::VectorXd mean = Eigen::VectorXd::Zero(3), target = mean;
#ifdef XENT_MISUSE_FIXED
  double d_variance = 0;
#else
  Eigen::VectorXd d_variance(3);
#endif
  xent::gaussian_nll(mean, target, 2.0, xent::none, d_variance);
}
