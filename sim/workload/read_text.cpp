#include "sim/workload/read_text.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <memory>

#include "sim/base/diagnostics.hpp"
#include "sim/base/paths.hpp"

namespace rehearse {
std::string read_text(const std::string& path) {
  if (is_folder(path)) fail({.file = path, .message = "is a directory, expected a file"});
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_read_support_format_empty(reader.get());
  constexpr std::size_t kBlock = 1 << 18;
  const auto fail_reading = [&](const char* what) {
    fail({.file = path, .message = what + std::string(archive_error_string(reader.get()))});
  };
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlock) != ARCHIVE_OK) {
    fail_reading("cannot be read: ");
  }
  const int header = archive_read_next_header(reader.get(), &entry);
  if (header == ARCHIVE_EOF) return {};
  if (header != ARCHIVE_OK) fail_reading("is damaged: ");
  std::string text;
  for (;;) {
    const std::size_t old = text.size();
    text.resize(old + kBlock);
    const la_ssize_t got = archive_read_data(reader.get(), text.data() + old, kBlock);
    if (got < 0) fail_reading("is damaged: ");
    text.resize(old + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  if (text.find('\0') != std::string::npos) fail({.file = path, .message = "is not a text file"});
  return text;
}

}  // namespace rehearse
