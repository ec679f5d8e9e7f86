// What every fuzz target asks of a reader: bad text gives an InputError that says where and what, a
// message that a terminal can show, and nothing else. Whatever is thrown besides ends the fuzzer.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "sim/base/diagnostics.hpp"

namespace rehearse::fuzz {

/// Ends the fuzzer, which keeps the input that led here.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// What the fuzzer made up, as text.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void check_message(const Diagnostics& diagnostics) {
  for (const Diagnostic& each : diagnostics.entries()) {
    require(!each.message.empty(), "a diagnostic says what it is about");
    require(!each.file.empty(), "a diagnostic names its file");
    require(each.line >= 0 && each.column >= 0, "a diagnostic's place is one");
  }
  for (const char c : diagnostics.render()) {
    require(static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t',
            "a message has no control characters");
  }
}

/// Calls `read`. An InputError of at least one error is an answer; whether there was none.
template <class Read>
bool reads(Read&& read) {
  try {
    read();
    return true;
  } catch (const InputError& error) {
    require(error.diagnostics().error_count() > 0, "an InputError holds an error");
    check_message(error.diagnostics());
    return false;
  }
}

/// A folder of this process alone, for what is read from files.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("fuzz-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_.string(); }

  /// Leaves nothing in it but the files of `text`: `first`, and those that begin at a line
  /// "%% NAME" for each of the `names`.
  void fill(std::string_view text, const char* first,
            std::initializer_list<std::string_view> names) {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::filesystem::remove(entry.path());
    }
    std::string name = first;
    while (true) {
      const std::size_t mark = text.find("%% ");
      std::ofstream(path_ / name, std::ios::binary) << text.substr(0, mark);
      if (mark == std::string_view::npos) return;
      text.remove_prefix(mark + 3);
      name = first;
      for (const std::string_view known : names) {
        if (text.starts_with(known)) name = known;
      }
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    }
  }

 private:
  std::filesystem::path path_;
};

}  // namespace rehearse::fuzz
