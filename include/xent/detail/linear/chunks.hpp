#ifndef XENT_DETAIL_LINEAR_CHUNKS_HPP
#define XENT_DETAIL_LINEAR_CHUNKS_HPP

/// The walk of linear_cross_entropy over chunks of samples: logits by one matrix product, made into their gradient
/// where they lie, and that into the gradients of weights, features and bias by two more.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/linear/buffers.hpp>
#include <xent/detail/linear/call.hpp>
#include <xent/detail/linear/chunk_products.hpp>
#include <xent/detail/linear/plan.hpp>
#include <xent/detail/linear/sample.hpp>
#include <xent/detail/linear/soft_cap.hpp>
#include <xent/detail/linear/tiled_labels.hpp>
#include <xent/detail/softmax/cross_entropy.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <type_traits>
#include <vector>

XENT_NAMESPACE_BEGIN
namespace detail {

template <class Call>
class LinearChunks {
  using Real = typename Call::Real;
  using Targets = ChosenTargets<typename Call::Targets>;
  using Panels = typename LinearBuffers<Real>::Panels;

 public:
  LinearChunks(Call& call, Index counted)
      : call_(call), b_(call.buffers), plan_(needs(call, counted), call.workspace_bytes), products_(call, plan_) {
    b_.chosen.reserve(static_cast<std::size_t>(plan_.samples));
    b_.options.ignore_index = call.options.ignore_index;
    b_.options.temperature = call.options.temperature;
    b_.options.class_weights = call.options.class_weights;
    b_.options.sample_weights.resize(call.options.sample_weights.size() != 0 ? plan_.samples : 0);
    if (call.report) resize_report(b_.report, plan_.samples);
  }

  /// The sums over all samples that count.
  CrossEntropySums<Real> run() {
    for (Index next = 0; next < call_.features.count;) {
      next = choose(next);
      if (!b_.chosen.empty()) chunk();
    }
    call_.d_weights.finish();
    call_.d_bias.finish();
    return sums_;
  }

 private:
  static LinearNeeds needs(const Call& call, Index counted) {
    LinearNeeds needs{};
    needs.dim = call.weights.dim();
    needs.classes = call.weights.classes();
    needs.samples = counted;
    needs.scalar_bytes = static_cast<Index>(sizeof(Real));
    const bool d_weights_apart = call.d_weights.wanted() && ChunkProducts<Call>::adds_apart(call);
    needs.panel_copies = (call.weights.in_place() ? 0 : 1) + (d_weights_apart ? 1 : 0);
    needs.packs = !multiplies_by_kernels<Real>();
    needs.chunk_copies = 1 + (call.d_features.data ? 1 : 0);
    needs.state_bytes = static_cast<Index>(sizeof(RunningSample<Real>));
    if constexpr (has_kernels<Real>)
      needs.state_bytes = (std::max)(needs.state_bytes, static_cast<Index>(sizeof(TiledSample<Real>)));
    const Index weights = call.options.class_weights.size() != 0 ? 1 : 0;
    needs.class_copies = weights + (call.bias.data && !call.bias_in_place() ? 1 : 0);
    const bool capped = call.soft_cap > Real(0);
    needs.tile_copies = weights + (capped ? 1 : 0);
    needs.slopes = capped ? capped_at_once : 0;
    // With fewer samples the products take longer than with tiles of classes, where the gradient takes four of them in
    // the place of three; the loss takes one in either case. Tiles that are not for kernels take twice the time.
    const bool by_kernels = Targets::are_labels && takes_tiled_labels(call.options, call.scalars);
    needs.least_whole = !by_kernels ? 16 : call.wants_gradient() ? 64 : 192;
    return needs;
  }

  /// Collects the next samples that count, from `next` on; what is absent on the way gets its zeros. Returns where to
  /// go on.
  Index choose(Index next) {
    b_.chosen.clear();
    for (; next < call_.features.count && count() < plan_.samples; ++next) {
      if (!is_absent(call_.targets, next, call_.options)) {
        b_.chosen.push_back(next);
        continue;
      }
      if (call_.d_features.data) fill(call_.d_features[next], call_.d_features.classes, Real(0));
      if (call_.report) report_absent(*call_.report, next);
    }
    return next;
  }

  void chunk() {
    if (b_.options.sample_weights.size() != 0)
      for (Index j = 0; j < count(); ++j) b_.options.sample_weights[j] = call_.options.sample_weights[chosen(j)];
    products_.begin_chunk();
    if (plan_.whole)
      whole_chunk();
    else
      chunk_by_tiles();
    products_.end_chunk();
    if (call_.report) scatter_report();
  }

  void whole_chunk() {
    products_.fill_tile(0, plan_.classes);
    const Samples<Real> logits = products_.samples(plan_.classes);
    const Samples<const Real> z{logits.data, logits.classes, logits.count, 1, logits.sample_stride};
    const Samples<Real>* const wanted = call_.wants_gradient() ? &logits : nullptr;
    const Targets targets{call_.targets, b_.chosen.data()};
    const bool capped = call_.soft_cap > Real(0);
    sums_ += sum_over_blocks<CrossEntropySums<Real>>(
        call_.options.executor, Blocks(count(), plan_.classes),
        [&](Index first, Index last, CrossEntropySums<Real>& partial) {
          Panels own;
          const Index step = capped ? (std::max<Index>)(1, capped_at_once / plan_.classes) : last - first;
          for (Index j = first; j < last; j += step) {
            const Index end = (std::min)(last, j + step);
            with_soft_cap(j, end, plan_.classes, wanted != nullptr, own, [&] {
              cross_entropy_samples(z, targets, wanted, b_.options, call_.scalars, report(), j, end, partial);
            });
          }
        });
    if (wanted) products_.add_gradients(0, plan_.classes);
  }

  /// body() makes the logits of samples [first, last) into their gradient, if that is `wanted`; of the capped ones, to
  /// begin with.
  template <class Body>
  void with_soft_cap(Index first, Index last, Index classes, bool wanted, Panels& own, const Body& body) {
    if (!(call_.soft_cap > Real(0))) return body();
    Real* const slopes = wanted ? products_.panels(own).slopes.get((last - first) * classes) : nullptr;
    for (Index j = first; j < last; ++j)
      cap_softly(logits(j), classes, call_.soft_cap, slopes ? slopes + (j - first) * classes : nullptr);
    body();
    if (!slopes) return;
    for (Index j = first; j < last; ++j) scale_by_slopes(logits(j), slopes + (j - first) * classes, classes);
  }

  /// Once to add up, once more for the gradient: the same products, and so the same logits, bit by bit. Labels are for
  /// kernels; samples that these do not take on, and other targets, take the portable path.
  void chunk_by_tiles() {
    const Targets targets{call_.targets, b_.chosen.data()};
    TiledTargets<Real, Targets> labels(targets, b_.options, call_.scalars, call_.weights.classes(), report(), b_.tiled);
    b_.left.clear();
    if (labels.usable()) {
      labels.begin(count());
      for_each_tile([&](Index first, Index classes) {
        for_samples(count(), classes, [&](Index j, Panels& own) {
          with_soft_cap(j, j + 1, classes, false, own, [&] { labels.push(j, logits(j), first, classes); });
        });
      });
      labels.finish(call_.wants_gradient(), sums_, b_.left);
    } else {
      for (Index j = 0; j < count(); ++j) b_.left.push_back(j);
    }
    if (!b_.left.empty()) add_up_left(targets);
    if (!call_.wants_gradient()) return;
    for_each_tile([&](Index first, Index classes) {
      const Targets block{call_.targets, b_.chosen.data(), first};
      const CrossEntropyScalars<Real> scalars = tile_scalars(first, classes);
      for_samples(count(), classes, [&](Index j, Panels& own) {
        with_soft_cap(j, j + 1, classes, true, own, [&] {
          const Index left = labels.usable() ? labels.left(j) : j;
          if (left < 0)
            labels.write_gradient(j, logits(j), first, classes);
          else
            write_left(left, block, classes, scalars);
        });
      });
      products_.add_gradients(first, classes);
    });
  }

  /// The sums of the samples that are left to the portable path.
  void add_up_left(const Targets& targets) {
    const auto lefts = static_cast<Index>(b_.left.size());
    b_.states.clear();
    b_.states.reserve(b_.left.size());
    for (const Index j : b_.left) {
      if constexpr (Targets::are_labels) {
        XENT_ON_REFUSAL;
      }
      b_.states.emplace_back(targets.label(j), targets.total(j, call_.weights.classes()));
    }
    for_each_tile([&](Index first, Index classes) {
      const Targets block{call_.targets, b_.chosen.data(), first};
      const CrossEntropyScalars<Real> scalars = tile_scalars(first, classes);
      for_samples(lefts, classes, [&](Index i, Panels& own) {
        const Index j = b_.left[static_cast<std::size_t>(i)];
        with_soft_cap(j, j + 1, classes, false, own, [&] {
          state(i).push(Sample<const Real>{logits(j), 1}, first, classes, block.reader(j), scalars);
        });
      });
    });
    for (Index i = 0; i < lefts; ++i) {
      const Index j = b_.left[static_cast<std::size_t>(i)];
      add_sample(state(i).sample(call_.scalars), sample_weight(b_.options, j), targets.label(j), call_.scalars,
                 call_.wants_gradient(), report(), j, sums_);
    }
  }

  /// Logits become their gradient, of the i-th sample that is left.
  void write_left(Index i, const Targets& block, Index classes, const CrossEntropyScalars<Real>& scalars) {
    const Index j = b_.left[static_cast<std::size_t>(i)];
    CrossEntropySample<Real> sample = state(i).sample(call_.scalars);
    sample.label = block.label(j);
    write_gradient(sample, Sample<const Real>{logits(j), 1}, classes, block, j, scalars,
                   scalars.gradient_scale(sample_weight(b_.options, j)), Sample<Real>{logits(j), 1});
  }

  /// body(first, classes), with the logits of these classes in the tile.
  template <class Body>
  void for_each_tile(const Body& body) {
    for (Index first = 0; first < call_.weights.classes(); first += plan_.classes) {
      const Index classes = (std::min)(plan_.classes, call_.weights.classes() - first);
      products_.fill_tile(first, classes);
      body(first, classes);
    }
  }

  /// Those of a tile, as seen from its first class on.
  CrossEntropyScalars<Real> tile_scalars(Index first, Index classes) {
    const Weights<Real>& class_weights = call_.options.class_weights;
    CrossEntropyScalars<Real> scalars = call_.scalars;
    if (class_weights.size() != 0) {
      b_.tile_class_weights.resize(plan_.classes);
      b_.tile_class_weights.head(classes) = class_weights.segment(first, classes);
      scalars.class_weights = &b_.tile_class_weights;
    }
    return scalars;
  }

  /// body(i, panels) with the panels of the thread.
  template <class Body>
  void for_samples(Index samples, Index classes, const Body& body) {
    for_blocks(call_.options.executor, Blocks(samples, classes), [&](Index /*block*/, Index first, Index last) {
      Panels own;
      for (Index i = first; i < last; ++i) body(i, own);
    });
  }

  void scatter_report() {
    CrossEntropyReport<Real>& whole = *call_.report;
    for (Index j = 0; j < count(); ++j) {
      whole.sample_loss[chosen(j)] = b_.report.sample_loss[j];
      whole.logsumexp[chosen(j)] = b_.report.logsumexp[j];
      whole.entropy[chosen(j)] = b_.report.entropy[j];
      whole.prediction[chosen(j)] = b_.report.prediction[j];
    }
  }

  Index count() const { return static_cast<Index>(b_.chosen.size()); }
  Index chosen(Index j) const { return b_.chosen[static_cast<std::size_t>(j)]; }
  RunningSample<Real>& state(Index j) { return b_.states[static_cast<std::size_t>(j)]; }
  Real* logits(Index j) { return products_.samples(plan_.classes)[j].data; }
  CrossEntropyReport<Real>* report() { return call_.report ? &b_.report : nullptr; }

  static constexpr Index capped_at_once = 1024;  // logits

  Call& call_;
  LinearBuffers<Real>& b_;
  LinearPlan plan_;
  ChunkProducts<Call> products_;
  CrossEntropySums<Real> sums_{};
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
