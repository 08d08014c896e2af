#ifndef XENT_DETAIL_ARGUMENTS_TARGETS_HPP
#define XENT_DETAIL_ARGUMENTS_TARGETS_HPP

/// Targets of a loss over classes: labels, dense distributions, sparse distributions. Each kind answers the same
/// questions for sample i: which label is it (-1 for a distribution), and what is y_k, asked for k = 0, 1, 2, ... An
/// argument checks itself; its view(), whose type depends on scalars alone, answers.

#include <xent/config.hpp>
#include <xent/detail/arguments/entry_targets.hpp>
#include <xent/detail/arguments/labels.hpp>
#include <xent/detail/arguments/memory.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Derived>
Derived eigen_type(const Eigen::EigenBase<Derived>*);
void eigen_type(const void*);

/// The Eigen expression, dense or not, that T is or derives from; void for everything else.
template <class T>
using EigenOf = decltype(eigen_type(static_cast<const RemoveCvref<T>*>(nullptr)));

template <class T>
constexpr bool is_sparse_expression() {
  if constexpr (std::is_void_v<EigenOf<T>>)
    return false;
  else
    return std::is_same_v<typename EigenOf<T>::StorageKind, Eigen::Sparse>;
}

/// One label per sample. y is 1 at the label and nowhere else.
template <class W>
class LabelTargets {
 public:
  static constexpr bool are_labels = true;
  static constexpr bool are_dense = false;

  struct Reader {
    Index label;
    W operator()(Index k) const { return k == label ? W(1) : W(0); }
  };

  explicit LabelTargets(const Labels& labels) : labels_(labels) {}

  Index label(Index i) const { return labels_[i]; }
  std::string label_as_given(Index i) const { return labels_.as_given(i); }
  void read_labels(Index first, Index count, Index* to) const { labels_.read(first, count, to); }
  bool read_small_labels(Index first, Index count, std::int32_t* to) const {
    return labels_.read_small(first, count, to);
  }
  const std::int32_t* integers(Index first) const {
    return labels_.integers() == nullptr ? nullptr : labels_.integers() + first;
  }
  Reader reader(Index i) const { return {labels_[i]}; }
  W total(Index /*i*/, Index /*classes*/) const { return W(1); }
  /// Calls visit(k, y_k) where y_k is not 0.
  template <class Visit>
  void for_each_entry(Index i, const Visit& visit) const {
    visit(labels_[i], W(1));
  }

 private:
  Labels labels_;
};

template <class T, class W>
class LabelTargetArgument {
 public:
  explicit LabelTargetArgument(const T& labels) : labels_(make_labels(labels)) {}

  template <class Reference>
  void check_shape(const char* function, const Reference& logits, bool one_sample, Index count) const {
    const Index size = labels_.view().size();
    if (size == count) return;
    const bool columns = count == logits.cols();
    // Of logits that are there: those of linear_cross_entropy are a Shape.
    const bool other_axis =
        !std::is_same_v<Reference, Shape> && !one_sample && size == (columns ? logits.rows() : logits.cols());
    const char* const hint = columns ? " (a sample is a column: Axis::rows?)" : " (a sample is a row: Axis::columns?)";
    throw_invalid(function, "labels", text(size), text(count, ", one per sample", other_axis ? hint : ""));
  }
  LabelTargets<W> view() const { return LabelTargets<W>(labels_.view()); }
  /// Integers do not lie where real numbers do.
  static Memory memory() { return {}; }

 private:
  decltype(make_labels(std::declval<const T&>())) labels_;
};

/// The sum of y_k over the classes of a sample.
template <class W, class Reader>
W total_of(Reader reader, Index classes) {
  W total(0);
  for (Index k = 0; k < classes; ++k) total += reader(k);
  return total;
}

/// A dense matrix of y_k.
template <class TargetScalar, class W>
class DenseTargets {
 public:
  static constexpr bool are_labels = false;
  static constexpr bool are_dense = true;
  using Scalar = TargetScalar;

  struct Reader {
    Sample<const Scalar> y;
    W operator()(Index k) const { return widen<W>(y[k]); }
  };

  explicit DenseTargets(const Samples<const Scalar>& samples) : samples_(samples) {}

  static Index label(Index /*i*/) { return -1; }
  const Samples<const Scalar>& samples() const { return samples_; }
  Sample<const Scalar> sample(Index i) const { return samples_[i]; }
  Reader reader(Index i) const { return {samples_[i]}; }
  W total(Index i, Index classes) const { return total_of<W>(reader(i), classes); }

 private:
  Samples<const Scalar> samples_;
};

/// A dense expression of them, shaped like the logits.
template <class Dense, class W>
class DenseTargetArgument {
 public:
  DenseTargetArgument(const Eigen::DenseBase<Dense>& targets, Axis axis, bool one_sample)
      : operand_(targets), axis_(axis), one_sample_(one_sample) {}

  template <class Reference>
  void check_shape(const char* function, const Reference& logits, bool one_sample, Index /*count*/) const {
    if (!fits(logits, operand_, one_sample && is_vector<Dense>))
      throw_invalid(function, "targets", shape_text(operand_.rows(), operand_.cols()),
                    shape_text(logits.rows(), logits.cols()));
  }
  DenseTargets<typename Dense::Scalar, W> view() const {
    return DenseTargets<typename Dense::Scalar, W>(operand_.samples(axis_, one_sample_));
  }
  Memory memory() const { return Memory(operand_.samples(axis_, one_sample_)); }

 private:
  Operand<Dense> operand_;
  Axis axis_;
  bool one_sample_;
};

/// The targets of logits of that scalar, where they have it themselves.
template <class Scalar>
using LabelTargetsOf = LabelTargets<Wide<RealOf<Scalar>>>;
template <class Scalar>
using DenseTargetsOf = DenseTargets<Scalar, Wide<RealOf<Scalar>>>;
template <class Scalar>
using EntryTargetsOf = EntryTargets<Wide<RealOf<Scalar>>>;

/// The labels of logits of type `Logits`.
template <class W, class Logits, class T>
auto make_label_targets(const T& labels) {
  static_assert(is_vector<Logits> || !std::is_integral_v<T>,
                "xent: a plain integer is the label of one sample, and these logits are a matrix: pass one label a "
                "sample, or logits that are a vector at compile time, as .col(0) is");
  return LabelTargetArgument<T, W>(labels);
}

/// The targets of logits of type `Logits`, of whichever kind they are; what is no target stops here, with a sentence.
template <class W, class Logits, class Targets>
auto make_targets(const Targets& targets, [[maybe_unused]] Axis axis) {
  constexpr bool one_sample = is_vector<Logits>;
  if constexpr (is_sparse_expression<Targets>()) {
    static_assert(is_real<typename EigenOf<Targets>::Scalar>, "xent: distributions are real: targets.cast<float>()");
    return SparseTargetArgument<EigenOf<Targets>, W>(targets, axis, one_sample);
  } else if constexpr (holds_integers<Targets>) {
    return make_label_targets<W, Logits>(targets);
  } else if constexpr (is_dense<Targets>) {
    static_assert(is_real<typename DenseOf<Targets>::Scalar>, "xent: distributions are real");
    static_assert(one_sample || !is_vector<DenseOf<Targets>>, "xent: labels must be integers: targets.cast<int>()");
    return DenseTargetArgument<DenseOf<Targets>, W>(targets, axis, one_sample);
  } else {
    return LabelTargetArgument<Targets, W>(targets);
  }
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
