#ifndef XENT_TESTS_SEARCH_PROBLEMS_TARGETS_HPP
#define XENT_TESTS_SEARCH_PROBLEMS_TARGETS_HPP

/// The loss of smoothed labels, of distributions and of sparse distributions, with z-loss, and its gradient.

#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/SparseCore>

#include <string>
#include <vector>

#include "case_text.hpp"
#include "problem.hpp"
#include "reference_softmax.hpp"

namespace search {

enum class Targets { smoothed_labels, dense, sparse };

template <class Real, Targets targets>
class TargetProblem : public Problem<Real> {
  using W = Wide<Real>;
  static constexpr bool labels = targets == Targets::smoothed_labels;

 public:
  TargetProblem()
      : Problem<Real>(what_it_reads(), {{name() + ", loss", 4.5},
                                        {name() + ", gradient", 6},
                                        {name() + ", loss with z-loss", 10},
                                        {name() + ", gradient with z-loss", 9}}) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    const Settings<Real>& settings = batch.settings;
    Matrix<Real> gradient = batch.empty_matrix();
    const xent::CrossEntropyReport<Real> report = call(batch, gradient);
    const W scale = W(1) / (W(double{settings.denominator}) * W(double{settings.temperature}));
    const TargetRule<W> rule{W(double{settings.smoothing}), settings.other_classes};
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const Sample<Real>& sample = batch.samples[i];
      s_.set(sample.a.data(), batch.classes(), settings.temperature);
      rule.apply(s_, labels ? one_hot(sample) : sample.b, labels ? std::ptrdiff_t(sample.label) : -1,
                 settings.class_weights, target_);
      const SoftLoss<W> loss(s_, target_, W(double{sample.weight}), W(double{settings.z_loss}));
      const std::size_t kind = settings.z_loss == 0 ? 0 : 2;
      errors.see(kind, i, ulp_error_of(report.sample_loss[Eigen::Index(i)], loss.loss(), loss.loss_size()));
      for (std::size_t k = 0; k < batch.classes(); ++k) {
        errors.see(kind + 1, i,
                   ulp_error_of(batch.at(gradient, k, i), loss.gradient(k, scale), loss.gradient_size(k, scale)));
      }
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& settings,
             const Sample<Real>& sample) const override {
    write_cross_entropy_case(out, description, settings, sample);
  }

 private:
  static std::string name() {
    return labels ? "smoothed labels" : targets == Targets::dense ? "dense targets" : "sparse targets";
  }
  static Inputs what_it_reads() {
    Inputs inputs;
    inputs.b = labels ? Inputs::none : Inputs::targets;
    inputs.label = labels;
    inputs.temperature = inputs.weight = inputs.smoothing = inputs.class_weights = true;
    return inputs;
  }
  static std::vector<Real> one_hot(const Sample<Real>& sample) {
    std::vector<Real> y(sample.a.size());
    y[sample.label] = 1;
    return y;
  }

  static xent::CrossEntropyReport<Real> call(const Batch<Real>& batch, Matrix<Real>& gradient) {
    const Settings<Real>& settings = batch.settings;
    xent::CrossEntropyOptions<Real> options;
    options.axis = axis_of(batch.layout);
    options.temperature = settings.temperature;
    options.denominator = settings.denominator;
    options.label_smoothing = settings.smoothing;
    options.smoothing = settings.other_classes ? xent::Smoothing::other_classes : xent::Smoothing::all_classes;
    options.z_loss = settings.z_loss;
    options.class_weights = settings.class_weights;
    std::vector<Real> weights;
    std::vector<Eigen::Index> indices;
    for (const Sample<Real>& sample : batch.samples) {
      weights.push_back(sample.weight);
      indices.push_back(static_cast<Eigen::Index>(sample.label));
    }
    options.sample_weights = weights;
    const Matrix<Real> z = batch.matrix(&Sample<Real>::a);
    xent::CrossEntropyReport<Real> report;
    if constexpr (labels) {
      xent::softmax_cross_entropy(z, indices, gradient, options, &report);
    } else if constexpr (targets == Targets::dense) {
      xent::softmax_cross_entropy(z, batch.matrix(&Sample<Real>::b), gradient, options, &report);
    } else {
      const Eigen::SparseMatrix<Real> y = batch.matrix(&Sample<Real>::b).sparseView();
      xent::softmax_cross_entropy(z, y, gradient, options, &report);
    }
    return report;
  }

  Softmax<W> s_;
  std::vector<W> target_;
};

}  // namespace search

#endif
