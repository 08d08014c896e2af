#ifndef XENT_TESTS_SUPPORT_SEMANTICS_HPP
#define XENT_TESTS_SUPPORT_SEMANTICS_HPP

/// What the tests of the semantics table share.

#include <cmath>
#include <limits>
#include <vector>

#include "cross_entropy.hpp"

namespace semantics {

using support::every_distribution;
using support::every_kind;
using support::Index;
using support::Kind;
using support::near;
using support::same;

template <class Real>
using Options = xent::CrossEntropyOptions<Real>;
template <class Real>
inline constexpr Real inf = std::numeric_limits<Real>::infinity();
template <class Real>
inline constexpr Real not_a_number = std::numeric_limits<Real>::quiet_NaN();

/// Four samples of three classes with the labels 2, 0, 1, 0; tests change the sample 1.
template <class Real>
support::Batch<Real> batch() {
  support::Matrix<Real> z(3, 4);
  z << Real(1), Real(-1), Real(0.5), Real(2),  //
      Real(0.25), Real(3), Real(-2), Real(0),  //
      Real(-0.5), Real(0), Real(1.5), Real(1);
  return {z, {2, 0, 1, 0}};
}

template <class Derived>
bool all_are(const Eigen::DenseBase<Derived>& x, typename Derived::Scalar value) {
  return same(x, Derived::PlainObject::Constant(x.rows(), x.cols(), value));
}

/// Positive zeros, bit for bit.
template <class Derived>
bool all_positive_zero(const Eigen::DenseBase<Derived>& x) {
  for (Index j = 0; j < x.cols(); ++j)
    for (Index i = 0; i < x.rows(); ++i)
      if (x.derived().coeff(i, j) != 0 || std::signbit(x.derived().coeff(i, j))) return false;
  return true;
}

/// Sample i is reported as absent, and gets no gradient.
template <class Real>
bool absent(const support::Answer<Real>& a, Index i) {
  return a.report.sample_loss[i] == 0 && a.report.logsumexp[i] == -inf<Real> && a.report.entropy[i] == 0 &&
         a.report.prediction[i] == -1 && all_positive_zero(a.gradient.col(i)) && all_positive_zero(a.hvp.col(i));
}

/// Every sample but i has the same gradient and report in both.
template <class Real>
bool others_agree(const support::Answer<Real>& a, const support::Answer<Real>& b, Index i) {
  for (Index j = 0; j < a.gradient.cols(); ++j)
    if (j != i &&
        !(same(a.gradient.col(j), b.gradient.col(j)) && same(a.hvp.col(j), b.hvp.col(j)) &&
          a.report.sample_loss[j] == b.report.sample_loss[j] && a.report.logsumexp[j] == b.report.logsumexp[j] &&
          a.report.entropy[j] == b.report.entropy[j] && a.report.prediction[j] == b.report.prediction[j]))
      return false;
  return true;
}

/// No option, and many of them: what the table says must not depend on them.
template <class Real>
std::vector<Options<Real>> some_options() {
  Options<Real> many;
  many.label_smoothing = Real(0.1);
  many.temperature = Real(0.5);
  many.z_loss = Real(0.01);
  many.class_weights = {Real(2), Real(0.5), Real(1)};
  many.sample_weights = {Real(1), Real(2), Real(0.5), Real(1)};
  Options<Real> others = many;
  others.smoothing = xent::Smoothing::other_classes;
  others.reduction = xent::Reduction::sum;
  Options<Real> by_rows;
  by_rows.axis = xent::Axis::rows;
  return {Options<Real>(), many, others, by_rows};
}

}  // namespace semantics

#endif
