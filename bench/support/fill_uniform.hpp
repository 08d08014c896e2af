#ifndef XENT_BENCH_FILL_UNIFORM_HPP
#define XENT_BENCH_FILL_UNIFORM_HPP

#include <Eigen/Core>

#include <cstdint>

namespace bench {

/// The high bits of a linear congruence, mapped to [low, high).
template <class Derived>
void fill_uniform(Eigen::PlainObjectBase<Derived>& matrix, double low, double high, std::uint32_t seed = 1) {
  std::uint32_t bits = seed;
  for (Eigen::Index i = 0; i < matrix.size(); ++i) {
    bits = bits * 1664525U + 1013904223U;
    const double x = low + static_cast<double>(bits >> 8U) * 0x1p-24 * (high - low);
    matrix.data()[i] = static_cast<typename Derived::Scalar>(static_cast<float>(x));
  }
}

}  // namespace bench

#endif
