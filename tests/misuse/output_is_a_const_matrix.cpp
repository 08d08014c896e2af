// expect: xent: this output is a const Matrix or Array, and xent never casts const away: pass a mutable one
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
using Out = Eigen::MatrixXf;
#else
using Out = const Eigen::MatrixXf;
#endif
void probabilities(const Eigen::MatrixXf& z, Out& s) { xent::softmax(z, s); }
