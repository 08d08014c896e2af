#ifndef XENT_DETAIL_LINEAR_PRODUCT_HPP
#define XENT_DETAIL_LINEAR_PRODUCT_HPP

/// The matrix products of linear_cross_entropy: by kernels, which do not ask what flags a program is compiled with, or
/// by Eigen where there are none, and where Eigen hands products to a BLAS.

#include <xent/config.hpp>
#include <xent/detail/linear/matrices.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/simd/kernels/product.hpp>
#include <xent/simd/processor.hpp>
#include <xent/types.hpp>

#include <algorithm>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Whether products of Real are those of kernels.
template <class Real>
bool multiplies_by_kernels() {
#ifndef EIGEN_USE_BLAS
  if constexpr (has_kernels<Real>) return simd::has_kernels();
#endif
  return false;
}

/// The step of a panel in memory from one row to the next; the transpose has that from one column to the next.
template <class Panel>
Index row_step(const Panel& panel) {
  return Panel::IsRowMajor ? panel.outerStride() : 1;
}

/// C = A B, or with `add` C += A B, of panels; that of C is column-major. Then `bias`, one for each row, unless that is
/// null.
template <class Real, class A, class B>
void multiply(const A& a, const B& b, PanelMap<Real> c, bool add, const Real* bias = nullptr) {
  if constexpr (has_kernels<Real>) {
    if (multiplies_by_kernels<Real>() && a.cols() > 0)
      return simd::ProductKernels<Real>::multiply({a.data(), row_step(a), row_step(transposed(a)), b.data(),
                                                   row_step(b), row_step(transposed(b)), c.data(), c.outerStride(),
                                                   c.rows(), c.cols(), a.cols(), add, bias});
  }
  XENT_ON_REFUSAL;
  if (!add) c.setZero();
  c.noalias() += a * b;
  if (bias) c.colwise() += Eigen::Map<const Eigen::Matrix<Real, Eigen::Dynamic, 1>>(bias, c.rows());
}

/// C = G F^T, or with `add` C += G F^T, in either order.
template <class Real, class G, class F, class C>
void multiply_by_transpose(const G& g, const F& f, C c, bool add) {
  if constexpr (C::IsRowMajor)
    multiply<Real>(f, transposed(g), transposed(c), add);
  else
    multiply<Real>(g, transposed(f), c, add);
}

/// sums[i] = the sum of row i of a panel, of blocks of columns.
template <class Real>
void add_up_rows(const PanelMap<Real>& panel, Real* sums) {
  if constexpr (has_kernels<Real>) {
    if (multiplies_by_kernels<Real>())
      return simd::ProductKernels<Real>::add_up_rows(panel.data(), panel.outerStride(), panel.rows(), panel.cols(),
                                                     sums);
  }
  constexpr Index at_once = 256;
  using Sums = Eigen::Matrix<Real, Eigen::Dynamic, 1, Eigen::ColMajor, LinearPlan::largest_panel, 1>;
  Sums all = Sums::Zero(panel.rows());
  for (Index first = 0; first < panel.cols(); first += at_once) {
    Sums block = Sums::Zero(panel.rows());
    const Index end = panel.cols() - first < at_once ? panel.cols() : first + at_once;
    for (Index j = first; j < end; ++j) block += panel.col(j);
    all += block;
  }
  std::copy(all.data(), all.data() + all.size(), sums);
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
