#ifndef XENT_DETAIL_LIKELIHOOD_SIGMOID_RUNS_HPP
#define XENT_DETAIL_LIKELIHOOD_SIGMOID_RUNS_HPP

/// Sigmoid cross-entropy by the kernels of simd/. What is irregular goes by sigmoid_sample.hpp.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/arguments/targets.hpp>
#include <xent/detail/core/blocks.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/likelihood/sigmoid_sample.hpp>
#include <xent/detail/walk/coefficient_runs.hpp>
#include <xent/detail/walk/kernel_call.hpp>
#include <xent/detail/walk/runs_out.hpp>
#include <xent/likelihood_options.hpp>
#include <xent/simd/kernels/decisions.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

XENT_NAMESPACE_BEGIN
namespace detail {

/// y_k of samples one after the other, for increasing k.
template <class Targets>
class ForwardReader {
 public:
  using Reader = decltype(std::declval<const Targets&>().reader(0));

  explicit ForwardReader(const Targets& targets) : targets_(targets) {}
  Reader& of_sample(Index i) {
    if (sample_ != i) reader_.emplace(targets_.reader(i));
    sample_ = i;
    return *reader_;
  }

 private:
  const Targets& targets_;
  Index sample_ = -1;
  std::optional<Reader> reader_{};
};

/// Sparse targets, run by run, in order: a run that was read is kept until the next one needs more.
template <class Real, class Targets>
class EntryRuns {
 public:
  EntryRuns(const Targets& targets, Index classes)  // NOLINT(*-member-init): what is gathered is written first
      : targets_(targets), reader_(targets), classes_(classes) {}

  static RunLength length() { return {gathered, false}; }
  /// As RunsIn does.
  const Real* read(Index first, Index n) {
    if (first + n > end_) gather(first, n);
    const auto* const place = inexact_.data() + (first - begin_);
    if (last_inexact_ >= first && std::find(place, place + n, true) != place + n) return nullptr;
    return gathered_.data() + (first - begin_);
  }

 private:
  void gather(Index first, Index n) {
    const Index kept = (std::max<Index>)(0, end_ - first);
    const Index from = end_ - begin_ - kept;
    std::copy_n(gathered_.begin() + from, kept, gathered_.begin());
    std::copy_n(inexact_.begin() + from, kept, inexact_.begin());
    std::fill_n(gathered_.begin() + kept, n - kept, Real(0));
    std::fill_n(inexact_.begin() + kept, n - kept, false);
    begin_ = first;
    end_ = first + n;
    for_each_part_of_run(classes_, first + kept, n - kept, [&](Index j, Index i, Index k, Index size) {
      const auto put = [&](Index at, const Wide<Real>& y) {
        const auto place = static_cast<std::size_t>(kept + j + at - k);
        gathered_[place] = narrow<Real>(y);
        inexact_[place] = !is_nan(y) && widen<Wide<Real>>(gathered_[place]) != y;
        if (inexact_[place]) last_inexact_ = first + kept + j + at - k;
      };
      if (size == classes_)
        targets_.for_each_entry(i, put);
      else
        reader_.of_sample(i).for_each_below(k + size, put);
    });
  }

  const Targets& targets_;
  ForwardReader<Targets> reader_;
  Index classes_;
  Index begin_ = 0;
  Index end_ = 0;
  Index last_inexact_ = -1;
  GatheredCoefficients<Real> gathered_;
  std::array<bool, static_cast<std::size_t>(gathered)> inexact_;  // NOLINT: no Real has all of its digits
};

/// A block of samples of one call.
template <class Real, class Scalar, class Targets, class Out>
class SigmoidRuns {
  using W = Wide<Real>;
  using Kernels = simd::DecisionKernels<Real>;
  static constexpr double unscale = 1 / static_cast<double>(simd::CoefficientScale<Real>::of_loss);

 public:
  SigmoidRuns(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
              const SigmoidCall<Real>& call)
      : z_(z), targets_(targets), gradient_(gradient), call_(call) {}

  /// Whether there are kernels for this call: nowhere may a product lose digits.
  bool works() const {
    if (!simd::has_kernels()) return false;
    const auto [least_weight, most_weight] = call_.weight.range();
    const auto [least_positive, most_positive] = call_.positive_weight.range();
    const W by_denominator = W(1) / call_.denominator;
    for (const Real& p : {Real(1), least_positive, most_positive})
      if (!in_range(W(widen<W>(p) * call_.target.keep)) || !in_range(W(widen<W>(p) * call_.target.share))) return false;
    return is_regular(by_denominator) && is_regular(W(widen<W>(least_weight) * by_denominator)) &&
           is_regular(W(widen<W>(most_weight) * by_denominator));
  }

  /// Samples [first, last), as sigmoid_samples has it.
  void add_up(Index first, Index last, SigmoidReport<Real>* report, SigmoidSums<Real>& sums) {
    const Samples<Out> to = gradient_ == nullptr ? Samples<Out>{} : *gradient_;
    RunsIn<Real, Scalar> z(z_);
    auto y = target_runs();
    ForwardReader<Targets> y_of(targets_);
    RunsOut<Real, Out> gradient(to, true);
    const bool stream = is_streamed(to, z_);
    const Index classes = z_.classes;
    RunLength length =
        z.length() & y.length() & gradient.length() & call_.weight.length() & call_.positive_weight.length();
    if (report) length.most = (std::min)(length.most, Kernels::most_reported);
    const simd::DecisionScalars<Real> scalars = this->scalars();
    GatheredCoefficients<Real> weights;           // NOLINT: written before it is read
    GatheredCoefficients<Real> positive_weights;  // NOLINT
    const auto run = [&](Index from, Index until, SigmoidEntries<Real>* entries) {
      W loss(0);
      walk_runs(
          from, until, classes, length,
          [&](Index at, Index n) -> Index {
            const Real* const target = y.read(at, n);
            if (target == nullptr) return 0;
            simd::DecisionSums<Real> found{};
            const Index done = Kernels::decisions(
                {z.read(at, n), target, call_.positive_weight.of_run(at, n, classes, positive_weights),
                 call_.weight.of_run(at, n, classes, weights), n, gradient.begin(at, n),
                 stream && gradient.in_memory()},
                scalars, entries != nullptr, &found);
            gradient.end(at, done);
            loss += W(wide_sum<Real>(found.loss) * W(unscale));
            if (entries) add(found, at - from, *entries);
            return done;
          },
          [&](Index at) {
            const Index i = at / classes;
            const Index k = at % classes;
            loss += sigmoid_coefficient(z_, W(y_of.of_sample(i)(k)), gradient_, call_, i, k, entries);
            gradient.reread(i, k);
          });
      return loss;
    };
    if (!report) {
      sums.loss += run(first * classes, last * classes, nullptr);
    } else {
      for (Index i = first; i < last; ++i) {
        SigmoidEntries<Real> entries;
        entries.absent = call_.weight.absent(i, classes);
        const W loss = run(i * classes, (i + 1) * classes, &entries);
        sums.loss += loss;
        sums.correct += entries.correct;
        entries.write(*report, i, loss);
      }
    }
    gradient.finish();
    if (stream) simd::fence();
  }

 private:
  auto target_runs() const {
    if constexpr (Targets::are_dense)
      return RunsIn<Real, typename Targets::Scalar>(targets_.samples());
    else
      return EntryRuns<Real, Targets>(targets_, z_.classes);
  }
  simd::DecisionScalars<Real> scalars() const {
    return {split_factor<Real>(call_.target.keep), narrow<Real>(call_.target.share),
            split_factor<Real>(W(W(W(1) / call_.denominator) * W(unscale)))};
  }
  /// What a run has found, that begins at class k of its sample.
  static void add(const simd::DecisionSums<Real>& found, Index k, SigmoidEntries<Real>& entries) {
    entries.log_partition += W(wide_sum<Real>(found.log_partition) * W(unscale));
    entries.entropy += W(wide_sum<Real>(found.entropy) * W(unscale));
    entries.correct += found.correct;
    entries.add_candidate(found.largest, k + found.prediction);
  }

  static constexpr double smallest = std::is_same_v<Real, float> ? 0x1p-60 : 0x1p-500;
  static bool in_range(const W& x) { return x == W(0) || (x > W(smallest) && x < W(1 / smallest)); }
  static bool is_regular(const W& alpha) { return alpha > W(smallest * 0x1p20) && alpha < W(1 / smallest); }

  const Samples<const Scalar>& z_;
  const Targets& targets_;
  const Samples<Out>* gradient_;
  const SigmoidCall<Real>& call_;
};

/// Samples [first, last): their gradients are written, their entries of the report too, their sums are added.
template <class Real, class Scalar, class Targets, class Out>
void sigmoid_block(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                   const SigmoidCall<Real>& call, SigmoidReport<Real>* report, Index first, Index last,
                   SigmoidSums<Real>& sums) {
  if constexpr (has_kernels<Real>) {
    SigmoidRuns<Real, Scalar, Targets, Out> runs(z, targets, gradient, call);
    if (runs.works()) return runs.add_up(first, last, report, sums);
  }
  sigmoid_samples(z, targets, gradient, call, report, first, last, sums);
}

/// All of them. Of decisions the classes may be walked as samples, where those lie side by side.
template <class Real, class Scalar, class Targets, class Out>
SigmoidSums<Real> sigmoid_of_batch(const Samples<const Scalar>& z, const Targets& targets, const Samples<Out>* gradient,
                                   const Executor& executor, const SigmoidCall<Real>& call,
                                   SigmoidReport<Real>* report) {
  if constexpr (Targets::are_dense) {
    if (!report && z.class_stride != 1 && z.sample_stride == 1) {
      const Samples<Out> out = gradient ? turned(*gradient) : Samples<Out>{};
      const SigmoidCall<Real> turned_call{call.weight.turned(), call.positive_weight.turned(), call.target,
                                          call.denominator};
      return sigmoid_of_batch(turned(z), Targets(turned(targets.samples())), gradient ? &out : nullptr, executor,
                              turned_call, report);
    }
  }
  return sum_over_blocks<SigmoidSums<Real>>(executor, Blocks(z.count, z.classes),
                                            [&](Index first, Index last, SigmoidSums<Real>& partial) {
                                              sigmoid_block(z, targets, gradient, call, report, first, last, partial);
                                            });
}

}  // namespace detail
XENT_NAMESPACE_END

#endif
