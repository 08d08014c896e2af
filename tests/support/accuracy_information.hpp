#ifndef XENT_TESTS_ACCURACY_INFORMATION_HPP
#define XENT_TESTS_ACCURACY_INFORMATION_HPP

#include <xent/counts.hpp>
#include <xent/information.hpp>
#include <xent/logsumexp.hpp>
#include <xent/softmax_jacobian.hpp>

#include <algorithm>
#include <cmath>

#include "accuracy.hpp"

namespace accuracy {

struct NamedUnit {
  xent::Unit unit;
  const char* suffix;  // of the result's name in the file
};
inline constexpr NamedUnit units[] = {
    {xent::Unit::nats, ""}, {xent::Unit::bits, ".bits"}, {xent::Unit::hartleys, ".hartleys"}};

/// entropy, cross_entropy, kl_divergence, js_divergence in all units, and perplexity.
template <class Real>
void measure_distributions(Table& table) {
  using Numbers = Eigen::Array<Real, Eigen::Dynamic, 1>;
  Row& entropy = table.row<Real>("entropy", 8);
  Row& cross = table.row<Real>("cross_entropy", 8);
  Row& kl = table.row<Real>("kl_divergence", 8);
  Row& js = table.row<Real>("js_divergence", 8);
  Row& uniform = table.row<Real>("bits of powers of two", 0);
  Row& perplexity = table.row<Real>("perplexity", 1, "2 + 2 H times its own ULP");
  for (const Case& c : cases<Real>("information", "distributions")) {
    for (const Layout& layout : layouts(static_cast<Eigen::Index>(c.input("p").size()))) {
      const Matrix<Real> p = batch_of<Real>(c.input("p"), layout), q = batch_of<Real>(c.input("q"), layout);
      const auto see_all = [&](Row& row, const Numbers& got, const std::string& name) {
        for (const Real result : got) see(row, c, std::string(layout.name) + ", " + name, result, c.result(name)[0]);
      };
      for (const NamedUnit& u : units) {
        const std::string suffix = u.suffix;
        see_all(entropy, xent::entropy(p, layout.axis, u.unit), "entropy" + suffix);
        see_all(cross, xent::cross_entropy(p, q, layout.axis, u.unit), "cross_entropy" + suffix);
        see_all(kl, xent::kl_divergence(p, q, layout.axis, u.unit), "kl_divergence" + suffix);
        see_all(js, xent::js_divergence(p, q, layout.axis, u.unit), "js_divergence" + suffix);
      }
      if (c.description.rfind("uniform", 0) == 0) {
        see_all(uniform, xent::entropy(p, layout.axis, xent::Unit::bits), "entropy.bits");
        see_all(uniform, xent::cross_entropy(p, q, layout.axis, xent::Unit::bits), "cross_entropy.bits");
      }
      for (const Real got : xent::perplexity(p, layout.axis)) {
        const double share = 2 + 2 * c.result("entropy")[0].hi;
        const Exact& exact = c.result("perplexity")[0];
        perplexity.worst.see(oracle::ulp_error(got, exact) / share,
                             [&] { return describe(c, layout.name, got, exact); });
      }
    }
  }
}

template <class Real>
void measure_joints(Table& table) {
  Row& joint = table.row<Real>("joint_entropy", 8);
  Row& conditional = table.row<Real>("conditional_entropy", 8);
  Row& mutual = table.row<Real>("mutual_information", 8, "max(I, 2^-150 N), in float max(I, 2^-60 N)");
  for (const Case& c : cases<Real>("information", "joint")) {
    const auto& values = c.input("joint");
    const Matrix<Real> j =
        vector_of<Real>(values)
            .reshaped(static_cast<Eigen::Index>(c.input("shape")[1]), static_cast<Eigen::Index>(c.input("shape")[0]))
            .transpose();
    // Entries above 1 have terms of the other sign: no bound.
    const bool bounded = *std::max_element(values.begin(), values.end()) <= 1;
    for (const NamedUnit& u : units) {
      const auto measure = [&](Row& row, Real got, const char* name) {
        const std::string result = name + std::string(u.suffix);
        see(row, c, result, got, c.result(result)[0], c.scales.count(result) ? c.scale(result)[0] : 0);
      };
      if (bounded) measure(joint, xent::joint_entropy(j, u.unit), "joint_entropy");
      measure(conditional, xent::conditional_entropy(j, u.unit), "conditional_entropy");
      measure(mutual, xent::mutual_information(j, u.unit), "mutual_information");
    }
  }
}

/// information_content, logaddexp, and the entropies from counts.
template <class Real>
void measure_numbers(Table& table) {
  Row& content = table.row<Real>("information_content", 3);
  for (const Case& c : cases<Real>("information", "information_content")) {
    const Vector<Real> p = vector_of<Real>(c.input("p"));
    for (const NamedUnit& u : units) {
      const std::string name = "information_content" + std::string(u.suffix);
      const Vector<Real> got = xent::information_content(p, u.unit);
      for (Eigen::Index n = 0; n < p.size(); ++n) {
        see(content, c, name + " " + std::to_string(n), got[n], c.result(name)[static_cast<std::size_t>(n)]);
      }
    }
  }
  Row& logaddexp = table.row<Real>("logaddexp", 4, "max(|lse|, |max(a, b)|)");
  for (const Case& c : cases<Real>("information", "logaddexp")) {
    const Vector<Real> a = vector_of<Real>(c.input("a")), b = vector_of<Real>(c.input("b"));
    const Vector<Real> got = xent::logaddexp(a, b);
    for (std::size_t n = 0; n < c.input("a").size(); ++n) {
      see(logaddexp, c, "pair " + std::to_string(n), got[static_cast<Eigen::Index>(n)], c.result("logaddexp")[n],
          c.scale("logaddexp")[n]);
    }
  }
  if (std::is_same_v<Real, float>) return;
  Row& counts = table.row<Real>("entropy_from_counts", 8);
  for (const Case& c : cases<Real>("information", "entropy_from_counts")) {
    const Vector<double> n = vector_of<double>(c.input("counts"));
    for (const NamedUnit& u : units) {
      const std::string ml = "maximum_likelihood" + std::string(u.suffix), mm = "miller_madow" + std::string(u.suffix);
      see(counts, c, ml, xent::entropy_from_counts(n, u.unit), c.result(ml)[0]);
      see(counts, c, mm, xent::entropy_from_counts(n, xent::Estimator::miller_madow, u.unit), c.result(mm)[0]);
    }
  }
}

/// The products with the Jacobians, given probabilities.
template <class Real>
void measure_jacobian(Table& table) {
  const char* terms = "the sum of the absolute values of its terms";
  Row& softmax = table.row<Real>("softmax_jvp", 8, terms);
  Row& log_softmax_jvp = table.row<Real>("log_softmax_jvp", 8, terms);
  Row& log_softmax_vjp = table.row<Real>("log_softmax_vjp", 8, terms);
  for (const Case& c : cases<Real>("jacobian", "jacobian")) {
    const auto classes = static_cast<Eigen::Index>(c.input("probabilities").size());
    const auto t = static_cast<Real>(c.number("temperature"));
    for (const Layout& layout : layouts(classes)) {
      const Matrix<Real> s = batch_of<Real>(c.input("probabilities"), layout);
      const Matrix<Real> v = batch_of<Real>(c.input("direction"), layout);
      const auto see_all = [&](Row& row, const Matrix<Real>& got, const char* name) {
        for (Eigen::Index i = 0; i < layout.count; ++i) {
          for (Eigen::Index k = 0; k < classes; ++k) {
            const auto n = static_cast<std::size_t>(k);
            see(row, c, std::string(layout.name) + ", class " + std::to_string(k), coefficient(got, layout, k, i),
                c.result(name)[n], c.scale(name)[n]);
          }
        }
      };
      see_all(softmax, xent::softmax_jvp(s, v, {layout.axis, t}), "softmax_jvp");
      see_all(softmax, xent::softmax_vjp(s, v, {layout.axis, t}), "softmax_jvp");
      see_all(log_softmax_jvp, xent::log_softmax_jvp(s, v, {layout.axis, t}), "log_softmax_jvp");
      see_all(log_softmax_vjp, xent::log_softmax_vjp(s, v, {layout.axis, t}), "log_softmax_vjp");
      if (layout.count == 1) {
        const Matrix<Real> product = xent::softmax_jacobian(s.col(0), t) * v;
        see_all(softmax, product, "softmax_jvp");
      }
    }
  }
}

}  // namespace accuracy

#endif
