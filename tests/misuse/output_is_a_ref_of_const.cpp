// expect: xent: this output cannot be written to, it is an expression or a view of const memory
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
using Out = const Eigen::Ref<Eigen::MatrixXf>&;
#else
using Out = const Eigen::Ref<const Eigen::MatrixXf>&;
#endif
void probabilities(const Eigen::MatrixXf& z, Out out) { xent::log_softmax(z, out); }
