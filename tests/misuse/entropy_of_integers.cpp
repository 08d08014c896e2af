// expect: probabilities must be real: write .cast<float>() or .cast<double>(); for counts call entropy_from_counts
#include <xent/counts.hpp>
#include <xent/information.hpp>
double letters(const Eigen::VectorXi& counts) {
#ifdef XENT_MISUSE_FIXED
  return xent::entropy_from_counts(counts);
#else
  return xent::entropy(counts);
#endif
}
