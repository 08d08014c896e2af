#ifndef XENT_DETAIL_LINEAR_PLAN_HPP
#define XENT_DETAIL_LINEAR_PLAN_HPP

/// How linear_cross_entropy cuts its work so that the scratch memory keeps to a budget.

#include <xent/config.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/types.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// What a call keeps in scratch memory, in coefficients of the results.
struct LinearNeeds {
  Index dim;
  Index classes;
  Index samples;       // those that count
  Index scalar_bytes;  // of a coefficient
  Index panel_copies;  // [panel x dim] each
  bool packs;          // products pack their operands on the heap: Eigen's
  Index chunk_copies;  // [dim x samples of a chunk] each
  Index state_bytes;   // of the running sums of a sample
  Index class_copies;  // [classes] each
  Index tile_copies;   // [classes of a tile] each
  Index slopes;        // numbers at least for those of a soft cap
  Index least_whole;   // samples of a chunk of all classes from which on it beats tiles of classes
};

/// A chunk of samples has its logits in a tile [classes x samples]. All classes at once if enough samples fit: the
/// logits are then computed once. Else the classes come tile by tile, and once more for the gradient. Matrix products
/// take a panel of classes at a time.
struct LinearPlan {
  Index samples;  // of a chunk
  Index classes;  // of a tile
  Index panel;    // classes of a product
  bool whole;     // a tile has all classes

  LinearPlan(const LinearNeeds& needs, std::size_t workspace_bytes) {
    constexpr Index most_bytes = (std::numeric_limits<Index>::max)() / 2;
    const auto budget = static_cast<Index>((std::min)(workspace_bytes, static_cast<std::size_t>(most_bytes)));
    const Index bytes = budget - needs.scalar_bytes * needs.classes * needs.class_copies;
    panel = least_panel *
            std::clamp<Index>(panel_bytes / (needs.scalar_bytes * (std::max<Index>)(1, needs.dim)) / least_panel, 1,
                              most_panels);
    panel = (std::min)(panel, rounded_up(needs.classes));
    const Index best = (std::min)((std::max<Index>)(1, needs.samples), best_samples(needs));
    const Index slopes = (std::max)(needs.slopes - needs.classes, Index{0});
    const Index of_classes = needs.scalar_bytes * (needs.tile_copies * needs.classes + slopes);
    const Index fitting = (bytes - per_panel(needs) - of_classes) / per_sample(needs, stride(needs.classes), 0);
    whole = fitting >= (std::min)(best, needs.least_whole);
    if (whole) {
      classes = needs.classes;
      samples = balanced((std::min)(best, fitting), needs.samples);
    } else {
      cut_classes(needs, bytes, best);
    }
  }

  static constexpr Index largest_panel = 960;

  /// The leading dimension of a tile: columns start on a cache line, and not all on the same few sets of the caches.
  static Index stride(Index classes) { return rounded_up(classes) + 16; }

 private:
  // A panel of weights and its products stay in the second-level cache with room to spare. From 96 KiB to 2 MiB a panel
  // the time of the products differs by 3 %.
  static constexpr Index panel_bytes = Index{512} << 10U;
  static constexpr Index least_panel = 48;  // a multiple of the rows of a tile of sums in registers
  static constexpr Index most_panels = largest_panel / least_panel;
  // d_weights is read and written for every chunk. With 256 samples that no longer shows beside the products (1 to 5
  // %).
  static constexpr Index good_samples = 256;
  static constexpr Index good_tile_bytes = Index{1} << 20U;  // small problems: a chunk has work for several threads
  static constexpr Index most_samples = Index{1} << 13U;     // the sums of a chunk are a level of those of all samples
  // Where the budget is too small for an efficient tile, panels shrink before there are fewer samples than this. The
  // smallest tile, used however small the budget is, has one sample and one such panel.
  static constexpr Index few_samples = 8;
  static constexpr Index smallest_panel = 16;

  static Index rounded_up(Index classes) { return ((std::max<Index>)(1, classes) + 15) / 16 * 16; }

  static Index best_samples(const LinearNeeds& needs) {
    return std::clamp(good_tile_bytes / (needs.scalar_bytes * (std::max<Index>)(1, needs.classes)), good_samples,
                      most_samples);
  }

  /// Chunks of nearly equal size: a short last one would cost as much traffic as a full one. Whole tiles of products,
  /// if that fits.
  static Index balanced(Index most, Index samples) {
    const Index chunks = (std::max<Index>)(1, (samples + most - 1) / most);
    const Index equal = (std::max<Index>)(1, (samples + chunks - 1) / chunks);
    return (std::min)(most, (equal + 7) / 8 * 8);
  }

  Index per_panel(const LinearNeeds& needs) const {
    return needs.scalar_bytes * panel * (needs.dim * (needs.panel_copies + (needs.packs ? 1 : 0)) + 2);
  }

  /// Of each sample of a chunk: its logits, its copies, what is packed of it, index, weight, report.
  Index per_sample(const LinearNeeds& needs, Index tile_stride, Index states) const {
    const Index packed = needs.packs ? (std::max)(needs.dim, panel) : 0;
    const Index coefficients = tile_stride + stride(needs.dim) * needs.chunk_copies + packed + 6;
    return needs.scalar_bytes * coefficients + 2 * static_cast<Index>(sizeof(Index)) + states * needs.state_bytes;
  }

  void cut_classes(const LinearNeeds& needs, Index bytes, Index best) {
    Index fitting = samples_beside(needs, bytes);
    while (fitting < (std::min)(best, few_samples) && panel > smallest_panel) {
      panel = (std::max)(smallest_panel, panel / 2 / 16 * 16);
      fitting = samples_beside(needs, bytes);
    }
    samples = balanced(std::clamp<Index>(fitting, 1, best), needs.samples);
    const Index rest = bytes - per_panel(needs) - samples * per_sample(needs, stride(0), 1);
    const Index most_classes = rest / (needs.scalar_bytes * (samples + needs.tile_copies));
    classes = (std::min)((std::max)(panel, most_classes / panel * panel), needs.classes);
  }

  /// How many samples fit beside a panel if the tile has the classes of one panel.
  Index samples_beside(const LinearNeeds& needs, Index bytes) const {
    const Index rest = bytes - per_panel(needs) - needs.scalar_bytes * needs.tile_copies * panel;
    return rest / per_sample(needs, stride(panel), 1);
  }
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
