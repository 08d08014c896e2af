#ifndef XENT_EXAMPLES_COMMAND_LINE_HPP
#define XENT_EXAMPLES_COMMAND_LINE_HPP

/// Options of the form `--name VALUE` or `--name=VALUE`, their ranges, and the text of `--help`.

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "quoted.hpp"

namespace example {

class CommandLine {
 public:
  CommandLine(std::string program, std::string purpose) : program_(std::move(program)), purpose_(std::move(purpose)) {}

  /// An option with a text for value; `target` holds the default and receives what is given.
  void add(const std::string& name, const std::string& placeholder, const std::string& meaning, std::string& target) {
    options_.push_back({name, placeholder, meaning, target, [&target](const std::string& text) { target = text; }});
  }

  /// An option with a number for value, from `lowest` to `highest`.
  template <class Number>
  void add(const std::string& name, const std::string& placeholder, const std::string& meaning, Number& target,
           Number lowest, Number highest) {
    const auto set = [name, lowest, highest, &target](const std::string& text) {
      Number value{};
      // NaN is rejected too: every comparison with it is false.
      if (!parse_number(text, value) || !(lowest <= value && value <= highest)) {
        const std::string kind = std::is_integral_v<Number> ? "an integer" : "a number";
        throw std::runtime_error(name + ": expected " + kind + " from " + to_text(lowest) + " to " + to_text(highest) +
                                 ", got " + quoted(text));
      }
      target = value;
    };
    options_.push_back({name, placeholder, meaning, to_text(target), set});
  }

  /// Reads the arguments. False: the user asked for help, which has been printed. Throws std::runtime_error with one
  /// line for the user when an argument cannot be used.
  bool parse(int argc, const char* const* argv) const {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
      if (*argument == "--help" || *argument == "-h") return print_help(), false;
      const std::size_t equals = argument->find('=');
      const Option& option = find(argument->substr(0, equals));
      if (equals != std::string::npos) {
        option.set(argument->substr(equals + 1));
      } else if (argument + 1 != arguments.end()) {
        option.set(*++argument);
      } else {
        throw std::runtime_error(option.name + ": its value is missing");
      }
    }
    return true;
  }

 private:
  struct Option {
    std::string name, placeholder, meaning, default_text;
    std::function<void(const std::string&)> set;
  };

  const Option& find(const std::string& name) const {
    for (const Option& option : options_) {
      if (option.name == name) return option;
    }
    throw std::runtime_error((name.substr(0, 1) == "-" ? "unknown option " : "unexpected argument ") + quoted(name) +
                             " (--help lists the options)");
  }

  void print_help() const {
    std::printf("usage: %s [OPTION VALUE]...\n%s\n\n", program_.c_str(), purpose_.c_str());
    for (const Option& option : options_) {
      const std::string left = option.name + " " + option.placeholder;
      std::printf("  %-16s %s [%s]\n", left.c_str(), option.meaning.c_str(), option.default_text.c_str());
    }
    std::printf("  %-16s %s\n", "--help", "print this text and stop");
  }

  /// The whole of `text` as a number: no blanks around it, nothing after it.
  template <class Number>
  static bool parse_number(const std::string& text, Number& value) {
    const char* const end = text.data() + text.size();
    if constexpr (std::is_integral_v<Number>) {
      const auto [rest, error] = std::from_chars(text.data(), end, value);
      return error == std::errc() && rest == end;
    } else {
      // from_chars for floating point is missing from some standard libraries of the compilers supported here.
      char* rest = nullptr;
      value = static_cast<Number>(std::strtod(text.c_str(), &rest));
      return text.find_first_not_of("0123456789.eE+-") == std::string::npos && !text.empty() && rest == end;
    }
  }

  template <class Number>
  static std::string to_text(Number value) {
    std::ostringstream stream;
    stream << value;
    return stream.str();
  }

  std::string program_, purpose_;
  std::vector<Option> options_;
};

}  // namespace example

#endif
