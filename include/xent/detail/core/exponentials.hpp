#ifndef XENT_DETAIL_CORE_EXPONENTIALS_HPP
#define XENT_DETAIL_CORE_EXPONENTIALS_HPP

/// Exponentials of many logits by the portable path: plain loops, of a length that is known, which compilers turn into
/// vectors of whatever the machine has.

#include <xent/config.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Up to `most` logits of one sample, float or double, with their distances x = (maximum - z) / T and exponentials
/// exp(-x) 2^scale. A masked class has e = 0 and x = 0, and so have those that fill up the chunk.
template <class Real, int scale>
struct ExponentialChunk {  // NOLINT(*-member-init): written before it is read
  using Index = std::ptrdiff_t;
  using W = Wide<Real>;

  static constexpr Index most = 64;
  /// Up to there exponentials are in the normal range.
  static constexpr double most_distance = 700 + 0.69 * scale;

  Index filled = 0;

  Real z[most];
  double x[most], x_low[most];
  double e[most];

  /// Whether these loops have distances for a temperature: of doubles a quotient would need an fma.
  static bool suits(Real temperature) { return std::is_same_v<Real, float> || temperature == Real(1); }

  /// Of the first logits in z. False if one of them is further away than most_distance.
  [[gnu::noinline]] XENT_PLAIN_LOOPS bool make(Index count, Real maximum, Real temperature) {
    filled = (count + together - 1) / together * together;
    std::fill(z + count, z + filled, -std::numeric_limits<Real>::infinity());
    const double inverse_temperature = 1 / static_cast<double>(temperature);
    double worst[together] = {};
    for (Index first = 0; first < filled; first += together)
      part(z + first, maximum, inverse_temperature, x + first, x_low + first, e + first, worst);
    return *std::max_element(worst, worst + together) <= most_distance;
  }

  W distance(Index j) const {
    if constexpr (std::is_same_v<W, double>)
      return x[j];
    else
      return {x[j], x_low[j]};
  }

  /// Of one number up to most_distance, the same bits.
  [[gnu::noinline]] XENT_PLAIN_LOOPS static double exponential(double x, double low) {
    double power = 0;
    const double result = mantissa(x, low, power);
    return times_power(result, power);
  }

  /// += all of them
  [[gnu::noinline]] XENT_PLAIN_LOOPS void add_to(W& sum) const {
    double high[together] = {};
    double low[together] = {};
    for (Index first = 0; first < filled; first += together) add(e + first, high, low);
    for (int j = 0; j < together; ++j) {
      if constexpr (std::is_same_v<W, double>)
        sum += high[j];
      else
        sum += W::renormalised(high[j], low[j]);
    }
  }

 private:
  static constexpr int together = 8;  // as many as any machine has in a vector

  /// (exp(r) - 1 - r) / r^2, |r| <= 0.35: minimax polynomials, good for 2^-59 of exp(r), and 2^-39 for float.
  XENT_PLAIN_LOOPS static double excess(double r) {
    const double r2 = r * r;
    const double r4 = r2 * r2;
    if constexpr (std::is_same_v<Real, float>) {
      const double q0 =
          (0x1.0000000065851p-1 + 0x1.555555803f62fp-3 * r) + (0x1.5555540baa7d7p-5 + 0x1.11109dfe9bb48p-7 * r) * r2;
      return q0 + r4 * ((0x1.6c18e8222644cp-10 + 0x1.a18c800da403bp-13 * r) + 0x1.9e816c6a9a66ep-16 * r2);
    } else {
      const double q0 = (0x1p-1 + 0x1.555555555555cp-3 * r) + (0x1.55555555554fap-5 + 0x1.111111110e967p-7 * r) * r2;
      const double q1 = (0x1.6c16c16c32594p-10 + 0x1.a01a01b4a7d2ep-13 * r) +
                        (0x1.a01a01303999cp-16 + 0x1.71dded30867e1p-19 * r) * r2;
      const double q2 = (0x1.27e5bb973e8fbp-22 + 0x1.af7113d9333e0p-26 * r) + 0x1.1e39bcabdb4dbp-29 * r2;
      return q0 + r4 * (q1 + r4 * q2);
    }
  }

  /// exp(-(x + low)) = 2^n exp(r) with r = -(x + low) - n ln 2, |r| <= 0.347: below 0.8 ULP of double, 2^-39 for float.
  /// This is exp(r); the last digits of `power` are n + scale.
  XENT_PLAIN_LOOPS static double mantissa(double x, double low, double& power) {
    constexpr double magic = 0x1.8p52 + scale;  // adding it rounds to an integer
    power = x * -0x1.71547652b82fep+0 + magic;
    const double n = power - magic;
    const double rest = n * -0x1.cf79abc9e3b39p-40 - low;
    const double most_of_r = n * -0x1.62e42fefap-1 - x;  // exact
    const double r = most_of_r + rest;
    const double tail = (most_of_r - r) + rest;
    return 1 + (r + (tail + r * r * excess(r)));
  }
  XENT_PLAIN_LOOPS static double times_power(double mantissa, double power) {
    std::uint64_t bits = 0;
    std::uint64_t n = 0;
    std::memcpy(&n, &power, sizeof(n));
    std::memcpy(&bits, &mantissa, sizeof(bits));
    bits += n << 52U;
    std::memcpy(&mantissa, &bits, sizeof(bits));
    return mantissa;
  }

  XENT_PLAIN_LOOPS static void part(const Real* logits, Real maximum, double inverse_temperature, double* x_to,
                                    double* low_to, double* e_to, double* worst) {
    Real logit[together];  // of this function: nothing overlaps
    double high[together];
    double low[together];
    double power[together];
    double result[together];
    std::copy(logits, logits + together, logit);
    for (int j = 0; j < together; ++j) {
      const bool masked = logit[j] == -std::numeric_limits<Real>::infinity();
      const auto m = static_cast<double>(maximum);
      const double y = masked ? m : static_cast<double>(logit[j]);
      const double difference = m - y;
      const double distance = std::is_same_v<Real, float> ? difference * inverse_temperature : difference;
      const double part = difference - m;
      const double error = std::is_same_v<Real, float> ? 0 : (m - (difference - part)) - (y + part);
      high[j] = distance;
      low[j] = error;
      worst[j] = high[j] > worst[j] ? high[j] : worst[j];
    }
    for (int j = 0; j < together; ++j) result[j] = mantissa(high[j], low[j], power[j]);
    for (int j = 0; j < together; ++j) result[j] = times_power(result[j], power[j]);
    for (int j = 0; j < together; ++j) result[j] = logit[j] == -std::numeric_limits<Real>::infinity() ? 0 : result[j];
    std::copy(high, high + together, x_to);
    std::copy(low, low + together, low_to);
    std::copy(result, result + together, e_to);  // NOLINT(readability-suspicious-call-argument)
  }

  /// Twofold::two_sum
  XENT_PLAIN_LOOPS static void add(const double* numbers, double* high, double* low) {
    double number[together];
    double h[together];
    double l[together];
    std::copy(numbers, numbers + together, number);
    std::copy(high, high + together, h);
    std::copy(low, low + together, l);
    for (int j = 0; j < together; ++j) {
      const double sum = h[j] + number[j];
      const double part = sum - h[j];
      l[j] += (h[j] - (sum - part)) + (number[j] - part);
      h[j] = sum;
    }
    std::copy(h, h + together, high);
    std::copy(l, l + together, low);
  }
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
