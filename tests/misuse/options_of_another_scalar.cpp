// expect: options must be those of the results' scalar, as SoftmaxOptions<float> for float, half or bfloat16
#include <xent/softmax.hpp>
#ifdef XENT_MISUSE_FIXED
using Options = xent::SoftmaxOptions<float>;
#else
using Options = xent::SoftmaxOptions<double>;
#endif
void probabilities(const Eigen::VectorXf& z, const Options& options) { xent::softmax(z, options); }
