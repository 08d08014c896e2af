// expect: xent: -ffinite-math-only (part of -ffast-math) breaks masked classes and NaN: compile with
// expect: -fno-finite-math-only, or define XENT_ALLOW_FINITE_MATH to give up every promise about infinities and NaN
// flags: -ffinite-math-only
#ifdef XENT_MISUSE_FIXED
#define XENT_ALLOW_FINITE_MATH
#endif
#include <xent/config.hpp>
