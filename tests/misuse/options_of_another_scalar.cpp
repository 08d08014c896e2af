// expect: xent: these are the options of another function, or of another scalar
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
using Options = xent::SoftmaxOptions<float>;
#else
using Options = xent::SoftmaxOptions<double>;
#endif
void probabilities(const Eigen::VectorXf& z, const Options& options) { xent::softmax(z, options); }
