// A whole text file in memory, plain or compressed (gz, zst, xz, bz2: whatever libarchive knows).
#pragma once

#include <string>

namespace rehearse {

/// The decompressed content of `path`. Throws InputError if it cannot be read, is a directory or is
/// no text (it holds a zero byte), or if its compressed stream is cut short.
std::string read_text(const std::string& path);

}  // namespace rehearse
