#ifndef XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_FORMULA_HPP
#define XENT_DETAIL_SOFTMAX_CROSS_ENTROPY_FORMULA_HPP

/// The formula of softmax cross-entropy, as a walk over tiles sees it, whatever the targets are.

#include <xent/config.hpp>
#include <xent/cross_entropy_options.hpp>
#include <xent/detail/arguments/operand.hpp>
#include <xent/detail/core/function_ref.hpp>
#include <xent/detail/core/wide.hpp>
#include <xent/detail/walk/formula.hpp>
#include <xent/types.hpp>

#include <limits>

XENT_NAMESPACE_BEGIN
namespace detail {

/// What the samples of a block add up to.
template <class Real>
struct CrossEntropySums {
  using W = Wide<Real>;

  W loss{0};
  W z_loss{0};
  W temperature_gradient{0};
  Index correct = 0;

  CrossEntropySums& operator+=(const CrossEntropySums& other) {
    loss += other.loss;
    z_loss += other.z_loss;
    temperature_gradient += other.temperature_gradient;
    correct += other.correct;
    return *this;
  }
};

/// Those of neighbouring blocks, each of which adds up its own samples.
template <class Real>
class BlockSums {
 public:
  BlockSums(CrossEntropySums<Real>& all) : sums_(&all) {}  // NOLINT(google-explicit-constructor): one for all samples
  BlockSums(CrossEntropySums<Real>& first_block, Index first, Index block_size)
      : sums_(&first_block), first_(first), size_(block_size) {}

  CrossEntropySums<Real>& of(Index sample) const { return sums_[(sample - first_) / size_]; }
  CrossEntropySums<Real>& operator[](Index block) const { return sums_[block]; }
  /// The number of blocks before sample `last`.
  Index until(Index last) const { return last > first_ ? (last - 1 - first_) / size_ + 1 : 0; }

 private:
  CrossEntropySums<Real>* sums_;
  Index first_ = 0;
  Index size_ = (std::numeric_limits<Index>::max)();
};

/// As formula.hpp has it. A virtual call costs nothing beside a tile, and the walk is compiled once for all targets.
template <class Real>
class CrossEntropyFormula : public MultipleOfExponentials<Real> {
 protected:
  using W = Wide<Real>;
  using Tile = simd::Tile<Real>;
  using Call = simd::Call<Real>;
  using Patch = typename MultipleOfExponentials<Real>::Patch;

  /// `report` may be null.
  CrossEntropyFormula(const CrossEntropyOptions<Real>& options, CrossEntropyReport<Real>* report,
                      const PortablePath<Real>& portable, const BlockSums<Real>& sums)
      : options_(options), report_(report), sums_(sums), portable_(portable) {}
  ~CrossEntropyFormula() = default;

  /// The samples of a tile that count, where no label is looked at.
  TileMask take_present(Index first, Index count, Tile& tile) const {
    TileMask present = 0;
    for (Index j = 0; j < count; ++j) {
      tile.label_logit[j] = 0;
      if (!absent(first + j)) present |= tile_bit(j);
    }
    return present;
  }

  /// The report's entries of a tile.
  void write_report(const Tile& tile, Index first, Index count) const {
    for (Index j = 0; j < count; ++j) {
      report_->sample_loss[first + j] = tile.loss[j];
      report_->logsumexp[first + j] = tile.logsumexp[j];
      report_->entropy[first + j] = tile.entropy[j];
    }
  }
  void count_correct(TileMask regular, const Index* labels, Index first, Index count) {
    for (Index j = 0; j < count; ++j)
      if ((regular & tile_bit(j)) != 0 && report_->prediction[first + j] == labels[j]) ++sums_.of(first).correct;
  }

  const CrossEntropyOptions<Real>& options_;  // NOLINT(misc-non-private-*): what all formulas share, here and below
  CrossEntropyReport<Real>* report_;          // NOLINT(misc-non-private-*)
  BlockSums<Real> sums_;                      // NOLINT(misc-non-private-*)

 public:
  CrossEntropyFormula(const CrossEntropyFormula&) = delete;
  CrossEntropyFormula& operator=(const CrossEntropyFormula&) = delete;

  static constexpr bool may_want_moments = true;

  virtual bool absent(Index i) const = 0;
  virtual bool wants_moments() const = 0;
  virtual bool refuses_late() const = 0;
  virtual TileMask take(const Samples<const Real>& z, Index first, Index count, Tile& tile) = 0;
  virtual TileMask shift(const Call& call, Index count, Tile& tile) = 0;
  virtual TileMask finish(const Call& call, Index first, Index count, TileMask admitted, Tile& tile) = 0;
  virtual void write_rows(const RowResults<Real>& r) const = 0;
  virtual void write_columns(const ColumnResults<Real>& r) const = 0;
  virtual bool takes_guesses() const { return false; }
  virtual const Index* labels() const { return nullptr; }
  virtual bool is_plain() const { return false; }
  virtual bool few_classes(const Call& /*call*/, const simd::Rows<Real>& /*z*/, Index /*first*/, Index /*count*/,
                           bool /*writes*/, const Tile& /*tile*/, simd::Traffic<Real>& /*traffic*/) {
    return false;
  }
  /// Whether the gradient is a multiple of the exponentials minus a number, but for the patch.
  virtual bool writes_multiples() const { return false; }
  virtual Patch patch(Index /*j*/, const Tile& /*tile*/) const { return {-1, Real(0)}; }

  Index* predictions(Index first) const { return report_ ? &report_->prediction[first] : nullptr; }
  void portable(Index i, Sample<Real> out) const { portable_.into(i, out); }
  void portable_in_place(Index i) const { portable_.in_place(i); }

 private:
  const PortablePath<Real>& portable_;
};

}  // namespace detail
XENT_NAMESPACE_END

#endif
