#include "sim/report/output_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace rehearse {

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)),
      temporary_(path_ + ".tmp"),
      file_(std::fopen(temporary_.c_str(), "wb")) {
  if (file_ == nullptr) throw std::system_error(errno, std::generic_category(), path_);
}

OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove(temporary_.c_str());
}

void OutputFile::give_up(int error) {
  if (file_ != nullptr) std::fclose(std::exchange(file_, nullptr));
  std::remove(temporary_.c_str());
  throw std::system_error(error, std::generic_category(), path_);
}

void OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) give_up(errno);
}

void OutputFile::commit() {
  if (std::fclose(std::exchange(file_, nullptr)) != 0) give_up(errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) give_up(errno);
}

void write_file(const std::string& path, std::string_view content) {
  OutputFile file(path);
  file.write(content);
  file.commit();
}

}  // namespace rehearse
