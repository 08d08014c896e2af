#ifndef XENT_INFORMATION_OPTIONS_HPP
#define XENT_INFORMATION_OPTIONS_HPP

/// The options of the measures of information.hpp.

#include <xent/config.hpp>
#include <xent/detail/arguments/options.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN

/// The options of the measures of every sample. The order of the members is API.
template <class Real>
struct InformationOptions {
  Axis axis = Axis::columns;
  Unit unit = Unit::nats;
  Executor executor{};  // empty: the calling thread
};

namespace detail {

template <class P>
using InformationOptionsOf = InformationOptions<RealOf<typename P::Scalar>>;

/// The options of a call from what stands in their place: options, an axis, a unit, or an axis and a unit.
template <class P, class Options, class Second>
decltype(auto) information_options(const Options& options, [[maybe_unused]] const Second& second) {
  constexpr bool alone = std::is_same_v<Second, NoneType>;
  constexpr bool unit_first = std::is_same_v<Options, Unit> && !alone;
  static_assert(!unit_first, "xent: the axis comes before the unit: entropy(p, Axis::rows, Unit::bits)");
  static_assert(alone || unit_first || (std::is_same_v<Options, Axis> && std::is_same_v<Second, Unit>),
                "xent: an axis and a unit stand here, or options, which hold both");
  if constexpr (std::is_same_v<Options, Axis> && std::is_same_v<Second, Unit>)
    return InformationOptionsOf<P>{options, second, {}};
  else if constexpr (std::is_same_v<Options, Unit>)
    return InformationOptionsOf<P>{Axis::columns, options, {}};
  else
    return options_in<InformationOptionsOf<P>>(options);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
