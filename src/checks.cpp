#ifndef XENT_COMPILED
#define XENT_COMPILED
#endif
#include <xent/detail/arguments/checks.hpp>

#undef XENT_INSTANCE
#define XENT_INSTANCE template
#include <xent/detail/instances/checks.inl>
