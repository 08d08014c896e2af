// A unit of a program whose units have different -m flags. NAME depends on the unit; the unit with MAIN is compiled for
// every processor. (What Eigen does by functions of its own has one name in all units: here it is asked for nothing.)

#include <xent/xent.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdio>
#include <vector>

double NAME();

double NAME() {
  float logits[400];
  float gradient[400];
  for (float& logit : logits) logit = 1;
  const Eigen::Map<const Eigen::MatrixXf> z(logits, 100, 4);
  Eigen::Map<Eigen::MatrixXf> out(gradient, 100, 4);
  const float loss = xent::softmax_cross_entropy(z, std::vector<int>{0, 1, 0, 1}, out);
  xent::softmax(z, out);
  Eigen::Map<Eigen::VectorXf> numbers(logits, 4);
  const float s = gradient[0];
  xent::logsumexp(z, numbers);
  return static_cast<double>(loss + s + logits[3]);
}

#ifdef MAIN
int main() {
  std::puts(xent::name(xent::instruction_set()));
  return std::abs(NAME() - (2 * std::log(100.0) + 1.01)) < 1e-4 ? 0 : 1;
}
#endif
