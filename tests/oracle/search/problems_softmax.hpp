#ifndef XENT_TESTS_SEARCH_PROBLEMS_SOFTMAX_HPP
#define XENT_TESTS_SEARCH_PROBLEMS_SOFTMAX_HPP

/// softmax, log_softmax, logsumexp, and the loss of a label with its gradient.

#include <xent/logsumexp.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <string>
#include <vector>

#include "case_text.hpp"
#include "problem.hpp"
#include "reference_softmax.hpp"

namespace search {

template <class Real>
void write_softmax_case(std::ostream& out, const std::string& description, const Settings<Real>& settings,
                        const Sample<Real>& sample) {
  write_case<Real>(out, "softmax", description);
  write_input(out, "temperature", settings.temperature);
  write_input(out, "logits", sample.a);
  write_input(out, "labels", static_cast<double>(sample.label));
}

inline Inputs inputs_of_softmax() {
  Inputs inputs;
  inputs.temperature = true;
  inputs.classes.insert(inputs.classes.end(), {1000, 4097});
  return inputs;
}

enum class SoftmaxFunction { softmax, log_softmax, logsumexp };

template <class Real, SoftmaxFunction function>
class SoftmaxProblem : public Problem<Real> {
  using W = Wide<Real>;

 public:
  SoftmaxProblem() : Problem<Real>(inputs_of_softmax(), {quantity()}) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    const Matrix<Real> z = batch.matrix(&Sample<Real>::a);
    const Real t = batch.settings.temperature;
    const xent::SoftmaxOptions<Real> options{axis_of(batch.layout), t, {}};
    Matrix<Real> out;
    if constexpr (function == SoftmaxFunction::softmax) {
      out = xent::softmax(z, options);
    } else if constexpr (function == SoftmaxFunction::log_softmax) {
      out = xent::log_softmax(z, options);
    } else {
      out = xent::logsumexp(z, options);
    }
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      s_.set(batch.samples[i].a.data(), batch.classes(), t);
      if constexpr (function == SoftmaxFunction::logsumexp) {
        errors.see(0, i, ulp_error_of(out(Eigen::Index(i), 0), s_.logsumexp(), s_.logsumexp_size()));
      } else {
        for (std::size_t k = 0; k < batch.classes(); ++k) {
          const W exact = function == SoftmaxFunction::softmax ? s_.probability(k) : -s_.surprise(k);
          errors.see(0, i, ulp_error(batch.at(out, k, i), exact));
        }
      }
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& settings,
             const Sample<Real>& sample) const override {
    write_softmax_case(out, description, settings, sample);
  }

 private:
  static Quantity quantity() {
    if (function == SoftmaxFunction::softmax) return {"softmax", 4};
    if (function == SoftmaxFunction::log_softmax) return {"log_softmax", 3.5};
    return {"logsumexp", 5.5};
  }

  Softmax<W> s_;
};

/// What a call with labels returns: each choice runs kernels of its own.
enum class Wanted { report, gradient, both };

/// Labels without options but temperature; `weighted` has sample and class weights and a denominator as well.
template <class Real, Wanted wanted, bool weighted>
class LabelProblem : public Problem<Real> {
  using W = Wide<Real>;
  static constexpr bool has_report = wanted != Wanted::gradient, has_gradient = wanted != Wanted::report;

 public:
  LabelProblem() : Problem<Real>(what_it_reads(), what_it_judges()) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    const Matrix<Real> z = batch.matrix(&Sample<Real>::a);
    const Settings<Real>& settings = batch.settings;
    xent::CrossEntropyOptions<Real> options;
    options.axis = axis_of(batch.layout);
    options.temperature = settings.temperature;
    options.reduction = weighted ? xent::Reduction::mean : xent::Reduction::sum;
    std::vector<Eigen::Index> labels;
    std::vector<Real> weights;
    for (const Sample<Real>& sample : batch.samples) {
      labels.push_back(static_cast<Eigen::Index>(sample.label));
      weights.push_back(sample.weight);
    }
    if (weighted) {
      options.denominator = settings.denominator;
      options.sample_weights = weights;
      options.class_weights = settings.class_weights;
    }
    Matrix<Real> gradient = batch.empty_matrix();
    xent::CrossEntropyReport<Real> report;
    if constexpr (wanted == Wanted::report) xent::softmax_cross_entropy(z, labels, options, &report);
    if constexpr (wanted == Wanted::gradient) xent::softmax_cross_entropy(z, labels, gradient, options);
    if constexpr (wanted == Wanted::both) xent::softmax_cross_entropy(z, labels, gradient, options, &report);
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const Sample<Real>& sample = batch.samples[i];
      s_.set(sample.a.data(), batch.classes(), settings.temperature);
      const auto row = static_cast<Eigen::Index>(i);
      W w(1), scale = W(1) / W(double{settings.temperature});
      if (weighted) {
        w = W(double{sample.weight});
        if (!settings.class_weights.empty()) w = w * W(double{settings.class_weights[sample.label]});
        scale = scale / W(double{settings.denominator});
      }
      std::size_t quantity = 0;
      if (has_report) {
        errors.see(quantity++, i, ulp_error(report.sample_loss[row], w * s_.surprise(sample.label)));
        errors.see(quantity++, i, ulp_error_of(report.logsumexp[row], s_.logsumexp(), s_.logsumexp_size()));
        errors.see(quantity++, i, ulp_error(report.entropy[row], s_.entropy()));
      }
      if (!has_gradient) continue;
      for (std::size_t k = 0; k < batch.classes(); ++k) {
        const bool at_label = k == sample.label;
        const W exact = w * scale * (at_label ? -s_.others(k) : s_.probability(k));
        errors.see(at_label ? quantity : quantity + 1, i, ulp_error(batch.at(gradient, k, i), exact));
      }
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& settings,
             const Sample<Real>& sample) const override {
    if (!weighted) return write_softmax_case(out, description, settings, sample);
    write_cross_entropy_case(out, description, settings, sample);
  }

 private:
  static Inputs what_it_reads() {
    Inputs inputs = inputs_of_softmax();
    inputs.label = true;
    inputs.weight = inputs.class_weights = weighted;
    return inputs;
  }
  static std::vector<Quantity> what_it_judges() {
    const std::string how =
        std::string(has_report ? ", report" : "") + (has_gradient ? ", gradient" : "") + (weighted ? ", weights" : "");
    std::vector<Quantity> all;
    if (has_report) all = {{"label loss" + how, 3.5}, {"report.logsumexp" + how, 5.5}, {"report.entropy" + how, 8}};
    if (has_gradient) all.push_back({"label gradient, at" + how, 4});
    if (has_gradient) all.push_back({"label gradient, off" + how, 4});
    return all;
  }

  Softmax<W> s_;
};

}  // namespace search

#endif
