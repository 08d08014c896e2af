#ifndef XENT_TESTS_OVERLAP_CASES_HPP
#define XENT_TESTS_OVERLAP_CASES_HPP

/// Calls of every function that has an output, on views that a test may let overlap.

#include <xent/xent.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "overlap.hpp"
#include "overlap_draw.hpp"
#include "random.hpp"

namespace support {

/// A call of one function, and the shapes of its arguments and outputs.
template <class Scalar>
struct Case {
  using Shapes = std::vector<std::pair<Index, Index>>;

  std::string name;
  Shapes arguments, outputs;
  std::function<std::vector<xent::RealOf<Scalar>>(std::vector<View<Scalar>>&)> call;  // what it returns
  bool sparse = false;               // argument 1 are the values of sparse targets
  bool other_bits_in_place = false;  // unless classes are contiguous and fit a buffer
};

template <class Scalar>
class Cases {
  using Real = xent::RealOf<Scalar>;
  using Shapes = typename Case<Scalar>::Shapes;
  using V = std::vector<View<Scalar>>;

 public:
  std::vector<Case<Scalar>> all{};

  Cases(const Draw<Scalar>& draw, Random& random) : d(draw) {
    of_softmax();
    of_vectors();
    of_measures();
    of_logits();
    of_coefficients();
    of_targets("labels", {}, [labels = d.labels](V& /*v*/) { return labels; });
    of_targets("dense targets", {m}, [](V& v) { return v[1]; });
    sparse(Pattern<Scalar, Eigen::ColMajor>(m.first, m.second, random));
    sparse(Pattern<Scalar, Eigen::RowMajor>(m.first, m.second, random));
  }

 private:
  /// A function of views that returns nothing or a number.
  template <class Function>
  void add(const std::string& name, Shapes arguments, Shapes outputs, const Function& function) {
    const auto call = [function](V& v) {
      if constexpr (std::is_void_v<decltype(function(v))>) {
        function(v);
        return std::vector<Real>();
      } else {
        return std::vector<Real>{function(v)};
      }
    };
    all.push_back({name, std::move(arguments), std::move(outputs), call});
  }
  /// function(views, report) of one that may fill a report.
  template <class Report, class Function>
  void add_reporting(const std::string& name, Shapes arguments, Shapes outputs, const Function& function) {
    all.push_back({name, std::move(arguments), std::move(outputs), [function, wanted = d.reports](V& v) {
                     Report report;
                     const Real loss = function(v, wanted ? &report : nullptr);
                     return wanted ? numbers_of(loss, report) : std::vector<Real>{loss};
                   }});
  }

  void of_softmax() {
    const auto& o = d.softmax;
    add("softmax", {m}, {m}, [o](V& v) { xent::softmax(v[0], v[1], o); });
    add("log_softmax", {m}, {m}, [o](V& v) { xent::log_softmax(v[0], v[1], o); });
    add("softmax_jvp", {m, m}, {m}, [o](V& v) { xent::softmax_jvp(v[0], v[1], v[2], o); });
    add("softmax_vjp", {m, m}, {m}, [o](V& v) { xent::softmax_vjp(v[0], v[1], v[2], o); });
    add("log_softmax_jvp", {m, m}, {m}, [o](V& v) { xent::log_softmax_jvp(v[0], v[1], v[2], o); });
    add("log_softmax_vjp", {m, m}, {m}, [o](V& v) { xent::log_softmax_vjp(v[0], v[1], v[2], o); });
    add("logsumexp", {m}, {n}, [o](V& v) { xent::logsumexp(v[0], v[1].col(0), o); });
    // What is returned may be assigned to an argument.
    add("logaddexp", {m, m}, {m}, [](V& v) { v[2] = xent::logaddexp(v[0], v[1]); });
    add("softmax_jacobian", {m, m}, {m}, [](V& v) {
      const auto jacobian = xent::softmax_jacobian(v[0].col(0), Real(2));
      v[2] = jacobian * v[1];
    });
    add("information_content", {m}, {m}, [](V& v) { v[1] = xent::information_content(v[0]); });
  }

  /// Vectors at compile time, in either orientation.
  void of_vectors() {
    const std::pair<Index, Index> column{d.classes, 1};
    const std::pair<Index, Index> row{1, d.classes};
    const int label = static_cast<int>(d.classes - 1);
    xent::CrossEntropyOptions<Real> o;
    o.class_weights = d.loss.class_weights;
    add("softmax of a vector", {column}, {row}, [](V& v) { xent::softmax(v[0].col(0), v[1].row(0)); });
    add("log_softmax_vjp of vectors", {row, column}, {row},
        [](V& v) { xent::log_softmax_vjp(v[0].row(0), v[1].col(0), v[2].row(0)); });
    add("softmax_cross_entropy of a vector", {column}, {row},
        [=](V& v) { return xent::softmax_cross_entropy(v[0].col(0), label, v[1].row(0), o); });
    add("softmax_cross_entropy_hvp of a vector", {row, column}, {row},
        [=](V& v) { xent::softmax_cross_entropy_hvp(v[0].row(0), label, v[1].col(0), v[2].row(0), o); });
    add("sigmoid_cross_entropy of a vector", {row, column}, {column},
        [](V& v) { return xent::sigmoid_cross_entropy(v[0].row(0), v[1].col(0), v[2].col(0)); });
    add("entropy_from_logits of a vector", {row}, {column},
        [](V& v) { return xent::entropy_from_logits(v[0].row(0), v[1].col(0)); });
    add("gaussian_nll of vectors", {row, row, column}, {row, column},
        [](V& v) { return xent::gaussian_nll(v[0].row(0), v[1].row(0), v[2].col(0), v[3].row(0), v[4].col(0)); });
  }

  void of_measures() {
    const auto& o = d.measures;
    add("entropy", {m}, {n}, [o](V& v) { xent::entropy(v[0], v[1].col(0), o); });
    add("perplexity", {m}, {n}, [o](V& v) { xent::perplexity(v[0], v[1].col(0), o); });
    add("cross_entropy", {m, m}, {n}, [o](V& v) { xent::cross_entropy(v[0], v[1], v[2].col(0), o); });
    add("kl_divergence", {m, m}, {n}, [o](V& v) { xent::kl_divergence(v[0], v[1], v[2].col(0), o); });
    add("js_divergence", {m, m}, {n}, [o](V& v) { xent::js_divergence(v[0], v[1], v[2].col(0), o); });
  }

  void of_logits() {
    using Report = xent::CrossEntropyReport<Real>;
    const auto& o = d.of_logits;
    add_reporting<Report>("entropy_from_logits", {m}, {m},
                          [o](V& v, Report* report) { return xent::entropy_from_logits(v[0], v[1], o, report); });
    add_reporting<Report>("kl_divergence_from_logits", {m, m}, {m, m}, [o](V& v, Report* report) {
      return xent::kl_divergence_from_logits(v[0], v[1], v[2], v[3], o, report);
    });
    add_reporting<Report>("kl_divergence_from_logits, d_p", {m, m}, {m}, [o](V& v, Report* report) {
      return xent::kl_divergence_from_logits(v[0], v[1], v[2], xent::none, o, report);
    });
    add_reporting<Report>("kl_divergence_from_logits, d_q", {m, m}, {m}, [o](V& v, Report* report) {
      return xent::kl_divergence_from_logits(v[0], v[1], xent::none, v[2], o, report);
    });
  }

  void of_coefficients() {
    const auto& o = d.gaussian;
    const auto& p = d.poisson;
    const std::pair<Index, Index> one{1, 1};
    const std::pair<Index, Index> per_row{m.first, 1};
    const std::pair<Index, Index> per_column{1, m.second};
    add("half_squared_error", {m, m}, {m}, [](V& v) { return xent::half_squared_error(v[0], v[1], v[2]); });
    add("poisson_nll", {m, m}, {m}, [p](V& v) { return xent::poisson_nll(v[0], v[1], v[2], p); });
    add("gaussian_nll", {m, m, m}, {m, m}, [o](V& v) { return xent::gaussian_nll(v[0], v[1], v[2], v[3], v[4], o); });
    add("gaussian_nll, d_mean", {m, m, m}, {m},
        [o](V& v) { return xent::gaussian_nll(v[0], v[1], v[2], v[3], xent::none, o); });
    add("gaussian_nll, d_variance", {m, m, m}, {m},
        [o](V& v) { return xent::gaussian_nll(v[0], v[1], v[2], xent::none, v[3], o); });
    add("gaussian_nll, a variance per row", {m, m, per_row}, {m, per_row},
        [o](V& v) { return xent::gaussian_nll(v[0], v[1], v[2].col(0), v[3], v[4].col(0), o); });
    add("gaussian_nll, a variance per column", {m, m, per_column}, {m, per_column},
        [o](V& v) { return xent::gaussian_nll(v[0], v[1], v[2].row(0), v[3], v[4].row(0), o); });
    if constexpr (std::is_same_v<Scalar, Real>)
      add("gaussian_nll, one variance", {m, m, one}, {m, one},
          [o](V& v) { return xent::gaussian_nll(v[0], v[1], v[2](0, 0), v[3], v[4](0, 0), o); });
  }

  template <int order>
  void sparse(const Pattern<Scalar, order>& pattern) {
    const std::size_t before = all.size();
    of_targets(order == Eigen::ColMajor ? "sparse targets by columns" : "sparse targets by rows", {{pattern.size(), 1}},
               [pattern](V& v) { return pattern.over(v[1]); });
    for (std::size_t i = before; i < all.size(); ++i) all[i].sparse = true;
  }

  /// Of each kind: targets(views), which lie in v[1] if not elsewhere.
  template <class Targets>
  void of_targets(const std::string& name, const Shapes& shape, const Targets& targets) {
    using Report = xent::CrossEntropyReport<Real>;
    const std::size_t k = 1 + shape.size();  // what comes after them
    const auto with = [&](Shapes first, const Shapes& others) {
      first.insert(first.end(), shape.begin(), shape.end());
      first.insert(first.end(), others.begin(), others.end());
      return first;
    };
    add_reporting<Report>("softmax_cross_entropy of " + name, with({m}, {}), {m},
                          [=, o = d.loss](V& v, Report* report) {
                            return xent::softmax_cross_entropy(v[0], targets(v), v[k], o, report);
                          });
    all.back().other_bits_in_place = shape.empty() && d.loss.label_smoothing != Real(0);
    add("softmax_cross_entropy_hvp of " + name, with({m}, {m}), {m},
        [=, o = d.loss](V& v) { xent::softmax_cross_entropy_hvp(v[0], targets(v), v[k], v[k + 1], o); });
    if (!shape.empty())
      if constexpr (!std::is_same_v<decltype(targets(std::declval<V&>())), std::vector<int>>) {
        using Decisions = xent::SigmoidReport<Real>;
        add_reporting<Decisions>("sigmoid_cross_entropy of " + name, with({m}, {}), {m},
                                 [=, o = d.sigmoid](V& v, Decisions* report) {
                                   return xent::sigmoid_cross_entropy(v[0], targets(v), v[k], o, report);
                                 });
      }
    const std::pair<Index, Index> w{d.classes, d.dim};
    const std::pair<Index, Index> x = d.shape(d.dim);
    const std::pair<Index, Index> b{d.classes, 1};
    add_reporting<Report>("linear_cross_entropy of " + name, with({w}, {x, b}), {w, x, b},
                          [=, o = d.linear](V& v, Report* report) {
                            return xent::linear_cross_entropy(v[0], v[k], v[k + 1].col(0), targets(v), v[k + 2],
                                                              v[k + 3], v[k + 4].col(0), o, report);
                          });
    add_reporting<Report>("linear_cross_entropy, d_features, of " + name, with({w}, {x}), {x},
                          [=, o = d.linear](V& v, Report* report) {
                            return xent::linear_cross_entropy(v[0], v[k], xent::none, targets(v), xent::none, v[k + 1],
                                                              xent::none, o, report);
                          });
  }

  const Draw<Scalar>& d;
  const std::pair<Index, Index> m = d.shape(d.classes);
  const std::pair<Index, Index> n{d.batch, 1};
};

}  // namespace support

#endif
