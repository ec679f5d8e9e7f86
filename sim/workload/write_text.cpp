#include "sim/workload/write_text.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

namespace rehearse {
namespace {

struct Compression {
  std::string_view suffix;
  int (*add_filter)(archive*);
};

constexpr std::array kCompressions{Compression{".gz", archive_write_add_filter_gzip},
                                   Compression{".zst", archive_write_add_filter_zstd},
                                   Compression{".xz", archive_write_add_filter_xz},
                                   Compression{".bz2", archive_write_add_filter_bzip2}};

const Compression* compression_of(std::string_view path) {
  const auto found = std::ranges::find_if(
      kCompressions, [&](const Compression& each) { return path.ends_with(each.suffix); });
  return found == kCompressions.end() ? nullptr : &*found;
}

[[noreturn]] void fail_writing(const std::string& path, int error) {
  throw std::system_error(error != 0 ? error : EIO, std::generic_category(),
                          fmt::format("{}: cannot be written", path));
}

/// A file that is removed again unless it is kept.
class Draft {
 public:
  explicit Draft(std::string path)
      : path_(std::move(path)), file_(open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666)) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (file_ < 0) return;
    close(file_);
    if (!path_.empty()) unlink(path_.c_str());
  }
  int file() const { return file_; }
  /// Moves it to `place`; 0 or the error.
  int keep_as(const std::string& place) {
    if (std::rename(path_.c_str(), place.c_str()) != 0) return errno;
    path_.clear();
    return 0;
  }

 private:
  std::string path_;
  int file_;
};

/// 0 or the error.
int write_stream(int file, std::string_view content, const Compression* compression) {
  const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(), archive_write_free);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_write_set_format_raw(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);  // no padding
  if (compression != nullptr) compression->add_filter(writer.get());
  archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr);  // reproducible
  const bool begun = archive_write_open_fd(writer.get(), file) == ARCHIVE_OK &&
                     archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK;
  const bool whole = begun && archive_write_data(writer.get(), content.data(), content.size()) ==
                                  static_cast<la_ssize_t>(content.size());
  if (whole && archive_write_close(writer.get()) == ARCHIVE_OK) return 0;
  const int error = archive_errno(writer.get());
  return error > 0 ? error : EIO;
}

}  // namespace

std::string_view compression_suffix(std::string_view path) {
  const Compression* const compression = compression_of(path);
  return compression == nullptr ? std::string_view() : compression->suffix;
}

void write_text(const std::string& path, std::string_view content) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) fail_writing(path, EISDIR);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const int device = open(path.c_str(), O_WRONLY);  // a pipe or terminal is not to be replaced
    const int error = device < 0 ? errno : write_stream(device, content, compression_of(path));
    if (device >= 0) close(device);
    if (error != 0) fail_writing(path, error);
    return;
  }
  Draft draft(fmt::format("{}.{}.part", path, getpid()));
  if (draft.file() < 0) fail_writing(path, errno);
  int error = write_stream(draft.file(), content, compression_of(path));
  if (error == 0) error = draft.keep_as(path);
  if (error != 0) fail_writing(path, error);
}

}  // namespace rehearse
