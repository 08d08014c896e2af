#ifndef XENT_EXAMPLES_FILES_HPP
#define XENT_EXAMPLES_FILES_HPP

/// Where the examples find their data, and files that say why they cannot be used.

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

// The build defines it as the absolute path of examples/data; a bare compiler line run in the root needs no definition.
#ifndef XENT_EXAMPLE_DATA_DIR
#define XENT_EXAMPLE_DATA_DIR "examples/data"
#endif

namespace example {

/// The path of a file that comes with the examples.
inline std::string data_path(const std::string& name) { return std::string(XENT_EXAMPLE_DATA_DIR) + "/" + name; }

/// Throws "PATH: cannot VERB: REASON". The reason is the system's, when it left one in errno: streams keep none.
[[noreturn]] inline void throw_file_error(const std::string& path, const std::string& verb) {
  const std::string reason = errno != 0 ? ": " + std::generic_category().message(errno) : "";
  throw std::runtime_error(path + ": cannot " + verb + reason);
}

/// Calls `use(line, number)` for each line of a text file, counted from 1, without its LF or CRLF.
template <class Use>
void for_each_line(const std::string& path, Use use) {
  errno = 0;
  std::ifstream file(path);
  if (!file) throw_file_error(path, "open");
  long number = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    use(line, ++number);
    errno = 0;
  }
  // A directory opens on POSIX systems, and only reading it fails.
  if (file.bad()) throw_file_error(path, "read");
}

/// Replaces the file `path` by `text`.
inline void write_file(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  if (!file) throw_file_error(path, "open for writing");
  // A full disk shows when the buffer is written out, at the latest in close().
  file << text;
  file.close();
  if (!file) throw_file_error(path, "write");
}

}  // namespace example

#endif
