#ifndef XENT_TESTS_SEARCH_CLIMB_HPP
#define XENT_TESTS_SEARCH_CLIMB_HPP

/// Hill climbing with restarts towards the worst error of one quantity. All samples of a call are variants of one: the
/// worst of them is the next. The other quantities of the call are recorded on the way.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "mutations.hpp"
#include "problem.hpp"
#include "starts.hpp"

namespace search {

template <class Real>
struct Record {
  double error = -1;
  Settings<Real> settings;
  Sample<Real> sample;
};

/// The worst that is known of each quantity of a problem, shared by its climbs.
template <class Real>
using Records = std::vector<Record<Real>>;

template <class Real>
class Climb {
 public:
  Climb(std::shared_ptr<Problem<Real>> problem, std::shared_ptr<Records<Real>> records, Layout layout,
        std::size_t quantity, std::uint64_t seed)
      : problem_(std::move(problem)), records_(std::move(records)), quantity_(quantity), random_(seed) {
    batch_.layout = layout;
  }

  /// One call of the library.
  void step() {
    if (stagnant_ > patience_) restart();
    const bool start = here_.error < 0;
    batch_.settings = here_.settings;
    batch_.samples.assign(count(), here_.sample);
    const bool other_settings = !start && random_.chance(0.4);
    if (other_settings) change_settings();
    // The first sample stays where only the settings have changed.
    for (std::size_t i = other_settings ? 1 : 0; i < batch_.samples.size(); ++i) {
      if (start && random_.chance(0.9))
        batch_.samples[i] = start_sample(random_, problem_->inputs(), batch_.settings, batch_.classes());
      else
        mutate(random_, problem_->inputs(), batch_.settings, batch_.samples[i]);
    }
    judge();
  }

 private:
  std::size_t count() {
    const std::size_t n = here_.sample.a.size();
    const std::size_t full = std::clamp<std::size_t>(problem_->inputs().numbers / n, 2, n < 4 ? 256 : 64);
    return random_.chance(0.9) ? full : 1 + random_.integer(full);  // tails, too
  }

  /// From a new place, or once more from the worst one that is known.
  void restart() {
    stagnant_ = 0;
    patience_ = static_cast<int>(spread(random_, 5, 50));
    const Record<Real>& known = (*records_)[quantity_];
    if (known.error > 0 && random_.chance(0.4)) {
      here_ = known;
      return;
    }
    const std::size_t n = choice(random_, problem_->inputs().classes);
    here_.settings = start_settings<Real>(random_, problem_->inputs(), n);
    here_.sample = start_sample(random_, problem_->inputs(), here_.settings, n);
    here_.error = -1;
  }

  /// Other settings, and logits that are as far apart, most of the time.
  void change_settings() {
    mutate(random_, problem_->inputs(), batch_.settings);
    const double ratio = double(batch_.settings.temperature) / double(here_.settings.temperature);
    if (ratio > 0.9 && ratio < 1.1 && random_.chance(0.3)) return;
    for (Sample<Real>& sample : batch_.samples) {
      for (Real& z : sample.a) z = static_cast<Real>(double(z) * ratio);
      if (problem_->inputs().b == Inputs::logits)
        for (Real& z : sample.b) z = static_cast<Real>(double(z) * ratio);
    }
  }

  void judge() {
    errors_.reset(problem_->quantities().size(), batch_.samples.size());
    problem_->judge(batch_, errors_);
    ++stagnant_;
    for (std::size_t i = 0; i < batch_.samples.size(); ++i) {
      for (std::size_t quantity = 0; quantity < records_->size(); ++quantity)
        keep((*records_)[quantity], errors_(quantity, i), i);
      if (keep(here_, errors_(quantity_, i), i)) stagnant_ = 0;
    }
  }

  bool keep(Record<Real>& record, double error, std::size_t i) {
    if (error <= record.error) return false;
    record = {error, batch_.settings, batch_.samples[i]};
    return true;
  }

  std::shared_ptr<Problem<Real>> problem_;
  std::shared_ptr<Records<Real>> records_;
  std::size_t quantity_;
  Random random_;
  Batch<Real> batch_;
  Errors errors_;
  Record<Real> here_;
  int stagnant_ = 1, patience_ = 0;  // calls without progress, and how many of them are borne
};

}  // namespace search

#endif
