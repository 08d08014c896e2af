#ifndef XENT_DETAIL_ARGUMENTS_MEMORY_HPP
#define XENT_DETAIL_ARGUMENTS_MEMORY_HPP

/// Where the coefficients of arguments and outputs lie, and whether two of them share any.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// The coefficients of a matrix are the `size` bytes at first + i inner + j outer, 0 <= i < inners, 0 <= j < outers.
/// Strides are in bytes, inner <= outer, and neither is negative: a matrix that runs backwards is seen from its other
/// end. Without coefficients, nothing is shared.
struct Memory {
  std::intptr_t first = 0, size = 0;
  std::intptr_t inner = 0, inners = 0;
  std::intptr_t outer = 0, outers = 0;

  Memory() = default;
  template <class Scalar>
  explicit Memory(const Samples<Scalar>& samples)
      : first(reinterpret_cast<std::intptr_t>(samples.data)),
        size(sizeof(Scalar)),
        inner(samples.classes > 1 ? size * samples.class_stride : 0),
        inners(samples.data ? samples.classes : 0),
        outer(samples.count > 1 ? size * samples.sample_stride : 0),
        outers(samples.count) {
    run_forwards(inner, inners);
    run_forwards(outer, outers);
    if (inner <= outer) return;
    std::swap(inner, outer);
    std::swap(inners, outers);
  }

  bool empty() const { return inners <= 0 || outers <= 0; }
  /// Behind the last byte.
  std::intptr_t end() const { return first + (inners - 1) * inner + (outers - 1) * outer + size; }

 private:
  void run_forwards(std::intptr_t& stride, std::intptr_t& count) {
    if (stride == 0) count = (std::min<std::intptr_t>)(count, 1);  // one place, seen again and again
    if (stride >= 0) return;
    first += (count - 1) * stride;
    stride = -stride;
  }
};

/// Numbers one after the other.
template <class Vector>
Memory memory_of_vector(const Vector& numbers) {
  using Scalar = typename Vector::Scalar;
  return Memory(Samples<const Scalar>{numbers.data(), numbers.size(), 1, 1, 0});
}

/// Whether two matrices of the same strides, whose inner runs do not reach into each other, share a byte.
inline bool share_on_grid(const Memory& a, const Memory& b) {
  const std::intptr_t inner = (std::max<std::intptr_t>)({a.inner, b.inner, a.size});
  const std::intptr_t outer = (std::max<std::intptr_t>)({a.outer, b.outer, a.size});
  const auto floor_of = [](std::intptr_t x, std::intptr_t y) { return x / y - (x % y < 0 ? 1 : 0); };
  // The distance of two coefficients is distance + u inner + v outer. For each v that can make it small, the nearest u.
  const std::intptr_t distance = b.first - a.first;
  const std::intptr_t v0 = floor_of(-distance, outer);
  for (std::intptr_t v = v0 - 1; v <= v0 + 2; ++v) {
    if (v <= -a.outers || v >= b.outers) continue;
    const std::intptr_t rest = distance + v * outer;
    const std::intptr_t u0 = floor_of(-rest, inner);
    for (std::intptr_t u = u0; u <= u0 + 1; ++u)
      if (u > -a.inners && u < b.inners && std::abs(rest + u * inner) < a.size) return true;
  }
  return false;
}

/// Whether two matrices share a byte. At once where the ranges of addresses are apart or the strides are the same, as
/// those of blocks of one matrix are; otherwise the bytes that the one has in the common range are marked, a bit each,
/// and looked for by the other: some nanoseconds a coefficient.
inline bool share_memory(const Memory& a, const Memory& b) {
  if (a.empty() || b.empty() || a.end() <= b.first || b.end() <= a.first) return false;
  if (a.first == b.first) return true;
  const auto same = [](std::intptr_t stride, std::intptr_t count, std::intptr_t other, std::intptr_t other_count) {
    return stride == other || count == 1 || other_count == 1;
  };
  const auto nested = [](const Memory& m) { return m.outers == 1 || (m.inners - 1) * m.inner + m.size <= m.outer; };
  if (a.size == b.size && same(a.inner, a.inners, b.inner, b.inners) && same(a.outer, a.outers, b.outer, b.outers) &&
      nested(a) && nested(b))
    return share_on_grid(a, b);
  const std::intptr_t first = (std::max)(a.first, b.first);
  const std::intptr_t end = (std::min)(a.end(), b.end());
  std::vector<bool> marked(static_cast<std::size_t>(end - first));
  // visit(byte) for the bytes that lie in both ranges, until it returns true.
  const auto any = [&](const Memory& of, const auto& visit) {
    for (std::intptr_t j = 0; j < of.outers; ++j) {
      const std::intptr_t run = of.first + j * of.outer;
      if (run >= end || run + (of.inners - 1) * of.inner + of.size <= first) continue;
      for (std::intptr_t i = 0; i < of.inners; ++i) {
        const std::intptr_t at = run + i * of.inner;
        for (std::intptr_t byte = (std::max)(at, first); byte < (std::min)(at + of.size, end); ++byte)
          if (visit(static_cast<std::size_t>(byte - first))) return true;
      }
    }
    return false;
  };
  any(a, [&](std::size_t byte) {
    marked[byte] = true;
    return false;
  });
  return any(b, [&](std::size_t byte) { return bool(marked[byte]); });
}

/// Each coefficient of the one is in the place of the same coefficient of the other.
template <class A, class B>
bool same_places(const Samples<A>& a, const Samples<B>& b) {
  return static_cast<const void*>(a.data) == static_cast<const void*>(b.data) && sizeof(A) == sizeof(B) &&
         a.classes == b.classes && a.count == b.count && (a.classes <= 1 || a.class_stride == b.class_stride) &&
         (a.count <= 1 || a.sample_stride == b.sample_stride);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
