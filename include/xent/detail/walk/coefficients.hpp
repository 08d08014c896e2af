#ifndef XENT_DETAIL_WALK_COEFFICIENTS_HPP
#define XENT_DETAIL_WALK_COEFFICIENTS_HPP

/// Losses that are sums over coefficients, each the business of its own: their arguments, the walk, the reduction.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/types.hpp>

#include <string>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Coefficients have no samples: a matrix is walked as it is stored.
template <class Dense>
inline constexpr Axis storage_axis = Dense::IsRowMajor ? Axis::rows : Axis::columns;

/// "argument(2, 3)", or "argument[2]" in a vector, for a coefficient in the order of the walk.
template <class Reference>
std::string position_text(const char* argument, Index i, Index k) {
  if constexpr (is_vector<Reference>)
    return text(argument, "[", k, "]");
  else if constexpr (Reference::IsRowMajor)
    return text(argument, "(", i, ", ", k, ")");
  else
    return text(argument, "(", k, ", ", i, ")");
}

/// Coefficients in memory.
template <class W, class Scalar>
class DenseCoefficients {
 public:
  explicit DenseCoefficients(const Samples<const Scalar>& samples) : samples_(samples) {}
  W operator()(Index i, Index k) const { return widen<W>(samples_[i][k]); }
  template <class Real>
  RunsIn<Real, Scalar> runs() const {
    return RunsIn<Real, Scalar>(samples_);
  }

 private:
  Samples<const Scalar> samples_;
};

template <class Scalar>
using DenseCoefficientsOf = DenseCoefficients<Wide<RealOf<Scalar>>, Scalar>;

/// An argument shaped like `Reference`, the first argument of the call, and walked in its order.
template <class W, class Reference, class Dense>
class DenseCoefficientArgument {
 public:
  explicit DenseCoefficientArgument(const Eigen::DenseBase<Dense>& expression) : operand_(expression) {}

  void check_shape(const char* function, const char* argument, const Operand<Reference>& reference) const {
    check_same_shape(function, argument, reference, operand_);
  }
  static constexpr bool shared = false;
  static const Operand<Reference>& shape(const Operand<Reference>& reference) { return reference; }
  static std::string position(const char* argument, Index i, Index k) {
    return position_text<Reference>(argument, i, k);
  }
  DenseCoefficients<W, typename Dense::Scalar> view() const {
    return DenseCoefficients<W, typename Dense::Scalar>(samples());
  }
  Samples<const typename Dense::Scalar> samples() const {
    return operand_.samples(storage_axis<Reference>, is_vector<Reference>);
  }

 private:
  Operand<Dense> operand_;
};

/// A vector in the place of such an argument: a column has one number per row of `Reference`, a row one per column.
template <class W, class Reference, class Dense>
class SharedCoefficientArgument {
 public:
  explicit SharedCoefficientArgument(const Operand<Reference>& reference, const Eigen::DenseBase<Dense>& expression)
      : reference_(reference), operand_(expression) {}

  void check_shape(const char* function, const char* argument, const Operand<Reference>& /*reference*/) const {
    if (operand_.size() != (per_row ? reference_.rows() : reference_.cols()))
      throw_invalid(
          function, argument, shape_text(operand_.rows(), operand_.cols()),
          text(shape_text(reference_.rows(), reference_.cols()), ", or one number per ", per_row ? "row" : "column"));
  }
  static constexpr bool shared = true;
  static Shape shape(const Operand<Reference>& reference) {
    return per_row ? Shape{reference.rows(), 1} : Shape{1, reference.cols()};
  }
  static std::string position(const char* argument, Index i, Index k) {
    return text(argument, "[", per_class ? k : i, "]");
  }
  DenseCoefficients<W, typename Dense::Scalar> view() const {
    return DenseCoefficients<W, typename Dense::Scalar>(samples());
  }
  /// Shaped like the reference; the stride along what shares a number is 0.
  Samples<const typename Dense::Scalar> samples() const {
    const auto shape = reference_.samples(storage_axis<Reference>);
    const auto numbers = operand_.coefficients();
    return {numbers.data, shape.classes, shape.count, per_class ? numbers.stride : 0, per_class ? 0 : numbers.stride};
  }

 private:
  static constexpr bool per_row = Dense::ColsAtCompileTime == 1;
  static constexpr bool per_class = per_row == (storage_axis<Reference> == Axis::columns);

  const Operand<Reference>& reference_;
  Operand<Dense> operand_;
};

/// One number in the place of such an argument.
template <class W>
class SameCoefficients {
 public:
  explicit SameCoefficients(const W& number) : number_(number) {}
  template <class Reference>
  void check_shape(const char* /*function*/, const char* /*argument*/, const Reference& /*reference*/) const {}
  const SameCoefficients& view() const { return *this; }
  static constexpr bool shared = false;
  template <class Reference>
  static const Reference& shape(const Reference& reference) {
    return reference;
  }
  static std::string position(const char* argument, Index /*i*/, Index /*k*/) { return argument; }
  static Samples<const float> samples() { return {}; }
  const W& operator()(Index /*i*/, Index /*k*/) const { return number_; }
  template <class Real>
  NumberRuns<Real> runs() const {
    return NumberRuns<Real>(number_);
  }

 private:
  W number_;
};

/// A target: any real or integer scalar, widened exactly.
template <class W, class Reference, class Target>
auto make_target_coefficients(const Target& target) {
  static_assert(is_dense<Target>, "xent: the target must be a dense Eigen expression shaped like the first argument");
  if constexpr (is_dense<Target>) {
    static_assert(Eigen::NumTraits<typename DenseOf<Target>::Scalar>::IsComplex == 0, "xent: the target must be real");
    return DenseCoefficientArgument<W, Reference, DenseOf<Target>>(target);
  } else {
    return SameCoefficients<W>(W(0));
  }
}

/// A variance: one number, or one per coefficient, row or column in the scalar of the first argument.
template <class W, class Reference, class Variance>
auto make_variance_coefficients([[maybe_unused]] const Operand<Reference>& reference, const Variance& variance) {
  using Scalar = typename Reference::Scalar;
  if constexpr (is_dense<Variance>) {
    using Given = typename DenseOf<Variance>::Scalar;
    static_assert(std::is_same_v<Given, Scalar> || std::is_same_v<Given, RealOf<Scalar>>,
                  "xent: the variance has another scalar than the mean: write .cast<>() on one of them");
    if constexpr (is_vector<DenseOf<Variance>> && !is_vector<Reference>)
      return SharedCoefficientArgument<W, Reference, DenseOf<Variance>>(reference, variance);
    else
      return DenseCoefficientArgument<W, Reference, DenseOf<Variance>>(variance);
  } else {
    static_assert(
        std::is_arithmetic_v<Variance> || std::is_same_v<Variance, Scalar> || std::is_same_v<Variance, RealOf<Scalar>>,
        "xent: the variance must be a number, or a dense Eigen expression: shaped like the mean, or a vector");
    return SameCoefficients<W>(widen<W>(variance));
  }
}

/// Where the derivatives with respect to the variances go. That of one number goes to a number, not through here.
template <class Reference, bool one_variance, class Out>
auto make_variance_output(Out&& out) {
  using Scalar = typename Reference::Scalar;
  if constexpr (one_variance) {
    static_assert(is_none<Out> || std::is_same_v<Out, RealOf<Scalar>&>,
                  "xent: the variance is one number, and so is the derivative: pass a variable of the type of the "
                  "result, or xent::none");
    return make_output<Scalar>(none);
  } else {
    return make_output<Scalar>(std::forward<Out>(out));
  }
}

template <class Scalar, class Visit>
void for_each_coefficient(const Samples<Scalar>& shape, const Visit& visit) {
  for (Index i = 0; i < shape.count; ++i)
    for (Index k = 0; k < shape.classes; ++k) visit(i, k);
}

/// An output that is not wanted has no memory.
template <class Out, class W>
void write_coefficient(const Samples<Out>& out, Index i, Index k, const W& value) {
  if (out.data) out[i][k] = narrow<Out>(value);
}

/// The sum of block(first, last) over blocks of samples: long sums are added up as a tree.
template <class W, class Scalar, class Block>
W sum_of_blocks(const Samples<Scalar>& shape, const Block& block) {
  struct Sum {
    W value{0};
    Sum& operator+=(const Sum& other) {
      value += other.value;
      return *this;
    }
  };
  const Executor this_thread{};
  return sum_over_blocks<Sum>(this_thread, Blocks(shape.count, shape.classes),
                              [&](Index first, Index last, Sum& partial) { partial.value = block(first, last); })
      .value;
}

/// The sum of term(i, k) over all coefficients.
template <class W, class Scalar, class Term>
W sum_of_coefficients(const Samples<Scalar>& shape, const Term& term) {
  return sum_of_blocks<W>(shape, [&](Index first, Index last) {
    W total(0);
    for (Index i = first; i < last; ++i) {
      W sum(0);
      for (Index k = 0; k < shape.classes; ++k) sum += term(i, k);
      total += sum;
    }
    return total;
  });
}

/// What a sum over coefficients is divided by: 1, or their number; never 0.
template <class W, class Reference>
W coefficient_denominator(Reduction reduction, const Operand<Reference>& reference) {
  const Index size = reference.size();
  return reduction == Reduction::sum || size == 0 ? W(1) : W(static_cast<double>(size));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
