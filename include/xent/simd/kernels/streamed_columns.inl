// The loops over samples side by side of so many classes that a tile of them does not stay in a cache: some classes at
// a time, and their exponentials twice, once for the sums and once for the results. L is Float or Double.

/// Adds `n` classes to the sums of a tile (`begins`: they are its first ones): the maximum, the shift by it and e there
/// as it is stored, and the sum of all e but one of the maxima. Where the shift does not happen in the exponent, the
/// sum means nothing; where it did not for a lower maximum, it is NaN. `ahead` as in add_classes.
template <class L>
inline void column_segment(L /*lanes*/, const Call<typename L::Real>& call, const Rows<const typename L::Real>& z,
                           Index n, Index count, bool begins, const Rows<const typename L::Real>& ahead,
                           Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  using V = typename L::V;
  using Sum = typename SumOf<L>::type;
  const V none = L::set1(0);
  const V scale = L::set1(static_cast<Real>(Storage<Real>::scale));
  const Marked<L> marked(call);
  const auto shift = [&](V k) {
    return Shifted<L>{none, L::set1(call.c_hi), L::set1(call.c_lo), L::set1(Powers<L>::magic) - k, none};
  };
  for (Index i = 0; i < count; i += L::lanes) {
    const V before = begins ? L::set1(minus_infinity<L>) : L::load(tile->maximum + i);
    V greatest[bundle] = {before, before, before, before};
    Index k = 0;
    for (; k + bundle <= n; k += bundle) {
#pragma GCC unroll 4
      for (Index j = 0; j < bundle; ++j)
        greatest[j] = L::larger(load_up_to<L>(z[k + j] + i, count - i, 0), greatest[j]);
    }
    for (; k < n; ++k) greatest[0] = L::larger(load_up_to<L>(z[k] + i, count - i, 0), greatest[0]);
    const V maximum = L::larger(L::larger(greatest[0], greatest[1]), L::larger(greatest[2], greatest[3]));

    const auto rises = maximum > before;
    const bool none_rises = !begins && L::bits(rises) == 0;
    V shift_by = L::load(tile->k + i);
    V one = L::load(tile->stored_one + i);
    auto sums = ExponentialSums<L, false>::zero();
    if (!begins) sums.rest = Sum::load(tile->rest_hi + i, tile->rest_lo + i);
    if (!none_rises) {
      const ExponentShift<L> in_exponent(maximum, L::set1(call.c_hi));
      const V rest_shift = shift_by;
      shift_by = L::select(in_exponent.possible, in_exponent.n, none) - scale;
      if (!begins) {
        const auto carried = rises & (before > L::set1(minus_infinity<L>));
        const auto lost = carried & ~ExponentShift<L>(before, L::set1(call.c_hi)).possible;
        sums.rest.add(L::select(lost, L::set1(std::numeric_limits<Real>::quiet_NaN()), L::select(carried, one, none)));
        sums.rest.scale(L::select(carried, rest_shift - shift_by, none));
      }
      one = exponential<L>(shift(shift_by), maximum);
    }
    const Shifted<L> shifted = shift(shift_by);
    for (k = 0; k < n; k += bundle) {
      const Rows<const Real> next{ahead.data ? ahead[k] : nullptr, ahead.stride};
      add_classes(shifted, marked, maximum, {z[k], z.stride}, (std::min)(bundle, n - k), i, count, {nullptr, 0}, next,
                  &sums);
    }
    // Of several equal maxima all but one are in the sum.
    sums.rest.add_product(sums.count - L::select(rises, L::set1(1), none), one);
    sums.rest.store(tile->rest_hi + i, tile->rest_lo + i);
    L::store(tile->maximum + i, maximum);
    L::store(tile->k + i, shift_by);
    L::store(tile->stored_one + i, one);
  }
}

/// Four vectors or one of the gradients of a class.
template <class L, Index vectors>
[[gnu::always_inline]] inline void scaled_exponentials(const Call<typename L::Real>& call,
                                                       const ColumnScales<typename L::Real>& scales,
                                                       const typename L::V* logit, Index i, typename L::V* out) {
  using V = typename L::V;
  V magic[bound(vectors)];
  V d[bound(vectors)];
#pragma GCC unroll 4
  for (Index j = 0; j < vectors; ++j) {
    magic[j] = L::set1(Powers<L>::magic) - L::load(scales.k + i + j * L::lanes);
    d[j] = logit[j] - L::load(scales.anchor + i + j * L::lanes);
  }
  exponentials<L, vectors>(L::set1(call.c_hi), L::set1(call.c_lo), magic, d, out);
#pragma GCC unroll 4
  for (Index j = 0; j < vectors; ++j) {
    const Index at = i + j * L::lanes;
    const Scaling<L> scaling{L::load(scales.factor_hi + at), L::load(scales.factor_lo + at),
                             L::load(scales.unscale + at), L::load(scales.subtracted + at)};
    out[j] = scaling(out[j]);
  }
}

/// out = factor e - subtracted, of n classes; past the caches if `stream`, from the first cache line of each class on,
/// else `out` may be `z`. Logits two classes further on are fetched.
template <class L>
inline void column_exponentiate(L /*lanes*/, const Call<typename L::Real>& call,
                                const ColumnScales<typename L::Real>& scales, const Rows<const typename L::Real>& z,
                                Index n, Index count, const Rows<typename L::Real>& out, bool stream) {
  using Real = typename L::Real;
  using V = typename L::V;
  const auto part = [&](const Real* from, Real* to, Index i, Index size) {
    V logit[1] = {load_up_to<L>(from + i, size, 0)};
    V x[1];
    scaled_exponentials<L, 1>(call, scales, logit, i, x);
    store_up_to<L>(to + i, size, x[0]);
  };
  for (Index k = 0; k < n; ++k) {
    const Real* const from = z[k];
    Real* const to = out[k];
    Index i = 0;
    if (stream) {
      const Index head = (std::min)(count, before_line<L>(to));
      if (head > 0) part(from, to, 0, head);
      i = head;
    }
    for (; i + L::abreast * L::lanes <= count; i += L::abreast * L::lanes) {
      V logit[L::abreast];
      V x[L::abreast];
#pragma GCC unroll 4
      for (Index j = 0; j < L::abreast; ++j) {
        logit[j] = L::load(from + i + j * L::lanes);
        __builtin_prefetch(from + 2 * z.stride + i + (j + 1) * L::lanes - 1, 0, 2);
      }
      scaled_exponentials<L, L::abreast>(call, scales, logit, i, x);
#pragma GCC unroll 4
      for (Index j = 0; j < L::abreast; ++j) {
        if (stream)
          L::stream(to + i + j * L::lanes, x[j]);
        else
          L::store(to + i + j * L::lanes, x[j]);
      }
    }
    for (; i < count; i += L::lanes) part(from, to, i, count - i);
  }
}
