#ifndef XENT_SIMD_TILE_HPP
#define XENT_SIMD_TILE_HPP

/// What the loops over samples are told, and what they answer.

#include <xent/config.hpp>

#include <algorithm>
#include <cstddef>

XENT_NAMESPACE_BEGIN
namespace simd {

using Index = std::ptrdiff_t;

/// The bound of an array of n elements.
constexpr std::size_t bound(Index n) { return static_cast<std::size_t>(n); }

/// An unevaluated sum.
struct Twice {
  double hi;
  double lo;
};

/// What the samples of a call share.
template <class Real>
struct Call {
  Real c_hi, c_lo;                  // c = log2(e) / T, as two numbers ...
  Real inverse_t_hi, inverse_t_lo;  // 1 / T, as two numbers
  Twice c;                          // ... and with all digits that the numbers of a sample have
  Twice inverse_temperature;        // 1 / T
  Twice slope_unit;                 // 1 / (D T)
  Twice epsilon;                    // the mass that label smoothing gives to the classes that are not masked ...
  bool to_others;                   // ... of which the label is none
  Index classes;
  Twice z_loss;  // zeta
};

/// How kernels of Real store exponentials; see Tile.
template <class Real>
struct Storage;
template <>
struct Storage<float> {
  static constexpr int scale = 60;
  static constexpr int window = 56;  // log2 of how much larger than the exponential at a guessed maximum others may be
  static constexpr double most_shift = 512;  // |max c| up to which the shift happens in the exponent
  static constexpr double greatest = 3.4028234663852886e38;
  // What a factor of exponentials may be, in size: a larger one would lift flushed exponentials into the normal range.
  static constexpr double greatest_factor = 0x1p50;
};
template <>
struct Storage<double> {
  static constexpr int scale = 256;
  static constexpr int window = 320;
  static constexpr double most_shift = 0x1p20;
  static constexpr double greatest = 1.7976931348623157e308;
  static constexpr double greatest_factor = 0x1p200;
};

constexpr double power_of_two(int n) {
  double power = 1;
  for (int i = 0; i < n; ++i) power *= 2;
  return power;
}

/// 2^scale
template <class Real>
constexpr double unit() {
  return power_of_two(Storage<Real>::scale);
}

/// The numbers of some samples, an array each, so that they are computed in lanes.
///
/// Exponentials are e = exp((z - max) / T) 2^scale = 2^(n - k) 2^f with n + f = (z - anchor) c: anchor = 0 and k =
/// rint(max c) - scale, which shifts by the maximum in the exponent, where it is exact; but where |max| c is so large
/// that f would lose digits, anchor = max and k = -scale: the subtraction is then exact for every logit that matters.
/// Below the normal range, e is 0. top = max - anchor. As long as e is not below the normal range, its scale keeps the
/// digits of many small ones that add up to a loss in it.
template <class Real>
struct Tile {
  static constexpr Index most = 64;

  alignas(64) Real maximum[most];  // or what is taken for it, if `guessed`
  Index where[most];               // no class before this one has it
  Real label_logit[most];
  double weight[most];        // w of the sample
  double class_weight[most];  // c of its label

  Real anchor[most], k[most], top[most];
  Real ceiling[most];  // logits are clamped to it; a sum that large says that a guess was too far below the maximum
  double one_hi[most], one_lo[most];  // e at the maximum
  Real one[most], one_rest[most];     // the same by plain_shift
  Real stored_one[most];              // the same as kernels store it: with the error of an exponential
  Real stored_label[most];            // that of the label

  double rest_hi[most], rest_lo[most];      // the sum of e without one of the maxima; NaN if a logit is
  double moment_hi[most], moment_lo[most];  // the sum of e (max - z)
  double spread_hi[most], spread_lo[most];  // the sum of max - z over the classes that are not masked
  double masked[most];                      // how many are

  Real factor_hi[most], factor_lo[most], unscale[most];  // (hi + lo) unscale: what e is multiplied with ...
  Real subtracted[most];                                 // ... before this is taken away
  Real label_gradient[most];
  Real loss[most], logsumexp[most], log_sum[most], entropy[most];

  bool guessed;

  void weigh_equally() {
    std::fill(weight, weight + most, 1.0);
    std::fill(class_weight, class_weight + most, 1.0);
  }
};

/// Sums over samples.
struct LossSums {
  Twice loss, z_loss, temperature_gradient;
};

/// The rows of a matrix.
template <class Scalar>
struct Rows {
  Scalar* data;
  Index stride;

  Scalar* operator[](Index i) const { return data + i * stride; }
};

/// What memory does while a kernel computes: logits that come next are fetched from `fetched` to `end`, a copy is under
/// way past the caches: from `from` to `to`, which is aligned to a cache line, `sent` of `size` coefficients so far.
template <class Real>
struct Traffic {
  const char* fetched = nullptr;
  const char* end = nullptr;
  const Real* from = nullptr;
  Real* to = nullptr;
  Index sent = 0;  // alone, not two pointers: a pair is loaded as one vector, and waits for all streams before it
  Index size = 0;
};

}  // namespace simd
XENT_NAMESPACE_END

#endif
