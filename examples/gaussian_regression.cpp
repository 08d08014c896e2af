/// Linear regression as maximum likelihood: the minimiser of gaussian_nll is the least-squares one.
///
/// Five points, a line a + b t, Gaussian noise of one unknown variance. The mean that minimises the loss does not
/// depend on the variance and is the least-squares line; the variance that does is the mean squared residual. Where the
/// noise of each point is known and different, the minimiser is that of weighted least squares.

#include <xent/likelihood.hpp>

#include <Eigen/Core>
#include <Eigen/QR>

#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "support/by_hand.hpp"
#include "support/command_line.hpp"
#include "support/program.hpp"

namespace {

using Eigen::MatrixXd;
using Eigen::Vector2d;
using Eigen::VectorXd;

struct Points {
  MatrixXd design;  // [points x 2]: 1 and t
  VectorXd y;
};

Points points() {
  Points p{MatrixXd::Ones(5, 2), VectorXd(5)};
  p.design.col(1) << 0, 1, 2, 3, 4;
  p.y << 1, 3, 2, 5, 4;
  return p;
}

struct Fit {
  Vector2d line{0, 0};
  double variance = 1;
  double loss = 0;
};

/// Gradient descent on the line and on log v, whose derivative is v times that of v. Momentum makes up for the
/// different curvatures.
Fit minimise(const Points& p, double rate, int most_steps) {
  Fit fit;
  Vector2d velocity(0, 0);
  VectorXd d_mean;
  double log_variance = 0, log_velocity = 0, d_variance = 0;
  for (int step = 0; step < most_steps; ++step) {
    fit.variance = std::exp(log_variance);
    const VectorXd mean = p.design * fit.line;
    fit.loss = xent::gaussian_nll(mean, p.y, fit.variance, d_mean, d_variance);
    const Vector2d d_line = p.design.transpose() * d_mean;
    const double d_log_variance = d_variance * fit.variance;
    if (d_line.cwiseAbs().maxCoeff() < 1e-14 && std::abs(d_log_variance) < 1e-14) return fit;
    velocity = 0.9 * velocity - rate * d_line;
    log_velocity = 0.9 * log_velocity - rate * d_log_variance;
    fit.line += velocity;
    log_variance += log_velocity;
  }
  throw std::runtime_error("the minimum was not reached: take more steps or another rate");
}

/// Known variances, one a point.
Vector2d minimise(const Points& p, const VectorXd& variances, double rate, int most_steps) {
  Vector2d line(0, 0), velocity(0, 0);
  VectorXd d_mean;
  for (int step = 0; step < most_steps; ++step) {
    const VectorXd mean = p.design * line;
    xent::gaussian_nll(mean, p.y, variances, d_mean, xent::none);
    const Vector2d d_line = p.design.transpose() * d_mean;
    if (d_line.cwiseAbs().maxCoeff() < 1e-14) return line;
    velocity = 0.9 * velocity - rate * d_line;
    line += velocity;
  }
  throw std::runtime_error("the minimum was not reached: take more steps or another rate");
}

}  // namespace

int main(int argc, char** argv) {
  return example::run("gaussian_regression", [&] {
    int steps = 100000;
    double rate = 0.05;
    example::CommandLine command("gaussian_regression", "Maximum likelihood with Gaussian noise is least squares.");
    command.add("--steps", "N", "steps of gradient descent at most", steps, 1, 10000000);
    command.add("--rate", "X", "learning rate", rate, 1e-6, 10.0);
    if (!command.parse(argc, argv)) return;

    const Points p = points();
    // With t - 2 and y - 3: sum of squares of t 10, of products 8. Squared residuals .16 + .64 + 1 + 1.44 + .36 = 3.6.
    const Fit fit = minimise(p, rate, steps);
    const example::ByHand table("t = 0, 1, 2, 3, 4 and y = 1, 3, 2, 5, 4", 1e-12);
    table.line("slope = 8 / 10", fit.line(1), 0.8);
    table.line("intercept = 3 - 2 slope", fit.line(0), 1.4);
    table.line("variance = 3.6 / 5", fit.variance, 0.72);
    table.line("loss = (log variance + 1) / 2", fit.loss, (std::log(0.72) + 1) / 2);

    const Vector2d least_squares = p.design.colPivHouseholderQr().solve(p.y);
    const VectorXd fitted = p.design * fit.line;
    table.line("slope of least squares by QR", fit.line(1), least_squares(1));
    table.line("intercept of least squares by QR", fit.line(0), least_squares(0));
    table.line("half the squared error = 3.6 / 2", xent::half_squared_error(fitted, p.y), 1.8);
    const xent::GaussianOptions<double> all{xent::Reduction::sum, 0, true};
    table.line("v = 1, with constants: 1.8 + 5/2 log 2 pi", xent::gaussian_nll(fitted, p.y, 1, all),
               1.8 + 2.5 * std::log(2 * std::acos(-1.0)));

    // Points of variance 1/2 count twice as much as those of variance 1: (t, y) = (0, 1) and (4, 4) twice. Of those
    // seven, t has mean 2 and y has mean 20 / 7; with t - 2, squares 4 + 4 + 1 + 0 + 1 + 4 + 4 = 18, products 14.
    const VectorXd variances = (VectorXd(5) << 0.5, 1, 1, 1, 0.5).finished();
    const Vector2d weighted = minimise(p, variances, rate, steps);
    const example::ByHand second("first and last point with variance 1/2", 1e-12);
    second.line("slope = 14 / 18", weighted(1), 14.0 / 18);
    second.line("intercept = 20 / 7 - 2 slope", weighted(0), 20.0 / 7 - 28.0 / 18);
    std::printf("\nevery computed number agrees with the one by hand\n");
  });
}
