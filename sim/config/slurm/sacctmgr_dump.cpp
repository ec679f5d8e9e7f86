// `sacctmgr dump` and `sacctmgr -P show qos`.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/text.hpp"
#include "sim/config/slurm/sacctmgr_lines.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

SlurmWord without_quotes(SlurmWord word) {
  const auto quoted = [&](char quote) {
    return word.text.size() > 1 && word.text.front() == quote && word.text.back() == quote;
  };
  if (quoted('\'') || quoted('"')) {
    word.text = word.text.substr(1, word.text.size() - 2);
    ++word.at;
  }
  return word;
}

/// The pieces between colons that are outside quotes. Neither the colon of a time nor the one of
/// `gres/gpu:a100=2` separates.
std::vector<SlurmWord> colon_pieces(const SlurmWord& line) {
  std::vector<SlurmWord> pieces;
  std::size_t start = 0;
  char quote = 0;
  const std::string& text = line.text;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size()) {
      const char c = text[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
        continue;
      }
      if (c == '\'' || c == '"') quote = c;
      if (c != ':') continue;
    }
    const SlurmWord piece{text.substr(start, i - start), line.line, line.at + start};
    const std::size_t equals = piece.text.find('=');
    const bool is_rest_of_time = is_digits(piece.text);
    const bool is_rest_of_gres = !pieces.empty() && equals != std::string::npos &&
                                 pieces.back().text.rfind("gres/") != std::string::npos &&
                                 pieces.back().text.find_first_of(
                                     "=,", pieces.back().text.rfind("gres/")) == std::string::npos;
    if (!pieces.empty() && (is_rest_of_time || is_rest_of_gres)) {
      pieces.back().text += ":" + piece.text;
    } else {
      pieces.push_back(piece);
    }
    start = i + 1;
  }
  return pieces;
}

class DumpReader {
 public:
  explicit DumpReader(SlurmAccounting& accounting)
      : accounting_(accounting), diagnostics_(accounting.diagnostics()) {}

  void read_line(const SlurmWord& line) {
    const std::size_t dash = line.text.find(" - ");
    if (dash == std::string::npos) {
      warn(line, fmt::format("\"{:.60}\" is no line of a dump", line.text),
           "they are such as: Account - 'lab':Fairshare=10", diagnostics_);
      return;
    }
    const std::string kind = lower(trim(line.text.substr(0, dash)));
    std::size_t start = dash + 3;
    while (start < line.text.size() && line.text[start] == ' ') ++start;
    const std::vector<SlurmWord> pieces =
        colon_pieces({line.text.substr(start), line.line, line.at + start});
    const SlurmWord name = without_quotes(pieces.front());
    if (name.text.empty()) {
      report(name, fmt::format("{} without a name", kind), "", diagnostics_);
      return;
    }
    if (!check_name(name, diagnostics_)) return;
    read_record(line, kind, name, pieces);
  }

 private:
  void read_record(const SlurmWord& line, const std::string& kind, const SlurmWord& name,
                   const std::vector<SlurmWord>& pieces) {
    static constexpr std::string_view kKinds[] = {"Cluster", "Parent", "Account", "User", "QOS"};
    const std::string own_name = lower(name.text);
    if (kind == "cluster") {
      if (accounting_.cluster().name.empty()) accounting_.cluster().name = name.text;
      set_all(accounting_.root(), pieces);
    } else if (kind == "parent") {
      parent_ = own_name;
      if (accounting_.find_account(own_name) == nullptr) {
        accounting_.report_unknown_account(name);
        accounting_.add_account(own_name, "root", name);
      }
    } else if (kind == "account" || kind == "project") {
      set_all(accounting_.add_account(own_name, parent_, name), pieces);
    } else if (kind == "user") {
      set_all(accounting_.add_user(parent_, own_name, partition_of(pieces)), pieces);
    } else if (kind == "qos") {
      set_all(accounting_.add_qos(own_name), pieces);
    } else {
      warn(line, fmt::format("unknown kind of line \"{:.60}\"", kind),
           near_help(kind, kKinds, diagnostics_), diagnostics_);
    }
  }

  static std::string partition_of(const std::vector<SlurmWord>& pieces) {
    for (const SlurmWord& piece : pieces) {
      const auto option = split_option(piece);
      if (option && option->name == "partition") return without_quotes(option->value).text;
    }
    return {};
  }

  template <class Draft>
  void set_all(Draft& draft, const std::vector<SlurmWord>& pieces) {
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      if (trim(pieces[i].text).empty()) continue;
      auto option = split_option(pieces[i]);
      if (!option) {
        report(pieces[i], fmt::format("\"{:.60}\" is not Key=value", pieces[i].text), "",
               diagnostics_);
        continue;
      }
      option->value = without_quotes(option->value);
      accounting_.set(draft, *option);
    }
  }

  SlurmAccounting& accounting_;
  Diagnostics& diagnostics_;
  std::string parent_ = "root";
};

std::vector<SlurmWord> bar_pieces(const SlurmWord& line) {
  std::vector<SlurmWord> pieces;
  for (const std::string_view piece : split(line.text, '|')) {
    pieces.push_back({std::string(piece), line.line,
                      line.at + static_cast<std::size_t>(piece.data() - line.text.data())});
  }
  return pieces;
}

}  // namespace

std::vector<SlurmWord> sacctmgr_lines(const std::string& file, std::vector<std::string>& files,
                                      Diagnostics& diagnostics) {
  std::vector<SlurmWord> result;
  auto source = std::make_shared<SlurmSource>(SlurmSource{file, {}});
  try {
    source->text = read_text(file);
  } catch (const InputError& error) {
    diagnostics.add(error.diagnostics());
    return result;
  }
  files.push_back(file);
  constexpr std::size_t kLongestLine = 1 << 20;
  const std::string_view text = source->text;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = trim(text.substr(start, end - start));
    start = end + 1;
    if (line.empty() || line.front() == '#') continue;
    const auto offset = static_cast<std::size_t>(line.data() - text.data());
    auto place = std::make_shared<SlurmLine>(SlurmLine{source, {{0, offset}}});
    if (line.size() > kLongestLine) {
      report({"", std::move(place), 0}, fmt::format("a line of {} bytes", line.size()),
             fmt::format("at most {}", kLongestLine), diagnostics);
    } else {
      result.push_back({std::string(line), std::move(place), 0});
    }
  }
  return result;
}

SacctmgrKind sacctmgr_kind(std::string_view text) {
  static constexpr std::string_view kDumped[] = {"cluster", "parent", "account",
                                                 "project", "user",   "qos"};
  const auto has = [](const auto& names, std::string_view word) {
    return std::any_of(std::begin(names), std::end(names),
                       [&](std::string_view each) { return same_name(each, word); });
  };
  for (const std::string_view each : split(text, '\n')) {
    const std::string_view line = trim(each);
    if (line.empty() || line.front() == '#') continue;
    if (const std::size_t dash = line.find(" - "); dash != std::string_view::npos) {
      if (has(kDumped, trim(line.substr(0, dash)))) return SacctmgrKind::Dump;
    }
    const std::vector<std::string_view> columns = split(line, '|');
    if (columns.size() > 1) {
      const bool is_qos =
          has(columns, "name") && (has(columns, "priority") || has(columns, "gracetime"));
      return is_qos ? SacctmgrKind::QosTable : SacctmgrKind::None;
    }
    return is_sacctmgr_command(line) ? SacctmgrKind::Commands : SacctmgrKind::None;
  }
  return SacctmgrKind::None;
}

std::optional<SlurmOption> split_option(const SlurmWord& word) {
  const std::size_t equals = word.text.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  const char before = word.text[equals - 1];
  const bool has_sign = before == '+' || before == '-';
  const std::string key(trim(word.text.substr(0, equals - (has_sign ? 1 : 0))));
  SlurmWord value{word.text.substr(equals + 1), word.line, word.at + equals + 1};
  return SlurmOption{
      {key, word.line, word.at}, lower(key), has_sign ? before : '=', std::move(value)};
}

void read_sacctmgr_dump(const std::string& file, std::vector<std::string>& files,
                        SlurmAccounting& accounting) {
  DumpReader reader(accounting);
  for (const SlurmWord& line : sacctmgr_lines(file, files, accounting.diagnostics())) {
    reader.read_line(line);
  }
}

void read_sacctmgr_qos(const std::string& file, std::vector<std::string>& files,
                       SlurmAccounting& accounting) {
  Diagnostics& diagnostics = accounting.diagnostics();
  const std::vector<SlurmWord> lines = sacctmgr_lines(file, files, diagnostics);
  if (lines.empty()) return;
  const std::vector<SlurmWord> header = bar_pieces(lines.front());
  const auto name = std::find_if(header.begin(), header.end(), [](const SlurmWord& word) {
    return same_name(word.text, "name");
  });
  if (name == header.end()) {
    report(lines.front(), "no column \"Name\"",
           "write what `sacctmgr -P show qos` prints, with its first line", diagnostics);
    return;
  }
  const auto name_column = static_cast<std::size_t>(name - header.begin());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<SlurmWord> cells = bar_pieces(lines[i]);
    if (cells.size() != header.size()) {
      report(lines[i],
             fmt::format("{} columns, but {} in the first line", cells.size(), header.size()), "",
             diagnostics);
      continue;
    }
    QosDraft& draft = accounting.add_qos(lower(trim(cells[name_column].text)));
    for (std::size_t column = 0; column < cells.size(); ++column) {
      if (column == name_column || cells[column].text.empty()) continue;
      if (header[column].text.empty()) continue;
      accounting.set(draft, {header[column], lower(header[column].text), '=', cells[column]});
    }
  }
}

}  // namespace rehearse
