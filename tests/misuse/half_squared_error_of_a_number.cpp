// expect: xent: the target must be a dense Eigen expression shaped like the first argument
#include <xent/likelihood.hpp>

int main() {
  const Eigen::VectorXd prediction = Eigen::VectorXd::Zero(3);
#ifdef XENT_MISUSE_FIXED
  xent::half_squared_error(prediction, Eigen::VectorXd::Constant(3, 1.5));
#else
  xent::half_squared_error(prediction, 1.5);
#endif
}
