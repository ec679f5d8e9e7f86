// Small questions about text that several readers ask: which known word was meant, which name comes
// first, is this a whole number. They know no file format, never throw on bad text, and do not
// depend on the locale. Views returned point into the argument.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rehearse {

/// The candidate nearest to `word`, for "did you mean": the first of those with the least
/// Damerau-Levenshtein distance (insert, delete, replace, swap neighbours; no substring is edited
/// twice), if that is at most max(1, word length / 3); none for a word of over 256 bytes. O(word
/// length x candidates' total length).
std::optional<std::string> near_match(std::string_view word,
                                      std::span<const std::string_view> candidates);

/// Strict total order of names in which runs of digits compare as numbers of any length: n2 < n10.
/// Names that differ only in leading zeros compare as plain text: n01 < n1.
bool natural_less(std::string_view a, std::string_view b);

/// The decimal integer that is the whole of `text` (an optional '-', digits), or nothing if it is
/// anything else or does not fit.
std::optional<std::int64_t> parse_int64(std::string_view text);

/// The pieces of `text` between separators, empty ones included: always separators + 1 pieces.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `text` with its ASCII letters in lower case.
std::string lower(std::string_view text);

/// Whether two names differ in nothing but the case of ASCII letters, as sacctmgr compares them.
bool same_name(std::string_view a, std::string_view b);

/// `text` without the spaces, tabs and line ends around it.
std::string_view trim(std::string_view text);

/// Whether a partition, account or the like may be called so: not empty, no blanks, no commas.
bool is_plain_name(std::string_view text);

}  // namespace rehearse
