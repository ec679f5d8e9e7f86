#include "sim/workload/slice.hpp"

#include <algorithm>
#include <tuple>

namespace rehearse {
namespace {

bool is_named(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::count(names, name) > 0;
}

/// In order of the rows.
std::vector<SubmissionId> chosen_rows(const Workload& workload, const Slice& wanted) {
  std::vector<SubmissionId> chosen;
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    const Submission& row = workload.submissions[id];
    const bool in_time = row.submit >= wanted.from && row.submit < wanted.to;
    if (workload.is_later_component(id)) continue;  // goes with the first one
    if (in_time && is_named(wanted.users, workload.names[row.user]) &&
        is_named(wanted.accounts, workload.names[row.account])) {
      chosen.push_back(id);
    }
  }
  if (wanted.first && *wanted.first < chosen.size()) {
    std::ranges::sort(chosen, {}, [&](SubmissionId id) {
      const Submission& row = workload.submissions[id];
      return std::tuple(row.submit, row.number, id);
    });
    chosen.resize(*wanted.first);
    std::ranges::sort(chosen);
  }
  std::vector<SubmissionId> rows;
  for (const SubmissionId id : chosen) {
    const Special* const special = workload.special(id);
    const std::size_t count = special == nullptr ? 1 : std::max(special->het_size, 1U);
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back(static_cast<SubmissionId>(index(id) + i));
    }
  }
  return rows;
}

class Slicer {
 public:
  Slicer(const Workload& whole, const Slice& wanted)
      : whole_(whole), chosen_(chosen_rows(whole, wanted)) {
    new_ids_.resize(whole.submissions.size(), kNone<SubmissionId>);
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      new_ids_[chosen_[i]] = static_cast<SubmissionId>(i);
    }
    Time earliest = kNever;
    for (const SubmissionId id : chosen_) {
      earliest = std::min(earliest, whole.submissions[id].submit);
    }
    if (wanted.rebase && !chosen_.empty()) shift_ = earliest.time_since_epoch();
  }

  Workload run() {
    part_.asked = whole_.asked;
    part_.names = whole_.names;
    part_.repairs = whole_.repairs;
    part_.max_procs = whole_.max_procs;
    part_.unix_start_time = whole_.unix_start_time;
    if (part_.unix_start_time >= 0) part_.unix_start_time += whole_seconds(shift_);
    for (const SubmissionId id : chosen_) add(id);
    return std::move(part_);
  }

 private:
  void add(SubmissionId id) {
    Submission row = whole_.submissions[id];
    row.submit -= shift_;
    if (const Special* const special = whole_.special(id)) row.special = add_special(*special, row);
    const SubmissionId added = part_.submissions.push_back(row);
    part_.truth.run_time.push_back(whole_.truth.run_time[id]);
    const auto detail = whole_.truth.details.find(id);
    if (detail != whole_.truth.details.end()) part_.truth.details[added] = detail->second;
  }

  std::uint32_t add_special(Special special, const Submission& row) {
    if (special.begin != Time::min()) special.begin = std::max(special.begin - shift_, Time{});
    if (special.deadline != kNever) special.deadline -= shift_;
    std::erase_if(special.dependencies, [&](Dependency& dependency) {
      if (dependency.on == kNone<SubmissionId>) return false;
      dependency.on = new_ids_[dependency.on];
      if (dependency.on != kNone<SubmissionId>) return false;
      Repair& repair = part_.repairs["drop-dependency-on-dropped"];
      if (repair.count++ == 0) repair.first_line = row.line;
      return true;
    });
    part_.specials.push_back(std::move(special));
    return static_cast<std::uint32_t>(part_.specials.size() - 1);
  }

  const Workload& whole_;
  std::vector<SubmissionId> chosen_;
  IdVector<SubmissionId, SubmissionId> new_ids_;
  Duration shift_ = Duration::zero();
  Workload part_;
};

}  // namespace

Workload slice(const Workload& workload, const Slice& wanted) {
  return Slicer(workload, wanted).run();
}

}  // namespace rehearse
