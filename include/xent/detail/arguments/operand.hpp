#ifndef XENT_DETAIL_ARGUMENTS_OPERAND_HPP
#define XENT_DETAIL_ARGUMENTS_OPERAND_HPP

/// Dense arguments: an expression that lies in memory is used where it lies, a lazy one is evaluated exactly once;
/// either is then seen as samples, whatever its storage order, strides, and axis.

#include <xent/config.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/types.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// A parameter of this type takes part in no deduction, so that `{}` and designated initialisers reach it.
template <class T>
struct NonDeducedType {
  using type = T;
};
template <class T>
using NonDeduced = typename NonDeducedType<T>::type;

template <class T>
using RemoveCvref = std::remove_cv_t<std::remove_reference_t<T>>;

template <class Derived>
Derived dense_type(const Eigen::DenseBase<Derived>*);
void dense_type(const void*);

/// The dense expression that T is or derives from; void for everything else.
template <class T>
using DenseOf = decltype(dense_type(static_cast<const RemoveCvref<T>*>(nullptr)));

template <class T>
inline constexpr bool is_dense = !std::is_void_v<DenseOf<T>>;

template <class Dense>
inline constexpr bool is_vector = Dense::IsVectorAtCompileTime != 0;

template <class Dense, class = void>
inline constexpr bool has_data = false;
template <class Dense>
inline constexpr bool has_data<Dense, std::void_t<decltype(std::declval<const Dense&>().data())>> = true;

/// True where coefficients can be reached by a pointer and strides. Eigen 3.4 sets the flag also on an indexed view
/// with increments known at compile time, which has no data().
template <class Dense>
inline constexpr bool lies_in_memory =
    (static_cast<unsigned>(Dense::Flags) & Eigen::DirectAccessBit) != 0U && has_data<Dense>;

/// float, double, long double, the 16-bit storage types, and number types of the user's; not integers, not complex.
template <class Scalar>
inline constexpr bool is_real = !std::is_integral_v<Scalar> && Eigen::NumTraits<Scalar>::IsComplex == 0;

/// The coefficients of one sample.
template <class Scalar>
struct Sample {
  Scalar* data;
  Index stride;

  Scalar& operator[](Index k) const { return data[k * stride]; }
};

/// The samples of a matrix in memory.
template <class Scalar>
struct Samples {
  Scalar* data;
  Index classes;
  Index count;
  Index class_stride;
  Index sample_stride;

  Sample<Scalar> operator[](Index i) const { return {data + i * sample_stride, class_stride}; }
  /// Samples [first, first + size).
  Samples part(Index first, Index size) const {
    return {data + first * sample_stride, classes, size, class_stride, sample_stride};
  }

  /// How many samples a walk should take at a time: those that share cache lines, if not classes do.
  Index side_by_side() const { return sample_stride == 1 && class_stride != 1 ? 64 : 1; }
  /// Whether those are walked class by class: many classes, each on a page of its own, of what no cache holds.
  bool by_class() const {
    using Number = std::remove_const_t<Scalar>;
    constexpr bool has_kernels = std::is_same_v<Number, float> || std::is_same_v<Number, double>;
    return has_kernels && side_by_side() > 1 && classes > 512 &&
           classes * count * static_cast<Index>(sizeof(Scalar)) >= beyond_caches;
  }
  Blocks blocks() const { return Blocks(count, classes, side_by_side(), by_class()); }
};

/// Samples as classes, and classes as samples.
template <class Scalar>
Samples<Scalar> turned(const Samples<Scalar>& samples) {
  return {samples.data, samples.count, samples.classes, samples.sample_stride, samples.class_stride};
}

/// `one_sample`: the argument that defines the shape is a vector at compile time, so that this one, which fits it,
/// holds one sample too, in either orientation.
template <class Scalar, class Dense>
Samples<Scalar> samples_at(Scalar* data, const Dense& dense, Axis axis, bool one_sample) {
  const Index rows = dense.rows();
  const Index cols = dense.cols();
  if (one_sample) {
    const Index stride = rows == 1 && cols != 1 ? dense.colStride() : dense.rowStride();
    return {data, rows * cols, 1, stride, 0};
  }
  if (axis == Axis::columns) return {data, rows, cols, dense.rowStride(), dense.colStride()};
  return {data, cols, rows, dense.colStride(), dense.rowStride()};
}

/// A dense argument, evaluated if it must be.
template <class Dense>
class Operand {
 public:
  using Scalar = typename Dense::Scalar;

  explicit Operand(const Eigen::DenseBase<Dense>& expression) : value_(expression.derived()) {}

  Index rows() const { return value_.rows(); }
  Index cols() const { return value_.cols(); }
  Index size() const { return value_.size(); }

  /// [classes x samples], as the axis says; a vector at compile time is one sample.
  Samples<const Scalar> samples(Axis axis, bool one_sample = is_vector<Dense>) const {
    return samples_at<const Scalar>(value_.data(), value_, axis, one_sample);
  }

  /// The coefficients of a vector in order.
  Sample<const Scalar> coefficients() const {
    static_assert(is_vector<Dense>, "only a vector has an order of its own");
    return {value_.data(), value_.innerStride()};
  }

 private:
  using Plain = typename Dense::PlainObject;
  std::conditional_t<lies_in_memory<Dense>, const Dense&, const Plain> value_;
};

template <class Dense>
Operand(const Eigen::DenseBase<Dense>&) -> Operand<Dense>;

/// The shape of what is not there.
struct Shape {
  Index shape_rows, shape_cols;

  Index rows() const { return shape_rows; }
  Index cols() const { return shape_cols; }
  Index size() const { return shape_rows * shape_cols; }
};

/// An argument `x` that must be shaped like the reference argument (a vector at compile time if `vectors`).
template <class Reference, class Other>
bool fits(const Reference& reference, const Other& other, bool vectors) {
  if (reference.rows() == other.rows() && reference.cols() == other.cols()) return true;
  return vectors && reference.size() == other.size();
}

template <class ReferenceDense, class OtherDense>
void check_same_shape(const char* function, const char* argument, const Operand<ReferenceDense>& reference,
                      const Operand<OtherDense>& other) {
  if (!fits(reference, other, is_vector<ReferenceDense> && is_vector<OtherDense>))
    throw_invalid(function, argument, shape_text(other.rows(), other.cols()),
                  shape_text(reference.rows(), reference.cols()));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
