#ifndef XENT_TESTS_SEARCH_CHECK_HPP
#define XENT_TESTS_SEARCH_CHECK_HPP

/// The reference against the 400-digit values of tests/data.

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "case_text.hpp"
#include "error.hpp"
#include "reference_information.hpp"
#include "reference_softmax.hpp"
#include "support/oracle.hpp"

namespace search {

/// The difference of a reference value and the exact one, in ULP of Real.
template <class Real, class W>
double difference(const W& reference, const oracle::Exact& exact, double size = 0) {
  if (!std::isfinite(exact.hi)) return high_part(reference) == exact.hi ? 0 : HUGE_VAL;
  const double magnitude = std::max(std::fabs(exact.hi), size);
  if (magnitude < smallest_judged<Real> || magnitude > double(std::numeric_limits<Real>::max())) return 0;
  const double rest = exact.hi == 0 ? 0 : std::ldexp(static_cast<double>(exact.rest), oracle::last_place(exact.hi));
  const double apart = (high_part(reference) - exact.hi) + (low_part(reference) - rest);
  return std::fabs(apart) * power_of_two(std::numeric_limits<Real>::digits - 1 - binade(magnitude));
}

/// Holds the reference for Real against all cases.
template <class Real>
class ReferenceCheck {
  using W = Wide<Real>;

 public:
  void run() {
    for (const char* file : {"softmax", "cross_entropy", "information", "losses"}) {
      for (const oracle::Case& c : oracle::read(file)) {
        if (c.scalar != scalar_name<Real>()) continue;
        if (c.function == "softmax") softmax(c);
        if (c.function == "cross_entropy") cross_entropy(c);
        if (c.function == "distributions") distributions(c);
        if (c.function == "logaddexp") logaddexp(c);
        if (c.function == "sigmoid_cross_entropy") sigmoid_cross_entropy(c);
        if (c.function == "entropy_from_logits") entropy_from_logits(c);
        if (c.function == "kl_divergence_from_logits") kl_from_logits(c);
      }
    }
  }

  /// Prints the worst differences; false if one is above a thousandth of an ULP.
  bool report() const {
    bool good = !worst_.empty();
    for (const auto& [name, worst] : worst_) {
      std::printf("reference, %-6s %-45s %10ld values within %.2g ULP\n", scalar_name<Real>(), name.c_str(),
                  worst.count, worst.error);
      if (!(worst.error <= 1e-3)) good = false;
    }
    return good;
  }

 private:
  struct Worst {
    double error = 0;
    long count = 0;
  };

  void see(const oracle::Case& c, const char* name, std::size_t n, const W& reference) {
    see_any(c, name, n, reference);
  }
  template <class Number>
  void see_any(const oracle::Case& c, const char* name, std::size_t n, const Number& reference) {
    const double size = c.scales.count(name) != 0 ? c.scale(name)[n] : 0;
    const double error = difference<Real>(reference, c.result(name)[n], size);
    Worst& worst = worst_[c.function + ", " + name];
    ++worst.count;
    if (!(error <= worst.error)) worst.error = error;
  }

  static std::vector<Real> numbers(const oracle::Case& c, const char* name) {
    const std::vector<double>& values = c.input(name);
    return std::vector<Real>(values.begin(), values.end());
  }
  static W number(const oracle::Case& c, const char* name) { return W(c.number(name)); }

  void softmax(const oracle::Case& c) {
    const std::vector<Real> z = numbers(c, "logits");
    const W t = number(c, "temperature");
    Softmax<W> s;
    s.set(z.data(), z.size(), static_cast<Real>(c.number("temperature")));
    for (std::size_t n = 0; n < c.input("coefficients").size(); ++n) {
      const auto k = static_cast<std::size_t>(c.input("coefficients")[n]);
      see(c, "softmax", n, s.probability(k));
      see(c, "log_softmax", n, -s.surprise(k));
      see(c, "other_gradient", n, s.probability(k) / t);
    }
    for (std::size_t n = 0; n < c.input("labels").size(); ++n) {
      const auto k = static_cast<std::size_t>(c.input("labels")[n]);
      see(c, "loss", n, s.surprise(k));
      see(c, "label_gradient", n, -s.others(k) / t);
    }
    see(c, "logsumexp", 0, s.logsumexp());
    see(c, "entropy", 0, s.entropy());
  }

  void cross_entropy(const oracle::Case& c) {
    const auto classes = static_cast<std::size_t>(c.input("shape")[0]);
    const auto batch = static_cast<std::size_t>(c.input("shape")[1]);
    const std::vector<Real> z = numbers(c, "logits");
    const bool labels = c.has("labels");
    const std::vector<Real> weights = c.has("sample_weights") ? numbers(c, "sample_weights") : std::vector<Real>();
    const auto class_weights = c.has("class_weights") ? numbers(c, "class_weights") : std::vector<Real>();
    const TargetRule<W> rule{number(c, "smoothing"), c.number("other_classes") != 0};
    // The denominator of a mean without one is the sum of the weights: no part of this reference.
    const bool known = c.number("mean") == 0 || c.has("denominator");
    const W d = c.number("mean") != 0 && c.has("denominator") ? number(c, "denominator") : W(1);
    const W scale = W(1) / (d * number(c, "temperature"));
    Softmax<W> s;
    std::vector<W> target;
    for (std::size_t i = 0; i < batch; ++i) {
      s.set(&z[i * classes], classes, static_cast<Real>(c.number("temperature")));
      std::vector<Real> y(classes);
      std::ptrdiff_t label = -1;
      if (labels) {
        label = static_cast<std::ptrdiff_t>(c.input("labels")[i]);
        y[static_cast<std::size_t>(label)] = 1;
      } else {
        for (std::size_t k = 0; k < classes; ++k) y[k] = static_cast<Real>(c.input("targets")[i * classes + k]);
      }
      rule.apply(s, y, label, class_weights, target);
      const SoftLoss<W> loss(s, target, W(weights.empty() ? 1 : double(weights[i])), number(c, "z_loss"));
      see(c, "sample_loss", i, loss.loss());
      for (std::size_t k = 0; known && k < classes; ++k) see(c, "gradient", i * classes + k, loss.gradient(k, scale));
    }
  }

  void distributions(const oracle::Case& c) {
    const std::vector<double>&p = c.input("p"), &q = c.input("q");
    const std::vector<W> a(p.begin(), p.end()), b(q.begin(), q.end());
    bool finite = true;
    for (std::size_t k = 0; k < p.size(); ++k) finite = finite && (p[k] == 0 || q[k] > 0);
    see(c, "entropy", 0, entropy_of(a));
    if (finite) see(c, "cross_entropy", 0, cross_entropy_of(a, b));
    if (finite) see(c, "kl_divergence", 0, kl_divergence_of(a, b));
    see(c, "js_divergence", 0, js_divergence_of(a, b));
  }

  void logaddexp(const oracle::Case& c) {
    for (std::size_t n = 0; n < c.input("a").size(); ++n) {
      const double a = c.input("a")[n], b = c.input("b")[n];
      if (!std::isfinite(a) || !std::isfinite(b)) continue;
      const Real pair[2] = {static_cast<Real>(a), static_cast<Real>(b)};
      Softmax<W> s;
      s.set(pair, 2, Real(1));
      see(c, "logaddexp", n, s.logsumexp());
    }
  }

  void sigmoid_cross_entropy(const oracle::Case& c) {
    for (std::size_t n = 0; n < c.input("logits").size(); ++n) {
      const Decision<W> d(W(c.input("logits")[n]), W(c.input("targets")[n]), number(c, "positive_weight"),
                          number(c, "smoothing"));
      see(c, "loss", n, d.loss);
      see(c, "gradient", n, d.gradient);
    }
  }

  void entropy_from_logits(const oracle::Case& c) {
    const std::vector<Real> z = numbers(c, "logits");
    Softmax<W> s;
    s.set(z.data(), z.size(), static_cast<Real>(c.number("temperature")));
    see(c, "entropy", 0, s.entropy());
    for (std::size_t k = 0; k < z.size(); ++k) {
      if (!std::isfinite(z[k])) continue;
      see(c, "gradient", k, s.probability(k) / number(c, "temperature") * (s.x(k) - s.mean_x()));
    }
  }

  void kl_from_logits(const oracle::Case& c) {
    const std::vector<Real> p = numbers(c, "logits_p"), q = numbers(c, "logits_q");
    for (std::size_t k = 0; k < p.size(); ++k)
      if (!std::isfinite(p[k]) || !std::isfinite(q[k])) return;
    LogitDivergence divergence;
    divergence.set(p, q, static_cast<Real>(c.number("temperature")));
    const DoubleDouble scale = DoubleDouble(1) / DoubleDouble(c.number("temperature"));
    see_any(c, "kl_divergence", 0, divergence.value());
    for (std::size_t k = 0; k < p.size(); ++k) {
      see_any(c, "d_p", k, scale * divergence.d_p(k));
      see_any(c, "d_q", k, scale * divergence.d_q_and_size(k).first);
    }
  }

  std::map<std::string, Worst> worst_;
};

}  // namespace search

#endif
