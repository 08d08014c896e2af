#ifndef XENT_TESTS_SEARCH_CASE_TEXT_HPP
#define XENT_TESTS_SEARCH_CASE_TEXT_HPP

/// Inputs in the format of tests/data; tests/oracle/README.md describes it.

#include <cstdio>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include "problem.hpp"

namespace search {

inline std::string hexadecimal(double x) {
  char text[64];
  std::snprintf(text, sizeof text, "%a", x);
  return text;
}

template <class Real>
const char* scalar_name() {
  return std::is_same_v<Real, float> ? "float" : "double";
}

template <class Real>
void write_case(std::ostream& out, const char* function, const std::string& description) {
  out << "\ncase " << function << ' ' << scalar_name<Real>() << ' ' << description << '\n';
}

/// Equal neighbours as x*count.
template <class Number>
void write_input(std::ostream& out, const char* name, const std::vector<Number>& values) {
  out << "in " << name;
  for (std::size_t i = 0; i < values.size();) {
    std::size_t j = i;
    while (j < values.size() && values[j] == values[i]) ++j;
    out << ' ' << hexadecimal(static_cast<double>(values[i]));
    if (j - i > 1) out << '*' << j - i;
    i = j;
  }
  out << '\n';
}

template <class Number>
void write_input(std::ostream& out, const char* name, Number value) {
  write_input(out, name, std::vector<Number>{value});
}

/// A sample with a label, or with a distribution, under the options of softmax_cross_entropy.
template <class Real>
void write_cross_entropy_case(std::ostream& out, const std::string& description, const Settings<Real>& settings,
                              const Sample<Real>& sample) {
  write_case<Real>(out, "cross_entropy", description);
  write_input(out, "logits", sample.a);
  if (sample.b.empty()) write_input(out, "labels", static_cast<double>(sample.label));
  if (!sample.b.empty()) write_input(out, "targets", sample.b);
  write_input(out, "temperature", settings.temperature);
  write_input(out, "z_loss", settings.z_loss);
  write_input(out, "smoothing", settings.smoothing);
  write_input(out, "other_classes", settings.other_classes ? 1.0 : 0.0);
  write_input(out, "mean", 1.0);
  write_input(out, "denominator", settings.denominator);
  write_input(out, "sample_weights", sample.weight);
  write_input(out, "class_weights", settings.class_weights);
}

}  // namespace search

#endif
