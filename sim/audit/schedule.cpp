#include "sim/audit/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "sim/base/csv.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"

namespace rehearse::auditing {
namespace {

/// "gpu:a40", "gpu", "gres/shard".
std::string column_of(const GresKind& kind) {
  return (kind.is_gpu() ? "" : "gres/") + kind.name + (kind.type.empty() ? "" : ":" + kind.type);
}

class Reader {
 public:
  Reader(Schedule& schedule, Findings& findings) : schedule_(schedule), findings_(findings) {
    list_jobs();
  }
  void read_jobs(std::string_view text);
  void read_shares(std::string_view text);

 private:
  void list_jobs();
  void add_row(const CsvTable& table);
  void add_share(const CsvTable& table);
  std::size_t job_of(const std::string& id, std::int64_t attempt);
  Attempt* holder(const std::string& id, std::int64_t attempt);

  /// Jobs of one id, by submission. Their rows follow each other, and so do their shares.
  struct Namesakes {
    std::vector<std::size_t> jobs{};
    std::size_t in_jobs = 0;                          ///< position of the one whose rows are read
    bool begun = false;                               ///< that one has a row
    std::map<std::int64_t, std::size_t> in_shares{};  ///< by attempt, likewise
  };
  Schedule& schedule_;
  Findings& findings_;
  std::unordered_map<std::string, Namesakes> by_id_;
};

// Every job that the trace promises: one per submission, one per task of an array.
void Reader::list_jobs() {
  const Workload& workload = schedule_.workload;
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto submission = static_cast<SubmissionId>(i);
    const Special* special = workload.special(submission);
    const std::string id = workload.id_text(submission);
    const std::size_t first = schedule_.jobs.size();
    if (special == nullptr || special->array_tasks.empty()) {
      schedule_.jobs.push_back({.id = id, .submission = submission, .attempts = {}});
    } else {
      for (std::size_t rank = 0; rank < special->array_tasks.size(); ++rank) {
        const std::uint32_t task = special->array_tasks[rank];
        schedule_.jobs.push_back({fmt::format("{}_{}", id, task), submission, task, rank, {}});
      }
    }
    schedule_.jobs_of.push_back({first, schedule_.jobs.size()});
  }
  for (std::size_t i = 0; i < schedule_.jobs.size(); ++i) {
    by_id_[schedule_.jobs[i].id].jobs.push_back(i);
  }
  for (auto& [id, named] : by_id_) {
    std::stable_sort(named.jobs.begin(), named.jobs.end(), [&](std::size_t a, std::size_t b) {
      return schedule_.submission(schedule_.jobs[a]).submit <
             schedule_.submission(schedule_.jobs[b]).submit;
    });
  }
}

// A first attempt begins the next job of that id, if there is one.
std::size_t Reader::job_of(const std::string& id, std::int64_t attempt) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return schedule_.jobs.size();
  Namesakes& named = found->second;
  if (attempt == 0 && named.begun && named.in_jobs + 1 < named.jobs.size()) ++named.in_jobs;
  named.begun = true;
  return named.jobs[named.in_jobs];
}

// Of several with that attempt the first that lacks nodes.
Attempt* Reader::holder(const std::string& id, std::int64_t attempt) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  const std::vector<std::size_t>& jobs = found->second.jobs;
  Attempt* last = nullptr;
  for (std::size_t& i = found->second.in_shares[attempt]; i < jobs.size(); ++i) {
    for (const std::size_t at : schedule_.jobs[jobs[i]].attempts) {
      Attempt& each = schedule_.attempts[at];
      if (each.number != attempt) continue;
      last = &each;
      if (std::ssize(each.held) < each.nodes) return last;
    }
    if (i + 1 == jobs.size()) break;
  }
  return last;
}

void Reader::read_jobs(std::string_view text) {
  try {
    CsvTable table("jobs.csv", text);
    while (table.next()) add_row(table);
  } catch (const InputError& error) {
    findings_.add("malformed-row", "", kNoTime, error.diagnostics().entries().front().message);
  }
  for (Job& job : schedule_.jobs) {
    std::stable_sort(job.attempts.begin(), job.attempts.end(), [&](std::size_t a, std::size_t b) {
      return schedule_.attempts[a].number < schedule_.attempts[b].number;
    });
  }
}

void Reader::add_row(const CsvTable& table) {
  const auto text = [&](std::string_view name) { return std::string(table[table.column(name)]); };
  const auto number = [&](std::string_view name, std::int64_t if_empty = 0) {
    return table.integer(table.column(name)).value_or(if_empty);
  };
  const std::string id = text("id");
  const std::size_t job = job_of(id, number("attempt"));
  if (job == schedule_.jobs.size()) {
    findings_.add("unknown-job", id, kNoTime,
                  fmt::format("jobs.csv:{}: not in the trace", table.line()));
    return;
  }
  Attempt attempt;
  attempt.job = job;
  attempt.number = number("attempt");
  attempt.user = text("user");
  attempt.account = text("account");
  attempt.qos = text("qos");
  attempt.state = text("state");
  attempt.node_list = text("node_list");
  attempt.reasons = text("reasons");
  attempt.submit = number("submit", kNoTime);
  attempt.eligible = number("eligible", kNoTime);
  attempt.start = number("start", kNoTime);
  attempt.end = number("end", kNoTime);
  if (text("time_limit") != "UNLIMITED") attempt.limit = number("time_limit", kForever);
  attempt.nodes = number("nodes");
  attempt.cpus = number("cpus");
  attempt.gpus = number("gpus");
  attempt.memory_mib = number("memory_mib");
  const auto partition = schedule_.cluster.find_partition(text("partition"));
  attempt.partition = partition.value_or(kNone<PartitionId>);
  if (!partition && attempt.started()) {
    findings_.add("malformed-row", id, kNoTime,
                  fmt::format("jobs.csv:{}: unknown partition", table.line()));
    return;
  }
  for (const std::size_t other : schedule_.jobs[attempt.job].attempts) {
    if (schedule_.attempts[other].number != attempt.number) continue;
    findings_.add(
        "duplicate-job", id, attempt.start,
        fmt::format("jobs.csv:{}: attempt {} has a row already", table.line(), attempt.number));
    return;
  }
  schedule_.jobs[attempt.job].attempts.push_back(schedule_.attempts.size());
  schedule_.attempts.push_back(std::move(attempt));
}

void Reader::read_shares(std::string_view text) {
  try {
    CsvTable table("shares.csv", text);
    while (table.next()) add_share(table);
  } catch (const InputError& error) {
    findings_.add("malformed-row", "", kNoTime, error.diagnostics().entries().front().message);
  }
}

void Reader::add_share(const CsvTable& table) {
  const Cluster& cluster = schedule_.cluster;
  const std::string place = fmt::format("shares.csv:{}", table.line());
  const auto number = [&](std::string_view name) {
    return table.integer(table.column(name)).value_or(0);
  };
  const std::string id(table[table.column("job")]);
  const auto node = cluster.find_node(table[table.column("node")]);
  if (!node) {
    findings_.add("malformed-row", id, kNoTime, place + ": unknown node");
    return;
  }
  Held held{.node = *node, .cpus = number("cpus"), .memory_mib = number("memory_mib"), .gres = {}};
  for (std::size_t kind = 0; kind < cluster.gres.size(); ++kind) {
    const std::int64_t count = number(column_of(cluster.gres[static_cast<GresId>(kind)]));
    if (count == 0) continue;
    held.gres.resize(cluster.gres.size(), 0);
    held.gres[kind] = count;
  }
  if (Attempt* attempt = holder(id, number("attempt"))) {
    attempt->held.push_back(std::move(held));
    ++schedule_.shares;
    return;
  }
  findings_.add("shares", id, kNoTime,
                fmt::format("{}: jobs.csv has no attempt {} of it", place, number("attempt")));
}

}  // namespace

bool Schedule::was_made_whole(const Attempt& attempt) const {
  if (!rules.is_slurm) return false;
  const auto named = split(workload.names[submission(job(attempt)).partition], ',');
  const bool is_named = std::any_of(named.begin(), named.end(), [&](std::string_view name) {
    const auto id = cluster.find_partition(std::string(name));
    return id && cluster.partitions[*id].over_subscribe == OverSubscribe::Exclusive;
  });
  return is_named && std::all_of(attempt.held.begin(), attempt.held.end(), [&](const Held& held) {
           return held.cpus == cluster.nodes[held.node].cpus;
         });
}

std::int64_t Schedule::gres(const Held& held, std::string_view name, std::string_view type) const {
  std::int64_t result = 0;
  for (std::size_t i = 0; i < held.gres.size(); ++i) {
    const GresKind& kind = cluster.gres[static_cast<GresId>(i)];
    if (kind.name == name && (type.empty() || kind.type == type)) result += held.gres[i];
  }
  return result;
}

void Findings::add(std::string rule, std::string job, std::int64_t at, std::string text,
                   std::string node) {
  const auto instant = at == kNoTime ? std::nullopt : std::optional(at);
  result_.violations.push_back(
      {std::move(rule), std::move(job), std::move(node), instant, std::move(text)});
}

void Findings::add(std::string rule, const Schedule& schedule, const Attempt& attempt,
                   std::int64_t at, std::string text, std::string node) {
  std::string job = schedule.job(attempt).id;
  if (attempt.number != 0) job += fmt::format(" (attempt {})", attempt.number);
  add(std::move(rule), std::move(job), at, std::move(text), std::move(node));
}

Schedule read_schedule(const Cluster& cluster, const Workload& workload, const AuditRules& rules,
                       std::string_view jobs_csv, std::string_view shares_csv, Findings& findings) {
  Schedule schedule{cluster, workload, rules, {}, {}, {}, 0, {}};
  Reader reader(schedule, findings);
  reader.read_jobs(jobs_csv);
  reader.read_shares(shares_csv);
  return schedule;
}

std::vector<const Attempt*> Schedule::companions(const Attempt& attempt) const {
  std::vector<const Attempt*> result;
  const SubmissionId own = job(attempt).submission;
  const Special* const special = workload.special(own);
  const std::size_t count = special == nullptr ? 0 : special->het_size;
  for (std::size_t i = 0; i < count; ++i) {
    const auto component = static_cast<SubmissionId>(index(own) - special->het_offset + i);
    if (component == own) continue;
    for (const std::size_t at : jobs[jobs_of[component].first].attempts) {
      if (attempts[at].started() && attempts[at].start == attempt.start) {
        result.push_back(&attempts[at]);
      }
    }
  }
  return result;
}

}  // namespace rehearse::auditing
