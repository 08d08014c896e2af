/// Logistic regression: sigmoid_cross_entropy of a linear function.
///
/// Two groups of people, some of whom said yes. The model b + w g, with g = 0 or 1 for the group, has one parameter a
/// group, so that the minimum is known: each group's logit is the logarithm of its odds. Positive weights and label
/// smoothing move it by known amounts. The same few lines then tell threes from other handwritten digits.

#include <xent/sigmoid_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/digits.hpp"
#include "support/program.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Options = xent::SigmoidOptions<double>;

/// The features of each sample in a column, the first of them 1, and the answers, 0 or 1.
struct Data {
  MatrixXd features;
  VectorXd answers;
};

/// 10 of 40 said yes in the first group, 30 of 40 in the second.
Data survey() {
  Data data{MatrixXd::Ones(2, 80), VectorXd::Zero(80)};
  data.features.row(1) << Eigen::RowVectorXd::Zero(40), Eigen::RowVectorXd::Ones(40);
  data.answers.head(10).setOnes();
  data.answers.tail(30).setOnes();
  return data;
}

/// Gradient descent with momentum from zero. The logits are a vector of N decisions, so the loss is their mean.
VectorXd fit(const Data& data, const Options& options, double rate, int steps) {
  VectorXd weights = VectorXd::Zero(data.features.rows()), velocity = weights, d_logits;
  for (int step = 0; step < steps; ++step) {
    const VectorXd logits = data.features.transpose() * weights;
    xent::sigmoid_cross_entropy(logits, data.answers, d_logits, options);
    velocity = 0.9 * velocity - rate * data.features * d_logits;
    weights += velocity;
  }
  return weights;
}

void show(const char* title, const Options& options, double first_odds, double second_odds) {
  const VectorXd weights = fit(survey(), options, 0.5, 3000);
  const example::ByHand table(title, 1e-12);
  table.line("b: log odds of the first group", weights(0), std::log(first_odds));
  table.line("w: log of the ratio of the odds", weights(1), std::log(second_odds / first_odds));
}

void show_start() {
  const Data data = survey();
  VectorXd d_logits;
  xent::SigmoidReport<double> report;
  const double loss = xent::sigmoid_cross_entropy(VectorXd::Zero(80), data.answers, d_logits, {}, &report);
  const VectorXd gradient = data.features * d_logits;
  const example::ByHand table("before the first step, b = w = 0", 1e-15);
  table.line("loss = log 2", loss, std::log(2.0));
  table.line("d loss / db = mean of 1/2 - y", gradient(0), 0.5 - 40.0 / 80);
  table.line("d loss / dw = (20 - 30) / 80", gradient(1), -0.125);
  table.line("decisions that count", static_cast<double>(report.counted), 80);
}

Data threes(const example::Digits& digits) {
  Data data{MatrixXd::Ones(example::image_pixels + 1, digits.size()), VectorXd(digits.size())};
  data.features.bottomRows(example::image_pixels) = digits.images;
  data.answers = (digits.labels.array() == 3).cast<double>();
  return data;
}

void show_digits(const std::string& path, int steps) {
  const example::DigitSets digits = example::read_digit_sets(path, 360);
  const Data test = threes(digits.test);
  const VectorXd weights = fit(threes(digits.training), {}, 0.3, steps);
  xent::SigmoidReport<double> report;
  const VectorXd logits = test.features.transpose() * weights;
  xent::sigmoid_cross_entropy(logits, test.answers, {}, &report);
  const double accuracy = static_cast<double>(report.correct) / static_cast<double>(report.counted);
  std::printf("\nis it a three? %td of %td test images right, accuracy %.3f; always no: %.3f\n", report.correct,
              report.counted, accuracy, 1 - test.answers.mean());
  std::printf("loss %.4f nats an image, %.4f bits\n", report.loss, report.loss / std::log(2.0));
  if (accuracy <= 1 - test.answers.mean()) throw std::runtime_error("not better than always no: take more steps");
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("logistic_regression", [&] {
    std::string data = example::data_path("digits.csv");
    int steps = 500;
    example::CommandLine line("logistic_regression", "Logistic regression where the answer is known, and on digits.");
    line.add("--data", "FILE", "digits: 64 pixels and the digit a line", data);
    line.add("--steps", "N", "steps of gradient descent on the digits", steps, 1, 100000);
    if (!line.parse(argc, argv)) return;

    show_start();
    Options options;
    show("10 of 40 and 30 of 40 said yes", options, 10.0 / 30, 30.0 / 10);
    // A positive weight counts each yes that many times: the odds are multiplied by it.
    options.positive_weights = {3};
    show("each yes counts 3 times", options, 30.0 / 30, 90.0 / 10);
    // Smoothing by 0.2 makes 0.9 of a yes and 0.1 of a no: 10 and 30 become 12 and 28.
    options = {};
    options.label_smoothing = 0.2;
    show("labels smoothed by 0.2", options, 12.0 / 28, 28.0 / 12);
    show_digits(data, steps);
    std::printf("\nevery computed number agrees with the one by hand\n");
  });
}
