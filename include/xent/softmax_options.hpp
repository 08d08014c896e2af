#ifndef XENT_SOFTMAX_OPTIONS_HPP
#define XENT_SOFTMAX_OPTIONS_HPP

/// The options of softmax, of its logarithm and its Jacobian, and of logsumexp.

#include <xent/config.hpp>
#include <xent/types.hpp>

XENT_NAMESPACE_BEGIN

/// The order of the members is API.
template <class Real>
struct SoftmaxOptions {
  Axis axis = Axis::columns;
  Real temperature{1};  // logits are divided by it; > 0
  Executor executor{};  // empty: the calling thread
};

namespace detail {

template <class Argument>
using SoftmaxOptionsOf = SoftmaxOptions<RealOf<typename Argument::Scalar>>;

}  // namespace detail

XENT_NAMESPACE_END

#endif
