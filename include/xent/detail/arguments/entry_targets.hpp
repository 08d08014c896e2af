#ifndef XENT_DETAIL_ARGUMENTS_ENTRY_TARGETS_HPP
#define XENT_DETAIL_ARGUMENTS_ENTRY_TARGETS_HPP

/// Sparse distributions: the entries of each sample, in increasing order of the class.

#include <xent/config.hpp>
#include <xent/detail/arguments/memory.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/function_ref.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <array>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The y_k of sparse distributions, whatever matrix they are part of: what walks them is compiled once for all.
template <class W>
class EntryTargets {
 public:
  static constexpr bool are_labels = false;
  static constexpr bool are_dense = false;

  using Visit = FunctionRef<void(Index k, const W& y)>;

  /// y_k for increasing k: the entries of a sample, zero between them.
  class Reader {
   public:
    Reader(const EntryTargets& targets, Index i) {
      targets.for_each_entry(i, [&](Index k, const W& y) {
        if (size_ < few_.size())
          few_[size_] = {k, y};
        else
          others_.push_back({k, y});
        ++size_;
      });
    }
    W operator()(Index k) {
      while (next_ < size_ && entry().index < k) ++next_;
      return next_ < size_ && entry().index == k ? entry().value : W(0);
    }
    /// Calls visit(k, y_k) for the entries below `end` that are left.
    template <class VisitEntry>
    void for_each_below(Index end, const VisitEntry& visit) {
      for (; next_ < size_ && entry().index < end; ++next_) visit(entry().index, entry().value);
    }

   private:
    struct Entry {
      Index index{0};
      W value{0};
    };
    const Entry& entry() const { return next_ < few_.size() ? few_[next_] : others_[next_ - few_.size()]; }

    std::array<Entry, 32> few_{};  // no heap for these
    std::vector<Entry> others_{};
    std::size_t size_ = 0;
    std::size_t next_ = 0;
  };

  /// source.for_each_entry(i, visit) calls visit(k, y_k) for the entries of sample i.
  template <class Source>
  explicit EntryTargets(const Source& source)
      : source_(&source), visit_([](const void* from, Index i, Visit visit) {
          static_cast<const Source*>(from)->for_each_entry(i, visit);
        }) {}

  static Index label(Index /*i*/) { return -1; }
  Reader reader(Index i) const { return Reader(*this, i); }
  W total(Index i, Index /*classes*/) const {
    W total(0);
    for_each_entry(i, [&](Index /*k*/, const W& y) { total += y; });
    return total;
  }
  void for_each_entry(Index i, Visit visit) const { visit_(source_, i, visit); }

 private:
  const void* source_;
  void (*visit_)(const void* source, Index i, Visit visit);
};

/// A sparse matrix of y_k, shaped like the logits. Its entries are walked where they lie if they lie sample by sample,
/// in increasing order of the class, as Eigen stores them; otherwise they are regrouped once, in time and memory
/// proportional to their number. Eigen/Core has all that this needs.
template <class Sparse, class W>
class SparseTargetArgument {
  using Scalar = typename Sparse::Scalar;
  static constexpr bool in_memory = (static_cast<unsigned>(Sparse::Flags) & Eigen::CompressedAccessBit) != 0U;
  static constexpr bool row_major = (static_cast<unsigned>(Sparse::Flags) & Eigen::RowMajorBit) != 0U;
  using Evaluated = std::conditional_t<in_memory, const Sparse&, const typename Sparse::PlainObject>;
  using Iterator = Eigen::InnerIterator<RemoveCvref<Evaluated>>;

 public:
  SparseTargetArgument(const Sparse& targets, Axis axis, bool one_sample)
      : targets_(targets), axis_(axis), one_sample_(one_sample) {
    regrouped_ = one_sample ? targets_.outerSize() != 1 : row_major != (axis == Axis::rows);
    if (regrouped_) regroup();
  }
  SparseTargetArgument(const SparseTargetArgument&) = delete;
  SparseTargetArgument& operator=(const SparseTargetArgument&) = delete;

  template <class Reference>
  void check_shape(const char* function, const Reference& logits, bool one_sample, Index /*count*/) const {
    const bool vector = targets_.rows() == 1 || targets_.cols() == 1;
    if (!fits(logits, targets_, one_sample && vector))
      throw_invalid(function, "targets", shape_text(targets_.rows(), targets_.cols()),
                    shape_text(logits.rows(), logits.cols()));
  }

  EntryTargets<W> view() const { return EntryTargets<W>(*this); }
  Memory memory() const {
    if (regrouped_) return {};
    const auto* const starts = targets_.outerIndexPtr();
    const auto size = static_cast<Index>(starts ? starts[targets_.outerSize()] : targets_.nonZeros());
    return Memory(Samples<const Scalar>{targets_.valuePtr(), size, 1, 1, 0});
  }
  void for_each_entry(Index i, const typename EntryTargets<W>::Visit& visit) const {
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
  struct Entry {
    Index index;
    Scalar value;
  };

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

}  // namespace detail
XENT_NAMESPACE_END

#endif
