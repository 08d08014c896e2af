// The inner loops over samples that lie side by side, a lane a sample: few classes, or a class axis that is not
// contiguous. z[k] are the logits of class k.

/// The maximum of each sample. A NaN may be missed: its exponential tells of it. If `packed` has memory, logits are
/// copied there.
template <class L>
inline void column_maxima(L /*lanes*/, const Rows<const typename L::Real>& z, Index n, Index count,
                          const Rows<typename L::Real>& packed, Tile<typename L::Real>* tile) {
  using V = typename L::V;
  constexpr Index vectors = 4;  // a few cache lines of each class
  const V lowest = L::set1(minus_infinity<L>);
  Index i = 0;
  for (; i + vectors * L::lanes <= count; i += vectors * L::lanes) {
    V greatest[vectors] = {lowest, lowest, lowest, lowest};
    for (Index k = 0; k < n; ++k) {
#pragma GCC unroll 8
      for (Index j = 0; j < vectors; ++j) {
        const V logit = L::load(z[k] + i + j * L::lanes);
        if (packed.data) L::store(packed[k] + i + j * L::lanes, logit);
        greatest[j] = L::larger(logit, greatest[j]);
      }
    }
    for (Index j = 0; j < vectors; ++j) L::store(tile->maximum + i + j * L::lanes, greatest[j]);
  }
  for (; i < count; i += L::lanes) {
    V greatest = lowest;
    for (Index k = 0; k < n; ++k) {
      const V logit = load_up_to<L>(z[k] + i, count - i, 0);
      if (packed.data) store_up_to<L>(packed[k] + i, count - i, logit);
      greatest = L::larger(logit, greatest);
    }
    L::store(tile->maximum + i, greatest);
  }
}

/// The lowest class that has the maximum; n if there is none.
template <class L>
inline void column_predictions(L /*lanes*/, const Rows<const typename L::Real>& z, Index n, Index count,
                               const Tile<typename L::Real>& tile, Index* prediction) {
  using Real = typename L::Real;
  using V = typename L::V;
  constexpr Index groups = Tile<Real>::most / L::lanes;
  constexpr Index counted = Index{1} << 24U;  // classes, in Real
  for (Index i = 0; i < count; ++i) prediction[i] = n;
  for (Index k = n; k > 0;) {
    const Index first = (std::max<Index>)(0, k - counted);
    V found[bound(groups)];
    for (V& none : found) none = L::set1(-1);
    for (; k > first; --k) {
      const V number = L::set1(static_cast<Real>(k - 1 - first));
      for (Index i = 0; i < count; i += L::lanes)
        found[i / L::lanes] = L::select_equal(load_up_to<L>(z[k - 1] + i, count - i, 0), L::load(tile.maximum + i),
                                              number, found[i / L::lanes]);
    }
    Real numbers[Tile<Real>::most];
    for (Index g = 0; g < groups; ++g) L::store(numbers + g * L::lanes, found[g]);
    for (Index i = 0; i < count; ++i)
      if (numbers[i] >= 0) prediction[i] = first + static_cast<Index>(numbers[i]);
  }
}

/// Adds to `sums` the classes of the samples from i on, `bundle` or fewer of them, whose exponentials are kept in
/// `stored` unless it has no memory. Meanwhile a line of each class of what is `ahead` comes into the second-level
/// cache: neither a prefetcher nor the order of execution reaches the next class where a row is a page. The line in
/// which a vector ends: that in which it begins has come before.
template <class L, bool moment>
[[gnu::always_inline]] inline void add_classes(const Shifted<L>& shift, const Marked<L>& marked,
                                               const typename L::V& greatest, const Rows<const typename L::Real>& z,
                                               Index classes, Index i, Index count,
                                               const Rows<typename L::Real>& stored,
                                               const Rows<const typename L::Real>& ahead,
                                               ExponentialSums<L, moment>* sums) {
  using V = typename L::V;
  const V none = L::set1(0);
  V logit[bundle];
  V d[bundle];
  V e[bundle];
  V distance[bundle];
#pragma GCC unroll 4
  for (Index j = 0; j < bundle; ++j) {
    const Index k = (std::min)(j, classes - 1);  // instead of a class that is not there
    logit[j] = load_up_to<L>(z[k] + i, count - i, 0);
    d[j] = logit[j] - shift.anchor;
    if (ahead.data) __builtin_prefetch(ahead[k] + i + L::lanes - 1, 0, 2);
  }
#pragma GCC unroll 4
  for (Index j = 0; j < bundle; j += L::abreast) exponentials<L, L::abreast>(shift, d + j, e + j);
#pragma GCC unroll 4
  for (Index j = 0; j < bundle; ++j) {
    const bool there = j < classes;
    if (there && stored.data) store_up_to<L>(stored[j] + i, count - i, moment ? marked(logit[j], e[j]) : e[j]);
    e[j] = there ? L::leave_out_equal(logit[j], greatest, e[j], &sums->count) : none;
    if (moment) distance[j] = there ? sums->of_unmasked(logit[j], shift.top - d[j]) : none;
  }
  sums->add(e, distance);
}

/// The exponentials of samples whose shifts are known: kept in `stored` unless it has no memory; their sum without one
/// of the maxima; with `moment`, the sum of e (max - z).
template <class L, bool moment>
inline void column_sums(L /*lanes*/, std::bool_constant<moment> /*moments*/, const Call<typename L::Real>& call,
                        const Rows<const typename L::Real>& z, Index n, Index count,
                        const Rows<typename L::Real>& stored, const Rows<const typename L::Real>& ahead,
                        Traffic<typename L::Real>* traffic, Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  using Sums = ExponentialSums<L, moment>;
  constexpr Index most = Tile<Real>::most / L::lanes;
  const Index groups = (count + L::lanes - 1) / L::lanes;
  const Marked<L> marked(call);
  Sums sums[bound(most)];
  for (Index g = 0; g < groups; ++g) sums[g] = Sums::zero();
  for (Index first = 0; first < n; first += bundle) {
    for (Index g = 0; g < groups; ++g) {
      const Index i = g * L::lanes;
      const auto shift = Shifted<L>::of_lanes(call, *tile, i);
      const typename L::V greatest = L::load(tile->maximum + i);
      move_on<L>(traffic, 2);
      const Rows<const Real> from{z[first], z.stride};
      const Rows<Real> to{stored.data ? stored[first] : nullptr, stored.stride};
      const Rows<const Real> next{ahead.data ? ahead[first] : nullptr, ahead.stride};
      add_classes(shift, marked, greatest, from, (std::min)(bundle, n - first), i, count, to, next, &sums[g]);
    }
  }
  for (Index g = 0; g < groups; ++g) {
    const Index i = g * L::lanes;
    // Of several equal maxima all but one are in the sum.
    sums[g].rest.add_product(sums[g].count - L::set1(1), L::load(tile->stored_one + i));
    sums[g].rest.store(tile->rest_hi + i, tile->rest_lo + i);
    sums[g].moments.store(tile->moment_hi + i, tile->moment_lo + i);
    sums[g].spread.store(tile->spread_hi + i, tile->spread_lo + i);
    if (!moment) continue;
    auto masked = Sums::Sum::zero();
    double no_rest[L::lanes];
    masked.add(sums[g].masked);
    masked.store(tile->masked + i, no_rest);
  }
}

/// factor e - subtracted in place of e.
template <class L>
inline void column_scale(L /*lanes*/, const Tile<typename L::Real>& tile, Index n, Index count,
                         const Rows<typename L::Real>& e) {
  for (Index i = 0; i < count; i += L::lanes) {
    const auto scaling = Scaling<L>::of_lanes(tile, i);
    const bool masked = has_masked<L>(tile, i, count);
    for (Index k = 0; k < n; ++k) {
      const typename L::V x = load_up_to<L>(e[k] + i, count - i, 0);
      store_up_to<L>(e[k] + i, count - i, masked ? scaling.unless_marked(x) : scaling(x));
    }
  }
}

/// log_softmax. `out` may be `z`.
template <class L>
inline void column_logarithms(L /*lanes*/, const Call<typename L::Real>& call, const Tile<typename L::Real>& tile,
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
inline void column_send(L /*lanes*/, const Rows<typename L::Real>& held, Index n, Index count, bool begun, bool ends,
                        const Rows<typename L::Real>& out) {
  using Real = typename L::Real;
  constexpr Index line = L::lanes;
  for (Index k = 0; k < n; ++k) {
    const Index ahead = before_line<L>(out[k]);
    const Index waited = begun ? -ahead & (line - 1) : 0;
    const Real* from = held[k] - waited;
    Real* to = out[k] - waited;
    const Real* const last = held[k] + count;
    const Index head = begun ? 0 : (std::min)(count, ahead);
    to = std::copy(from, from + head, to);
    from += head;
    for (; from + line <= last; from += line, to += line) L::stream(to, L::load(from));
    if (ends)
      std::copy(from, last, to);
    else
      std::copy(from, last, held[k] - (last - from));
  }
}
