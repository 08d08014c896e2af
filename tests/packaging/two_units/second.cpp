#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <xent/xent.hpp>

float loss_in_second(const Eigen::VectorXf& z);
const void* none_in_second();

float loss_in_second(const Eigen::VectorXf& z) { return xent::softmax_cross_entropy(z, 3); }

const void* none_in_second() { return &xent::none; }
