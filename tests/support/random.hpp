#ifndef XENT_TESTS_RANDOM_HPP
#define XENT_TESTS_RANDOM_HPP

/// Random numbers that are the same with every compiler and standard library: the bits of std::mt19937_64, whose
/// sequence the standard fixes, mapped here. (std::normal_distribution and std::shuffle differ between libraries.)

#include <cmath>
#include <cstdint>
#include <random>
#include <utility>

namespace support {

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// 0 <= result < count. The bias of the remainder is below 2^-32 for every count that a test uses.
  template <class Integer>
  Integer integer(Integer count) {
    return static_cast<Integer>(bits_() % static_cast<std::uint64_t>(count));
  }

  bool chance(double probability) { return uniform() < probability; }

  /// Nearly standard normal: the sum of twelve uniforms, minus 6. Sums only, so that no libm changes its bits.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum;
  }
  double normal(double mean, double sigma) { return mean + sigma * normal(); }

  template <class Container>
  void shuffle(Container& items) {
    using std::swap;
    for (auto i = items.size(); i > 1; --i) swap(items[i - 1], items[integer(i)]);
  }

  /// Any writable dense matrix or array, coefficient by coefficient.
  template <class Matrix>
  void fill_normal(Matrix& matrix, double mean = 0, double sigma = 1) {
    using Scalar = typename Matrix::Scalar;
    for (auto j = matrix.cols() * 0; j < matrix.cols(); ++j) {
      for (auto i = matrix.rows() * 0; i < matrix.rows(); ++i) matrix(i, j) = Scalar(normal(mean, sigma));
    }
  }
  template <class Matrix>
  void fill_uniform(Matrix& matrix, double low = 0, double high = 1) {
    using Scalar = typename Matrix::Scalar;
    for (auto j = matrix.cols() * 0; j < matrix.cols(); ++j) {
      for (auto i = matrix.rows() * 0; i < matrix.rows(); ++i) matrix(i, j) = Scalar(uniform(low, high));
    }
  }

 private:
  std::mt19937_64 bits_;
};

}  // namespace support

#endif
