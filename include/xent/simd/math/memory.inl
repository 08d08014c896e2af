// Lanes and memory: vectors that are not whole, and what memory does while a loop computes. L is its Float or
// Double.

// Up to n lanes of memory; n may be negative.
template <class L>
inline typename L::V load_up_to(const typename L::Real* p, Index n, typename L::Real fill) {
  return n >= L::lanes ? L::load(p) : L::load_partial(p, n, fill);
}

template <class L>
inline void store_up_to(typename L::Real* p, Index n, typename L::V x) {
  if (n >= L::lanes)
    L::store(p, x);
  else
    L::store_partial(p, n, x);
}

/// How many coefficients come before a cache line begins: less than a vector of them, which is one.
template <class L>
inline Index before_line(const typename L::Real* p) {
  return -static_cast<Index>(reinterpret_cast<std::uintptr_t>(p) / sizeof(*p)) & (L::lanes - 1);
}

template <class L>
inline constexpr typename L::Real minus_infinity = -std::numeric_limits<typename L::Real>::infinity();

/// The classes between two looks at memory.
template <class L>
inline constexpr Index group = 8 * L::lanes;

/// Moves memory on by some cache lines: fetches what comes next, and lets results leave past the caches. Each loop does
/// a part of it, in proportion to its time: a core computes an exponential in the time that memory takes to read its
/// argument, and a loop during which memory rests would be lost.
template <class L>
inline void move_on(Traffic<typename L::Real>* traffic, Index lines) {
  const char* const fetched = traffic->fetched;
  if (fetched < traffic->end) {  // the last ones may lie behind the end
#pragma GCC unroll 8
    for (Index j = 0; j < lines; ++j) __builtin_prefetch(fetched + 64 * j, 0, 2);  // into the second-level cache
    traffic->fetched = fetched + 64 * lines;
  }
  const Index next = traffic->sent + lines * L::lanes;
  if (next > traffic->size) return;
  for (Index j = traffic->sent; j < next; j += L::lanes) L::stream(traffic->to + j, L::load(traffic->from + j));
  traffic->sent = next;
}

/// All that is left to leave.
template <class L>
inline void finish_traffic(L /*lanes*/, Traffic<typename L::Real>* traffic) {
  while (traffic->size - traffic->sent >= 8 * group<L>) move_on<L>(traffic, 8);
  while (traffic->size - traffic->sent >= L::lanes) move_on<L>(traffic, 1);
}
