#ifndef XENT_DETAIL_CORE_WIDE_HPP
#define XENT_DETAIL_CORE_WIDE_HPP

/// The arithmetic in which the few numbers of a sample (its maximum, sums, loss) are computed: about twice the digits
/// of the result, so that formulas are written as they are derived and round once, at the end.

#include <xent/config.hpp>
#include <xent/types.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Hides from the optimiser that `x` is a product: contracting it into a later sum (gcc's default) would count its
/// rounding error twice, once in the fused result and once in the error term of `two_product`.
template <class T>
T opaque(T x) {
#if defined(__GNUC__) && defined(__SSE2__)
  if constexpr (sizeof(T) <= sizeof(double)) asm("" : "+x"(x));
#elif defined(__GNUC__) && defined(__aarch64__)
  if constexpr (sizeof(T) <= sizeof(double)) asm("" : "+w"(x));
#endif
  return x;
}

/// std::fma. On x86 without -mfma clang 13 to 16 make a product and a sum of it under -ffast-math, whatever they are
/// told of the code around: they do not see what is called by its address. (Later ones are treated alike.)
template <class T>
T fused(T a, T b, T c) {
#if defined(__clang__) && (defined(__x86_64__) || defined(__i386__)) && !defined(__FMA__)
  T (*function)(T, T, T) = std::fma;
  asm("" : "+r"(function));
  return function(a, b, c);
#else
  return std::fma(a, b, c);
#endif
}

/// The unevaluated sum hi + lo, |lo| <= ulp(hi)/2: 106 bits for double. The operations are the ones of Dekker (1971)
/// and Knuth (TAOCP 2, 4.2.2) with fma in place of splitting; relative error below 2^-102 barring cancellation. Unlike
/// the textbook forms they keep IEEE infinities: an infinite hi has lo = 0 instead of NaN.
template <class T>
struct Twofold {
  T hi{0};
  T lo{0};

  Twofold() = default;
  Twofold(T value) : hi(value) {}  // NOLINT(google-explicit-constructor): exact
  template <class Less, class = std::enable_if_t<std::is_floating_point_v<Less> && (sizeof(Less) < sizeof(T))>>
  Twofold(Less value) : hi(static_cast<T>(value)) {}  // NOLINT(google-explicit-constructor): exact
  Twofold(T high, T low) : hi(high), lo(low) {}

  /// hi + lo for |high| >= |low|, the error dropped where hi is not finite.
  static Twofold renormalised(T high, T low) {
    const T sum = high + low;
    return {sum, sum - sum == T(0) ? low - (sum - high) : T(0)};
  }
  static Twofold two_sum(T a, T b) {
    const T sum = a + b;
    const T part = sum - a;  // may overflow where sum does not, next to the largest number
    const T error = (a - (sum - part)) + (b - part);
    return {sum, error - error == T(0) ? error : T(0)};
  }
  static Twofold two_product(T a, T b) {
    const T product = opaque(a * b);
    return {product, product - product == T(0) ? fused(a, b, -product) : T(0)};
  }

  friend Twofold operator-(const Twofold& a) { return {-a.hi, -a.lo}; }
  friend Twofold operator+(const Twofold& a, const Twofold& b) {
    const Twofold sum = two_sum(a.hi, b.hi);
    return renormalised(sum.hi, sum.lo + (a.lo + b.lo));
  }
  friend Twofold operator-(const Twofold& a, const Twofold& b) { return a + -b; }
  friend Twofold operator*(const Twofold& a, const Twofold& b) {
    const Twofold product = two_product(a.hi, b.hi);
    if (!(product.hi - product.hi == T(0))) return product;
    return renormalised(product.hi, product.lo + (opaque(a.hi * b.lo) + opaque(a.lo * b.hi)));
  }
  friend Twofold operator/(const Twofold& a, const Twofold& b) {
    const T quotient = a.hi / b.hi;
    if (!(quotient - quotient == T(0)) || !(b.hi - b.hi == T(0))) return quotient;
    const T remainder = fused(-quotient, b.hi, a.hi) + (a.lo - opaque(quotient * b.lo));
    return renormalised(quotient, remainder / b.hi);
  }
  Twofold& operator+=(const Twofold& other) { return *this = *this + other; }

  friend bool operator<(const Twofold& a, const Twofold& b) { return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo); }
  friend bool operator>(const Twofold& a, const Twofold& b) { return b < a; }
  friend bool operator==(const Twofold& a, const Twofold& b) { return a.hi == b.hi && a.lo == b.lo; }
  friend bool operator!=(const Twofold& a, const Twofold& b) { return !(a == b); }
};

/// a b, which is not fused with what it is added to: else the last digits depend on flags.
template <class W>
W unfused(const W& a, const W& b) {
  if constexpr (std::is_floating_point_v<W>)
    return opaque(W(a * b));
  else
    return a * b;
}

template <class Real>
struct WideOf {
  using type = Real;  // a scalar of the user's: multiprecision, automatic differentiation
};
template <>
struct WideOf<float> {
  using type = double;
};
template <>
struct WideOf<double> {
  using type = Twofold<double>;
};
template <>
struct WideOf<long double> {
  using type = Twofold<long double>;
};

/// The type in which results of type `Real` are computed.
template <class Real>
using Wide = typename WideOf<Real>::type;

/// Twice the digits again for the wide type of float, for differences that cancel: the others have them.
template <class W>
using Wider = std::conditional_t<std::is_floating_point_v<W>, Twofold<W>, W>;

template <class Real>
bool is_nan(const Real& x) {
  return !(x == x);  // NOLINT(misc-redundant-expression): true for NaN alone, for every scalar type
}

template <class Real>
bool is_finite(const Real& x) {
  const Real zero = x - x;
  return zero == zero;  // NOLINT(misc-redundant-expression): inf - inf is NaN
}

template <class Real>
Real largest() {
  if constexpr (std::numeric_limits<Real>::is_specialized)
    return Real((std::numeric_limits<Real>::max)());
  else
    return Eigen::NumTraits<Real>::highest();
}

/// Minus infinity is the logit of a masked class; minus the largest number, for a scalar without infinities. (Their
/// std::numeric_limits says that infinity is 0: every logit of 0 would be masked.)
template <class Real>
Real infinity() {
  if constexpr (std::numeric_limits<Real>::has_infinity)
    return Real(std::numeric_limits<Real>::infinity());
  else
    return largest<Real>();
}

template <class Real>
Real nan() {
  return Real(std::numeric_limits<Real>::quiet_NaN());
}

/// Exact, for a scalar, a 16-bit storage type or a target of another real type.
template <class W, class Scalar>
W widen(const Scalar& x) {
  if constexpr (std::is_same_v<Scalar, W>) {
    return x;
  } else if constexpr (std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>) {
    return W(static_cast<float>(x));
  } else if constexpr (std::is_same_v<W, Twofold<double>> && std::is_same_v<Scalar, long double>) {
    const double high = static_cast<double>(x);
    return high - high == 0 ? W(high, static_cast<double>(x - static_cast<Scalar>(high))) : W(high);
  } else if constexpr (std::is_same_v<W, Twofold<double>>) {
    return W(static_cast<double>(x));
  } else if constexpr (std::is_same_v<W, Twofold<long double>>) {
    return W(static_cast<long double>(x));
  } else {
    return W(x);
  }
}

/// The rounding at the end. A 16-bit result is rounded from the float one.
template <class Out, class W>
Out narrow(const W& x) {
  if constexpr (std::is_same_v<Out, W>) {
    return x;
  } else if constexpr (std::is_same_v<Out, Eigen::half> || std::is_same_v<Out, Eigen::bfloat16>) {
    return Out(static_cast<float>(x));
  } else if constexpr (std::is_floating_point_v<W>) {
    return static_cast<Out>(x);
  } else {
    return static_cast<Out>(x.hi);
  }
}

/// Scalars of a sample are kept finite, so that 0 * inf does not arise where an infinity would be a matter of range.
template <class W>
W saturated(const W& x) {
  if constexpr (std::is_arithmetic_v<W>) {
    const W bound = largest<W>();
    return x > bound ? bound : x < -bound ? -bound : x;
  } else if constexpr (std::is_same_v<W, Twofold<double>> || std::is_same_v<W, Twofold<long double>>) {
    return is_nan(x.hi) || is_finite(x.hi) ? x : W(saturated(x.hi));
  } else {
    return x;
  }
}

/// exp and log1p of the wide types; the user's scalars are found by argument-dependent lookup.
namespace math {

template <class T>
Twofold<T> exp(const Twofold<T>& x) {
  const T e = std::exp(x.hi);
  return is_finite(e) ? Twofold<T>::renormalised(e, e * x.lo) : Twofold<T>(e);
}

template <class T>
Twofold<T> log(const Twofold<T>& x) {
  const T l = std::log(x.hi);
  return is_finite(l) ? Twofold<T>::renormalised(l, x.lo / x.hi) : Twofold<T>(l);
}

template <class T>
Twofold<T> log1p(const Twofold<T>& x) {
  const T l = std::log1p(x.hi);
  return is_finite(l) ? Twofold<T>::renormalised(l, x.lo / (T(1) + x.hi)) : Twofold<T>(l);
}

template <class T, class = void>
struct HasLog1p : std::false_type {};

using std::exp;
using std::log;
using std::log1p;

template <class T>
struct HasLog1p<T, std::void_t<decltype(log1p(std::declval<const T&>()))>> : std::true_type {};

/// Whether rounding to nearest would lose the term of a series in its sum; in the other rounding modes terms of one
/// sign never stop counting.
template <class T>
bool is_lost(const T& term, const T& sum) {
  const T least = sum * T(Eigen::NumTraits<T>::epsilon()) / T(8);
  return !(term > least || term < -least);
}

/// log(1 + x), x >= 0, for scalars that bring no log1p of their own (Eigen::AutoDiffScalar): 2 atanh(x / (2 + x)) by
/// its series where log(1 + x) would lose digits. Value and derivative converge alike.
template <class T>
T log1p_of(const T& x) {
  if constexpr (HasLog1p<T>::value) {
    return log1p(x);
  } else {
    if (!(x < T(0.5))) return log(T(T(1) + x));
    const T t = x / (T(2) + x);
    const T square = t * t;
    T power = t;
    T sum = t;
    for (int denominator = 3;; denominator += 2) {
      power = power * square;
      const T term = power / T(denominator);
      const T next = sum + term;
      if (next == sum || is_lost(term, sum)) return T(2) * sum;
      sum = next;
    }
  }
}

template <class T>
T exp_of(const T& x) {
  return exp(x);
}

template <class T>
T log_of(const T& x) {
  return log(x);
}

}  // namespace math

}  // namespace detail
XENT_NAMESPACE_END

#endif
