// A State by hand, for policies to look at: some jobs run on given nodes, others wait. And policies
// by name, as a user has them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/policy/registry.hpp"
#include "sim/policy/view.hpp"
#include "sim/workload/workload.hpp"
#include "tests/catch.hpp"

namespace rehearse {

template <class Interface>
std::unique_ptr<Interface> make_policy(const std::string& name,
                                       const std::map<std::string, std::string>& params = {}) {
  ParamTexts texts;
  for (const auto& [param, text] : params) texts[param].text = text;
  Diagnostics diagnostics;
  auto policy = Registry<Interface>::entries().at(name).make(texts, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(diagnostics.error_count() == 0);
  return policy;
}

/// An association below `parent`, or the root if there is none yet.
inline AssocId add_assoc(Cluster& cluster, const char* account, const char* user,
                         std::int64_t shares = 1, AssocId parent = AssocId{0}) {
  Assoc assoc;
  assoc.account = account;
  assoc.user = user;
  assoc.shares = shares;
  assoc.parent = parent;
  return cluster.assocs.push_back(assoc);
}

class Scene {
 public:
  explicit Scene(Cluster its_cluster)
      : cluster_(std::move(its_cluster)), state_(cluster_, builder_.workload()) {}

  const Cluster& cluster() const { return cluster_; }
  const View& view() const { return view_; }
  void set_time(Time now) { state_.now = now; }
  void set_fair_share(AssocId assoc, double factor) { state_.fair_share[assoc] = factor; }
  Job& job(const Candidate& candidate) { return state_.jobs[candidate.job]; }

  /// A pending job, eligible at time 0.
  Candidate wait(const Asked& asked, PartitionId partition = PartitionId{0},
                 Duration time_limit = std::chrono::hours{1}) {
    const AskedId id = builder_.asked(asked);
    const Resolution& resolved = state_.requests.resolve(builder_.workload(), id, partition);
    INFO(resolved.detail);
    REQUIRE(resolved.request);
    Job job;
    job.eligible = job.accrues = job.submit;
    job.time_limit = time_limit;
    job.request = *resolved.request;
    job.partition = partition;
    Candidate candidate;
    candidate.job = state_.jobs.push_back(job);
    candidate.partition = partition;
    candidate.request = job.request;
    return candidate;
  }

  /// A job that runs from `start` on on `nodes` nodes from `first`, with `cpus` on each and the
  /// `gres` of each.
  Candidate run(PartitionId partition, const char* first, std::uint32_t nodes, std::uint32_t cpus,
                const std::vector<std::uint32_t>& gres = {}, Time start = Time{}) {
    const Candidate candidate = wait({}, partition);
    Share share{*cluster_.find_node(first), nodes, cpus, 0, 0};
    if (!gres.empty()) share.gres = state_.journal.gres.add(gres);
    state_.resources.take(std::span(&share, 1), state_.journal.gres);
    Attempt attempt;
    attempt.job = candidate.job;
    attempt.state = JobState::Running;
    attempt.partition = partition;
    attempt.start = start;
    attempt.first_share = static_cast<std::uint32_t>(state_.journal.shares.size());
    attempt.share_count = 1;
    state_.journal.shares.push_back(share);
    Job& job = state_.jobs[candidate.job];
    job.attempt = state_.journal.attempts.push_back(attempt);
    job.state = JobState::Running;
    job.start = start;
    job.expected_end = end_of(start, job.time_limit);
    state_.running.push_back({job.expected_end, candidate.job, cpus * nodes});
    return candidate;
  }

 private:
  Cluster cluster_;
  WorkloadBuilder builder_;
  State state_;
  View view_{state_};
};

}  // namespace rehearse
