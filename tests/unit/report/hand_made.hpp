// A small lab and journals of runs on it that never happened: each test writes down who ran where
// and when, and the reports have to agree with arithmetic done by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/state/journal.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

/// One attempt. Times in seconds, fractions allowed; negative: it did not happen.
struct HandMadeAttempt {
  std::string id = "1";
  std::string user = "ada";
  std::string account = "vision";
  double submit = 0;
  double eligible = 0;
  double start = -1;
  double end = -1;
  std::uint32_t node = 1;  ///< position in the cluster: 0 cpu1, 1 gpu1, 2 gpu2
  std::uint32_t nodes = 1;
  std::uint32_t cpus = 1;  ///< on each node
  std::int64_t memory_mib = 0;
  std::uint32_t a40 = 0;
  std::uint32_t h100 = 0;
  JobState state = JobState::Completed;
  Reason reason = Reason::None;
  std::uint32_t array_task = kNone<std::uint32_t>;
  StartedBy started_by = StartedBy::Main;
};

class HandMade {
 public:
  Cluster cluster;
  Journal journal{2};

  /// cpu1 with 4 CPUs, gpu1 and gpu2 with 4 CPUs, 2 a40 and 1 h100 each; 4000 MiB a node; accounts
  /// vision with 3 shares and speech with 1.
  HandMade() {
    cluster.name = "lab";
    cluster.gres.push_back({"gpu", "a40"});
    cluster.gres.push_back({"gpu", "h100"});
    for (const char* name : {"cpu1", "gpu1", "gpu2"}) {
      Node node;
      node.name = name;
      node.cpus = 4;
      node.memory_mib = 4000;
      node.gres =
          name[0] == 'g' ? std::vector<std::uint32_t>{2, 1} : std::vector<std::uint32_t>{0, 0};
      cluster.nodes.push_back(node);
    }
    Partition all;
    all.name = "all";
    all.nodes = NodeSet::all(3);
    cluster.partitions.push_back(all);
    Qos normal;
    normal.name = "normal";
    cluster.qos.push_back(normal);
    account("root", kNone<AssocId>, 1);
    account("vision", AssocId{0}, 3);
    account("speech", AssocId{0}, 1);
    journal.assocs = cluster.assocs;
    journal.users.push_back("ada");
  }

  /// A new job and its first attempt.
  AttemptId job(const HandMadeAttempt& what) {
    Submission submission;
    submission.submit = time(what.submit);
    submission.name = builder_.name(what.id);
    submission.user = builder_.name(what.user);
    submission.account = builder_.name(what.account);
    submission.partition = submission.qos = builder_.name("");
    Asked asked;
    asked.gres_per_node.push_back({"gpu", "", what.a40 + what.h100});
    submission.asked = builder_.asked(asked);
    JobEntry job;
    job.submission = builder_.workload().submissions.push_back(submission);
    job.array_task = what.array_task;
    job.assoc = journal_account(what.account);
    job.qos = QosId{0};
    return attempt(journal.jobs.push_back(job), 0, what);
  }

  /// The next attempt of the job of `before`.
  AttemptId requeue(AttemptId before, const HandMadeAttempt& what) {
    const Attempt last = journal.attempts[before];
    return attempt(last.job, last.number + 1, what);
  }

  void reason(double at, AttemptId attempt, Reason reason) {
    journal.reasons.push_back({time(at), attempt, reason});
  }

  const Workload& workload() { return builder_.workload(); }
  Workload& editable_workload() { return builder_.workload(); }

 private:
  static Time time(double seconds) {
    return seconds < 0 ? kNever : Time{Duration{static_cast<std::int64_t>(seconds * 1000)}};
  }

  void account(std::string_view name, AssocId parent, std::int64_t shares) {
    Assoc assoc;
    assoc.account = name;
    assoc.parent = parent;
    assoc.shares = shares;
    cluster.assocs.push_back(assoc);
  }

  AssocId journal_account(std::string_view name) const {
    for (std::size_t i = 0; i < journal.assocs.size(); ++i) {
      if (journal.assocs[static_cast<AssocId>(i)].account == name) return static_cast<AssocId>(i);
    }
    return AssocId{0};
  }

  AttemptId attempt(JobId job, std::uint16_t number, const HandMadeAttempt& what) {
    Attempt attempt;
    attempt.job = job;
    attempt.number = number;
    attempt.state = what.state;
    attempt.reason = what.reason;
    attempt.partition = PartitionId{0};
    attempt.submit = time(what.submit);
    attempt.eligible = time(what.eligible);
    attempt.start = time(what.start);
    attempt.end = time(what.end);
    attempt.time_limit = std::chrono::hours{2};
    attempt.first_share = static_cast<std::uint32_t>(journal.shares.size());
    if (what.start >= 0) {
      attempt.started_by = what.started_by;
      attempt.share_count = 1;
      const std::vector<std::uint32_t> gres = {what.a40, what.h100};
      journal.shares.push_back({static_cast<NodeId>(what.node), what.nodes, what.cpus,
                                journal.gres.add(gres), what.memory_mib});
    }
    for (const Time each : {attempt.submit, attempt.start, attempt.end}) {
      if (each != kNever) journal.end = std::max(journal.end, each);
    }
    return journal.jobs[job].last_attempt = journal.attempts.push_back(attempt);
  }

  WorkloadBuilder builder_;
};

}  // namespace rehearse
