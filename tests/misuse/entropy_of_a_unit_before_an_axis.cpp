// expect: xent: the axis comes before the unit
#include <xent/information.hpp>

float call(const Eigen::MatrixXf& p) {
#ifdef XENT_MISUSE_FIXED
  return xent::entropy(p, xent::Axis::rows, xent::Unit::bits)(0);
#else
  return xent::entropy(p, xent::Unit::bits, xent::Axis::rows)(0);
#endif
}
