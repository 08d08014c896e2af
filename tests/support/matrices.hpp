#ifndef XENT_TESTS_MATRICES_HPP
#define XENT_TESTS_MATRICES_HPP

/// What tests of functions on matrices share: exact comparison, views that count their evaluations, executors.

#include <xent/types.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>
#include <limits>
#include <thread>
#include <type_traits>
#include <vector>

namespace support {

template <class Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
template <class Real>
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

/// The same number, the sign of zero included, or both NaN.
template <class Scalar>
bool same_number(const Scalar& a, const Scalar& b) {
  if (!(a == a)) return !(b == b);
  if constexpr (std::is_integral_v<Scalar>)
    return a == b;
  else
    return a == b && (a != Scalar(0) || Scalar(1) / a == Scalar(1) / b);
}

/// equal(x, y) for all coefficients, and the same shape; whatever the storage.
template <class A, class B, class Equal>
bool all_of(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b, const Equal& equal) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  const typename A::PlainObject x = a;
  const typename B::PlainObject y = b;
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      if (!equal(x(i, j), y(i, j))) return false;
    }
  }
  return true;
}

template <class A, class B>
bool same(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  using Scalar = typename A::Scalar;
  return all_of(a, b, [](const Scalar& x, const Scalar& y) { return same_number(x, y); });
}

/// Two results that are both within 4 ULP of the same exact number: different layouts of the same batch may take
/// different kernels. Zeros, infinities and NaN must agree.
template <class Scalar>
bool close_number(const Scalar& a, const Scalar& b) {
  if (a == b || !(a == a) || !(b == b)) return !(a == a) == !(b == b);
  using std::abs;
  const Scalar larger = std::max<Scalar>(abs(a), abs(b));
  return std::min<Scalar>(abs(a), abs(b)) > Scalar(0) && larger <= std::numeric_limits<Scalar>::max() &&
         abs(a - b) <= Scalar(8) * std::numeric_limits<Scalar>::epsilon() * larger;
}

template <class A, class B>
bool close(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  using Scalar = typename A::Scalar;
  return all_of(a, b, [](const Scalar& x, const Scalar& y) { return close_number(x, y); });
}

/// For unaryExpr: counts how often a coefficient is asked for.
struct Counted {
  long* evaluations;
  template <class Scalar>
  Scalar operator()(const Scalar& x) const {
    ++*evaluations;
    return x;
  }
};

/// Ranges of 1, 2, 3, 1, 2, 3, ... blocks from the end, on the calling thread. `calls` counts the calls of the
/// executor.
inline xent::Executor backwards(int* calls = nullptr) {
  return [calls](Eigen::Index count, const std::function<void(Eigen::Index, Eigen::Index)>& body) {
    if (calls) ++*calls;
    Eigen::Index width = 0;
    for (Eigen::Index last = count; last > 0; last -= width) {
      width = std::min<Eigen::Index>(last, width % 3 + 1);
      body(last - width, last);
    }
  };
}

/// One thread a range of three blocks; rethrows the first exception, as executors must.
inline xent::Executor threaded() {
  return [](Eigen::Index count, const std::function<void(Eigen::Index, Eigen::Index)>& body) {
    const auto ranges = static_cast<std::size_t>((count + 2) / 3);
    std::vector<std::exception_ptr> errors(ranges);
    std::vector<std::thread> threads;
    for (std::size_t range = 0; range < ranges; ++range) {
      threads.emplace_back([&, range] {
        const auto first = static_cast<Eigen::Index>(3 * range);
        try {
          body(first, std::min(first + 3, count));
        } catch (...) {
          errors[range] = std::current_exception();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
  };
}

}  // namespace support

#endif
