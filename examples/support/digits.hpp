#ifndef XENT_EXAMPLES_DIGITS_HPP
#define XENT_EXAMPLES_DIGITS_HPP

/// Handwritten digits: a file of them, a training and a test set, an order that is the same on every machine.

#include <Eigen/Core>

#include <charconv>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "files.hpp"
#include "quoted.hpp"

namespace example {

inline constexpr Eigen::Index digit_classes = 10;
inline constexpr Eigen::Index image_side = 8;
inline constexpr Eigen::Index image_pixels = image_side * image_side;

struct Digits {
  Eigen::MatrixXd images;  // [64 x samples], each column an image row by row, 0 (paper) to 1 (ink)
  Eigen::VectorXi labels;  // [samples], 0 to 9

  Eigen::Index size() const { return labels.size(); }
};

/// Reads lines of 64 pixels, 0 to 16, and the digit, 0 to 9, with commas between them. Throws std::runtime_error that
/// names the file and the line.
inline Digits read_digits(const std::string& path) {
  std::vector<double> pixels;
  std::vector<int> labels;
  for_each_line(path, [&](const std::string& line, long number) {
    const auto fail = [&](const std::string& expectation, const std::string& got) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " + expectation + ", got " + got);
    };
    std::vector<std::string> fields;
    std::istringstream stream(line + (line.empty() ? "" : ","));
    for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
    if (fields.size() != image_pixels + 1) {
      fail("expected 65 integers (64 pixels, then the digit)", std::to_string(fields.size()));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string& text = fields[i];
      const bool is_label = i == image_pixels;
      const int largest = is_label ? 9 : 16;
      int value = 0;
      const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      const bool is_integer = error == std::errc() && rest == text.data() + text.size();
      if (!is_integer || value < 0 || value > largest) {
        fail((is_label ? "the digit" : "pixel " + std::to_string(i + 1)) + " must be an integer from 0 to " +
                 std::to_string(largest),
             quoted(text, 20));
      }
      if (is_label) {
        labels.push_back(value);
      } else {
        pixels.push_back(value / 16.0);
      }
    }
  });
  if (labels.empty()) throw std::runtime_error(path + ":1: the file is empty, expected digits, one a line");
  const auto samples = static_cast<Eigen::Index>(labels.size());
  return {Eigen::Map<const Eigen::MatrixXd>(pixels.data(), image_pixels, samples),
          Eigen::Map<const Eigen::VectorXi>(labels.data(), samples)};
}

struct DigitSets {
  Digits training, test;
};

/// Reads a file whose last `test_size` lines are the test set and whose others are the training set.
inline DigitSets read_digit_sets(const std::string& path, Eigen::Index test_size) {
  const Digits all = read_digits(path);
  const Eigen::Index training_size = all.size() - test_size;
  if (training_size < 1) {
    throw std::runtime_error(path + ":" + std::to_string(all.size()) + ": the file ends here; the last " +
                             std::to_string(test_size) + " lines are the test set, and none is left to train on");
  }
  return {{all.images.leftCols(training_size), all.labels.head(training_size)},
          {all.images.rightCols(test_size), all.labels.tail(test_size)}};
}

/// Brings the samples into a random order (Fisher and Yates; Durstenfeld 1964). std::shuffle with the same generator
/// gives other orders with other standard libraries. The remainder favours small indices by less than 2^-50.
inline void shuffle(Digits& digits, std::mt19937_64& generator) {
  for (Eigen::Index last = digits.size() - 1; last > 0; --last) {
    const auto other = static_cast<Eigen::Index>(generator() % static_cast<std::mt19937_64::result_type>(last + 1));
    digits.images.col(last).swap(digits.images.col(other));
    std::swap(digits.labels(last), digits.labels(other));
  }
}

}  // namespace example

#endif
