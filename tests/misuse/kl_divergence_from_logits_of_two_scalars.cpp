// expect: xent: the two logits have different scalars: write .cast<>() on one of them
#include <xent/logits.hpp>

int main() {
  const Eigen::VectorXf student = Eigen::VectorXf::Zero(3);
  const Eigen::VectorXd teacher = Eigen::VectorXd::Zero(3);
#ifdef XENT_MISUSE_FIXED
  xent::kl_divergence_from_logits(teacher.cast<float>(), student);
#else
  xent::kl_divergence_from_logits(teacher, student);
#endif
}
