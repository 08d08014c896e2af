/// Policy gradient on a bandit: advantages of either sign as sample weights.
///
/// An arm a is pulled with probability softmax(theta)_a and pays 1 or 0. With the advantage A = reward - baseline of
/// each pull, the gradient of sum_i A_i (-log softmax(theta)_{a_i}) / N is an estimate of minus the gradient of the
/// expected reward (Williams, "Simple statistical gradient-following algorithms", 1992). That sum is a cross-entropy
/// whose labels are the arms and whose sample weights are A_i / N, under Reduction::sum.

#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/program.hpp"

namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::Vector3d;
using Eigen::VectorXi;

const Vector3d pay(0.2, 0.5, 0.8);  // the probability that an arm pays

/// The gradient with respect to theta of sum_i weights_i (-log softmax(theta)_{arms_i}).
Vector3d policy_gradient(const Vector3d& theta, const VectorXi& arms, const ArrayXd& weights) {
  xent::CrossEntropyOptions<double> options;
  options.reduction = xent::Reduction::sum;
  options.sample_weights = weights;
  Eigen::MatrixXd gradient;
  xent::softmax_cross_entropy(theta.replicate(1, arms.size()), arms, gradient, options);
  return gradient.rowwise().sum();
}

/// What it is on average: each arm once, weighted with its probability and its mean advantage.
Vector3d expected_gradient(const Vector3d& theta, double baseline) {
  const Vector3d s = xent::softmax(theta);
  return policy_gradient(theta, VectorXi::LinSpaced(3, 0, 2), s.array() * (pay.array() - baseline));
}

/// The same with pencil and paper: -s_k (pay_k - mean pay), whatever the baseline.
Vector3d expected_by_hand(const Vector3d& theta) {
  const Vector3d s = xent::softmax(theta);
  return -s.array() * (pay.array() - s.dot(pay));
}

/// Uniform on [0, 1): the same numbers from every standard library.
double uniform(std::mt19937_64& generator) { return std::ldexp(static_cast<double>(generator() >> 11U), -53); }

struct Pulls {
  VectorXi arms;
  ArrayXd rewards;
};

Pulls pull(const Vector3d& theta, Index count, std::mt19937_64& generator) {
  const Vector3d s = xent::softmax(theta);
  Pulls pulls{VectorXi(count), ArrayXd(count)};
  for (Index i = 0; i < count; ++i) {
    const double u = uniform(generator);
    pulls.arms(i) = u < s(0) ? 0 : u < s(0) + s(1) ? 1 : 2;
    pulls.rewards(i) = uniform(generator) < pay(pulls.arms(i)) ? 1 : 0;
  }
  return pulls;
}

Vector3d estimate(const Vector3d& theta, const Pulls& pulls, double baseline) {
  return policy_gradient(theta, pulls.arms, (pulls.rewards - baseline) / static_cast<double>(pulls.rewards.size()));
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("policy_gradient", [&] {
    Index count = 100;
    int steps = 400;
    std::uint64_t seed = 1;
    example::CommandLine line("policy_gradient", "A bandit with three arms learns which one pays best.");
    line.add("--pulls", "N", "pulls a step", count, Index{2}, Index{100000});
    line.add("--steps", "N", "steps of gradient ascent", steps, 1, 100000);
    line.add("--seed", "N", "seed of arms and rewards", seed, std::uint64_t{0}, UINT64_MAX);
    if (!line.parse(argc, argv)) return;
    std::mt19937_64 generator(seed);
    std::printf("three arms that pay with probability %g, %g and %g\n", pay(0), pay(1), pay(2));

    {
      const Vector3d even = Vector3d::Zero();
      const Vector3d g = expected_gradient(even, 0.5);
      const example::ByHand table("expected gradient, every arm at 1/3", 1e-15);
      for (Index k = 0; k < 3; ++k)
        table.line("arm " + std::to_string(k) + ": -1/3 (pay - 1/2)", g(k), 0.1 - 0.1 * static_cast<double>(k));
      const Vector3d theta(1, -2, 0.5);
      const Vector3d uneven = expected_gradient(theta, 0.5) - expected_by_hand(theta);
      table.line("elsewhere: computed - by hand, largest", uneven.cwiseAbs().maxCoeff(), 0);
      const Vector3d shifted = expected_gradient(theta, 0) - expected_gradient(theta, 10);
      table.line("baseline 0 - baseline 10, largest", shifted.cwiseAbs().maxCoeff(), 0);

      // The advantage is 1/2 or -1/2: the standard error of each is sqrt(1/4 * 2/9 / 100000) = 0.00075.
      const Vector3d sampled = estimate(even, pull(even, 100000, generator), 0.5);
      const example::ByHand samples("the same from 100000 pulls", 0.008);
      for (Index k = 0; k < 3; ++k)
        samples.line("arm " + std::to_string(k) + ": -1/3 (pay - 1/2)", sampled(k), 0.1 - 0.1 * static_cast<double>(k));
    }

    std::printf("\n step   probability of the arms    mean reward\n");
    Vector3d theta = Vector3d::Zero();
    double baseline = 0.5;  // then a running mean of the rewards, from earlier steps only: that adds no bias
    for (int step = 0; step <= steps; ++step) {
      const Vector3d s = xent::softmax(theta);
      if (step % 50 == 0 || step == steps)
        std::printf("%5d   %.4f  %.4f  %.4f       %.4f\n", step, s(0), s(1), s(2), s.dot(pay));
      const Pulls pulls = pull(theta, count, generator);
      theta -= estimate(theta, pulls, baseline);
      baseline = 0.9 * baseline + 0.1 * pulls.rewards.mean();
    }
    Index best = -1;
    const double probability = xent::softmax(theta).maxCoeff(&best);
    std::printf("\nlearned: arm %td, with probability %.3f\n", best, probability);
    if (best != 2) throw std::runtime_error("arm 2 pays best; other seeds, more pulls or more steps find it");
    std::printf("every computed number agrees with the one by hand\n");
  });
}
