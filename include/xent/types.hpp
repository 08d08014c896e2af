#ifndef XENT_TYPES_HPP
#define XENT_TYPES_HPP

/// The words that every function of xent shares: which way a sample lies, units, reductions, and the two stand-ins
/// (`none` for an argument or output that is not wanted, `Executor` for whoever brings threads).

#include <xent/config.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <functional>
#include <type_traits>

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "xent needs Eigen 3.4 or newer"
#endif

XENT_NAMESPACE_BEGIN

namespace detail {

/// Units with and without XENT_COMPILED hold different definitions of the same functions. A linker refuses two symbols
/// of one name of which one is local to threads, and says so by that name.
#ifdef XENT_COMPILED
static_assert(
    std::is_same_v<Eigen::Index, std::ptrdiff_t>,
    "xent: the library is compiled with the ordinary Eigen::Index: without EIGEN_DEFAULT_DENSE_INDEX_TYPE, or "
    "by headers alone, without XENT_COMPILED");
[[gnu::used]] inline thread_local char all_units_must_define_XENT_COMPILED_or_none = 0;  // NOLINT
#else
[[gnu::used]] inline char all_units_must_define_XENT_COMPILED_or_none = 0;  // NOLINT: a sentence, read by nobody else
#endif

}  // namespace detail

/// Where a sample lies in a matrix. By default each column is a sample: classes x batch, contiguous in Eigen's default
/// storage order. (These are Eigen's words, as in `.colwise()`, not NumPy's axis numbers.) An expression that is a
/// vector at compile time is one sample whatever the axis.
enum class Axis { columns, rows };

/// The unit of an amount of information: logarithms to base e, 2 and 10.
enum class Unit { nats, bits, hartleys };

/// What becomes of the losses of the samples: their mean over a denominator, or their sum.
enum class Reduction { mean, sum };

/// Where label smoothing puts the mass eps that it takes from the target: eps/K on every class (C. Szegedy et al.,
/// "Rethinking the Inception architecture", 2016; PyTorch), or eps/(K-1) on the classes other than the target.
enum class Smoothing { all_classes, other_classes };

/// Runs `body(first, last)` on disjoint ranges that cover [0, count), from any threads, returns when all are done and
/// rethrows the first exception. An empty executor means the calling thread. Results do not depend on the ranges.
using Executor =
    std::function<void(Eigen::Index count, const std::function<void(Eigen::Index first, Eigen::Index last)>& body)>;

/// The type of `none`.
struct NoneType {
  explicit NoneType() = default;
};

/// Stands for an argument that is absent or for an output that is not wanted and so is not computed.
inline constexpr NoneType none{};

/// The type that results and options use for logits or probabilities of type `Scalar`: float for the 16-bit storage
/// types, else the scalar itself.
template <class Scalar>
using RealOf =
    std::conditional_t<std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>, float, Scalar>;

XENT_NAMESPACE_END

#endif
