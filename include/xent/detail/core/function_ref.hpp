#ifndef XENT_DETAIL_CORE_FUNCTION_REF_HPP
#define XENT_DETAIL_CORE_FUNCTION_REF_HPP

/// A reference to a function object, so that what calls it is compiled once for all of them.

#include <xent/config.hpp>

#include <memory>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Signature>
class FunctionRef;

/// Two pointers; the object must have a name that outlives them, unless this is a parameter. (std::function_ref of
/// C++26; std::function would own a copy, and costs some kilobytes for each type of object.)
template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <class Function, std::enable_if_t<!std::is_same_v<std::decay_t<Function>, FunctionRef>, int> = 0>
  FunctionRef(const Function& function)  // NOLINT(google-explicit-constructor): passed like the function
      : object_(std::addressof(function)), call_([](const void* object, Arguments... arguments) -> Result {
          return (*static_cast<const Function*>(object))(static_cast<Arguments>(arguments)...);
        }) {}

  Result operator()(Arguments... arguments) const { return call_(object_, static_cast<Arguments>(arguments)...); }

 private:
  const void* object_;
  Result (*call_)(const void*, Arguments...);
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
