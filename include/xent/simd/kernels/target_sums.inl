// The sums over targets that have a number for every class. L is Float or Double. targets.hpp has the notation.

/// w_k of some lanes.
template <class L, bool of_p, bool of_q>
inline typename L::V weight_of(typename L::V p, typename L::V q) {
  if (of_p && of_q) return rounded_product<L>(p, q);
  return of_p ? p : q;
}

/// The same of the vector from class k on, of which m classes are left; 0 behind the last class.
template <class L, bool of_p, bool of_q>
inline typename L::V weights_at(const TargetRows<typename L::Real>& rows, Index k, Index m) {
  const typename L::V none = L::set1(0);
  return weight_of<L, of_p, of_q>(of_p ? load_up_to<L>(rows.p + k, m, 0) : none,
                                  of_q ? load_up_to<L>(rows.q + k, m, 0) : none);
}

/// The sums of w_k and w_k (max - z_k). Of floats, sums are exact or have the digits of a double, so that a mass minus
/// one of its parts is what the other parts are. Where w_k = 0 the class may be masked. Without p they are shares, of
/// which a masked class has none.
template <class L, bool of_p, bool of_q>
struct WeightedSums {
  using V = typename L::V;
  using Sum = typename SumOf<L>::type;

  Sum mass, distance;
  V least;
  V masked;  // classes

  static WeightedSums zero() { return {Sum::zero(), Sum::zero(), L::set1(0), L::set1(0)}; }

  void add_bundle(const V* logit, V* w, V* d) {
    const V none = L::set1(0);
    const V masked_logit = L::set1(minus_infinity<L>);
    if (!of_p) {
#pragma GCC unroll 4
      for (Index j = 0; j < bundle; ++j) {
        d[j] = L::leave_out_equal(logit[j], masked_logit, d[j], &masked);
        if (of_q) w[j] = L::select_equal(logit[j], masked_logit, none, w[j]);
      }
    }
    if (!of_p && !of_q) return distance.add_bundle(d);
#pragma GCC unroll 4
    for (Index j = 0; j < bundle; ++j) {
      least = L::smaller(w[j], least);
      d[j] = L::select_equal(w[j], none, none, d[j]);
    }
    if constexpr (std::is_same_v<L, Float>) {
#pragma GCC unroll 4
      for (Index j = 0; j < bundle; ++j) {
        mass.add(w[j]);
        distance.add_product(w[j], d[j]);
      }
    } else {
      mass.add_bundle(w);
      distance.add(sum_of_products<L>(w, d));
    }
  }
};

/// The sums of sample i.
template <class L, bool of_p, bool of_q>
inline void weighted_sums_of_row(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/, const typename L::Real* z,
                                 const TargetRows<typename L::Real>& rows, Index n, Index i,
                                 const Tile<typename L::Real>& tile, WeightedTile<typename L::Real>* result) {
  using V = typename L::V;
  const V none = L::set1(0);
  const V greatest = L::set1(tile.maximum[i]);
  auto sums = WeightedSums<L, of_p, of_q>::zero();
  constexpr Index step = bundle * L::lanes;
  V logit[bundle];
  V w[bundle];
  V d[bundle];
  Index k = 0;
  for (; k + step <= n; k += step) {
#pragma GCC unroll 4
    for (Index j = 0; j < bundle; ++j) {
      const Index at = k + j * L::lanes;
      logit[j] = L::load(z + at);
      d[j] = greatest - logit[j];
      if (of_p) fetch_ahead(rows.p + at);
      w[j] = weights_at<L, of_p, of_q>(rows, at, L::lanes);
    }
    sums.add_bundle(logit, w, d);
  }
  if (k < n) {
    for (V& x : logit) x = greatest;
    for (V& x : w) x = none;
    for (V& x : d) x = none;
    for (Index j = 0; k < n; k += L::lanes, ++j) {
      logit[j] = load_up_to<L>(z + k, n - k, tile.maximum[i]);
      d[j] = greatest - logit[j];
      w[j] = weights_at<L, of_p, of_q>(rows, k, n - k);
    }
    sums.add_bundle(logit, w, d);
  }
  const bool negative = L::greatest(none - sums.least) > 0;
  const Twice mass = of_p || of_q ? sums.mass.total() : Twice{static_cast<double>(n) - total(sums.masked), 0};
  const Twice distance = sums.distance.total();
  result->mass_hi[i] = negative ? std::numeric_limits<double>::quiet_NaN() : mass.hi;
  result->mass_lo[i] = mass.lo;
  result->distance_hi[i] = distance.hi;
  result->distance_lo[i] = distance.lo;
}

/// The sums of samples side by side, and where their maxima are.
template <class L, bool of_p, bool of_q>
inline void weighted_sums_of_columns(L /*lanes*/, TargetKind<of_p, of_q> /*kind*/,
                                     const Rows<const typename L::Real>& z, const TargetRows<typename L::Real>& rows,
                                     Index n, Index count, const Tile<typename L::Real>& tile,
                                     WeightedTile<typename L::Real>* result) {
  using Real = typename L::Real;
  using V = typename L::V;
  using Sums = WeightedSums<L, of_p, of_q>;
  constexpr Index most = Tile<Real>::most / L::lanes;
  const V none = L::set1(0);
  const Index groups = (count + L::lanes - 1) / L::lanes;
  Sums sums[bound(most)];
  V argmax[bound(most)];
  for (Index g = 0; g < groups; ++g) {
    sums[g] = Sums::zero();
    argmax[g] = none;
  }
  for (Index first = 0; first < n; first += bundle) {
    const Index classes = (std::min)(bundle, n - first);
    for (Index g = 0; g < groups; ++g) {
      const Index i = g * L::lanes;
      const V greatest = L::load(tile.maximum + i);
      V logit[bundle] = {none, none, none, none};
      V w[bundle] = {none, none, none, none};
      V d[bundle] = {none, none, none, none};
      for (Index j = 0; j < classes; ++j) {
        const Index k = first + j;
        logit[j] = load_up_to<L>(z[k] + i, count - i, 0);
        d[j] = greatest - logit[j];
        argmax[g] = L::select_equal(d[j], none, L::set1(static_cast<Real>(k)), argmax[g]);
        w[j] = weight_of<L, of_p, of_q>(of_p ? load_up_to<L>(rows.p + k * rows.stride + i, count - i, 0) : none,
                                        of_q ? L::set1(rows.q[k]) : none);
      }
      sums[g].add_bundle(logit, w, d);
    }
  }
  for (Index g = 0; g < groups; ++g) {
    const Index i = g * L::lanes;
    Real least[L::lanes];
    Real masked[L::lanes];
    L::store(least, sums[g].least);
    L::store(masked, sums[g].masked);
    L::store(result->argmax + i, argmax[g]);
    sums[g].mass.store(result->mass_hi + i, result->mass_lo + i);
    sums[g].distance.store(result->distance_hi + i, result->distance_lo + i);
    for (Index j = 0; j < L::lanes; ++j) {
      if (least[j] < 0) result->mass_hi[i + j] = std::numeric_limits<double>::quiet_NaN();
      if (of_p || of_q) continue;
      result->mass_hi[i + j] = static_cast<double>(n) - static_cast<double>(masked[j]);
      result->mass_lo[i + j] = 0;
    }
  }
}
