// Sums over the classes of probabilities. L is Float or Double; a float is computed in double, a double in a pair of
// them, so that a sum is rounded once.
//
// A lane that is not regular makes the sum of its sample NaN in the end.

/// What stands for 0 in a logarithm that is multiplied with 0, and the least other number there.
template <class L>
inline constexpr typename L::Real least_in_log = is_float<L> ? typename L::Real(0x1p-149) : typename L::Real(0x1p-1022);
/// What divergences of floats are multiplied with, so that no divisor is subnormal.
template <class L>
inline constexpr typename L::Real lift = is_float<L> ? typename L::Real(0x1p24) : typename L::Real(1);
/// A divisor out of this range is not for these loops, unless it or what is divided is 0.
template <class L>
inline constexpr
    typename L::Real least_divisor = is_float<L> ? typename L::Real(0x1p-126) : typename L::Real(0x1p-1000);
template <class L>
inline constexpr typename L::Real largest_divisor = is_float<L> ? typename L::Real(0x1p120) : typename L::Real(0x1p124);
/// A sum below this, but for 0, may have lost digits of its terms.
inline constexpr double least_information = 0x1p-800;

/// p log(p/m) - d and more digits, d = p - m: with k and c of p/m as in natural_log.inl,
///
///     p (k ln 2 + log c) + y - d + y r q(r),   y = p r,   1 + r = p / (m c 2^k),
///
/// where y - d cancels if k = 0 and c = 1, and is r d. `by_m` is 1/m to 45 digits or more.
inline void add_divergence(Double::V p, const One& /*m*/, const One& difference, Double::V by_m, One* sum) {
  using L = Double;
  using V = Double::V;
  const V d = difference.hi;
  const LogParts<L> at(L::larger(L::set1(0x1p-300), p * by_m));
  const V scale = at.scale(*sum).hi;
  const auto nearby = scale == L::set1(0);
  const V r = L::select(nearby, rounded_product<L>(d, by_m), L::fma(at.z, at.by_c, L::set1(-1)));
  const V leading = L::select(nearby, rounded_product<L>(r, d), L::fms(p, r, d));
  sum->hi = sum->hi + L::fma(p * r * r, polynomial<L>(log_tail, r), L::fma(p, scale, leading));
}

/// The same with every step but the tail in pairs.
inline void add_divergence(Double::V p, const Two& m, const Two& d, Double::V by_m, Two* sum) {
  using L = Double;
  using V = Double::V;
  const V ratio = rounded_product<L>(p, by_m);
  const V ratio_low = rounded_product<L>(L::fma(-ratio, m.lo, L::fma(-ratio, m.hi, p)), by_m);
  const V x = L::larger(L::set1(0x1p-1000), ratio);
  const LogParts<L> at(x);
  const Two scale = at.scale(*sum);
  const auto nearby = scale.hi == L::set1(0);
  const V by_power = L::as_number(L::as_bits(at.z) - L::as_bits(x) + L::as_bits(L::set1(1)));  // 2^-k by exponents
  const V quotient = rounded_product<L>(at.z, at.by_c);
  const Two far_r =
      Two::renormalised(quotient - L::set1(1), L::fma(ratio_low * by_power, at.by_c, L::fms(at.z, at.by_c, quotient)));
  const V near_hi = rounded_product<L>(d.hi, by_m);  // m.lo would change a digit that cancels
  const Two near_r(near_hi, rounded_product<L>(L::fma(-near_hi, m.hi, d.hi) + d.lo, by_m));
  const Two r = select(nearby, near_r, far_r);
  const Two y = exact_product(p, r);
  const Two leading = select(nearby, r * d, y - d);
  const Two square = y * r;
  const Two tail(L::set1(-0.5) * square.hi,
                 L::fma(square.hi * r.hi, polynomial<L>(long_log_tail, r.hi), L::set1(-0.5) * square.lo));
  const Two term = (exact_product(p, scale) + leading) + tail;
  add_to(sum, term.hi, term.lo);
}

/// The inverse of a divisor in its lanes, and with the digits of double; see `refined` in gaussians.inl.
template <bool second>
inline Double::V inverse_of(Double::V m, Float::V approximate) {
  const Double::V by = widened<second>(approximate);
  return Double::fma(by, Double::fma(-m, by, Double::set1(1)), by);
}
template <bool second>
inline Double::V inverse_of(Double::V /*m*/, Double::V approximate) {
  return approximate;
}

// Exact sums and halves of them.
inline One halved(const One& x) { return One(x.hi * Double::set1(0.5)); }
inline Two halved(const Two& x) { return {x.hi * Double::set1(0.5), x.lo * Double::set1(0.5)}; }
inline One negative(const One& x) { return One(-x.hi); }
inline Two negative(const Two& x) { return {-x.hi, -x.lo}; }

/// The sum of a measure, and whether it is regular, over the classes of one sample or of a sample a lane.
template <class L, Measure measure>
class InformationLanes {
  using V = typename L::V;
  using Real = typename L::Real;
  using W = typename WideOf<L>::type;
  static constexpr bool divides = measure == Measure::kl_divergence || measure == Measure::js_divergence;

 public:
  InformationLanes()
      : least_(L::set1(0)), excluded_(L::set1(0)), infinite_(L::set1(0)), greatest_(L::set1(0)), poison_(L::set1(0)) {}

  void add(V p, V q) {
    least_ = L::smaller(p, least_);
    if constexpr (measure == Measure::entropy) {
      add_logs<false>(p, p);
      if constexpr (is_float<L>) add_logs<true>(p, p);
      return;
    }
    least_ = L::smaller(q, least_);
    if constexpr (measure == Measure::cross_entropy) {
      poison_ = L::fma(q, L::set1(0), poison_);
      exclude(p, q, L::set1(least_in_log<L>));
      add_logs<false>(p, q);
      if constexpr (is_float<L>) add_logs<true>(p, q);
    } else {
      constexpr bool js = measure == Measure::js_divergence;
      if constexpr (is_float<L>) {
        p = p * L::set1(lift<L>);
        q = q * L::set1(lift<L>);
      }
      const V m = js ? (p + q) * L::set1(Real(0.5)) : q;
      const V least = L::set1(least_divisor<L>);
      greatest_ = L::larger(m, greatest_);
      exclude(js ? m : p, m, least);
      const V by_m = L::set1(1) / L::larger(least, m);
      add_divergences<false>(p, q, by_m);
      if constexpr (is_float<L>) add_divergences<true>(p, q, by_m);
    }
  }

  /// For one sample.
  void total(double* hi, double* lo) const {
    const V flags = irregular();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double flag = any_nan<L>(flags)        ? std::numeric_limits<double>::quiet_NaN()
                        : L::greatest(flags) > 0 ? infinity
                                                 : 0;
    const W sum(total_of(is_float<L> ? low_ + high_ : low_));
    store(checked(sum, Double::set1(flag)), 1, hi, lo);
  }
  /// For the first samples of a sample a lane.
  void totals(Index count, double* hi, double* lo) const {
    store(checked(low_, widened<false>(irregular())), count, hi, lo);
    if constexpr (is_float<L>) {
      constexpr Index half = Double::lanes;
      if (count > half) store(checked(high_, widened<true>(irregular())), count - half, hi + half, lo);
    }
  }

 private:
  template <bool second>
  void add_logs(V p, V q) {
    const Double::V x = Double::larger(Double::set1(static_cast<double>(least_in_log<L>)), widened<second>(q));
    add_product_with_log<Double>(widened<second>(p), x, sum<second>());
  }
  template <bool second>
  void add_divergences(V p, V q, V approximate) {
    const Double::V a = widened<second>(p);
    const Double::V b = widened<second>(q);
    W* const to = sum<second>();
    const W d = sum_of(a, -b, *to);
    if constexpr (measure == Measure::kl_divergence) {
      add_divergence(a, W(b), d, inverse_of<second>(b, approximate), to);
    } else {
      const W m = halved(sum_of(a, b, *to));
      const Double::V by_m = inverse_of<second>(m.hi, approximate);
      add_divergence(a, m, halved(d), by_m, to);
      add_divergence(b, m, negative(halved(d)), by_m, to);
    }
  }

  /// p, of a divisor below the least one, is not for these loops; of one that is 0, it is infinitely unlikely.
  void exclude(V p, V divisor, V least) {
    const V none = L::set1(0);
    if constexpr (!is_float<L>) {
      const V too_small = L::select_greater(least, divisor, p, none);
      excluded_ = L::larger(L::select_equal(divisor, none, none, too_small), excluded_);
    }
    infinite_ = L::larger(L::select_equal(divisor, none, p, none), infinite_);
  }

  /// 0 where the sum is right, infinity where the measure is infinite, NaN where neither is said.
  V irregular() const {
    const V none = L::set1(0);
    const V nan = L::set1(std::numeric_limits<Real>::quiet_NaN());
    const V infinite = L::select_greater(infinite_, none, L::set1(std::numeric_limits<Real>::infinity()), none);
    V flags = L::select_greater(none, least_, nan, infinite + poison_);
    if (divides) flags = L::select_greater(greatest_, L::set1(largest_divisor<L>), nan, flags);
    return is_float<L> ? flags : L::select_greater(excluded_, none, nan, flags);
  }
  /// The measure from the sum, or NaN.
  static W checked(const W& sum, Double::V flag) {
    using D = Double;
    const D::V size = magnitude(sum.hi);
    const auto in_range =
        (size >= D::set1(least_information)) & (size <= D::set1((std::numeric_limits<double>::max)()));
    const auto regular = in_range | (size == D::set1(0));
    W result = sum;
    if constexpr (measure == Measure::entropy || measure == Measure::cross_entropy) result = W(0) - sum;
    if constexpr (measure == Measure::js_divergence) result = halved(sum);
    if constexpr (divides && is_float<L>) result = One(result.hi * D::set1(1 / static_cast<double>(lift<L>)));
    result.hi = flag + D::select(regular, result.hi, D::set1(std::numeric_limits<double>::quiet_NaN()));
    return result;
  }
  static void store(const One& x, Index count, double* hi, double* /*lo*/) { store_up_to<Double>(hi, count, x.hi); }
  static void store(const Two& x, Index count, double* hi, double* lo) {
    store_up_to<Double>(hi, count, x.hi);
    store_up_to<Double>(lo, count, x.lo);
  }
  template <bool second>
  W* sum() {
    return second ? &high_ : &low_;
  }
  W low_{0}, high_{0};
  V least_, excluded_, infinite_, greatest_, poison_;  // >= 0, 0, 0, not too large and 0 of regular lanes
};

template <class L, Measure measure>
inline void information_of_rows(L /*lanes*/, MeasureConstant<measure> /*measure*/,
                                const Rows<const typename L::Real>& p, const Rows<const typename L::Real>& q, Index n,
                                Index count, double* hi, double* lo) {
  // Classes that are not there add nothing.
  constexpr typename L::Real no_p = measure == Measure::kl_divergence || measure == Measure::js_divergence ? 1 : 0;
  for (Index i = 0; i < count; ++i) {
    const typename L::Real* const x = p[i];
    const typename L::Real* const y = measure == Measure::entropy ? x : q[i];
    InformationLanes<L, measure> lanes;
    Index k = 0;
    for (; k + L::lanes <= n; k += L::lanes) {
      fetch_ahead(x + k);
      if (measure != Measure::entropy) fetch_ahead(y + k);
      lanes.add(L::load(x + k), L::load(y + k));
    }
    if (k < n) lanes.add(L::load_partial(x + k, n - k, no_p), L::load_partial(y + k, n - k, 1));
    lanes.total(hi + i, is_float<L> ? nullptr : lo + i);
  }
}

/// `width` vectors side by side: lines of memory that follow each other, of each class.
template <class L, Measure measure, Index width>
inline void information_of_lanes(const Rows<const typename L::Real>& p, const Rows<const typename L::Real>& q, Index n,
                                 Index count, double* hi, double* lo) {
  InformationLanes<L, measure> lanes[bound(width)];
  for (Index k = 0; k < n; ++k) {
    const typename L::Real* const x = p[k];
    const typename L::Real* const y = measure == Measure::entropy ? x : q[k];
#pragma GCC unroll 4
    for (Index j = 0; j < width; ++j) {
      const Index at = j * L::lanes;
      if (count >= width * L::lanes)
        lanes[j].add(L::load(x + at), L::load(y + at));
      else
        lanes[j].add(load_up_to<L>(x + at, count - at, 1), load_up_to<L>(y + at, count - at, 1));
    }
  }
#pragma GCC unroll 4
  for (Index j = 0; j < width; ++j)
    lanes[j].totals((std::min)(L::lanes, count - j * L::lanes), hi + j * L::lanes,
                    is_float<L> ? nullptr : lo + j * L::lanes);
}

template <class L, Measure measure>
inline void information_of_columns(L /*lanes*/, MeasureConstant<measure> /*measure*/,
                                   const Rows<const typename L::Real>& p, const Rows<const typename L::Real>& q,
                                   Index n, Index count, double* hi, double* lo) {
  constexpr Index width = measure == Measure::js_divergence ? 1 : 2;
  for (Index i = 0; i < count;) {
    const bool whole = i + width * L::lanes <= count;
    const auto of_lanes = whole ? &information_of_lanes<L, measure, width> : &information_of_lanes<L, measure, 1>;
    of_lanes({p.data + i, p.stride}, {q.data + i, q.stride}, n, count - i, hi + i, is_float<L> ? nullptr : lo + i);
    i += whole ? width * L::lanes : L::lanes;
  }
}
