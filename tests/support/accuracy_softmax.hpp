#ifndef XENT_TESTS_ACCURACY_SOFTMAX_HPP
#define XENT_TESTS_ACCURACY_SOFTMAX_HPP

#include <xent/logsumexp.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include "accuracy.hpp"

namespace accuracy {

/// softmax, log_softmax and logsumexp, and the loss and gradient of a label without options but temperature.
template <class Real>
void measure_softmax(Table& table) {
  Row& softmax = table.row<Real>("softmax", 4);
  Row& log_softmax = table.row<Real>("log_softmax", 3.5);
  Row& logsumexp = table.row<Real>("logsumexp", 5.5, "max(|lse|, |max z| / T)");
  for (const Case& c : cases<Real>("softmax", "softmax")) {
    const auto& coefficients = c.input("coefficients");
    for (const Layout& layout : layouts(static_cast<Eigen::Index>(c.input("logits").size()))) {
      const Matrix<Real> z = batch_of<Real>(c.input("logits"), layout);
      const auto t = static_cast<Real>(c.number("temperature"));
      const Matrix<Real> s = xent::softmax(z, {layout.axis, t}), log_s = xent::log_softmax(z, {layout.axis, t});
      for (Eigen::Index i = 0; i < layout.count; ++i) {
        for (std::size_t n = 0; n < coefficients.size(); ++n) {
          const auto k = static_cast<Eigen::Index>(coefficients[n]);
          const std::string where = std::string(layout.name) + ", class " + std::to_string(k);
          see(softmax, c, where, coefficient(s, layout, k, i), c.result("softmax")[n]);
          see(log_softmax, c, where, coefficient(log_s, layout, k, i), c.result("log_softmax")[n]);
        }
      }
      if (t != 1) continue;  // logsumexp has no temperature; the report of the loss has it with one.
      const auto lse = xent::logsumexp(z, layout.axis);
      for (Eigen::Index i = 0; i < layout.count; ++i) {
        see(logsumexp, c, layout.name, lse[i], c.result("logsumexp")[0], c.scale("logsumexp")[0]);
      }
    }
  }
}

template <class Real>
void measure_labels(Table& table) {
  Row& loss = table.row<Real>("loss of a sample, label", 3.5);
  Row& reduced = table.row<Real>("reduced loss, label", 5.5);
  Row& at_label = table.row<Real>("gradient at the label", 4);
  Row& elsewhere = table.row<Real>("gradient off the label", 4);
  Row& logsumexp = table.row<Real>("report.logsumexp", 5.5, "max(|lse|, |max z| / T)");
  Row& entropy = table.row<Real>("report.entropy", 8);
  for (const Case& c : cases<Real>("softmax", "softmax")) {
    const auto& coefficients = c.input("coefficients");
    const auto& labels = c.input("labels");
    const auto classes = static_cast<Eigen::Index>(c.input("logits").size());
    for (const Layout& layout : layouts(classes)) {
      const Matrix<Real> z = batch_of<Real>(c.input("logits"), layout);
      xent::CrossEntropyOptions<Real> options;
      options.axis = layout.axis;
      options.temperature = static_cast<Real>(c.number("temperature"));
      // The sum of one sample is its loss; the gradients of a sum have D = 1.
      options.reduction = xent::Reduction::sum;
      for (std::size_t j = 0; j < labels.size(); ++j) {
        const auto y = static_cast<Eigen::Index>(labels[j]);
        std::vector<Eigen::Index> targets;
        for (Eigen::Index i = 0; i < layout.count; ++i) targets.push_back(turned(y, i, classes));
        const std::string where = std::string(layout.name) + ", label " + std::to_string(y);
        Matrix<Real> gradient(z.rows(), z.cols()), plain_gradient(z.rows(), z.cols());
        xent::CrossEntropyReport<Real> report;
        xent::softmax_cross_entropy(z, targets, gradient, options, &report);
        // Without a report other kernels run; their mean is that of one sample.
        xent::CrossEntropyOptions<Real> mean = options;
        mean.reduction = xent::Reduction::mean;
        xent::softmax_cross_entropy(z, targets, plain_gradient, options);
        see(reduced, c, where + ", mean", xent::softmax_cross_entropy(z, targets, mean), c.result("loss")[j]);
        for (Eigen::Index i = 0; i < layout.count; ++i) {
          see(loss, c, where, report.sample_loss[i], c.result("loss")[j]);
          see(logsumexp, c, where, report.logsumexp[i], c.result("logsumexp")[0], c.scale("logsumexp")[0]);
          see(entropy, c, where, report.entropy[i], c.result("entropy")[0]);
          see(at_label, c, where + ", report", coefficient(gradient, layout, y, i), c.result("label_gradient")[j]);
          see(at_label, c, where, coefficient(plain_gradient, layout, y, i), c.result("label_gradient")[j]);
          for (std::size_t n = 0; n < coefficients.size(); ++n) {
            const auto k = static_cast<Eigen::Index>(coefficients[n]);
            if (k == y) continue;
            const std::string at = where + ", class " + std::to_string(k);
            see(elsewhere, c, at + ", report", coefficient(gradient, layout, k, i), c.result("other_gradient")[n]);
            see(elsewhere, c, at, coefficient(plain_gradient, layout, k, i), c.result("other_gradient")[n]);
          }
        }
      }
    }
  }
}

}  // namespace accuracy

#endif
