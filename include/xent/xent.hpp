#ifndef XENT_XENT_HPP
#define XENT_XENT_HPP

/// Everything that xent offers over Eigen alone.

#include <xent/config.hpp>
#include <xent/types.hpp>

#endif
