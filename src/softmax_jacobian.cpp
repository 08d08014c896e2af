#ifndef XENT_COMPILED
#define XENT_COMPILED
#endif
#include <xent/softmax_jacobian.hpp>

#undef XENT_INSTANCE
#define XENT_INSTANCE template
#include <xent/detail/instances/softmax_jacobian.inl>
