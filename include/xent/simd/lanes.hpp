#ifndef XENT_SIMD_LANES_HPP
#define XENT_SIMD_LANES_HPP

/// The lanes of each instruction set, and the mathematics over them.
///
/// Each instruction set has a namespace and a target region of its own, so that translation units compiled with
/// different flags hold the same functions and compute the same bits.

#include <xent/config.hpp>
#include <xent/simd/intrinsics.hpp>
#include <xent/simd/tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#define XENT_LOOPS <xent/simd/math/lanes.inl>
#define XENT_LANES
#include <xent/simd/isa/each.inl>

#endif
