#ifndef XENT_TESTS_SEARCH_MUTATIONS_HPP
#define XENT_TESTS_SEARCH_MUTATIONS_HPP

/// The steps of a climb: small changes of a sample, and of the settings.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "problem.hpp"
#include "starts.hpp"

namespace search {

/// So many units in the last place further.
template <class Real>
Real moved(Real x, int places) {
  const Real magnitude = std::fabs(x);
  const Real next = std::nextafter(magnitude, std::numeric_limits<Real>::infinity());
  return x + static_cast<Real>(places) * (next - magnitude);
}

/// Both signs, mostly small.
inline int some_places(Random& random) {
  const auto places = static_cast<int>(spread(random, 1, 3000));
  return random.chance(0.5) ? places : -places;
}

/// What a number of a kind may be.
template <class Real>
bool is_allowed(Inputs::Kind kind, Real value, double t) {
  switch (kind) {
    case Inputs::probabilities:
      return value >= std::numeric_limits<Real>::min() && value <= 1;
    case Inputs::targets:
      return value >= 0 && value <= 4;
    case Inputs::decisions:
      return value >= 0 && value <= 1;
    default:
      return std::fabs(double(value)) <= 260 * t;
  }
}

template <class Real>
Real changed(Random& random, Inputs::Kind kind, Real value, double t) {
  if (random.chance(0.5)) return moved(value, some_places(random));
  const double size = kind == Inputs::logits ? t : std::max(double(value), 1e-3);
  return static_cast<Real>(double(value) + size * spread_normal(random, 1e-6, 2));
}

/// One value, or all that are equal to it, or all.
template <class Real>
void mutate(Random& random, Inputs::Kind kind, std::vector<Real>& values, double t) {
  const std::size_t n = values.size(), k = random.integer(n);
  const Real old = values[k];
  const auto put = [&](Real& value, Real other) {
    if (is_allowed(kind, other, t)) value = other;
  };
  switch (random.integer(7)) {
    case 0:
    case 1:
      return put(values[k], changed(random, kind, old, t));
    case 2: {
      const Real other = changed(random, kind, old, t);
      for (Real& value : values)
        if (value == old) put(value, other);
      return;
    }
    case 3:
      return put(values[random.integer(n)], old);
    case 4: {  // all by one amount
      const Real amount = changed(random, kind, old, t) - old;
      for (Real& value : values) put(value, value + amount);
      return;
    }
    case 5: {  // all by one factor
      const double factor = 1 + spread_normal(random, double(std::numeric_limits<Real>::epsilon()), 0.1);
      for (Real& value : values) put(value, static_cast<Real>(double(value) * factor));
      return;
    }
    default: {  // all that are equal to one, equal to another
      const Real other = values[random.integer(n)];
      if (random.chance(0.5)) return put(values[k], other);
      for (Real& value : values)
        if (value == old) value = other;
    }
  }
}

template <class Real>
void mutate(Random& random, const Inputs& inputs, const Settings<Real>& settings, Sample<Real>& sample) {
  const double t{settings.temperature};
  do {
    const bool second = inputs.b != Inputs::none && random.chance(0.4);
    mutate(random, second ? inputs.b : inputs.a, second ? sample.b : sample.a, t);
    if (inputs.label && random.chance(0.1)) sample.label = random.integer(sample.a.size());
    if (inputs.weight && random.chance(0.2)) {
      const Real weight =
          random.chance(0.5) ? moved(sample.weight, some_places(random)) : static_cast<Real>(random.uniform(0.5, 2));
      if (weight > 0) sample.weight = weight;
    }
  } while (random.chance(0.4));
}

/// A positive setting: a little further, or anew.
template <class Real>
void mutate_setting(Random& random, Real& setting, double low, double high) {
  const Real other = random.chance(0.7) ? moved(setting, some_places(random))
                                        : static_cast<Real>(double(setting) * (1 + 0.02 * random.normal()));
  if (other >= static_cast<Real>(low) && other <= static_cast<Real>(high)) setting = other;
}

template <class Real>
void mutate(Random& random, const Inputs& inputs, Settings<Real>& settings) {
  if (inputs.temperature && random.chance(0.7)) {
    if (random.chance(0.2))
      settings.temperature = static_cast<Real>(start_temperature(random));
    else
      mutate_setting(random, settings.temperature, 0x1p-100, 0x1p100);
  }
  if (inputs.weight && random.chance(0.3)) mutate_setting(random, settings.denominator, 0.25, 200);
  if (inputs.smoothing && random.chance(0.3)) {
    if (settings.smoothing > 0) mutate_setting(random, settings.smoothing, 0, 1);
    if (settings.z_loss > 0) mutate_setting(random, settings.z_loss, 0, 1);
    mutate_setting(random, settings.positive_weight, 0.1, 10);
  }
  if (!settings.class_weights.empty() && random.chance(0.3))
    mutate_setting(random, settings.class_weights[random.integer(settings.class_weights.size())], 0.25, 4);
  if (inputs.unit && random.chance(0.3)) settings.unit = random.integer(3);
}

}  // namespace search

#endif
