#ifndef XENT_TESTS_REFERENCE_HPP
#define XENT_TESTS_REFERENCE_HPP

/// softmax_cross_entropy from its definition, in long double: plain, slow, sharing no code with the library.
///
/// A matrix is classes x batch, always. Every sum runs over all classes in index order, once per quantity. The only
/// liberty: lse - z_k / T is written (m - z_k) / T + log1p(sum of the others), and (sum Y) s_k - Y_k without its
/// own class on either side, so that the 64 bits of a long double are not spent on cancellation.

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace reference {

using Real = long double;
using Index = Eigen::Index;
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
using Vector = Eigen::Array<Real, Eigen::Dynamic, 1>;

inline constexpr Real infinity = std::numeric_limits<Real>::infinity();
inline constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

struct Options {
  bool mean = true;  // else sum
  std::optional<Real> denominator{};
  Index ignore_index = -100;
  Real label_smoothing = 0;
  bool other_classes = false;  // else all_classes
  Real temperature = 1;
  Real z_loss = 0;
  Vector class_weights{}, sample_weights{};
};

struct Result {
  Real loss = 0, z_loss = 0, denominator = 0, temperature_gradient = 0;
  Index counted = 0, ignored = 0, correct = 0;
  Vector sample_loss, logsumexp, entropy;
  Eigen::Array<Index, Eigen::Dynamic, 1> prediction;
  Matrix gradient;  // d loss / d logits
  Matrix hvp;       // Hessian times the direction, when one was given
};

/// The same options, read from any struct with the library's member names, whose enumerations start with `mean` and
/// `all_classes`.
template <class LibraryOptions>
Options options_from(const LibraryOptions& o) {
  Options r;
  r.mean = static_cast<int>(o.reduction) == 0;
  if (o.denominator) r.denominator = static_cast<Real>(*o.denominator);
  r.ignore_index = o.ignore_index;
  r.label_smoothing = static_cast<Real>(o.label_smoothing);
  r.other_classes = static_cast<int>(o.smoothing) == 1;
  r.temperature = static_cast<Real>(o.temperature);
  r.z_loss = static_cast<Real>(o.z_loss);
  r.class_weights = o.class_weights.template cast<Real>();
  r.sample_weights = o.sample_weights.template cast<Real>();
  return r;
}

/// A sum over the classes k for which `term(k)` is asked.
template <class Term>
Real sum(Index classes, Term term) {
  Real total = 0;
  for (Index k = 0; k < classes; ++k) total += term(k);
  return total;
}

/// What one counted sample adds, with the mean's denominator already chosen.
struct Sample {
  Real loss = 0, z_loss = 0, logsumexp = -infinity, entropy = 0, temperature_gradient = 0;
  Index prediction = -1;
  Vector gradient, hvp;
};

/// The effective target Y of a sample: smoothed over its unmasked classes, then times the class weights.
/// `label` is -1 for a distribution.
inline Vector effective_target(const Vector& z, const Vector& y, Index label, const Options& o) {
  const Index classes = z.size();
  const Real eps = o.label_smoothing;
  const Real sigma = sum(classes, [&](Index k) { return y[k]; });
  Index unmasked = 0, others = 0;
  for (Index k = 0; k < classes; ++k) {
    if (z[k] == -infinity) continue;
    ++unmasked;
    if (k != label) ++others;
  }
  if (label < 0) others = unmasked - 1;
  Vector target(classes);
  for (Index k = 0; k < classes; ++k) {
    const bool in_m = z[k] != -infinity;
    Real smooth = (1 - eps) * y[k];
    if (o.other_classes && others <= 0) {
      smooth = y[k];
    } else if (o.other_classes && in_m) {
      smooth += eps * (sigma - y[k]) / static_cast<Real>(others);
    } else if (in_m) {
      smooth += eps * sigma / static_cast<Real>(unmasked);
    }
    target[k] = (o.class_weights.size() ? o.class_weights[k] : 1) * smooth;
  }
  return target;
}

/// One counted sample. `v` may be empty (no HVP).
inline Sample sample(const Vector& z, const Vector& y, Index label, Real w, Real d, const Vector& v, const Options& o) {
  const Index classes = z.size();
  const Real t = o.temperature, zeta = o.z_loss;
  Sample r;
  r.gradient = Vector::Zero(classes);
  r.hvp = Vector::Zero(v.size());

  bool has_nan = false, has_infinity = false;
  for (Index k = 0; k < classes; ++k) {
    has_nan = has_nan || std::isnan(z[k]) || std::isnan(y[k]);
    has_infinity = has_infinity || z[k] == infinity;
  }
  if (has_nan || has_infinity) {
    r.loss = r.z_loss = r.entropy = r.temperature_gradient = nan;
    r.gradient.setConstant(nan);
    r.hvp.setConstant(nan);
    r.logsumexp = has_nan ? nan : infinity;
    for (Index k = 0; k < classes && !has_nan && r.prediction < 0; ++k) {
      if (z[k] == infinity) r.prediction = k;
    }
    return r;
  }

  const Vector target = effective_target(z, y, label, o);
  Real m = -infinity;
  for (Index k = 0; k < classes; ++k) {
    if (z[k] > m) {
      m = z[k];
      r.prediction = k;
    }
  }
  if (m == -infinity) {
    const bool impossible = (target > 0).any() || zeta > 0;
    r.loss = impossible ? w * infinity : 0;
    r.z_loss = zeta > 0 ? w * infinity : 0;
    return r;
  }

  Vector e(classes);
  for (Index k = 0; k < classes; ++k) e[k] = z[k] == -infinity ? Real(0) : std::exp((z[k] - m) / t);
  const Real total = sum(classes, [&](Index k) { return e[k]; });
  const Vector s = e / total;
  const Real l = std::log1p(sum(classes, [&](Index k) { return k == r.prediction ? Real(0) : e[k]; }));
  const Real lse = m / t + l;
  r.logsumexp = lse;
  r.entropy = sum(classes, [&](Index k) { return s[k] == 0 ? Real(0) : s[k] * ((m - z[k]) / t + l); });

  const Real cross = sum(classes, [&](Index k) { return target[k] == 0 ? Real(0) : target[k] * ((m - z[k]) / t + l); });
  r.z_loss = w * (zeta * lse * lse);
  r.loss = w * (cross + zeta * lse * lse);

  const Real sum_y = sum(classes, [&](Index k) { return target[k]; });
  for (Index k = 0; k < classes; ++k) {
    if (z[k] == -infinity && target[k] == 0) continue;
    // (sum Y) s_k - Y_k (sum s), class k left out of both sums since it cancels.
    const Real y_others = sum(classes, [&](Index j) { return j == k ? Real(0) : target[j]; });
    const Real s_others = sum(classes, [&](Index j) { return j == k ? Real(0) : s[j]; });
    r.gradient[k] = w / (d * t) * (y_others * s[k] - target[k] * s_others + 2 * zeta * lse * s[k]);
  }

  const auto unmasked = [&](auto term) {
    return sum(classes, [&](Index k) { return z[k] == -infinity ? Real(0) : term(k); });
  };
  const Real a = sum_y + 2 * zeta * lse;
  const Real e_abs = unmasked([&](Index k) { return s[k] * (m - z[k]); });
  const Real m_y = unmasked([&](Index k) { return target[k] * (m - z[k]); });
  // A too is a sum over M here: with a masked target the loss is infinite, and this the derivative of its finite terms.
  const Real a_m = unmasked([&](Index k) { return target[k]; }) + 2 * zeta * lse;
  r.temperature_gradient = w / (d * t * t) * (a_m * e_abs - m_y - 2 * zeta * lse * m);

  if (v.size()) {
    const Real mean = unmasked([&](Index k) { return s[k] * v[k]; });
    for (Index k = 0; k < classes; ++k) {
      if (z[k] == -infinity) continue;
      r.hvp[k] = w / (d * t * t) * s[k] * (a * (v[k] - mean) + 2 * zeta * mean);
    }
  }
  return r;
}

inline void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

inline bool finite(const Vector& x) {
  return std::all_of(x.data(), x.data() + x.size(), [](Real v) { return std::isfinite(v); });
}

inline bool non_negative(const Vector& x) {
  return std::all_of(x.data(), x.data() + x.size(), [](Real v) { return v >= 0; });
}

inline void check_options(Index classes, Index batch, const Options& o) {
  require(std::isfinite(o.temperature) && o.temperature > 0, "reference: temperature");
  require(o.label_smoothing >= 0 && o.label_smoothing <= 1, "reference: label_smoothing");
  require(std::isfinite(o.z_loss) && o.z_loss >= 0, "reference: z_loss");
  require(o.class_weights.size() == 0 || o.class_weights.size() == classes, "reference: class_weights");
  require(finite(o.class_weights) && non_negative(o.class_weights), "reference: class_weights");
  require(o.sample_weights.size() == 0 || o.sample_weights.size() == batch, "reference: sample_weights");
  require(finite(o.sample_weights), "reference: sample_weights");
  require(!o.mean || o.denominator || non_negative(o.sample_weights), "reference: sample_weights");
  require(!o.mean || !o.denominator || (std::isfinite(*o.denominator) && *o.denominator >= 0),
          "reference: denominator");
}

/// The whole batch: `labels` is null when `y` holds distributions, and the other way round. An empty direction asks for
/// no HVP.
inline Result whole_batch(const Matrix& z, const std::vector<Index>* labels, const Matrix* y, const Options& o,
                          const Matrix& direction) {
  const Index classes = z.rows(), batch = z.cols();
  const auto label = [&](Index i) { return (*labels)[static_cast<std::size_t>(i)]; };
  const auto weight = [&](Index i) { return o.sample_weights.size() ? o.sample_weights[i] : Real(1); };
  const auto absent = [&](Index i) { return weight(i) == 0 || (labels && label(i) == o.ignore_index); };

  // Arguments and shapes first, then the labels in their order.
  require(!labels || static_cast<Index>(labels->size()) == batch, "reference: labels");
  require(!y || (y->rows() == classes && y->cols() == batch), "reference: targets");
  require(direction.size() == 0 || (direction.rows() == classes && direction.cols() == batch), "reference: direction");
  check_options(classes, batch, o);
  Result r;
  for (Index i = 0; i < batch; ++i) r.counted += absent(i) ? 0 : 1;
  r.ignored = batch - r.counted;
  require(classes > 0 || r.counted == 0, "reference: no classes");
  require(!o.mean || !o.denominator || *o.denominator > 0 || r.counted == 0, "reference: denominator");
  for (Index i = 0; labels && i < batch; ++i) {
    if (!absent(i) && (label(i) < 0 || label(i) >= classes)) throw std::out_of_range("reference: label");
  }

  for (Index i = 0; i < batch; ++i) {
    if (!absent(i)) r.denominator += weight(i) * (labels && o.class_weights.size() ? o.class_weights[label(i)] : 1);
  }
  if (o.mean && o.denominator) r.denominator = *o.denominator;
  // A default denominator of 0 makes loss and gradient 0, not 0/0.
  const bool nothing = o.mean && r.denominator == 0;
  const Real d = o.mean && !nothing ? r.denominator : 1;

  r.sample_loss = r.entropy = Vector::Zero(batch);
  r.logsumexp = Vector::Constant(batch, -infinity);
  r.prediction = Eigen::Array<Index, Eigen::Dynamic, 1>::Constant(batch, -1);
  r.gradient = Matrix::Zero(classes, batch);
  r.hvp = Matrix::Zero(direction.rows(), direction.cols());
  for (Index i = 0; i < batch; ++i) {
    if (absent(i)) continue;
    Vector target = Vector::Zero(classes);
    if (labels) {
      target[label(i)] = 1;
    } else {
      target = y->col(i).array();
    }
    Vector v;
    if (direction.size()) v = direction.col(i).array();
    const Sample one = sample(z.col(i).array(), target, labels ? label(i) : -1, weight(i), d, v, o);
    r.sample_loss[i] = one.loss;
    r.logsumexp[i] = one.logsumexp;
    r.entropy[i] = one.entropy;
    r.prediction[i] = one.prediction;
    // A masked label is never correct: when all are masked the prediction is -1, else it is not masked.
    if (labels && one.prediction == label(i)) ++r.correct;
    if (nothing) continue;
    r.loss += one.loss / d;
    r.z_loss += one.z_loss / d;
    r.temperature_gradient += one.temperature_gradient;
    r.gradient.col(i) = one.gradient.matrix();
    if (direction.size()) r.hvp.col(i) = one.hvp.matrix();
  }
  return r;
}

inline Result softmax_cross_entropy(const Matrix& z, const std::vector<Index>& labels, const Options& o = {},
                                    const Matrix& direction = {}) {
  return whole_batch(z, &labels, nullptr, o, direction);
}

inline Result softmax_cross_entropy(const Matrix& z, const Matrix& targets, const Options& o = {},
                                    const Matrix& direction = {}) {
  return whole_batch(z, nullptr, &targets, o, direction);
}

/// The derivative of f along a direction, by central differences of fourth order. f takes a Matrix and returns a Real
/// or a Matrix. With this step, derivatives of order one leave an error near 1e-12: h^4 of the formula, rounding / h.
template <class Function>
auto directional_difference(Function f, const Matrix& at, const Matrix& direction, Real h = 0x1p-10L) {
  using Value = std::decay_t<decltype(f(at))>;
  const auto move = [&](Real steps) { return Value(f(Matrix(at + steps * h * direction))); };
  const Value near = move(1) - move(-1), far = move(2) - move(-2);
  return Value((8 * near - far) / (12 * h));
}

/// The gradient of a real function of a matrix, one coefficient at a time.
template <class Function>
Matrix central_difference(Function f, const Matrix& at, Real h = 0x1p-10L) {
  Matrix gradient(at.rows(), at.cols()), unit = Matrix::Zero(at.rows(), at.cols());
  for (Index j = 0; j < at.cols(); ++j) {
    for (Index i = 0; i < at.rows(); ++i) {
      unit(i, j) = 1;
      gradient(i, j) = directional_difference(f, at, unit, h);
      unit(i, j) = 0;
    }
  }
  return gradient;
}

}  // namespace reference

#endif
