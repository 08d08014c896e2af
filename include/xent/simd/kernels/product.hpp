#ifndef XENT_SIMD_KERNELS_PRODUCT_HPP
#define XENT_SIMD_KERNELS_PRODUCT_HPP

/// Matrix products.

#include <xent/config.hpp>
#include <xent/simd/tile.hpp>

XENT_NAMESPACE_BEGIN
namespace simd {

/// C = A B, or C += A B, with A [rows x depth] and B [depth x columns] in memory by any steps from one row, or column,
/// or term of a sum to the next; but one of the two steps of A is 1. The rows of C follow each other.
template <class Real>
struct Product {
  const Real* a;
  Index a_row, a_depth;
  const Real* b;
  Index b_depth, b_column;
  Real* c;
  Index c_column;
  Index rows, columns, depth;
  bool add;          // to what is in C
  const Real* bias;  // [rows], added to the products at the end; null: none
};

/// Documented in product.inl.
template <class Real>
struct ProductKernels {
  static void multiply(const Product<Real>& product);
  static void add_up_rows(const Real* from, Index step, Index rows, Index columns, Real* to);
};

}  // namespace simd
XENT_NAMESPACE_END

#if XENT_DEFINES_KERNELS
#include <xent/simd/dispatch.hpp>
#include <xent/simd/kernels/transpose.hpp>
#define XENT_LOOPS <xent/simd/kernels/product.inl>
#include <xent/simd/isa/each.inl>

XENT_NAMESPACE_BEGIN
namespace simd {

template <class Real>
void ProductKernels<Real>::multiply(const Product<Real>& product) {
  return on_best<Real>([&](auto lanes) { return multiply_in_lanes(lanes, product); });
}
template <class Real>
void ProductKernels<Real>::add_up_rows(const Real* from, Index step, Index rows, Index columns, Real* to) {
  return on_best<Real>([&](auto lanes) { return add_up_rows_in_lanes(lanes, from, step, rows, columns, to); });
}

}  // namespace simd
XENT_NAMESPACE_END
#endif

#endif
