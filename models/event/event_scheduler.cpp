#include "models/event/event_scheduler.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "sim/state/profile.hpp"

namespace rehearse {
namespace {

constexpr std::array<std::pair<std::string_view, Backfill>, 5> kNames{{
    {"none", Backfill::None},
    {"greedy", Backfill::Greedy},
    {"easy", Backfill::Easy},
    {"easy-sjbf", Backfill::EasySjbf},
    {"conservative", Backfill::Conservative},
}};

class EventScheduler final : public Scheduler {
 public:
  explicit EventScheduler(Backfill backfill) : backfill_(backfill) {}

  void on(const Changes& changes, Control& control) override {
    queue_.insert(queue_.end(), changes.submitted.begin(), changes.submitted.end());
    const View& view = control.view();
    // Time alone never makes room: a job that did not fit still does not.
    const bool could_start =
        changes.resources_freed ||
        std::any_of(changes.submitted.begin(), changes.submitted.end(),
                    [&](JobId id) { return view.job(id).cpus <= view.free_cpus(); });
    if (!could_start) return;
    std::size_t started = 0;
    while (started < queue_.size() && control.start(queue_[started], StartedBy::Main)) ++started;
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(started));
    if (queue_.size() < 2 || backfill_ == Backfill::None || view.free_cpus() == 0) return;
    backfill(control);
  }

 private:
  void backfill(Control& control) {
    const View& view = control.view();
    const std::size_t reservations = backfill_ == Backfill::Greedy ? 0
                                     : backfill_ == Backfill::Conservative
                                         ? std::numeric_limits<std::size_t>::max()
                                         : 1;
    profile_.reset(view.now(), view.free_cpus());
    if (reservations > 0) {
      const JobView head = view.job(queue_.front());
      add_releases(view, reservations == 1 ? head.cpus : std::numeric_limits<std::int64_t>::max());
      reserve(head);
    }
    candidates_.assign(queue_.begin() + 1, queue_.end());
    if (backfill_ == Backfill::EasySjbf) {
      std::stable_sort(candidates_.begin(), candidates_.end(), [&](JobId a, JobId b) {
        return view.job(a).time_limit < view.job(b).time_limit;
      });
    }
    started_.clear();
    std::size_t reserved = 1;
    for (const JobId id : candidates_) {
      if (view.free_cpus() == 0) break;
      const JobView job = view.job(id);
      if (profile_.fits_now(job.cpus, job.time_limit) && control.start(id, StartedBy::Backfill)) {
        profile_.take(view.now(), job.time_limit, job.cpus);
        started_.push_back(id);
      } else if (reserved < reservations) {
        reserve(job);
        ++reserved;
      }
    }
    std::sort(started_.begin(), started_.end());
    std::erase_if(
        queue_, [&](JobId id) { return std::binary_search(started_.begin(), started_.end(), id); });
  }

  // Ends of running jobs, in order, until `enough` processors are free. One reservation needs no
  // more: from there on free processors only grow, and what counts is the lowest step.
  void add_releases(const View& view, std::int64_t enough) {
    std::int64_t free = view.free_cpus();
    Time last = view.now();
    for (const RunningJob& job : view.running()) {
      if (free >= enough && job.expected_end != last) break;
      profile_.add_release(job.expected_end, job.cpus);
      free += job.cpus;
      last = job.expected_end;
    }
  }

  void reserve(const JobView& job) {
    profile_.take(profile_.earliest(job.cpus, job.time_limit), job.time_limit, job.cpus);
  }

  Backfill backfill_;
  std::vector<JobId> queue_;  // pending, in order of arrival
  std::vector<JobId> candidates_;
  std::vector<JobId> started_;
  Profile profile_;
};

}  // namespace

std::vector<std::string_view> backfill_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : kNames) names.push_back(name);
  return names;
}

std::optional<Backfill> parse_backfill(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::unique_ptr<Scheduler> make_event_scheduler(Backfill backfill) {
  return std::make_unique<EventScheduler>(backfill);
}

}  // namespace rehearse
