#ifndef XENT_DETAIL_SOFTMAX_ROWS_HPP
#define XENT_DETAIL_SOFTMAX_ROWS_HPP

/// Where the portable sweeps of softmax_sample.hpp and the kernels of simd/ meet: what a kernel is told of a sample,
/// and its sums as the wide numbers that the formulas take.

#include <xent/config.hpp>
#include <xent/detail/operand.hpp>
#include <xent/detail/softmax_sample.hpp>
#include <xent/detail/wide.hpp>
#include <xent/simd/kernels.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace xent {
inline namespace XENT_INLINE_NAMESPACE {
namespace detail {

/// What the two scalar types of the kernels differ in.
template <class Real>
struct RowTraits;

/// True for the scalars that simd/ has kernels for.
template <class Real>
inline constexpr bool has_rows = std::is_same_v<Real, float> || std::is_same_v<Real, double>;

template <>
struct RowTraits<float> {
  static constexpr int scale = 60;            // kernels store e 2^60 ...
  static constexpr double to_wide = 0x1p-60;  // ... which is this factor away from the scale of Exponentials<float>
  static constexpr float lowest_exponent = -125;
  static constexpr double most_shift = 512;  // |max c| up to which the shift happens in the exponent
  // Temperatures for which the sum of e (max - z) stays in range, and factors that lift no flushed e into it.
  static constexpr float coldest = 0x1p-20F;
  static constexpr float hottest = 0x1p40F;
  static constexpr double greatest_factor = 0x1p50;
  static double log2e() { return 0x1.71547652b82fep+0; }
  static double ln2() { return 0x1.62e42fefa39efp-1; }
  static double exp(double r) { return std::exp(r); }
  static float high(double x) { return static_cast<float>(x); }
  static float low(double x) { return static_cast<float>(x - static_cast<double>(high(x))); }
  static double wide(const simd::Twice& x) { return x.hi; }
};

template <>
struct RowTraits<double> {
  using W = Twofold<double>;
  static constexpr int scale = 256;
  static constexpr double to_wide = 1;
  static constexpr double lowest_exponent = -1020;
  static constexpr double most_shift = 0x1p20;
  static constexpr double coldest = 0x1p-100;
  static constexpr double hottest = 0x1p100;
  static constexpr double greatest_factor = 0x1p200;
  static W log2e() { return {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56}; }
  static W ln2() { return {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}; }
  /// exp of |r| <= 1/2 with the digits of expm1: the argmax is in every sum.
  static W exp(const W& r) {
    const double m = std::expm1(r.hi);
    return W(1) + W(m, 0) + W(r.lo * (1 + m));
  }
  static double high(const W& x) { return x.hi; }
  static double low(const W& x) { return x.lo; }
  static W wide(const simd::Twice& x) { return W::renormalised(x.hi, x.lo); }
};

/// Kernels for samples of one call: float or double, contiguous classes.
template <class Real>
class Rows {
 public:
  using W = Wide<Real>;
  using Traits = RowTraits<Real>;
  using Kernels = simd::RowKernels<Real>;

  /// No kernels where the machine has none, and none for extreme temperatures.
  explicit Rows(const Real& temperature) : kernels_(simd::row_kernels<Real>(simd::instruction_set())) {
    if (!(temperature >= Traits::coldest) || !(temperature <= Traits::hottest)) kernels_ = nullptr;
    if (kernels_ == nullptr) return;
    temperature_ = widen<W>(temperature);
    c_ = Traits::log2e() / temperature_;
  }

  const Kernels* kernels() const { return kernels_; }

  /// Whether results that are exponentials times a factor of at most this size are the business of a kernel: it flushes
  /// exponentials below 2^(lowest_exponent - scale), and only a huge factor lifts one of those into the normal range.
  static bool admits(const W& factor) {
    return !(factor > W(Traits::greatest_factor)) && !(factor < W(-Traits::greatest_factor));
  }

  /// The shift of a sample with maximum m, and e at its argmax in the scale of Exponentials<Real>.
  simd::Shift<Real> shift(const Real& m, W* at_argmax) const {
    const W scaled = widen<W>(m) * c_;
    const double approximate = static_cast<double>(narrow<Real>(scaled));
    const bool in_exponent = std::fabs(approximate) < Traits::most_shift;
    const double k = in_exponent ? std::rint(approximate) : 0;
    const double lowest = k - Traits::scale + Traits::lowest_exponent;
    *at_argmax = W(Traits::to_wide * std::ldexp(1.0, Traits::scale));
    if (in_exponent) *at_argmax = *at_argmax * Traits::exp(W(widen<W>(m) / temperature_ - W(k) * Traits::ln2()));
    const Real floor = narrow<Real>(saturated_floor(W(W(lowest) * Traits::ln2()) * temperature_));
    return {in_exponent ? Real(0) : m, Traits::high(c_), Traits::low(c_), static_cast<Real>(k - Traits::scale), floor,
            in_exponent ? m : Real(0)};
  }

  /// The sums of a kernel in wide arithmetic.
  ExponentialSums<W> sums(const simd::RowSums<Real>& sums, const W& at_argmax) const {
    const W unit(Traits::to_wide);
    return {Traits::wide(sums.others) * unit, at_argmax, stored(sums.at_label),
            W(Traits::wide(sums.moment) * unit) / temperature_};
  }

  /// One stored exponential.
  static W stored(const Real& e) { return widen<W>(e) * W(Traits::to_wide); }

  /// The factor q of exponentials, for stored ones. It may be as large or small as the result: the scale of e is taken
  /// out of whichever of the two has room.
  static simd::Factor<Real> factor(const W& q) {
    const Real down = static_cast<Real>(std::ldexp(1.0, -Traits::scale));
    const bool large = q > W(1) || q < W(-1);
    const W f = large ? saturated_factor(W(q * W(static_cast<double>(down)))) : q;
    return {Traits::high(f), Traits::low(f), large ? Real(1) : down};
  }

 private:
  static W saturated_floor(const W& x) {
    const W lowest(-static_cast<double>(std::numeric_limits<Real>::max()));
    return x < lowest ? lowest : x;
  }
  static W saturated_factor(const W& x) {
    const W greatest(static_cast<double>(std::numeric_limits<Real>::max()));
    return x > greatest ? greatest : x < -greatest ? -greatest : x;
  }

  const Kernels* kernels_;
  W temperature_{1};
  W c_{1};
};

}  // namespace detail
}  // namespace XENT_INLINE_NAMESPACE
}  // namespace xent

#endif
