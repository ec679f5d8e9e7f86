#include "sim/workload/write_text.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <system_error>

#include "sim/base/output_file.hpp"

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

// Where libarchive's output goes. Its C code lets no exception through: the error waits here.
struct Sink {
  OutputFile& file;
  std::exception_ptr error{};
};

la_ssize_t write_block(archive*, void* data, const void* block, std::size_t size) {
  auto& sink = *static_cast<Sink*>(data);
  if (sink.error != nullptr) return -1;
  try {
    sink.file.write({static_cast<const char*>(block), size});
  } catch (const std::system_error&) {
    sink.error = std::current_exception();
    return -1;
  }
  return static_cast<la_ssize_t>(size);
}

void write_compressed(OutputFile& file, const std::string& path, std::string_view content,
                      const Compression& compression) {
  Sink sink{file};  // outlives the writer, which writes until it is freed
  const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(), archive_write_free);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_write_set_format_raw(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);  // no padding
  compression.add_filter(writer.get());
  archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr);  // reproducible
  const bool begun =
      archive_write_open(writer.get(), &sink, nullptr, write_block, nullptr) == ARCHIVE_OK &&
      archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK;
  const bool whole = begun && archive_write_data(writer.get(), content.data(), content.size()) ==
                                  static_cast<la_ssize_t>(content.size());
  if (whole && archive_write_close(writer.get()) == ARCHIVE_OK) return;
  if (sink.error != nullptr) std::rethrow_exception(sink.error);
  throw std::system_error(EIO, std::generic_category(), path + ": cannot be compressed");
}

}  // namespace

std::string_view compression_suffix(std::string_view path) {
  const Compression* const compression = compression_of(path);
  return compression == nullptr ? std::string_view() : compression->suffix;
}

void write_text(const std::string& path, std::string_view content) {
  OutputFile file(path);
  if (const Compression* const compression = compression_of(path)) {
    write_compressed(file, path, content, *compression);
  } else {
    file.write(content);
  }
  file.commit();
}

}  // namespace rehearse
