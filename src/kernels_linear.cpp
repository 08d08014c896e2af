#ifndef XENT_COMPILED
#define XENT_COMPILED
#endif
#define XENT_SOURCE
#include <xent/simd/instances/linear.inl>
