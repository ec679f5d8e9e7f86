#include "sim/base/output_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace rehearse {

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  if (std::filesystem::is_directory(status)) give_up(EISDIR);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) {
    temporary_ = path_ + "." + std::to_string(getpid()) + ".part";
  }
  file_ = std::fopen((temporary_.empty() ? path_ : temporary_).c_str(), "wb");
  if (file_ == nullptr) give_up(errno);
}

OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  remove_temporary();
}

void OutputFile::remove_temporary() {
  if (!temporary_.empty()) std::remove(temporary_.c_str());
}

void OutputFile::give_up(int error) {
  if (file_ != nullptr) std::fclose(std::exchange(file_, nullptr));
  remove_temporary();
  throw std::system_error(error, std::generic_category(), path_ + ": cannot be written");
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) give_up(errno);
}

void OutputFile::commit() {
  if (std::fclose(std::exchange(file_, nullptr)) != 0) give_up(errno);
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) give_up(errno);
}

}  // namespace rehearse
