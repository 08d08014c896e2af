// expect: counts are one number per class, in a vector: for a matrix write .col(0), or .reshaped()
#include <xent/counts.hpp>
double entropy(const Eigen::MatrixXi& counts) {
#ifdef XENT_MISUSE_FIXED
  return xent::entropy_from_counts(counts.reshaped());
#else
  return xent::entropy_from_counts(counts);
#endif
}
