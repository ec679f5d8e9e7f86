// A whole text file written at once, compressed as its name says, beside its place first and then
// renamed: a reader sees the old file or the new one, never a part, whatever goes wrong.
#pragma once

#include <string>
#include <string_view>

namespace rehearse {

/// ".gz", ".zst", ".xz" or ".bz2" if `path` ends so, else "".
std::string_view compression_suffix(std::string_view path);

/// Writes `content` to `path`. Throws std::system_error if the disk is full or the place cannot be
/// written; then nothing new remains.
void write_text(const std::string& path, std::string_view content);

}  // namespace rehearse
