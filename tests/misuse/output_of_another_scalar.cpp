// expect: xent: this output has another scalar than the argument it is shaped like: declare it with that scalar
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
using Scalar = float;
#else
using Scalar = double;
#endif
void probabilities(const Eigen::MatrixXf& z, Eigen::Matrix<Scalar, 4, 3>& s) { xent::softmax(z, s); }
