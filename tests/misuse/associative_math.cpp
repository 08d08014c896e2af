// expect: xent: -ffast-math changes what xent computes, to a wrong second digit: compile units that include it with
// flags: -ffast-math -fno-finite-math-only
#ifdef XENT_MISUSE_FIXED
#undef __ASSOCIATIVE_MATH__
#undef __RECIPROCAL_MATH__
#endif
#include <xent/config.hpp>
