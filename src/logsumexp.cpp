#ifndef XENT_COMPILED
#define XENT_COMPILED
#endif
#include <xent/logsumexp.hpp>

#undef XENT_INSTANCE
#define XENT_INSTANCE template
#include <xent/detail/instances/logsumexp.inl>
