#include "models/slurm/reservations.hpp"

#include <algorithm>
#include <optional>

#include "sim/base/slurm_text.hpp"
#include "sim/base/text.hpp"

namespace rehearse::slurm {
namespace {

std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> result;
  for (const std::string_view name : split(text, ',')) {
    if (!trim(name).empty()) result.push_back(lower(trim(name)));
  }
  return result;
}

void set_flags(const std::string& text, Reservation& reservation) {
  for (const std::string& flag : names_in(text)) {
    if (flag == "maint") reservation.maintenance = true;
    if (flag == "flex") reservation.flexible = true;
    if (flag == "any_nodes") reservation.any_nodes = true;
    if (flag == "ignore_jobs") reservation.ignores_jobs = true;
    if (flag == "overlap") reservation.overlaps = true;
    if (flag == "magnetic") reservation.magnetic = true;
  }
}

// "u1,u2" lets these in; "-u1" all but these.
bool lets_in(const std::vector<std::string>& list, const std::string& name) {
  bool any_positive = false;
  for (const std::string& each : list) {
    if (each.starts_with('-')) {
      if (each.substr(1) == name) return false;
    } else {
      any_positive = true;
      if (each == name) return true;
    }
  }
  return !any_positive;
}

}  // namespace

// Why slurmctld refuses it (semantics 7.3): jobs run on its nodes when it begins, or another has
// them.
std::string Reservations::conflict(const Reservation& made, std::span<const Ending> running) const {
  if (!made.ignores_jobs) {
    for (const Ending& job : running) {
      if (job.end <= made.start) continue;
      if (std::any_of(job.nodes.begin(), job.nodes.end(),
                      [&](NodeId node) { return made.nodes.contains(node); })) {
        return "jobs run on its nodes when it begins, and it has not Flags=IGNORE_JOBS";
      }
    }
  }
  if (made.maintenance || made.overlaps) return "";
  for (const Reservation& other : all_) {
    if (other.name == made.name || other.maintenance || other.overlaps) continue;
    if (other.overlaps_time(made.start, made.end) && other.nodes.intersects(made.nodes)) {
      return "reservation " + other.name + " has nodes of it, and it has not Flags=OVERLAP";
    }
  }
  return "";
}

std::string Reservations::apply(const ChangeReservation& change, const NodeSet& up,
                                std::span<const Ending> running, Seconds now) {
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const Reservation& r) { return r.name == change.name; });
  if (change.verb == ChangeReservation::Verb::Delete) {
    if (found == all_.end()) return "there is no reservation " + change.name;
    all_.erase(found);
    return "";
  }
  Reservation made;
  if (change.verb == ChangeReservation::Verb::Update) {
    if (found == all_.end()) return "there is no reservation " + change.name;
    made = *found;
  }
  const Cluster& cluster = view_.cluster();
  made.name = change.name;
  if (made.nodes.universe() == 0) made.nodes = NodeSet(cluster.nodes.size());
  const Seconds length = change.duration == kUnset       ? 0
                         : change.duration == kUnlimited ? kInfinite
                                                         : whole_seconds(change.duration);
  if (change.start != kNever) made.start = std::max(now, whole_seconds(change.start));
  if (change.end != kNever) made.end = whole_seconds(change.end);
  if (length != 0) made.end = made.start + length;
  const auto setting = [&](const char* key) -> const std::string* {
    const auto at = change.settings.find(key);
    return at == change.settings.end() ? nullptr : &at->second;
  };
  if (const auto* text = setting("users")) made.users = names_in(*text);
  if (const auto* text = setting("accounts")) made.accounts = names_in(*text);
  if (const auto* text = setting("flags")) set_flags(*text, made);
  if (const auto* text = setting("partitionname")) {
    if (const auto id = cluster.find_partition(*text)) made.partition = *id;
  }
  if (const auto* text = setting("nodes")) {
    made.nodes = NodeSet(cluster.nodes.size());
    if (lower(*text) == "all") {
      made.nodes = made.partition == kNone<PartitionId> ? NodeSet::all(cluster.nodes.size())
                                                        : cluster.partitions[made.partition].nodes;
    } else {
      for (const std::string& name : expand_hostlist(*text).hosts) {
        const auto node = cluster.find_node(name);
        if (!node) return "there is no node " + name;
        made.nodes.insert(*node);
      }
    }
  } else if (const auto* count_text = setting("nodecnt")) {
    std::int64_t count = parse_int64(*count_text).value_or(0);
    NodeSet possible = up;
    for (const Ending& job : running) {
      for (const NodeId node : job.nodes) possible.erase(node);
    }
    if (made.partition != kNone<PartitionId>) possible &= cluster.partitions[made.partition].nodes;
    for (const Reservation& other : all_) {
      if (other.overlaps_time(made.start, made.end)) possible -= other.nodes;
    }
    possible.for_each([&](NodeId node) {
      if (count-- > 0) made.nodes.insert(node);
      return count > 0;
    });
  }
  if (std::string why = conflict(made, running); !why.empty()) return why;
  if (found != all_.end()) {
    *found = made;
  } else {
    all_.push_back(std::move(made));
  }
  return "";
}

const Reservation* Reservations::find(const std::string& name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const Reservation& r) { return r.name == name; });
  return found == all_.end() ? nullptr : &*found;
}

bool Reservations::allows(const Reservation& reservation, JobId id) const {
  const Job& job = view_.job(id);
  const std::string user = lower(view_.name(view_.submission(id).user));
  const std::string account = lower(view_.assocs()[job.assoc].account);
  return lets_in(reservation.users, user) && lets_in(reservation.accounts, account);
}

Reservations::Answer Reservations::test(JobId job, const std::string& wanted, const NodeSet& nodes,
                                        Seconds start, Seconds minutes, bool may_move) const {
  Answer answer{nodes, start, false, false};
  constexpr int kMostMoves = 10;
  const Reservation* own = nullptr;
  if (!wanted.empty()) {
    own = find(wanted);
    if (own == nullptr || own->end <= start || !allows(*own, job)) {
      answer.is_closed = true;
      return answer;
    }
    if (own->start > start && !own->flexible) {
      if (!may_move) {
        answer.is_closed = true;
        return answer;
      }
      answer.start = own->start;
    }
    if (!own->flexible && !own->any_nodes) answer.usable &= own->nodes;
  }
  for (int move = 0; move <= kMostMoves; ++move) {
    const Seconds end = answer.start + (minutes == kInfinite ? kYearOfMinutes : minutes) * 60;
    NodeSet left = answer.usable;
    Seconds behind = 0;
    bool by_maintenance = false;
    for (const Reservation& other : all_) {
      if (&other == own || !other.overlaps_time(answer.start, end)) continue;
      NodeSet rest = left;
      rest -= other.nodes;
      if (rest.empty() && other.maintenance) by_maintenance = true;
      if (rest.empty()) behind = std::max(behind, other.end);
      left = std::move(rest);
    }
    if (!by_maintenance || !may_move) {
      answer.in_maintenance = by_maintenance;
      answer.usable = std::move(left);
      return answer;
    }
    answer.start = behind;
  }
  answer.is_closed = true;
  return answer;
}

Seconds Reservations::next_end(Seconds time) const {
  Seconds first = 0;
  for (const Reservation& each : all_) {
    if (each.end > time && each.end < kInfinite && (first == 0 || each.end < first)) {
      first = each.end;
    }
  }
  return first;
}

bool Reservations::begins_between(Seconds from, Seconds to) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const Reservation& r) { return r.start > from && r.start <= to; });
}

Seconds Reservations::next_change(Seconds time) const {
  Seconds first = 0;
  for (const Reservation& each : all_) {
    for (const Seconds at : {each.start, each.end}) {
      if (at > time && at < kInfinite && (first == 0 || at < first)) first = at;
    }
  }
  return first;
}

bool Reservations::forget_ended(Seconds now) {
  return std::erase_if(all_, [&](const Reservation& r) { return r.end <= now; }) > 0;
}

}  // namespace rehearse::slurm
