// expect: xent: an output stands here, or xent::none; options come after all outputs
#include <xent/logits.hpp>

void call(const Eigen::MatrixXf& z, Eigen::MatrixXf& g) {
#ifdef XENT_MISUSE_FIXED
  xent::kl_divergence_from_logits(z, z, g, xent::none, xent::LogitOptions<float>{});
#else
  xent::kl_divergence_from_logits(z, z, g, xent::LogitOptions<float>{});
#endif
}
