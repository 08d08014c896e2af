// What exponentials add up to. L is the Float or Double of an instruction set.

/// x_0 y_0 + ... + x_3 y_3 in a tree. Fused by name: what the compiler would fuse depends on flags.
template <class L>
inline typename L::V sum_of_products(const typename L::V* x, const typename L::V* y) {
  return L::mul_add(x[1], y[1], x[0] * y[0]) + L::mul_add(x[3], y[3], x[2] * y[2]);
}

/// The sums over the exponentials of one sample, or of a sample a lane.
template <class L, bool moment>
struct ExponentialSums {
  using V = typename L::V;
  using Sum = typename SumOf<L>::type;
  static constexpr typename L::Real farthest = (std::numeric_limits<typename L::Real>::max)();

  Sum rest, moments, spread;
  V count;   // maxima that were left out
  V masked;  // classes

  static ExponentialSums zero() { return {Sum::zero(), Sum::zero(), Sum::zero(), L::set1(0), L::set1(0)}; }

  /// max - z, but 0 of a masked class, which is counted.
  [[gnu::always_inline]] V of_unmasked(V logit, V max_minus_z) {
    return L::leave_out_equal(logit, L::set1(minus_infinity<L>), max_minus_z, &masked);
  }

  /// All but `rest`, of two vectors.
  void add_moments(const V* e, const V* logit, V top) {
    const V distance[2] = {of_unmasked(logit[0], top - logit[0]), of_unmasked(logit[1], top - logit[1])};
    spread.add(distance[0] + distance[1]);
    const V first = rounded(e[0] * L::smaller(distance[0], L::set1(farthest)));
    moments.add(L::mul_add(e[1], L::smaller(distance[1], L::set1(farthest)), first));
  }

  [[gnu::always_inline]] void add(const V* e, const V* distance) {
    rest.add_bundle(e);
    if (!moment) return;
    spread.add_bundle(distance);
    V clamped[bundle];
#pragma GCC unroll 4
    for (Index j = 0; j < bundle; ++j) clamped[j] = L::smaller(distance[j], L::set1(farthest));  // 0 inf is no moment
    moments.add(sum_of_products<L>(e, clamped));
  }
};
