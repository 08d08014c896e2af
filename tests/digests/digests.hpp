#ifndef XENT_TESTS_DIGESTS_HPP
#define XENT_TESTS_DIGESTS_HPP

/// What the cases of the golden digests share: inputs that are the same bits everywhere, the ways in which a batch may
/// lie in memory, and the digest of what a function has made of it.

#include <xent/simd/processor.hpp>
#include <xent/types.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace digests {

using Eigen::Index;
using xent::Axis;
using xent::RealOf;

template <class S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

template <class S>
constexpr const char* scalar_name() {
  if (std::is_same_v<S, float>) return "float";
  if (std::is_same_v<S, double>) return "double";
  return std::is_same_v<S, Eigen::half> ? "half" : "bfloat16";
}

struct Shape {
  Index classes, samples;

  std::string name() const { return std::to_string(classes) + "x" + std::to_string(samples); }
};

/// Between them they reach every path of the kernels.
inline constexpr Shape shapes[] = {{2, 130}, {3, 70},   {10, 130}, {16, 1},   {16, 70},  {33, 130},
                                   {64, 7},  {100, 70}, {129, 7},  {1000, 7}, {5000, 2}, {70000, 2}};
inline constexpr Index shape_count = sizeof(shapes) / sizeof(Shape);

/// One after the other, without the long ones.
inline Shape some_shape(Index i) { return shapes[i % (shape_count - 2)]; }

/// splitmix64 (G. L. Steele, D. Lea, C. H. Flood, 2014). Its numbers are multiples of a power of two, so that no
/// library, rounding or fused operation has a part in them.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
    return z ^ z >> 31U;
  }
  /// In [0, 1).
  double uniform() { return static_cast<double>(bits() >> 44U) * 0x1p-20; }
  /// A sum of three, in [-6, 6): a standard deviation of 2.
  double normal() {
    constexpr std::uint64_t ones = 0xFFFFF;
    const std::uint64_t b = bits();
    const auto sum = static_cast<std::int64_t>((b & ones) + (b >> 20U & ones) + (b >> 40U & ones));
    return static_cast<double>(sum - 3 * (1 << 19)) * 0x1p-18;
  }

 private:
  std::uint64_t state_;
};

template <class S>
S as(double x) {
  return S(static_cast<RealOf<S>>(x));
}

/// Where a batch lies. `view()` is what a function is given, `at(k, i)` class k of sample i.
template <class S, class Stored, Axis the_axis>
class Plain {
 public:
  using Scalar = S;
  static constexpr Axis axis = the_axis;

  explicit Plain(const Shape& shape)
      : matrix_(axis == Axis::columns ? shape.classes : shape.samples,
                axis == Axis::columns ? shape.samples : shape.classes) {}
  Stored& view() { return matrix_; }
  S& at(Index k, Index i) { return axis == Axis::columns ? matrix_(k, i) : matrix_(i, k); }

 private:
  Stored matrix_;
};
template <class S>
struct Columns : Plain<S, Matrix<S>, Axis::columns> {
  static constexpr const char* name = "columns";
  using Plain<S, Matrix<S>, Axis::columns>::Plain;
};
template <class S>
struct Rows : Plain<S, Matrix<S>, Axis::rows> {
  static constexpr const char* name = "rows";
  using Plain<S, Matrix<S>, Axis::rows>::Plain;
};
template <class S>
using RowMajorMatrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class S>
struct RowMajor : Plain<S, RowMajorMatrix<S>, Axis::columns> {
  static constexpr const char* name = "row_major";
  using Plain<S, RowMajorMatrix<S>, Axis::columns>::Plain;
};
template <class S>
struct RowMajorRows : Plain<S, RowMajorMatrix<S>, Axis::rows> {
  static constexpr const char* name = "row_major_rows";
  using Plain<S, RowMajorMatrix<S>, Axis::rows>::Plain;
};
/// One sample.
template <class S>
struct Fixed : Plain<S, Eigen::Matrix<S, 10, 1>, Axis::columns> {
  static constexpr const char* name = "fixed";
  using Plain<S, Eigen::Matrix<S, 10, 1>, Axis::columns>::Plain;
};
inline constexpr Shape fixed_shape{10, 1};

/// A part of a larger matrix: an outer stride.
template <class S>
class Block {
 public:
  using Scalar = S;
  static constexpr Axis axis = Axis::columns;
  static constexpr const char* name = "block";

  explicit Block(const Shape& shape)
      : shape_(shape), matrix_(Matrix<S>::Constant(shape.classes + 3, shape.samples + 2, S(9))) {}
  auto view() { return matrix_.block(2, 1, shape_.classes, shape_.samples); }
  S& at(Index k, Index i) { return matrix_(k + 2, i + 1); }

 private:
  Shape shape_;
  Matrix<S> matrix_;
};

/// Strides both ways.
template <class S>
class Strided {
 public:
  using Scalar = S;
  static constexpr Axis axis = Axis::columns;
  static constexpr const char* name = "strided";

  explicit Strided(const Shape& shape)
      : shape_(shape), memory_(static_cast<std::size_t>((3 * shape.classes + 5) * shape.samples), S(9)) {}
  auto view() {
    using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    return Eigen::Map<Matrix<S>, 0, Stride>(memory_.data(), shape_.classes, shape_.samples,
                                            Stride(3 * shape_.classes + 5, 3));
  }
  S& at(Index k, Index i) { return memory_[static_cast<std::size_t>(3 * k + (3 * shape_.classes + 5) * i)]; }

 private:
  Shape shape_;
  std::vector<S> memory_;
};

/// number(k, i) of every coefficient, sample by sample.
template <class Layout, class Number>
void fill(Layout& layout, const Shape& shape, const Number& number) {
  for (Index i = 0; i < shape.samples; ++i)
    for (Index k = 0; k < shape.classes; ++k) layout.at(k, i) = as<typename Layout::Scalar>(number(k, i));
}

/// FNV-1a of the bytes of numbers; every NaN is the same one.
class Digest {
 public:
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  void add(const Number& x) {
    if constexpr (std::is_integral_v<Number>)
      add_bits(static_cast<std::int64_t>(x));
    else
      add_number(x, x);
  }
  void add(const Eigen::half& x) { add_number(x, static_cast<float>(x)); }
  void add(const Eigen::bfloat16& x) { add_number(x, static_cast<float>(x)); }
  template <class Numbers>
  void add(const Eigen::DenseBase<Numbers>& numbers) {
    for (Index j = 0; j < numbers.cols(); ++j)
      for (Index i = 0; i < numbers.rows(); ++i) add(numbers.derived().coeff(i, j));
  }
  template <class Layout>
  void add(Layout& layout, const Shape& shape) {
    for (Index i = 0; i < shape.samples; ++i)
      for (Index k = 0; k < shape.classes; ++k) add(layout.at(k, i));
  }

  /// FNV-1a, of bits but for the sign of a zero, and of the signs of zeros.
  std::uint64_t value() const { return value_; }
  std::uint64_t zero_signs() const { return zero_signs_; }

 private:
  static constexpr std::uint32_t not_a_number = 0x7FC00000;
  static constexpr std::uint64_t prime = 0x100000001B3U;

  template <class Stored, class Number>
  void add_number(const Stored& x, Number number) {
    if (number == 0) {
      zero_signs_ = (zero_signs_ ^ (std::signbit(number) ? 0x80U : 0U)) * prime;
      add_bits(Stored(0));
    } else if (number == number) {
      add_bits(x);
    } else {
      add_bits(not_a_number);
    }
  }
  template <class Bits>
  void add_bits(const Bits& x) {
    unsigned char bytes[sizeof(Bits)];
    std::memcpy(bytes, &x, sizeof(Bits));
    for (const unsigned char byte : bytes) value_ = (value_ ^ byte) * prime;
  }

  std::uint64_t value_ = 0xCBF29CE484222325U;
  std::uint64_t zero_signs_ = 0xCBF29CE484222325U;
};

/// Whether there are kernels: batches that are larger than the caches take no other path where there are none.
inline bool has_kernels() { return xent::instruction_set() != xent::InstructionSet::portable; }

/// A line of the output. A name that was there before ends the program.
void print(const std::string& name, const Digest& digest);

/// The units.
void counts();
void dense_targets();
void dense_targets_of_16_bits();
void hvp();
void information();
void jacobian();
void labels();
void labels_of_16_bits();
void likelihood();
void linear();
void logits();
void logsumexp();
void sigmoid();
void softmax();
void sparse_targets();

}  // namespace digests

#endif
