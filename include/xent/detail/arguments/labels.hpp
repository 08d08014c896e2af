#ifndef XENT_DETAIL_ARGUMENTS_LABELS_HPP
#define XENT_DETAIL_ARGUMENTS_LABELS_HPP

/// Labels, wherever they lie: an Eigen vector of integers, a container of integers, or one integer. They are read as
/// Eigen::Index before anything is compared, so that no unsigned label wraps silently into range.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The value type of a container with a size and an operator[]; void for everything else.
template <class T, class = void>
struct ContainerValue {
  using type = void;
};
template <class T>
struct ContainerValue<
    T, std::void_t<decltype(std::size(std::declval<const T&>())), decltype(std::declval<const T&>()[std::size_t{}])>> {
  using type = RemoveCvref<decltype(std::declval<const T&>()[std::size_t{}])>;
};

/// The scalar of what may hold labels: a dense expression, a container, or a number.
template <class T>
struct LabelScalar {
  template <class U>
  static auto scalar() {
    if constexpr (is_dense<U>)
      return NonDeducedType<typename DenseOf<U>::Scalar>{};
    else if constexpr (std::is_arithmetic_v<U>)
      return NonDeducedType<U>{};
    else
      return ContainerValue<U>{};
  }
  using type = typename decltype(scalar<T>())::type;
};

/// bool counts: it is the label of two classes.
template <class T>
inline constexpr bool holds_integers = std::is_integral_v<typename LabelScalar<T>::type>;

/// As Eigen::Index; what is too large for it stays too large, and does not wrap into a label or into ignore_index.
template <class Integer>
Index to_index(Integer label) {
  if constexpr (std::is_unsigned_v<Integer> && sizeof(Integer) >= sizeof(Index))
    return static_cast<Index>((std::min<Integer>)(label, (std::numeric_limits<Index>::max)()));
  else
    return static_cast<Index>(label);
}

/// label(i) as 32-bit integers; false if one of them is none.
template <class Label>
bool read_small(Index count, std::int32_t* to, const Label& label) {
  std::uint64_t high = 0;
  const auto take = [&](Index i) {
    const Index x = label(i);
    high |= (static_cast<std::uint64_t>(x) + 0x80000000U) >> 32U;
    to[i] = static_cast<std::int32_t>(x);
  };
  constexpr Index most = 64;
  if (count == most)  // a number that the compiler knows, so that it takes vectors
    for (Index i = 0; i < most; ++i) take(i);
  else
    for (Index i = 0; i < count; ++i) take(i);
  return high == 0;
}

/// Labels, whatever integers they are and wherever they lie: what walks them is compiled once for all. Reading 64 at a
/// time costs no more than reading them where they lie.
class Labels {
 public:
  /// The i-th label is read(source, i), which must outlive this.
  template <class Source>
  Labels(const Source& source, Index size, const std::int32_t* integers)
      : source_(&source),
        size_(size),
        integers_(integers),
        read_([](const void* from, Index first, Index count, Index* to) {
          const auto& labels = *static_cast<const Source*>(from);
          for (Index i = 0; i < count; ++i) to[i] = labels[first + i];
        }),
        read_small_([](const void* from, Index first, Index count, std::int32_t* to) {
          return static_cast<const Source*>(from)->read_small(first, count, to);
        }),
        as_given_([](const void* from, Index i) { return text(+static_cast<const Source*>(from)->as_given(i)); }) {}

  Index size() const { return size_; }
  Index operator[](Index i) const {
    Index label = 0;
    read_(source_, i, 1, &label);
    return label;
  }
  /// For messages: as it was given, if not as it is read.
  std::string as_given(Index i) const { return as_given_(source_, i); }
  /// Labels [first, first + count).
  void read(Index first, Index count, Index* to) const { read_(source_, first, count, to); }
  /// The same, 64 or fewer, as 32-bit integers; false if one of them is none.
  bool read_small(Index first, Index count, std::int32_t* to) const { return read_small_(source_, first, count, to); }
  /// visit(i, label) for all of them.
  template <class Visit>
  void for_each(const Visit& visit) const {
    constexpr Index most = 64;
    Index labels[most];
    for (Index first = 0; first < size_; first += most) {
      const Index count = (std::min)(most, size_ - first);
      read(first, count, labels);
      for (Index i = 0; i < count; ++i) visit(first + i, labels[i]);
    }
  }
  /// The labels where they lie as 32-bit integers, one after the other; else null.
  const std::int32_t* integers() const { return integers_; }

 private:
  const void* source_;
  Index size_;
  const std::int32_t* integers_;
  void (*read_)(const void* source, Index first, Index count, Index* to);
  bool (*read_small_)(const void* source, Index first, Index count, std::int32_t* to);
  std::string (*as_given_)(const void* source, Index i);
};

/// Integers in memory.
template <class Integer>
struct LabelsAt {
  const Integer* data;
  Index size;
  Index stride;

  Integer as_given(Index i) const { return data[i * stride]; }
  Index operator[](Index i) const { return to_index(as_given(i)); }
  bool read_small(Index first, Index count, std::int32_t* to) const {
    const Integer* const from = data + first * stride;
    if (stride == 1) return detail::read_small(count, to, [&](Index i) { return to_index(from[i]); });
    return detail::read_small(count, to, [&](Index i) { return to_index(from[i * stride]); });
  }
  Labels view() const {
    if constexpr (std::is_same_v<Integer, std::int32_t>)
      return Labels(*this, size, stride == 1 ? data : nullptr);
    else
      return Labels(*this, size, nullptr);
  }
};

/// Those of a container whose elements may lie apart, as a deque.
template <class Container>
struct LabelsOf {
  const Container& labels;

  using Integer = typename LabelScalar<Container>::type;

  Integer as_given(Index i) const { return labels[static_cast<std::size_t>(i)]; }
  Index operator[](Index i) const { return to_index(as_given(i)); }
  bool read_small(Index first, Index count, std::int32_t* to) const {
    return detail::read_small(count, to, [&](Index i) { return (*this)[first + i]; });
  }
  Labels view() const { return Labels(*this, static_cast<Index>(std::size(labels)), nullptr); }
};

template <class Integer>
struct SingleLabel {
  Integer label;

  Integer as_given(Index /*i*/) const { return label; }
  Index operator[](Index /*i*/) const { return to_index(label); }
  bool read_small(Index /*first*/, Index count, std::int32_t* to) const {
    return detail::read_small(count, to, [&](Index /*i*/) { return to_index(label); });
  }
  Labels view() const { return Labels(*this, 1, nullptr); }
};

/// Whether the elements are one after the other: a data() alone does not say so.
template <class T, class = void>
inline constexpr bool is_contiguous = false;
template <class T>
inline constexpr bool
    is_contiguous<T, std::enable_if_t<std::is_pointer_v<decltype(std::begin(std::declval<const T&>()))>>> =
        std::is_same_v<RemoveCvref<decltype(*std::begin(std::declval<const T&>()))>, typename LabelScalar<T>::type>;
template <class Integer, class Allocator>
inline constexpr bool is_contiguous<std::vector<Integer, Allocator>, void> = !std::is_same_v<Integer, bool>;

/// Where the labels of a container or a number are.
template <class T>
auto locate_labels(const T& labels) {
  using Integer = typename LabelScalar<T>::type;
  if constexpr (std::is_integral_v<T>)
    return SingleLabel<T>{labels};
  else if constexpr (is_contiguous<T>)
    return LabelsAt<Integer>{std::size(labels) == 0 ? nullptr : &*std::begin(labels),
                             static_cast<Index>(std::size(labels)), 1};
  else
    return LabelsOf<T>{labels};
}

/// An argument that holds labels, evaluated if it must be.
template <class T>
class LabelArgument {
 public:
  explicit LabelArgument(const T& labels) : labels_(locate_labels(labels)) {}
  LabelArgument(const LabelArgument&) = delete;
  LabelArgument& operator=(const LabelArgument&) = delete;

  Labels view() const { return labels_.view(); }

 private:
  decltype(locate_labels(std::declval<const T&>())) labels_;
};
template <class Dense>
class DenseLabelArgument {
  using Integer = typename Dense::Scalar;

 public:
  explicit DenseLabelArgument(const Eigen::DenseBase<Dense>& labels)
      : operand_(labels), labels_{operand_.coefficients().data, operand_.size(), operand_.coefficients().stride} {
    static_assert(
        is_vector<Dense>,
        "xent: labels are one integer per sample, in a vector: for a matrix with one column write .col(0); for a "
        "distribution write .cast<float>() or .cast<double>()");
  }
  DenseLabelArgument(const DenseLabelArgument&) = delete;
  DenseLabelArgument& operator=(const DenseLabelArgument&) = delete;

  Labels view() const { return labels_.view(); }

 private:
  Operand<Dense> operand_;
  LabelsAt<Integer> labels_;
};

template <class T>
auto make_labels(const T& labels) {
  constexpr bool enumerators = std::is_enum_v<typename LabelScalar<T>::type>;
  static_assert(!enumerators, "xent: labels must be integers, and enumerators are none: convert them with static_cast");
  static_assert(holds_integers<T> || enumerators, "xent: labels must be integers: targets.cast<int>()");
  if constexpr (!holds_integers<T>)
    return LabelArgument<int>(0);
  else if constexpr (is_dense<T>)
    return DenseLabelArgument<DenseOf<T>>(labels);
  else
    return LabelArgument<T>(labels);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
