#ifndef XENT_TESTS_DIGESTS_LABELS_HPP
#define XENT_TESTS_DIGESTS_LABELS_HPP

#include "cross_entropy.hpp"

#include <xent/softmax_cross_entropy.hpp>

#include <string>

namespace digests {

/// softmax_cross_entropy of labels.
template <class S, template <class> class Layout>
void label_case(const Shape& shape, Option option, To to = To::another, const std::string& prefix = "") {
  const auto options = options_of<RealOf<S>>(option, shape, Layout<S>::axis);
  const Eigen::VectorXi labels = labels_of(option, shape);
  const auto call = [&](const auto& z, auto&& gradient, auto* report) {
    return xent::softmax_cross_entropy(z, labels, gradient, options, report);
  };
  print(prefix + "softmax_cross_entropy/labels/" + scalar_name<S>() + "/" + Layout<S>::name + name_of(to) + "/" +
            shape.name() + "/" + name_of(option),
        digest_of(logits_of<Layout<S>>(option, shape), shape, option, to, call));
}

}  // namespace digests

#endif
