#ifndef XENT_EXAMPLES_QUOTED_HPP
#define XENT_EXAMPLES_QUOTED_HPP

/// What somebody typed or stored, made fit for an error message.

#include <string>

namespace example {

/// `text` in single quotes, as one line that cannot garble a terminal: control characters and bytes beyond ASCII become
/// '?', and what is longer than `longest` characters is cut.
inline std::string quoted(const std::string& text, std::size_t longest = 200) {
  std::string result = "'";
  for (const char c : text.substr(0, longest)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (text.size() > longest ? "...'" : "'");
}

}  // namespace example

#endif
