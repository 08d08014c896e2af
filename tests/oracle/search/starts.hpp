#ifndef XENT_TESTS_SEARCH_STARTS_HPP
#define XENT_TESTS_SEARCH_STARTS_HPP

/// Where a climb starts: settings and samples of every structure that has upset a softmax.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "problem.hpp"
#include "support/random.hpp"

namespace search {

using support::Random;

/// Uniform on a logarithmic scale.
inline double spread(Random& random, double low, double high) {
  return std::exp(random.uniform(std::log(low), std::log(high)));
}

/// Of either sign, of a size that is uniform on a logarithmic scale.
inline double spread_normal(Random& random, double low, double high) {
  const double size = spread(random, low, high);
  return size * random.normal();
}

template <class Item>
const Item& choice(Random& random, const std::vector<Item>& items) {
  return items[random.integer(items.size())];
}

inline double start_temperature(Random& random) {
  switch (random.integer(8)) {
    case 0:
    case 1:
      return 1;
    case 2:
      return random.uniform(1, 1.02);
    case 3:
      return 1 + std::ldexp(1.0, -1 - random.integer(20));
    case 4:
      return random.uniform(1, 2);
    case 5:
      return random.chance(0.1) ? std::ldexp(random.uniform(1, 2), random.integer(200) - 100)
                                : spread(random, 0.05, 50);
    default:
      return spread(random, 0.05, 50);
  }
}

template <class Real>
Settings<Real> start_settings(Random& random, const Inputs& inputs, std::size_t classes) {
  Settings<Real> settings;
  if (inputs.temperature) settings.temperature = static_cast<Real>(start_temperature(random));
  if (inputs.weight && random.chance(0.5)) settings.denominator = static_cast<Real>(random.uniform(0.5, 100));
  if (inputs.unit) settings.unit = random.integer(3);
  if (inputs.smoothing) {
    if (random.chance(0.6)) settings.smoothing = static_cast<Real>(random.chance(0.5) ? 0.1 : random.uniform());
    settings.other_classes = random.chance(0.3);
    if (random.chance(0.3)) settings.z_loss = static_cast<Real>(spread(random, 1e-5, 1));
    if (random.chance(0.5)) settings.positive_weight = static_cast<Real>(spread(random, 0.1, 10));
  }
  if (inputs.class_weights && random.chance(0.4)) {
    for (std::size_t k = 0; k < classes; ++k)
      settings.class_weights.push_back(static_cast<Real>(random.uniform(0.5, 2)));
  }
  return settings;
}

/// Logits over T, the largest 0.
inline std::vector<double> start_gaps(Random& random, std::size_t n) {
  std::vector<double> x(n);
  const double gap = spread(random, 1e-6, 90), step = spread(random, 1e-3, 3);
  switch (random.integer(7)) {
    case 0:
      break;
    case 1: {  // two levels
      const std::size_t lower = random.chance(0.5) ? n - 1 : random.integer(n);
      for (std::size_t k = 0; k < lower; ++k) x[k] = -gap;
      break;
    }
    case 2: {  // three levels
      const double further = gap * random.uniform(1, 2);
      for (std::size_t k = 1; k < n; ++k) x[k] = random.chance(0.5) ? -gap : -further;
      break;
    }
    case 3: {  // one dominant
      const double distance = random.uniform(3, 20);
      for (std::size_t k = 1; k < n; ++k) x[k] = random.normal() - distance;
      break;
    }
    case 4:
      for (std::size_t k = 0; k < n; ++k) x[k] = -step * static_cast<double>(k % 200);
      break;
    case 5:  // next to multiples of fractions of ln 2, between which exponentials are reduced
      for (std::size_t k = 1; k < n; ++k) {
        const int pieces = 1 << random.integer(7);
        const double place = double(random.integer(2 + 2 * pieces)) / (2 * pieces);
        x[k] = -0.6931471805599453 * (place + std::floor(spread(random, 1, 20)));
      }
      break;
    default:
      for (double& value : x) value = spread_normal(random, 1e-3, 10);
  }
  const double top = *std::max_element(x.begin(), x.end());
  for (double& value : x) value -= top;
  random.shuffle(x);
  return x;
}

template <class Real>
std::vector<Real> start_logits(Random& random, std::size_t n, double t) {
  const std::vector<double> x = start_gaps(random, n);
  double offset = 0;
  switch (random.integer(6)) {
    case 0:
    case 1: {  // logsumexp near 0
      double sum = 0;
      for (const double value : x) sum += std::exp(value);
      offset = -std::log(sum);
      break;
    }
    case 2:
      offset = random.uniform(-250, 250);
      break;
    case 3:
      offset = random.uniform(-2, 2);
      break;
    default:
      break;
  }
  std::vector<Real> z;
  for (const double value : x) z.push_back(static_cast<Real>(t * (value + offset)));
  return z;
}

template <class Real>
std::vector<Real> start_probabilities(Random& random, std::size_t n) {
  std::vector<double> p = start_gaps(random, n);
  double sum = 0;
  for (double& value : p) sum += value = std::exp(std::max(value, -60.0));
  const double factor = random.chance(0.8) ? 1 / sum : random.chance(0.5) ? 1 : spread(random, 1e-3, 1);
  std::vector<Real> rounded;
  for (const double value : p) rounded.push_back(static_cast<Real>(std::min(1.0, value * factor)));
  return rounded;
}

/// Near another distribution, or other logits, by a relative amount.
template <class Real>
std::vector<Real> start_near(Random& random, const std::vector<Real>& values, double most) {
  const double change = spread(random, double(std::numeric_limits<Real>::epsilon()), 0.5);
  std::vector<Real> near;
  for (const Real value : values)
    near.push_back(static_cast<Real>(std::min(most, double(value) * (1 + change * random.uniform(-1, 1)))));
  return near;
}

template <class Real>
std::vector<Real> start_targets(Random& random, std::size_t n) {
  std::vector<Real> y = start_probabilities<Real>(random, n);
  if (random.chance(0.4)) {
    const double kept = spread(random, 0.02, 1);
    for (Real& value : y)
      if (!random.chance(kept)) value = 0;
    y[random.integer(n)] = static_cast<Real>(random.uniform(0.1, 1));
  }
  return y;
}

template <class Real>
std::vector<Real> start_values(Random& random, Inputs::Kind kind, std::size_t n, double t,
                               const std::vector<Real>& other) {
  std::vector<Real> values;
  switch (kind) {
    case Inputs::none:
      break;
    case Inputs::logits:
      if (!other.empty() && random.chance(0.5)) return start_near(random, other, 1e30);
      return start_logits<Real>(random, n, t);
    case Inputs::probabilities:
      if (!other.empty() && random.chance(0.5)) return start_near(random, other, 1);
      return start_probabilities<Real>(random, n);
    case Inputs::targets:
      return start_targets<Real>(random, n);
    case Inputs::decisions:
      for (std::size_t k = 0; k < n; ++k)
        values.push_back(random.chance(0.5) ? Real(random.integer(2)) : static_cast<Real>(random.uniform()));
  }
  return values;
}

template <class Real>
Sample<Real> start_sample(Random& random, const Inputs& inputs, const Settings<Real>& settings, std::size_t n) {
  Sample<Real> sample;
  const double t{settings.temperature};
  sample.a = start_values<Real>(random, inputs.a, n, t, {});
  sample.b = start_values<Real>(random, inputs.b, n, t, sample.a);
  if (inputs.label) {
    const auto top = std::max_element(sample.a.begin(), sample.a.end());
    sample.label = random.chance(0.4) ? static_cast<std::size_t>(top - sample.a.begin()) : random.integer(n);
  }
  if (inputs.weight && random.chance(0.7)) sample.weight = static_cast<Real>(random.uniform(0.5, 2));
  return sample;
}

}  // namespace search

#endif
