#ifndef XENT_SIMD_INTRINSICS_HPP
#define XENT_SIMD_INTRINSICS_HPP

/// The intrinsics of the lanes. gcc takes half as long to read <immintrin.h> as to read Eigen; the parts that are used
/// take a quarter of that. They stand in files of their own, which ask to be included by <immintrin.h> and by nothing
/// else: so for the versions that have been looked at, they are. A later <immintrin.h> brings the rest.

#include <xent/config.hpp>

#if XENT_KERNELS_FOR_X86_64
#if defined(__GNUC__) && !defined(__clang__) && !defined(__INTEL_COMPILER) && !defined(__NVCOMPILER) && \
    __GNUC__ >= 9 && __GNUC__ <= 13 && !defined(_IMMINTRIN_H_INCLUDED)
#define _IMMINTRIN_H_INCLUDED  // NOLINT: a name of gcc's
// Each needs those before it.
// clang-format off
#include <smmintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#include <avx512fintrin.h>
#include <avx512dqintrin.h>
#include <f16cintrin.h>
#include <fmaintrin.h>
// clang-format on
#undef _IMMINTRIN_H_INCLUDED
#else
#include <immintrin.h>
#endif
#elif XENT_KERNELS_FOR_ARM64
#include <arm_neon.h>
#endif

#endif
