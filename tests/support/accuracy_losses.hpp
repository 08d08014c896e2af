#ifndef XENT_TESTS_ACCURACY_LOSSES_HPP
#define XENT_TESTS_ACCURACY_LOSSES_HPP

#include <xent/likelihood.hpp>
#include <xent/logits.hpp>
#include <xent/sigmoid_cross_entropy.hpp>

#include "accuracy.hpp"

namespace accuracy {

/// Each coefficient is a batch of its own: what the functions return is a sum.
template <class Real>
void measure_coefficients(Table& table) {
  Row& sigmoid = table.row<Real>("sigmoid_cross_entropy", 6);
  Row& sigmoid_gradient = table.row<Real>("sigmoid_cross_entropy, gradient", 6, "its larger term");
  for (const Case& c : cases<Real>("losses", "sigmoid_cross_entropy")) {
    const Vector<Real> z = vector_of<Real>(c.input("logits")), y = vector_of<Real>(c.input("targets"));
    xent::SigmoidOptions<Real> options;
    options.reduction = xent::Reduction::sum;
    options.label_smoothing = static_cast<Real>(c.number("smoothing"));
    options.positive_weights = {static_cast<Real>(c.number("positive_weight"))};
    Vector<Real> gradient(z.size());
    xent::sigmoid_cross_entropy(z, y, gradient, options);
    for (Eigen::Index i = 0; i < z.size(); ++i) {
      const auto n = static_cast<std::size_t>(i);
      const std::string where = "coefficient " + std::to_string(i);
      const Real loss = xent::sigmoid_cross_entropy(z.segment(i, 1), y.segment(i, 1), options);
      see(sigmoid, c, where, loss, c.result("loss")[n]);
      see(sigmoid_gradient, c, where, gradient[i], c.result("gradient")[n], c.scale("gradient")[n]);
    }
  }

  Row& gaussian = table.row<Real>("gaussian_nll", 4, "(|log v| + (x - mean)^2 / v) / 2");
  Row& gaussian_gradient = table.row<Real>("gaussian_nll, d_mean and d_variance", 4);
  for (const Case& c : cases<Real>("losses", "gaussian_nll")) {
    const Vector<Real> mean = vector_of<Real>(c.input("mean")), x = vector_of<Real>(c.input("target")),
                       v = vector_of<Real>(c.input("variance"));
    const xent::GaussianOptions<Real> options{xent::Reduction::sum};
    Vector<Real> d_mean(mean.size()), d_variance(mean.size());
    xent::gaussian_nll(mean, x, v, d_mean, d_variance, options);
    for (Eigen::Index i = 0; i < mean.size(); ++i) {
      const auto n = static_cast<std::size_t>(i);
      const std::string where = "coefficient " + std::to_string(i);
      const Real loss = xent::gaussian_nll(mean.segment(i, 1), x.segment(i, 1), v.segment(i, 1), options);
      see(gaussian, c, where, loss, c.result("loss")[n], c.scale("loss")[n]);
      see(gaussian_gradient, c, where + ", d_mean", d_mean[i], c.result("d_mean")[n]);
      see(gaussian_gradient, c, where + ", d_variance", d_variance[i], c.result("d_variance")[n]);
    }
  }

  Row& poisson = table.row<Real>("poisson_nll", 4, "exp(l) + |x l|");
  Row& poisson_gradient = table.row<Real>("poisson_nll, gradient", 4, "exp(l) + x");
  for (const Case& c : cases<Real>("losses", "poisson_nll")) {
    const Vector<Real> l = vector_of<Real>(c.input("log_rate")), x = vector_of<Real>(c.input("target"));
    xent::PoissonOptions options;
    options.reduction = xent::Reduction::sum;
    Vector<Real> gradient(l.size());
    xent::poisson_nll(l, x, gradient, options);
    for (Eigen::Index i = 0; i < l.size(); ++i) {
      const auto n = static_cast<std::size_t>(i);
      const std::string where = "coefficient " + std::to_string(i);
      const Real loss = xent::poisson_nll(l.segment(i, 1), x.segment(i, 1), options);
      see(poisson, c, where, loss, c.result("loss")[n], c.scale("loss")[n]);
      see(poisson_gradient, c, where, gradient[i], c.result("gradient")[n], c.scale("gradient")[n]);
    }
  }
}

template <class Real>
xent::LogitOptions<Real> logits_options(const Case& c, const Layout& layout) {
  xent::LogitOptions<Real> options;
  options.axis = layout.axis;
  options.reduction = xent::Reduction::sum;
  options.temperature = static_cast<Real>(c.number("temperature"));
  return options;
}

/// The gradient of sample i of a batch of turned copies.
template <class Real>
void see_gradient(Row& row, const Case& c, const Layout& layout, const Matrix<Real>& gradient, Eigen::Index i,
                  const char* name) {
  for (std::size_t k = 0; k < c.result(name).size(); ++k) {
    see(row, c, std::string(layout.name) + ", " + name + ", class " + std::to_string(k),
        coefficient(gradient, layout, static_cast<Eigen::Index>(k), i), c.result(name)[k], c.scale(name)[k]);
  }
}

/// Entropy and KL of the distributions behind logits.
template <class Real>
void measure_logits(Table& table) {
  Row& entropy = table.row<Real>("entropy_from_logits", 4);
  Row& gradient = table.row<Real>("entropy_from_logits, gradient", 8, "its larger term");
  for (const Case& c : cases<Real>("losses", "entropy_from_logits")) {
    const auto classes = static_cast<Eigen::Index>(c.input("logits").size());
    for (const Layout& layout : layouts(classes)) {
      const Matrix<Real> z = batch_of<Real>(c.input("logits"), layout);
      const auto options = logits_options<Real>(c, layout);
      Matrix<Real> d(z.rows(), z.cols());
      xent::CrossEntropyReport<Real> report;
      xent::entropy_from_logits(z, d, options, &report);
      for (Eigen::Index i = 0; i < layout.count; ++i) {
        see(entropy, c, layout.name, report.sample_loss[i], c.result("entropy")[0]);
        see_gradient(gradient, c, layout, d, i, "gradient");
      }
    }
  }

  Row& kl = table.row<Real>("kl_divergence_from_logits", 4.5);
  Row& kl_p =
      table.row<Real>("kl_divergence_from_logits, d_p", 4, "p_k / T max(|log p_k/q_k|, sum_j p_j |log p_j/q_j|)");
  Row& kl_q = table.row<Real>("kl_divergence_from_logits, d_q", 8, "max(p_k, q_k) / T");
  for (const Case& c : cases<Real>("losses", "kl_divergence_from_logits")) {
    for (const Layout& layout : layouts(static_cast<Eigen::Index>(c.input("logits_p").size()))) {
      const Matrix<Real> p = batch_of<Real>(c.input("logits_p"), layout),
                         q = batch_of<Real>(c.input("logits_q"), layout);
      const auto options = logits_options<Real>(c, layout);
      Matrix<Real> d_p(p.rows(), p.cols()), d_q(p.rows(), p.cols());
      xent::CrossEntropyReport<Real> report;
      xent::kl_divergence_from_logits(p, q, d_p, d_q, options, &report);
      for (Eigen::Index i = 0; i < layout.count; ++i) {
        see(kl, c, layout.name, report.sample_loss[i], c.result("kl_divergence")[0]);
        see_gradient(kl_p, c, layout, d_p, i, "d_p");
        see_gradient(kl_q, c, layout, d_q, i, "d_q");
      }
    }
  }
}

}  // namespace accuracy

#endif
