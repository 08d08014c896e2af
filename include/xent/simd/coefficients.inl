// The inner loops over coefficients that stand alone: yes-or-no decisions, squared errors, Gaussians. Included by
// simd/kernels.hpp after row.inl; L is Float or Double.
//
// The results of a few vectors are held back until it is known that all of them are regular: what is not can then be
// left to the caller although the results may overwrite the arguments.

/// Vectors of coefficients that are done together.
inline constexpr Index together = 8;

/// True if a lane is NaN, of lanes that are NaN or 0.
template <class L>
inline bool any_nan(typename L::V x) {
  return L::first_equal(L::max(x, L::set1(-1)), L::set1(-1)) >= 0;
}

/// 0, but NaN in the lanes where x is infinite or NaN.
template <class L>
inline typename L::V zero_if_finite(typename L::V x) {
  return x * L::set1(0);
}

/// A product that is added to something later, and must not be fused with it.
template <class L>
inline typename L::V rounded_product(typename L::V a, typename L::V b) {
  return L::fma(a, b, L::set1(0));
}

/// The first n lanes, and 0 after them.
template <class L>
inline typename L::V first_lanes(typename L::V x, Index n) {
  if (n >= L::lanes) return x;
  typename L::Real lanes[L::lanes] = {};
  L::store_partial(lanes, n, x);
  return L::load(lanes);
}

/// Fetches the line two kilobytes behind `p`, which may lie outside of the array: one core computes a line in the time
/// that memory takes to send it, and the prefetchers of the machine stop at pages. (64 MB of float: decisions 1.14 ns
/// without, 0.92 with.)
inline void fetch_ahead(const void* p) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + 2048));
}

// Sums with so many digits that their result does not depend on how the coefficients were grouped: which ones are done
// together depends on where the results lie.
template <class L>
struct LongSum;

template <>
struct LongSum<Float> {
  Double::V low, high;

  static LongSum zero() { return {Double::set1(0), Double::set1(0)}; }
  void add(Float::V x) {
    low = low + low_half(x);
    high = high + high_half(x);
  }
  TermSum total() const {
    double lanes[Double::lanes];
    Double::store(lanes, low + high);
    TermSum sum{0, 0};
    for (const double lane : lanes) sum.hi += lane;
    return sum;
  }
};

template <>
struct LongSum<Double> {
  Double::V hi, lo;

  static LongSum zero() { return {Double::set1(0), Double::set1(0)}; }
  void add(Double::V x) {  // two_sum
    const Double::V sum = hi + x;
    const Double::V part = sum - hi;
    lo = lo + ((hi - (sum - part)) + (x - part));
    hi = sum;
  }
  TermSum total() const {
    double his[Double::lanes];
    double los[Double::lanes];
    Double::store(his, hi);
    Double::store(los, lo);
    TermSum sum{0, 0};
    for (Index j = 0; j < Double::lanes; ++j) {
      const double next = sum.hi + his[j];
      const double part = next - sum.hi;
      sum.lo += ((sum.hi - (next - part)) + (his[j] - part)) + los[j];
      sum.hi = next;
    }
    return sum;
  }
};

/// How many coefficients come before a cache line begins.
template <class Real>
inline Index before_line(const Real* out) {
  constexpr Index line = 64 / static_cast<Index>(sizeof(Real));
  return (line - static_cast<Index>(reinterpret_cast<std::uintptr_t>(out) / sizeof(Real)) % line) % line;
}

/// The results of up to `together` vectors, on their way to out[first]; past the caches if that is asked for and a line
/// begins there.
template <class L>
struct Held {
  alignas(64) typename L::Real values[static_cast<std::size_t>(together * L::lanes)];

  void write(typename L::Real* out, Index first, Index n, bool stream) const {
    if (out == nullptr) return;
    out += first;
    if (stream && n == together * L::lanes && before_line(out) == 0) {
      for (Index k = 0; k < n; k += L::lanes) L::stream(out + k, L::load(values + k));
    } else {
      for (Index k = 0; k < n; k += L::lanes) store_up_to<L>(out + k, n - k, L::load(values + k));
    }
  }
};

/// Calls body(first, count, whole) for `together` vectors at a time, the last ones and, where results are streamed, the
/// first ones up to a line of `out` being fewer; until it returns false. Returns how many coefficients have been done.
template <class L, class Body>
inline Index in_groups(const typename L::Real* out, bool stream, Index n, const Body& body) {
  constexpr Index most = together * L::lanes;
  Index count = stream && out != nullptr ? before_line(out) : 0;
  if (count == 0) count = most;
  for (Index i = 0; i < n;) {
    if (count > n - i) count = n - i;
    if (!(count == most ? body(i, count, std::true_type{}) : body(i, count, std::false_type{}))) return i;
    i += count;
    count = most;
  }
  return n;
}

/// A vector of an argument that has n coefficients left.
template <class L, bool whole>
inline typename L::V next_lanes(const typename L::Real* p, Index n, typename L::Real fill) {
  if (whole) {
    fetch_ahead(p);
    return L::load(p);
  }
  return load_up_to<L>(p, n, fill);
}

/// The numbers of a decision in every lane.
template <class L>
struct Decision {
  using V = typename L::V;
  V keep_up, share_up, keep, share, alpha_hi, alpha_lo;

  static Decision of(const DecisionScalars<typename L::Real>& s) {
    return {L::set1(s.keep_up), L::set1(s.share_up), L::set1(s.keep),
            L::set1(s.share),   L::set1(s.alpha.hi), L::set1(s.alpha.lo)};
  }

  /// The loss, times the scale, and what alpha times its derivative is. With a = |z|, e = exp(-a), u and d the masses
  /// on yes and no:
  ///
  ///     loss = (u + d) log(1 + e) + (z < 0 ? u : d) a
  ///     derivative = z < 0 ? (d e - u) / (1 + e) : (d - u e) / (1 + e)
  ///
  /// Of a hard label one term is 0, so that the other one keeps its digits; the quotient is a common factor, so that
  /// its error is not lifted where a soft label cancels.
  V loss(V z, V y, V* slope) const {
    const V one = L::set1(exponential_scale<L>);
    const V up = L::fma(y, keep_up, share_up);
    const V down = L::fma(L::set1(1) - y, keep, share);
    const auto negative = z < L::set1(0);
    const V minus_a = negative ? z : -z;
    const V e = scaled_exponential<L>(minus_a);
    const V sum = L::fma(e, L::set1(1 / exponential_scale<L>), L::set1(1));
    const V numerator = L::fma(-up, negative ? one : e, down * (negative ? e : one));
    const V x = numerator / sum;
    *slope = L::fma(x, alpha_hi, x * alpha_lo);
    return L::fma(up + down, scaled_log1p<L>(e), (negative ? up : down) * (minus_a * -one));
  }
};

template <class L>
inline Index decisions(const typename L::Real* z, const typename L::Real* y, Index n,
                       const DecisionScalars<typename L::Real>& scalars, typename L::Real* gradient, bool stream,
                       TermSum* loss) {
  using V = typename L::V;
  const Decision<L> decision = Decision<L>::of(scalars);
  auto sum = LongSum<L>::zero();
  const Index done = in_groups<L>(gradient, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> slopes;
    auto next = sum;
    V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const Index left = count - k;
      V slope;
      V x = decision.loss(next_lanes<L, whole>(z + first + k, left, 0), next_lanes<L, whole>(y + first + k, left, 0),
                          &slope);
      if (!whole) x = first_lanes<L>(x, left);
      irregular = L::fma(x, L::set1(0), irregular);
      next.add(x);
      L::store(slopes.values + k, slope);
    }
    if (any_nan<L>(irregular)) return false;
    sum = next;
    slopes.write(gradient, first, count, stream);
    return true;
  });
  *loss = sum.total();
  return done;
}

/// The squares of float are exact in double. Nothing is irregular: double has the range.
inline Index squares(const float* prediction, const float* target, Index n, float* gradient, bool stream,
                     TermSum* sum) {
  using L = Float;
  LongSum<Float> squares = LongSum<Float>::zero();
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

inline Index squares(const double* prediction, const double* target, Index n, double* gradient, bool stream,
                     TermSum* sum) {
  using L = Double;
  LongSum<Double> squares = LongSum<Double>::zero();
  const Index done = in_groups<L>(gradient, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> differences;
    LongSum<Double> next = squares;
    L::V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const L::V difference = next_lanes<L, whole>(prediction + first + k, count - k, 0) -
                              next_lanes<L, whole>(target + first + k, count - k, 0);
      const L::V square = rounded_product<L>(L::set1(0.5) * difference, difference);
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
    using Bits = unsigned long long __attribute__((vector_size(sizeof(Double::V))));
    constexpr unsigned long long one = 0x3FF0000000000000ULL;
    const Bits biased = (Bits)product >> 52;                               // NOLINT: the bits of a vector
    const Bits unscale = (2046 - biased) << 52;                            // 2^-exponent
    product = (Double::V)(((Bits)product & 0x000FFFFFFFFFFFFFULL) | one);  // NOLINT
    product_low = product_low * (Double::V)unscale;                        // NOLINT
    // 2^52 + n has n in its low bits.
    exponent = exponent + ((Double::V)(biased | 0x4330000000000000ULL) - Double::set1(0x1p52 + 1023));  // NOLINT
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

inline Index gaussians(const float* mean, const float* target, const float* variance, Index n,
                       const GaussianScalars& scalars, float* d_mean, float* d_variance, bool stream,
                       GaussianSums* sums) {
  using L = Float;
  const Gaussian gaussian = Gaussian::of(scalars);
  const L::V minimum = L::set1(static_cast<float>(scalars.minimum_variance));
  struct Lanes {
    GaussianLanes low, high;
    LongSum<Float> quotients;
  };
  Lanes lanes{GaussianLanes::one(), GaussianLanes::one(), LongSum<Float>::zero()};
  const Index done = in_groups<L>(d_mean, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> to_mean;
    Held<L> to_variance;
    Lanes next = lanes;
    Double::V irregular = Double::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const L::V m = next_lanes<L, whole>(mean + first + k, count - k, 0);
      const L::V x = next_lanes<L, whole>(target + first + k, count - k, 0);
      const L::V given = next_lanes<L, whole>(variance + first + k, count - k, 1);
      const L::V v = L::max(minimum, given);
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

inline Index gaussians(const double* mean, const double* target, const double* variance, Index n,
                       const GaussianScalars& scalars, double* d_mean, double* d_variance, bool stream,
                       GaussianSums* sums) {
  using L = Double;
  const Gaussian gaussian = Gaussian::of(scalars);
  struct Lanes {
    GaussianLanes logarithms;
    LongSum<Double> quotients;
  };
  Lanes lanes{GaussianLanes::one(), LongSum<Double>::zero()};
  const Index done = in_groups<L>(d_mean, stream, n, [&](Index first, Index count, auto whole) {
    Held<L> to_mean;
    Held<L> to_variance;
    Lanes next = lanes;
    L::V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const L::V m = next_lanes<L, whole>(mean + first + k, count - k, 0);
      const L::V x = next_lanes<L, whole>(target + first + k, count - k, 0);
      const L::V given = next_lanes<L, whole>(variance + first + k, count - k, 1);
      const L::V v = L::max(gaussian.minimum_variance, given);
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
inline Index above(const typename L::Real* x, Index n, typename L::Real floor) {
  using Real = typename L::Real;
  const typename L::V nan = L::set1(std::numeric_limits<Real>::quiet_NaN());
  const typename L::V lowest = L::set1(floor);
  return in_groups<L>(nullptr, false, n, [&](Index first, Index count, auto whole) {
    typename L::V irregular = L::set1(0);
    for (Index k = 0; k < count; k += L::lanes) {
      const auto value = next_lanes<L, whole>(x + first + k, count - k, std::numeric_limits<Real>::max());
      irregular = value > lowest ? irregular : nan;
    }
    return !any_nan<L>(irregular);
  });
}

template <class L>
inline CoefficientKernels<typename L::Real> coefficient_kernels() {
  return {&decisions<L>, &squares, &gaussians, &above<L>};
}
