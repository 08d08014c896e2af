/// What label smoothing asks of the logits: a finite gap, by either rule.
///
/// Without smoothing the loss of one sample falls for ever as the logit of its label grows. With smoothing its minimum
/// is where softmax(z) equals the smoothed label, so that the logits stop at a known distance from each other. A z-loss
/// on top pins their common offset too: they become logarithms of probabilities.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/program.hpp"

namespace {

using Eigen::Index;
using Options = xent::CrossEntropyOptions<double>;

constexpr Index label = 0;

/// Gradient descent from `z` until the gradient is all but 0. The curvature of the loss is at most 1/2 in every
/// direction (z-loss adds less than that here), so that a rate of 2 does not overshoot.
double minimise(Eigen::VectorXd& z, const Options& options) {
  Eigen::VectorXd gradient;
  for (int step = 0; step < 1000000; ++step) {
    const double loss = xent::softmax_cross_entropy(z, label, gradient, options);
    if (gradient.cwiseAbs().maxCoeff() < 1e-14) return loss;
    z -= 2 * gradient;
  }
  throw std::runtime_error("the minimum was not reached");
}

double minus_p_log_p(double p) { return p > 0 ? -p * std::log(p) : 0; }

/// Minimises the smoothed loss of one sample; `masked` classes at the end have the logit -inf and do not exist.
void show(const std::string& title, Index classes, Index masked, const Options& options) {
  Eigen::VectorXd z = Eigen::VectorXd::Zero(classes);
  z.tail(masked).setConstant(-std::numeric_limits<double>::infinity());
  const double loss = minimise(z, options);

  const double eps = options.label_smoothing;
  const auto k = static_cast<double>(classes - masked);
  const bool all = options.smoothing == xent::Smoothing::all_classes;
  const double other = all ? eps / k : eps / (k - 1);
  const double own = all ? 1 - eps + eps / k : 1 - eps;
  // Y_label / Y_other
  const double ratio = all ? 1 + k * (1 - eps) / eps : (k - 1) * (1 - eps) / eps;
  const double gap = std::log(ratio);

  const example::ByHand table(title, 1e-10);
  table.line(all ? "exp(gap) = 1 + K (1 - eps) / eps" : "exp(gap) = (K - 1) (1 - eps) / eps", std::exp(z(label) - z(1)),
             ratio);
  table.line("gap = z_label - z_other", z(label) - z(1), gap);
  if (options.z_loss > 0) {
    // The gradient sums to 2 z_loss lse over the classes, so that lse = 0 at the minimum.
    table.line("z_label = log Y_label", z(label), std::log(own));
    table.line("z_other = log Y_other", z(1), std::log(other));
  } else {
    // The gradient sums to 0 over the classes, so that the sum of the logits stays what it was: 0.
    table.line("z_label = gap (K - 1) / K", z(label), gap * (k - 1) / k);
    table.line("z_other = -gap / K", z(1), -gap / k);
  }
  table.line("loss there = entropy of Y", loss, minus_p_log_p(own) + (k - 1) * minus_p_log_p(other));
}

/// Without smoothing there is no minimum.
void show_none(Index classes) {
  std::printf("\nno smoothing: steps of gradient descent, and the gap so far\n");
  Eigen::VectorXd z = Eigen::VectorXd::Zero(classes);
  Eigen::VectorXd gradient;
  int step = 0;
  for (const int stop : {10, 100, 1000, 10000}) {
    double loss = 0;
    for (; step < stop; ++step) {
      loss = xent::softmax_cross_entropy(z, label, gradient);
      z -= 2 * gradient;
    }
    std::printf("  %6d  gap %7.4f  loss %.2e\n", stop, z(label) - z(1), loss);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("label_smoothing", [&] {
    Index classes = 5;
    Options options;
    options.label_smoothing = 0.2;
    example::CommandLine line("label_smoothing", "The logits that minimise a smoothed cross-entropy, by both rules.");
    line.add("--classes", "K", "number of classes", classes, Index{3}, Index{50});
    line.add("--epsilon", "X", "probability that smoothing takes from the label", options.label_smoothing, 0.01, 0.5);
    if (!line.parse(argc, argv)) return;

    std::printf("K = %td classes, eps = %g\n", classes, options.label_smoothing);
    show("all_classes: eps/K on every class", classes, 0, options);
    show("all_classes, the last class masked", classes, 1, options);
    options.z_loss = 0.1;
    show("all_classes, z-loss 0.1", classes, 0, options);
    options.z_loss = 0;
    options.smoothing = xent::Smoothing::other_classes;
    show("other_classes: eps/(K-1) on the others", classes, 0, options);
    show_none(classes);
    std::printf("\nevery computed number agrees with the one by hand\n");
  });
}
