// Compiled without exceptions: an error calls XENT_FAIL, with its message, before anything is written.

#include <cstdlib>
#include <cstring>

void fail(const char* message);
#define XENT_FAIL(message) fail(message)

#include <xent/softmax.hpp>

#include <Eigen/Core>

namespace {

Eigen::MatrixXd out(2, 3);

}  // namespace

void fail(const char* message) {
  const bool said = std::strcmp(message, "xent::softmax: out: got [2 x 3], expected [3 x 3]") == 0;
  std::exit(said && (out.array() == 7).all() ? 0 : 1);
}

int main() {
  out.setConstant(7);
  const Eigen::MatrixXd z = Eigen::MatrixXd::Zero(2, 3);
  xent::softmax(z, out);
  if (!(out.array() == 0.5).all()) return 2;
  out.setConstant(7);
  xent::softmax(Eigen::MatrixXd::Zero(3, 3), out);
  return 3;
}
