#ifndef XENT_TESTS_DIGESTS_TARGETS_HPP
#define XENT_TESTS_DIGESTS_TARGETS_HPP

#include "cross_entropy.hpp"

#include <xent/softmax_cross_entropy.hpp>

#include <string>

namespace digests {

/// softmax_cross_entropy of distributions that lie in a TargetLayout of their own.
template <class S, template <class> class Layout, class TargetLayout = Layout<S>>
void target_case(const Shape& shape, Option option, To to = To::another) {
  const auto options = options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  TargetLayout targets = targets_of<TargetLayout>(option, shape);
  const auto& y = targets.view();
  const auto call = [&](const auto& z, auto&& gradient, auto* report) {
    return xent::softmax_cross_entropy(z, y, gradient, options, report);
  };
  std::string layouts = Layout<S>::name + name_of(to);
  if (!std::is_same_v<TargetLayout, Layout<S>>)
    layouts += std::string("_targets_") + scalar_name<typename TargetLayout::Scalar>() + "_" + TargetLayout::name;
  print("softmax_cross_entropy/targets/" + std::string(scalar_name<S>()) + "/" + layouts + "/" + shape.name() + "/" +
            name_of(option),
        digest_of(logits_of<Layout<S>>(option, shape), shape, option, to, call));
}

}  // namespace digests

#endif
