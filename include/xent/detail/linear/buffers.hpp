#ifndef XENT_DETAIL_LINEAR_BUFFERS_HPP
#define XENT_DETAIL_LINEAR_BUFFERS_HPP

/// The scratch memory of linear_cross_entropy.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/linear/sample.hpp>
#include <xent/detail/linear/tiled_labels.hpp>
#include <xent/types.hpp>

#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

/// Numbers, at least as many as were asked for at a time.
template <class Real>
class Numbers {
 public:
  Real* get(Index size) {
    if (numbers_.size() < size) numbers_.resize(size);
    return numbers_.data();
  }

 private:
  Eigen::Matrix<Real, Eigen::Dynamic, 1> numbers_{};
};

struct NoSamples {};
template <class Real>
using TiledSamples = std::conditional_t<has_kernels<Real>, std::vector<TiledSample<Real>>, NoSamples>;

/// What a call keeps, and the next one takes up. Each thread beyond the calling one has panels of its own.
template <class Real>
struct LinearBuffers {
  /// Of what a thread works on.
  struct Panels {
    Numbers<Real> weights{};    // where they are not used in place
    Numbers<Real> d_weights{};  // where products cannot be written into the output
    Numbers<Real> slopes{};     // of a soft cap
  };

  std::vector<Index> chosen{};  // the samples of the chunk
  Numbers<Real> tile{};         // their logits, then the gradient of these
  Numbers<Real> features{};     // where they are not used in place
  Numbers<Real> d_features{};
  Numbers<Real> bias{};           // where it is not used in place
  Numbers<Real> d_weights_sum{};  // of an output of 16 bits
  Numbers<Real> d_bias_sum{};
  Panels panels{};
  TiledSamples<Real> tiled{};                 // of samples whose classes come in tiles
  std::vector<Index> left{};                  // those that are not for kernels ...
  std::vector<RunningSample<Real>> states{};  // ... and theirs
  Weights<Real> tile_class_weights{};
  CrossEntropyOptions<Real> options{};  // of the samples of the chunk
  CrossEntropyReport<Real> report{};
};

template <class Real>
LinearBuffers<Real>& buffers_of(LinearWorkspace<Real>& workspace);

}  // namespace detail

/// Scratch memory that stays: a call of linear_cross_entropy that is given the same object as a call of the same shapes
/// before it allocates nothing (see docs/linear_cross_entropy.md for what still does). For one call at a time. It keeps
/// the most of each kind that a call has taken, until `clear` or its end.
template <class Real>
class LinearWorkspace {
 public:
  void clear() { buffers_ = {}; }

 private:
  friend detail::LinearBuffers<Real>& detail::buffers_of<Real>(LinearWorkspace<Real>& workspace);
  detail::LinearBuffers<Real> buffers_{};
};

namespace detail {

template <class Real>
LinearBuffers<Real>& buffers_of(LinearWorkspace<Real>& workspace) {
  return workspace.buffers_;
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
