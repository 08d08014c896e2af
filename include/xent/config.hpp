#ifndef XENT_CONFIG_HPP
#define XENT_CONFIG_HPP

/// Version, inline namespace and the one compiler mode that xent cannot live with. The only header that defines macros.

// CMakeLists.txt reads the version from these three lines.
#define XENT_VERSION_MAJOR 0
#define XENT_VERSION_MINOR 1
#define XENT_VERSION_PATCH 0

// Programs that link two versions of xent get two sets of symbols, never a mixture.
#define XENT_INLINE_NAMESPACE v0

// -ffinite-math-only (part of -ffast-math) lets the compiler assume that -inf and NaN do not occur; masked classes are
// -inf and NaN is how a broken sample is told from the others. The escape hatch changes no result by itself: it only
// withdraws every promise about infinities and NaN.
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ && !defined(XENT_ALLOW_FINITE_MATH)
#error \
    "xent: -ffinite-math-only (part of -ffast-math) breaks masked classes and NaN: compile with -fno-finite-math-only, or define XENT_ALLOW_FINITE_MATH to give up every promise about infinities and NaN"
#endif

#endif
