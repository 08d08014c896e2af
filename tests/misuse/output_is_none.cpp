// expect: xent: this output is what the function computes: it needs one
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
Eigen::VectorXf out;
#else
xent::NoneType out = xent::none;
#endif
void probabilities(const Eigen::VectorXf& z) { xent::softmax(z, out); }
