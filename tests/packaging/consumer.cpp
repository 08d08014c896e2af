// The program of every consumer project: two equal logits have a loss of log 2, and a gradient of one half each way.
#include <xent/xent.hpp>

#include <cmath>

static_assert(__cplusplus >= 201703L, "xent::xent asks for C++17");

int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Zero(2, 1);
  const Eigen::VectorXi labels = Eigen::VectorXi::Ones(1);
  Eigen::MatrixXf gradient;
  const float loss = xent::softmax_cross_entropy(z, labels, gradient);
  return std::abs(loss - std::log(2.0F)) < 1e-6F && gradient == Eigen::Vector2f(0.5F, -0.5F) ? 0 : 1;
}
