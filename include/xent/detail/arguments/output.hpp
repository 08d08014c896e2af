#ifndef XENT_DETAIL_ARGUMENTS_OUTPUT_HPP
#define XENT_DETAIL_ARGUMENTS_OUTPUT_HPP

/// Dense outputs: anything writable, named or a temporary view of named memory; everything else stops at compile time
/// with a sentence. A wrong shape throws before the first write; only an empty plain object is resized. What shares
/// memory with an argument is written somewhere else first.

#include <xent/config.hpp>
#include <xent/detail/arguments/labels.hpp>
#include <xent/detail/arguments/memory.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Out>
inline constexpr bool is_none = std::is_same_v<RemoveCvref<Out>, NoneType>;

/// Whether a dense type can be an output with coefficients as those of an argument with scalar `Scalar`; if not, with a
/// sentence. `Out` is the deduced T of a forwarding reference T&&.
template <class Out, class Scalar>
constexpr bool check_output_type() {
  using Bare = std::remove_reference_t<Out>;
  using Dense = DenseOf<Out>;
  constexpr bool plain = std::is_same_v<Dense, typename Dense::PlainObject>;
  constexpr bool constant = plain && std::is_const_v<Bare>;
  constexpr bool temporary = plain && !constant && !std::is_lvalue_reference_v<Out>;
  constexpr bool written = plain || (static_cast<unsigned>(Dense::Flags) & Eigen::LvalueBit) != 0U;
  constexpr bool integers = std::is_integral_v<typename Dense::Scalar>;
  constexpr bool fitting =
      std::is_same_v<typename Dense::Scalar, Scalar> || std::is_same_v<typename Dense::Scalar, RealOf<Scalar>>;
  static_assert(!constant,
                "xent: this output is a const Matrix or Array, and xent never casts const away: pass a mutable one");
  static_assert(!temporary,
                "xent: this output is a temporary Matrix or Array, which dies with the call: pass a named one, or call "
                "the form that returns its result");
  static_assert(written,
                "xent: this output cannot be written to, it is an expression or a view of const memory: pass a Matrix, "
                "an Array, or a Map, Ref or Block of mutable memory");
  static_assert(!integers, "xent: an output stands here, and these are integers: labels come before the gradient");
  static_assert(fitting || integers,
                "xent: this output has another scalar than the argument it is shaped like: declare it with that scalar "
                "(or float, for half and bfloat16), or write .cast<>() on the argument");
  return !constant && !temporary && written && fitting;
}

[[noreturn, gnu::cold]] inline void throw_shared(const char* function, const char* argument, const char* other) {
  throw_invalid(function, argument, text("memory that ", other, " has, too"), "memory of its own");
}

/// Another place for a matrix, which takes no more memory than its coefficients, or twice that: the order of its
/// strides is the same, and a stride of 1 stays one. That is all that a kernel is chosen by.
class Layout {
 public:
  Layout() = default;
  template <class Dense>
  explicit Layout(const Dense& dense) : rows_(dense.rows()), cols_(dense.cols()) {
    const auto rank = [](Index stride) { return stride == 1 ? 0 : std::abs(stride); };
    const auto kept = [](Index stride, Index least) { return stride == 1 ? 1 : (std::max<Index>)(least, 2); };
    if (rank(dense.rowStride()) <= rank(dense.colStride())) {
      row_stride_ = kept(dense.rowStride(), 2);
      col_stride_ = kept(dense.colStride(), row_stride_ * rows_);
    } else {
      col_stride_ = kept(dense.colStride(), 2);
      row_stride_ = kept(dense.rowStride(), col_stride_ * cols_);
    }
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Index rowStride() const { return row_stride_; }
  Index colStride() const { return col_stride_; }
  Index extent() const { return (rows_ - 1) * row_stride_ + (cols_ - 1) * col_stride_ + 1; }

 private:
  Index rows_ = 0, cols_ = 0;
  Index row_stride_ = 1, col_stride_ = 1;
};

/// A matrix or vector that results are written to. Life of one: `check_shape` and `check_apart` with all the other
/// checks, then `prepare`, then `keep_apart` from each argument, then writes through `samples`, then `finish`.
template <class Out, class Scalar>
class Output {
 public:
  using Dense = DenseOf<Out>;
  using OutScalar = typename Dense::Scalar;

  explicit Output(Out&& out) : out_(writable(out)) {}

  /// Throws unless the output has the shape of the reference argument or is an empty plain object that can take it.
  template <class Reference>
  void check_shape(const char* function, const char* argument, const Reference& reference,
                   bool reference_is_vector) const {
    if (fits(reference, out_, reference_is_vector && is_vector<Dense>)) return;
    if (can_become(reference.rows(), reference.cols(), reference_is_vector)) return;
    throw_invalid(function, argument, shape_text(out_.rows(), out_.cols()),
                  shape_text(reference.rows(), reference.cols()));
  }

  template <class Reference>
  void prepare(const Reference& reference, bool reference_is_vector) {
    one_sample_ = reference_is_vector;
    if constexpr (resizable) {
      if (!fits(reference, out_, reference_is_vector && is_vector<Dense>)) {
        if constexpr (is_vector<Dense>)
          out_.resize(reference.rows() * reference.cols());
        else
          out_.resize(reference.rows(), reference.cols());
      }
    }
    if constexpr (!lies_in_memory<Dense>) scratch_.resize(out_.rows(), out_.cols());
  }

  /// Throws if two outputs share memory: the same empty object twice, too.
  template <class OtherOutput>
  void check_apart(const char* function, const char* argument, const OtherOutput& other,
                   const char* other_argument) const {
    const bool same_object = memory().empty() && static_cast<const void*>(&out_) == other.object();
    if (same_object || share_memory(memory(), other.memory())) throw_shared(function, argument, other_argument);
  }
  const void* object() const { return &out_; }
  Memory memory() const {
    if constexpr (lies_in_memory<Dense>)
      return Memory(samples_at<OutScalar>(out_.data(), out_, Axis::columns, false));
    else
      return {};  // written only when all else is done
  }

  /// Results are computed as if the argument had been copied first: where it shares memory with this output, they are
  /// written to another place, and from there to the output when all is done.
  void keep_apart(const Memory& argument) {
    if constexpr (lies_in_memory<Dense>)
      if (elsewhere_.empty() && share_memory(memory(), argument)) {
        layout_ = Layout(out_);
        elsewhere_.resize(static_cast<std::size_t>(layout_.extent()));
      }
  }
  /// The same of an argument that may be overwritten coefficient by coefficient: in place.
  template <class Argument>
  void keep_apart_unless_in_place(const Samples<Argument>& argument, Axis axis) {
    if constexpr (lies_in_memory<Dense>)
      if (!same_places(argument, samples_at<OutScalar>(out_.data(), out_, axis, one_sample_)))
        keep_apart(Memory(argument));
  }

  /// For an output that is added to: what it holds is there to be read.
  void load() {
    if constexpr (!lies_in_memory<Dense>)
      scratch_ = out_;
    else if (!elsewhere_.empty())
      copy(here(), there());
  }

  /// The samples of the output lie as those of the reference argument.
  Samples<OutScalar> samples(Axis axis) {
    if constexpr (lies_in_memory<Dense>)
      return elsewhere_.empty() ? samples_at<OutScalar>(out_.data(), out_, axis, one_sample_)
                                : samples_at<OutScalar>(elsewhere_.data(), layout_, axis, one_sample_);
    else
      return samples_at<OutScalar>(scratch_.data(), scratch_, axis, one_sample_);
  }

  /// An output that is writable but not in one strided piece of memory (an indexed view, say) is assigned as a whole.
  void finish() {
    if constexpr (!lies_in_memory<Dense>)
      out_ = scratch_;
    else if (!elsewhere_.empty())
      copy(there(), here());
  }

 private:
  static constexpr bool resizable = std::is_same_v<Dense, typename Dense::PlainObject>;

  /// Writing through a const view changes the memory that it shows, not the view: Eigen's own idiom for outputs. A
  /// const plain object has been refused by then.
  static Dense& writable(const Eigen::DenseBase<Dense>& out) { return const_cast<Dense&>(out.derived()); }

  bool can_become(Index rows, Index cols, bool reference_is_vector) const {
    if constexpr (resizable) {
      if (out_.size() != 0) return false;
      if constexpr (is_vector<Dense>) {
        const bool shaped = Dense::ColsAtCompileTime == 1 ? cols == 1 : rows == 1;
        return allows(Dense::SizeAtCompileTime, Dense::MaxSizeAtCompileTime, rows * cols) &&
               (reference_is_vector || shaped);
      } else {
        return allows(Dense::RowsAtCompileTime, Dense::MaxRowsAtCompileTime, rows) &&
               allows(Dense::ColsAtCompileTime, Dense::MaxColsAtCompileTime, cols);
      }
    } else {
      return false;
    }
  }
  Samples<OutScalar> here() const { return samples_at<OutScalar>(out_.data(), out_, Axis::columns, false); }
  Samples<OutScalar> there() { return samples_at<OutScalar>(elsewhere_.data(), layout_, Axis::columns, false); }
  static void copy(const Samples<OutScalar>& from, const Samples<OutScalar>& to) {
    for (Index i = 0; i < from.count; ++i)
      for (Index k = 0; k < from.classes; ++k) to[i][k] = from[i][k];
  }
  static bool allows(int fixed, int most, Index size) {
    return (fixed == Eigen::Dynamic || fixed == size) && (most == Eigen::Dynamic || size <= most);
  }

  Dense& out_;
  bool one_sample_ = false;
  std::vector<OutScalar> elsewhere_{};
  Layout layout_{};
  std::conditional_t<lies_in_memory<Dense>, NoneType, typename Dense::PlainObject> scratch_{};
};

/// The output that is not wanted: every step is a no-op, and `samples` has no memory.
template <class Scalar>
class Output<const NoneType&, Scalar> {
 public:
  using OutScalar = Scalar;

  explicit Output(const NoneType& /*none*/) {}
  template <class Reference>
  void check_shape(const char* /*function*/, const char* /*argument*/, const Reference& /*reference*/,
                   bool /*vector*/) const {}
  template <class Reference>
  void prepare(const Reference& /*reference*/, bool /*vector*/) {}
  template <class OtherOutput>
  void check_apart(const char* /*function*/, const char* /*argument*/, const OtherOutput& /*other*/,
                   const char* /*other_argument*/) const {}
  static const void* object() { return nullptr; }
  static Memory memory() { return {}; }
  void keep_apart(const Memory& /*argument*/) {}
  template <class Argument>
  void keep_apart_unless_in_place(const Samples<Argument>& /*argument*/, Axis /*axis*/) {}
  void load() {}
  Samples<OutScalar> samples(Axis /*axis*/) const { return {}; }
  void finish() {}
};

/// What stands in the place of an output; where it can be none, a sentence and an output that is not wanted.
template <class Scalar, class Out>
auto make_output([[maybe_unused]] Out&& out) {
  using Bare = RemoveCvref<Out>;
  if constexpr (is_none<Out>) {
    return Output<const NoneType&, Scalar>(out);
  } else if constexpr (is_dense<Out>) {
    constexpr bool fits = check_output_type<Out, Scalar>();
    if constexpr (fits)
      return Output<Out, Scalar>(std::forward<Out>(out));
    else
      return Output<const NoneType&, Scalar>(none);
  } else {
    constexpr bool address = std::is_pointer_v<Bare> || std::is_same_v<Bare, std::nullptr_t>;
    constexpr bool integers = holds_integers<Bare>;
    constexpr bool options = is_no_output<Bare> && !integers;
    static_assert(!address,
                  "xent: an output is passed itself, not by its address; xent::none stands for one that is not wanted");
    static_assert(!integers, "xent: an output stands here, and these are integers: labels come before the gradient");
    static_assert(!options, "xent: an output stands here, or xent::none; options come after all outputs");
    static_assert(address || integers || options,
                  "xent: an output is a dense Eigen object, or xent::none; wrap other memory: "
                  "Eigen::Map<Eigen::VectorXf>(x.data(), x.size())");
    return Output<const NoneType&, Scalar>(none);
  }
}

/// An output that is all that a function computes.
template <class Scalar, class Out>
auto make_result_output(Out&& out) {
  static_assert(!is_none<Out>, "xent: this output is what the function computes: it needs one");
  return make_output<Scalar>(std::forward<Out>(out));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
