// What stands in a file may be no path at all: too long, behind a file, in a circle of links.
#pragma once

#include <filesystem>
#include <system_error>

namespace rehearse {

/// Whether there is such a file; false as well for what can be no path.
inline bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}
inline bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}
/// One name for a file however it is written; the path itself if it cannot be told.
inline std::filesystem::path canonical_path(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path result = std::filesystem::weakly_canonical(path, error);
  return error ? path : result;
}

}  // namespace rehearse
