// expect: xent: labels must be integers, and enumerators are none
#include <xent/softmax_cross_entropy.hpp>

#include <vector>

enum class Animal { cat, dog };

void call(const Eigen::MatrixXf& z) {
#ifdef XENT_MISUSE_FIXED
  const std::vector<int> labels{1, 0};
  xent::softmax_cross_entropy(z, labels);
#else
  const std::vector<Animal> labels{Animal::dog, Animal::cat};
  xent::softmax_cross_entropy(z, labels);
#endif
}
