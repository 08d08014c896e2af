#ifndef XENT_DETAIL_WALK_KERNEL_CALL_HPP
#define XENT_DETAIL_WALK_KERNEL_CALL_HPP

/// What the kernels of simd/ are told of a call, and whether there are any for it.

#include <xent/config.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/simd/processor.hpp>
#include <xent/simd/tile.hpp>
#include <xent/types.hpp>

#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Whether simd/ has kernels for results of this type.
template <class Real>
inline constexpr bool has_kernels = (XENT_KERNELS_FOR_X86_64 != 0 || XENT_KERNELS_FOR_ARM64 != 0) &&
                                    (std::is_same_v<Real, float> || std::is_same_v<Real, double>);

/// Whether they run here. None do at extreme temperatures: the sum of e (max - z) stays in range.
template <class Real>
bool uses_kernels([[maybe_unused]] const Real& temperature) {
  if constexpr (has_kernels<Real>) {
    constexpr bool single = std::is_same_v<Real, float>;
    constexpr Real coldest = single ? Real(0x1p-20) : Real(0x1p-100);
    constexpr Real hottest = single ? Real(0x1p40) : Real(0x1p100);
    return temperature >= coldest && temperature <= hottest && simd::has_kernels();
  } else {
    return false;
  }
}

inline simd::Twice twice(double x) { return {x, 0}; }
inline simd::Twice twice(const Twofold<double>& x) { return {x.hi, x.lo}; }

/// x = *hi + *lo
template <class W>
void put(const W& x, double* hi, double* lo) {
  const simd::Twice both = twice(x);
  *hi = both.hi;
  *lo = both.lo;
}

template <class W>
W wide(const simd::Twice& x) {
  if constexpr (std::is_same_v<W, double>)
    return x.hi;
  else
    return W::renormalised(x.hi, x.lo);
}

inline Twofold<double> wide_twofold(double x) { return x; }
inline Twofold<double> wide_twofold(const Twofold<double>& x) { return x; }

template <class Real>
simd::Call<Real> kernel_call(const Real& temperature, const Wide<Real>& denominator = Wide<Real>(1),
                             const Wide<Real>& z_loss = Wide<Real>(0)) {
  using W = Twofold<double>;
  const W t(static_cast<double>(temperature));
  const W c = W(0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56) / t;
  simd::Call<Real> call{};
  call.c_hi = static_cast<Real>(c.hi);
  call.c_lo = static_cast<Real>(W(c - W(static_cast<double>(call.c_hi))).hi);
  call.c = twice(c);
  const W inverse = W(1) / t;
  call.inverse_temperature = twice(inverse);
  call.inverse_t_hi = static_cast<Real>(inverse.hi);
  call.inverse_t_lo = static_cast<Real>(W(inverse - W(static_cast<double>(call.inverse_t_hi))).hi);
  call.slope_unit = twice(W(W(1) / (wide_twofold(denominator) * t)));
  call.z_loss = twice(z_loss);
  return call;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
