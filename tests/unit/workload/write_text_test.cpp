#include "sim/workload/write_text.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>

#include "sim/base/diagnostics.hpp"
#include "sim/workload/read_text.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, gone with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("rehearse_write_text_" + std::to_string(getpid()));
  Folder() { fs::create_directory(path); }
  ~Folder() { fs::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

/// Lets no file of this process grow beyond `bytes`: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

std::string long_text() {
  std::string text;
  for (std::uint32_t i = 0; i < 200'000; ++i) text += std::to_string(i * 2'654'435'761U) + '\n';
  return text;
}

TEST_CASE("Texts of any compression read back, and the same text gives the same file", "[text]") {
  const Folder folder;
  const std::string text = long_text();
  for (const char* name : {"a.csv", "a.csv.gz", "a.csv.zst", "a.csv.xz", "a.csv.bz2"}) {
    INFO(name);
    write_text(folder.file(name), text);
    CHECK(read_text(folder.file(name)) == text);
    const bool compressed = !compression_suffix(name).empty();
    CHECK((fs::file_size(folder.file(name)) < text.size()) == compressed);
    write_text(folder.file("empty"), "");
    CHECK(read_text(folder.file("empty")).empty());
  }
  CHECK(folder.count() == 6);
}

TEST_CASE("A full disk leaves the old file and nothing else", "[text]") {
  const Folder folder;
  for (const char* name : {"a.csv", "a.csv.gz", "a.csv.zst", "a.csv.xz", "a.csv.bz2"}) {
    INFO(name);
    write_text(folder.file(name), "old");
    const std::size_t files = folder.count();
    {
      const FullDisk full(4096);
      CHECK_THROWS_AS(write_text(folder.file(name), long_text()), std::system_error);
    }
    CHECK(read_text(folder.file(name)) == "old");
    CHECK(folder.count() == files);
  }
  CHECK_THROWS_AS(write_text("/dev/full", long_text()), std::system_error);
  CHECK_NOTHROW(write_text("/dev/null", "gone"));
  CHECK(fs::is_character_file("/dev/null"));
  CHECK_THROWS_AS(write_text(folder.path.string(), "x"), std::system_error);
  CHECK_THROWS_AS(write_text(folder.file("no/such/folder.csv"), "x"), std::system_error);
}

TEST_CASE("What is no text is refused as such", "[text]") {
  const Folder folder;
  const auto error_of = [](const std::string& path) -> std::string {
    try {
      read_text(path);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  write_text(folder.file("binary"), std::string_view("ab\0cd", 5));
  CHECK(error_of(folder.file("binary")) == folder.file("binary") + ": error: is not a text file\n");
  CHECK(error_of(folder.path.string()) ==
        folder.path.string() + ": error: is a directory, expected a file\n");
  write_text(folder.file("whole.gz"), long_text());
  for (const std::uintmax_t size : {400'000, 5'000}) {  // cut behind what is read first, or in it
    fs::resize_file(folder.file("whole.gz"), size);
    CHECK(error_of(folder.file("whole.gz")).find("truncated gzip input") != std::string::npos);
  }
}

}  // namespace
}  // namespace rehearse
