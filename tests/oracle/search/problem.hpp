#ifndef XENT_TESTS_SEARCH_PROBLEM_HPP
#define XENT_TESTS_SEARCH_PROBLEM_HPP

/// What is searched: a call of the library on a batch, and the errors of its results.

#include <xent/types.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "error.hpp"

namespace search {

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

/// What the samples of a call share.
template <class Real>
struct Settings {
  Real temperature{1}, denominator{1}, smoothing{0}, z_loss{0}, positive_weight{1};
  bool other_classes = false;
  int unit = 0;                       // of xent::Unit
  std::vector<Real> class_weights{};  // empty: all ones
};

/// One sample: logits or probabilities, and what is compared with them.
template <class Real>
struct Sample {
  std::vector<Real> a, b;
  std::size_t label = 0;
  Real weight{1};
};

/// Where the classes of a sample lie in memory.
enum class Layout { contiguous, strided };

inline const char* name(Layout layout) { return layout == Layout::contiguous ? "contiguous" : "strided"; }
inline xent::Axis axis_of(Layout layout) {
  return layout == Layout::contiguous ? xent::Axis::columns : xent::Axis::rows;
}

template <class Real>
struct Batch {
  Layout layout = Layout::contiguous;
  Settings<Real> settings;
  std::vector<Sample<Real>> samples;

  std::size_t classes() const { return samples.front().a.size(); }

  /// `a` or `b` of all samples.
  Matrix<Real> matrix(std::vector<Real> Sample<Real>::*part) const {
    const auto count = static_cast<Eigen::Index>(samples.size()), n = static_cast<Eigen::Index>(classes());
    const bool columns = layout == Layout::contiguous;
    Matrix<Real> m(columns ? n : count, columns ? count : n);
    for (Eigen::Index i = 0; i < count; ++i) {
      const std::vector<Real>& values = samples[static_cast<std::size_t>(i)].*part;
      for (Eigen::Index k = 0; k < n; ++k) (columns ? m(k, i) : m(i, k)) = values[static_cast<std::size_t>(k)];
    }
    return m;
  }
  Matrix<Real> empty_matrix() const {
    const auto count = static_cast<Eigen::Index>(samples.size()), n = static_cast<Eigen::Index>(classes());
    return layout == Layout::contiguous ? Matrix<Real>(n, count) : Matrix<Real>(count, n);
  }
  Real at(const Matrix<Real>& m, std::size_t k, std::size_t i) const {
    const auto row = static_cast<Eigen::Index>(k), column = static_cast<Eigen::Index>(i);
    return layout == Layout::contiguous ? m(row, column) : m(column, row);
  }
};

/// The worst error of each quantity in each sample.
class Errors {
 public:
  void reset(std::size_t quantities, std::size_t samples) {
    samples_ = samples;
    errors_.assign(quantities * samples, 0);
  }
  void see(std::size_t quantity, std::size_t sample, double error) {
    double& worst = errors_[quantity * samples_ + sample];
    worst = std::max(worst, error);
  }
  double operator()(std::size_t quantity, std::size_t sample) const { return errors_[quantity * samples_ + sample]; }

 private:
  std::size_t samples_ = 0;
  std::vector<double> errors_;
};

struct Quantity {
  std::string name;
  double bound;  // in ULP
};

/// What the numbers of a sample are, and which settings a problem reads: nothing else is varied.
struct Inputs {
  enum Kind { none, logits, probabilities, targets, decisions };
  Kind a = logits, b = none;
  bool temperature = false, label = false, weight = false, smoothing = false, class_weights = false, unit = false;
  std::size_t numbers = 4096;  // in a call: fewer where the reference is slow
  std::vector<std::size_t> classes{2, 3, 4, 5, 8, 10, 16, 17, 33, 64, 100, 129, 400};
};

template <class Real>
class Problem {
 public:
  Problem(Inputs inputs, std::vector<Quantity> quantities)
      : inputs_(std::move(inputs)), quantities_(std::move(quantities)) {}
  virtual ~Problem() = default;
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;

  const Inputs& inputs() const { return inputs_; }
  const std::vector<Quantity>& quantities() const { return quantities_; }

  virtual void judge(const Batch<Real>& batch, Errors& errors) = 0;
  /// The inputs as a case of tests/data without results; see tests/oracle/README.md. Nothing if no case has such.
  virtual void write(std::ostream& out, const std::string& description, const Settings<Real>& settings,
                     const Sample<Real>& sample) const = 0;

 private:
  Inputs inputs_;
  std::vector<Quantity> quantities_;
};

}  // namespace search

#endif
