// jobs.csv, shares.csv and timeline.csv. There may be millions of rows, so whatever depends only on
// a node, a name or a partition is turned into text once.
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/csv_scanner.hpp"
#include "sim/base/text.hpp"
#include "sim/report/files.hpp"
#include "sim/report/held.hpp"
#include "sim/report/names.hpp"
#include "sim/report/reason_split.hpp"

namespace rehearse {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

void append(fmt::memory_buffer& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

void append(fmt::memory_buffer& out, const fmt::format_int& number) {
  append(out, std::string_view(number.data(), number.size()));
}

void append(fmt::memory_buffer& out, std::int64_t number) { append(out, fmt::format_int(number)); }

std::string csv_field(std::string_view text) {
  std::string field;
  append_csv(field, text);
  return field;
}

// Writes compress_hostlist() of a share list's nodes, with all that it needs of a name at hand.
class NodeLists {
 public:
  explicit NodeLists(const Cluster& cluster) {
    const std::size_t count = cluster.nodes.size();
    names_.reserve(count);
    for (const Node& node : cluster.nodes) {
      const std::size_t digits = node.name.find_last_not_of("0123456789") + 1;
      names_.push_back({node.name.substr(0, digits), node.name.substr(digits), 0});
    }
    for (std::size_t i = count; i-- > 0;) {
      names_[i].last = i + 1 < count && follows(names_[i], names_[i + 1])
                           ? names_[i + 1].last
                           : static_cast<std::uint32_t>(i);
    }
  }

  void append_to(fmt::memory_buffer& out, std::span<const Share> shares) {
    ranges_.clear();
    for (const Share& share : shares) {
      auto first = static_cast<std::uint32_t>(index(share.first));
      const std::uint32_t end = first + share.nodes;
      while (first < end) {
        const std::uint32_t last = std::min(names_[first].last, end - 1);
        if (!ranges_.empty() && ranges_.back().last + 1 == first &&
            names_[ranges_.back().last].last >= last) {
          ranges_.back().last = last;
        } else {
          ranges_.push_back({first, last});
        }
        first = last + 1;
      }
    }
    const bool has_comma = ranges_.size() > 1;
    if (has_comma) out.push_back('"');
    for (std::size_t i = 0; i < ranges_.size();) i = append_group(out, i);
    if (has_comma) out.push_back('"');
  }

 private:
  struct Name {
    std::string prefix;  // the text before the last digits
    std::string digits;
    std::uint32_t last;  // the node at which the run of successive numbers ends
  };
  struct Range {
    std::uint32_t first, last;
  };

  static bool follows(const Name& a, const Name& b) {
    if (a.prefix != b.prefix || a.digits.empty() || b.digits.empty()) return false;
    const auto number = parse_int64(a.digits);
    return number && b.digits == fmt::format("{:0{}}", *number + 1, a.digits.size());
  }

  // The ranges from `i` on that share a prefix; the position after them.
  std::size_t append_group(fmt::memory_buffer& out, std::size_t i) {
    const std::string& prefix = names_[ranges_[i].first].prefix;
    std::size_t end = i + 1;
    while (end < ranges_.size() && !names_[ranges_[i].first].digits.empty() &&
           names_[ranges_[end].first].prefix == prefix &&
           !names_[ranges_[end].first].digits.empty()) {
      ++end;
    }
    const bool many = end - i > 1 || ranges_[i].first != ranges_[i].last;
    if (i > 0) out.push_back(',');
    append(out, prefix);
    if (many) out.push_back('[');
    for (std::size_t at = i; at < end; ++at) {
      if (at > i) out.push_back(',');
      append(out, names_[ranges_[at].first].digits);
      if (ranges_[at].first == ranges_[at].last) continue;
      out.push_back('-');
      append(out, names_[ranges_[at].last].digits);
    }
    if (many) out.push_back(']');
    return end;
  }

  std::vector<Name> names_;
  std::vector<Range> ranges_;
};

// All attempts in job order, then attempt.
std::vector<AttemptId> attempts_in_job_order(const Journal& journal) {
  std::vector<AttemptId> order(journal.attempts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<AttemptId>(i);
  if (order.size() == journal.jobs.size()) return order;  // no requeues: attempt i is job i
  std::stable_sort(order.begin(), order.end(), [&](AttemptId a, AttemptId b) {
    return journal.attempts[a].job < journal.attempts[b].job;
  });
  return order;
}

class JobsTable {
 public:
  JobsTable(const Cluster& cluster, const Workload& workload, const Journal& journal)
      : cluster_(cluster),
        workload_(workload),
        journal_(journal),
        node_lists_(cluster),
        split_(journal) {
    for (const std::string& name : workload.names) names_.push_back(csv_field(name));
    for (const Assoc& assoc : journal.assocs) accounts_.push_back(csv_field(assoc.account));
    for (const Partition& each : cluster.partitions) partitions_.push_back(csv_field(each.name));
    for (const Qos& each : cluster.qos) qos_.push_back(csv_field(each.name));
  }

  void write(const Sink& sink) {
    append(out_,
           "id,attempt,user,account,partition,qos,state,submit,eligible,start,end,time_limit,nodes,"
           "cpus,gpus,gpu_type,memory_mib,node_list,wait,started_by,reasons\n");
    for (const AttemptId id : attempts_in_job_order(journal_)) {
      append_row(id);
      if (out_.size() < kPiece) continue;
      sink({out_.data(), out_.size()});
      out_.clear();
    }
    sink({out_.data(), out_.size()});
  }

 private:
  void append_row(AttemptId id) {
    const Attempt& attempt = journal_.attempts[id];
    const JobEntry& job = journal_.jobs[attempt.job];
    const Submission& submission = workload_.submissions[job.submission];
    append_name(job, submission);
    append(out_, attempt.number);
    field(names_[submission.user]);
    const AssocId account = account_of(journal_, job);
    field(account != kNone<AssocId> ? accounts_[account] : names_[submission.account]);
    field(attempt.partition != kNone<PartitionId> ? partitions_[attempt.partition]
                                                  : names_[submission.partition]);
    field(job.qos != kNone<QosId> ? qos_[job.qos] : names_[submission.qos]);
    field(state_name(attempt.state));
    for (const Time time : {attempt.submit, attempt.eligible, attempt.start, attempt.end}) {
      out_.push_back(',');
      if (time != kNever) append(out_, whole_seconds(time));
    }
    if (attempt.time_limit == kUnlimited) {
      field("UNLIMITED");
    } else {
      out_.push_back(',');
      append(out_, whole_seconds(attempt.time_limit));
    }
    append_held(attempt);
    out_.push_back(',');
    if (attempt.start != kNever) {
      append(out_, whole_seconds(attempt.start) - whole_seconds(attempt.eligible));
    }
    field(started_by_name(attempt.started_by));
    out_.push_back(',');
    append_reasons(id);
    out_.push_back('\n');
  }

  void field(std::string_view text) {
    out_.push_back(',');
    append(out_, text);
  }

  void append_name(const JobEntry& job, const Submission& submission) {
    if (job.array_task != kNone<std::uint32_t> || workload_.is_component(job.submission)) {
      append(out_, csv_field(job_name(workload_, job)));
    } else if (submission.name != kNone<NameId>) {
      append(out_, names_[submission.name]);
    } else {
      append(out_, fmt::format_int(submission.number));
    }
    out_.push_back(',');
  }

  // nodes, cpus, gpus, gpu_type, memory_mib, node_list
  void append_held(const Attempt& attempt) {
    if (attempt.start == kNever) return append(out_, ",,,,,,");
    const Held held = held_by(cluster_, journal_, attempt);
    for (const std::int64_t amount : {held.nodes, held.cpus, held.gpus}) {
      out_.push_back(',');
      append(out_, amount);
    }
    out_.push_back(',');
    if (held.gpus > 0) append_gpu_types(attempt);
    out_.push_back(',');
    append(out_, held.memory_mib);
    out_.push_back(',');
    node_lists_.append_to(out_, journal_.held(attempt));
  }

  // "a40", or "a40+a100" if it held several.
  void append_gpu_types(const Attempt& attempt) {
    bool is_first = true;
    for (std::size_t k = 0; k < cluster_.gres.size(); ++k) {
      const GresKind& kind = cluster_.gres[static_cast<GresId>(k)];
      if (!kind.is_gpu() || kind.type.empty()) continue;
      const auto shares = journal_.held(attempt);
      if (std::none_of(shares.begin(), shares.end(),
                       [&](const Share& share) { return journal_.gres.row(share.gres)[k] > 0; })) {
        continue;
      }
      if (!is_first) out_.push_back('+');
      append(out_, kind.type);
      is_first = false;
    }
  }

  // "Resources=1200;QOSMaxGRESPerUser=600", in the order in which they first held the attempt.
  void append_reasons(AttemptId id) {
    reasons_.clear();
    const Attempt& attempt = journal_.attempts[id];
    if (attempt.state == JobState::Rejected) {  // it never waited
      reasons_.emplace_back(attempt.reason, 0);
      return append_each_reason();
    }
    split_.for_each(id, [&](Reason reason, std::int64_t seconds) {
      const auto at = std::find_if(reasons_.begin(), reasons_.end(),
                                   [&](const auto& each) { return each.first == reason; });
      if (at != reasons_.end()) {
        at->second += seconds;
      } else {
        reasons_.emplace_back(reason, seconds);
      }
    });
    // What still waits says why, even if it has not waited a second for it.
    const bool waits = attempt.state == JobState::Pending && attempt.reason != Reason::None;
    if (waits && std::none_of(reasons_.begin(), reasons_.end(),
                              [&](const auto& each) { return each.first == attempt.reason; })) {
      reasons_.emplace_back(attempt.reason, 0);
    }
    append_each_reason();
  }

  void append_each_reason() {
    for (std::size_t i = 0; i < reasons_.size(); ++i) {
      if (i > 0) out_.push_back(';');
      append(out_, reason_name(reasons_[i].first));
      out_.push_back('=');
      append(out_, reasons_[i].second);
    }
  }

  const Cluster& cluster_;
  const Workload& workload_;
  const Journal& journal_;
  NodeLists node_lists_;
  ReasonSplit split_;
  IdVector<NameId, std::string> names_;
  IdVector<AssocId, std::string> accounts_;
  IdVector<PartitionId, std::string> partitions_;
  IdVector<QosId, std::string> qos_;
  std::vector<std::pair<Reason, std::int64_t>> reasons_;
  fmt::memory_buffer out_;
};

}  // namespace

void write_jobs_csv(const Cluster& cluster, const Workload& workload, const Journal& journal,
                    const Sink& sink) {
  JobsTable(cluster, workload, journal).write(sink);
}

void write_shares_csv(const Cluster& cluster, const Workload& workload, const Journal& journal,
                      const Sink& sink) {
  fmt::memory_buffer out;
  append(out, "job,attempt,node,cpus,memory_mib");
  for (const GresKind& kind : cluster.gres) append(out, "," + csv_field(kind_name(kind)));
  out.push_back('\n');
  for (const AttemptId id : attempts_in_job_order(journal)) {
    const Attempt& attempt = journal.attempts[id];
    const auto shares = journal.held(attempt);
    if (shares.empty()) continue;
    const std::string name = csv_field(job_name(workload, journal.jobs[attempt.job]));
    for (const Share& share : shares) {
      const auto row = journal.gres.row(share.gres);
      for (std::uint32_t i = 0; i < share.nodes; ++i) {
        const auto node = static_cast<NodeId>(index(share.first) + i);
        fmt::format_to(std::back_inserter(out), FMT_COMPILE("{},{},{},{},{}"), name, attempt.number,
                       cluster.nodes[node].name, share.cpus, share.memory_mib);
        for (const std::uint32_t count : row) {
          out.push_back(',');
          append(out, count);
        }
        out.push_back('\n');
      }
    }
    if (out.size() < kPiece) continue;
    sink({out.data(), out.size()});
    out.clear();
  }
  sink({out.data(), out.size()});
}

void write_divergences_csv(const Cluster&, const Workload& workload, const Journal& journal,
                           const Sink& sink) {
  std::string out = "time,id,attempt,kind,ours,theirs\n";
  for (const Divergence& each : journal.divergences) {
    const Attempt& attempt = journal.attempts[each.attempt];
    out += fmt::format("{},{},{},{},{},{}\n", whole_seconds(each.at),
                       csv_field(job_name(workload, journal.jobs[attempt.job])), attempt.number,
                       divergence_name(each.kind), csv_field(each.ours), csv_field(each.theirs));
  }
  sink(out);
}

std::string timeline_csv(const Timeline& timeline) {
  std::string out = "time,cpus_used,cpus_free";
  for (const std::string& type : timeline.gpu_types) {
    out += "," + csv_field(type + "_used") + "," + csv_field(type + "_free");
  }
  const bool has_power = !timeline.nodes_up.empty();
  out += has_power ? ",gpus_stranded,queue,nodes_up,nodes_booting\n" : ",gpus_stranded,queue\n";
  for (std::size_t row = 0; row < timeline.time.size(); ++row) {
    const auto add = [&](std::int64_t amount) {
      out += ',';
      out += std::string_view(fmt::format_int(amount).c_str());
    };
    out += std::string_view(fmt::format_int(timeline.time[row]).c_str());
    add(timeline.cpus_used[row]);
    add(timeline.cpus - timeline.cpus_used[row]);
    for (std::size_t type = 0; type < timeline.gpus.size(); ++type) {
      add(timeline.gpus_used[type][row]);
      add(timeline.gpus[type] - timeline.gpus_used[type][row]);
    }
    add(timeline.gpus_stranded[row]);
    add(timeline.queue[row]);
    if (has_power) add(timeline.nodes_up[row]);
    if (has_power) add(timeline.nodes_booting[row]);
    out += '\n';
  }
  return out;
}

}  // namespace rehearse
