// expect: xent: labels must be integers: targets.cast<int>()
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Zero(3, 2);
#ifdef XENT_MISUSE_FIXED
  const std::vector<int> targets{0, 1};
#else
  const std::vector<float> targets{0, 1};
#endif
  return static_cast<int>(xent::softmax_cross_entropy(z, targets));
}
