#ifndef XENT_DETAIL_CORE_BLOCKS_HPP
#define XENT_DETAIL_CORE_BLOCKS_HPP

/// Work on samples in fixed blocks. The blocks depend on the shape alone and their partial results are added in block
/// order, so that every executor and every number of threads gives the same bits.

#include <xent/config.hpp>
#include <xent/detail/core/function_ref.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>

XENT_NAMESPACE_BEGIN
namespace detail {

using Index = std::ptrdiff_t;  // Eigen::Index, unless a program has made that something else

/// Bytes of results from which on they pass the caches by: they would not stay, and a store that first reads its line
/// costs half as much again.
inline constexpr Index beyond_caches = Index{4} << 20U;

/// `count` samples in at most 64 blocks of at least 2^15 coefficients: below that, handing work to a thread costs more
/// than the work; above 64 the partial results would need the heap. Samples that are neighbours in memory stay together
/// `side_by_side`: a few cache lines of each class.
///
/// Where memory is walked better in a few long pieces, neighbouring blocks stay `together`: all of them without an
/// executor, else as many as leave some threads something to do.
struct Blocks {
  static constexpr Index most = 64;

  Blocks(Index samples, Index classes, Index side_by_side = 1, bool together = false)
      : samples_(samples), classes_(classes), together_(together) {
    constexpr Index least_coefficients = Index{1} << 15;
    const Index least_samples = (std::max<Index>)(1, least_coefficients / (std::max<Index>)(1, classes));
    size_ = (std::max<Index>)({1, least_samples, (samples + most - 1) / most});
    size_ = (size_ + side_by_side - 1) / side_by_side * side_by_side;
  }

  Index count() const { return (samples_ + size_ - 1) / size_; }
  Index first(Index block) const { return block * size_; }
  Index last(Index block) const { return (std::min)(samples_, (block + 1) * size_); }
  Index size() const { return size_; }
  /// How many are walked at a time.
  Index at_a_time(bool by_executor) const {
    constexpr Index pieces = 8;
    constexpr Index long_enough = 1024;  // samples
    if (!together_) return 1;
    if (!by_executor) return (std::max<Index>)(1, count());
    return (std::max<Index>)(1, (std::min)(count() / pieces, long_enough / size_));
  }

  /// Where a coefficient takes so little time that a thread, which may need 20 us to wake, is worth it for 2^17 of
  /// them, if `is_quick`.
  Blocks quick(bool is_quick) const {
    Blocks blocks = *this;
    if (is_quick) blocks.least_of_thread_ = Index{1} << 17;
    return blocks;
  }
  /// How many pieces of so many blocks a thread is given at least.
  Index grain(Index blocks_at_a_time) const {
    return (std::max<Index>)(1, least_of_thread_ / (std::max<Index>)(1, size_ * blocks_at_a_time * classes_));
  }

 private:
  Index samples_;
  Index classes_;
  Index size_;
  bool together_;
  Index least_of_thread_ = 1;
};

/// body(first, last) on ranges that cover [0, count), by the executor if there is one and more than one to do.
inline void for_ranges(const Executor& executor, Index count, FunctionRef<void(Index first, Index last)> body) {
  if (executor && count > 1)
    executor(count, std::cref(body));
  else if (count > 0)
    body(0, count);
}

/// body(block, first, last) for every block of samples, or for those that stay together, of which `block` is the first.
inline void for_blocks(const Executor& executor, const Blocks& blocks,
                       FunctionRef<void(Index block, Index first, Index last)> body) {
  const Index count = blocks.count();
  const Index step = blocks.at_a_time(static_cast<bool>(executor));
  const Index piece = executor ? step * blocks.grain(step) : step;
  for_ranges(executor, (count + piece - 1) / piece, [&](Index first, Index last) {
    for (Index block = first * piece; block < (std::min)(count, last * piece); block += step)
      body(block, blocks.first(block), blocks.last((std::min)(count, block + step) - 1));
  });
}

/// The same with a partial result a block: body(first, last, partial), behind which are those of the blocks that stay
/// together. Returns the partials added up in block order.
template <class Partial, class Body>
Partial sum_over_blocks(const Executor& executor, const Blocks& blocks, const Body& body) {
  std::array<Partial, Blocks::most> partials{};
  for_blocks(executor, blocks, [&](Index block, Index first, Index last) {
    body(first, last, partials[static_cast<std::size_t>(block)]);
  });
  Partial total{};
  for (const Partial& partial : partials) total += partial;
  return total;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
