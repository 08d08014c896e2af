#ifndef XENT_DETAIL_LINEAR_CHUNK_PRODUCTS_HPP
#define XENT_DETAIL_LINEAR_CHUNK_PRODUCTS_HPP

/// The matrix products of linear_cross_entropy, for the samples of a chunk and the classes of a tile.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/linear/buffers.hpp>
#include <xent/detail/linear/matrices.hpp>
#include <xent/detail/linear/plan.hpp>
#include <xent/detail/linear/product.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Call>
class ChunkProducts {
  using Real = typename Call::Real;
  using Panels = typename LinearBuffers<Real>::Panels;
  using Features = PanelMap<const Real>;
  static constexpr int d_weights_order = decltype(Call::d_weights)::storage;

 public:
  ChunkProducts(Call& call, const LinearPlan& plan) : call_(call), b_(call.buffers), plan_(plan) {
    b_.tile.get(LinearPlan::stride(plan.classes) * plan.samples);
    if (!call.bias.data) return;
    if constexpr (std::is_same_v<RemoveCvref<decltype(*call.bias.data)>, Real>) {
      bias_ = call.bias.data;
      if (call.bias_in_place()) return;
    }
    const auto bias = strided_block(call.bias, 0, call.weights.classes(), 0, 1);
    Real* const copy = b_.bias.get(bias.rows());
    Eigen::Map<Eigen::Matrix<Real, Eigen::Dynamic, 1>>(copy, bias.rows()) = bias.template cast<Real>();
    bias_ = copy;
  }

  /// The chosen samples are those of the chunk.
  void begin_chunk() {
    features_.emplace(chosen_features<Real>(call_.features, b_.chosen, call_.d_weights.wanted(), b_.features));
    if (call_.d_features.data) b_.d_features.get(dim() * count());
  }

  /// Logits of classes [first, first + classes): bias + weights * features.
  void fill_tile(Index first, Index classes) {
    for_ranges(call_.options.executor, panels_of(classes), [&](Index begin, Index end) {
      Panels own;
      for (Index panel = begin; panel < end; ++panel) {
        const Index k = panel * plan_.panel;
        const Index size = (std::min)(plan_.panel, classes - k);
        multiply<Real>(call_.weights.panel(first + k, size, 0, dim(), panels(own).weights), *features_, tile(k, size),
                       false, bias_ ? bias_ + first + k : nullptr);
      }
    });
  }

  /// From the gradient G of the logits of classes [first, first + classes), which is in the tile, and features F:
  ///
  ///     d_features += W^T G        d_weights += G F^T        d_bias += G 1
  ///
  /// Without an executor a panel of G goes into all three while it is in the caches. With one, the parts of d_features
  /// are long tasks, so they come first.
  void add_gradients(Index first, Index classes) {
    const Index panels = panels_of(classes);
    const Index parts = call_.d_features.data ? parts_of_features() : 0;
    if (!call_.options.executor) {
      for (Index panel = 0; panel < panels; ++panel) {
        for (Index part = 0; part < parts; ++part)
          add_d_features(first, classes, panel, panel + 1, part, parts, b_.panels);
        add_d_weights(first, classes, panel, b_.panels);
      }
      return;
    }
    const bool of_classes = call_.d_weights.wanted() || call_.d_bias.wanted();
    for_ranges(call_.options.executor, parts + (of_classes ? panels : 0), [&](Index begin, Index end) {
      Panels own;
      for (Index task = begin; task < end; ++task) {
        if (task < parts)
          add_d_features(first, classes, 0, panels, task, parts, own);
        else
          add_d_weights(first, classes, task - parts, own);
      }
    });
  }

  void end_chunk() {
    call_.d_weights.end_chunk();
    call_.d_bias.end_chunk();
    if (!call_.d_features.data) return;
    using Out = RemoveCvref<decltype(*call_.d_features.data)>;
    const PanelMap<Real> gradient = d_features();
    for (Index j = 0; j < count(); ++j)
      strided_block(call_.d_features, 0, dim(), b_.chosen[static_cast<std::size_t>(j)], 1) =
          gradient.col(j).template cast<Out>();
  }

  /// Whether what a chunk gives to d_weights is a sum of its own, before it is added: where it cannot be made in place,
  /// and of few classes. The samples of these are many, and each sum of some of them would be rounded at the size of
  /// all.
  static bool adds_apart(const Call& call) {
    constexpr Index few_classes = 256;
    return !call.d_weights.in_place() || call.weights.classes() < few_classes;
  }

  /// The logits of the first classes of the tile, or their gradient.
  Samples<Real> samples(Index classes) {
    PanelMap<Real> first = tile(0, classes);
    return {first.data(), classes, count(), 1, first.outerStride()};
  }

  /// The panels of a thread, which is the calling one unless there is an executor.
  Panels& panels(Panels& own) { return call_.options.executor ? own : b_.panels; }

 private:
  /// What panels [panel, last_panel) give to a part of the dimensions.
  void add_d_features(Index first, Index classes, Index panel, Index last_panel, Index part, Index parts,
                      Panels& buffers) {
    const Index begin = part * dim() / parts;
    const Index dims = (part + 1) * dim() / parts - begin;
    const PanelMap<Real> out(d_features().data() + begin, dims, count(), Eigen::OuterStride<>(dim()));
    for (; panel < last_panel; ++panel) {
      const Index k = panel * plan_.panel;
      const Index size = (std::min)(plan_.panel, classes - k);
      multiply<Real>(transposed(call_.weights.panel(first + k, size, begin, dims, buffers.weights)), tile(k, size), out,
                     first + k > 0);
    }
  }

  void add_d_weights(Index first, Index classes, Index panel, Panels& buffers) {
    const Index k = panel * plan_.panel;
    const Index size = (std::min)(plan_.panel, classes - k);
    const PanelMap<Real> gradient = tile(k, size);
    if (call_.d_weights.wanted()) {
      if (!adds_apart(call_)) {
        multiply_by_transpose<Real>(gradient, *features_, call_.d_weights.block(first + k, size),
                                    call_.d_weights.started());
      } else {
        const PanelMap<Real, d_weights_order> product(
            buffers.d_weights.get(size * dim()), size, dim(),
            Eigen::OuterStride<>(d_weights_order == Eigen::ColMajor ? size : dim()));
        multiply_by_transpose<Real>(gradient, *features_, product, false);
        call_.d_weights.add(first + k, product);
      }
    }
    if (call_.d_bias.wanted()) {
      std::array<Real, static_cast<std::size_t>(LinearPlan::largest_panel)> sums;
      add_up_rows<Real>(gradient, sums.data());
      call_.d_bias.add(first + k, Eigen::Map<Eigen::Matrix<Real, Eigen::Dynamic, 1>>(sums.data(), size));
    }
  }

  /// Parts of the dimensions for different threads. Sums of kernels do not depend on how they are cut; those of Eigen
  /// do, so that the parts are the same for every executor, and large, since each packs the gradient of the logits
  /// anew.
  Index parts_of_features() const {
    const bool by_kernels = multiplies_by_kernels<Real>();
    if (by_kernels && !call_.options.executor) return 1;
    return (std::max<Index>)(1, dim() / (by_kernels ? 96 : 512));
  }

  /// The logits of `classes` classes from the k-th of the tile on, or their gradient.
  PanelMap<Real> tile(Index k, Index classes) {
    const Index step = LinearPlan::stride(plan_.classes);
    return PanelMap<Real>(b_.tile.get(0) + k, classes, count(), Eigen::OuterStride<>(step));
  }
  PanelMap<Real> d_features() {
    return PanelMap<Real>(b_.d_features.get(0), dim(), count(), Eigen::OuterStride<>(dim()));
  }

  Index dim() const { return call_.weights.dim(); }
  Index panels_of(Index classes) const { return (classes + plan_.panel - 1) / plan_.panel; }
  Index count() const { return static_cast<Index>(b_.chosen.size()); }

  Call& call_;
  LinearBuffers<Real>& b_;
  const LinearPlan& plan_;
  const Real* bias_ = nullptr;
  std::optional<Features> features_{};
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
