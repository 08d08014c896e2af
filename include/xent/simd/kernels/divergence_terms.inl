// KL(p || q) of samples of logits, class by class. The lanes are those of Double, for float too: where p and q are
// nearly equal, the digits that float lacks are the result. With
//
// e = exp((z_p - max_p) / T) t = (z_q - anchor) - (z_p - max_p), anchor the logit of q where p has its maximum S =
// sum e c = sum e t / S u = (t - c) / T
//
// the sum of e u is 0, so that
//
// KL = log1p(X), X = sum e (exp(u) - 1 - u) / S exp(u_k) = q_k / p_k exp(KL)
//
// No term of X is negative, and neither the exponentials of q nor its maximum are computed.

/// g = exp(u) - 1 - u >= 0, and exp(u) - 1, for |u| up to 700. With u = n ln2 + r and s = 2^n,
///
///     g = s r^2 h(r) + (s r + (s - 1) - u),    h(r) = (exp(r) - 1 - r) / r^2
///
/// Where n = 0 the second term is 0, and g has all of its digits; elsewhere it is not small.
struct ExponentialExcess {
  Double::V g, power_less_one;
};

[[gnu::always_inline]] inline ExponentialExcess exponential_excess(const One& u) {
  using L = Double;
  const L::V magic_n = L::mul_add(u.hi, L::set1(0x1.71547652b82fep+0), L::set1(L::magic));
  const L::V n = magic_n - L::set1(L::magic);
  const L::V s = L::power_of_two(magic_n);
  const L::V r = L::mul_add(n, L::set1(-0x1.62e42fefa39efp-1), u.hi);
  L::V h = L::set1(0x1.a072c4762e981p-13);  // minimax, 2^-28.5
  h = L::mul_add(h, r, L::set1(0x1.6d42d9bf51874p-10));
  h = L::mul_add(h, r, L::set1(0x1.11114be3fa58cp-7));
  h = L::mul_add(h, r, L::set1(0x1.5554e94df0277p-5));
  h = L::mul_add(h, r, L::set1(0x1.55555527292e6p-3));
  h = L::mul_add(h, r, L::set1(0x1.0000000b7ff4ep-1));
  const L::V straight = L::mul_add(s, r, (s - L::set1(1)) - u.hi);
  const L::V g = L::mul_add(rounded(r * r), rounded(s * h), straight);
  return {g, g + u.hi};
}

[[gnu::always_inline]] inline ExponentialExcess exponential_excess(const Two& u) {
  using L = Double;
  const L::V magic_n = L::mul_add(u.hi, L::set1(0x1.71547652b82fep+0), L::set1(L::magic));
  const L::V n = magic_n - L::set1(L::magic);
  const L::V s = L::power_of_two(magic_n);
  // The first part of ln2 has 42 bits: n times it is exact, and so is the difference.
  const Two r = Two::renormalised(L::mul_add(n, L::set1(-0x1.62e42fefa38p-1), u.hi),
                                  L::mul_add(n, L::set1(-0x1.ef35793c7673p-45), u.lo));
  L::V h = L::set1(0x1.61580cd2cf5c7p-33);  // minimax, 2^-64.7
  h = L::mul_add(h, r.hi, L::set1(0x1.1f7f12095bd7dp-29));
  h = L::mul_add(h, r.hi, L::set1(0x1.ae6470f34945ep-26));
  h = L::mul_add(h, r.hi, L::set1(0x1.27e4d426452f2p-22));
  h = L::mul_add(h, r.hi, L::set1(0x1.71de3a4a37ed5p-19));
  h = L::mul_add(h, r.hi, L::set1(0x1.a01a01a9e4290p-16));
  h = L::mul_add(h, r.hi, L::set1(0x1.a01a01a01cdefp-13));
  h = L::mul_add(h, r.hi, L::set1(0x1.6c16c16c15a77p-10));
  h = L::mul_add(h, r.hi, L::set1(0x1.111111111110dp-7));
  h = L::mul_add(h, r.hi, L::set1(0x1.5555555555557p-5));
  h = L::mul_add(h, r.hi, L::set1(0x1.5555555555555p-3));
  h = L::mul_add(h, r.hi, L::set1(0.5));
  const L::V square = rounded(r.hi * r.hi);
  const L::V square_low = L::mul_add(r.hi + r.hi, r.lo, L::fms(r.hi, r.hi, square));
  const L::V curved = rounded(s * L::mul_add(square, h, rounded(square_low * h)));
  const L::V low = rounded(s * r.lo);
  // exp(u) - 1 is not g + u: that would round it at the size of u.
  const Two above = exact_difference<Two>(rounded(s * r.hi), L::set1(1) - s);
  const Two straight = above - Two(u.hi);
  return {straight.hi + (curved + (straight.lo + (low - u.lo))), above.hi + (curved + (above.lo + low))};
}

/// The samples of the lanes, or the one of all. `nearby`: no logit is so far from another one that a number of its
/// class leaves the range; then nothing is looked for.
template <class L, bool nearby>
struct Divergence {
  using W = typename WideOf<L>::type;
  using V = Double::V;

  /// Beyond it, exp(u) is not computed from u, ...
  static constexpr double most = 500;
  /// ... and this stands for t where p has nothing of a class.
  static constexpr double beyond = 1e300;

  UnitExponential<W> exponential;
  W by_t;
  V max_p, anchor;
  W center;         // c
  W scaled_center;  // c / T

  Divergence(const LogitCall& call, V maximum_of_p, V anchor_of_q)
      : exponential(call),
        by_t(W(Twice{call.one_over_t.hi, call.one_over_t.lo})),
        max_p(maximum_of_p),
        anchor(anchor_of_q),
        center(0),
        scaled_center(0) {}

  struct Pair {
    V e;
    W t;
  };
  [[gnu::always_inline]] Pair pair(V z_p, V z_q) const {
    const W d = exact_difference<W>(z_p, max_p);
    const W t = exact_difference<W>(z_q, anchor) - d;
    if (nearby) return {exponential.of_near(d), t};
    const V e = exponential.of_negative(d);
    return {e, where_present(e, t, z_p, z_q)};
  }

  /// e, u to the digits of a double, and e times g and exp(u) - 1.
  struct Terms {
    V e, u, excess, difference;
  };
  template <class Logits>
  [[gnu::always_inline]] Terms terms(const Pair& c, const Logits& z, Index j) const {
    const W u = difference_of_product(c.t, by_t, scaled_center);
    if (nearby) {
      const ExponentialExcess x = exponential_excess(u);
      return {c.e, u.hi, rounded(c.e * x.g), rounded(c.e * x.power_less_one)};
    }
    return far_terms(c, u, z.q_at(j));
  }

 private:
  /// Masked by both: 0. By q alone: NaN, which is not for the kernels; neither is a q so much smaller than an e that is
  /// below the range that the product counts, as it can in double.
  static W where_present(V e, const W& t, V z_p, V z_q) {
    const V masked = Double::set1(minus_infinity<Double>);
    const V none = Double::set1(0);
    const V nan = Double::set1(std::numeric_limits<double>::quiet_NaN());
    const V where_q_is = Double::select_equal(z_p, masked, none, nan);
    const V of_both = Double::select(t.hi < Double::set1(-0x1p80), nan, Double::set1(beyond));
    const V where_p_is = Double::select_equal(z_q, masked, where_q_is, is_float<L> ? Double::set1(beyond) : of_both);
    return select(e == none, W(where_p_is), t);
  }
  [[gnu::always_inline]] static One difference_of_product(const One& a, const One& b, const One& c) {
    return One(Double::mul_add(a.hi, b.hi, -c.hi));
  }
  static Two difference_of_product(const Two& a, const Two& b, const Two& c) { return a * b - c; }

  /// Where u is large, from the exponential of q instead.
  Terms far_terms(const Pair& c, const W& u, V z_q) const {
    const V none = Double::set1(0);
    const V limit = Double::set1(most);
    const auto is_far = u.hi > limit;
    const auto within = u.hi >= -limit;
    const ExponentialExcess x = exponential_excess(select(within, u, W(-most)));
    const V g = Double::select(within, x.g, Double::set1(-1) - u.hi);
    const V where_p_is = Double::select_equal(c.e, none, none, u.hi);
    const V difference = exponential.of_any(exact_difference<W>(z_q, anchor) - center) - c.e;
    return {c.e, Double::select(is_far, where_p_is, u.hi),
            Double::select(is_far, difference - rounded(c.e * where_p_is), rounded(c.e * g)),
            Double::select(is_far, difference, rounded(c.e * x.power_less_one))};
  }
};

/// What the gradients of a sample take.
template <class W>
struct DivergenceSlopes {
  W weight;       // alpha / S
  W times_ratio;  // the same times exp(-KL) ...
  W times_gap;    // ... and times exp(-KL) - 1
  // Where p is almost sure of one class, e = 1 there alone, and q - p is what the others lack. Elsewhere -1.
  Double::V sure, patch;

  /// d_p = -alpha p u, +0 where p is 0.
  Double::V of_p(Double::V e, Double::V u) const { return Double::mul_add(product(e, weight), -u, Double::set1(0)); }
  /// d_q = alpha (q - p), unless this class is `sure`.
  Double::V of_q(Double::V e, Double::V difference) const {
    return Double::mul_add(difference, times_ratio.hi, product(e, times_gap));
  }
  Double::V patched(Double::V e, Double::V d_q) const { return Double::select_equal(e, sure, patch, d_q); }

 private:
  static Double::V product(Double::V x, const One& y) { return rounded(x * y.hi); }
  static Double::V product(Double::V x, const Two& y) { return Double::mul_add(x, y.hi, rounded(x * y.lo)); }
};
