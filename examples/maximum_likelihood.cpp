/// Maximum likelihood is minimum KL from the empirical distribution.
///
/// The mean negative log-likelihood of data is the cross-entropy of their empirical distribution p and the model q, and
/// that is H(p) + KL(p || q). H(p) does not depend on the model: whoever minimises the one minimises the other. With
/// enough freedom the minimum is q = p and the loss H(p); a model with less, here a Poisson distribution with one
/// parameter, stops at the divergence that it cannot avoid.

#include <xent/counts.hpp>
#include <xent/information.hpp>
#include <xent/likelihood.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/program.hpp"

namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;
using Eigen::VectorXi;

/// How often an event happened in each of eight hours: 3 times never, 2 times once, twice two, once five.
VectorXi observations() { return (VectorXi(8) << 0, 1, 0, 2, 5, 0, 1, 2).finished(); }

constexpr Index classes = 6;

double plog(double p) { return p > 0 ? p * std::log(p) : 0; }

/// The loss is one number by three ways: the labels one by one, the cross-entropy of two distributions, entropy plus
/// divergence.
void show_identity(const VectorXi& data, const VectorXd& logits) {
  const ArrayXd p = xent::empirical_distribution(data, classes);
  const ArrayXd q = xent::softmax(logits);
  const double loss = xent::nll(xent::log_softmax(logits.replicate(1, data.size())), data);
  const example::ByHand table("a model that is wrong: logits 0, -1/2, -1, ...", 1e-14);
  table.line("H(p) = (3 log 8/3 + 4 log 4 + log 8) / 8", xent::entropy(p), -plog(0.375) - 2 * plog(0.25) - plog(0.125));
  table.line("mean loss of the data = H(p, q)", loss, xent::cross_entropy(p, q));
  table.line("mean loss of the data = H(p) + KL(p || q)", loss, xent::entropy(p) + xent::kl_divergence(p, q));
}

/// Gradient descent on the mean loss of the data.
void fit_table(const VectorXi& data, int steps) {
  const ArrayXd p = xent::empirical_distribution(data, classes);
  const double entropy = xent::entropy(p);
  VectorXd logits = VectorXd::Zero(classes);
  Eigen::MatrixXd gradient;
  std::printf("\ngradient descent on the loss of the data, a logit for each of 6 counts\n");
  std::printf("   step    loss        loss - H(p)   KL(p || q)\n");
  for (int step = 0; step <= steps; ++step) {
    const double loss = xent::softmax_cross_entropy(logits.replicate(1, data.size()), data, gradient);
    const double divergence = xent::kl_divergence(p, ArrayXd(xent::softmax(logits)));
    if (std::abs(loss - entropy - divergence) > 1e-13) throw std::runtime_error("loss and divergence differ");
    if (step == 0 || step == 10 || step == 100 || step == 1000 || step == steps)
      std::printf("%7d    %.8f  %.8f    %.8f\n", step, loss, loss - entropy, divergence);
    logits -= 2 * gradient.rowwise().sum();
  }
  const ArrayXd q = xent::softmax(logits);
  const example::ByHand table("the model that has been learned", 2e-3);
  for (Index k = 0; k < classes; ++k) {
    const std::string name = "q(" + std::to_string(k) + ") = share of the data";
    table.line(name, q(k),
               static_cast<double>((data.array() == static_cast<int>(k)).count()) / static_cast<double>(data.size()));
  }
}

/// One parameter: the rate. Newton's method on the log rate l, whose second derivative is exp(l).
void fit_poisson(const VectorXi& data) {
  const auto losses = [&](double log_rate, VectorXd& gradient) {
    return xent::poisson_nll(VectorXd::Constant(data.size(), log_rate), data, gradient, {xent::Reduction::mean, true});
  };
  VectorXd gradient;
  double log_rate = 0;
  for (int step = 0; step < 20; ++step) {
    losses(log_rate, gradient);
    log_rate -= gradient.sum() / std::exp(log_rate);
  }
  const double loss = losses(log_rate, gradient);
  const example::ByHand table("a Poisson distribution", 1e-13);
  table.line("rate = mean of the data = 11 / 8", std::exp(log_rate), 1.375);
  // log x! is log 2 twice and log 120 once.
  const double by_hand = 1.375 - 1.375 * std::log(1.375) + (2 * std::log(2.0) + std::log(120.0)) / 8;
  table.line("loss = 11/8 - 11/8 log 11/8 + mean log x!", loss, by_hand);

  const ArrayXd p = xent::empirical_distribution(data, classes);
  ArrayXd q(classes);  // and the rest of the Poisson distribution beyond 5, which the data never saw
  for (Index k = 0; k < classes; ++k)
    q(k) = std::exp(-xent::poisson_nll(VectorXd::Constant(1, log_rate), VectorXd::Constant(1, static_cast<double>(k)),
                                       {xent::Reduction::mean, true}));
  table.line("loss = H(p) + sum p log(p / q)", loss, xent::cross_entropy(p, q));
  std::printf("  the divergence that one parameter cannot avoid: %.4f nats\n", loss - xent::entropy(p));
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("maximum_likelihood", [&] {
    int steps = 3000;
    example::CommandLine line("maximum_likelihood", "The best model is the one nearest to the data, measured by KL.");
    line.add("--steps", "N", "steps of gradient descent", steps, 1000, 1000000);
    if (!line.parse(argc, argv)) return;
    const VectorXi data = observations();
    show_identity(data, VectorXd::LinSpaced(classes, 0, -2.5));
    fit_table(data, steps);
    fit_poisson(data);
    std::printf("\nevery computed number agrees with the one by hand\n");
  });
}
