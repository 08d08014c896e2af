// expect: xent: this output cannot be written to, it is an expression or a view of const memory
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
using Out = Eigen::Map<Eigen::MatrixXf>;
#else
using Out = Eigen::Map<const Eigen::MatrixXf>;
#endif
void probabilities(const Eigen::MatrixXf& z, Out out) { xent::softmax(z, out); }
