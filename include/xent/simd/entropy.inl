// The gradient of the entropy of a sample, class by class. Included by simd/kernels.hpp after coefficients.inl.

/// out = factor e (center - z) = alpha s (x - mean of x) from the exponentials e of n classes, as they are stored, and
/// the logit `center` at which a class is as surprising as the average one. Subtracting from that, not from the
/// maximum, rounds the difference and not its terms. `out` may be `z` or `e`. Returns the sum of out (center - z)
/// if it is wanted.
template <class L>
inline TermSum entropy_slopes(const typename L::Real* z, const typename L::Real* e, Index n,
                              const EntropyScalars<typename L::Real>& scalars, typename L::Real* out, bool stream,
                              bool want_sum) {
  using V = typename L::V;
  const V center_hi = L::set1(scalars.center.hi);
  const V center_lo = L::set1(scalars.center.lo);
  const V factor_hi = L::set1(scalars.factor.hi);
  const V factor_lo = L::set1(scalars.factor.lo);
  const V unscale = L::set1(scalars.unscale);
  const V least = L::set1(std::numeric_limits<typename L::Real>::min());
  auto sum = LongSum<L>::zero();
  in_groups<L>(out, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> slopes;
    for (Index k = 0; k < count; k += L::lanes) {
      const V exponential = load_up_to<L>(e + first + k, whole ? L::lanes : count - k, 0);
      const V logit = load_up_to<L>(z + first + k, whole ? L::lanes : count - k, 0);
      const V difference = (center_hi - logit) + center_lo;
      // 0 where e is, whatever the logit.
      const V x = L::product_unless_below(exponential, least, exponential, difference) * unscale;
      const V slope = L::fma(x, factor_hi, x * factor_lo);
      if (want_sum) sum.add(L::product_unless_below(exponential, least, slope, difference));
      L::store(slopes.values + k, slope);
    }
    slopes.write(out, first, count, stream);
    return true;
  });
  return sum.total();
}

template <class L>
inline CoefficientKernels<typename L::Real> coefficient_kernels() {
  return {&decisions<L>, &squares, &gaussians, &above<L>, &entropy_slopes<L>};
}
