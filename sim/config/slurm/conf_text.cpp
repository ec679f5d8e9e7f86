#include "sim/config/slurm/conf_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>

#include "sim/base/paths.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::size_t kMostWarnings = 100;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

/// Byte of the file where byte `at` of the joined line stands.
std::size_t file_offset(const SlurmLine& line, std::size_t at) {
  std::size_t result = 0;
  for (const auto& [joined, in_file] : line.parts) {
    if (joined > at) break;
    result = in_file + (at - joined);
  }
  return std::min(result, line.source->text.size());
}

void add(Severity severity, const SlurmWord& word, std::string message, std::string help,
         Diagnostics& diagnostics, std::size_t offset) {
  const std::size_t entries = diagnostics.entries().size();
  if (severity == Severity::Warning && entries >= kMostWarnings) return;
  if (severity == Severity::Warning && entries + 1 == kMostWarnings) {
    message = "more warnings, which are not shown";
    help.clear();
  }
  Diagnostic diagnostic{.severity = severity,
                        .file = word.line ? word.line->source->file : std::string(),
                        .message = std::move(message),
                        .help = std::move(help)};
  if (word.line && diagnostics.error_count() < Diagnostics::kMaxRenderedErrors) {
    point_at(diagnostic, word.line->source->text, file_offset(*word.line, word.at + offset));
  }
  diagnostics.add(std::move(diagnostic));
}

/// Reads the lines of a file, and of those that it includes.
class Reader {
 public:
  Reader(std::vector<std::string>& files, Diagnostics& diagnostics)
      : files_(files), diagnostics_(diagnostics) {}

  void read(const std::string& path) {
    auto source = std::make_shared<SlurmSource>(SlurmSource{path, {}});
    try {
      source->text = read_text(path);
    } catch (const InputError& error) {
      diagnostics_.add(error.diagnostics());
      return;
    }
    files_.push_back(path);
    chain_.push_back(canonical_path(path));
    const std::string& text = source->text;
    std::string joined;
    std::shared_ptr<SlurmLine> line;
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      std::string_view piece = std::string_view(text).substr(start, end - start);
      piece = piece.substr(0, comment_start(piece));
      while (!piece.empty() && is_blank(piece.back())) piece.remove_suffix(1);
      const bool continues = ends_in_backslash(piece);
      if (continues) piece.remove_suffix(1);
      if (!line) line = std::make_shared<SlurmLine>(SlurmLine{source, {}});
      join(piece, start, joined, *line);
      start = end + 1;
      if (continues && start < text.size()) continue;
      take_line(joined, line);
      joined.clear();
      line.reset();
    }
    chain_.pop_back();
  }

  std::vector<SlurmPairs> lines;

 private:
  static std::size_t comment_start(std::string_view line) {
    std::size_t backslashes = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '#' && backslashes % 2 == 0) return i;
      backslashes = line[i] == '\\' ? backslashes + 1 : 0;
    }
    return line.size();
  }

  static bool ends_in_backslash(std::string_view line) {
    std::size_t backslashes = 0;
    while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  /// Adds `piece`, which begins at byte `start` of the file, without the backslashes that escape.
  static void join(std::string_view piece, std::size_t start, std::string& joined,
                   SlurmLine& line) {
    line.parts.emplace_back(joined.size(), start);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (piece[i] == '\\' && i + 1 < piece.size())
        line.parts.emplace_back(joined.size(), start + ++i);
      joined += piece[i];
    }
  }

  void take_line(const std::string& text, const std::shared_ptr<const SlurmLine>& line) {
    std::size_t at = 0;
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at == text.size()) return;
    if (text.size() > kLongestLine) {
      report({text.substr(at, 20), line, at}, fmt::format("a line of {} bytes", text.size()),
             fmt::format("at most {}", kLongestLine), diagnostics_);
      return;
    }
    constexpr std::string_view kInclude = "include";
    const std::size_t after = at + kInclude.size();
    if (after < text.size() && is_blank(text[after]) &&
        same_name(std::string_view(text).substr(at, kInclude.size()), kInclude)) {
      std::size_t name = after;
      while (name < text.size() && is_blank(text[name])) ++name;
      include({text.substr(name), line, name});
      return;
    }
    SlurmPairs pairs;
    while (at < text.size() && take_pair(text, line, at, pairs)) {
    }
    if (pairs.empty()) return;
    for (const SlurmPair& pair : pairs) {
      if (pair.name == "clustername") cluster_ = lower(pair.value.text);
    }
    lines.push_back(std::move(pairs));
  }

  /// One `Key=Value` from `at` on, and the blanks after it. Nothing more of the line after an
  /// error.
  bool take_pair(const std::string& text, const std::shared_ptr<const SlurmLine>& line,
                 std::size_t& at, SlurmPairs& pairs) {
    const auto skip = [&text](std::size_t from) {
      while (from < text.size() && is_blank(text[from])) ++from;
      return from;
    };
    const auto is_end = [&text](std::size_t i) { return i >= text.size() || is_blank(text[i]); };
    const std::size_t key = at;
    while (at < text.size() && is_key_character(text[at])) ++at;
    SlurmPair pair{
        {text.substr(key, at - key), line, key}, lower(text.substr(key, at - key)), {"", line, 0}};
    std::size_t equals = skip(at);
    if (pair.key.text.empty() || equals >= text.size() || text[equals] != '=') {
      return stray(text, line, key, pairs);
    }
    at = pair.value.at = skip(equals + 1);
    if (at >= text.size()) {
      warn(pair.key, fmt::format("{} has no value", pair.key.text), "it is left out", diagnostics_);
      return false;
    }
    if (text[at] == '"') {
      const std::size_t close = text.find('"', at + 1);
      if (close == std::string::npos) {
        report(pair.value, "a quote that is not closed", "write \" at its end", diagnostics_);
        return false;
      }
      pair.value.at = at + 1;
      pair.value.text = text.substr(at + 1, close - at - 1);
      at = close + 1;
    }
    const std::size_t start = at;
    while (!is_end(at)) ++at;
    pair.value.text += text.substr(start, at - start);
    at = skip(at);
    pairs.push_back(std::move(pair));
    return true;
  }

  /// What is no pair: alone in its line a warning, for then nothing is lost but itself.
  bool stray(const std::string& text, const std::shared_ptr<const SlurmLine>& line,
             std::size_t start, const SlurmPairs& pairs) {
    std::size_t end = start;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const SlurmWord word{text.substr(start, std::min<std::size_t>(end - start, 60)), line, start};
    const std::string message = fmt::format("\"{}\" is not Key=Value", word.text);
    const bool is_alone = pairs.empty() && end == text.size();
    const bool is_word =
        std::all_of(word.text.begin(), word.text.end(), [](char c) { return is_key_character(c); });
    if (is_alone && is_word) {
      warn(word, message, "Slurm would refuse it; it is left out", diagnostics_);
    } else {
      report(word, message, "a value with blanks needs quotes", diagnostics_);
    }
    return false;
  }

  /// Puts the cluster's name, in lower case, for each %c.
  bool put_cluster_name(SlurmWord& name) {
    for (std::size_t at = 0; (at = name.text.find("%c", at)) != std::string::npos;) {
      if (cluster_.empty()) {
        report(name, "%c before the name of the cluster is known",
               "ClusterName has to stand above this line", diagnostics_, at);
        return false;
      }
      name.text.replace(at, 2, cluster_);
      at += cluster_.size();
    }
    return true;
  }

  void include(SlurmWord name) {
    if (name.text.size() > 1 && name.text.front() == '"' && name.text.back() == '"') {
      name.text = name.text.substr(1, name.text.size() - 2);
    }
    if (!put_cluster_name(name)) return;
    const fs::path written = name.text;
    const fs::path folder = fs::path(chain_.front()).parent_path();
    const fs::path shown = fs::path(files_.front()).parent_path();
    for (const fs::path& tail : {written.is_absolute() ? written.filename() : written, written}) {
      const fs::path path = tail.is_absolute() ? tail : folder / tail;
      if (!is_file(path)) continue;
      const auto open = std::find(chain_.begin(), chain_.end(), canonical_path(path));
      if (open != chain_.end()) {
        std::string circle;
        for (auto each = open; each != chain_.end(); ++each) {
          circle += each->filename().string() + " -> ";
        }
        report(name,
               fmt::format("\"{}\" includes itself: {}{}", name.text, circle,
                           path.filename().string()),
               "", diagnostics_);
        return;
      }
      read((tail.is_absolute() ? tail : shown / tail).string());
      return;
    }
    report(name, fmt::format("no file \"{}\"", name.text),
           "it is looked for beside the first file, then where it says", diagnostics_);
  }

  std::vector<std::string>& files_;
  Diagnostics& diagnostics_;
  std::vector<fs::path> chain_;
  std::string cluster_{};  ///< ClusterName in lower case
};

}  // namespace

std::vector<SlurmPairs> read_slurm_file(const std::string& path, std::vector<std::string>& files,
                                        Diagnostics& diagnostics) {
  std::vector<std::string> read;
  Reader reader(read, diagnostics);
  reader.read(path);
  files.insert(files.end(), read.begin(), read.end());
  return std::move(reader.lines);
}

void report(const SlurmWord& word, std::string message, std::string help, Diagnostics& diagnostics,
            std::size_t offset) {
  add(Severity::Error, word, std::move(message), std::move(help), diagnostics, offset);
}

void warn(const SlurmWord& word, std::string message, std::string help, Diagnostics& diagnostics,
          std::size_t offset) {
  add(Severity::Warning, word, std::move(message), std::move(help), diagnostics, offset);
}

void note(const SlurmWord& word, std::string message, Diagnostics& diagnostics) {
  add(Severity::Note, word, std::move(message), "", diagnostics, 0);
}

std::string near_help(std::string_view name, std::span<const std::string_view> known,
                      const Diagnostics& diagnostics) {
  constexpr std::size_t kMostListed = 12;
  const bool is_full = diagnostics.error_count() >= Diagnostics::kMaxRenderedErrors ||
                       diagnostics.entries().size() >= kMostWarnings;
  if (is_full) return {};
  if (const auto near = near_match(name, known)) return fmt::format("did you mean \"{}\"?", *near);
  if (known.empty() || known.size() > kMostListed) return {};
  return fmt::format("known: {}", fmt::join(known, ", "));
}

ParamText placed_text(const SlurmWord& word, std::string text) {
  ParamText result{std::move(text)};
  if (!word.line) return result;
  Diagnostic place;
  point_at(place, word.line->source->text, file_offset(*word.line, word.at));
  result.file = word.line->source->file;
  result.line = place.line;
  result.column = place.column;
  result.source_line = std::move(place.source_line);
  return result;
}

bool check_name(const SlurmWord& word, Diagnostics& diagnostics) {
  if (is_plain_name(word.text)) return true;
  report(word, fmt::format("\"{}\" is not a name", word.text), "no blanks, no commas", diagnostics);
  return false;
}

bool is_unlimited(std::string_view text) {
  return same_name(text, "unlimited") || same_name(text, "infinite") || same_name(text, "none");
}

std::optional<std::int64_t> slurm_integer(const SlurmWord& word, std::int64_t min, std::int64_t max,
                                          Diagnostics& diagnostics) {
  const auto number = parse_int64(word.text);
  if (number && *number >= min && *number <= max) return number;
  report(word, fmt::format("\"{}\" is not a whole number from {} to {}", word.text, min, max), "",
         diagnostics);
  return std::nullopt;
}

std::optional<double> slurm_number(const SlurmWord& word, Diagnostics& diagnostics) {
  double number = 0;
  const char* const end = word.text.data() + word.text.size();
  const auto [last, error] = std::from_chars(word.text.data(), end, number);
  if (error == std::errc() && last == end && std::isfinite(number)) return number;
  report(word, fmt::format("\"{}\" is not a number", word.text), "", diagnostics);
  return std::nullopt;
}

std::optional<bool> slurm_bool(const SlurmWord& word, Diagnostics& diagnostics) {
  for (const char* const yes : {"yes", "true", "1", "up", "y", "t"}) {
    if (same_name(word.text, yes)) return true;
  }
  for (const char* const no : {"no", "false", "0", "down", "n", "f"}) {
    if (same_name(word.text, no)) return false;
  }
  report(word, fmt::format("\"{}\" is neither YES nor NO", word.text), "", diagnostics);
  return std::nullopt;
}

namespace {

std::optional<Duration> duration(const SlurmWord& word, bool bare_is_seconds,
                                 Diagnostics& diagnostics) {
  const auto number = bare_is_seconds ? parse_int64(word.text) : std::nullopt;
  const auto seconds = number && *number >= 0 ? number : parse_slurm_seconds(word.text);
  if (seconds && *seconds == kUnlimitedSeconds) return kUnlimited;
  if (seconds && *seconds < kUnlimitedSeconds / 1000) return std::chrono::seconds(*seconds);
  report(word, fmt::format("\"{}\" is not a time", word.text),
         fmt::format("write D-HH:MM:SS, HH:MM:SS or {}, as Slurm does",
                     bare_is_seconds ? "seconds" : "minutes"),
         diagnostics);
  return std::nullopt;
}

}  // namespace

std::optional<Duration> slurm_minutes(const SlurmWord& word, Diagnostics& diagnostics) {
  return duration(word, false, diagnostics);
}

std::optional<Duration> slurm_seconds(const SlurmWord& word, Diagnostics& diagnostics) {
  return duration(word, true, diagnostics);
}

std::optional<std::int64_t> slurm_memory(const SlurmWord& word, Diagnostics& diagnostics) {
  const auto mib = parse_memory_mib(word.text);
  if (!mib) {
    report(word, fmt::format("\"{}\" is not an amount of memory", word.text),
           "write MiB, or a whole number and K, M, G or T", diagnostics);
  }
  return mib;
}

std::optional<std::vector<std::string>> slurm_hosts(const SlurmWord& word,
                                                    Diagnostics& diagnostics) {
  Hostlist list = expand_hostlist(word.text);
  if (list.ok()) return std::move(list.hosts);
  report(word, fmt::format("\"{:.60}\": {}", word.text, list.error),
         "write names with ranges in brackets, such as gpu[001-048,050]", diagnostics, list.offset);
  return std::nullopt;
}

std::vector<SlurmWord> slurm_list(const SlurmWord& word) {
  std::vector<SlurmWord> result;
  for (const std::string_view piece : split(word.text, ',')) {
    const std::string_view text = trim(piece);
    if (text.empty()) continue;
    result.push_back({std::string(text), word.line,
                      word.at + static_cast<std::size_t>(text.data() - word.text.data())});
  }
  return result;
}

std::vector<SlurmWord> slurm_pieces(const SlurmWord& word, char open, char close) {
  std::vector<SlurmWord> pieces;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= word.text.size(); ++i) {
    const char c = i < word.text.size() ? word.text[i] : ',';
    depth += (c == open ? 1 : 0) - (c == close ? 1 : 0);
    if (i < word.text.size() && (c != ',' || depth > 0)) continue;
    if (i > start) {
      pieces.push_back({word.text.substr(start, i - start), word.line, word.at + start});
    }
    start = i + 1;
  }
  return pieces;
}

}  // namespace rehearse
