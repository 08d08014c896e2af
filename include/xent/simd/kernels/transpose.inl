// From samples that lie one after the other to samples side by side, and back.

/// Where the lanes of n vectors go that hold a sample of n classes after the other: to vectors of a class each, or
/// back. Step j takes into the vector at hand what it has of vector j.
template <class L, Index n, bool back>
struct Interleaving {
  struct Steps {
    unsigned from[bound(n * n * L::lanes)];
  };
  static constexpr Steps steps() {
    Steps s{};
    for (Index v = 0; v < n; ++v) {
      for (Index lane = 0; lane < L::lanes; ++lane) {
        const Index at = back ? v * L::lanes + lane : lane * n + v;
        const Index vector = back ? at % n : at / L::lanes;
        const Index place = back ? at / n : at % L::lanes;
        for (Index j = 1; j < n; ++j) {
          const bool takes = vector == j || (j == 1 && vector == 0);
          s.from[(v * n + j) * L::lanes + lane] =
              static_cast<unsigned>(takes ? (vector == 0 ? place : L::lanes + place) : lane);
        }
      }
    }
    return s;
  }
  static constexpr Steps of = steps();

  static typename L::V vector(const typename L::V* x, Index v) {
    typename L::V y = x[0];
#pragma GCC unroll 8
    for (Index j = 1; j < n; ++j) y = L::permute(of.from + (v * n + j) * L::lanes, y, x[j]);
    return y;
  }
};

/// Samples of n classes without gaps, n vectors at a time; returns how many samples are done.
template <class L, Index n>
inline Index gather_few(const typename L::Real* from, Index count, const Rows<typename L::Real>& to) {
  Index i = 0;
  for (; i + L::lanes <= count; i += L::lanes) {
    typename L::V x[bound(n)];
#pragma GCC unroll 8
    for (Index j = 0; j < n; ++j) x[j] = L::load(from + i * n + j * L::lanes);
#pragma GCC unroll 8
    for (Index k = 0; k < n; ++k) L::store(to[k] + i, Interleaving<L, n, false>::vector(x, k));
  }
  return i;
}

template <class L, Index n>
inline Index scatter_few(const Rows<const typename L::Real>& from, Index count, typename L::Real* to) {
  Index i = 0;
  for (; i + L::lanes <= count; i += L::lanes) {
    typename L::V x[bound(n)];
#pragma GCC unroll 8
    for (Index k = 0; k < n; ++k) x[k] = L::load(from[k] + i);
#pragma GCC unroll 8
    for (Index j = 0; j < n; ++j) L::store(to + i * n + j * L::lanes, Interleaving<L, n, true>::vector(x, j));
  }
  return i;
}

/// to[k][i] = from[i][k], i < count, k < n. Blocks of classes, the last of which overlaps the one before; in a vector,
/// sample i and its neighbours at distances of a block lie piece by piece.
template <class L>
inline void gather_in_lanes(L /*lanes*/, const Rows<const typename L::Real>& from, Index n, Index count,
                            Traffic<typename L::Real>* traffic, const Rows<typename L::Real>& to) {
  constexpr Index block = L::block;
  Index done = n < block ? 0 : count - count % L::lanes;
  for (Index first = 0; first < n && done > 0; first += block) {
    const Index k = (std::min)(first, n - block);
    for (Index i = 0; i < done; i += L::lanes) {
      typename L::V x[bound(block)];
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) x[j] = L::load_pieces(from[i + j] + k, block * from.stride);
      L::transpose_pieces(x);
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) L::store(to[k + j] + i, x[j]);
    }
    move_on<L>(traffic, 4);
  }
  if constexpr (block > 3) {
    if (from.stride == n && n == 2) done = gather_few<L, 2>(from.data, count, to);
    if (from.stride == n && n == 3) done = gather_few<L, 3>(from.data, count, to);
    if (n < block) move_on<L>(traffic, 4);
  }
  for (Index i = done; i < count; ++i)
    for (Index k = 0; k < n; ++k) to[k][i] = from[i][k];
}

/// And back: to[i][k] = from[k][i].
template <class L>
inline void scatter_in_lanes(L /*lanes*/, const Rows<const typename L::Real>& from, Index n, Index count,
                             Traffic<typename L::Real>* traffic, const Rows<typename L::Real>& to) {
  constexpr Index block = L::block;
  Index done = n < block ? 0 : count - count % L::lanes;
  for (Index first = 0; first < n && done > 0; first += block) {
    const Index k = (std::min)(first, n - block);
    for (Index i = 0; i < done; i += L::lanes) {
      typename L::V x[bound(block)];
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) x[j] = L::load(from[k + j] + i);
      L::transpose_pieces(x);
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) L::store_pieces(to[i + j] + k, block * to.stride, x[j]);
    }
    move_on<L>(traffic, 4);
  }
  if constexpr (block > 3) {
    if (to.stride == n && n == 2) done = scatter_few<L, 2>(from, count, to.data);
    if (to.stride == n && n == 3) done = scatter_few<L, 3>(from, count, to.data);
    if (n < block) move_on<L>(traffic, 4);
  }
  for (Index i = done; i < count; ++i)
    for (Index k = 0; k < n; ++k) to[i][k] = from[k][i];
}
