// A file that appears only when it is whole: it is written beside its place and renamed at the end,
// so that a full disk or a killed run leaves nothing half-written under the name (2.8). A pipe, a
// terminal or another device is written to as it is.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace rehearse {

class OutputFile {
 public:
  /// Opens a temporary file beside `path`. All members throw std::system_error naming `path`.
  explicit OutputFile(std::string path);
  ~OutputFile();  ///< removes the temporary file unless commit() has been called
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  void commit();  ///< closes the file and gives it its name; nothing may be written after

 private:
  [[noreturn]] void give_up(int error);
  void remove_temporary();

  std::string path_;
  std::string temporary_;  // empty: a device
  std::FILE* file_ = nullptr;
};

}  // namespace rehearse
