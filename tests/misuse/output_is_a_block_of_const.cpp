// expect: xent: this output cannot be written to, it is an expression or a view of const memory
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
using Out = Eigen::MatrixXf;
#else
using Out = const Eigen::MatrixXf;
#endif
void probabilities(const Eigen::VectorXf& z, Out& s) { xent::softmax(z, s.col(0)); }
