// A file that appears only when it is whole: it is written beside its place and renamed at the end,
// so that a full disk or a killed run leaves nothing half-written under the name (2.8).
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace rehearse {

class OutputFile {
 public:
  /// Opens `path`.tmp. All members throw std::system_error naming the file.
  explicit OutputFile(std::string path);
  ~OutputFile();  ///< removes the temporary file unless commit() has been called
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  void commit();  ///< closes the file and gives it its name; nothing may be written after

 private:
  [[noreturn]] void give_up(int error);

  std::string path_;
  std::string temporary_;
  std::FILE* file_ = nullptr;
};

/// `content` as the whole file `path`.
void write_file(const std::string& path, std::string_view content);

}  // namespace rehearse
