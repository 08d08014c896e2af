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

template <class T>
class Labels {  // a container
 public:
  explicit Labels(const T& labels) : labels_(labels) {}
  Index size() const { return static_cast<Index>(std::size(labels_)); }
  Index operator[](Index i) const {
    return to_index<typename LabelScalar<T>::type>(labels_[static_cast<std::size_t>(i)]);
  }

 private:
  const T& labels_;
};

template <class Dense>
class DenseLabels {
 public:
  explicit DenseLabels(const Eigen::DenseBase<Dense>& labels) : operand_(labels), labels_(operand_.coefficients()) {
    static_assert(
        is_vector<Dense>,
        "xent: labels are one integer a sample, in a vector: for a matrix with one column write .col(0); for a "
        "distribution write .cast<float>() or .cast<double>()");
  }
  DenseLabels(const DenseLabels&) = delete;
  DenseLabels& operator=(const DenseLabels&) = delete;

  Index size() const { return operand_.size(); }
  Index operator[](Index i) const { return to_index(labels_[i]); }

 private:
  Operand<Dense> operand_;
  Sample<const typename Dense::Scalar> labels_;
};

class SingleLabel {
 public:
  explicit SingleLabel(Index label) : label_(label) {}
  static Index size() { return 1; }
  Index operator[](Index /*i*/) const { return label_; }

 private:
  Index label_;
};

template <class T>
auto make_labels(const T& labels) {
  static_assert(holds_integers<T>, "xent: labels must be integers: targets.cast<int>()");
  if constexpr (is_dense<T>)
    return DenseLabels<DenseOf<T>>(labels);
  else if constexpr (std::is_integral_v<T>)
    return SingleLabel(to_index(labels));
  else
    return Labels<T>(labels);
}

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
