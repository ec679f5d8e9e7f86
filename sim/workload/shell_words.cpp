#include "sim/workload/shell_words.hpp"

namespace rehearse {

ShellWords split_shell_words(std::string_view text) {
  ShellWords result;
  std::vector<ShellWord>& words = result.words;
  char quote = 0;
  std::size_t opened = 0;
  bool in_word = false;
  const auto put = [&](std::size_t at) {
    if (!in_word) words.emplace_back();
    in_word = true;
    if (at >= text.size()) return;
    words.back().text += text[at];
    words.back().at.push_back(at);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < text.size();
    if (escapes && (quote == 0 || text[i + 1] == '"' || text[i + 1] == '\\')) {
      put(++i);
    } else if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      put(text.size());  // a word begins, even if nothing is between the quotes
      quote = c;
      opened = i;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      in_word = false;
    } else {
      put(i);
    }
  }
  if (quote != 0) result.unclosed = opened;
  return result;
}

std::string shell_quote(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%[]";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace rehearse
