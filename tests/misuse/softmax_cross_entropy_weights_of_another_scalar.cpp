// expect: xent: weights have the scalar of the results: write .cast<float>() or .cast<double>()
#include <xent/softmax_cross_entropy.hpp>

int main() {
  const Eigen::Vector3d weights(1, 2, 3);
  xent::CrossEntropyOptions<float> options;
#ifdef XENT_MISUSE_FIXED
  options.class_weights = weights.cast<float>();
#else
  options.class_weights = weights;
#endif
}
