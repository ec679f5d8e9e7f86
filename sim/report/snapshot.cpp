#include "sim/report/snapshot.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "sim/base/csv_scanner.hpp"
#include "sim/report/names.hpp"
#include "sim/workload/write_text.hpp"

namespace rehearse {
namespace {

/// Builds a table row by row.
class Table {
 public:
  explicit Table(std::string_view header) : text_(header) { text_ += '\n'; }

  template <class... Fields>
  void row(const Fields&... fields) {
    (add(fields), ...);
    text_.back() = '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  void add(std::string_view field) {
    append_csv(text_, field);
    text_ += ',';
  }
  void add(std::int64_t number) { text_ += fmt::format("{},", number); }

  std::string text_;
};

std::string seconds_text(Time time) {
  return time == kNever ? "" : fmt::format("{}", whole_seconds(time));
}

std::string tres_text(const Cluster& cluster, const std::vector<double>& tres) {
  std::string text;
  for (std::size_t i = 0; i < tres.size(); ++i) {
    if (tres[i] == 0) continue;
    text += fmt::format("{}{}={:.0f}", text.empty() ? "" : ",", cluster.tres_name(i), tres[i]);
  }
  return text;
}

std::string sprio(const View& view, const Outlook& outlook) {
  Table table(
      "id,user,partition,priority,age,assoc,fairshare,jobsize,partition_factor,qos,tres,nice");
  const Cluster& cluster = view.cluster();
  for (const Ranked& each : outlook.jobs) {
    if (!each.competes) continue;
    const auto weighted = [&](double PriorityFactors::* factor) {
      return each.factors ? fmt::format("{:.0f}", (*each.factors).*factor) : std::string();
    };
    using F = PriorityFactors;
    table.row(view.job_text(each.job), view.name(view.submission(each.job).user),
              cluster.partitions[each.partition].name, fmt::format("{}", each.priority),
              weighted(&F::age), weighted(&F::assoc), weighted(&F::fair_share),
              weighted(&F::job_size), weighted(&F::partition), weighted(&F::qos),
              each.factors ? tres_text(cluster, each.factors->tres) : "", view.job(each.job).nice);
  }
  return table.take();
}

std::string sshare(const View& view, const Outlook& outlook) {
  Table table(
      "account,user,partition,raw_shares,norm_shares,raw_usage,norm_usage,effective_usage,"
      "fair_share,level_fs");
  for (std::size_t i = 0; i < view.assocs().size(); ++i) {
    const auto id = static_cast<AssocId>(i);
    const Assoc& assoc = view.assocs()[id];
    const Standing* const its = i < outlook.standing.size() ? &outlook.standing[id] : nullptr;
    const bool is_classic = its != nullptr && its->factor;
    const auto number = [&](double Standing::* field) {
      return its != nullptr ? fmt::format("{:.6f}", its->*field) : std::string();
    };
    const std::string usage =
        i < outlook.raw_usage.size()
            ? fmt::format("{}", static_cast<std::int64_t>(outlook.raw_usage[id]))
            : "";
    std::string factor;
    if (is_classic) {
      factor = fmt::format("{:.6f}", *its->factor);
    } else if (assoc.is_user()) {
      factor = fmt::format("{:.6f}", view.fair_share(id));
    }
    if (assoc.parent == kNone<AssocId>) {  // the whole: no share of anything, or all of it
      table.row(assoc.account, "", "", "", is_classic ? "1.000000" : "0.000000", usage, "",
                "1.000000", factor, "");
      continue;
    }
    table.row(assoc.account, assoc.user, assoc.partition,
              assoc.shares_as_parent ? "parent" : fmt::format("{}", assoc.shares),
              number(&Standing::norm_shares), usage, number(&Standing::norm_usage),
              number(&Standing::effective_usage), factor,
              is_classic ? "" : number(&Standing::level));
  }
  return table.take();
}

std::map<JobId, const Ranked*> by_job(const Outlook& outlook) {
  std::map<JobId, const Ranked*> result;
  for (const Ranked& each : outlook.jobs) result.try_emplace(each.job, &each);
  return result;
}

std::string squeue(const View& view, const Outlook& outlook) {
  Table table("id,user,account,partition,qos,state,reason,priority,start,time_limit,node_list");
  const Cluster& cluster = view.cluster();
  const auto ranked = by_job(outlook);
  for (std::size_t i = 0; i < view.job_count(); ++i) {
    const auto id = static_cast<JobId>(i);
    const Job& job = view.job(id);
    const bool runs = job.state == JobState::Running;
    if (!runs && job.state != JobState::Pending) continue;
    const auto found = ranked.find(id);
    const Ranked* const its = found == ranked.end() ? nullptr : found->second;
    const std::string& asked = view.name(view.submission(id).partition);
    NodeSet nodes(cluster.nodes.size());
    if (runs) {
      for (const Share& share : view.held(id)) {
        for (std::uint32_t k = 0; k < share.nodes; ++k) {
          nodes.insert(static_cast<NodeId>(index(share.first) + k));
        }
      }
    }
    table.row(view.job_text(id), view.name(view.submission(id).user),
              view.assocs()[job.assoc].account,
              !runs && !asked.empty() ? asked : cluster.partitions[job.partition].name,
              job.qos == kNone<QosId> ? "" : cluster.qos[job.qos].name, state_name(job.state),
              reason_name(runs ? Reason::None : view.reason(id)),
              its == nullptr ? "" : fmt::format("{}", its->job_priority),
              seconds_text(runs             ? job.start
                           : its == nullptr ? kNever
                                            : its->planned),
              job.time_limit == kUnlimited ? "UNLIMITED"
                                           : fmt::format("{}", whole_seconds(job.time_limit)),
              cluster.host_list(nodes));
  }
  return table.take();
}

}  // namespace

Snapshot snapshot_of(const View& view, const Outlook& outlook) {
  return {view.now(), sprio(view, outlook), sshare(view, outlook), squeue(view, outlook)};
}

void write_snapshot(const std::string& directory, const Snapshot& snapshot) {
  const std::string folder = directory + "/snapshots";
  std::filesystem::create_directories(folder);
  const std::string stem = fmt::format("{}/{}.", folder, whole_seconds(snapshot.at));
  write_text(stem + "sprio.csv", snapshot.sprio);
  write_text(stem + "sshare.csv", snapshot.sshare);
  write_text(stem + "squeue.csv", snapshot.squeue);
}

}  // namespace rehearse
