#include <fmt/format.h>

#include <cstdlib>
#include <iterator>
#include <string_view>
#include <vector>

#include "sim/base/csv_scanner.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/workload/csv_columns.hpp"
#include "sim/workload/dependency_text.hpp"
#include "sim/workload/shell_words.hpp"
#include "sim/workload/write_trace.hpp"

namespace rehearse {
namespace {

/// "12" or "12.5"
std::string seconds_text(Duration time) {
  std::string text = std::to_string(time.count() / 1000);
  const auto milliseconds = time.count() % 1000;
  if (milliseconds == 0) return text;
  text += fmt::format(".{:03}", milliseconds);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

/// "64G" or "1500M"
std::string memory_text(std::int64_t mib) {
  return mib > 0 && mib % 1024 == 0 ? fmt::format("{}G", mib / 1024) : fmt::format("{}M", mib);
}

/// "gpu:a40:2,shard:1"; of GPUs alone without their name for --gpus and its relatives.
std::string gres_text(const std::vector<GresCount>& list, bool with_name) {
  std::string text;
  for (const GresCount& item : list) {
    if (!text.empty()) text += ',';
    if (with_name) text += item.name + ':';
    if (!item.type.empty()) text += item.type + ':';
    text += std::to_string(item.count);
  }
  return text;
}

std::string nodes_text(const Asked& asked) {
  if (asked.min_nodes == 0) return {};
  if (asked.min_nodes == asked.max_nodes) return std::to_string(asked.min_nodes);
  return fmt::format("{}-{}", asked.min_nodes, asked.max_nodes);
}

std::string count_text(std::uint32_t count) { return count == 0 ? "" : std::to_string(count); }

/// "0-9,12%4"
std::string array_text(const Special& special) {
  const std::vector<std::uint32_t>& tasks = special.array_tasks;
  std::string text;
  for (std::size_t first = 0; first < tasks.size();) {
    std::size_t last = first;
    while (last + 1 < tasks.size() && tasks[last + 1] == tasks[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(tasks[first]);
    if (last > first) text += fmt::format("-{}", tasks[last]);
    first = last + 1;
  }
  if (special.array_throttle > 0) text += fmt::format("%{}", special.array_throttle);
  return text;
}

std::string duration_text(const Workload& workload, SubmissionId id) {
  const auto found = workload.truth.details.find(id);
  if (found == workload.truth.details.end()) return seconds_text(workload.truth.run_time[id]);
  std::string text;
  for (const TaskTruth& task : found->second.by_task_rank) {
    if (!text.empty()) text += '|';
    text += seconds_text(task.run_time);
    if (task.exit_code != 0 || task.ignores_term) text += fmt::format(":{}", task.exit_code);
    if (task.ignores_term) text += ":i";
  }
  return text;
}

/// The options that have no column.
class ExtraOptions {
 public:
  std::string text(const Workload& workload, SubmissionId id) {
    const Submission& row = workload.submissions[id];
    add_asked(workload.asked[row.asked]);
    if (row.nice != 0) add("nice", std::to_string(row.nice));
    if (const Special* const special = workload.special(id)) add_special(*special, workload);
    return std::move(text_);
  }

 private:
  void add(std::string_view name, std::string_view value) {
    if (!value.empty()) add_word(fmt::format("--{}={}", name, value));
  }
  void add_word(std::string_view word) {
    if (!text_.empty()) text_ += ' ';
    text_ += shell_quote(word);
  }

  void add_asked(const Asked& asked) {
    add("ntasks-per-node", count_text(asked.tasks_per_node));
    add("cpus-per-gpu", count_text(asked.cpus_per_gpu));
    add("gpus", gres_text(asked.gres_per_job, false));
    add("gpus-per-task", gres_text(asked.gres_per_task, false));
    if (asked.memory.per == MemoryPer::Cpu) add("mem-per-cpu", memory_text(asked.memory.mib));
    if (asked.memory.per == MemoryPer::Gpu) add("mem-per-gpu", memory_text(asked.memory.mib));
    add("constraint", asked.constraint);
    add("nodelist", asked.nodelist);
    add("exclude", asked.exclude);
    if (asked.exclusive) add_word("--exclusive");
  }

  void add_special(const Special& special, const Workload& workload) {
    if (special.priority) add("priority", std::to_string(*special.priority));
    if (special.begin != Time::min()) add("begin", seconds_text(special.begin.time_since_epoch()));
    if (special.hold) add_word("--hold");
    if (special.requeue) add_word(*special.requeue ? "--requeue" : "--no-requeue");
    if (special.kill_on_invalid_dep) {
      add("kill-on-invalid-dep", *special.kill_on_invalid_dep ? "yes" : "no");
    }
    if (special.job_name != kNone<NameId>) add("job-name", workload.names[special.job_name]);
    if (special.deadline != kNever) {
      add("deadline", seconds_text(special.deadline.time_since_epoch()));
    }
    for (const std::string& option : special.slurm_only) {
      const bool written = option.starts_with("--deadline=") || option.starts_with("--mem=");
      if (!written) add_word(option);
    }
    for (const std::string& option : special.not_simulated) add_word(option);
  }

  std::string text_;
};

std::string limit_text(Duration limit) {
  if (limit == kUnset) return {};
  return format_slurm_seconds(limit == kUnlimited ? kUnlimitedSeconds : whole_seconds(limit));
}

std::string extra_text(const Workload& workload, SubmissionId id);

std::string field_text(const Workload& workload, SubmissionId id, CsvColumn column) {
  const Submission& row = workload.submissions[id];
  const Asked& asked = workload.asked[row.asked];
  const Special* const special = workload.special(id);
  switch (column) {
    case CsvColumn::Id:
      return workload.row_text(id);
    case CsvColumn::Submit:
      return seconds_text(row.submit.time_since_epoch());
    case CsvColumn::User:
      return workload.names[row.user];
    case CsvColumn::Account:
      return workload.names[row.account];
    case CsvColumn::Partition:
      return workload.names[row.partition];
    case CsvColumn::Qos:
      return workload.names[row.qos];
    case CsvColumn::Nodes:
      return nodes_text(asked);
    case CsvColumn::Ntasks:
      return count_text(asked.tasks);
    case CsvColumn::CpusPerTask:
      return count_text(asked.cpus_per_task);
    case CsvColumn::Gres:
      return gres_text(asked.gres_per_node, true);
    case CsvColumn::Mem:
      return asked.memory.per == MemoryPer::Node ? memory_text(asked.memory.mib) : "";
    case CsvColumn::Timelimit:
      return limit_text(row.time_limit);
    case CsvColumn::RunTime:
      return duration_text(workload, id);
    case CsvColumn::Dependency:
      return special == nullptr ? "" : dependency_text(workload, *special);
    case CsvColumn::Array:
      return special == nullptr ? "" : array_text(*special);
    case CsvColumn::Extra:
      return extra_text(workload, id);
  }
  return {};
}

/// With the further components of a heterogeneous job, whose columns are options here.
std::string extra_text(const Workload& workload, SubmissionId id) {
  std::string text = ExtraOptions().text(workload, id);
  const Special* const special = workload.special(id);
  if (special == nullptr || special->het_offset > 0) return text;
  for (std::uint32_t offset = 1; offset < special->het_size; ++offset) {
    const auto component = static_cast<SubmissionId>(index(id) + offset);
    text += text.empty() ? ":" : " :";
    for (std::size_t i = 0; i < kCsvColumns.size(); ++i) {
      const auto column = static_cast<CsvColumn>(i);
      const std::string_view option = kCsvColumns[i].option;
      const std::string value =
          option.empty() ? std::string() : field_text(workload, component, column);
      if (value.empty()) continue;
      text += ' ';
      text +=
          column == CsvColumn::Extra ? value : shell_quote(fmt::format("--{}={}", option, value));
    }
  }
  return text;
}

}  // namespace

std::string write_csv(const Workload& workload) {
  std::string text;
  for (const CsvColumnInfo& column : kCsvColumns) {
    if (!text.empty()) text += ',';
    text += column.name;
  }
  text += '\n';
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    if (workload.is_later_component(id)) continue;
    for (std::size_t column = 0; column < kCsvColumns.size(); ++column) {
      if (column > 0) text += ',';
      append_csv(text, field_text(workload, id, static_cast<CsvColumn>(column)));
    }
    text += '\n';
  }
  return text;
}

}  // namespace rehearse
