#ifndef XENT_DETAIL_WALK_CACHES_HPP
#define XENT_DETAIL_WALK_CACHES_HPP

/// What fits where. Sizes are those of common processors, not of the one at hand: results must not depend on it, and
/// within a factor of two nothing here does (bench/softmax_cross_entropy).

#include <xent/config.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/types.hpp>

#include <cstddef>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Coefficients of type Real.
template <class Real>
struct Caches {
  static constexpr Index of_bytes(Index bytes) { return bytes / static_cast<Index>(sizeof(Real)); }

  static constexpr Index line = of_bytes(64);
  /// Logits of a tile: beside their results and what is fetched meanwhile in a first-level cache.
  static constexpr Index tile = of_bytes(8192);
  /// Half of a first-level cache: a segment of a long sample, one of two buffers on their way to memory.
  static constexpr Index first_level = of_bytes(16384);
  /// A buffer that shares a second-level cache with another one, as many logits, and those that are fetched.
  static constexpr Index shared_second_level = of_bytes(131072);
  /// What stays in a second-level cache.
  static constexpr Index second_level = of_bytes(262144);
  /// So few classes are transposed: beyond, the lanes are filled by one sample.
  static constexpr Index few_classes = 6 * line;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
