// The inner loops over one sample whose classes are contiguous. L is the Float or Double of an instruction set.

// clang-format off: each file needs those before it
#include <xent/simd/kernels/exponential_sums.inl>
#include <xent/simd/kernels/scaling.inl>
#include <xent/simd/kernels/short_rows.inl>
// clang-format on

/// Logits where they lie.
template <class L>
struct Stored {
  const typename L::Real* z;

  typename L::V operator()(Index k) const { return L::load(z + k); }
  typename L::V up_to(Index k, Index n) const { return load_up_to<L>(z + k, n - k, minus_infinity<L>); }
};

/// The maximum of a sample, and where the first group of vectors begins that has it. A NaN may be missed: its
/// exponential tells of it.
template <class L, class Logits>
inline typename L::Real maximum(const Logits& z, Index n, Traffic<typename L::Real>* traffic, Index* where) {
  using Real = typename L::Real;
  using V = typename L::V;
  V greatest = L::set1(minus_infinity<L>);
  V groups = L::set1(0);
  Real number = 0;
  Index k = 0;
  const auto take = [&](V m) {
    groups = L::select_greater(m, greatest, L::set1(number), groups);
    greatest = L::larger(m, greatest);
    number += 1;
  };
  for (; k + group<L> <= n; k += group<L>) {
    V m[4];
    move_on<L>(traffic, 2);
#pragma GCC unroll 8
    for (Index j = 0; j < 4; ++j) m[j] = L::larger(z(k + 2 * j * L::lanes), z(k + (2 * j + 1) * L::lanes));
    take(L::larger(L::larger(m[0], m[1]), L::larger(m[2], m[3])));
  }
  if (k < n) {
    V m = L::set1(minus_infinity<L>);
    for (; k < n; k += L::lanes) m = L::larger(m, z.up_to(k, n));
    take(m);
  }
  const Real result = L::greatest(greatest);
  const V none = L::set1(std::numeric_limits<Real>::infinity());
  const V found = L::select_greater(L::set1(result), greatest, none, groups);
  *where = static_cast<Index>(-L::greatest(-found)) * group<L>;
  return result;
}

template <class L>
inline void row_maxima(L /*lanes*/, const Rows<const typename L::Real>& z, Index n, Index count,
                       Traffic<typename L::Real>* traffic, Tile<typename L::Real>* tile) {
  if (RowKernels<typename L::Real>::are_short(n)) return short_row_maxima<L>(z, n, count, traffic, tile);
  for (Index i = 0; i < count; ++i) tile->maximum[i] = maximum<L>(Stored<L>{z[i]}, n, traffic, &tile->where[i]);
}

/// The lowest class that has the maximum; n if there is none.
template <class L>
inline void row_predictions(L /*lanes*/, const Rows<const typename L::Real>& z, Index n, Index count,
                            const Tile<typename L::Real>& tile, Index* prediction) {
  constexpr typename L::Real nan = std::numeric_limits<typename L::Real>::quiet_NaN();
  for (Index i = 0; i < count; ++i) {
    const typename L::V greatest = L::set1(tile.maximum[i]);
    prediction[i] = n;
    for (Index k = tile.where[i]; k < n && prediction[i] == n; k += L::lanes) {
      const Index lane = L::first_equal(load_up_to<L>(z[i] + k, n - k, nan), greatest);
      if (lane >= 0) prediction[i] = k + lane;
    }
  }
}

/// What may be taken for the maxima, which is faster than to look for them: the largest of the first logits, or that of
/// the label where `labels` says which one it is. Any shift gives the same digits, as long as no logit is above the
/// ceiling that `sums` knows of.
template <class L>
inline void row_guesses(L /*lanes*/, const Rows<const typename L::Real>& z, Index n, Index count, const Index* labels,
                        Traffic<typename L::Real>* traffic, Tile<typename L::Real>* tile) {
  constexpr Index step = bundle * L::lanes;
  for (Index i = 0; i < count; ++i) {
    const auto* const from = z[i];
    const auto first = L::larger(L::load(from), L::load(from + L::lanes));
    const auto second = L::larger(L::load(from + 2 * L::lanes), L::load(from + 3 * L::lanes));
    const auto greatest = L::greatest(L::larger(first, second));
    const bool of_label = labels && !(from[labels[i]] <= greatest);
    tile->maximum[i] = of_label ? from[labels[i]] : greatest;
    tile->where[i] = of_label ? labels[i] / step * step : 0;
    if (tile->maximum[i] == minus_infinity<L>)
      tile->maximum[i] = maximum<L>(Stored<L>{from}, n, traffic, &tile->where[i]);
  }
}

/// The exponentials of one sample on their way to memory, unless `to` has none, and into their sums.
template <class L, bool moment>
struct RowExponentials {
  using Real = typename L::Real;
  using V = typename L::V;

  const Marked<L>& marked;
  Shifted<L> shift;
  Real maximum;
  V ceiling;
  const Real* from;
  Real* to;
  ExponentialSums<L, moment> sums = ExponentialSums<L, moment>::zero();

  /// Of a bundle, up to class n. A `whole` one has all of its classes, and the shift happens in the exponent; where a
  /// vector is not whole, there are more maxima: of no infinity, which would raise a flag.
  template <bool whole>
  [[gnu::always_inline]] void add(Index k, Index n, bool without_maxima) {
    V logit[bundle];
    V d[bundle];
    V e[bundle];
    V distance[bundle];
#pragma GCC unroll 4
    for (Index j = 0; j < bundle; ++j) {
      const Index at = k + j * L::lanes;
      logit[j] = whole ? L::load(from + at) : load_up_to<L>(from + at, n - at, maximum);
      if (!moment) logit[j] = L::smaller(ceiling, logit[j]);
      d[j] = whole ? logit[j] : logit[j] - shift.anchor;
      if (moment) distance[j] = sums.of_unmasked(logit[j], shift.top - d[j]);
    }
#pragma GCC unroll 4
    for (Index j = 0; j < bundle; j += L::abreast) exponentials<L, L::abreast>(shift, d + j, e + j);
    if (to) {
#pragma GCC unroll 4
      for (Index j = 0; j < bundle; ++j) {
        const Index at = k + j * L::lanes;
        const V kept = moment ? marked(logit[j], e[j]) : e[j];
        if (whole)
          L::store(to + at, kept);
        else
          store_up_to<L>(to + at, n - at, kept);
      }
    }
    if (!whole || without_maxima) {
#pragma GCC unroll 4
      for (Index j = 0; j < bundle; ++j) e[j] = L::leave_out_equal(logit[j], L::set1(maximum), e[j], &sums.count);
    }
    sums.add(e, distance);
  }
};

/// The exponentials of samples whose shifts are known: kept in `stored` unless it has no memory; their sum without one
/// of the maxima; with `moment`, the sum of e (max - z). Returns the samples of which a logit may have been above the
/// ceiling, or be NaN, and those that have no ceiling.
template <class L, bool moment>
inline unsigned long long row_sums(L /*lanes*/, std::bool_constant<moment> /*moments*/,
                                   const Call<typename L::Real>& call, const Rows<const typename L::Real>& z, Index n,
                                   Index count, const Rows<typename L::Real>& stored,
                                   Traffic<typename L::Real>* traffic, Tile<typename L::Real>* tile) {
  using Real = typename L::Real;
  if constexpr (std::is_same_v<L, Float>) {
    if (RowKernels<Real>::are_short(n)) {
      short_row_sums<L, moment>(call, z, n, count, stored, traffic, tile);
      return 0;
    }
  }
  constexpr Index step = bundle * L::lanes;
  const Index filled_up = (n + step - 1) / step * step;
  const Marked<L> marked(call);
  const double least_at_ceiling = unit<Real>() * power_of_two(Storage<Real>::window - 2);
  unsigned long long beyond = 0;
  for (Index i = 0; i < count; ++i) {
    RowExponentials<L, moment> row{
        marked, Shifted<L>::of_sample(call, *tile, i), tile->maximum[i], L::set1(tile->ceiling[i]),
        z[i],   stored.data ? stored[i] : nullptr};
    const Index where = tile->where[i];
    const Index whole = tile->anchor[i] == 0 ? n - n % step : 0;
    Index k = 0;
    for (; k < whole; k += step) {
      move_on<L>(traffic, 3);
      row.template add<true>(k, n, k >= where && k < where + group<L>);
    }
    for (; k < n; k += step) {
      move_on<L>(traffic, 3);
      row.template add<false>(k, n, true);
    }
    // Of several equal maxima all but one are in the sum.
    const auto& sums = row.sums;
    const Twice rest = sum_of(sums.rest.total(), total(sums.count) - static_cast<double>(1 + filled_up - n),
                              static_cast<double>(tile->stored_one[i]));
    const Twice moments = sums.moments.total();
    const Twice spread = sums.spread.total();
    tile->rest_hi[i] = rest.hi;
    tile->rest_lo[i] = rest.lo;
    tile->moment_hi[i] = moments.hi;
    tile->moment_lo[i] = moments.lo;
    tile->spread_hi[i] = spread.hi;
    tile->spread_lo[i] = spread.lo;
    tile->masked[i] = moment ? total(sums.masked) : 0;
    if (!(rest.hi < least_at_ceiling) || !(tile->ceiling[i] < -minus_infinity<L>))
      beyond |= 1ULL << static_cast<unsigned>(i);
  }
  return beyond;
}

/// out = function(e) of n exponentials that were stored. `out` may be `e`.
template <class L, class Function>
inline void scale_with(const typename L::Real* e, Index n, Traffic<typename L::Real>* traffic, typename L::Real* out,
                       const Function& function) {
  Index k = 0;
  for (; k + group<L> <= n; k += group<L>) {
    move_on<L>(traffic, 2);
    for (Index j = k; j < k + group<L>; j += L::lanes) L::store(out + j, function(L::load(e + j)));
  }
  for (; k < n; k += L::lanes) store_up_to<L>(out + k, n - k, function(load_up_to<L>(e + k, n - k, 0)));
}

/// out = factor e - subtracted, of exponentials that were stored. `out` may be `e`.
template <class L>
inline void row_scale(L /*lanes*/, const Tile<typename L::Real>& tile, const Rows<const typename L::Real>& e, Index n,
                      Index count, Traffic<typename L::Real>* traffic, const Rows<typename L::Real>& out) {
  using V = typename L::V;
  for (Index i = 0; i < count; ++i) {
    const auto scaling = Scaling<L>::of_sample(tile, i);
    if (tile.masked[i] > 0)
      scale_with<L>(e[i], n, traffic, out[i], [&](V x) { return scaling.unless_marked(x); });
    else
      scale_with<L>(e[i], n, traffic, out[i], scaling);
  }
}

/// out = function(z), past the caches if `stream`; else `out` may be `z`.
template <class L, class Function>
inline void map(const typename L::Real* z, Index n, Traffic<typename L::Real>* traffic, typename L::Real* out,
                bool stream, const Function& function) {
  using V = typename L::V;
  Index k = 0;
  if (stream) {  // from the first cache line on
    const Index head = (std::min)(n, before_line<L>(out));
    if (head > 0) store_up_to<L>(out, head, function(load_up_to<L>(z, head, 0)));
    k = head;
    for (; k + 4 * L::lanes <= n; k += 4 * L::lanes) {
      move_on<L>(traffic, 4);
#pragma GCC unroll 8
      for (Index j = 0; j < 4; ++j) L::stream(out + k + j * L::lanes, function(L::load(z + k + j * L::lanes)));
    }
  }
  for (; k + 4 * L::lanes <= n; k += 4 * L::lanes) {
    V x[4];
    move_on<L>(traffic, 4);
#pragma GCC unroll 8
    for (Index j = 0; j < 4; ++j) x[j] = function(L::load(z + k + j * L::lanes));
#pragma GCC unroll 8
    for (Index j = 0; j < 4; ++j) L::store(out + k + j * L::lanes, x[j]);
  }
  for (; k < n; k += L::lanes) store_up_to<L>(out + k, n - k, function(load_up_to<L>(z + k, n - k, 0)));
}

/// out = factor e of sample i, whose n exponentials are computed again.
template <class L>
inline void row_exponentiate(L /*lanes*/, const Call<typename L::Real>& call, const Tile<typename L::Real>& tile,
                             Index i, const typename L::Real* z, Index n, Traffic<typename L::Real>* traffic,
                             typename L::Real* out, bool stream) {
  const auto shift = Shifted<L>::of_sample(call, tile, i);
  const auto scaling = Scaling<L>::of_sample(tile, i);
  constexpr typename L::Real lowest = std::numeric_limits<typename L::Real>::lowest();
  const bool masked = tile.masked[i] > 0;
  map<L>(
      z, n, traffic, out, stream, [&](const typename L::V& logit) __attribute__((always_inline)) {
        const typename L::V e = exponential<L>(shift, logit - shift.anchor);
        return masked ? scaling.unless_below(logit, lowest, e) : scaling(e);
      });
}

/// log_softmax = (z - max) / T - L, of one sample or of a sample a lane: one rounding of the difference, one of the
/// sum.
template <class L>
struct Logarithm {
  typename L::V maximum, inverse_hi, inverse_lo, log_sum;

  static Logarithm of_sample(const Call<typename L::Real>& call, const Tile<typename L::Real>& tile, Index i) {
    return of(call, L::set1(tile.maximum[i]), L::set1(tile.log_sum[i]));
  }
  static Logarithm of_lanes(const Call<typename L::Real>& call, const Tile<typename L::Real>& tile, Index i) {
    return of(call, L::load(tile.maximum + i), L::load(tile.log_sum + i));
  }
  static Logarithm of(const Call<typename L::Real>& call, typename L::V maximum, typename L::V log_sum) {
    return {maximum, L::set1(call.inverse_t_hi), L::set1(call.inverse_t_lo), log_sum};
  }
  typename L::V operator()(typename L::V logit) const {
    const typename L::V masked = L::set1(minus_infinity<L>);
    const typename L::V d = logit - maximum;
    const typename L::V value = L::fma(d, inverse_hi, L::fms(d, inverse_lo, log_sum));
    return L::select_equal(d, masked, masked, value);  // the infinite d may have met a part of 0 or less
  }
};

/// Past the caches if `stream`; else `out` may be `z`.
template <class L>
inline void row_logarithms(L /*lanes*/, const Call<typename L::Real>& call, const Tile<typename L::Real>& tile,
                           const Rows<const typename L::Real>& z, Index n, Index count,
                           Traffic<typename L::Real>* traffic, const Rows<typename L::Real>& out, bool stream) {
  for (Index i = 0; i < count; ++i) map<L>(z[i], n, traffic, out[i], stream, Logarithm<L>::of_sample(call, tile, i));
}
