// The products with the Jacobians of softmax and log_softmax, from s = softmax(z / T). A float is computed in
// double, a double in a pair of them, and rounded once.

/// A class with s = 0 adds nothing to a mean, whatever its v.
inline Double::V read_unless_zero(Double::V s, Double::V v) {
  return Double::select(s == Double::set1(0), Double::set1(0), v);
}

// sum += s v
inline void add_product(Double::V s, Double::V v, One* sum) { sum->hi = Double::fma(s, v, sum->hi); }
inline void add_product(Double::V s, Double::V v, Two* sum) {
  const Double::V product = rounded(s * v);
  add_to(sum, product, Double::fms(s, v, product));
}
// a - b and a - s b
inline One less(Double::V a, const One& b) { return One(a - b.hi); }
inline Two less(Double::V a, const Two& b) {
  const Two x = sum_of(a, -b.hi, b);
  return {x.hi, x.lo - b.lo};
}
inline One less_product(Double::V a, Double::V s, const One& b) { return One(Double::fma(-s, b.hi, a)); }
inline Two less_product(Double::V a, Double::V s, const Two& b) { return less(a, exact_product(s, b)); }
// x y and s x y, rounded
inline Double::V product_of(const One& x, const One& y) { return x.hi * y.hi; }
inline Double::V product_of(const Two& x, const Two& y) { return (x * y).hi; }
inline Double::V product_of(Double::V s, const One& x, const One& y) { return s * (x.hi * y.hi); }
inline Double::V product_of(Double::V s, const Two& x, const Two& y) {
  const Two product = exact_product(s, x * y);
  return product.hi + product.lo;
}

/// One of the products, of one sample or of a sample a lane. The sum, over classes, of s v, or of v for the transposed
/// product of log_softmax; then the product class by class.
template <class L, JacobianProduct product>
class JacobianLanes {
  using V = typename L::V;
  using Real = typename L::Real;
  using W = typename WideOf<L>::type;

 public:
  explicit JacobianLanes(const Twice& inverse_temperature) : inverse_temperature_(inverse_temperature) {}

  void add(V s, V v) {
    // Doubles leave no room: from 2^17 and 2^774 on, products may leave the range.
    const V p = is_float<L> ? s : s * L::set1(static_cast<Real>(is_float<L> ? 1 : 0x1p1007));
    const V x = is_float<L> ? v : v * L::set1(static_cast<Real>(is_float<L> ? 1 : 0x1p250));
    constexpr bool unread = product == JacobianProduct::softmax;  // where s = 0; log_softmax writes what it is there
    poison_ = L::fma(p, L::set1(0), poison_);
    poison_ = L::fma(unread ? read(s, x) : x, L::set1(0), poison_);
    add_part<false>(s, v);
    if constexpr (is_float<L>) add_part<true>(s, v);
  }
  /// The lanes were those of one sample.
  void add_up() {
    const W sum(total_of(is_float<L> ? low_ + high_ : low_));
    low_ = sum;
    high_ = sum;
    poison_ = any_nan<L>(irregular()) ? L::set1(std::numeric_limits<Real>::quiet_NaN()) : L::set1(0);
  }
  /// 0, or NaN where a lane is not regular.
  V irregular() const { return poison_; }

  V at(V s, V v) const {
    if constexpr (is_float<L>)
      return join_halves(part<false>(s, v), part<true>(s, v));
    else
      return part<false>(s, v);
  }

 private:
  static V read(V s, V v) {
    if constexpr (product == JacobianProduct::log_softmax_transposed)
      return v;
    else
      return L::select_equal(s, L::set1(0), L::set1(0), v);
  }
  template <bool second>
  void add_part(V s, V v) {
    const Double::V x = widened<second>(read(s, v));
    if constexpr (product == JacobianProduct::log_softmax_transposed)
      add_product(Double::set1(1), x, sum<second>());
    else
      add_product(widened<second>(s), x, sum<second>());
  }
  template <bool second>
  Double::V part(V s, V v) const {
    const W& sum = second ? high_ : low_;
    const Double::V p = widened<second>(s);
    const Double::V x = widened<second>(v);
    const Double::V none = Double::set1(0);
    if constexpr (product == JacobianProduct::softmax)
      return Double::select(p == none, none, product_of(p, less(x, sum), inverse_temperature_));
    else if constexpr (product == JacobianProduct::log_softmax)
      return product_of(less(x, sum), inverse_temperature_);
    else
      return product_of(less_product(x, p, sum), inverse_temperature_);
  }
  template <bool second>
  W* sum() {
    return second ? &high_ : &low_;
  }

  W inverse_temperature_;
  W low_{0}, high_{0};
  V poison_ = L::set1(0);
};

template <class L, JacobianProduct product>
inline unsigned long long jacobian_of_rows(L /*lanes*/, ProductConstant<product> /*product*/,
                                           const Rows<const typename L::Real>& s, const Rows<const typename L::Real>& v,
                                           Index n, Index count, const Twice& inverse_temperature,
                                           const Rows<typename L::Real>& out) {
  unsigned long long refused = 0;
  for (Index i = 0; i < count; ++i) {
    const typename L::Real* const p = s[i];
    const typename L::Real* const x = v[i];
    typename L::Real* const to = out[i];
    JacobianLanes<L, product> lanes(inverse_temperature);
    Index k = 0;
    for (; k + L::lanes <= n; k += L::lanes) {
      fetch_ahead(p + k);
      fetch_ahead(x + k);
      lanes.add(L::load(p + k), L::load(x + k));
    }
    if (k < n) lanes.add(L::load_partial(p + k, n - k, 0), L::load_partial(x + k, n - k, 0));
    lanes.add_up();
    if (any_nan<L>(lanes.irregular())) {
      refused |= 1ULL << static_cast<unsigned>(i);
      continue;
    }
    for (k = 0; k + L::lanes <= n; k += L::lanes) L::store(to + k, lanes.at(L::load(p + k), L::load(x + k)));
    if (k < n)
      L::store_partial(to + k, n - k, lanes.at(L::load_partial(p + k, n - k, 0), L::load_partial(x + k, n - k, 0)));
  }
  return refused;
}

/// A few vectors side by side at a time: lines of memory that follow each other, of each class.
template <class L, JacobianProduct product>
inline unsigned long long jacobian_of_columns(L /*lanes*/, ProductConstant<product> /*product*/,
                                              const Rows<const typename L::Real>& s,
                                              const Rows<const typename L::Real>& v, Index n, Index count,
                                              const Twice& inverse_temperature, const Rows<typename L::Real>& out) {
  unsigned long long refused = 0;
  for (Index i = 0; i < count; i += L::lanes) {
    const Index left = count - i;
    JacobianLanes<L, product> lanes(inverse_temperature);
    for (Index k = 0; k < n; ++k) lanes.add(load_up_to<L>(s[k] + i, left, 0), load_up_to<L>(v[k] + i, left, 0));
    const typename L::V irregular = lanes.irregular();
    typename L::Real is_irregular[L::lanes];
    L::store(is_irregular, irregular);
    for (Index j = 0; j < (std::min)(left, L::lanes); ++j)
      if (!(is_irregular[j] == 0)) refused |= 1ULL << static_cast<unsigned>(i + j);
    for (Index k = 0; k < n; ++k) {
      const typename L::V x = lanes.at(load_up_to<L>(s[k] + i, left, 0), load_up_to<L>(v[k] + i, left, 0));
      const typename L::V kept = any_nan<L>(irregular) ? load_up_to<L>(out[k] + i, left, 0) : x;
      store_up_to<L>(out[k] + i, left, L::select_equal(irregular, L::set1(0), x, kept));
    }
  }
  return refused;
}
