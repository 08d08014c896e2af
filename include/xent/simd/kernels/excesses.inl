// What a variance exceeds squared errors by: sums for a variance that is shared. L is Float or Double.

/// v - (mean - x)^2, to twice the digits.
inline Two excess_of(Double::V mean, Double::V x, Double::V v) {
  using V = Double::V;
  const Two r = sum_of(mean, -x, Two(0));
  const V square = rounded(r.hi * r.hi);
  const V square_low = Double::fma(r.hi + r.hi, r.lo, Double::fms(r.hi, r.hi, square));
  const Two excess = sum_of(v, -square, Two(0));
  return {excess.hi, excess.lo - square_low};
}
inline void add_excess(const Two& excess, One* sum) { sum->hi = sum->hi + (excess.hi + excess.lo); }
inline void add_excess(const Two& excess, Two* sum) { add_to(sum, excess.hi, excess.lo); }

template <class L>
inline Twice excesses_in_lanes(L /*lanes*/, const typename L::Real* mean, const typename L::Real* target,
                               typename L::Real variance, Index n) {
  using D = Double;
  const D::V none = D::set1(0);
  const D::V v = D::set1(static_cast<double>(variance));
  typename WideOf<L>::type sum(0);
  for (Index k = 0; k < n; k += D::lanes) {
    const auto there = D::first_lanes(n - k);
    add_excess(excess_of(next_in_double(mean + k, n - k), next_in_double(target + k, n - k), D::select(there, v, none)),
               &sum);
  }
  return total_of(sum);
}

template <class L>
inline void add_excesses_in_lanes(L /*lanes*/, const typename L::Real* mean, const typename L::Real* target,
                                  const typename L::Real* variance, Index n, double* hi, double* lo) {
  using W = typename WideOf<L>::type;
  for (Index k = 0; k < n; k += Double::lanes) {
    W sum = W::load(hi + k, lo + k);
    add_excess(excess_of(next_in_double(mean + k, n - k), next_in_double(target + k, n - k),
                         next_in_double(variance + k, n - k)),
               &sum);
    W::store(sum, hi + k, lo + k);
  }
}
