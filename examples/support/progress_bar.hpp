#ifndef XENT_EXAMPLES_PROGRESS_BAR_HPP
#define XENT_EXAMPLES_PROGRESS_BAR_HPP

/// A bar on the last line of a terminal; nothing at all when the standard output is a file or a pipe.

#include <cstddef>
#include <cstdio>
#include <string>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace example {

inline bool stdout_is_terminal() {
#ifdef _WIN32
  return _isatty(_fileno(stdout)) != 0;
#else
  return isatty(fileno(stdout)) != 0;
#endif
}

/// Counts steps up to `total` and shows the part done. The bar is gone when the object is, also after an exception, so
/// that the next message starts on a clean line and a terminal ends up with the same text as a file.
class ProgressBar {
 public:
  explicit ProgressBar(std::ptrdiff_t total, bool visible = stdout_is_terminal()) : total_(total), visible_(visible) {
    draw();
  }
  ~ProgressBar() { erase(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void step() {
    const std::ptrdiff_t before = percent();
    ++done_;
    // At most a hundred redraws, however many steps there are.
    if (percent() != before) draw();
  }

  /// Lets `print` write whole lines where the bar was, then shows the bar below them.
  template <class Print>
  void print_above(Print print) {
    erase();
    print();
    std::fflush(stdout);
    draw();
  }

 private:
  // With the brackets and the percentage 47 columns: a line that wraps could not be taken back by a carriage return.
  static constexpr std::ptrdiff_t width = 40;

  std::ptrdiff_t percent() const { return total_ > 0 ? 100 * done_ / total_ : 100; }

  void draw() const {
    if (!visible_) return;
    const auto filled = static_cast<std::size_t>(width * percent() / 100);
    const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
    std::printf("\r[%s] %3td%%", bar.c_str(), percent());
    std::fflush(stdout);
  }

  void erase() const {
    if (!visible_) return;
    std::printf("\r%s\r", std::string(width + 7, ' ').c_str());
    std::fflush(stdout);
  }

  std::ptrdiff_t total_;
  std::ptrdiff_t done_ = 0;
  bool visible_;
};

}  // namespace example

#endif
