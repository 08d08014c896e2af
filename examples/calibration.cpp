/// Temperature calibration: one number that makes an overconfident classifier honest, and changes no prediction.
///
/// A classifier is trained on few images until it knows them by heart. On images that it has not seen it is too sure of
/// itself. Its logits are divided by the T that minimises the loss on held-out images (Guo, Pleiss, Sun and Weinberger,
/// "On calibration of modern neural networks", 2017), where report.temperature_gradient is 0.

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

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
using Report = xent::CrossEntropyReport<double>;

constexpr Index training_size = 200;

struct Classifier {
  MatrixXd weights = MatrixXd::Zero(example::digit_classes, example::image_pixels);
  Eigen::VectorXd bias = Eigen::VectorXd::Zero(example::digit_classes);

  MatrixXd logits(const MatrixXd& images) const { return (weights * images).colwise() + bias; }
};

/// Gradient descent with momentum on the first images of the training set.
Classifier train(const example::Digits& digits, int steps) {
  const MatrixXd images = digits.images.leftCols(training_size);
  const VectorXi labels = digits.labels.head(training_size);
  Classifier classifier, velocity;
  MatrixXd gradient;
  for (int step = 0; step < steps; ++step) {
    xent::softmax_cross_entropy(classifier.logits(images), labels, gradient);
    velocity.weights = 0.9 * velocity.weights - 0.5 * gradient * images.transpose();
    velocity.bias = 0.9 * velocity.bias - 0.5 * gradient.rowwise().sum();
    classifier.weights += velocity.weights;
    classifier.bias += velocity.bias;
  }
  return classifier;
}

/// Loss and d loss / d T, without overwriting the logits. The gradient with respect to the logits is a by-product.
Report evaluate(const MatrixXd& logits, const VectorXi& labels, double temperature) {
  Report report;
  MatrixXd gradient;
  xent::CrossEntropyOptions<double> options;
  options.temperature = temperature;
  xent::softmax_cross_entropy(logits, labels, gradient, options, &report);
  return report;
}

/// The T where d loss / d T is 0, by bisection of log T. The loss is convex in 1/T: the sign changes once.
double calibrate(const MatrixXd& logits, const VectorXi& labels) {
  double low = 1e-3;
  double high = 1e3;
  if (evaluate(logits, labels, low).temperature_gradient > 0 || evaluate(logits, labels, high).temperature_gradient < 0)
    throw std::runtime_error("no temperature from 0.001 to 1000 minimises the loss on the held-out images");
  for (int step = 0; step < 60; ++step) {
    const double middle = std::sqrt(low * high);
    (evaluate(logits, labels, middle).temperature_gradient < 0 ? low : high) = middle;
  }
  return std::sqrt(low * high);
}

double accuracy(const Report& report) {
  return static_cast<double>(report.correct) / static_cast<double>(report.counted);
}

/// The mean probability of the prediction: what the classifier believes its accuracy to be.
double confidence(const MatrixXd& logits, double temperature) {
  return xent::softmax(logits, {xent::Axis::columns, temperature}).colwise().maxCoeff().mean();
}

/// The loss, the accuracy and the confidence at T = 1 and at the fitted T.
void print(const char* name, const MatrixXd& logits, const VectorXi& labels, double temperature) {
  for (const double t : {1.0, temperature}) {
    const Report report = evaluate(logits, labels, t);
    std::printf("%-9s %8.4f %8.4f %10.4f %12.4f\n", name, t, report.loss, accuracy(report), confidence(logits, t));
  }
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("calibration", [&] {
    std::string data = example::data_path("digits.csv");
    int steps = 1000;
    example::CommandLine line("calibration", "Fits the temperature of an overconfident classifier of digits.");
    line.add("--data", "FILE", "digits: 64 pixels and the digit a line", data);
    line.add("--steps", "N", "steps of training; more make it more confident", steps, 50, 100000);
    if (!line.parse(argc, argv)) return;

    const example::DigitSets digits = example::read_digit_sets(data, 360);
    const Index held_out = digits.training.size() - training_size;
    if (held_out < 1) throw std::runtime_error(data + ": too few images");
    const Classifier classifier = train(digits.training, steps);

    const MatrixXd logits = classifier.logits(digits.training.images.rightCols(held_out));
    const VectorXi labels = digits.training.labels.tail(held_out);
    const double temperature = calibrate(logits, labels);
    std::printf("%td images to train on, %td to fit T on, %td to test with\n\n", training_size, held_out,
                digits.test.size());
    std::printf("images           T     loss   accuracy   confidence\n");
    print("held out", logits, labels, temperature);
    print("test", classifier.logits(digits.test.images), digits.test.labels, temperature);

    const MatrixXd s = xent::softmax(logits, {xent::Axis::columns, temperature});
    double label_logit = 0;
    for (Index i = 0; i < held_out; ++i) label_logit += logits(labels(i), i) / static_cast<double>(held_out);
    const double step = 1e-4;
    const double hot = 2;
    const double slope =
        (evaluate(logits, labels, hot + step).loss - evaluate(logits, labels, hot - step).loss) / (2 * step);

    const example::ByHand table("held-out images", 1e-7);
    table.line("d loss / d T at T = 2, by difference", evaluate(logits, labels, hot).temperature_gradient, slope);
    table.line("d loss / d T at the fitted T", evaluate(logits, labels, temperature).temperature_gradient, 0);
    // d loss / d T is the mean of z_label - sum_k s_k z_k, over T^2.
    table.line("there, mean z_label = mean sum_k s_k z_k", label_logit, s.cwiseProduct(logits).colwise().sum().mean());
    table.line("three times the logits, three times the T", calibrate(3 * logits, labels), 3 * temperature);
    table.line("accuracy before and after", accuracy(evaluate(logits, labels, 1)),
               accuracy(evaluate(logits, labels, temperature)));
    std::printf("\nevery computed number agrees with the one by hand\n");
  });
}
