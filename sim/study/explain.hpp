// Why one job waited: its reasons over time, the limits that held it and who used them up, the jobs
// ahead of it, the start that was planned for it, and whose end made room. It is found by running
// the experiment again from its manifest, with a witness for that job. Fields:
// sim/report/README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rehearse {

/// Another job, with its use of what this one wanted.
struct OtherJob {
  std::string id;
  std::string user;
  double priority = 0;     ///< of a job ahead
  std::string asks{};      ///< of a job ahead: "8 CPUs, 2 GPUs on 1 node"
  std::int64_t ended = 0;  ///< of a job that made room
  std::string nodes{};     ///< likewise: where it ran
};

/// A limit that held the job, as it stood at that moment.
struct HoldingLimit {
  std::string name;    ///< sacctmgr's: "MaxTRESPerUser"
  std::string entity;  ///< "QOS debug", "account vision", "ana in account vision"
  std::string tres;    ///< "gres/gpu"; empty: jobs or time
  std::int64_t bound = 0, used = 0, asked = 0;
  std::vector<std::string> by{};  ///< ids of the running jobs that use it, in the order of starts
};

/// A stretch of waiting for one reason, in whole seconds of the trace.
struct Spell {
  std::int64_t from = 0, to = 0;
  std::string reason{};  ///< Slurm's word
  std::string why{};     ///< a sentence or two; may be empty
  std::optional<HoldingLimit> limit{};
  std::int64_t ahead = 0;               ///< jobs before it in the queue that share its nodes
  std::vector<OtherJob> first_ahead{};  ///< the first few of them, best first
};

/// At `told` a scheduler promised the job a start; kept while it stays the same.
struct PlannedStart {
  std::int64_t told = 0, start = 0;
  std::string nodes;  ///< a host list; empty: any
};

/// One attempt's wait. Times are whole seconds of the trace.
struct Wait {
  std::uint16_t attempt = 0;
  std::string state;  ///< sacct's, of its end
  std::int64_t submit = 0;
  std::optional<std::int64_t> start{}, end{};
  std::int64_t until = 0;  ///< start, end without a start, or the end of the run
  std::string started_by{}, nodes{};
  std::vector<Spell> spells{};
  std::vector<PlannedStart> plans{};
  std::vector<OtherJob> made_room{};  ///< whose ends, the last before its start, freed what it got
};

struct Explanation {
  std::string id, user, account, partition, qos;
  std::string asks;                          ///< "8 CPUs, 2 GPUs on 1 node"
  std::int64_t time_limit = 0;               ///< kUnlimitedSeconds: none
  std::vector<std::string> not_simulated{};  ///< what the trace asks for in vain, of this job
  std::vector<Wait> attempts{};
};

/// Why `job` ("17", "A03_7") of the run in `directory` waited. Throws InputError if there is no
/// such job, if an input of the run is not what it was, or if the run cannot be repeated;
/// std::system_error if a file cannot be read. O(the run).
Explanation explain(const std::string& directory, const std::string& job);

/// For a terminal of `width` columns. Spells that repeat are merged, so that it stays short.
std::string explanation_text(const Explanation& explanation, std::size_t width);
/// The same and every spell, as JSON.
std::string explanation_json(const Explanation& explanation);

}  // namespace rehearse
