// Compiles the file XENT_LOOPS once for each instruction set, inside a namespace and a target region of its own; after
// the lanes themselves where XENT_LANES is defined, which lanes.hpp does. No include guard: once for each file of
// loops. (In the manner of highway's foreach_target.h.)

#if XENT_KERNELS_FOR_X86_64

// The only macro-free way to give a region of code a target is spelled differently by the two compilers.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c")
#endif
XENT_NAMESPACE_BEGIN
namespace simd::avx512 {
#ifdef XENT_LANES
#include <xent/simd/isa/avx512.inl>
#endif
#include XENT_LOOPS
}  // namespace simd::avx512
XENT_NAMESPACE_END
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif
XENT_NAMESPACE_BEGIN
namespace simd::avx2 {
#ifdef XENT_LANES
#include <xent/simd/isa/avx2.inl>
#endif
#include XENT_LOOPS
}  // namespace simd::avx2
XENT_NAMESPACE_END
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#elif XENT_KERNELS_FOR_ARM64

XENT_NAMESPACE_BEGIN
namespace simd::neon {
#ifdef XENT_LANES
#include <xent/simd/isa/neon.inl>
#endif
#include XENT_LOOPS
}  // namespace simd::neon
XENT_NAMESPACE_END

#endif

#undef XENT_LOOPS
#undef XENT_LANES
