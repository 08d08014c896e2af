// expect: xent: logits must be real: write .cast<float>() or .cast<double>()
#include <xent/logsumexp.hpp>
double free_energy(const Eigen::VectorXcd& z) {
#ifdef XENT_MISUSE_FIXED
  return xent::logsumexp(z.real());
#else
  return xent::logsumexp(z).real();
#endif
}
