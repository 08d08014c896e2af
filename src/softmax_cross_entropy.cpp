#ifndef XENT_COMPILED
#define XENT_COMPILED
#endif
#include <xent/softmax_cross_entropy.hpp>

#undef XENT_INSTANCE
#define XENT_INSTANCE template
#include <xent/detail/instances/softmax_cross_entropy.inl>
