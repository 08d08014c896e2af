#ifndef XENT_COMPILED
#define XENT_COMPILED
#endif
#include <xent/information.hpp>

#undef XENT_INSTANCE
#define XENT_INSTANCE template
#include <xent/detail/instances/information.inl>
