// expect: xent: the variance has another scalar than the mean: write .cast<>() on one of them
#include <xent/likelihood.hpp>

int main() {
  const Eigen::VectorXf mean = Eigen::VectorXf::Zero(3), target = mean;
  const Eigen::VectorXd variance = Eigen::VectorXd::Ones(3);
#ifdef XENT_MISUSE_FIXED
  xent::gaussian_nll(mean, target, variance.cast<float>());
#else
  xent::gaussian_nll(mean, target, variance);
#endif
}
