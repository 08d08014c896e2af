/// Softmax regression on handwritten digits: the main job of xent in one program.
///
/// A classifier with weights W [10 x 64] and bias b [10] gives the image x the logits W x + b. It is trained by
/// gradient descent with momentum on the mean of softmax_cross_entropy, which returns the loss and its gradient with
/// respect to the logits, d; by the chain rule the gradients are d x^T for W and d for b.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>

#include "support/command_line.hpp"
#include "support/digits.hpp"
#include "support/files.hpp"
#include "support/program.hpp"
#include "support/progress_bar.hpp"
#include "support/weight_images.hpp"

namespace {

using Eigen::Index;
using Images = Eigen::Ref<const Eigen::MatrixXd>;  // [64 x samples]
using Labels = Eigen::Ref<const Eigen::VectorXi>;  // [samples]

struct Options {
  std::string data = example::data_path("digits.csv");
  Index epochs = 40;
  Index batch = 32;
  double rate = 0.2;
  double momentum = 0.9;
  std::uint64_t seed = 1;
  std::string svg = "train_digits.svg";
};

struct Classifier {
  Eigen::MatrixXd weights = Eigen::MatrixXd::Zero(example::digit_classes, example::image_pixels);
  Eigen::VectorXd bias = Eigen::VectorXd::Zero(example::digit_classes);

  Eigen::MatrixXd logits(const Images& images) const { return (weights * images).colwise() + bias; }

  /// Weights and bias side by side, [10 x 65].
  Eigen::ArrayXXd parameters() const {
    Eigen::MatrixXd all(weights.rows(), weights.cols() + 1);
    all << weights, bias;
    return all.array();
  }
};

/// The mean loss in nats; its gradient with respect to weights and bias goes to `gradient`.
double loss_and_gradient(const Classifier& classifier, const Images& images, const Labels& labels,
                         Classifier& gradient) {
  Eigen::MatrixXd d_logits;
  const double loss = xent::softmax_cross_entropy(classifier.logits(images), labels, d_logits);
  gradient.weights.noalias() = d_logits * images.transpose();
  gradient.bias = d_logits.rowwise().sum();
  return loss;
}

using Report = xent::CrossEntropyReport<double>;

Report evaluate(const Classifier& classifier, const example::Digits& digits) {
  Report report;
  xent::softmax_cross_entropy(classifier.logits(digits.images), digits.labels, {}, &report);
  return report;
}

/// The gradient by central differences, (f(w + h) - f(w - h)) / 2h, for each weight and each bias.
Classifier finite_differences(Classifier classifier, const Images& images, const Labels& labels, double h) {
  const auto difference = [&](double& parameter) {
    const double kept = parameter;
    const auto loss_at = [&](double value) {
      parameter = value;
      return xent::softmax_cross_entropy(classifier.logits(images), labels);
    };
    const double slope = (loss_at(kept + h) - loss_at(kept - h)) / (2 * h);
    parameter = kept;
    return slope;
  };
  Classifier result;
  for (Index i = 0; i < result.weights.size(); ++i) {
    result.weights.reshaped()(i) = difference(classifier.weights.reshaped()(i));
  }
  for (Index k = 0; k < result.bias.size(); ++k) result.bias(k) = difference(classifier.bias(k));
  return result;
}

/// Compares the gradient with finite differences at random weights, on the first hundred images. Throws if they differ.
void check_gradient(const example::Digits& digits, std::mt19937_64& generator) {
  const Index samples = std::min<Index>(digits.size(), 100);
  const Images images = digits.images.leftCols(samples);
  const Labels labels = digits.labels.head(samples);
  Classifier classifier, gradient;
  for (double& weight : classifier.weights.reshaped()) weight = std::ldexp(static_cast<double>(generator()), -63) - 1;
  loss_and_gradient(classifier, images, labels, gradient);

  // The step balances the h^2 of the difference against the rounding of the two losses, divided by h. What is left is
  // the same for all weights, so that it would drown a derivative far below the largest one: such a derivative is
  // measured against a hundredth of that. The largest relative difference for the seeds 1 to 40 was 8e-9.
  const double h = 3e-5, bound = 1e-6;
  const Eigen::ArrayXXd got = gradient.parameters();
  const Eigen::ArrayXXd expected = finite_differences(classifier, images, labels, h).parameters();
  const double smallest_scale = got.abs().maxCoeff() / 100;
  const double largest = ((got - expected).abs() / got.abs().max(smallest_scale)).maxCoeff<Eigen::PropagateNaN>();
  std::printf("gradient against finite differences, %td weights and %td biases:\n", classifier.weights.size(),
              classifier.bias.size());
  std::printf("largest relative difference %.1e, at most %.0e allowed\n\n", largest, bound);
  // Negated, so that NaN fails.
  if (!(largest <= bound)) throw std::runtime_error("the gradient does not agree with finite differences");
}

/// Gradient descent with momentum in mini-batches, in a new order each epoch; one line of losses an epoch.
Classifier train(example::DigitSets digits, const Options& options, std::mt19937_64& generator) {
  example::Digits& training = digits.training;
  const Index batches = (training.size() + options.batch - 1) / options.batch;
  Classifier classifier, velocity, gradient;

  std::printf("           training loss          test loss      correct\n");
  std::printf("epoch      nats     bits       nats     bits     of %3td\n", digits.test.size());
  example::ProgressBar bar(options.epochs * batches);
  for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
    example::shuffle(training, generator);
    for (Index first = 0; first < training.size(); first += options.batch) {
      const Index count = std::min(options.batch, training.size() - first);
      loss_and_gradient(classifier, training.images.middleCols(first, count), training.labels.segment(first, count),
                        gradient);
      velocity.weights = options.momentum * velocity.weights - options.rate * gradient.weights;
      velocity.bias = options.momentum * velocity.bias - options.rate * gradient.bias;
      classifier.weights += velocity.weights;
      classifier.bias += velocity.bias;
      bar.step();
    }
    const Report seen = evaluate(classifier, training);
    const Report unseen = evaluate(classifier, digits.test);
    bar.print_above([&] {
      const double nats_per_bit = std::log(2.0);
      std::printf("%5td  %8.4f %8.4f   %8.4f %8.4f    %7td\n", epoch, seen.loss, seen.loss / nats_per_bit, unseen.loss,
                  unseen.loss / nats_per_bit, unseen.correct);
    });
  }
  return classifier;
}

void print_confusion(const example::Digits& digits, const Report& report) {
  Eigen::MatrixXi counts = Eigen::MatrixXi::Zero(example::digit_classes, example::digit_classes);
  for (Index i = 0; i < digits.size(); ++i) ++counts(digits.labels(i), report.prediction(i));

  std::printf("\nconfusion matrix: a row for each digit, a column for what it was taken for\n     ");
  for (Index k = 0; k < counts.cols(); ++k) std::printf("%4td", k);
  std::printf("\n    +%s\n", std::string(4 * example::digit_classes, '-').c_str());
  for (Index digit = 0; digit < counts.rows(); ++digit) {
    std::printf("%3td |", digit);
    for (Index k = 0; k < counts.cols(); ++k) std::printf("%4d", counts(digit, k));
    std::printf("\n");
  }
}

bool read_options(int argc, char** argv, Options& options) {
  example::CommandLine line("train_digits", "Softmax regression on handwritten digits, trained with xent.");
  line.add("--data", "FILE", "digits: 64 pixels and the digit a line", options.data);
  line.add("--epochs", "N", "passes over the training set", options.epochs, Index{1}, Index{100000});
  line.add("--batch", "N", "images a mini-batch", options.batch, Index{1}, Index{100000});
  line.add("--rate", "X", "learning rate", options.rate, 1e-6, 100.0);
  line.add("--momentum", "X", "part of the last step that is kept", options.momentum, 0.0, 0.999);
  line.add("--seed", "N", "seed of the order of the images", options.seed, std::uint64_t{0}, UINT64_MAX);
  line.add("--svg", "FILE", "where to draw the learned weights", options.svg);
  return line.parse(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("train_digits", [&] {
    Options options;
    if (!read_options(argc, argv, options)) return;
    const Index test_size = 360;
    const example::DigitSets digits = example::read_digit_sets(options.data, test_size);
    std::printf("%td images to train on, %td to test with\n", digits.training.size(), digits.test.size());

    std::mt19937_64 generator(options.seed);
    check_gradient(digits.training, generator);
    const Classifier classifier = train(digits, options, generator);

    const Report report = evaluate(classifier, digits.test);
    std::printf("\ntest accuracy %.3f\n", static_cast<double>(report.correct) / static_cast<double>(report.counted));
    print_confusion(digits.test, report);

    example::write_file(options.svg, example::weight_images_svg(classifier.weights));
    std::printf("\nthe learned weights as images: %s\n", options.svg.c_str());
  });
}
