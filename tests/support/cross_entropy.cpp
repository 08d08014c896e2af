#include "cross_entropy.hpp"

#include <Eigen/SparseCore>

namespace support {

template <class Real>
Answer<Real> answer(const Batch<Real>& batch, Kind kind, const xent::CrossEntropyOptions<Real>& options) {
  const bool columns = options.axis == xent::Axis::columns;
  const Matrix<Real> z = columns ? batch.z : batch.z.transpose();
  const Matrix<Real> v = columns ? batch.v : batch.v.transpose();
  const Matrix<Real> y = columns ? batch.y : batch.y.transpose();
  Answer<Real> a;
  if (kind == Kind::labels) {
    a = answer(z, batch.labels, v, options);
  } else if (kind == Kind::dense) {
    a = answer(z, y, v, options);
  } else if (kind == Kind::sparse_columns) {
    a = answer(z, Eigen::SparseMatrix<Real>(y.sparseView()), v, options);
  } else {
    a = answer(z, Eigen::SparseMatrix<Real, Eigen::RowMajor>(y.sparseView()), v, options);
  }
  if (!columns) {
    a.gradient = a.gradient.transpose().eval();
    a.hvp = a.hvp.transpose().eval();
  }
  return a;
}

template Answer<float> answer(const Batch<float>&, Kind, const xent::CrossEntropyOptions<float>&);
template Answer<double> answer(const Batch<double>&, Kind, const xent::CrossEntropyOptions<double>&);
template Answer<long double> answer(const Batch<long double>&, Kind, const xent::CrossEntropyOptions<long double>&);

}  // namespace support
