#ifndef XENT_TESTS_SEARCH_REFERENCE_INFORMATION_HPP
#define XENT_TESTS_SEARCH_REFERENCE_INFORMATION_HPP

/// The measures of distributions, the divergence of two logits, and the functions of single numbers, in numbers W that
/// are wider than the results. Sums have no terms that cancel.

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "error.hpp"
#include "reference_softmax.hpp"

namespace search {

/// Where the terms of a function cancel for small arguments, its series is summed: up to here.
constexpr double small = 1. / 64;

/// The sum of c_n v^n for n = 2, 3, ... with |v| <= small and |c_n| <= 1.
template <class W, std::size_t count>
W series_from_square(const W& v, const std::array<W, count>& c) {
  W sum(0);
  for (std::size_t n = count; n > 2; --n) sum = c[n - 1] + v * sum;
  return v * v * sum;
}

/// (1 + u) log(1 + u) - u = sum of (-u)^n / (n (n - 1)), for |u| <= small.
template <class W>
W entropy_gap_series(const W& u) {
  static const std::array<W, 20> c = [] {
    std::array<W, 20> table;
    for (int n = 2; n < 20; ++n) table[std::size_t(n)] = W(1) / W(n * (n - 1));
    return table;
  }();
  return series_from_square(-u, c);
}

/// exp(v) - 1 - v
template <class W>
W exp_gap(const W& v) {
  using std::exp;
  static const std::array<W, 15> c = [] {
    std::array<W, 15> table;
    W factorial(1);
    for (int n = 2; n < 15; ++n) table[std::size_t(n)] = W(1) / (factorial = factorial * W(n));
    return table;
  }();
  return std::fabs(high_part(v)) > small ? exp(v) - W(1) - v : series_from_square(v, c);
}

template <class W>
W entropy_of(const std::vector<W>& p) {
  using std::log;
  W sum(0);
  for (const W& a : p)
    if (high_part(a) > 0) sum += a * -log(a);
  return sum;
}

template <class W>
W cross_entropy_of(const std::vector<W>& p, const std::vector<W>& q) {
  using std::log;
  W sum(0);
  for (std::size_t k = 0; k < p.size(); ++k)
    if (high_part(p[k]) > 0) sum += p[k] * -log(q[k]);
  return sum;
}

/// p log(p / q) - p + q, which is never negative.
template <class W>
W divergence_term(const W& p, const W& q) {
  using std::log;
  if (high_part(p) == 0) return q;
  const W u = (p - q) / q;
  if (std::fabs(high_part(u)) <= small) return q * entropy_gap_series(u);
  return p * log(p / q) - (p - q);
}

template <class W>
W kl_divergence_of(const std::vector<W>& p, const std::vector<W>& q) {
  W sum(0);
  for (std::size_t k = 0; k < p.size(); ++k) sum += divergence_term(p[k], q[k]);
  return sum;
}

template <class W>
W js_divergence_of(const std::vector<W>& p, const std::vector<W>& q) {
  W sum(0);
  for (std::size_t k = 0; k < p.size(); ++k) {
    const W middle = (p[k] + q[k]) * W(0.5);
    if (high_part(middle) > 0) sum += divergence_term(p[k], middle) + divergence_term(q[k], middle);
  }
  return sum * W(0.5);
}

/// KL(softmax(z_p / T) || softmax(z_q / T)), of logits that are all finite.
class LogitDivergence {
  using W = DoubleDouble;

 public:
  template <class Real>
  void set(const std::vector<Real>& z_p, const std::vector<Real>& z_q, Real temperature) {
    s_.set(z_p.data(), z_p.size(), temperature);
    const std::size_t classes = z_p.size(), top = s_.top();
    const W inverse = W(1) / W(double{temperature}), at_top = W(double{z_q[top]}) - W(double{z_p[top]});
    p_.resize(classes);
    v_.resize(classes);
    W mean(0), sum(0);
    for (std::size_t k = 0; k < classes; ++k) {
      p_[k] = s_.probability(k);
      v_[k] = (W(double{z_q[k]}) - W(double{z_p[k]}) - at_top) * inverse;
      mean += p_[k] * v_[k];
    }
    for (std::size_t k = 0; k < classes; ++k) {
      v_[k] = v_[k] - mean;
      sum += p_[k] * exp_gap(v_[k]);
    }
    value_ = log1p(sum);
    size_ = W(0);
    for (std::size_t k = 0; k < classes; ++k) size_ += p_[k] * abs(value_ - v_[k]);
  }

  const W& value() const { return value_; }
  /// The gradients, without the factor w / (D T), and what their ULPs are of.
  W d_p(std::size_t k) const { return -(p_[k] * v_[k]); }
  W d_p_size(std::size_t k) const {
    const W ratio = abs(value_ - v_[k]);
    return p_[k] * (ratio < size_ ? size_ : ratio);
  }
  std::pair<W, W> d_q_and_size(std::size_t k) const {
    const W x = v_[k] - value_, growth = x + exp_gap(x);
    const W gradient = p_[k] * growth;
    return {gradient, growth.hi > 0 ? p_[k] + gradient : p_[k]};
  }

 private:
  Softmax<W> s_;
  std::vector<W> p_, v_;
  W value_, size_;
};

/// log(1 + exp(x))
template <class W>
W softplus(const W& x) {
  using std::abs;
  using std::exp;
  using std::log1p;
  const W rest = log1p(exp(-abs(x)));
  return high_part(x) > 0 ? x + rest : rest;
}

template <class W>
W sigmoid(const W& x) {
  using std::abs;
  using std::exp;
  const W e = exp(-abs(x));
  return (high_part(x) > 0 ? W(1) : e) / (W(1) + e);
}

/// Loss and gradient of a decision, without weight: u softplus(-z) + d softplus(z).
template <class W>
struct Decision {
  W loss, gradient, gradient_size;

  Decision(const W& z, const W& y, const W& positive_weight, const W& smoothing) {
    const W half = smoothing * W(0.5), kept = W(1) - smoothing;
    const W up = positive_weight * (kept * y + half), down = kept * (W(1) - y) + half;
    loss = up * softplus(-z) + down * softplus(z);
    const W of_up = up * sigmoid(-z), of_down = down * sigmoid(z);
    gradient = of_down - of_up;
    gradient_size = of_up < of_down ? of_down : of_up;
  }
};

}  // namespace search

#endif
