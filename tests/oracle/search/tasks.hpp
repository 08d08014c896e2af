#ifndef XENT_TESTS_SEARCH_TASKS_HPP
#define XENT_TESTS_SEARCH_TASKS_HPP

/// All climbs: every quantity of every problem, in both layouts, in one scalar.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "case_text.hpp"
#include "climb.hpp"
#include "problems_information.hpp"
#include "problems_softmax.hpp"
#include "problems_targets.hpp"

namespace search {

template <class Real>
class Tasks {
 public:
  /// Of the quantities whose line in the table has `only` in it.
  Tasks(const std::string& only, std::uint64_t seed) : only_(only), seed_(seed) {
    add<SoftmaxProblem<Real, SoftmaxFunction::softmax>>();
    add<SoftmaxProblem<Real, SoftmaxFunction::log_softmax>>();
    add<SoftmaxProblem<Real, SoftmaxFunction::logsumexp>>();
    add<LabelProblem<Real, Wanted::report, false>>();
    add<LabelProblem<Real, Wanted::gradient, false>>();
    add<LabelProblem<Real, Wanted::both, false>>();
    add<LabelProblem<Real, Wanted::both, true>>();
    add<LabelProblem<Real, Wanted::gradient, true>>();
    add<TargetProblem<Real, Targets::smoothed_labels>>();
    add<TargetProblem<Real, Targets::dense>>();
    add<TargetProblem<Real, Targets::sparse>>();
    add<MeasureProblem<Real, Measure::entropy>>();
    add<MeasureProblem<Real, Measure::cross_entropy>>();
    add<MeasureProblem<Real, Measure::kl_divergence>>();
    add<MeasureProblem<Real, Measure::js_divergence>>();
    add<LogitEntropyProblem<Real>>();
    add<LogitDivergenceProblem<Real>>();
    add<LogAddExpProblem<Real>>();
    add<SigmoidProblem<Real>>();
  }

  std::size_t size() const { return climbs_.size(); }

  void step(std::size_t task, int steps) {
    for (int i = 0; i < steps; ++i) climbs_[task].step();
  }

  struct Counts {
    int lines = 0, above = 0;
  };

  /// Prints the table.
  Counts print() const {
    Counts counts;
    for (const Row& row : rows_) {
      if (!row.searched) continue;
      const Record<Real>& record = (*row.records)[row.quantity];
      const Quantity& quantity = row.problem->quantities()[row.quantity];
      const bool above = record.error > quantity.bound;
      ++counts.lines;
      if (above) ++counts.above;
      std::printf("%-66s %6.3f ULP, bound %3.1f%s  (%s)\n", row.title.c_str(), record.error, quantity.bound,
                  above ? ", above" : "", place(record).c_str());
    }
    return counts;
  }

  /// The worst inputs of all rows, as cases without results.
  void write(std::ostream& out) const {
    for (const Row& row : rows_) {
      const Record<Real>& record = (*row.records)[row.quantity];
      if (!row.searched || record.error < 0) continue;
      char error[32];
      std::snprintf(error, sizeof error, "%.3f", record.error);
      row.problem->write(out, row.title + ": " + error + " ULP", record.settings, record.sample);
    }
  }

 private:
  struct Row {
    std::string title;
    std::shared_ptr<Problem<Real>> problem;
    std::shared_ptr<Records<Real>> records;
    std::size_t quantity;
    bool searched;
  };

  static std::string place(const Record<Real>& record) {
    char text[64];
    std::snprintf(text, sizeof text, "%zu classes, T = %.9g", record.sample.a.size(),
                  double(record.settings.temperature));
    return text;
  }

  template <class P>
  void add() {
    for (const Layout layout : {Layout::contiguous, Layout::strided}) {
      const auto problem = std::make_shared<P>();
      const std::size_t quantities = problem->quantities().size();
      const auto records = std::make_shared<Records<Real>>(quantities);
      for (std::size_t quantity = 0; quantity < quantities; ++quantity) {
        const std::string title =
            problem->quantities()[quantity].name + ", " + scalar_name<Real>() + ", " + name(layout);
        const bool searched = title.find(only_) != std::string::npos;
        rows_.push_back({title, problem, records, quantity, searched});
        if (searched) climbs_.emplace_back(problem, records, layout, quantity, seed_ + rows_.size());
      }
    }
  }

  std::string only_;
  std::uint64_t seed_;
  std::vector<Row> rows_;
  std::vector<Climb<Real>> climbs_;
};

}  // namespace search

#endif
