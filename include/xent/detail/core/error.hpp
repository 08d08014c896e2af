#ifndef XENT_DETAIL_CORE_ERROR_HPP
#define XENT_DETAIL_CORE_ERROR_HPP

/// How a wrong argument is reported: which function, which argument, what it got, what it expected. Always one line,
/// always before the first write.

#include <xent/config.hpp>
#include <xent/types.hpp>

#include <cstdlib>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class T, class = void>
inline constexpr bool can_be_printed = false;
template <class T>
inline constexpr bool
    can_be_printed<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>> = true;

/// A number type of the user's need not be one that streams know.
template <class T>
void print(std::ostream& stream, const T& part) {
  if constexpr (can_be_printed<T>)
    stream << part;
  else
    stream << "(a number)";
}

template <class... Parts>
[[gnu::cold]] std::string text(const Parts&... parts) {
  std::ostringstream stream;
  (print(stream, parts), ...);
  return stream.str();
}

inline std::string shape_text(Eigen::Index rows, Eigen::Index cols) { return text("[", rows, " x ", cols, "]"); }

[[gnu::cold]] inline std::string message(const char* function, const std::string& argument, const std::string& got,
                                         const std::string& expected) {
  return text("xent::", function, ": ", argument, ": got ", got, ", expected ", expected);
}

/// Throws, or calls XENT_FAIL where there are no exceptions.
template <class Error>
[[noreturn, gnu::cold]] void throw_error(const std::string& message) {
#if XENT_HAS_EXCEPTIONS
  throw Error(message);
#else
  XENT_FAIL(message.c_str());
  std::abort();
#endif
}

[[noreturn, gnu::cold]] inline void throw_invalid(const char* function, const std::string& argument,
                                                  const std::string& got, const std::string& expected) {
  throw_error<std::invalid_argument>(message(function, argument, got, expected));
}

[[noreturn, gnu::cold]] inline void throw_label(const char* function, Eigen::Index sample, const std::string& label,
                                                Eigen::Index classes) {
  throw_error<std::out_of_range>(
      message(function, text("label of sample ", sample), label, text("a class in [0, ", classes, ")")));
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
