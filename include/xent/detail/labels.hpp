#ifndef XENT_DETAIL_LABELS_HPP
#define XENT_DETAIL_LABELS_HPP

/// Labels, wherever they lie: an Eigen vector of integers, a container of integers, or one integer. They are read as
/// Eigen::Index before anything is compared, so that no unsigned label wraps silently into range.

#include <xent/config.hpp>
#include <xent/detail/operand.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
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
    return static_cast<Index>(std::min<Integer>(label, std::numeric_limits<Index>::max()));
  else
    return static_cast<Index>(label);
}

/// Labels in memory, whatever they are part of. The type depends on the integer alone: what walks labels is compiled
/// once for all of their owners.
template <class Integer>
struct LabelsAt {
  const Integer* data;
  Index count;
  Index stride;

  Index size() const { return count; }
  Index operator[](Index i) const { return to_index(data[i * stride]); }
};

/// Those of a container whose elements may lie apart, as a deque.
template <class Container>
struct LabelsOf {
  const Container& labels;

  Index size() const { return static_cast<Index>(std::size(labels)); }
  Index operator[](Index i) const {
    return to_index<typename LabelScalar<Container>::type>(labels[static_cast<std::size_t>(i)]);
  }
};

struct SingleLabel {
  Index label;

  static Index size() { return 1; }
  Index operator[](Index /*i*/) const { return label; }
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

/// An argument that holds labels, evaluated if it must be; view() is one of the above.
template <class T>
class LabelArgument {
 public:
  explicit LabelArgument(const T& labels) : labels_(labels) {}
  auto view() const {
    using Integer = typename LabelScalar<T>::type;
    if constexpr (std::is_integral_v<T>)
      return SingleLabel{to_index(labels_)};
    else if constexpr (is_contiguous<T>)
      return LabelsAt<Integer>{std::size(labels_) == 0 ? nullptr : &*std::begin(labels_),
                               static_cast<Index>(std::size(labels_)), 1};
    else
      return LabelsOf<T>{labels_};
  }

 private:
  const T& labels_;
};

template <class Dense>
class DenseLabelArgument {
 public:
  explicit DenseLabelArgument(const Eigen::DenseBase<Dense>& labels) : operand_(labels) {
    static_assert(
        is_vector<Dense>,
        "xent: labels are one integer a sample, in a vector: for a matrix with one column write .col(0); for a "
        "distribution write .cast<float>() or .cast<double>()");
  }
  auto view() const {
    const Sample<const typename Dense::Scalar> labels = operand_.coefficients();
    return LabelsAt<typename Dense::Scalar>{labels.data, operand_.size(), labels.stride};
  }

 private:
  Operand<Dense> operand_;
};

template <class T>
auto make_labels(const T& labels) {
  static_assert(holds_integers<T>, "xent: labels must be integers: targets.cast<int>()");
  if constexpr (is_dense<T>)
    return DenseLabelArgument<DenseOf<T>>(labels);
  else
    return LabelArgument<T>(labels);
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
