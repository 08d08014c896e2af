#include <xent/xent.hpp>

#if defined(__x86_64__)
#include <immintrin.h>  // whole, though xent has read parts of it
__attribute__((target("avx512vl"))) inline __m256 larger(__m256 a, __m256 b) { return _mm256_maskz_max_ps(0xFF, a, b); }
#endif

float loss_in_second(const Eigen::VectorXf& z);
const void* none_in_second();

// Both units instantiate the same function, and `none` is one object. A function of xent that were not inline would not
// let the units link.
int main() {
  const Eigen::VectorXf z = Eigen::VectorXf::LinSpaced(10, -1.0F, 1.0F);
  const bool same_loss = xent::softmax_cross_entropy(z, 3) == loss_in_second(z);
  return same_loss && none_in_second() == &xent::none ? 0 : 1;
}
