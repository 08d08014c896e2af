#ifndef XENT_DETAIL_ARGUMENTS_OPTIONS_HPP
#define XENT_DETAIL_ARGUMENTS_OPTIONS_HPP

/// What stands in the places of options and of a report: options, or an axis alone; the address of a report. Their
/// types are deduced, `{}` and designated initialisers take the default, and everything else stops with a sentence.

#include <xent/config.hpp>
#include <xent/detail/arguments/labels.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/error.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class T, class = void>
inline constexpr bool has_axis = false;
template <class T>
inline constexpr bool has_axis<T, std::void_t<decltype(T::axis)>> = true;
template <class T, class = void>
inline constexpr bool has_loss_options = false;
template <class T>
inline constexpr bool has_loss_options<T, std::enable_if_t<has_axis<decltype(T::loss)>>> = true;
template <class T, class = void>
inline constexpr bool has_reduction = false;
template <class T>
inline constexpr bool has_reduction<T, std::void_t<decltype(T::reduction)>> = true;
template <class T, class = void>
inline constexpr bool is_report = false;
template <class T>
inline constexpr bool is_report<T, std::void_t<decltype(T::sample_loss)>> = true;

/// Options of some function and of some scalar.
template <class T>
inline constexpr bool are_options = has_axis<T> || has_reduction<T> || has_loss_options<T>;

/// Whether T was meant as options, or for what comes after them, and not as an output.
template <class T>
inline constexpr bool is_no_output = are_options<T> || is_report<std::remove_pointer_t<T>> || std::is_same_v<T, Axis> ||
                                     std::is_same_v<T, Unit> || std::is_arithmetic_v<T>;

/// An output competes with options for a place in a call: T is one unless it converts to them.
template <class T, class Options>
using EnableIfOutput = std::enable_if_t<!std::is_convertible_v<T&&, Options> && !is_no_output<RemoveCvref<T>>, int>;
template <class T, class Options>
using EnableIfOptions = std::enable_if_t<std::is_convertible_v<const T&, Options> || is_no_output<T>, int>;

template <class Options>
Options options_of(Axis axis) {
  Options options{};
  if constexpr (has_axis<Options>)
    options.axis = axis;
  else
    options.loss.axis = axis;
  return options;
}

/// The options of a call, from what stands in their place.
template <class Options, class Given>
decltype(auto) options_in(const Given& given) {
  if constexpr (std::is_base_of_v<Options, Given>) {
    return static_cast<const Options&>(given);
  } else if constexpr (std::is_convertible_v<const Given&, Options>) {
    return static_cast<Options>(given);
  } else if constexpr (std::is_same_v<Given, Axis> && (has_axis<Options> || has_loss_options<Options>)) {
    return options_of<Options>(given);
  } else {
    if constexpr (is_report<std::remove_pointer_t<Given>>)
      static_assert(std::is_void_v<Given>,
                    "xent: a report comes after the options, by its address: f(..., {}, &report)");
    else if constexpr (are_options<Given>)
      static_assert(std::is_void_v<Given>,
                    "xent: these are the options of another function, or of another scalar: options are in the scalar "
                    "of the results, float for half and bfloat16");
    else if constexpr (std::is_arithmetic_v<Given>)
      static_assert(std::is_void_v<Given>,
                    "xent: options stand here, and a number is none: write {.temperature = 2}, or in C++17 options "
                    "with a name");
    else if constexpr (is_dense<Given>)
      static_assert(std::is_void_v<Given>,
                    "xent: options stand here; an output comes before them, and there are as many as the function has");
    else
      static_assert(std::is_void_v<Given>, "xent: options stand here, and this is none of this function's");
    return Options{};
  }
}

/// The report of a call, or null.
template <class Report, class Given>
Report* report_in(const Given& given) {
  if constexpr (std::is_convertible_v<const Given&, Report*>) {
    return given;
  } else {
    if constexpr (is_dense<std::remove_pointer_t<Given>>)
      static_assert(std::is_void_v<Given>, "xent: a gradient comes before the options");
    else if constexpr (is_report<Given>)
      static_assert(std::is_void_v<Given>, "xent: a report is passed by its address: &report");
    else if constexpr (is_report<std::remove_pointer_t<Given>>)
      static_assert(std::is_void_v<Given>,
                    "xent: this is the report of another function, or of another scalar: reports are in the scalar of "
                    "the results, float for half and bfloat16");
    else
      static_assert(std::is_void_v<Given>, "xent: the address of a report stands here");
    return nullptr;
  }
}

/// What divides the logits.
template <class Real>
void check_temperature(const char* function, const Real& temperature) {
  if (!(temperature > Real(0)) || !is_finite(temperature))
    throw_invalid(function, "temperature", text(temperature), "a finite number > 0");
}

/// Stands for a result where a sentence has been said: it converts to whatever was expected, so that no error follows.
struct Anything {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor): never defined
};

/// For calls that begin with something else than dense Eigen expressions.
template <class... Arguments>
using EnableIfNotDense = std::enable_if_t<!(is_dense<Arguments> && ...), int>;

template <class First, class... Rest>
auto refuse() {
  constexpr bool swapped = holds_integers<First> && (is_dense<Rest> || ...);
  static_assert(!swapped, "xent: the logits come first, then the labels");
  static_assert(swapped || std::is_void_v<First>,
                "xent: logits, probabilities, features and the like are dense Eigen expressions; wrap other memory: "
                "Eigen::Map<const Eigen::VectorXf>(x.data(), x.size())");
  return Anything{};
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
