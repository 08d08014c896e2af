// Compiled once for each set of flags, with another name for its function each time.

#include "bits.hpp"

#include <xent/logsumexp.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>

#include <Eigen/Core>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

std::vector<Line> UNIT();

namespace {

using Eigen::Index;
template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
template <class Real>
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), but of numbers instead of bytes, and with the high bits stirred
// in again, which a product moves up. Expressions of matrices would be computed with the flags of the unit: here are
// none.
class Digest {
 public:
  template <class Number>
  void add(const Number& x) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &x, sizeof(Number));
    value_ = (value_ ^ value_ >> 32U ^ bits) * 0x100000001B3U;
  }
  template <class Numbers>
  void add_all(const Numbers& numbers) {
    for (Index i = 0; i < numbers.size(); ++i) add(numbers.data()[i]);
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325U;
};

// The high bits of a linear congruence, as a multiple of 2^-19 in [-16, 16): exact in every type.
class Numbers {
 public:
  double next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(static_cast<std::int64_t>(state_ >> 40U) - (std::int64_t{1} << 23U)) * 0x1p-19;
  }

 private:
  std::uint64_t state_ = 1;
};

template <class Real>
class Lines {
 public:
  Lines(std::string scalar, std::vector<Line>& lines) : scalar_(std::move(scalar)), lines_(lines) {}

  void add(Index classes, Index samples, xent::Axis axis, bool with_options) {
    const bool columns = axis == xent::Axis::columns;
    Matrix<Real> z(columns ? classes : samples, columns ? samples : classes);
    Numbers numbers;
    for (Index i = 0; i < z.size(); ++i) z.data()[i] = static_cast<Real>(numbers.next());
    z.data()[z.size() / 3] = -std::numeric_limits<Real>::infinity();
    Eigen::VectorXi labels(samples);
    for (Index i = 0; i < samples; ++i) labels[i] = static_cast<int>(i * 7 % classes);

    const std::string shape = scalar_ + " " + std::to_string(classes) + " x " + std::to_string(samples) +
                              (columns ? "" : ", samples side by side") + ": ";
    xent::CrossEntropyOptions<Real> options;
    options.axis = axis;
    add_cross_entropy(shape + "labels, ", z, labels, options);
    if (with_options) {
      options.temperature = static_cast<Real>(1.7);
      options.label_smoothing = static_cast<Real>(0.1);
      options.z_loss = static_cast<Real>(1e-3);
      options.class_weights = Vector<Real>::Constant(classes, static_cast<Real>(0.3));
      options.sample_weights = Vector<Real>::Constant(samples, static_cast<Real>(1.1));
      add_cross_entropy(shape + "labels with options, ", z, labels, options);
    }

    Matrix<Real> out(z.rows(), z.cols());
    for (const double temperature : {1.0, 0.7}) {
      if (temperature != 1 && !with_options) break;
      const std::string with = temperature == 1 ? "" : " with a temperature";
      const xent::SoftmaxOptions<Real> softmax_options{axis, static_cast<Real>(temperature), {}};
      xent::softmax(z, out, softmax_options);
      add_line(shape + "softmax" + with, out);
      xent::log_softmax(z, out, softmax_options);
      add_line(shape + "log_softmax" + with, out);
    }
    add_line(shape + "logsumexp", xent::logsumexp(z, axis));
  }

 private:
  void add_cross_entropy(const std::string& name, const Matrix<Real>& z, const Eigen::VectorXi& labels,
                         const xent::CrossEntropyOptions<Real>& options) {
    Matrix<Real> gradient(z.rows(), z.cols());
    add_number(name + "loss alone", xent::softmax_cross_entropy(z, labels, options));
    add_number(name + "loss", xent::softmax_cross_entropy(z, labels, gradient, options));
    add_line(name + "gradient", gradient);
    gradient = z;
    add_number(name + "loss in place", xent::softmax_cross_entropy(gradient, labels, gradient, options));
    add_line(name + "gradient in place", gradient);
    xent::CrossEntropyReport<Real> report;
    add_number(name + "loss with a report", xent::softmax_cross_entropy(z, labels, gradient, options, &report));
    add_line(name + "gradient with a report", gradient);
    add_number(name + "z_loss", report.z_loss);
    add_number(name + "temperature gradient", report.temperature_gradient);
    add_number(name + "correct", report.correct);
    add_line(name + "sample losses", report.sample_loss);
    add_line(name + "logsumexps", report.logsumexp);
    add_line(name + "entropies", report.entropy);
    add_line(name + "predictions", report.prediction);
  }

  template <class Number>
  void add_number(const std::string& name, const Number& x) {
    Digest digest;
    digest.add(x);
    lines_.push_back({name, digest.value()});
  }
  template <class Results>
  void add_line(const std::string& name, const Results& results) {
    Digest digest;
    digest.add_all(results);
    lines_.push_back({name, digest.value()});
  }

  std::string scalar_;
  std::vector<Line>& lines_;
};

template <class Real>
void add_all(const std::string& scalar, std::vector<Line>& result) {
  Lines<Real> lines(scalar, result);
  for (const xent::Axis axis : {xent::Axis::columns, xent::Axis::rows})
    for (const Index classes : {2, 3, 10, 40, 100, 1000, 5000}) lines.add(classes, 20000 / classes + 3, axis, true);
  if (!xent::simd::has_kernels()) return;
  // What is larger than 4 MiB goes past the caches.
  constexpr Index large = 1100000 * sizeof(float) / sizeof(Real);
  for (const Index classes : {10, 1000, 30000}) lines.add(classes, large / classes, xent::Axis::columns, false);
  lines.add(large / 2, 2, xent::Axis::columns, false);
}

}  // namespace

std::vector<Line> UNIT() {
  std::vector<Line> lines;
  add_all<float>("float", lines);
  add_all<double>("double", lines);
  return lines;
}
