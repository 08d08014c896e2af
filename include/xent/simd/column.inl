// The inner loops over samples that lie side by side, a lane a sample: few classes, or a class axis that is not
// contiguous. Included by simd/kernels.hpp inside the namespace of an instruction set. z[k] are the logits of class k.

/// Into the second-level cache, unless there is nothing: neither a prefetcher nor the order of execution reaches the
/// next class where a row is a page.
template <class Real>
inline void fetch(const Rows<const Real>& ahead, Index k, Index count) {
  if (ahead.data == nullptr) return;
  for (Index i = 0; i < count; i += 64 / static_cast<Index>(sizeof(Real))) __builtin_prefetch(ahead[k] + i, 0, 2);
}

/// The maximum of each sample, and the lowest class that has it. A NaN may be missed: its exponential tells of it.
/// Fetches `ahead` meanwhile.
template <class L>
inline void column_maxima(const Rows<const typename L::Real>& z, Index n, Index count,
                          const Rows<const typename L::Real>& ahead, Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  using V = typename L::V;
  for (Index i = 0; i < count; i += L::lanes) {
    V greatest = L::set1(minus_infinity<L>);
    V classes = L::set1(0);
    V number = L::set1(0);
    for (Index k = 0; k < n; ++k) {
      if (i == 0) fetch(ahead, k, count);
      const V logit = load_up_to<L>(z[k] + i, count - i, minus_infinity<L>);
      classes = L::select_greater(logit, greatest, number, classes);
      greatest = L::max(logit, greatest);
      number = number + L::set1(1);
    }
    L::store(tile->maximum + i, greatest);
    Real where[L::lanes];
    L::store(where, classes);
    for (Index j = 0; j < L::lanes; ++j) tile->where[i + j] = static_cast<Index>(where[j]);
  }
}

/// The exponentials of samples whose shifts are known: kept in `stored` unless it has no memory; their sum without one
/// of the maxima; with `moment`, the sum of e (max - z). Fetches `ahead` meanwhile.
template <class L, bool moment>
inline void column_sums(const Call<typename L::Real>& call, const Rows<const typename L::Real>& z, Index n, Index count,
                        const Rows<typename L::Real>& stored, const Rows<const typename L::Real>& ahead,
                        Traffic<typename L::Real>* traffic, Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  using V = typename L::V;
  using Sum = typename SumOf<L>::type;
  constexpr Index most = Tile<Real>::most / L::lanes;
  const V none = L::set1(0);
  Sum rest[most];
  Sum moments[most];
  Sum spread[most];
  V maxima[most];
  const Index groups = (count + L::lanes - 1) / L::lanes;
  for (Index g = 0; g < groups; ++g) {
    rest[g] = Sum::zero();
    moments[g] = Sum::zero();
    spread[g] = Sum::zero();
    maxima[g] = none;
  }
  for (Index first = 0; first < n; first += 8) {
    const Index classes = std::min<Index>(8, n - first);
    for (Index k = first; k < first + classes; ++k) fetch(ahead, k, count);
    for (Index g = 0; g < groups; ++g) {
      const Index i = g * L::lanes;
      move_on<L>(traffic, 4);
      const auto shift = Shifted<L>::of_lanes(call, *tile, i);
      const V greatest = L::load(tile->maximum + i);
      V e[8] = {none, none, none, none, none, none, none, none};
      V distance[8] = {none, none, none, none, none, none, none, none};
#pragma GCC unroll 8
      for (Index j = 0; j < classes; ++j) {
        const V logit = load_up_to<L>(z[first + j] + i, count - i, 0);
        const V d = logit - shift.anchor;
        e[j] = exponential<L>(shift, d);
        if (stored.data) store_up_to<L>(stored[first + j] + i, count - i, e[j]);
        e[j] = L::leave_out_equal(logit, greatest, e[j], &maxima[g]);
        if (moment) distance[j] = shift.top - d;
      }
      rest[g].add_eight(e);
      if (moment) {
        spread[g].add_eight(distance);
        for (V& d : distance) d = L::min(d, shift.farthest);
        moments[g].add(sum_of_products<L>(e, distance));
      }
    }
  }
  for (Index g = 0; g < groups; ++g) {
    const Index i = g * L::lanes;
    // Of several equal maxima all but one are in the sum.
    rest[g].add_product(maxima[g] - L::set1(1), L::load(tile->stored_one + i));
    rest[g].store(tile->rest_hi + i, tile->rest_lo + i);
    moments[g].store(tile->moment_hi + i, tile->moment_lo + i);
    spread[g].store(tile->spread_hi + i, tile->spread_lo + i);
  }
}

/// out = factor e, of exponentials that were stored. `out` may be `e`.
template <class L>
inline void column_scale(const Tile<typename L::Real>& tile, const Rows<const typename L::Real>& e, Index n,
                         Index count, const Rows<typename L::Real>& out) {
  for (Index k = 0; k < n; ++k)
    for (Index i = 0; i < count; i += L::lanes)
      store_up_to<L>(out[k] + i, count - i, Scaling<L>::of_lanes(tile, i)(load_up_to<L>(e[k] + i, count - i, 0)));
}

/// log_softmax. `out` may be `z`.
template <class L>
inline void column_logarithms(const Call<typename L::Real>& call, const Tile<typename L::Real>& tile,
                              const Rows<const typename L::Real>& z, Index n, Index count,
                              const Rows<typename L::Real>& out) {
  for (Index i = 0; i < count; i += L::lanes) {
    const auto logarithm = Logarithm<L>::of_lanes(call, tile, i);
    for (Index k = 0; k < n; ++k)
      store_up_to<L>(out[k] + i, count - i, logarithm(load_up_to<L>(z[k] + i, count - i, 0)));
  }
}

/// Sends results on past the caches: whole lines of each class; what is left of one waits in front of the results that
/// come next. `begun` unless nothing was sent yet; `ends` if nothing follows. There is room for a line before held[k].
template <class L>
inline void column_send(const Rows<typename L::Real>& held, Index n, Index count, bool begun, bool ends,
                        const Rows<typename L::Real>& out) {
  using Real = typename L::Real;
  constexpr Index line = 64 / static_cast<Index>(sizeof(Real));
  for (Index k = 0; k < n; ++k) {
    const Index past = static_cast<Index>(reinterpret_cast<std::uintptr_t>(out[k]) / sizeof(Real)) & (line - 1);
    const Index waited = begun ? past : 0;
    const Real* from = held[k] - waited;
    Real* to = out[k] - waited;
    const Real* const last = held[k] + count;
    const Index head = begun ? 0 : std::min(count, (line - past) & (line - 1));
    to = std::copy(from, from + head, to);
    from += head;
    for (; from + line <= last; from += line, to += line)
      for (Index j = 0; j < line; j += L::lanes) L::stream(to + j, L::load(from + j));
    if (ends)
      std::copy(from, last, to);
    else
      std::copy(from, last, held[k] - (last - from));
  }
}

/// From samples to lanes: to[k][i] = from[i][k], i < count, k < n. Blocks of classes, the last of which overlaps the
/// one before; in a vector, sample i and its neighbours at distances of a block lie piece by piece.
template <class L>
inline void gather(const Rows<const typename L::Real>& from, Index n, Index count, Traffic<typename L::Real>* traffic,
                   const Rows<typename L::Real>& to) {
  constexpr Index block = L::block;
  const Index whole = n < block ? 0 : count - count % L::lanes;
  for (Index first = 0; first < n && whole > 0; first += block) {
    const Index k = std::min(first, n - block);
    for (Index i = 0; i < whole; i += L::lanes) {
      typename L::V x[block];
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) x[j] = L::load_pieces(from[i + j] + k, block * from.stride);
      L::transpose_pieces(x);
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) L::store(to[k + j] + i, x[j]);
    }
    move_on<L>(traffic, 4);
  }
  for (Index i = whole; i < count; ++i)
    for (Index k = 0; k < n; ++k) to[k][i] = from[i][k];
}

/// And back: to[i][k] = from[k][i].
template <class L>
inline void scatter(const Rows<const typename L::Real>& from, Index n, Index count, Traffic<typename L::Real>* traffic,
                    const Rows<typename L::Real>& to) {
  constexpr Index block = L::block;
  const Index whole = n < block ? 0 : count - count % L::lanes;
  for (Index first = 0; first < n && whole > 0; first += block) {
    const Index k = std::min(first, n - block);
    for (Index i = 0; i < whole; i += L::lanes) {
      typename L::V x[block];
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) x[j] = L::load(from[k + j] + i);
      L::transpose_pieces(x);
#pragma GCC unroll 8
      for (Index j = 0; j < block; ++j) L::store_pieces(to[i + j] + k, block * to.stride, x[j]);
    }
    move_on<L>(traffic, 4);
  }
  for (Index i = whole; i < count; ++i)
    for (Index k = 0; k < n; ++k) to[i][k] = from[k][i];
}

template <class L>
inline Kernels<typename L::Real> kernels() {
  Kernels<typename L::Real> k{};
  k.maxima = &maxima<L>;
  k.predictions = &predictions<L>;
  k.shift = &shift<L>;
  k.admitted_labels = &admitted_labels<L>;
  k.admitted_maxima = &admitted_maxima<L>;
  k.sums = &sums<L, false>;
  k.sums_and_moments = &sums<L, true>;
  k.label_numbers = &label_numbers<L, false>;
  k.label_numbers_and_report = &label_numbers<L, true>;
  k.softmax_numbers = &softmax_numbers<L>;
  k.scale = &scale<L>;
  k.exponentiate = &exponentiate<L>;
  k.logarithms = &logarithms<L>;
  k.finish = &finish<L>;
  k.column_maxima = &column_maxima<L>;
  k.column_sums = &column_sums<L, false>;
  k.column_sums_and_moments = &column_sums<L, true>;
  k.column_scale = &column_scale<L>;
  k.column_logarithms = &column_logarithms<L>;
  k.column_send = &column_send<L>;
  k.gather = &gather<L>;
  k.scatter = &scatter<L>;
  return k;
}
