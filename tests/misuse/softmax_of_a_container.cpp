// expect: xent: logits, probabilities, features and the like are dense Eigen expressions; wrap other memory: Eigen::Map
#include <xent/softmax.hpp>

#include <vector>

float call(const std::vector<float>& z) {
#ifdef XENT_MISUSE_FIXED
  const Eigen::Map<const Eigen::VectorXf> logits(z.data(), static_cast<Eigen::Index>(z.size()));
  return xent::softmax(logits)(0);
#else
  return xent::softmax(z)(0);
#endif
}
