// The quoting of a shell's command line, as far as options need it: blanks separate words; single
// quotes, double quotes and backslashes keep characters from doing so. No variables, no patterns.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rehearse {

/// A word without its quotes; the byte text[i] stood at offset at[i].
struct ShellWord {
  std::string text{};
  std::vector<std::size_t> at{};
};

struct ShellWords {
  std::vector<ShellWord> words;
  std::optional<std::size_t> unclosed{};  ///< offset of a quote that has no end
};

ShellWords split_shell_words(std::string_view text);

/// `text` as one word: in single quotes where it needs them.
std::string shell_quote(std::string_view text);

}  // namespace rehearse
