// A Comparison as a document of paragraphs and tables, which a terminal and Markdown lay out in
// their own way, and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/slurm_text.hpp"
#include "sim/report/names.hpp"
#include "sim/study/compare.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kOneSample =
    "One pair of runs is one sample: it shows what happened on this trace, not what would come of "
    "another.";

/// Rows of texts under a header; the first column is to the left, numbers to the right.
struct Table {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

struct Document {
  std::vector<std::string> head;  ///< sentences
  std::vector<Table> tables;      ///< none is empty
};

// Characters of UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char each) {
    return (static_cast<unsigned char>(each) & 0xc0U) != 0x80U;
  }));
}

std::string number(double value) {
  if (value == std::round(value) || std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

std::string change(double before, double after) {
  if (before == after) return "=";
  if (before == 0) return fmt::format("{}{}", after > 0 ? "+" : "", number(after));
  return fmt::format("{:+.1f} %", 100 * (after - before) / std::abs(before));
}

std::string arrow(double before, double after) {
  return before == after ? number(before) : fmt::format("{} -> {}", number(before), number(after));
}

std::string signed_duration(std::int64_t seconds) {
  return (seconds < 0 ? "-" : "+") + format_slurm_seconds(std::abs(seconds));
}

void add_table(Document& document, Table table) {
  if (!table.rows.empty()) document.tables.push_back(std::move(table));
}

Table figures_table(const Comparison& comparison) {
  Table table{"Figures", {"figure", "before", "after", "change"}, {}};
  for (const FigureChange& each : comparison.figures) {
    table.rows.push_back(
        {each.name, number(each.before), number(each.after), change(each.before, each.after)});
  }
  return table;
}

Table groups_table(std::string title, std::string kind, const std::vector<GroupChange>& groups) {
  Table table{std::move(title),
              {std::move(kind), "jobs", "mean wait", "change", "p90 wait", "slowdown", "GPU-hours",
               "lost GPU-hours"},
              {}};
  for (const GroupChange& each : groups) {
    const SavedGroup& a = each.before;
    const SavedGroup& b = each.after;
    table.rows.push_back({printable(each.name), arrow(a.jobs, b.jobs),
                          arrow(std::round(a.wait_mean), std::round(b.wait_mean)),
                          change(a.wait_mean, b.wait_mean), arrow(a.wait_p90, b.wait_p90),
                          arrow(a.slowdown_mean, b.slowdown_mean), arrow(a.gpu_hours, b.gpu_hours),
                          arrow(a.lost_gpu_hours, b.lost_gpu_hours)});
  }
  return table;
}

Table jobs_table(std::string title, const std::vector<JobChange>& jobs) {
  Table table{std::move(title), {"job", "user", "start before", "start after", "by"}, {}};
  for (const JobChange& each : jobs) {
    table.rows.push_back({printable(each.id), printable(each.user), std::to_string(each.before),
                          std::to_string(each.after), signed_duration(each.later())});
  }
  return table;
}

Table users_table(std::string title, const std::vector<UserChange>& users) {
  Table table{std::move(title), {"user", "jobs moved", "together by"}, {}};
  for (const UserChange& each : users) {
    table.rows.push_back(
        {printable(each.user), std::to_string(each.jobs), signed_duration(each.later)});
  }
  return table;
}

std::vector<std::string> head_of(const Comparison& comparison) {
  std::vector<std::string> head;
  const auto warn = [&](bool clairvoyant, std::string_view which) {
    if (!clairvoyant) return;
    head.push_back(
        fmt::format("CLAIRVOYANT: a policy of the run {} has read true run times.", which));
  };
  warn(comparison.before_clairvoyant, "before");
  warn(comparison.after_clairvoyant, "after");
  head.push_back(fmt::format("Before: {}. After: {}.", comparison.before, comparison.after));
  if (!comparison.same_trace) {
    head.emplace_back("The runs are of different traces; jobs are paired by their ids alone.");
  }
  if (!comparison.differs()) {
    head.emplace_back("Nothing differs: every job starts, ends and lies as before.");
    return head;
  }
  std::string jobs = fmt::format("Of the jobs, {} start earlier, {} later and {} at the same time",
                                 comparison.earlier, comparison.later, comparison.same);
  const auto also = [&](std::int64_t count, std::string_view what) {
    if (count > 0) jobs += fmt::format("; {} {}", count, what);
  };
  also(comparison.started_only_before, "started only before");
  also(comparison.started_only_after, "started only after");
  also(comparison.started_in_neither, "in neither");
  also(comparison.unpaired, "are in one of the runs only");
  also(comparison.otherwise_changed, "start as before but end, end up or lie elsewhere");
  head.push_back(jobs + ".");
  return head;
}

Document document_of(const Comparison& comparison) {
  Document document;
  document.head = head_of(comparison);
  Table settings{"Settings that differ", {"setting", "before", "after"}, {}};
  for (const SettingChange& each : comparison.settings) {
    settings.rows.push_back({each.name, each.before.empty() ? "-" : printable(each.before),
                             each.after.empty() ? "-" : printable(each.after)});
  }
  add_table(document, std::move(settings));
  if (comparison.differs()) {
    add_table(document, figures_table(comparison));
    add_table(document, groups_table("By partition", "partition", comparison.by_partition));
    add_table(document, groups_table("By account", "account", comparison.by_account));
    add_table(document, groups_table("By GPUs", "GPUs", comparison.by_gpus));
    add_table(document, users_table("Users who gain most", comparison.winning_users));
    add_table(document, users_table("Users who lose most", comparison.losing_users));
    add_table(document, jobs_table("Jobs that gain most", comparison.winners));
    add_table(document, jobs_table("Jobs that lose most", comparison.losers));
  }
  document.head.emplace_back(kOneSample);
  return document;
}

std::string markdown_cell(std::string_view text) {
  std::string result;
  for (const char each : text) {
    if (each == '|' || each == '\\' || each == '<' || each == '*' || each == '_' || each == '`') {
      result += '\\';
    }
    result += each;
  }
  return result;
}

Json groups_json(const std::vector<GroupChange>& groups) {
  const auto one = [](const SavedGroup& group) {
    return Json{{"jobs", group.jobs},           {"wait_mean", group.wait_mean},
                {"wait_p90", group.wait_p90},   {"bounded_slowdown_mean", group.slowdown_mean},
                {"gpu_hours", group.gpu_hours}, {"lost_gpu_hours", group.lost_gpu_hours}};
  };
  Json result = Json::object();
  for (const GroupChange& each : groups) {
    result[each.name] = {{"before", one(each.before)}, {"after", one(each.after)}};
  }
  return result;
}

Json jobs_json(const std::vector<JobChange>& jobs) {
  Json result = Json::array();
  for (const JobChange& each : jobs) {
    result.push_back({{"id", each.id},
                      {"user", each.user},
                      {"start_before", each.before},
                      {"start_after", each.after},
                      {"later", each.later()}});
  }
  return result;
}

Json users_json(const std::vector<UserChange>& users) {
  Json result = Json::array();
  for (const UserChange& each : users) {
    result.push_back({{"user", each.user}, {"jobs", each.jobs}, {"later", each.later}});
  }
  return result;
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
  const Document document = document_of(comparison);
  std::string out;
  for (const std::string& sentence : document.head) out += sentence + "\n";
  for (const Table& table : document.tables) {
    std::vector<std::size_t> widths;
    for (const std::string& title : table.header) widths.push_back(width_of(title));
    for (const auto& row : table.rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], width_of(row[i]));
      }
    }
    const auto add_row = [&](const std::vector<std::string>& row) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string padding(widths[i] - width_of(row[i]), ' ');
        out += "  " + (i == 0 ? row[i] + padding : padding + row[i]);
      }
      out += '\n';
    };
    out += "\n" + table.title + "\n";
    add_row(table.header);
    for (const auto& row : table.rows) add_row(row);
  }
  return out;
}

std::string comparison_markdown(const Comparison& comparison) {
  const Document document = document_of(comparison);
  std::string out = "# Two runs compared\n";
  for (const std::string& sentence : document.head) out += "\n" + markdown_cell(sentence) + "\n";
  for (const Table& table : document.tables) {
    out += "\n## " + table.title + "\n\n";
    const auto add_row = [&](const std::vector<std::string>& row) {
      for (const std::string& cell : row) out += "| " + markdown_cell(cell) + " ";
      out += "|\n";
    };
    add_row(table.header);
    for (std::size_t i = 0; i < table.header.size(); ++i) out += i == 0 ? "|---" : "|---:";
    out += "|\n";
    for (const auto& row : table.rows) add_row(row);
  }
  return out;
}

std::string comparison_json(const Comparison& comparison) {
  Json settings = Json::object();
  for (const SettingChange& each : comparison.settings) {
    settings[each.name] = {{"before", each.before}, {"after", each.after}};
  }
  Json figures = Json::object();
  for (const FigureChange& each : comparison.figures) {
    figures[each.name] = {{"before", each.before}, {"after", each.after}};
  }
  const Json json = {
      {"schema", 1},
      {"before", comparison.before},
      {"after", comparison.after},
      {"samples", 1},
      {"same_trace", comparison.same_trace},
      {"clairvoyant",
       {{"before", comparison.before_clairvoyant}, {"after", comparison.after_clairvoyant}}},
      {"differs", comparison.differs()},
      {"settings", std::move(settings)},
      {"figures", std::move(figures)},
      {"jobs",
       {{"earlier", comparison.earlier},
        {"later", comparison.later},
        {"same", comparison.same},
        {"started_only_before", comparison.started_only_before},
        {"started_only_after", comparison.started_only_after},
        {"started_in_neither", comparison.started_in_neither},
        {"unpaired", comparison.unpaired},
        {"otherwise_changed", comparison.otherwise_changed}}},
      {"by_partition", groups_json(comparison.by_partition)},
      {"by_account", groups_json(comparison.by_account)},
      {"by_gpus", groups_json(comparison.by_gpus)},
      {"winning_users", users_json(comparison.winning_users)},
      {"losing_users", users_json(comparison.losing_users)},
      {"winners", jobs_json(comparison.winners)},
      {"losers", jobs_json(comparison.losers)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rehearse
