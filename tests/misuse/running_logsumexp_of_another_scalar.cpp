// expect: xent: LogSumExp takes values of its own scalar: write .cast<>() on them
#include <xent/logsumexp.hpp>
void add(xent::LogSumExp<float>& state, const Eigen::VectorXd& z) {
#ifdef XENT_MISUSE_FIXED
  state.push(z.cast<float>());
#else
  state.push(z);
#endif
}
