#ifndef XENT_EXAMPLES_WEIGHT_IMAGES_HPP
#define XENT_EXAMPLES_WEIGHT_IMAGES_HPP

/// The weights of a classifier of digits as pictures: ink that speaks for a digit, ink that speaks against it.

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>

#include "digits.hpp"

namespace example {

/// A colour between blue (-1), near white (0) and red (1), as #rrggbb: the ends differ in hue and are equally dark, so
/// that neither sign stands out.
inline std::string diverging_colour(double t) {
  using Colour = std::array<double, 3>;
  const Colour white{247, 247, 247};
  const Colour end = t < 0 ? Colour{20, 90, 170} : Colour{185, 30, 40};
  std::ostringstream text;
  text << '#' << std::hex << std::setfill('0');
  for (std::size_t i = 0; i < white.size(); ++i) {
    text << std::setw(2) << std::lround(white[i] + std::min(std::abs(t), 1.0) * (end[i] - white[i]));
  }
  return text.str();
}

/// An SVG picture of `weights` [10 x 64]: row k as the image of digit k, all on one scale, with zero in the middle of
/// it.
inline std::string weight_images_svg(const Eigen::MatrixXd& weights) {
  constexpr Eigen::Index columns = 5, pixel = 14, side = image_side * pixel, gap = 24, top = 64, caption = 44;
  constexpr Eigen::Index width = gap + columns * (side + gap);
  constexpr Eigen::Index legend_top = top + digit_classes / columns * (side + caption) + 8;
  constexpr Eigen::Index legend_steps = 48, legend_step = 6, legend_left = (width - legend_steps * legend_step) / 2;
  // Weights that are all zero are drawn as such.
  const double scale = std::max(weights.cwiseAbs().maxCoeff(), std::numeric_limits<double>::min());

  std::ostringstream svg;
  const auto rectangle = [&svg](Eigen::Index x, Eigen::Index y, Eigen::Index w, Eigen::Index h, double t) {
    svg << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << w << "\" height=\"" << h << "\" fill=\""
        << diverging_colour(t) << "\"/>\n";
  };
  const auto text = [&svg](Eigen::Index x, Eigen::Index y, Eigen::Index size, const std::string& words) {
    svg << "<text x=\"" << x << "\" y=\"" << y << "\" font-size=\"" << size << "\">" << words << "</text>\n";
  };

  svg << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width
      << "\" height=\"" << legend_top + 64 << "\" viewBox=\"0 0 " << width << ' ' << legend_top + 64
      << "\" font-family=\"sans-serif\" text-anchor=\"middle\" fill=\"#222222\">\n<title>Weights of ten "
         "digits</title>\n"
      << "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  text(width / 2, 40, 20, "What each digit's weights look for");

  for (Eigen::Index digit = 0; digit < weights.rows(); ++digit) {
    const Eigen::Index left = gap + digit % columns * (side + gap);
    const Eigen::Index upper = top + digit / columns * (side + caption);
    svg << "<g shape-rendering=\"crispEdges\">\n";
    for (Eigen::Index i = 0; i < weights.cols(); ++i) {
      rectangle(left + i % image_side * pixel, upper + i / image_side * pixel, pixel, pixel, weights(digit, i) / scale);
    }
    svg << "</g>\n<rect x=\"" << left << "\" y=\"" << upper << "\" width=\"" << side << "\" height=\"" << side
        << "\" fill=\"none\" stroke=\"#bbbbbb\"/>\n";
    text(left + side / 2, upper + side + 22, 18, std::to_string(digit));
  }

  svg << "<g shape-rendering=\"crispEdges\">\n";
  for (Eigen::Index i = 0; i < legend_steps; ++i) {
    rectangle(legend_left + i * legend_step, legend_top, legend_step, 14,
              static_cast<double>(2 * i + 1) / legend_steps - 1);
  }
  svg << "</g>\n";
  std::ostringstream limit;
  limit << std::setprecision(2) << scale;
  text(legend_left, legend_top + 32, 13, "&#8722;" + limit.str());
  text(width / 2, legend_top + 32, 13, "0");
  text(legend_left + legend_steps * legend_step, legend_top + 32, 13, "+" + limit.str());
  text(width / 2, legend_top + 52, 13, "blue: ink here speaks against the digit, red: for it");
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace example

#endif
