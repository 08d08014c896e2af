// Softmax cross-entropy of targets that have a number for every class. L is Float or Double. targets.hpp has the
// notation.

#include <xent/simd/kernels/target_numbers.inl>
#include <xent/simd/kernels/target_sums.inl>

/// factor e - (slope p + constant) q: each of the two is rounded about once, and so is their difference.
template <class L, bool of_p, bool of_q>
struct TargetDifference {
  using V = typename L::V;
  Scaling<L> scaling;
  V slope_hi, slope_lo, constant;

  static TargetDifference of_sample(const Tile<typename L::Real>& tile, const TargetTile<typename L::Real>& told,
                                    Index i) {
    return {Scaling<L>::of_sample(tile, i), L::set1(told.taken_slope_hi[i]), L::set1(told.taken_slope_lo[i]),
            L::set1(told.taken_constant[i])};
  }
  static TargetDifference of_lanes(const Tile<typename L::Real>& tile, const TargetTile<typename L::Real>& told,
                                   Index i) {
    return {Scaling<L>::of_lanes(tile, i), L::load(told.taken_slope_hi + i), L::load(told.taken_slope_lo + i),
            L::load(told.taken_constant + i)};
  }
  V operator()(V e, V p, V q) const {
    const V x = e * scaling.unscale;
    return L::fma(x, scaling.hi, rest(x, p, q)) + L::set1(0);  // +0 for a masked class, whatever the signs
  }
  /// The same, but +0 where `tested` is below `floor`: a masked class has no share.
  V unless_below(V tested, typename L::Real floor, V e, V p, V q) const {
    const V x = e * scaling.unscale;
    return L::fma_unless_below(tested, L::set1(floor), x, scaling.hi, rest(x, p, q)) + L::set1(0);
  }

 private:
  V rest(V x, V p, V q) const {
    const V low = of_p ? L::fma(p, slope_lo, constant) : constant;
    return of_q ? L::fma(of_p ? -L::fma(p, slope_hi, low) : -low, q, x * scaling.lo)
                : L::fma(-p, slope_hi, L::fms(x, scaling.lo, low));
  }
};

/// out_k = value(k, how many are left) for n classes, past the caches if `stream`.
template <class L, class Value>
inline void write_classes(typename L::Real* out, Index n, bool stream, Traffic<typename L::Real>* traffic,
                          const Value& value) {
  Index k = 0;
  if (stream) {
    const Index head = (std::min)(n, before_line<L>(out));
    if (head > 0) store_up_to<L>(out, head, value(Index{0}, head));
    k = head;
  }
  for (; k + 4 * L::lanes <= n; k += 4 * L::lanes) {
    typename L::V x[4];
    move_on<L>(traffic, stream ? 4 : 1);
#pragma GCC unroll 8
    for (Index j = 0; j < 4; ++j) x[j] = value(k + j * L::lanes, L::lanes);
    if (stream) {
#pragma GCC unroll 8
      for (Index j = 0; j < 4; ++j) L::stream(out + k + j * L::lanes, x[j]);
    } else {
#pragma GCC unroll 8
      for (Index j = 0; j < 4; ++j) L::store(out + k + j * L::lanes, x[j]);
    }
  }
  for (; k < n; k += L::lanes) store_up_to<L>(out + k, n - k, value(k, n - k));
}

/// From n exponentials of sample i that were stored to its gradient, in place.
template <class L, bool of_p, bool of_q>
inline void scale_minus_targets(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const Tile<typename L::Real>& tile,
                                const TargetTile<typename L::Real>& told, Index i,
                                const TargetRows<typename L::Real>& rows, Index n, Traffic<typename L::Real>* traffic,
                                typename L::Real* e) {
  const auto difference = TargetDifference<L, of_p, of_q>::of_sample(tile, told, i);
  const typename L::V none = L::set1(0);
  const bool masked = tile.masked[i] > 0;
  write_classes<L>(e, n, false, traffic, [&](Index k, Index m) {
    const typename L::V x = load_up_to<L>(e + k, m, 0);
    const typename L::V p = of_p ? load_up_to<L>(rows.p + k, m, 0) : none;
    const typename L::V q = of_q ? load_up_to<L>(rows.q + k, m, 0) : none;
    return masked ? difference.unless_below(x, 0, x, p, q) : difference(x, p, q);
  });
}

/// The same of exponentials that are computed again. `out` may be `z` unless `stream`.
template <class L, bool of_p, bool of_q>
inline void exponentiate_minus_targets(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const Call<typename L::Real>& call,
                                       const Tile<typename L::Real>& tile, const TargetTile<typename L::Real>& told,
                                       Index i, const typename L::Real* z, const TargetRows<typename L::Real>& rows,
                                       Index n, Traffic<typename L::Real>* traffic, typename L::Real* out,
                                       bool stream) {
  const auto shift = Shifted<L>::of_sample(call, tile, i);
  const auto difference = TargetDifference<L, of_p, of_q>::of_sample(tile, told, i);
  const typename L::V none = L::set1(0);
  const bool masked = tile.masked[i] > 0;
  constexpr typename L::Real lowest = std::numeric_limits<typename L::Real>::lowest();
  write_classes<L>(out, n, stream, traffic, [&](Index k, Index m) {
    const typename L::V logit = load_up_to<L>(z + k, m, 0);
    const typename L::V e = exponential<L>(shift, logit - shift.anchor);
    const typename L::V p = of_p ? load_up_to<L>(rows.p + k, m, 0) : none;
    const typename L::V q = of_q ? load_up_to<L>(rows.q + k, m, 0) : none;
    return masked ? difference.unless_below(logit, lowest, e, p, q) : difference(e, p, q);
  });
}

/// The gradients of samples side by side, in place of their exponentials.
template <class L, bool of_p, bool of_q>
inline void column_scale_minus_targets(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const Tile<typename L::Real>& tile,
                                       const TargetTile<typename L::Real>& told,
                                       const TargetRows<typename L::Real>& rows, Index n, Index count,
                                       const Rows<typename L::Real>& e) {
  const typename L::V none = L::set1(0);
  for (Index i = 0; i < count; i += L::lanes) {
    const auto difference = TargetDifference<L, of_p, of_q>::of_lanes(tile, told, i);
    const bool masked = has_masked<L>(tile, i, count);
    for (Index k = 0; k < n; ++k) {
      const typename L::V x = load_up_to<L>(e[k] + i, count - i, 0);
      const typename L::V p = of_p ? load_up_to<L>(rows.p + k * rows.stride + i, count - i, 0) : none;
      const typename L::V q = of_q ? L::set1(rows.q[k]) : none;
      store_up_to<L>(e[k] + i, count - i, masked ? difference.unless_below(x, 0, x, p, q) : difference(x, p, q));
    }
  }
}
