#ifndef XENT_DETAIL_TARGETS_HPP
#define XENT_DETAIL_TARGETS_HPP

/// Targets of a loss over classes: labels, dense distributions, sparse distributions. Each kind answers the same
/// questions for sample i: which label is it (-1 for a distribution), and what is y_k, asked for k = 0, 1, 2, ... An
/// argument checks itself; its view(), whose type depends on scalars alone, answers. (Sparse ones are their own view.)

#include <xent/config.hpp>
#include <xent/detail/error.hpp>
#include <xent/detail/labels.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/wide.hpp>
#include <xent/types.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
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

/// One label a sample. y is 1 at the label and nowhere else.
template <class Labels, class W>
class LabelTargets {
 public:
  static constexpr bool are_labels = true;
  static constexpr bool are_dense = false;

  struct Reader {
    Index label;
    W operator()(Index k) const { return k == label ? W(1) : W(0); }
  };

  explicit LabelTargets(const Labels& labels) : labels_(labels) {}

  const Labels& labels() const { return labels_; }
  Index label(Index i) const { return labels_[i]; }
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

/// The labels from the first-th on where they lie as 32-bit integers, one after the other; else null.
template <class Targets>
const std::int32_t* integers_of(const Targets& /*targets*/, Index /*first*/) {
  return nullptr;
}
template <class W>
const std::int32_t* integers_of(const LabelTargets<LabelsAt<std::int32_t>, W>& targets, Index first) {
  const LabelsAt<std::int32_t>& labels = targets.labels();
  return labels.stride == 1 ? labels.data + first : nullptr;
}

template <class T, class W>
class LabelTargetArgument {
 public:
  explicit LabelTargetArgument(const T& labels) : labels_(make_labels(labels)) {}

  template <class Reference>
  void check(const char* function, const Reference& /*logits*/, bool /*one_sample*/, Index count) const {
    const Index size = labels_.view().size();
    if (size != count) throw_invalid(function, "labels", text(size), text(count, ", one a sample"));
  }
  auto view() const {
    const auto labels = labels_.view();
    return LabelTargets<RemoveCvref<decltype(labels)>, W>(labels);
  }

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
  void check(const char* function, const Reference& logits, bool one_sample, Index /*count*/) const {
    if (!fits(logits, operand_, one_sample && is_vector<Dense>))
      throw_invalid(function, "targets", shape_text(operand_.rows(), operand_.cols()),
                    shape_text(logits.rows(), logits.cols()));
  }
  DenseTargets<typename Dense::Scalar, W> view() const {
    return DenseTargets<typename Dense::Scalar, W>(operand_.samples(axis_, one_sample_));
  }

 private:
  Operand<Dense> operand_;
  Axis axis_;
  bool one_sample_;
};

/// A sparse matrix of y_k, shaped like the logits. Its entries are walked where they lie if they lie sample by sample,
/// in increasing order of the class, as Eigen stores them; otherwise they are regrouped once, in time and memory
/// proportional to their number. Eigen/Core has all that this needs.
template <class Sparse, class W>
class SparseTargets {
  using Scalar = typename Sparse::Scalar;
  static constexpr bool in_memory = (static_cast<unsigned>(Sparse::Flags) & Eigen::CompressedAccessBit) != 0U;
  static constexpr bool row_major = (static_cast<unsigned>(Sparse::Flags) & Eigen::RowMajorBit) != 0U;
  using Evaluated = std::conditional_t<in_memory, const Sparse&, const typename Sparse::PlainObject>;
  using Iterator = Eigen::InnerIterator<RemoveCvref<Evaluated>>;

  struct Entry {
    Index index;
    Scalar value;
  };

 public:
  static constexpr bool are_labels = false;
  static constexpr bool are_dense = false;

  /// y_k for increasing k: the entries of a sample, zero between them.
  class Reader {
   public:
    Reader(const SparseTargets& targets, Index i) {
      if (targets.regrouped_) {
        next_ = targets.entries_.data() + targets.starts_[static_cast<std::size_t>(i)];
        last_ = targets.entries_.data() + targets.starts_[static_cast<std::size_t>(i) + 1];
      } else {
        iterator_.emplace(targets.targets_, i);
      }
      read();
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    W operator()(Index k) {
      while (entry_ && entry_->index < k) {
        if (iterator_)
          ++*iterator_;
        else
          ++next_;
        read();
      }
      return entry_ && entry_->index == k ? widen<W>(entry_->value) : W(0);
    }

   private:
    void read() {
      entry_.reset();
      if (iterator_) {
        if (*iterator_) entry_ = Entry{static_cast<Index>(iterator_->index()), iterator_->value()};
      } else if (next_ != last_) {
        entry_ = *next_;
      }
    }

    std::optional<Iterator> iterator_{};  // in place
    const Entry* next_ = nullptr;         // regrouped
    const Entry* last_ = nullptr;
    std::optional<Entry> entry_{};
  };

  SparseTargets(const Sparse& targets, Axis axis, bool one_sample)
      : targets_(targets), axis_(axis), one_sample_(one_sample) {
    regrouped_ = one_sample ? targets_.outerSize() != 1 : row_major != (axis == Axis::rows);
    if (regrouped_) regroup();
  }
  SparseTargets(const SparseTargets&) = delete;
  SparseTargets& operator=(const SparseTargets&) = delete;

  template <class Reference>
  void check(const char* function, const Reference& logits, bool one_sample, Index /*count*/) const {
    const bool vector = targets_.rows() == 1 || targets_.cols() == 1;
    if (!fits(logits, targets_, one_sample && vector))
      throw_invalid(function, "targets", shape_text(targets_.rows(), targets_.cols()),
                    shape_text(logits.rows(), logits.cols()));
  }

  const SparseTargets& view() const { return *this; }
  static Index label(Index /*i*/) { return -1; }
  Reader reader(Index i) const { return Reader(*this, i); }
  W total(Index i, Index classes) const { return total_of<W>(reader(i), classes); }
  /// Calls visit(k, y_k) for the entries of a sample, in increasing order of k.
  template <class Visit>
  void for_each_entry(Index i, const Visit& visit) const {
    if (regrouped_) {
      const auto sample = static_cast<std::size_t>(i);
      for (std::size_t j = starts_[sample]; j < starts_[sample + 1]; ++j)
        visit(entries_[j].index, widen<W>(entries_[j].value));
    } else {
      for (Iterator entry(targets_, i); entry; ++entry)
        visit(static_cast<Index>(entry.index()), widen<W>(entry.value()));
    }
  }

 private:
  Index sample_of(const Iterator& entry) const {
    if (one_sample_) return 0;
    return static_cast<Index>(axis_ == Axis::columns ? entry.col() : entry.row());
  }
  Index class_of(const Iterator& entry) const {
    if (one_sample_) return static_cast<Index>(entry.row() + entry.col());
    return static_cast<Index>(axis_ == Axis::columns ? entry.row() : entry.col());
  }

  /// Counts the entries of each sample, then places each: classes come in increasing order because the outer index
  /// does.
  void regroup() {
    const Index count = one_sample_ ? 1 : axis_ == Axis::columns ? targets_.cols() : targets_.rows();
    starts_.assign(static_cast<std::size_t>(count) + 1, 0);
    for (Index outer = 0; outer < targets_.outerSize(); ++outer)
      for (Iterator entry(targets_, outer); entry; ++entry) ++starts_[static_cast<std::size_t>(sample_of(entry)) + 1];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    entries_.resize(starts_.back());
    std::vector<std::size_t> next(starts_);
    for (Index outer = 0; outer < targets_.outerSize(); ++outer)
      for (Iterator entry(targets_, outer); entry; ++entry)
        entries_[next[static_cast<std::size_t>(sample_of(entry))]++] = Entry{class_of(entry), entry.value()};
  }

  Evaluated targets_;
  Axis axis_;
  bool one_sample_;
  bool regrouped_ = false;
  std::vector<std::size_t> starts_{};
  std::vector<Entry> entries_{};
};

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
    return SparseTargets<EigenOf<Targets>, W>(targets, axis, one_sample);
  } else if constexpr (holds_integers<Targets>) {
    return make_label_targets<W, Logits>(targets);
  } else if constexpr (is_dense<Targets>) {
    static_assert(is_real<typename DenseOf<Targets>::Scalar>, "xent: distributions are real");
    static_assert(one_sample || !is_vector<DenseOf<Targets>>, "xent: labels must be integers: targets.cast<int>()");
    return DenseTargetArgument<DenseOf<Targets>, W>(targets, axis, one_sample);
  } else {
    static_assert(holds_integers<Targets>, "xent: labels must be integers: targets.cast<int>()");
    return LabelTargetArgument<Targets, W>(targets);
  }
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
