// One call of every function, for configurations that some programs are built with. Prints the instruction set in use;
// exits with 1 if a number is wrong.

#include <xent/xent.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace {

int wrong = 0;

template <class Real>
void expect(Real got, double expected) {
  if (!(std::abs(static_cast<double>(got) - expected) <= 1e-5 * (1 + std::abs(expected)))) ++wrong;
}

template <class Scalar>
void call_all() {
  using Real = xent::RealOf<Scalar>;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  using Index = Eigen::Index;
  constexpr Index classes = 4;
  constexpr Index batch = 3;
  const std::vector<int> labels{2, 0, 3};
  Matrix z(classes, batch);
  for (Index i = 0; i < batch; ++i)
    for (Index k = 0; k < classes; ++k) z(k, i) = static_cast<Scalar>(static_cast<Real>(k * i % 3));
  Matrix gradient(classes, batch);
  Matrix other(classes, batch);
  const Matrix s = xent::softmax(z);
  double mean = 0;
  for (Index i = 0; i < batch; ++i) {
    double sum = 0;
    for (Index k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(k * i % 3));
    const auto label = static_cast<Index>(labels[static_cast<std::size_t>(i)]);
    mean += (std::log(sum) - static_cast<double>(label * i % 3)) / static_cast<double>(batch);
  }

  xent::CrossEntropyReport<Real> report;
  expect(xent::softmax_cross_entropy(z, labels, gradient, {}, &report), mean);
  expect(report.loss, mean);
  Eigen::SparseMatrix<Scalar> targets(4, 3);
  for (Index i = 0; i < batch; ++i)
    targets.insert(labels[static_cast<std::size_t>(i)], static_cast<int>(i)) = Scalar(1);
  expect(xent::softmax_cross_entropy(z, targets, gradient), mean);
  expect(xent::softmax_cross_entropy(z, Matrix(targets), gradient), mean);
  xent::softmax_cross_entropy_hvp(z, labels, s, other);
  xent::log_softmax(z, other);
  xent::softmax_vjp(s, z, other);
  xent::log_softmax_jvp(s, z, other);
  expect(xent::softmax_jacobian(s.col(0))(0, 0), 0.1875);
  expect(xent::logsumexp(z)[0], std::log(4.0));

  const Matrix weights = Matrix::Identity(classes, classes);
  Matrix d_weights(classes, classes);
  expect(xent::linear_cross_entropy(weights, z, xent::none, labels, d_weights, other, xent::none), mean);
  const Matrix ones = Matrix::Ones(classes, batch);
  expect(xent::sigmoid_cross_entropy(Matrix(z - z), s, gradient), std::log(2.0));
  expect(xent::half_squared_error(z, z, gradient), 0);
  expect(xent::gaussian_nll(z, z, ones, gradient, other), 0);
  expect(xent::poisson_nll(Matrix(z - z), ones, gradient), 1);
  expect(xent::nll(xent::log_softmax(z), labels), mean);
  expect(xent::entropy_from_logits(Matrix(z - z), gradient), std::log(4.0));
  expect(xent::kl_divergence_from_logits(z, z, gradient, other), 0);
  const Vector p = s.col(0);
  expect(xent::entropy(p), std::log(4.0));
  expect(xent::cross_entropy(p, p), std::log(4.0));
  expect(xent::kl_divergence(p, p), 0);
  expect(xent::js_divergence(p, p, xent::Unit::bits), 0);
  expect(xent::mutual_information(Matrix(p * p.transpose())), 0);
}

}  // namespace

int main() {
  call_all<float>();
  call_all<double>();
  std::puts(xent::name(xent::instruction_set()));
  return wrong == 0 ? 0 : 1;
}
