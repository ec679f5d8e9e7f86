#include "sim/study/reason_words.hpp"

#include <fmt/format.h>

#include "sim/base/slurm_text.hpp"
#include "sim/report/held.hpp"
#include "sim/report/names.hpp"
#include "sim/state/limit_rules.hpp"
#include "sim/workload/dependency_text.hpp"

namespace rehearse {
namespace {

using limits::LimitName;
using limits::Measure;
using limits::Whose;

constexpr std::size_t kMostUsers = 5;  // jobs named that use a limit up

std::string counted(std::int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace

std::string ReasonWords::amount(std::size_t tres, std::int64_t count, bool minutes) const {
  std::string unit;
  switch (tres) {
    case kTresCpu:
      unit = "CPU";
      break;
    case kTresMem:
      return fmt::format("{} MiB{}", count, minutes ? "-minutes" : "");
    case kTresNode:
      unit = "node";
      break;
    case kTresBilling:
      unit = "billing unit";
      break;
    case kTresGpu:
      unit = "GPU";
      break;
    default: {
      const GresKind& kind = run_.cluster.gres[static_cast<GresId>(tres - kTresFirstGres)];
      unit = kind.is_gpu() ? (kind.type.empty() ? "GPU" : kind.type + " GPU") : kind.name;
      break;
    }
  }
  return counted(count, minutes ? unit + "-minute" : unit);
}

std::string ReasonWords::asked(const TresCounts& tres) const {
  std::string text;
  const auto add = [&](std::size_t position) {
    if (position >= tres.size() || tres[position] == 0) return false;
    text += (text.empty() ? "" : ", ") + amount(position, tres[position]);
    return true;
  };
  add(kTresCpu);
  std::int64_t typed = 0;
  for (std::size_t i = kTresFirstGres; i < tres.size(); ++i) {
    const GresKind& kind = run_.cluster.gres[static_cast<GresId>(i - kTresFirstGres)];
    if (add(i) && kind.is_gpu()) typed += tres[i];
  }
  if (typed == 0) add(kTresGpu);
  add(kTresMem);
  if (kTresNode < tres.size() && tres[kTresNode] > 0) {
    text += " on " + counted(tres[kTresNode], "node");
  }
  return text;
}

OtherJob ReasonWords::other(JobId job) const {
  const JobEntry& entry = run_.journal.jobs[job];
  const Submission& row = run_.workload.submissions[entry.submission];
  return {.id = job_name(run_.workload, entry), .user = run_.workload.names[row.user]};
}

std::string ReasonWords::user() const { return other(job_).user; }

std::string ReasonWords::account() const {
  return std::string(account_name(run_.workload, run_.journal, run_.journal.jobs[job_]));
}

std::string ReasonWords::entity(const LimitHit& hit) const {
  if (hit.scope != LimitScope::Assoc) {
    return (hit.scope == LimitScope::JobQos ? "QOS " : "partition QOS ") +
           run_.cluster.qos[static_cast<QosId>(hit.entity)].name;
  }
  const Assoc& assoc = run_.journal.assocs[static_cast<AssocId>(hit.entity)];
  if (assoc.is_user()) {
    return fmt::format("{} in account {}{}{}", assoc.user, assoc.account,
                       assoc.partition.empty() ? "" : " and partition ", assoc.partition);
  }
  return hit.entity == 0 ? "the whole cluster" : "account " + assoc.account;
}

std::string ReasonWords::used_by(const JobWitness::Change& change) const {
  if (change.users.empty()) return "";
  std::string text = change.users.size() == 1 ? " by job " : " by jobs ";
  for (std::size_t i = 0; i < change.users.size() && i < kMostUsers; ++i) {
    text += (i == 0 ? "" : ", ") + other(change.users[i]).id;
  }
  if (change.users.size() > kMostUsers) {
    text += fmt::format(" and {} more", change.users.size() - kMostUsers);
  }
  return text;
}

std::optional<HoldingLimit> ReasonWords::limit(const JobWitness::Change& change) const {
  if (!change.limit) return std::nullopt;
  const LimitHit& hit = *change.limit;
  const auto named = limits::limit_of(hit.reason);
  HoldingLimit result{
      .name = named ? std::string(named->name) : "",
      .entity = entity(hit),
      .tres = hit.tres < 0 ? "" : run_.cluster.tres_name(static_cast<std::size_t>(hit.tres)),
      .bound = hit.bound,
      .used = hit.used,
      .asked = hit.asked};
  for (const JobId job : change.users) result.by.push_back(other(job).id);
  return result;
}

std::string ReasonWords::why_limit(const JobWitness::Change& change) const {
  const LimitHit& hit = *change.limit;
  const auto named = limits::limit_of(hit.reason);
  if (!named) return "";
  const std::string by = used_by(change);
  const std::string who = entity(hit);
  const std::string sentence =
      named->of == LimitName::Of::Tres ? of_tres(hit, who, by) : of_jobs_or_time(hit, who, by);
  return fmt::format("{} ({})", sentence, named->name);
}

std::string ReasonWords::of_tres(const LimitHit& hit, const std::string& who,
                                 const std::string& by) const {
  const LimitName named = *limits::limit_of(hit.reason);
  const bool minutes = named.measure == Measure::Minutes || named.measure == Measure::MinutesLeft ||
                       named.measure == Measure::MinutesSpent;
  const auto tres = static_cast<std::size_t>(hit.tres);
  const std::string bound = amount(tres, hit.bound, minutes);
  const std::string asks = fmt::format("this job asks for {}", hit.asked);
  const std::string in_use = fmt::format("{} in use{}", hit.used, by);
  switch (named.measure) {
    case Measure::PerNode:
      return fmt::format("{} allows {} on a node; {}", who, bound, asks);
    case Measure::Minimum:
      return fmt::format("{} is for jobs of at least {}; {}", who, bound, asks);
    case Measure::Minutes:
      return fmt::format("{} allows {} per job; {}", who, bound, asks);
    case Measure::MinutesLeft:
      return fmt::format(
          "{} allows {} to be outstanding at once; running jobs have {} left{}, and {}", who, bound,
          hit.used, by.empty() ? "" : "," + by, asks);
    case Measure::MinutesSpent:
      return fmt::format("{} may use {} in all; {} are used, and {}", who, bound, hit.used, asks);
    case Measure::Count:
      break;
  }
  switch (named.whose) {
    case Whose::Job:
      return fmt::format("{} allows {} per job; {}", who, bound, asks);
    case Whose::User:
      return fmt::format("{} allows {} per user; {} has {}, and {}", who, bound, user(), in_use,
                         asks);
    case Whose::Account:
      return fmt::format("{} allows {} per account; {} has {}, and {}", who, bound, account(),
                         in_use, asks);
    case Whose::Group:
      break;
  }
  return fmt::format("{} allows {} at once; it has {}, and {}", who, bound, in_use, asks);
}

std::string ReasonWords::of_jobs_or_time(const LimitHit& hit, const std::string& who,
                                         const std::string& by) const {
  const LimitName named = *limits::limit_of(hit.reason);
  if (named.of == LimitName::Of::Wall) {
    const auto length = [](std::int64_t seconds) { return format_slurm_seconds(seconds); };
    const std::string asks = "this job asks for " + length(hit.asked);
    if (named.whose == Whose::Job) {
      return fmt::format("{} allows {} per job; {}", who, length(hit.bound), asks);
    }
    return fmt::format("{} may run for {} in all; {} are used, and {}", who, length(hit.bound),
                       length(hit.used), asks);
  }
  const bool running = named.of == LimitName::Of::Jobs;
  const std::string jobs = counted(hit.bound, running ? "running job" : "job");
  const std::string at = running ? "" : " in the queue";
  const auto sentence = [&](const std::string& per, const std::string& has) {
    return fmt::format("{} allows {}{}{}; {} has {}{}", who, jobs, at, per, has, hit.used,
                       by.empty() ? "" : "," + by.substr(3));
  };
  if (named.whose == Whose::User) return sentence(" per user", user());
  if (named.whose == Whose::Account) return sentence(" per account", account());
  return sentence(" at once", "it");
}

std::string ReasonWords::why(const JobWitness::Change& change) const {
  if (change.limit) return why_limit(change);
  const JobEntry& entry = run_.journal.jobs[job_];
  const Special none;
  const Special* const found = run_.workload.special(entry.submission);
  const Special& special = found == nullptr ? none : *found;
  const std::string partition =
      change.partition == kNone<PartitionId> ? "" : run_.cluster.partitions[change.partition].name;
  switch (change.reason) {
    case Reason::None:
      return "the scheduler had not come to it";
    case Reason::Priority:
      return change.ahead > 0 ? "others came before it" : "";
    case Reason::Resources: {
      std::string free = fmt::format("{} of {} CPUs", change.free.cpus, change.all.cpus);
      if (change.all.gpus > 0) {
        free += fmt::format(" and {} of {} GPUs", change.free.gpus, change.all.gpus);
      }
      free += " free";
      if (change.free.gpus_without_cpu > 0) {
        free += fmt::format(", but {} of these GPUs on nodes without a free CPU",
                            change.free.gpus_without_cpu);
      }
      return fmt::format("what it asks for was not free together; partition {} had {}", partition,
                         free);
    }
    case Reason::Dependency:
      return "it waits for " + dependency_text(run_.workload, special);
    case Reason::DependencyNeverSatisfied:
      return "what it waits for cannot happen any more: " + dependency_text(run_.workload, special);
    case Reason::BeginTime:
      return run_.journal.attempts[change.attempt].number > 0 ? "it was requeued, and waits a while"
                                                              : "its begin time had not come";
    case Reason::JobHeldUser:
      return "its user held it";
    case Reason::JobHeldAdmin:
      return "an administrator held it";
    case Reason::JobArrayTaskLimit:
      return fmt::format("as many tasks of its array ran as may, {} at once",
                         special.array_throttle);
    case Reason::Reservation:
      return special.reservation.empty()
                 ? "reservations kept the nodes"
                 : fmt::format("its reservation {} was not open to it", special.reservation);
    case Reason::ReqNodeNotAvail:
      return "nodes that it needs were down, drained or reserved";
    case Reason::Licenses:
      return "too few of its licences were free";
    case Reason::BadConstraints:
      return "no nodes of the partition could ever hold it";
    case Reason::PartitionDown:
    case Reason::PartitionInactive:
      return fmt::format("partition {} was closed", partition);
    case Reason::PartitionTimeLimit:
      return fmt::format("partition {} does not allow its time limit", partition);
    case Reason::PartitionNodeLimit:
      return fmt::format("partition {} does not allow its number of nodes", partition);
    case Reason::DeadLine:
      return "it could not end before its deadline";
    default:
      return "";
  }
}

}  // namespace rehearse
