// What Slurm's reasons mean for one job, in an administrator's words.
#pragma once

#include <optional>
#include <string>

#include "sim/study/explain.hpp"
#include "sim/study/job_witness.hpp"
#include "sim/study/run.hpp"

namespace rehearse {

class ReasonWords {
 public:
  /// Both must outlive this.
  ReasonWords(const RunResult& run, JobId job) : run_(run), job_(job) {}

  /// "8 CPUs, 2 GPUs on 1 node"
  std::string asked(const TresCounts& tres) const;
  /// A sentence or two on why it waits; empty where the reason says it all.
  std::string why(const JobWitness::Change& change) const;
  std::optional<HoldingLimit> limit(const JobWitness::Change& change) const;
  /// Id and user.
  OtherJob other(JobId job) const;

 private:
  std::string amount(std::size_t tres, std::int64_t count, bool minutes = false) const;
  std::string why_limit(const JobWitness::Change& change) const;
  std::string of_tres(const LimitHit& hit, const std::string& who, const std::string& by) const;
  std::string of_jobs_or_time(const LimitHit& hit, const std::string& who,
                              const std::string& by) const;
  std::string entity(const LimitHit& hit) const;
  std::string used_by(const JobWitness::Change& change) const;
  std::string user() const;
  std::string account() const;

  const RunResult& run_;
  const JobId job_;
};

}  // namespace rehearse
