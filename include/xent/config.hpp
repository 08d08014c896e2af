#ifndef XENT_CONFIG_HPP
#define XENT_CONFIG_HPP

/// Version, inline namespace, what is compiled where, and the compiler modes that xent cannot live with. The only
/// header that defines macros.

// A file that is not there stops every compiler: a hundred other errors would follow.
#if defined(__cplusplus) && __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)
#error "xent: this is C++17: compile with -std=c++17, or a later one"
#include <xent/needs_cpp17>
#endif

// CMakeLists.txt reads the version from these three lines.
#define XENT_VERSION_MAJOR 0
#define XENT_VERSION_MINOR 1
#define XENT_VERSION_PATCH 0

// Without exceptions, an error is XENT_FAIL(message), a const char*, before anything is written. It must not return.
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define XENT_HAS_EXCEPTIONS 1
#else
#define XENT_HAS_EXCEPTIONS 0
#ifndef XENT_FAIL
#define XENT_FAIL(message) static_cast<void>(message)
#endif
#endif

// Programs that link two versions of xent get two sets of symbols, never a mixture; and so do units with and without
// exceptions, and, headers alone, units that may use other vectors, fma, or instructions for single bits: the linker
// keeps one copy of an inline function, and a processor without AVX must not be given that of a unit with -mavx2.
#if XENT_HAS_EXCEPTIONS
#define XENT_NAME_OF_ERRORS
#else
#define XENT_NAME_OF_ERRORS _without_exceptions
#endif
#if defined(XENT_COMPILED)
#define XENT_NAME_OF_VECTORS
#elif defined(__AVX512F__)
#define XENT_NAME_OF_VECTORS _avx512
#elif defined(__AVX2__)
#define XENT_NAME_OF_VECTORS _avx2
#elif defined(__AVX__)
#define XENT_NAME_OF_VECTORS _avx
#elif defined(__SSE3__)
#define XENT_NAME_OF_VECTORS _sse3
#elif defined(__ARM_FEATURE_SVE)
#define XENT_NAME_OF_VECTORS _sve
#else
#define XENT_NAME_OF_VECTORS
#endif
#if defined(__FMA__) && !defined(XENT_COMPILED)
#define XENT_NAME_OF_FMA _fma
#else
#define XENT_NAME_OF_FMA
#endif
#if (defined(__BMI__) || defined(__LZCNT__) || defined(__POPCNT__)) && !defined(XENT_COMPILED)
#define XENT_NAME_OF_BITS _bits
#else
#define XENT_NAME_OF_BITS
#endif
#define XENT_JOINED(a, b, c, d) v0##a##b##c##d
#define XENT_NAME_OF(a, b, c, d) XENT_JOINED(a, b, c, d)
#define XENT_INLINE_NAMESPACE \
  XENT_NAME_OF(XENT_NAME_OF_ERRORS, XENT_NAME_OF_VECTORS, XENT_NAME_OF_FMA, XENT_NAME_OF_BITS)

// -fassociative-math and -freciprocal-math (parts of -ffast-math) let the compiler compute something else: what carries
// the last digits of a sum is 0 in exact arithmetic. gcc 12 has macros for both. clang has none, but can be told that
// xent's own code is to be compiled as written: the bits are those without -ffast-math, but for the sign of a zero.
#if defined(__clang__) && (defined(__x86_64__) || defined(__i386__) || defined(__powerpc64__) || defined(__s390x__))
#define XENT_AS_WRITTEN_BEGIN _Pragma("float_control(precise, on, push)")
#define XENT_AS_WRITTEN_END _Pragma("float_control(pop)")
#else
#define XENT_AS_WRITTEN_BEGIN
#define XENT_AS_WRITTEN_END
#endif
#if defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__)
#error \
    "xent: -ffast-math changes what xent computes, to a wrong second digit: compile units that include it with -fno-fast-math"
#endif

#define XENT_NAMESPACE_BEGIN             \
  XENT_AS_WRITTEN_BEGIN namespace xent { \
    inline namespace XENT_INLINE_NAMESPACE {
#define XENT_NAMESPACE_END \
  }                        \
  }                        \
  XENT_AS_WRITTEN_END

// Of a function of plain loops: gcc's defaults are to fuse a product with the sum that it goes into, where the machine
// has an instruction for that, and to make no vectors of comparisons, which could raise a flag twice. Inlined, a
// function follows its caller: those that others call are not.
#if defined(__GNUC__) && !defined(__clang__)
#define XENT_PLAIN_LOOPS __attribute__((optimize("fp-contract=off", "no-trapping-math")))
#else
#define XENT_PLAIN_LOOPS
#endif

// -ffinite-math-only (part of -ffast-math) lets the compiler assume that -inf and NaN do not occur; masked classes are
// -inf and NaN is how a broken sample is told from the others. The escape hatch changes no result by itself: it only
// withdraws every promise about infinities and NaN.
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ && !defined(XENT_ALLOW_FINITE_MATH)
#error \
    "xent: -ffinite-math-only (part of -ffast-math) breaks masked classes and NaN: compile with -fno-finite-math-only, or define XENT_ALLOW_FINITE_MATH to give up every promise about infinities and NaN"
#endif

// Which processors there are kernels for, by gcc and clang. (On Windows gcc does not align the stack for AVX.)
#if defined(__GNUC__) && defined(__x86_64__) && (!defined(_WIN32) || defined(__clang__))
#define XENT_KERNELS_FOR_X86_64 1
#else
#define XENT_KERNELS_FOR_X86_64 0
#endif
#if defined(__GNUC__) && defined(__AARCH64EL__) && defined(__ARM_NEON)
#define XENT_KERNELS_FOR_ARM64 1
#else
#define XENT_KERNELS_FOR_ARM64 0
#endif

// Headers alone, every unit compiles what it calls. With XENT_COMPILED, in all units of a program, what is there for
// float, double and the 16-bit types is only declared: it comes from the library xent::compiled, or from one unit that
// includes <xent/src.hpp>, which defines XENT_SOURCE.
#ifdef XENT_COMPILED
#define XENT_DECLARES_INSTANCES 1
#define XENT_INSTANCE extern template
#else
#define XENT_DECLARES_INSTANCES 0
#endif
#if defined(XENT_COMPILED) && !defined(XENT_SOURCE)
#define XENT_DEFINES_KERNELS 0
#else
#define XENT_DEFINES_KERNELS (XENT_KERNELS_FOR_X86_64 || XENT_KERNELS_FOR_ARM64)
#endif

// A statement for each sample, or coefficient, that kernels leave to the portable path: tests/refusals.cpp counts them.
#ifndef XENT_ON_REFUSAL
#define XENT_ON_REFUSAL
#endif

// F(scalar of the arguments, scalar of the results), for all that are compiled.
#define XENT_FOR_EACH_SCALAR(F)       \
  F(float, float)                     \
  F(double, double)                   \
  F(Eigen::half, Eigen::half)         \
  F(Eigen::half, float)               \
  F(Eigen::bfloat16, Eigen::bfloat16) \
  F(Eigen::bfloat16, float)
// F(scalar of numbers in the arithmetic of the results).
#define XENT_FOR_EACH_REAL(F) F(float) F(double)

#endif
