// What all loops are made of. Included once for each instruction set, after its lanes.
// clang-format off: each file needs those before it
#include <xent/simd/math/exponential.inl>
#include <xent/simd/math/memory.inl>
#include <xent/simd/math/pair.inl>
#include <xent/simd/math/sums.inl>
// clang-format on
