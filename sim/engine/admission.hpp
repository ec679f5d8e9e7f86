// What happens to a submission before it may wait: whose it is, which partitions take it, what it
// is there, and whether a limit refuses it (sbatch's own checks; shared/semantics 1.1, 4.2, 4.6).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/policy/view.hpp"
#include "sim/workload/workload.hpp"

namespace rehearse {

struct Admission {
  Reason reason = Reason::None;  ///< None: accepted
  bool waits_for_ever = false;   ///< not refused, but pending with `reason` (EnforcePartLimits=NO)
  std::string detail{};
  AssocId assoc{};
  UserId user{};
  QosId qos = kNone<QosId>;
  Duration time_limit = kUnlimited;
  std::vector<Candidate> candidates{};  ///< job ids are not filled in; the first one's partition is
                                        ///< set even after a refusal, if the job named a valid one
};

class Admissions {
 public:
  Admissions(State& state, const Workload& workload) : state_(state), workload_(workload) {}

  /// Judges one submission. Users that come up for the first time are added to the state.
  /// `candidates`' storage is reused: copy what has to stay. O(partitions it names).
  const Admission& judge(SubmissionId submission);

  /// Whose it is and which partitions it names, and nothing more: for a scheduler that judges.
  /// Refused only if one of these does not exist.
  const Admission& identify(SubmissionId submission);
  /// Counts a refusal of the scheduler's for notes().
  void count_refusal(Reason reason, const std::string& message, SubmissionId submission);

  /// What was refused or changed, in words, with counts and the first job of each kind.
  std::vector<std::string> notes() const;

 private:
  struct Names {
    std::vector<PartitionId> partitions;
    bool unknown = false;
  };
  struct Counted {
    std::int64_t submissions = 0;
    SubmissionId first{}, last{};
  };

  bool find_who_and_where(const Submission& row);
  bool find_payer(const Submission& row);
  bool find_qos(const Submission& row);
  const Names& partitions(NameId text);
  void try_partition(const Submission& row, PartitionId partition);
  void count(const std::string& what, SubmissionId submission);
  AssocId payer_of(const Submission& row);
  AssocId find_assoc(const std::string& account, const std::string& user,
                     std::string_view partition) const;
  AssocId add_assoc(std::string account, std::string user, AssocId parent);
  template <class Get>
  std::string nearest(AssocId assoc, Get&& get) const;

  State& state_;
  const Workload& workload_;
  Admission admission_;
  std::map<std::tuple<NameId, NameId, NameId>, AssocId> payers_;  // by account, user, partition
  std::unordered_map<NameId, UserId> users_;
  std::unordered_map<NameId, Names> partitions_;
  std::map<std::string, Counted> counted_;
};

}  // namespace rehearse
