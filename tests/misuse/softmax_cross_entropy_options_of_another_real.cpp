// expect: xent: these are the options of another function, or of another scalar
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3f z(1, 2, 3);
#ifdef XENT_MISUSE_FIXED
  const xent::CrossEntropyOptions<float> options;
#else
  const xent::CrossEntropyOptions<double> options;
#endif
  return static_cast<int>(xent::softmax_cross_entropy(z, 2, options));
}
