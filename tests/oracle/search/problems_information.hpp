#ifndef XENT_TESTS_SEARCH_PROBLEMS_INFORMATION_HPP
#define XENT_TESTS_SEARCH_PROBLEMS_INFORMATION_HPP

/// Entropy, cross-entropy and divergences of probabilities; entropy and divergence of logits; logaddexp and the sigmoid
/// cross-entropy, whose coefficients are samples of their own.

#include <xent/information.hpp>
#include <xent/logits.hpp>
#include <xent/logsumexp.hpp>
#include <xent/sigmoid_cross_entropy.hpp>

#include <string>
#include <vector>

#include "case_text.hpp"
#include "problem.hpp"
#include "reference_information.hpp"

namespace search {

enum class Measure { entropy, cross_entropy, kl_divergence, js_divergence };

template <class Real, Measure measure>
class MeasureProblem : public Problem<Real> {
  using W = Wide<Real>;

 public:
  MeasureProblem() : Problem<Real>(what_it_reads(), {{name(), 8}}) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    const Matrix<Real> p = batch.matrix(&Sample<Real>::a), q = batch.matrix(&Sample<Real>::b);
    const auto unit = static_cast<xent::Unit>(batch.settings.unit);
    const xent::Axis axis = axis_of(batch.layout);
    const Eigen::Array<Real, Eigen::Dynamic, 1> got = [&] {
      if constexpr (measure == Measure::entropy) return xent::entropy(p, axis, unit);
      if constexpr (measure == Measure::cross_entropy) return xent::cross_entropy(p, q, axis, unit);
      if constexpr (measure == Measure::kl_divergence) return xent::kl_divergence(p, q, axis, unit);
      if constexpr (measure == Measure::js_divergence) return xent::js_divergence(p, q, axis, unit);
    }();
    using std::log;
    const W nat = unit == xent::Unit::nats ? W(1) : log(W(unit == xent::Unit::bits ? 2 : 10));
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const std::vector<W> a = widened(batch.samples[i].a), b = widened(batch.samples[i].b);
      const W exact = measure == Measure::entropy         ? entropy_of(a)
                      : measure == Measure::cross_entropy ? cross_entropy_of(a, b)
                      : measure == Measure::kl_divergence ? kl_divergence_of(a, b)
                                                          : js_divergence_of(a, b);
      errors.see(0, i, ulp_error(got[Eigen::Index(i)], exact / nat));
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& /*settings*/,
             const Sample<Real>& sample) const override {
    write_case<Real>(out, "distributions", description);
    write_input(out, "p", sample.a);
    write_input(out, "q", sample.b);
  }

 private:
  static std::string name() {
    const char* const names[] = {"entropy", "cross_entropy", "kl_divergence", "js_divergence"};
    return names[static_cast<int>(measure)];
  }
  static Inputs what_it_reads() {
    Inputs inputs;
    inputs.a = inputs.b = Inputs::probabilities;
    inputs.unit = true;
    return inputs;
  }
  static std::vector<W> widened(const std::vector<Real>& values) {
    std::vector<W> wide;
    for (const Real value : values) wide.push_back(W(double{value}));
    return wide;
  }
};

template <class Real>
xent::LogitOptions<Real> logit_options(const Batch<Real>& batch) {
  xent::LogitOptions<Real> options;
  options.axis = axis_of(batch.layout);
  options.temperature = batch.settings.temperature;
  options.denominator = batch.settings.denominator;
  options.sample_weights.resize(Eigen::Index(batch.samples.size()));
  Eigen::Index i = 0;
  for (const Sample<Real>& sample : batch.samples) options.sample_weights[i++] = sample.weight;
  return options;
}

inline Inputs inputs_of_logits(Inputs::Kind second) {
  Inputs inputs;
  inputs.b = second;
  if (second == Inputs::logits) inputs.numbers = 1024;
  inputs.temperature = inputs.weight = true;
  return inputs;
}

template <class Real>
class LogitEntropyProblem : public Problem<Real> {
  using W = Wide<Real>;

 public:
  LogitEntropyProblem()
      : Problem<Real>(inputs_of_logits(Inputs::none),
                      {{"entropy_from_logits", 4}, {"entropy_from_logits, gradient", 8}}) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    Matrix<Real> gradient = batch.empty_matrix();
    xent::CrossEntropyReport<Real> report;
    xent::entropy_from_logits(batch.matrix(&Sample<Real>::a), gradient, logit_options(batch), &report);
    const Settings<Real>& settings = batch.settings;
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const W w(double{batch.samples[i].weight});
      s_.set(batch.samples[i].a.data(), batch.classes(), settings.temperature);
      errors.see(0, i, ulp_error(report.sample_loss[Eigen::Index(i)], w * s_.entropy()));
      const W scale = w / (W(double{settings.denominator}) * W(double{settings.temperature})), mean = s_.mean_x();
      for (std::size_t k = 0; k < batch.classes(); ++k) {
        const W factor = scale * s_.probability(k), larger = s_.x(k) < mean ? mean : s_.x(k);
        errors.see(1, i, ulp_error_of(batch.at(gradient, k, i), factor * (s_.x(k) - mean), factor * larger));
      }
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& settings,
             const Sample<Real>& sample) const override {
    write_case<Real>(out, "entropy_from_logits", description);
    write_input(out, "temperature", settings.temperature);
    write_input(out, "logits", sample.a);
  }

 private:
  Softmax<W> s_;
};

template <class Real>
class LogitDivergenceProblem : public Problem<Real> {
 public:
  LogitDivergenceProblem()
      : Problem<Real>(inputs_of_logits(Inputs::logits), {{"kl_divergence_from_logits", 4.5},
                                                         {"kl_divergence_from_logits, d_p", 4},
                                                         {"kl_divergence_from_logits, d_q", 8}}) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    using W = DoubleDouble;
    Matrix<Real> d_p = batch.empty_matrix(), d_q = batch.empty_matrix();
    xent::CrossEntropyReport<Real> report;
    xent::kl_divergence_from_logits(batch.matrix(&Sample<Real>::a), batch.matrix(&Sample<Real>::b), d_p, d_q,
                                    logit_options(batch), &report);
    const Settings<Real>& settings = batch.settings;
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const Sample<Real>& sample = batch.samples[i];
      const W w(double{sample.weight}), scale = w / (W(double{settings.denominator}) * W(double{settings.temperature}));
      divergence_.set(sample.a, sample.b, settings.temperature);
      errors.see(0, i, ulp_error(report.sample_loss[Eigen::Index(i)], w * divergence_.value()));
      for (std::size_t k = 0; k < batch.classes(); ++k) {
        const W d_p_size = scale * divergence_.d_p_size(k);
        errors.see(1, i, ulp_error_of(batch.at(d_p, k, i), scale * divergence_.d_p(k), d_p_size));
        const auto [exact, size] = divergence_.d_q_and_size(k);
        errors.see(2, i, ulp_error_of(batch.at(d_q, k, i), scale * exact, scale * size));
      }
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& settings,
             const Sample<Real>& sample) const override {
    write_case<Real>(out, "kl_divergence_from_logits", description);
    write_input(out, "temperature", settings.temperature);
    write_input(out, "logits_p", sample.a);
    write_input(out, "logits_q", sample.b);
  }

 private:
  LogitDivergence divergence_;
};

template <class Real>
class LogAddExpProblem : public Problem<Real> {
  using W = Wide<Real>;

 public:
  LogAddExpProblem() : Problem<Real>(what_it_reads(), {{"logaddexp", 4}}) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    const Matrix<Real> got = xent::logaddexp(batch.matrix(&Sample<Real>::a), batch.matrix(&Sample<Real>::b));
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      for (std::size_t k = 0; k < batch.classes(); ++k) {
        const Real pair[2] = {batch.samples[i].a[k], batch.samples[i].b[k]};
        s_.set(pair, 2, Real(1));
        errors.see(0, i, ulp_error_of(batch.at(got, k, i), s_.logsumexp(), s_.logsumexp_size()));
      }
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& /*settings*/,
             const Sample<Real>& sample) const override {
    write_case<Real>(out, "logaddexp", description);
    write_input(out, "a", sample.a);
    write_input(out, "b", sample.b);
  }

 private:
  static Inputs what_it_reads() {
    Inputs inputs;
    inputs.b = Inputs::logits;
    inputs.classes = {1, 3};
    return inputs;
  }

  Softmax<W> s_;
};

template <class Real>
class SigmoidProblem : public Problem<Real> {
  using W = Wide<Real>;

 public:
  SigmoidProblem()
      : Problem<Real>(what_it_reads(), {{"sigmoid_cross_entropy", 6}, {"sigmoid_cross_entropy, gradient", 6}}) {}

  void judge(const Batch<Real>& batch, Errors& errors) override {
    const Settings<Real>& settings = batch.settings;
    xent::SigmoidOptions<Real> options;
    options.axis = axis_of(batch.layout);
    options.denominator = settings.denominator;
    options.label_smoothing = settings.smoothing;
    options.positive_weights = std::vector<Real>(batch.classes(), settings.positive_weight);
    std::vector<Real> weights;
    for (const Sample<Real>& sample : batch.samples) weights.push_back(sample.weight);
    options.sample_weights = weights;
    Matrix<Real> gradient = batch.empty_matrix();
    xent::SigmoidReport<Real> report;
    xent::sigmoid_cross_entropy(batch.matrix(&Sample<Real>::a), batch.matrix(&Sample<Real>::b), gradient, options,
                                &report);
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const Sample<Real>& sample = batch.samples[i];
      const W w(double{sample.weight}), scale = w / W(double{settings.denominator});
      W loss(0);
      for (std::size_t k = 0; k < batch.classes(); ++k) {
        const Decision<W> exact(W(double{sample.a[k]}), W(double{sample.b[k]}), W(double{settings.positive_weight}),
                                W(double{settings.smoothing}));
        loss += exact.loss;
        errors.see(1, i, ulp_error_of(batch.at(gradient, k, i), scale * exact.gradient, scale * exact.gradient_size));
      }
      errors.see(0, i, ulp_error(report.sample_loss[Eigen::Index(i)], w * loss));
    }
  }

  void write(std::ostream& out, const std::string& description, const Settings<Real>& settings,
             const Sample<Real>& sample) const override {
    write_case<Real>(out, "sigmoid_cross_entropy", description);
    write_input(out, "logits", sample.a);
    write_input(out, "targets", sample.b);
    write_input(out, "positive_weight", settings.positive_weight);
    write_input(out, "smoothing", settings.smoothing);
  }

 private:
  static Inputs what_it_reads() {
    Inputs inputs;
    inputs.b = Inputs::decisions;
    inputs.weight = inputs.smoothing = true;
    inputs.classes = {1, 1, 1, 3, 17};
    return inputs;
  }
};

}  // namespace search

#endif
