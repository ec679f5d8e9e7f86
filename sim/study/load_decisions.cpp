#include "sim/study/load_decisions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "sim/base/csv.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

std::set<std::string> names_of_jobs(const Workload& workload) {
  std::set<std::string> names;
  for (std::size_t row = 0; row < workload.submissions.size(); ++row) {
    const auto id = static_cast<SubmissionId>(row);
    const Special* const special = workload.special(id);
    if (special == nullptr || special->array_tasks.empty()) {
      names.insert(workload.id_text(id));
      continue;
    }
    for (const std::uint32_t task : special->array_tasks)
      names.insert(workload.task_text(id, task));
  }
  return names;
}

class DecisionsReader {
 public:
  DecisionsReader(const std::string& path, std::string_view text, const Cluster& cluster,
                  const Workload& workload)
      : table_(path, text), cluster_(cluster), jobs_(names_of_jobs(workload)) {}

  Decisions read() {
    const std::size_t id = table_.column("id"), attempt = table_.column("attempt"),
                      start = table_.column("start"), end = table_.column("end");
    Decisions decisions;
    while (table_.next()) {
      const std::string name(table_[id]);
      if (!jobs_.contains(name)) table_.fail_row(fmt::format("no job \"{}\" in the trace", name));
      const auto number = table_.integer(attempt);
      if (!number || *number < 0 || *number > std::numeric_limits<std::uint16_t>::max()) {
        table_.fail_row(fmt::format("\"{}\" is no number of an attempt", table_[attempt]));
      }
      const auto began = table_.integer(start);
      if (!began) continue;
      Decision decision = what_and_where();
      decision.start = at_seconds(*began);
      if (const auto ended = table_.integer(end)) decision.end = at_seconds(*ended);
      const auto [at, is_new] =
          decisions.try_emplace({name, static_cast<std::uint16_t>(*number)}, std::move(decision));
      if (!is_new)
        table_.fail_row(fmt::format("attempt {} of \"{}\" is here twice", *number, name));
    }
    return decisions;
  }

 private:
  Decision what_and_where() {
    Decision decision;
    decision.state = state();
    const std::string_view by = table_[started_by_];
    if (by == started_by_name(StartedBy::Main)) decision.started_by = StartedBy::Main;
    if (by == started_by_name(StartedBy::Backfill)) decision.started_by = StartedBy::Backfill;
    const auto partition = cluster_.find_partition(table_[partition_]);
    if (!partition) table_.fail_row(fmt::format("no partition \"{}\"", table_[partition_]));
    decision.partition = *partition;
    const Hostlist hosts = expand_hostlist(table_[node_list_]);
    if (!hosts.ok()) {
      table_.fail_row(fmt::format("\"{}\": {}", table_[node_list_], hosts.error));
    }
    decision.nodes = NodeSet(cluster_.nodes.size());
    for (const std::string& host : hosts.hosts) {
      const auto node = cluster_.find_node(host);
      if (!node) table_.fail_row(fmt::format("no node \"{}\"", host));
      decision.nodes.insert(*node);
    }
    if (time_limit_) {
      if (const auto limit = parse_int64(table_[*time_limit_])) {
        decision.time_limit = std::chrono::seconds{*limit};
      }
    }
    return decision;
  }

  JobState state() {
    for (std::size_t i = 0; i < kJobStates; ++i) {
      const auto each = static_cast<JobState>(i);
      if (state_name(each) == table_[state_]) return each;
    }
    table_.fail_row(fmt::format("\"{}\" is no state of a job", table_[state_]),
                    "write what sacct prints, such as COMPLETED");
  }

  std::optional<std::size_t> optional_column(std::string_view name) const {
    const auto& header = table_.header();
    const auto at = std::find(header.begin(), header.end(), name);
    if (at == header.end()) return std::nullopt;
    return static_cast<std::size_t>(at - header.begin());
  }

  CsvTable table_;
  const Cluster& cluster_;
  std::set<std::string> jobs_;
  std::size_t state_ = table_.column("state"), partition_ = table_.column("partition"),
              node_list_ = table_.column("node_list"), started_by_ = table_.column("started_by");
  std::optional<std::size_t> time_limit_ = optional_column("time_limit");
};

}  // namespace

Decisions load_decisions(const std::string& path, const Cluster& cluster,
                         const Workload& workload) {
  const std::string text = read_text(path);
  return DecisionsReader(path, text, cluster, workload).read();
}

}  // namespace rehearse
