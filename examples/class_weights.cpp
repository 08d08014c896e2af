/// Class weights on an imbalanced set: which probabilities they ask for, and what the mean divides by.
///
/// A classifier that sees nothing of its input has one logit a class, b. Its best probabilities are the weighted
/// frequencies of the classes, c_k n_k / sum_j c_j n_j. Any classifier with a bias keeps that on average over the set.

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdio>
#include <string>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/digits.hpp"
#include "support/files.hpp"
#include "support/program.hpp"

namespace {

using Eigen::Index;
using Eigen::Vector3d;
using Options = xent::CrossEntropyOptions<double>;
using Report = xent::CrossEntropyReport<double>;

/// 900, 90 and 10 samples of three classes.
const Vector3d counts(900, 90, 10);

Eigen::VectorXi labels_of_counts() {
  Eigen::VectorXi labels(1000);
  labels << Eigen::VectorXi::Constant(900, 0), Eigen::VectorXi::Constant(90, 1), Eigen::VectorXi::Constant(10, 2);
  return labels;
}

/// Fits b by gradient descent and compares its probabilities with the weighted frequencies.
void show_constant_classifier(const Vector3d& weights) {
  const Eigen::VectorXi labels = labels_of_counts();
  Options options;
  options.class_weights = weights;
  Vector3d bias = Vector3d::Zero();
  Eigen::MatrixXd gradient;
  Report report;
  for (int step = 0; step < 20000; ++step) {
    xent::softmax_cross_entropy(bias.replicate(1, labels.size()), labels, gradient, options, &report);
    const Vector3d slope = gradient.rowwise().sum();
    if (slope.cwiseAbs().maxCoeff() < 1e-12) break;
    bias -= 2 * slope;
  }

  const Vector3d probabilities = xent::softmax(bias);
  const Vector3d weighted = weights.cwiseProduct(counts);
  const double total = weighted.sum();
  char title[80];
  std::snprintf(title, sizeof title, "class weights %g, %g, %g", weights(0), weights(1), weights(2));
  const example::ByHand table(title, 1e-8);
  table.line("denominator = sum c_k n_k", report.denominator, total);
  for (Index k = 0; k < 3; ++k)
    table.line("probability of class " + std::to_string(k) + " = c_k n_k / sum", probabilities(k), weighted(k) / total);
  const Vector3d f = weighted / total;
  table.line("loss = entropy of these", report.loss, -f.dot(f.array().log().matrix()));

  // The same sum of losses, divided by the number of samples.
  options.denominator = static_cast<double>(labels.size());
  const double mean = xent::softmax_cross_entropy(bias.replicate(1, labels.size()), labels, options);
  table.line("loss with denominator 1000", mean, report.loss * total / 1000);
}

/// The digit 8 (class 1) against the others (class 0): a linear classifier with a bias, and a ridge on its weights.
void show_digits(const example::DigitSets& digits, double weight_of_eight) {
  const Eigen::MatrixXd& images = digits.training.images;
  const Eigen::VectorXi labels = (digits.training.labels.array() == 8).cast<int>();
  const auto eights = static_cast<double>(labels.sum());
  const auto others = static_cast<double>(labels.size()) - eights;

  Options options;
  options.class_weights = {1, weight_of_eight};
  Eigen::MatrixXd w = Eigen::MatrixXd::Zero(2, example::image_pixels);
  Eigen::Vector2d bias = Eigen::Vector2d::Zero();
  Eigen::MatrixXd w_step = w;
  Eigen::Vector2d bias_step = bias;
  Eigen::MatrixXd gradient;
  for (int step = 0; step < 400; ++step) {  // gradient descent with momentum
    xent::softmax_cross_entropy((w * images).colwise() + bias, labels, gradient, options);
    w_step = 0.95 * w_step - 0.3 * (gradient * images.transpose() + 0.01 * w);
    bias_step = 0.95 * bias_step - 0.3 * gradient.rowwise().sum();
    w += w_step;
    bias += bias_step;
  }

  const Eigen::VectorXd probability = xent::softmax(((w * images).colwise() + bias).eval()).row(1);
  const Eigen::VectorXd weight = 1 + (weight_of_eight - 1) * labels.cast<double>().array();
  const Eigen::VectorXi test_labels = (digits.test.labels.array() == 8).cast<int>();
  Report report;
  xent::softmax_cross_entropy((w * digits.test.images).colwise() + bias, test_labels, {}, &report);
  const Eigen::ArrayXi taken = report.prediction.cast<int>();
  const Eigen::ArrayXi truth = test_labels.array();

  char title[80];
  std::snprintf(title, sizeof title, "digit 8 or not, weight of an 8: %.3f", weight_of_eight);
  const example::ByHand table(title, 1e-4);
  table.line("mean probability of an 8 = c n_8 / sum", weight.dot(probability) / weight.sum(),
             weight_of_eight * eights / (weight_of_eight * eights + others));
  std::printf("  on the test set: %d of %d eights found, %d of %d others taken for an 8\n", (taken * truth).sum(),
              truth.sum(), (taken * (1 - truth)).sum(), (1 - truth).sum());
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("class_weights", [&] {
    std::string data = example::data_path("digits.csv");
    example::CommandLine line("class_weights", "What class weights do to classifiers of an imbalanced set.");
    line.add("--data", "FILE", "digits: 64 pixels and the digit a line", data);
    if (!line.parse(argc, argv)) return;

    std::printf("900, 90 and 10 samples of three classes, one logit a class\n");
    show_constant_classifier(Vector3d(1, 1, 1));
    show_constant_classifier(Vector3d(1, 5, 20));
    // "Balanced" weights: number of samples / (number of classes * samples of the class).
    show_constant_classifier(1000.0 / 3 * counts.cwiseInverse());

    const example::DigitSets digits = example::read_digit_sets(data, 360);
    const auto eights = static_cast<double>((digits.training.labels.array() == 8).count());
    std::printf("\n%td images, %g of them an 8; a linear classifier\n", digits.training.size(), eights);
    show_digits(digits, 1);
    show_digits(digits, (static_cast<double>(digits.training.size()) - eights) / eights);
    std::printf("\nevery computed number agrees with the one by hand\n");
  });
}
