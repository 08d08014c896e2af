// The loops over squared errors and Gaussians.

/// The squares of float are exact in double. Nothing is irregular: double has the range.
inline Index squares_in_lanes(Float /*lanes*/, const float* prediction, const float* target, Index n, float* gradient,
                              bool stream, Twice* sum) {
  using L = Float;
  FloatSum squares = FloatSum::zero();
  const Index done = in_groups<L>(gradient, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> differences;
    for (Index k = 0; k < count; k += L::lanes) {
      const L::V p = next_lanes<L, whole>(prediction + first + k, count - k, 0);
      const L::V x = next_lanes<L, whole>(target + first + k, count - k, 0);
      const Double::V low = low_half(p) - low_half(x);
      const Double::V high = high_half(p) - high_half(x);
      squares.low = Double::fma(Double::set1(0.5) * low, low, squares.low);
      squares.high = Double::fma(Double::set1(0.5) * high, high, squares.high);
      L::store(differences.values + k, p - x);
    }
    differences.write(gradient, first, count, stream);
    return true;
  });
  *sum = squares.total();
  return done;
}

inline Index squares_in_lanes(Double /*lanes*/, const double* prediction, const double* target, Index n,
                              double* gradient, bool stream, Twice* sum) {
  using L = Double;
  DoubleSum squares = DoubleSum::zero();
  const Index done = in_groups<L>(gradient, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> differences;
    DoubleSum next = squares;
    L::V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const L::V p = next_lanes<L, whole>(prediction + first + k, count - k, 0);
      const L::V x = next_lanes<L, whole>(target + first + k, count - k, 0);
      const L::V difference = p - x;
      const L::V part = difference - p;
      const L::V low = (p - (difference - part)) - (x + part);  // what the difference was rounded by
      const L::V square = L::fma(L::set1(0.5) * difference, difference, difference * low);
      irregular = L::fma(square, L::set1(0), irregular);
      next.add(square);
      L::store(differences.values + k, difference);
    }
    if (any_nan<L>(irregular)) return false;
    squares = next;
    differences.write(gradient, first, count, stream);
    return true;
  });
  *sum = squares.total();
  return done;
}

/// What Gaussians add up to. The logarithms are kept as a product with its exponent apart: v is the only thing that it
/// is rounded for, at a digit far below the last one of log v. (A rounded product of v = 1 + u with u the last digit of
/// float has error 2^-53, and log v = 2^-24; for double the product has two parts.)
struct GaussianLanes {
  Double::V product, product_low, exponent;

  static GaussianLanes one() { return {Double::set1(1), Double::set1(0), Double::set1(0)}; }

  void multiply(Double::V v) {
    const Double::V next = product * v;
    product_low = Double::fma(product_low, v, Double::fms(product, v, next));
    product = next;
  }
  /// Takes the exponent out of the product.
  void normalise() {
    using L = Double;
    using Bits = Double::Bits;
    constexpr unsigned long long one = 0x3FF0000000000000ULL;
    const Bits biased = L::as_bits(product) >> 52;
    const Bits unscale = (2046ULL - biased) << 52;  // 2^-exponent
    product = L::as_number((L::as_bits(product) & 0x000FFFFFFFFFFFFFULL) | one);
    product_low = product_low * L::as_number(unscale);
    // 2^52 + n has n in its low bits.
    exponent = exponent + (L::as_number(biased | 0x4330000000000000ULL) - L::set1(0x1p52 + 1023));
  }
  /// Into `sums`: the product of all lanes within [sqrt(1/2), sqrt(2)].
  void total(GaussianSums* sums) const {
    double products[Double::lanes];
    double lows[Double::lanes];
    double exponents[Double::lanes];
    Double::store(products, product);
    Double::store(lows, product_low);
    Double::store(exponents, exponent);
    double high = 1;
    double low = 0;
    double power = 0;
    for (Index j = 0; j < Double::lanes; ++j) {
      const double next = high * products[j];
      low = __builtin_fma(low, products[j], __builtin_fma(high, lows[j], __builtin_fma(high, products[j], -next)));
      high = next;
      power += exponents[j];
      while (high > 0x1.6a09e667f3bcdp+0) {
        high *= 0.5;
        low *= 0.5;
        power += 1;
      }
    }
    sums->exponent = power;
    sums->product = high;
    sums->product_low = low;
  }
};

/// 1 / v = hi + lo.
struct Reciprocal {
  Double::V hi, lo;
};
/// From the quotient of floats by one step of Newton's iteration: 2^-46, in a fifth of the time of a division of
/// doubles.
inline Reciprocal refined(Double::V v, Double::V approximate) {
  return {Double::fma(approximate, Double::fma(-v, approximate, Double::set1(1)), approximate), Double::set1(0)};
}
inline Reciprocal reciprocal(Double::V v) {
  const Double::V hi = Double::set1(1) / v;
  return {hi, hi * Double::fma(-v, hi, Double::set1(1))};
}

/// The numbers of a Gaussian in every lane.
struct Gaussian {
  using V = Double::V;
  V minimum_variance, alpha_hi, alpha_lo;

  static Gaussian of(const GaussianScalars& s) {
    return {Double::set1(s.minimum_variance), Double::set1(s.alpha.hi), Double::set1(s.alpha.lo)};
  }

  struct Terms {
    V r, half_by_variance;  // r and r / (2 v)
    V d_mean, d_variance;   // alpha r / v and alpha (v - r^2) / (2 v^2); 0 where the variance was replaced
    V irregular;            // 0 or NaN
  };

  /// mean - x = r + low. Each step of v - (r + low)^2 is exact or the last one that matters: it keeps its digits near
  /// its zero.
  Terms terms(V mean, V x, V given, V v, const Reciprocal& by) const {
    using L = Double;
    const V r = mean - x;
    const V part = r - mean;
    const V low = (mean - (r - part)) - (x + part);
    const V excess = L::fma(-low, low, L::fma(-(r + r), low, L::fma(-r, r, v)));
    const V d_mean = L::fma(r, by.hi, r * by.lo);
    const V relative = L::fma(excess, by.hi, excess * by.lo);
    const V d_variance = L::set1(0.5) * L::fma(relative, by.hi, relative * by.lo);
    const V range = (v + by.hi) * L::set1(0x1p903);  // infinite from 2^121 on: products of 8 variances are finite
    return {r, L::set1(0.5) * r * by.hi, L::fma(d_mean, alpha_hi, d_mean * alpha_lo),
            L::product_unless_below(given, minimum_variance, L::set1(1),
                                    L::fma(d_variance, alpha_hi, d_variance * alpha_lo)),
            L::fma(range, L::set1(0), zero_if_finite<L>(excess))};
  }
};

inline Index gaussians_in_lanes(Float /*lanes*/, const float* mean, const float* target, const float* variance, Index n,
                                const GaussianScalars& scalars, float* d_mean, float* d_variance, bool stream,
                                GaussianSums* sums) {
  using L = Float;
  const Gaussian gaussian = Gaussian::of(scalars);
  const L::V minimum = L::set1(static_cast<float>(scalars.minimum_variance));
  struct Lanes {
    GaussianLanes low, high;
    FloatSum quotients;
  };
  Lanes lanes{GaussianLanes::one(), GaussianLanes::one(), FloatSum::zero()};
  const Index done = in_groups<L>(d_mean, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> to_mean;
    Held<L> to_variance;
    Lanes next = lanes;
    Double::V irregular = Double::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const L::V m = next_lanes<L, whole>(mean + first + k, count - k, 0);
      const L::V x = next_lanes<L, whole>(target + first + k, count - k, 0);
      const L::V given = next_lanes<L, whole>(variance + first + k, count - k, 1);
      const L::V v = L::larger(minimum, given);
      const L::V by = L::set1(1) / v;
      const auto low =
          gaussian.terms(low_half(m), low_half(x), low_half(given), low_half(v), refined(low_half(v), low_half(by)));
      const auto high = gaussian.terms(high_half(m), high_half(x), high_half(given), high_half(v),
                                       refined(high_half(v), high_half(by)));
      next.low.product = next.low.product * low_half(v);
      next.high.product = next.high.product * high_half(v);
      next.quotients.low = Double::fma(low.r, low.half_by_variance, next.quotients.low);
      next.quotients.high = Double::fma(high.r, high.half_by_variance, next.quotients.high);
      irregular = irregular + (low.irregular + high.irregular);
      Double::store(to_mean.values + k, low.d_mean);
      Double::store(to_mean.values + k + Double::lanes, high.d_mean);
      Double::store(to_variance.values + k, low.d_variance);
      Double::store(to_variance.values + k + Double::lanes, high.d_variance);
    }
    if (any_nan<Double>(irregular)) return false;
    next.low.normalise();
    next.high.normalise();
    lanes = next;
    to_mean.write(d_mean, first, count, stream);
    to_variance.write(d_variance, first, count, stream);
    return true;
  });
  lanes.low.multiply(lanes.high.product);
  lanes.low.exponent = lanes.low.exponent + lanes.high.exponent;
  lanes.low.normalise();
  lanes.low.total(sums);
  sums->quotients = lanes.quotients.total();
  return done;
}

inline Index gaussians_in_lanes(Double /*lanes*/, const double* mean, const double* target, const double* variance,
                                Index n, const GaussianScalars& scalars, double* d_mean, double* d_variance,
                                bool stream, GaussianSums* sums) {
  using L = Double;
  const Gaussian gaussian = Gaussian::of(scalars);
  struct Lanes {
    GaussianLanes logarithms;
    DoubleSum quotients;
  };
  Lanes lanes{GaussianLanes::one(), DoubleSum::zero()};
  const Index done = in_groups<L>(d_mean, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> to_mean;
    Held<L> to_variance;
    Lanes next = lanes;
    L::V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const L::V m = next_lanes<L, whole>(mean + first + k, count - k, 0);
      const L::V x = next_lanes<L, whole>(target + first + k, count - k, 0);
      const L::V given = next_lanes<L, whole>(variance + first + k, count - k, 1);
      const L::V v = L::larger(gaussian.minimum_variance, given);
      const auto at = gaussian.terms(m, x, given, v, reciprocal(v));
      const L::V quotient = rounded_product<L>(at.r, at.half_by_variance);
      next.logarithms.multiply(v);
      next.quotients.add(quotient);
      irregular = irregular + L::fma(quotient, L::set1(0), at.irregular);
      L::store(to_mean.values + k, at.d_mean);
      L::store(to_variance.values + k, at.d_variance);
    }
    if (any_nan<L>(irregular)) return false;
    next.logarithms.normalise();
    lanes = next;
    to_mean.write(d_mean, first, count, stream);
    to_variance.write(d_variance, first, count, stream);
    return true;
  });
  lanes.logarithms.total(sums);
  sums->quotients = lanes.quotients.total();
  return done;
}

template <class L>
inline Index above_in_lanes(L /*lanes*/, const typename L::Real* x, Index n, typename L::Real floor) {
  using Real = typename L::Real;
  const typename L::V nan = L::set1(std::numeric_limits<Real>::quiet_NaN());
  const typename L::V lowest = L::set1(floor);
  return in_groups<L>(nullptr, false, n, [&](Index first, Index count, auto whole) {
    typename L::V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const auto value = next_lanes<L, whole>(x + first + k, count - k, (std::numeric_limits<Real>::max)());
      irregular = L::select(value > lowest, irregular, nan);
    }
    return !any_nan<L>(irregular);
  });
}
