#include "sim/study/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "sim/base/diagnostics.hpp"
#include "sim/base/paths.hpp"
#include "sim/base/slurm_text.hpp"
#include "sim/report/names.hpp"
#include "sim/study/job_witness.hpp"
#include "sim/study/reason_words.hpp"
#include "sim/study/run.hpp"
#include "sim/study/saved_run.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

constexpr std::size_t kMostRoom = 3;  // jobs named whose ends made room

void check_input(const InputFile& input, const char* what) {
  if (input.sha256.empty()) return;
  if (!is_file(input.path)) {
    fail({.file = input.path,
          .message = fmt::format("the {} of this run is not there", what),
          .help = "a relative path counts from the folder in which `rehearse run` was called: call "
                  "it there"});
  }
  if (sha256_of_file(input.path) == input.sha256) return;
  fail({.file = input.path,
        .message = fmt::format("the {} has changed since the run", what),
        .help = "put the old file back, or run it again with `rehearse run`"});
}

Experiment experiment_of(const RunManifest& manifest) {
  Experiment experiment;
  for (const InputFile& file : manifest.cluster) check_input(file, "cluster");
  check_input(manifest.trace, "trace");
  check_input(manifest.events, "list of operators' commands");
  check_input(manifest.follow, "list of decisions that were followed");
  if (!manifest.cluster.empty()) experiment.cluster = manifest.cluster.front().path;
  experiment.trace = manifest.trace.path;
  experiment.events = manifest.events.path;
  experiment.follow = manifest.follow.path;
  experiment.repairs = manifest.repairs;
  experiment.seed = manifest.seed;
  for (const auto& [slot, params] : manifest.policies) {
    SlotSetting& setting = experiment.policies[slot];
    for (const auto& [name, value] : params) {
      (name == "use" ? setting.use : setting.params[name]).text = value;
    }
  }
  return experiment;
}

void check_job(const SavedRun& run, const std::string& job) {
  std::vector<std::string_view> ids;
  std::string first_task;
  for (const SavedJob& each : run.jobs) {
    if (each.id == job) return;
    ids.push_back(each.id);
    if (first_task.empty() && each.id.starts_with(job + "_")) first_task = each.id;
  }
  const std::string file = run.directory + "/jobs.csv";
  if (!first_task.empty()) {
    fail({.file = file,
          .message = fmt::format("\"{}\" is an array", job),
          .help = fmt::format("name one of its tasks, such as {}", first_task)});
  }
  const auto near = near_match(job, ids);
  fail({.file = file,
        .message = fmt::format("there is no job \"{}\"", job),
        .help = near ? fmt::format("did you mean \"{}\"?", *near) : "its first column names them"});
}

// A run that does not come out as it is written down explains nothing.
void check_repeated(const SavedRun& run, const RunManifest& manifest, const RunResult& again) {
  std::string jobs;
  write_jobs_csv(again.cluster, again.workload, again.journal,
                 [&](std::string_view piece) { jobs += piece; });
  const std::string file = run.directory + "/jobs.csv";
  if (read_text(file) == jobs) return;
  fail({.file = file,
        .message = "the run does not come out as it is written here",
        .help = manifest.version == REHEARSE_VERSION
                    ? "it was edited, or another build wrote it: run it again"
                    : fmt::format("version {} wrote it, this is {}: run it again", manifest.version,
                                  REHEARSE_VERSION)});
}

/// Puts together what the journal and the witness know.
class Explainer {
 public:
  Explainer(const RunResult& run, const JobWitness& witness, JobId job)
      : run_(run), journal_(run.journal), witness_(witness), job_(job), words_(run, job) {}

  Explanation explain() const {
    const JobEntry& entry = journal_.jobs[job_];
    const Submission& row = run_.workload.submissions[entry.submission];
    const Attempt& last = journal_.attempts[entry.last_attempt];
    Explanation result{
        .id = job_name(run_.workload, entry),
        .user = run_.workload.names[row.user],
        .account = std::string(account_name(run_.workload, journal_, entry)),
        .partition = std::string(partition_name(run_.cluster, run_.workload, journal_, last)),
        .qos = std::string(qos_name(run_.cluster, run_.workload, entry)),
        .asks = words_.asked(asks()),
        .time_limit = limit_seconds(last.time_limit)};
    if (const Special* const special = run_.workload.special(entry.submission)) {
      result.not_simulated = special->not_simulated;
    }
    for (std::size_t i = 0; i < journal_.attempts.size(); ++i) {
      const auto id = static_cast<AttemptId>(i);
      if (journal_.attempts[id].job == job_) result.attempts.push_back(wait(id));
    }
    return result;
  }

 private:
  static std::int64_t limit_seconds(Duration limit) {
    return limit == kUnlimited || limit == kUnset ? kUnlimitedSeconds : whole_seconds(limit);
  }

  // What was asked, as the scheduler understood it; empty if it never came to that.
  TresCounts asks() const {
    for (const JobWitness::Change& change : witness_.changes()) {
      if (!change.asks.empty()) return change.asks;
    }
    const Attempt& attempt = journal_.attempts[journal_.jobs[job_].last_attempt];
    if (attempt.start != kNever) return allocated_tres(run_.cluster, journal_, attempt);
    const Asked& asked =
        run_.workload.asked[run_.workload.submissions[journal_.jobs[job_].submission].asked];
    TresCounts tres(run_.cluster.tres_count(), 0);
    tres[kTresCpu] = asked_cpus(asked);
    tres[kTresGpu] = asked_gpus(asked);
    tres[kTresNode] = asked.min_nodes;
    return tres;
  }

  Wait wait(AttemptId id) const {
    const Attempt& attempt = journal_.attempts[id];
    Wait result{.attempt = attempt.number,
                .state = std::string(state_name(attempt.state)),
                .submit = whole_seconds(attempt.submit),
                .until = whole_seconds(attempt.state == JobState::Rejected ? attempt.submit
                                       : attempt.start != kNever           ? attempt.start
                                       : attempt.end != kNever             ? attempt.end
                                                                           : journal_.end)};
    if (attempt.start != kNever) {
      result.start = whole_seconds(attempt.start);
      result.started_by = started_by_name(attempt.started_by);
      result.nodes = node_list(attempt);
      result.made_room = made_room(id);
    }
    if (attempt.end != kNever) result.end = whole_seconds(attempt.end);
    add_spells(id, result);
    for (const JobWitness::Plan& plan : witness_.plans()) {
      if (plan.attempt != id) continue;
      result.plans.push_back(
          {whole_seconds(plan.told), whole_seconds(plan.start), host_list(plan.nodes)});
    }
    return result;
  }

  // As jobs.csv splits the time: the first reason counts from the submission, what lasted no whole
  // second is nothing. Of a job that never waits, but is refused, the reason stays.
  void add_spells(AttemptId id, Wait& wait) const {
    Spell spell = spell_of({.at = journal_.attempts[id].submit, .attempt = id});
    spell.from = wait.submit;
    bool any = false;
    const auto close = [&](std::int64_t at) {
      spell.to = at;
      if (at > spell.from) wait.spells.push_back(spell);
    };
    for (const ReasonChange& change : journal_.reasons) {
      if (change.attempt != id) continue;
      const std::int64_t at = whole_seconds(change.at);
      if (any) close(std::max(at, spell.from));
      const std::int64_t from = any ? std::max(at, spell.from) : wait.submit;
      spell = spell_of(witnessed(change));
      spell.from = from;
      any = true;
    }
    close(std::max(wait.until, spell.from));
    if (any && wait.spells.empty() && !wait.start) wait.spells.push_back(spell);
  }

  // What the engine says itself, of dependencies and begin times, no scheduler is witness to.
  JobWitness::Change witnessed(const ReasonChange& change) const {
    for (const JobWitness::Change& each : witness_.changes()) {
      if (each.at == change.at && each.attempt == change.attempt && each.reason == change.reason) {
        return each;
      }
    }
    return {.at = change.at,
            .attempt = change.attempt,
            .reason = change.reason,
            .partition = journal_.attempts[change.attempt].partition};
  }

  Spell spell_of(const JobWitness::Change& change) const {
    Spell spell{.reason = std::string(reason_name(change.reason)),
                .why = words_.why(change),
                .limit = words_.limit(change),
                .ahead = change.ahead};
    for (const JobWitness::Ahead& ahead : change.first_ahead) {
      OtherJob& other = spell.first_ahead.emplace_back(words_.other(ahead.job));
      other.priority = ahead.priority;
      other.asks = words_.asked(ahead.asks);
    }
    return spell;
  }

  // The last ends before its start, in its own wait, on nodes that it got, or of jobs that used up
  // the limit that held it last.
  std::vector<OtherJob> made_room(AttemptId id) const {
    const Attempt& mine = journal_.attempts[id];
    const NodeSet nodes = nodes_of(mine);
    const JobWitness::Change* last = nullptr;
    for (const JobWitness::Change& change : witness_.changes()) {
      if (change.attempt == id) last = &change;
    }
    if (last == nullptr || last->reason == Reason::None) return {};
    std::vector<std::pair<Time, AttemptId>> ends;
    for (std::size_t i = 0; i < journal_.attempts.size(); ++i) {
      const Attempt& other = journal_.attempts[static_cast<AttemptId>(i)];
      if (other.start == kNever || other.end > mine.start || other.end < last->at) continue;
      if (other.job == job_) continue;
      const bool made = last->limit ? std::find(last->users.begin(), last->users.end(),
                                                other.job) != last->users.end()
                                    : nodes_of(other).intersects(nodes);
      if (made) ends.emplace_back(other.end, static_cast<AttemptId>(i));
    }
    std::sort(ends.begin(), ends.end(), std::greater<>());
    std::vector<OtherJob> result;
    for (const auto& [end, attempt] : ends) {
      if (result.size() == kMostRoom || end != ends.front().first) break;
      OtherJob& other = result.emplace_back(words_.other(journal_.attempts[attempt].job));
      other.ended = whole_seconds(end);
      other.nodes = node_list(journal_.attempts[attempt]);
    }
    return result;
  }

  NodeSet nodes_of(const Attempt& attempt) const {
    NodeSet nodes(run_.cluster.nodes.size());
    for (const Share& share : journal_.held(attempt)) {
      for (std::size_t n = 0; n < share.nodes; ++n) {
        nodes.insert(static_cast<NodeId>(index(share.first) + n));
      }
    }
    return nodes;
  }
  std::string node_list(const Attempt& attempt) const {
    return run_.cluster.host_list(nodes_of(attempt));
  }
  std::string host_list(const std::vector<NodeId>& nodes) const {
    std::vector<std::string> names;
    for (const NodeId node : nodes) names.push_back(run_.cluster.nodes[node].name);
    return compress_hostlist(names);
  }

  const RunResult& run_;
  const Journal& journal_;
  const JobWitness& witness_;
  const JobId job_;
  const ReasonWords words_;
};

}  // namespace

Explanation explain(const std::string& directory, const std::string& job) {
  const SavedRun saved = load_saved_run(directory);
  check_job(saved, job);
  const RunManifest manifest = load_manifest(directory);
  JobWitness witness(job);
  const RunResult run = run_experiment(
      experiment_of(manifest), {},
      [&](std::unique_ptr<Scheduler> scheduler) { return witness.watch(std::move(scheduler)); });
  check_repeated(saved, manifest, run);
  JobId id{};
  while (job_name(run.workload, run.journal.jobs[id]) != job) {
    id = static_cast<JobId>(index(id) + 1);
  }
  return Explainer(run, witness, id).explain();
}

}  // namespace rehearse
