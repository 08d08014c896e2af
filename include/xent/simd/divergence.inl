// KL(p || q) of two samples of float logits, in double: nothing is lost that float could tell, and what cancels where
// the two are nearly equal has 29 digits to spare. Included by simd/kernels.hpp after coefficients.inl.

/// One vector of classes: exponentials relative to the maxima, and t = (z_q - anchor) - (z_p - max_p), 0 where p has
/// masked a class. Subtracting z_p from z_q would round more than their difference has digits.
struct DivergenceLanes {
  using L = Double;
  using V = Double::V;
  V c, max_p, max_q, anchor;

  explicit DivergenceLanes(const DivergenceScalars& s)
      : c(L::set1(s.log2e_over_t)), max_p(L::set1(s.max_p)), max_q(L::set1(s.max_q)), anchor(L::set1(s.anchor)) {}

  struct Pair {
    V z_p, z_q, e_p, e_q, t;
    Double::Mask in_p;
  };

  /// exp(d / T), d <= 0.
  V exponential_of(V d) const {
    const V magic = L::set1(L::magic);
    const V magic_n = L::fma(d, c, magic);
    const V n = magic_n - magic;
    return L::product_unless_below(rounded_product<L>(d, c), L::set1(-1020), exp2_of_fraction(L::fms(d, c, n)),
                                   L::power_of_two(magic_n));
  }
  Pair operator()(V z_p, V z_q) const {
    const V masked = L::set1(minus_infinity<Double>);
    const auto in_p = z_p > masked;
    return {z_p,
            z_q,
            exponential_of(z_p - max_p),
            exponential_of(z_q - max_q),
            in_p ? (z_q - anchor) - (z_p - max_p) : L::set1(0),
            in_p};
  }
};

/// Calls visit(k, pair) for each vector of classes; the last one is filled up with masked classes.
template <class Visit>
inline void for_each_pair(const DivergenceScalars& scalars, const float* z_p, const float* z_q, Index n,
                          const Visit& visit) {
  const DivergenceLanes lanes(scalars);
  Index k = 0;
  for (; k + Double::lanes <= n; k += Double::lanes) {
    fetch_ahead(z_p + k);
    fetch_ahead(z_q + k);
    visit(k, lanes(Double::load(z_p + k), Double::load(z_q + k)));
  }
  if (k == n) return;
  float rest_p[Double::lanes];
  float rest_q[Double::lanes];
  std::fill_n(rest_p, Double::lanes, minus_infinity<Float>);
  std::fill_n(rest_q, Double::lanes, minus_infinity<Float>);
  std::copy(z_p + k, z_p + n, rest_p);
  std::copy(z_q + k, z_q + n, rest_q);
  visit(k, lanes(Double::load(rest_p), Double::load(rest_q)));
}

inline DivergenceSums divergence_sums(const DivergenceScalars& scalars, const float* z_p, const float* z_q, Index n) {
  using L = Double;
  using V = Double::V;
  V rest_p = L::set1(0);
  V maxima = L::set1(0);
  V sum_q = L::set1(0);
  V center = L::set1(0);
  V moment = L::set1(0);
  const V max_p = L::set1(scalars.max_p);
  for_each_pair(scalars, z_p, z_q, n, [&](Index /*k*/, const DivergenceLanes::Pair& x) {
    rest_p = rest_p + L::leave_out_equal(x.z_p, max_p, x.e_p, &maxima);
    sum_q = sum_q + x.e_q;
    center = L::fma(x.e_p, x.t, center);
    moment = L::fma(x.e_p, x.in_p ? max_p - x.z_p : L::set1(0), moment);
  });
  return {L::total(rest_p) + (L::total(maxima) - 1), L::total(sum_q), L::total(center), L::total(moment)};
}

/// exp(u) - 1 - u for |u| <= 1/2: u^2 (1/2 + u/6 + ...), below 2^-36.
inline Double::V exponential_excess(Double::V u) {
  using L = Double;
  Double::V h = L::set1(1.0 / 479001600);
  for (const double factorial : {39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0})
    h = L::fma(h, u, L::set1(1 / factorial));
  return rounded_product<L>(u * u, h);
}

/// The sum of e_p (exp(u) - 1 - u), u = (t - center) / T; e_p exp(u) is e_q times the scale.
inline double divergence_excess(const DivergenceScalars& scalars, const float* z_p, const float* z_q, Index n) {
  using L = Double;
  using V = Double::V;
  V sum = L::set1(0);
  const V center = L::set1(scalars.center);
  const V by_t = L::set1(scalars.one_over_t);
  const V scale = L::set1(scalars.scale);
  for_each_pair(scalars, z_p, z_q, n, [&](Index /*k*/, const DivergenceLanes::Pair& x) {
    const V u = (x.t - center) * by_t;
    const auto small = x.in_p & (L::max(u, -u) < L::set1(0.5));
    const V far = L::fma(x.e_q, scale, -rounded_product<L>(x.e_p, L::set1(1) + u));
    sum = sum + (small ? rounded_product<L>(x.e_p, exponential_excess(u)) : far);
  });
  return L::total(sum);
}

/// d_p = -alpha p u and d_q = alpha (q - p), the latter from p expm1(u - KL) where that is small. Returns their
/// products with max - z, added up.
inline double divergence_slopes(const DivergenceScalars& scalars, const float* z_p, const float* z_q, Index n,
                                float* d_p, float* d_q) {
  using L = Double;
  using V = Double::V;
  V sum = L::set1(0);
  const V center = L::set1(scalars.center);
  const V by_t = L::set1(scalars.one_over_t);
  const V divergence = L::set1(scalars.divergence);
  const V alpha_p = L::set1(scalars.alpha_p);
  const V alpha_q = L::set1(scalars.alpha_q);
  const V none = L::set1(0);
  const V masked = L::set1(minus_infinity<Double>);
  for_each_pair(scalars, z_p, z_q, n, [&](Index k, const DivergenceLanes::Pair& x) {
    const V u = (x.t - center) * by_t;
    const V v = u - divergence;
    const V p = x.e_p * alpha_p;
    const auto small = x.in_p & (L::max(v, -v) < L::set1(0.5));
    const V slope_p = x.in_p ? -rounded_product<L>(p, u) : none;
    const V difference = L::fma(x.e_q, alpha_q, -rounded_product<L>(x.e_p, alpha_p));
    const V slope_q = small ? rounded_product<L>(p, v + exponential_excess(v)) : difference;
    sum = L::fma(slope_p, x.in_p ? DivergenceLanes(scalars).max_p - x.z_p : none, sum);
    sum = L::fma(slope_q, x.z_q > masked ? DivergenceLanes(scalars).max_q - x.z_q : none, sum);
    const auto write = [&](float* out, V slope) {
      if (out == nullptr) return;
      if (k + L::lanes <= n) return L::store(out + k, slope);
      float lanes[L::lanes];
      L::store(lanes, slope);
      for (Index j = k; j < n; ++j) out[j] = lanes[j - k];
    };
    write(d_p, slope_p);
    write(d_q, slope_q);
  });
  return L::total(sum);
}

inline DivergenceKernels divergence_kernels() { return {&divergence_sums, &divergence_excess, &divergence_slopes}; }
