/// Distillation: a student learns the softened probabilities of a teacher, all of them or only the largest k.
///
/// The teacher's logits at temperature T are chosen so that its probabilities are 1/2, 1/4, 1/8, 1/16 and 1/16. The
/// student's logits are free, so that its optimum is known: softmax(z / T) equals the target over the target's sum.

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/program.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Options = xent::CrossEntropyOptions<double>;
using Sparse = Eigen::SparseMatrix<double>;

constexpr Index classes = 5, samples = 2;

/// Two samples, [classes x samples]: the second one has the classes in reverse order.
MatrixXd teacher_logits(double temperature) {
  VectorXd p(classes);
  p << 8, 4, 2, 1, 1;
  MatrixXd z(classes, samples);
  z << temperature * (p / 16).array().log().matrix(), temperature * (p / 16).array().log().matrix().reverse();
  return z;
}

/// The k largest entries of each column, as they are; ties go to the lowest class.
Sparse top(const MatrixXd& y, Index k) {
  std::vector<Eigen::Triplet<double>> entries;
  for (Index i = 0; i < y.cols(); ++i) {
    VectorXd left = y.col(i);
    for (Index n = 0; n < k; ++n) {
      Index largest = 0;
      left.maxCoeff(&largest);
      entries.emplace_back(static_cast<int>(largest), static_cast<int>(i), y(largest, i));
      left(largest) = -1;
    }
  }
  Sparse result(y.rows(), y.cols());
  result.setFromTriplets(entries.begin(), entries.end());
  return result;
}

struct Student {
  MatrixXd z = MatrixXd::Zero(classes, samples);
  double loss = 0;  // mean over the samples
};

/// Gradient descent on T^2 times the loss: the gradient of the loss itself shrinks as 1/T^2 (Hinton, Vinyals and Dean
/// 2015, section 2), and a rate that does not depend on T would be too small.
template <class Targets>
Student learn(const Targets& targets, const Options& options) {
  Student student;
  MatrixXd gradient;
  const double rate = 2 * samples * options.temperature * options.temperature;
  for (int step = 0; step < 100000; ++step) {
    student.loss = xent::softmax_cross_entropy(student.z, targets, gradient, options);
    if (gradient.cwiseAbs().maxCoeff() * options.temperature < 1e-14) return student;
    student.z -= rate * gradient;
  }
  throw std::runtime_error("the minimum was not reached");
}

double entropy(const VectorXd& p) { return -p.dot(p.array().log().matrix()); }

}  // namespace

int main(int argc, char** argv) {
  return example::run("distillation", [&] {
    Options options;
    options.temperature = 2;
    example::CommandLine line("distillation", "Learning from a teacher: dense and top-k sparse targets, temperature.");
    line.add("--temperature", "T", "softens the teacher and the student", options.temperature, 0.5, 20.0);
    if (!line.parse(argc, argv)) return;

    const double T = options.temperature;
    const MatrixXd teacher = teacher_logits(T);
    const MatrixXd y = xent::softmax(teacher, {xent::Axis::columns, T});
    const Sparse largest = top(y, 2);  // 1/2 and 1/4
    std::printf("a teacher of %td classes at temperature %g\n", classes, T);

    {
      const Student student = learn(y, options);
      const example::ByHand table("dense targets", 1e-10);
      table.line("loss = entropy of y = 15/8 log 2", student.loss, 15.0 / 8 * std::log(2.0));
      table.line("z_0 - z_1 = the teacher's = T log 2", student.z(0, 0) - student.z(1, 0), T * std::log(2.0));
      table.line("z_0 - z_4 = the teacher's = T log 8", student.z(0, 0) - student.z(4, 0), T * std::log(8.0));
    }
    {
      // The sum of the two, 3/4, scales the loss and leaves the optimum. The mass that is missing, 1/4, goes to all
      // classes alike.
      options.label_smoothing = 0.25;
      const Student student = learn(largest, options);
      const VectorXd s = xent::softmax(student.z.col(0), {xent::Axis::columns, T});
      VectorXd smoothed(classes);
      smoothed << 0.55, 0.30, 0.05, 0.05, 0.05;
      const example::ByHand table("top 2, sparse, the rest by label smoothing", 1e-10);
      table.line("s_0 = 3/4 * 2/3 + 1/4 * 1/5", s(0), smoothed(0));
      table.line("s_1 = 3/4 * 1/3 + 1/4 * 1/5", s(1), smoothed(1));
      table.line("s_4 =             1/4 * 1/5", s(4), smoothed(4));
      table.line("loss = 3/4 of the entropy of these", student.loss, 0.75 * entropy(smoothed));
      options.label_smoothing = 0;
    }
    {
      // The targets sum to 3/4 and are used as they are: the gradient is (3/4 s - y) / (samples T), here with s = 1/5.
      const MatrixXd z = MatrixXd::Zero(classes, samples);
      MatrixXd gradient, dense_gradient;
      const double loss = xent::softmax_cross_entropy(z, largest, gradient, options);
      const double dense_loss = xent::softmax_cross_entropy(z, MatrixXd(largest), dense_gradient, options);
      const example::ByHand table("top 2 as they are, at z = 0", 1e-15);
      table.line("loss = 3/4 log 5", loss, 0.75 * std::log(5.0));
      table.line("gradient_0 = (3/20 - 1/2) / (2 T)", gradient(0, 0), (0.15 - 0.5) / (2 * T));
      table.line("gradient_4 = 3/20 / (2 T)", gradient(4, 0), 0.15 / (2 * T));
      table.line("sparse - dense: loss", loss - dense_loss, 0);
      table.line("sparse - dense: gradient, largest", (gradient - dense_gradient).cwiseAbs().maxCoeff(), 0);
    }
    {
      // Far above the spread of the logits, T^2 times the gradient is (z - teacher) / classes, both taken about their
      // means: distillation becomes regression on logits.
      const double hot = 1e8;
      options.temperature = hot;
      const MatrixXd soft = xent::softmax(teacher, {xent::Axis::columns, hot});
      MatrixXd z = MatrixXd::Zero(classes, samples);
      MatrixXd gradient;
      z.row(0).setOnes();
      xent::softmax_cross_entropy(z, soft, gradient, options);
      gradient *= hot * hot * samples;
      const VectorXd v = teacher.col(0).array() - teacher.col(0).mean();
      const example::ByHand table("T = 1e8, student at z = (1, 0, 0, 0, 0)", 1e-5);
      table.line("T^2 gradient_0 = ( 4/5 - teacher_0) / 5", gradient(0, 0), (0.8 - v(0)) / 5);
      table.line("T^2 gradient_4 = (-1/5 - teacher_4) / 5", gradient(4, 0), (-0.2 - v(4)) / 5);
    }
    std::printf("\nevery computed number agrees with the one by hand\n");
  });
}
