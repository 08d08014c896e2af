#ifndef XENT_DETAIL_LINEAR_CHUNKS_HPP
#define XENT_DETAIL_LINEAR_CHUNKS_HPP

/// The walk of linear_cross_entropy over chunks of samples: logits by one matrix product, made into their gradient
/// where they lie, and that into the gradients of weights, features and bias by two more.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/linear/call.hpp>
#include <xent/detail/linear/matrices.hpp>
#include <xent/detail/linear/plan.hpp>
#include <xent/detail/linear/sample.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Call>
class LinearChunks {
  using Real = typename Call::Real;
  using Targets = ChosenTargets<typename Call::Targets>;
  using Matrix = PanelOf<Real, Eigen::ColMajor>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  using WeightsBuffer = typename decltype(Call::weights)::Buffer;
  using DWeightsBuffer = typename decltype(Call::d_weights)::Buffer;

 public:
  LinearChunks(Call& call, Index counted) : call_(call), plan_(needs(call, counted), call.workspace_bytes) {
    chosen_.reserve(static_cast<std::size_t>(plan_.samples));
    tile_.resize(LinearPlan::stride(plan_.classes), plan_.samples);
    chunk_options_.ignore_index = call.options.ignore_index;
    if (plan_.whole) chunk_options_.class_weights = call.options.class_weights;
    if (call.options.sample_weights.size() != 0) chunk_options_.sample_weights.resize(plan_.samples);
    if (call.report) resize_report(chunk_report_, plan_.samples);
  }

  /// The sums over all samples that count.
  CrossEntropySums<Real> run() {
    for (Index next = 0; next < call_.features.count;) {
      next = choose(next);
      if (!chosen_.empty()) chunk();
    }
    call_.d_weights.finish();
    call_.d_bias.finish();
    return sums_;
  }

 private:
  static LinearNeeds needs(const Call& call, Index counted) {
    const bool d_weights = call.d_weights.wanted();
    LinearNeeds needs{};
    needs.dim = call.weights.dim();
    needs.classes = call.weights.classes();
    needs.samples = counted;
    needs.scalar_bytes = static_cast<Index>(sizeof(Real));
    needs.panel_copies = (call.weights.in_place() ? 0 : 1) + (d_weights ? 1 : 0);
    needs.chunk_copies = 1 + (d_weights ? 1 : 0) + (call.d_features.data ? 1 : 0);
    needs.state_bytes = static_cast<Index>(sizeof(RunningSample<Real>));
    needs.class_copies = call.options.class_weights.size() != 0 ? 1 : 0;
    return needs;
  }

  /// Collects the next samples that count, from `next` on; what is absent on the way gets its zeros. Returns where to
  /// go on.
  Index choose(Index next) {
    chosen_.clear();
    for (; next < call_.features.count && static_cast<Index>(chosen_.size()) < plan_.samples; ++next) {
      if (!is_absent(call_.targets, next, call_.options)) {
        chosen_.push_back(next);
        continue;
      }
      if (call_.d_features.data) fill(call_.d_features[next], call_.d_features.classes, Real(0));
      if (call_.report) report_absent(*call_.report, next);
    }
    return next;
  }

  void chunk() {
    const auto features = chosen_features<Real>(call_.features, chosen_, features_);
    if (chunk_options_.sample_weights.size() != 0)
      for (Index j = 0; j < count(); ++j) chunk_options_.sample_weights[j] = call_.options.sample_weights[chosen(j)];
    const Index dim = call_.d_weights.wanted() ? features.rows() : 0;
    transposed_features_.resize(count(), dim + (call_.d_bias.wanted() ? 1 : 0));
    if (dim > 0) transposed_features_.leftCols(dim) = features.transpose();
    if (call_.d_bias.wanted()) transposed_features_.rightCols(1).setOnes();
    if (call_.d_features.data) d_features_.setZero(features.rows(), count());
    if (plan_.whole)
      whole_chunk(features);
    else
      chunk_by_tiles(features);
    call_.d_weights.end_chunk();
    call_.d_bias.end_chunk();
    if (call_.d_features.data) scatter_d_features();
    if (call_.report) scatter_report();
  }

  template <class Features>
  void whole_chunk(const Features& features) {
    fill_tile(features, 0, plan_.classes);
    const Samples<const Real> z{tile_.data(), plan_.classes, count(), 1, tile_.outerStride()};
    const Samples<Real> gradient{tile_.data(), plan_.classes, count(), 1, tile_.outerStride()};
    const Samples<Real>* const wanted = call_.wants_gradient() ? &gradient : nullptr;
    const Targets targets{call_.targets, chosen_.data()};
    sums_ += sum_over_blocks<CrossEntropySums<Real>>(
        call_.options.executor, Blocks(count(), plan_.classes),
        [&](Index first, Index last, CrossEntropySums<Real>& partial) {
          cross_entropy_samples(z, targets, wanted, chunk_options_, call_.scalars, report(), first, last, partial);
        });
    if (wanted) add_gradients(0, plan_.classes);
  }

  /// Once to add up, once more for the gradient: the same products, and so the same logits, bit by bit.
  template <class Features>
  void chunk_by_tiles(const Features& features) {
    states_.clear();
    const Targets targets{call_.targets, chosen_.data()};
    for (Index j = 0; j < count(); ++j)
      states_.emplace_back(targets.label(j), targets.total(j, call_.weights.classes()));
    for_each_tile([&](Index first, Index classes, const Targets& block, const CrossEntropyScalars<Real>& scalars) {
      fill_tile(features, first, classes);
      for_samples(classes, [&](Index j) {
        states_[static_cast<std::size_t>(j)].push(logits(j), first, classes, block.reader(j), scalars);
      });
    });
    add_up_states(targets);
    if (!call_.wants_gradient()) return;
    for_each_tile([&](Index first, Index classes, const Targets& block, const CrossEntropyScalars<Real>& scalars) {
      fill_tile(features, first, classes);
      for_samples(classes, [&](Index j) {
        CrossEntropySample<Real> sample = states_[static_cast<std::size_t>(j)].sample(call_.scalars);
        sample.label = block.label(j);
        const auto alpha = scalars.gradient_scale(sample_weight(chunk_options_, j));
        write_gradient(sample, logits(j), classes, block, j, scalars, alpha, Sample<Real>{tile_.col(j).data(), 1});
      });
      add_gradients(first, classes);
    });
  }

  /// body(first, classes, targets, scalars), the last two as seen from class `first` on.
  template <class Body>
  void for_each_tile(const Body& body) {
    const Weights<Real>& class_weights = call_.options.class_weights;
    for (Index first = 0; first < call_.weights.classes(); first += plan_.classes) {
      const Index classes = (std::min)(plan_.classes, call_.weights.classes() - first);
      CrossEntropyScalars<Real> scalars = call_.scalars;
      if (class_weights.size() != 0) {
        tile_class_weights_ = class_weights.segment(first, classes);
        scalars.class_weights = &tile_class_weights_;
      }
      body(first, classes, Targets{call_.targets, chosen_.data(), first}, scalars);
    }
  }

  template <class Body>
  void for_samples(Index classes, const Body& body) {
    for_blocks(call_.options.executor, Blocks(count(), classes), [&](Index /*block*/, Index first, Index last) {
      for (Index j = first; j < last; ++j) body(j);
    });
  }

  void add_up_states(const Targets& targets) {
    for (Index j = 0; j < count(); ++j)
      add_sample(states_[static_cast<std::size_t>(j)].sample(call_.scalars), sample_weight(chunk_options_, j),
                 targets.label(j), call_.scalars, call_.wants_gradient(), report(), j, sums_);
  }

  /// Logits of classes [first, first + classes): bias + weights * features.
  template <class Features>
  void fill_tile(const Features& features, Index first, Index classes) {
    for_panels(classes, [&](Index begin, Index end) {
      WeightsBuffer buffer;
      for (Index k = begin; k < end; k += plan_.panel) {
        const Index size = (std::min)(plan_.panel, end - k);
        auto z = tile_.block(k, 0, size, count());
        const auto weights = call_.weights.panel(first + k, size, 0, call_.weights.dim(), buffer);
        if (call_.bias.data) {
          z.colwise() = Vector(strided_block(call_.bias, first + k, size, 0, 1).template cast<Real>());
          z.noalias() += weights * features;
        } else {
          z.noalias() = weights * features;
        }
      }
    });
  }

  /// From the gradient G of the logits of classes [first, first + classes), which is in the tile:
  ///
  ///     d_features += W^T G        d_weights += G F^T        d_bias += G 1
  ///
  /// The parts of d_features are long tasks, so they come first.
  void add_gradients(Index first, Index classes) {
    const Index parts = call_.d_features.data ? (std::max<Index>)(1, call_.weights.dim() / least_dims_of_a_part) : 0;
    const Index panels = transposed_features_.cols() > 0 ? panels_of(classes) : 0;
    for_ranges(call_.options.executor, parts + panels, [&](Index begin, Index end) {
      WeightsBuffer weights;
      DWeightsBuffer product;
      for (Index task = begin; task < end; ++task) {
        if (task < parts)
          add_d_features(first, classes, task, parts, weights);
        else
          add_d_weights(first, classes, task - parts, product);
      }
    });
  }

  void add_d_features(Index first, Index classes, Index part, Index parts, WeightsBuffer& buffer) {
    const Index dim = call_.weights.dim();
    const Index begin = part * dim / parts;
    const Index dims = (part + 1) * dim / parts - begin;
    for (Index k = 0; k < classes; k += plan_.panel) {
      const Index size = (std::min)(plan_.panel, classes - k);
      const auto weights = call_.weights.panel(first + k, size, begin, dims, buffer);
      d_features_.middleRows(begin, dims).noalias() += weights.transpose() * tile_.block(k, 0, size, count());
    }
  }

  /// d_bias is the gradient for the weight of a feature that is always 1.
  void add_d_weights(Index first, Index classes, Index panel, DWeightsBuffer& product) {
    const Index k = panel * plan_.panel;
    product.noalias() = tile_.block(k, 0, (std::min)(plan_.panel, classes - k), count()) * transposed_features_;
    if (call_.d_weights.wanted()) call_.d_weights.add(first + k, product.leftCols(call_.weights.dim()));
    if (call_.d_bias.wanted()) call_.d_bias.add(first + k, product.rightCols(1));
  }

  /// body(begin, end) on whole panels of the classes of a tile.
  template <class Body>
  void for_panels(Index classes, const Body& body) {
    for_ranges(call_.options.executor, (classes + plan_.panel - 1) / plan_.panel,
               [&](Index first, Index last) { body(first * plan_.panel, (std::min)(last * plan_.panel, classes)); });
  }

  void scatter_d_features() {
    using Out = RemoveCvref<decltype(*call_.d_features.data)>;
    for (Index j = 0; j < count(); ++j)
      strided_block(call_.d_features, 0, call_.d_features.classes, chosen(j), 1) =
          d_features_.col(j).template cast<Out>();
  }

  void scatter_report() {
    CrossEntropyReport<Real>& whole = *call_.report;
    for (Index j = 0; j < count(); ++j) {
      whole.sample_loss[chosen(j)] = chunk_report_.sample_loss[j];
      whole.logsumexp[chosen(j)] = chunk_report_.logsumexp[j];
      whole.entropy[chosen(j)] = chunk_report_.entropy[j];
      whole.prediction[chosen(j)] = chunk_report_.prediction[j];
    }
  }

  Index panels_of(Index classes) const { return (classes + plan_.panel - 1) / plan_.panel; }
  Index count() const { return static_cast<Index>(chosen_.size()); }
  Index chosen(Index j) const { return chosen_[static_cast<std::size_t>(j)]; }
  Sample<const Real> logits(Index j) const { return {tile_.col(j).data(), 1}; }
  CrossEntropyReport<Real>* report() { return call_.report ? &chunk_report_ : nullptr; }

  // Parts of the features for different threads: fixed, so that every executor gives the same bits, and large, since
  // each part packs the gradient of the logits anew.
  static constexpr Index least_dims_of_a_part = 512;

  Call& call_;
  LinearPlan plan_;
  std::vector<Index> chosen_{};  // the samples of the chunk
  Matrix tile_{};                // their logits, then the gradient of these
  Matrix features_{};            // where they are not used in place
  Matrix
      transposed_features_{};  // [samples x dim]: Eigen packs it 10 to 20 % faster than the transpose of the features
  Matrix d_features_{};
  std::vector<RunningSample<Real>> states_{};
  Weights<Real> tile_class_weights_{};
  CrossEntropyOptions<Real> chunk_options_{};
  CrossEntropyReport<Real> chunk_report_{};
  CrossEntropySums<Real> sums_{};
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
