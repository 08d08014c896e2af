// expect: xent: an output is a dense Eigen object, or xent::none; wrap other memory: Eigen::Map
#include <xent/softmax.hpp>

#include <vector>

void call(const Eigen::VectorXf& z, std::vector<float>& s) {
#ifdef XENT_MISUSE_FIXED
  xent::softmax(z, Eigen::Map<Eigen::VectorXf>(s.data(), z.size()));
#else
  xent::softmax(z, s);
#endif
}
