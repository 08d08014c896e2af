// expect: xent: the output must be a dense Eigen object
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
Eigen::VectorXf out;
#else
xent::NoneType out = xent::none;
#endif
void probabilities(const Eigen::VectorXf& z) { xent::softmax(z, out); }
