#ifndef XENT_DETAIL_ARGUMENTS_NUMBER_OUTPUT_HPP
#define XENT_DETAIL_ARGUMENTS_NUMBER_OUTPUT_HPP

/// Where one number per sample goes: to a result of xent's own, or to a vector of the caller's.

#include <xent/config.hpp>
#include <xent/detail/arguments/memory.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/output.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// One number per sample; for a vector at compile time, the number.
template <bool one_sample, class Real>
using PerSample = std::conditional_t<one_sample, Real, Eigen::Array<Real, Eigen::Dynamic, 1>>;

template <class Dense>
using NumberPerSample = PerSample<is_vector<Dense>, RealOf<typename Dense::Scalar>>;

/// The number of one sample.
template <class Real>
class NumberOutput {
 public:
  explicit NumberOutput(Real& number) : number_(number) {}
  template <class... Arguments>
  void prepare(const char* /*function*/, Index /*count*/, const Arguments&... /*arguments*/) {}
  Sample<Real> numbers() { return {&number_, 1}; }
  void finish() {}

 private:
  Real& number_;
};

/// A vector of them.
template <class Out, class Scalar>
class NumbersOutput {
 public:
  explicit NumbersOutput(Out&& out) : output_(make_result_output<Scalar>(std::forward<Out>(out))) {}

  /// Checks, and keeps the numbers apart from the arguments, whose numbers may be read after the first ones are
  /// written.
  template <class... Arguments>
  void prepare(const char* function, Index count, const Samples<Arguments>&... arguments) {
    const Shape shape{count, 1};
    output_.check_shape(function, "out", shape, true);
    output_.prepare(shape, true);
    (output_.keep_apart(Memory(arguments)), ...);
  }
  auto numbers() { return output_.samples(Axis::columns)[0]; }
  void finish() { output_.finish(); }

 private:
  decltype(make_output<Scalar>(std::declval<Out>())) output_;
};

/// `one_sample`: the argument is a vector at compile time, so that the output may be its number itself.
template <bool one_sample, class Scalar, class Out>
auto make_number_output(Out&& out) {
  if constexpr (one_sample && std::is_same_v<Out, RealOf<Scalar>&>)
    return NumberOutput<RealOf<Scalar>>(out);
  else
    return NumbersOutput<Out, Scalar>(std::forward<Out>(out));
}

/// compute(first, count, to) puts the numbers of samples [first, first + count) where `to` points.
template <class Real, class Scalar, class Out, class Compute>
void write_numbers(const Executor& executor, const Samples<const Scalar>& samples, Sample<Out> out,
                   const Compute& compute) {
  const Blocks blocks(samples.count, samples.classes, samples.side_by_side());
  for_blocks(executor, blocks, [&](Index /*block*/, Index first, Index last) {
    if constexpr (std::is_same_v<Out, Real>) {
      if (out.stride == 1) return compute(first, last - first, out.data + first);
    }
    constexpr Index most = 256;
    std::array<Real, static_cast<std::size_t>(most)> numbers;  // NOLINT: written before it is read
    for (Index begin = first; begin < last; begin += most) {
      const Index count = (std::min)(most, last - begin);
      compute(begin, count, numbers.data());
      for (Index j = 0; j < count; ++j) out[begin + j] = static_cast<Out>(numbers[static_cast<std::size_t>(j)]);
    }
  });
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
