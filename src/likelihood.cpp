#ifndef XENT_COMPILED
#define XENT_COMPILED
#endif
#include <xent/likelihood.hpp>

#undef XENT_INSTANCE
#define XENT_INSTANCE template
#include <xent/detail/instances/likelihood.inl>
