/// REINFORCE on a grid: policy gradient, entropy bonus and KL penalty, three losses of the same logits.
///
/// A walker starts at S. G pays 1 and ends the walk, X costs 1 and ends it, every step costs 0.05. The policy is a
/// table of logits, a column a cell. Each round samples walks, then takes a few steps down
///
///     sum_i A_i (-log p(action_i | cell_i)) / N        softmax_cross_entropy, advantages A_i as sample weights
///     - bonus * mean entropy in the cells visited      entropy_from_logits: goes on exploring
///     + penalty * mean KL(old || new) there            kl_divergence_from_logits: stays near the policy that walked

#include <xent/logits.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>
#include <Eigen/LU>

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/program.hpp"

namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
constexpr const char* map = "S....X.X...XX..G";  // four rows of four
constexpr Index side = 4, cells = side * side, actions = 4;

bool ends(Index cell) { return map[cell] == 'X' || map[cell] == 'G'; }
double reward(Index cell) { return -0.05 + (map[cell] == 'G' ? 1 : map[cell] == 'X' ? -1 : 0); }

/// Left, right, up, down; whoever would leave the grid stays.
Index moved(Index cell, Index action) {
  const Index row = cell / side + (action == 3) - (action == 2), col = cell % side + (action == 1) - (action == 0);
  return row < 0 || row >= side || col < 0 || col >= side ? cell : row * side + col;
}

/// The expected return of a policy from every cell, exactly: v = r + P v.
VectorXd values(const MatrixXd& logits) {
  const MatrixXd s = xent::softmax(logits);
  MatrixXd system = MatrixXd::Identity(cells, cells);
  VectorXd r = VectorXd::Zero(cells);
  for (Index cell = 0; cell < cells; ++cell)
    for (Index a = 0; a < actions && !ends(cell); ++a) {
      r(cell) += s(a, cell) * reward(moved(cell, a));
      if (!ends(moved(cell, a))) system(cell, moved(cell, a)) -= s(a, cell);
    }
  return system.partialPivLu().solve(r);
}

struct Walks {
  std::vector<Index> cell, action;
  std::vector<double> advantage;  // the return from there on, minus the value of the cell
};

Walks walk(const MatrixXd& logits, int count, std::mt19937_64& generator) {
  const MatrixXd s = xent::softmax(logits);
  const VectorXd baseline = values(logits);
  Walks w;
  while (count-- > 0) {
    const std::size_t first = w.cell.size();
    for (Index cell = 0; !ends(cell) && w.cell.size() < first + 50; cell = moved(cell, w.action.back())) {
      double u = std::ldexp(static_cast<double>(generator() >> 11U), -53);
      Index a = 0;
      while (a + 1 < actions && u >= s(a, cell)) u -= s(a++, cell);
      w.cell.push_back(cell);
      w.action.push_back(a);
    }
    w.advantage.resize(w.cell.size());
    double rest = 0;
    for (std::size_t i = w.cell.size(); i-- > first;) {
      rest += reward(moved(w.cell[i], w.action[i]));
      w.advantage[i] = rest - baseline(w.cell[i]);
    }
  }
  return w;
}

/// The loss above for the logits `z`, when `old` has walked.
double loss_and_gradient(const MatrixXd& z, const MatrixXd& old, const Walks& w, double bonus, double penalty,
                         MatrixXd& gradient) {
  const auto n = static_cast<Index>(w.cell.size());
  xent::CrossEntropyOptions<double> options;
  options.reduction = xent::Reduction::sum;
  options.sample_weights = Eigen::Map<const VectorXd>(w.advantage.data(), n) / static_cast<double>(n);
  const MatrixXd visited = z(Eigen::all, w.cell), before = old(Eigen::all, w.cell);
  MatrixXd d_policy, d_entropy, d_kl;
  const double policy = xent::softmax_cross_entropy(visited, w.action, d_policy, options);
  const double entropy = xent::entropy_from_logits(visited, d_entropy);
  const double kl = xent::kl_divergence_from_logits(before, visited, xent::none, d_kl);
  const MatrixXd d = d_policy - bonus * d_entropy + penalty * d_kl;
  gradient.setZero(actions, cells);
  for (Index i = 0; i < n; ++i) gradient.col(w.cell[static_cast<std::size_t>(i)]) += d.col(i);
  return policy - bonus * entropy + penalty * kl;
}

void check_by_hand() {
  const MatrixXd even = MatrixXd::Zero(actions, cells);
  MatrixXd old = even, gradient;
  const example::ByHand table("one step up with advantage 2, all logits 0", 1e-15);
  const double loss = loss_and_gradient(even, old, {{4}, {2}, {2}}, 0.1, 3, gradient);
  table.line("loss = 2 log 4 - log 4 / 10", loss, 1.9 * std::log(4));
  table.line("derivative at up = -2 * 3/4", gradient(2, 4), -1.5);
  // From p = (1/2, 1/6, 1/6, 1/6) to the even policy q: KL = (log 2 - log 3/2) / 2 = log(4/3) / 2, d_q = q - p.
  old(0, 4) = std::log(3.0);
  const double penalty = loss_and_gradient(even, old, {{4}, {2}, {0}}, 0, 3, gradient);
  table.line("no advantage: loss = 3 log(4/3) / 2", penalty, 1.5 * std::log(4.0 / 3));
  table.line("derivative at left = 3 (1/4 - 1/2)", gradient(0, 4), -0.75);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("grid_world", [&] {
    int rounds = 100;
    double bonus = 0.01, penalty = 0.1;
    example::CommandLine line("grid_world", "A walker learns the way through a grid by policy gradient.");
    line.add("--rounds", "N", "rounds of walking and learning", rounds, 1, 100000);
    line.add("--bonus", "X", "weight of the entropy", bonus, 0.0, 10.0);
    line.add("--penalty", "X", "weight of the divergence", penalty, 0.0, 1000.0);
    if (!line.parse(argc, argv)) return;
    check_by_hand();
    MatrixXd z = MatrixXd::Zero(actions, cells), gradient;
    std::mt19937_64 generator(1);
    std::printf("\nround   expected return   entropy at the start\n");
    for (int round = 0; round <= rounds; ++round) {
      if (round % 20 == 0)
        std::printf("%5d   %15.4f   %20.4f\n", round, values(z)(0), xent::entropy_from_logits(z.col(0)));
      const MatrixXd old = z;
      const Walks w = walk(old, 20, generator);
      for (int step = 0; step < 4; ++step) {
        loss_and_gradient(z, old, w, bonus, penalty, gradient);
        z -= 5 * gradient;
      }
    }
    std::printf("\nthe likeliest action in every cell:");
    Index steps = 0, best = 0;
    for (Index cell = 0; cell < cells; ++cell) {
      z.col(cell).maxCoeff(&best);
      std::printf("%s %c", cell % side == 0 ? "\n   " : "", ends(cell) ? map[cell] : "<>^v"[best]);
    }
    for (Index cell = 0; !ends(cell) && steps < 99; cell = moved(cell, best), ++steps) z.col(cell).maxCoeff(&best);
    example::ByHand("the way learned", 0).line("steps of the likeliest actions = 3 + 3", static_cast<double>(steps), 6);
    std::printf("expected return %.4f; of the shortest way, without exploring: 0.7000\n", values(z)(0));
  });
}
