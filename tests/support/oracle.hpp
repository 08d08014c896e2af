#ifndef XENT_TESTS_ORACLE_HPP
#define XENT_TESTS_ORACLE_HPP

/// Reads the reference values of tests/data: exact inputs, results with more than 100 bits. tests/oracle/README.md
/// describes the format and the program that writes it.

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "ulp.hpp"

namespace oracle {

/// One case: inputs that are exact in `scalar`, results, and for some results the scale that its ULP is of.
struct Case {
  std::string function, scalar, description;
  std::string where;  // file:line, to find it again
  std::map<std::string, std::vector<double>> inputs, scales;
  std::map<std::string, std::vector<Exact>> results;

  bool has(const std::string& input) const { return inputs.count(input) != 0; }
  const std::vector<double>& input(const std::string& name) const { return found(inputs, name); }
  const std::vector<Exact>& result(const std::string& name) const { return found(results, name); }
  const std::vector<double>& scale(const std::string& name) const { return found(scales, name); }
  /// An input that is a single number.
  double number(const std::string& name) const { return input(name).at(0); }

 private:
  template <class Map>
  const typename Map::mapped_type& found(const Map& map, const std::string& name) const {
    const auto entry = map.find(name);
    if (entry == map.end()) throw std::runtime_error("oracle: the case at " + where + " has no '" + name + "'");
    return entry->second;
  }
};

namespace detail {

inline double parse_number(const std::string& word, const std::string& where) {
  char* end = nullptr;
  const double x = std::strtod(word.c_str(), &end);
  if (word.empty() || *end != 0) throw std::runtime_error("oracle: '" + word + "' in " + where + " is not a number");
  return x;
}

/// Numbers to the end of the line; x*n stands for n times x.
inline std::vector<double> parse_numbers(std::istringstream& words, const std::string& where) {
  std::vector<double> numbers;
  for (std::string word; words >> word;) {
    const auto star = word.find('*');
    const std::size_t count = star == std::string::npos ? 1 : std::stoul(word.substr(star + 1));
    numbers.insert(numbers.end(), count, parse_number(word.substr(0, star), where));
  }
  return numbers;
}

/// tests/data/<name>.txt: where the build says, else found from this source file.
inline std::string data_path(const std::string& name) {
#ifdef XENT_TEST_DATA_DIR
  const std::string folder = XENT_TEST_DATA_DIR;
#else
  const std::string here = __FILE__;
  const auto slash = here.find_last_of("/\\");
  const std::string folder = (slash == std::string::npos ? "." : here.substr(0, slash)) + "/../data";
#endif
  return folder + "/" + name + ".txt";
}

}  // namespace detail

/// The cases of tests/data/<name>.txt.
inline std::vector<Case> read(const std::string& name) {
  const std::string path = detail::data_path(name);
  std::ifstream file(path);
  if (!file) throw std::runtime_error("oracle: cannot open " + path + " (written by tests/oracle/generate.py)");
  std::vector<Case> cases;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::string where = path + ":" + std::to_string(number);
    std::istringstream words(line);
    std::string kind, key;
    words >> kind >> key;
    if (kind == "case") {
      Case c;
      c.function = key;
      words >> c.scalar;
      std::getline(words >> std::ws, c.description);
      c.where = name + ".txt:" + std::to_string(number);
      cases.push_back(c);
    } else if (cases.empty()) {
      throw std::runtime_error("oracle: " + where + " lies before the first case");
    } else if (kind == "in") {
      cases.back().inputs[key] = detail::parse_numbers(words, where);
    } else if (kind == "scale") {
      cases.back().scales[key] = detail::parse_numbers(words, where);
    } else if (kind == "out") {
      const auto numbers = detail::parse_numbers(words, where);
      if (numbers.size() % 2 != 0) throw std::runtime_error("oracle: " + where + " has half a result");
      for (std::size_t i = 0; i < numbers.size(); i += 2) {
        cases.back().results[key].push_back({numbers[i], numbers[i + 1]});
      }
    } else {
      throw std::runtime_error("oracle: " + where + " starts with '" + kind + "'");
    }
  }
  if (cases.empty()) throw std::runtime_error("oracle: " + path + " has no case");
  return cases;
}

}  // namespace oracle

#endif
