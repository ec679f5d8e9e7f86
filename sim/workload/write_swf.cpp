#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "sim/base/text.hpp"
#include "sim/workload/write_trace.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kUnknown = -1;
constexpr int kCompleted = 1;  // values of the field Status
constexpr int kFailed = 0;

/// The numbers that stand for names of one kind: "u7" is 7, others are the free numbers from 1 on.
class Numbers {
 public:
  Numbers(const Workload& workload, NameId Submission::* column, char letter) : letter_(letter) {
    for (const Submission& row : workload.submissions) add(row.*column, workload);
    std::int64_t next = 1;
    for (const NameId name : unnumbered_) {
      while (taken_.count(next) > 0) ++next;
      numbers_[name] = next++;
    }
  }

  std::int64_t operator[](NameId name) const { return numbers_.at(name); }

  void append_header(std::string& text, std::string_view kind, const Workload& workload) const {
    for (const NameId name : unnumbered_) {
      text += fmt::format("; Note: {} {} is {}\n", kind, numbers_.at(name), workload.names[name]);
    }
  }

 private:
  void add(NameId name, const Workload& workload) {
    if (!numbers_.emplace(name, kUnknown).second) return;
    const std::string_view text = workload.names[name];
    if (text.empty() || (text.size() == 1 && text[0] == letter_)) return;
    const auto number = text[0] == letter_ ? parse_int64(text.substr(1)) : std::nullopt;
    const bool plain = number && fmt::format("{}{}", letter_, *number) == text && *number >= 0;
    if (!plain) return unnumbered_.push_back(name);
    numbers_[name] = *number;
    taken_.emplace(*number, name);
  }

  char letter_;
  std::unordered_map<NameId, std::int64_t> numbers_;
  std::unordered_map<std::int64_t, NameId> taken_;
  std::vector<NameId> unnumbered_;  ///< in order of appearance
};

class SwfWriter {
 public:
  explicit SwfWriter(const Workload& workload)
      : workload_(workload),
        users_(workload, &Submission::user, 'u'),
        groups_(workload, &Submission::account, 'g') {}

  SwfText write() {
    write_header();
    for (std::size_t i = 0; i < workload_.submissions.size(); ++i) {
      write_submission(static_cast<SubmissionId>(i));
    }
    return std::move(result_);
  }

 private:
  void write_header() {
    std::string& text = result_.text;
    text = "; Version: 2.2\n; Note: written by rehearse " REHEARSE_VERSION "\n";
    if (workload_.unix_start_time >= 0) {
      text += fmt::format("; UnixStartTime: {}\n", workload_.unix_start_time);
    }
    if (workload_.max_procs > 0) text += fmt::format("; MaxProcs: {}\n", workload_.max_procs);
    users_.append_header(text, "user", workload_);
    groups_.append_header(text, "group", workload_);
  }

  void write_submission(SubmissionId id) {
    const Special* const special = workload_.special(id);
    const std::size_t tasks = special == nullptr ? 0 : special->array_tasks.size();
    count_losses(id, special);
    for (std::size_t rank = 0; rank < std::max<std::size_t>(1, tasks); ++rank) write_row(id, rank);
  }

  void write_row(SubmissionId id, std::size_t rank) {
    const Submission& row = workload_.submissions[id];
    const Special* const special = workload_.special(id);
    const bool numbered =
        row.name == kNone<NameId> &&
        (special == nullptr || (special->array_tasks.empty() && special->het_offset == 0));
    const TaskTruth truth = workload_.truth.of(id, rank);
    const std::int64_t processors = asked_cpus(workload_.asked[row.asked]);
    const bool limited = row.time_limit != kUnset && row.time_limit != kUnlimited;
    ++written_;
    fmt::format_to(
        std::back_inserter(result_.text), "{} {} -1 {} {} -1 -1 {} {} -1 {} {} {} -1 -1 -1 -1 -1\n",
        numbered ? row.number : written_, whole_seconds(row.submit), whole_seconds(truth.run_time),
        processors, processors, limited ? whole_seconds(row.time_limit) : kUnknown,
        truth.exit_code == 0 ? kCompleted : kFailed, users_[row.user], groups_[row.account]);
  }

  void count_losses(SubmissionId id, const Special* special) {
    const Submission& row = workload_.submissions[id];
    const Asked& asked = workload_.asked[row.asked];
    const auto lose = [&](const char* what, bool lost) {
      if (lost) ++result_.lost[what];
    };
    lose("id that is no number", row.name != kNone<NameId>);
    lose("partition", !workload_.names[row.partition].empty());
    lose("qos", !workload_.names[row.qos].empty());
    lose("nodes", asked.min_nodes > 0 || asked.tasks_per_node > 0 || asked.exclusive);
    lose("gres", !asked.gres_per_node.empty() || !asked.gres_per_job.empty() ||
                     !asked.gres_per_task.empty());
    lose("memory", asked.memory.per != MemoryPer::None);
    lose("constraint or list of nodes",
         !asked.constraint.empty() || !asked.nodelist.empty() || !asked.exclude.empty());
    lose("fraction of a second", row.submit.time_since_epoch().count() % 1000 != 0 ||
                                     workload_.truth.run_time[id].count() % 1000 != 0);
    lose("nice or priority", row.nice != 0 || (special != nullptr && special->priority));
    if (special == nullptr) return;
    lose("dependency", !special->dependencies.empty());
    lose("array, a row for each task", !special->array_tasks.empty());
    lose("heterogeneous job, a row for each component", special->het_size > 0);
    lose("begin time or hold", special->begin != Time::min() || special->hold);
    lose("option that SWF does not know",
         !special->not_simulated.empty() || !special->slurm_only.empty());
  }

  const Workload& workload_;
  Numbers users_;
  Numbers groups_;
  SwfText result_;
  std::uint64_t written_ = 0;
};

}  // namespace

SwfText write_swf(const Workload& workload) { return SwfWriter(workload).write(); }

}  // namespace rehearse
