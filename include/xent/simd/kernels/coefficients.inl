// What the loops over coefficients that stand alone share. L is Float or Double.
//
// The results of a few vectors are held back until it is known that all of them are regular: what is not can then be
// left to the caller although the results may overwrite the arguments.

/// Vectors of coefficients that are done together.
inline constexpr Index together = 8;

/// True if a lane is NaN, of lanes that are NaN or 0.
template <class L>
inline bool any_nan(typename L::V x) {
  return L::first_equal(L::larger(x, L::set1(-1)), L::set1(-1)) >= 0;
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
  const std::uintptr_t ahead = reinterpret_cast<std::uintptr_t>(p) + 2048;
  __builtin_prefetch(reinterpret_cast<const void*>(ahead));  // NOLINT(performance-no-int-to-ptr): never dereferenced
}

/// The results of up to `together` vectors, on their way to out[first]; past the caches if that is asked for and a line
/// begins there.
template <class L>
struct Held {
  alignas(64) typename L::Real values[bound(together * L::lanes)];

  Held() {}  // NOLINT: written before it is read

  void write(typename L::Real* out, Index first, Index n, bool stream) const {
    if (out == nullptr) return;
    out += first;
    if (stream && n == together * L::lanes && before_line<L>(out) == 0) {
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
  Index count = stream && out != nullptr ? before_line<L>(out) : 0;
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

/// A vector of doubles of an argument that has n numbers left; 0 after the last.
template <class Real>
inline Double::V next_in_double(const Real* p, Index n) {
  fetch_ahead(p);
  if (n >= Double::lanes) return Double::load(p);
  Real left[Double::lanes] = {};
  std::copy(p, p + n, left);
  return Double::load(left);
}
