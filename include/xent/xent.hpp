#ifndef XENT_XENT_HPP
#define XENT_XENT_HPP

/// Everything that xent offers over Eigen alone.

#include <xent/config.hpp>
#include <xent/counts.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/information.hpp>
#include <xent/instruction_set.hpp>
#include <xent/likelihood.hpp>
#include <xent/linear_cross_entropy.hpp>
#include <xent/logits.hpp>
#include <xent/logsumexp.hpp>
#include <xent/sigmoid_cross_entropy.hpp>
#include <xent/softmax.hpp>
#include <xent/softmax_cross_entropy.hpp>
#include <xent/softmax_jacobian.hpp>
#include <xent/types.hpp>

#endif
