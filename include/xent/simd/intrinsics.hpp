#ifndef XENT_SIMD_INTRINSICS_HPP
#define XENT_SIMD_INTRINSICS_HPP

/// The intrinsics of the lanes. <immintrin.h> is most of what these headers add to the time that Eigen takes gcc to
/// read, and few parts of it are used. They stand in files that ask to be included by <immintrin.h> and by nothing
/// else: so for the one version that this was tried with, they are. A later <immintrin.h> brings the rest.

#include <xent/config.hpp>

#if XENT_KERNELS_FOR_X86_64
#if __GNUC__ == 12 && !defined(__clang__) && !defined(__INTEL_COMPILER) && !defined(__NVCOMPILER) && \
    !defined(_IMMINTRIN_H_INCLUDED)
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
