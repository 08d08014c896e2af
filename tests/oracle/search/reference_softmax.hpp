#ifndef XENT_TESTS_SEARCH_REFERENCE_SOFTMAX_HPP
#define XENT_TESTS_SEARCH_REFERENCE_SOFTMAX_HPP

/// Softmax and the losses that rest on it, by their definitions in numbers W that are wider than the results: double
/// for float, DoubleDouble for double. Where a definition cancels, it is written without: the others' sum in the place
/// of 1 - s.

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "error.hpp"

namespace search {

/// One sample: x_k = (max z - z_k) / T, e_k = exp(-x_k), and what follows from them.
template <class W>
class Softmax {
 public:
  template <class Real>
  void set(const Real* z, std::size_t classes, Real temperature) {
    using std::exp;
    using std::log1p;
    x_.resize(classes);
    e_.resize(classes);
    top_ = 0;
    for (std::size_t k = 1; k < classes; ++k)
      if (z[k] > z[top_]) top_ = k;
    const W maximum(double{z[top_]}), t(double{temperature}), inverse = W(1) / t;
    rest_ = W(0);
    for (std::size_t k = 0; k < classes; ++k) {
      const bool masked = z[k] == -std::numeric_limits<Real>::infinity();
      x_[k] = masked ? W(std::numeric_limits<double>::infinity()) : (maximum - W(double{z[k]})) * inverse;
      e_[k] = masked ? W(0) : exp(-x_[k]);
      if (k != top_) rest_ += e_[k];
    }
    part_ = W(1) / (W(1) + rest_);
    log_sum_ = log1p(rest_);
    of_maximum_ = maximum / t;
  }

  std::size_t classes() const { return x_.size(); }
  std::size_t top() const { return top_; }
  const W& x(std::size_t k) const { return x_[k]; }
  W probability(std::size_t k) const { return e_[k] * part_; }
  /// The sum of the probabilities of all other classes.
  W others(std::size_t k) const { return (k == top_ ? rest_ : W(1) + (rest_ - e_[k])) * part_; }
  /// -log s_k
  W surprise(std::size_t k) const { return is_masked(k) ? x_[k] : x_[k] + log_sum_; }
  bool is_masked(std::size_t k) const { return std::isinf(high_part(x_[k])); }
  W logsumexp() const { return of_maximum_ + log_sum_; }
  /// What the ULP of a logsumexp is of.
  W logsumexp_size() const {
    using std::abs;
    const W lse = abs(logsumexp()), m = abs(of_maximum_);
    return lse < m ? m : lse;
  }
  const W& log_sum() const { return log_sum_; }
  /// sum_k s_k x_k
  W mean_x() const {
    W total(0);
    for (std::size_t k = 0; k < classes(); ++k)
      if (high_part(e_[k]) > 0) total += e_[k] * x_[k];
    return total * part_;
  }
  W entropy() const { return log_sum_ + mean_x(); }

 private:
  std::vector<W> x_, e_;
  std::size_t top_ = 0;
  W rest_{0}, part_{1}, log_sum_{0}, of_maximum_{0};
};

/// The effective target Y of a sample: smoothed over the unmasked classes, then times the class weights.
/// `label` is -1 for a distribution.
template <class W>
struct TargetRule {
  W smoothing{0};
  bool other_classes = false;

  template <class Real>
  void apply(const Softmax<W>& s, const std::vector<Real>& y, std::ptrdiff_t label, const std::vector<Real>& weights,
             std::vector<W>& target) const {
    const std::size_t classes = s.classes();
    W sigma(0);
    int unmasked = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      sigma += W(double{y[k]});
      unmasked += s.is_masked(k) ? 0 : 1;
    }
    const bool at_masked = label >= 0 && s.is_masked(static_cast<std::size_t>(label));
    const int others = unmasked - (at_masked ? 0 : 1);
    target.resize(classes);
    for (std::size_t k = 0; k < classes; ++k) {
      const W own(double{y[k]});
      W smooth = own;
      if (!other_classes || others > 0) {
        smooth = (W(1) - smoothing) * own;
        const W spread = other_classes ? (sigma - own) / W(others) : sigma / W(unmasked);
        if (!s.is_masked(k)) smooth += smoothing * spread;
      }
      target[k] = weights.empty() ? smooth : W(double{weights[k]}) * smooth;
    }
  }
};

/// Loss and gradient of a sample with targets Y >= 0, weight w > 0, z-loss, and what the ULPs of both are of.
template <class W>
class SoftLoss {
 public:
  SoftLoss(const Softmax<W>& s, const std::vector<W>& target, const W& weight, const W& z_loss)
      : s_(s), target_(target), weight_(weight) {
    W sum(0), mean(0);
    bool infinite = false;
    for (std::size_t k = 0; k < s.classes(); ++k) {
      sum += target[k];
      if (high_part(target[k]) > 0) mean += target[k] * s.x(k);
      infinite = infinite || (high_part(target[k]) > 0 && s.is_masked(k));
    }
    const W lse = s.logsumexp(), size = s.logsumexp_size(), cross = sum * s.log_sum() + mean;
    loss_ = weight * (cross + z_loss * lse * lse);
    if (infinite) loss_ = W(high_part(weight) * std::numeric_limits<double>::infinity());
    loss_size_ = infinite ? W(0) : weight * (cross + z_loss * size * size);
    const W twice = z_loss + z_loss;
    factor_ = sum + twice * lse;
    factor_size_ = sum + twice * size;
  }

  const W& loss() const { return loss_; }
  const W& loss_size() const { return loss_size_; }
  /// Both with the factor 1 / (D T).
  W gradient(std::size_t k, const W& scale) const {
    return weight_ * scale * (factor_ * s_.probability(k) - target_[k]);
  }
  W gradient_size(std::size_t k, const W& scale) const {
    const W of_sum = factor_size_ * s_.probability(k);
    return weight_ * scale * (of_sum < target_[k] ? target_[k] : of_sum);
  }

 private:
  const Softmax<W>& s_;
  const std::vector<W>& target_;
  W weight_, loss_{0}, loss_size_{0}, factor_{0}, factor_size_{0};
};

}  // namespace search

#endif
