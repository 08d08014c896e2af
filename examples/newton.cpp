/// Newton's method on handwritten digits, with products of the Hessian and a vector instead of the Hessian.
///
/// A linear classifier with weights W [10 x 65], the last column its bias, minimises
///     f(W) = mean softmax cross-entropy of the logits W x + (ridge / 2) |W|^2.
/// With d = the gradient with respect to the logits Z = W X, the gradient of f is d X^T + ridge W, and its Hessian
/// takes a direction V to softmax_cross_entropy_hvp(Z, labels, V X) X^T + ridge V. Conjugate gradients solve Hessian
/// step = -gradient from such products alone. Close to the minimum every step doubles the number of correct digits.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/digits.hpp"
#include "support/files.hpp"
#include "support/program.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXi;

MatrixXd with_ones(const MatrixXd& images) {
  MatrixXd result(images.rows() + 1, images.cols());
  result << images, Eigen::RowVectorXd::Ones(images.cols());
  return result;
}

double inner(const MatrixXd& a, const MatrixXd& b) { return a.cwiseProduct(b).sum(); }

struct Problem {
  MatrixXd x;  // [65 x samples]
  VectorXi labels;
  double ridge;

  double value(const MatrixXd& w) const {
    return xent::softmax_cross_entropy(w * x, labels) + ridge / 2 * w.squaredNorm();
  }
  MatrixXd gradient(const MatrixXd& w) const {
    MatrixXd d = w * x;
    xent::softmax_cross_entropy(d, labels, d);  // in place: the logits become their gradient
    return d * x.transpose() + ridge * w;
  }
  MatrixXd hessian_times(const MatrixXd& logits, const MatrixXd& v) const {
    return xent::softmax_cross_entropy_hvp(logits, labels, v * x) * x.transpose() + ridge * v;
  }
};

struct Step {
  MatrixXd direction;
  int products = 0;
};

/// Conjugate gradients (Hestenes and Stiefel 1952), until what is left of the gradient is `accuracy` times as long.
Step newton_step(const Problem& problem, const MatrixXd& w, const MatrixXd& gradient, double accuracy) {
  const MatrixXd logits = w * problem.x;
  Step step{MatrixXd::Zero(w.rows(), w.cols())};
  MatrixXd residual = -gradient;
  MatrixXd search = residual;
  double squared = residual.squaredNorm();
  const double enough = accuracy * accuracy * squared;
  while (squared > enough && step.products < w.size()) {
    const MatrixXd product = problem.hessian_times(logits, search);
    ++step.products;
    const double length = squared / inner(search, product);
    step.direction += length * search;
    residual -= length * product;
    const double next = residual.squaredNorm();
    search = residual + next / squared * search;
    squared = next;
  }
  return step;
}

/// The length of the step, halved from 1 until the value falls as it must (Armijo 1966).
double step_length(const Problem& problem, const MatrixXd& w, const MatrixXd& gradient, const MatrixXd& direction) {
  const double value = problem.value(w);
  const double slope = inner(gradient, direction);
  double length = 1;
  // Rounding hides a fall that is smaller than the last digits of the value.
  while (problem.value(w + length * direction) > value + 1e-4 * length * slope + 1e-14 * value) length /= 2;
  return length;
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("newton", [&] {
    std::string data = example::data_path("digits.csv");
    double ridge = 1e-3;
    Index images = 1437;
    example::CommandLine line("newton", "Newton's method for a linear classifier of digits, with Hessian products.");
    line.add("--data", "FILE", "digits: 64 pixels and the digit a line", data);
    line.add("--images", "N", "how many to train on", images, Index{10}, Index{1437});
    line.add("--ridge", "X", "times half the squared weights", ridge, 1e-4, 1.0);
    if (!line.parse(argc, argv)) return;

    const example::DigitSets digits = example::read_digit_sets(data, 360);
    images = std::min(images, digits.training.size());
    const Problem problem{with_ones(digits.training.images.leftCols(images)), digits.training.labels.head(images),
                          ridge};
    MatrixXd w = MatrixXd::Zero(example::digit_classes, problem.x.rows());

    std::printf("%td images, ridge %g\n\n", images, ridge);
    std::printf("step       value   |gradient|  products  length   |gradient| / |previous|^2\n");
    MatrixXd gradient = problem.gradient(w);
    double norm = gradient.norm();
    MatrixXd one_bias = MatrixXd::Zero(w.rows(), w.cols());
    one_bias(0, w.cols() - 1) = 1;
    const double first_value = problem.value(w);
    const double first_curvature = inner(one_bias, problem.hessian_times(w * problem.x, one_bias));
    std::printf("%4d  %10.7f  %11.3e\n", 0, first_value, norm);
    for (int n = 1; norm > 1e-13; ++n) {
      if (n > 50) throw std::runtime_error("no convergence after 50 steps");
      // A rough direction is enough far away; the accuracy grows with the gradient's square (Dembo, Eisenstat and
      // Steihaug 1982).
      const Step step = newton_step(problem, w, gradient, std::min(0.1, norm));
      const double length = step_length(problem, w, gradient, step.direction);
      w += length * step.direction;
      gradient = problem.gradient(w);
      const double ratio = gradient.norm() / (norm * norm);
      norm = gradient.norm();
      std::printf("%4d  %10.7f  %11.3e  %8d  %6g   %.3g\n", n, problem.value(w), norm, step.products, length, ratio);
    }

    const example::ByHand table("at W = 0", 1e-8);
    table.line("value = log 10", first_value, std::log(10.0));
    table.line("curvature of a bias = 1/10 9/10 + ridge", first_curvature, 0.09 + ridge);
    // The gradient of the cross-entropy sums to 0 over the classes, and at the minimum it is -ridge W.
    table.line("at the minimum, |sum of W over classes|", w.colwise().sum().cwiseAbs().maxCoeff(), 0);
    xent::CrossEntropyReport<double> report;
    xent::softmax_cross_entropy(w * with_ones(digits.test.images), digits.test.labels, {}, &report);
    std::printf("\ntest accuracy %.3f\n", static_cast<double>(report.correct) / static_cast<double>(report.counted));
    std::printf("every computed number agrees with the one by hand\n");
  });
}
