#include "models/slurm/forecast.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

namespace rehearse::slurm {
namespace {

constexpr std::size_t kMostMachineNodes = 200'000;  ///< kept: some 20 MB

}  // namespace

std::size_t WillRunHash::operator()(const WillRunKey& key) const {
  std::size_t hash = std::hash<const Needs*>{}(key.needs);
  const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15U; };
  for (const std::uint64_t word : key.nodes.words()) {
    mix(word);
    hash ^= hash >> 29;
  }
  mix(index(key.user));
  mix(static_cast<std::uint64_t>(key.start));
  mix(key.near_gpus);
  return hash ^ (hash >> 32);
}

EndingOrder::EndingOrder(std::vector<Ending> endings) {
  std::sort(endings.begin(), endings.end(), [](const Ending& a, const Ending& b) {
    return std::tie(a.guessed, a.list_order) < std::tie(b.guessed, b.list_order);
  });
  for (const Ending& ending : endings) {
    const auto [low, high] = std::minmax_element(ending.nodes.begin(), ending.nodes.end());
    Place place{.job = ending.job,
                .end = ending.end,
                .guessed = ending.guessed,
                .is_completing = ending.is_completing,
                .mask = words.size()};
    if (low != ending.nodes.end()) {
      place.first = static_cast<std::uint32_t>(index(*low) / 64);
      place.words = static_cast<std::uint32_t>(index(*high) / 64) - place.first + 1;
    }
    words.resize(words.size() + std::max(place.words, 1U), 0);
    for (const NodeId node : ending.nodes) {
      words[place.mask + index(node) / 64 - place.first] |= std::uint64_t{1} << (index(node) % 64);
    }
    places.push_back(place);
  }
}

Forecast::Forecast(Machine now, std::shared_ptr<const EndingOrder> order,
                   std::span<const JobId> victims)
    : Forecast(std::move(now), order, order->places, !victims.empty()) {
  std::erase_if(ends_, [&](const Place& place) {
    return std::binary_search(victims.begin(), victims.end(), place.job);
  });
}

Forecast::Forecast(Machine now, std::shared_ptr<const EndingOrder> order, std::vector<Place> ends,
                   bool is_preempting)
    : order_(std::move(order)), ends_(std::move(ends)), is_preempting_(is_preempting) {
  is_in_order_of_ends_ = std::is_sorted(
      ends_.begin(), ends_.end(), [](const Place& a, const Place& b) { return a.end < b.end; });
  machines_.emplace(0, std::move(now));
}

const Machine& Forecast::after(std::size_t count, const Records& records) {
  auto nearest = std::prev(machines_.upper_bound(count));
  if (nearest->first == count) return nearest->second;
  const std::size_t nodes = std::max<std::size_t>(nearest->second.cluster().nodes.size(), 1);
  Machine machine = nearest->second;
  for (std::size_t i = nearest->first; i < count; ++i) {
    if (!ends_[i].is_completing) machine.remove(records[ends_[i].job].allocation);
  }
  if (machines_.size() * nodes > kMostMachineNodes) {
    machines_.erase(std::next(machines_.begin()), machines_.end());
  }
  return machines_.emplace(count, std::move(machine)).first->second;
}

std::size_t Forecast::first_from(Seconds time) const {
  return static_cast<std::size_t>(
      std::partition_point(ends_.begin(), ends_.end(),
                           [&](const Place& place) { return place.end < time; }) -
      ends_.begin());
}

Forecast Forecast::from(Seconds time, const Records& records) const {
  Machine machine = machines_.begin()->second;
  std::vector<Place> rest;
  for (const Place& place : ends_) {
    if (place.end >= time) {
      rest.push_back(place);
    } else if (!place.is_completing) {
      machine.remove(records[place.job].allocation);
    }
  }
  return Forecast(std::move(machine), order_, std::move(rest), is_preempting_);
}

void Forecast::note_room(const Records& records) {
  const Machine& now = machines_.begin()->second;
  const std::size_t nodes = now.cluster().nodes.size();
  first_room_.assign(nodes + 1, 1);
  const auto each_held = [&](auto&& visit) {
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      if (ends_[i].is_completing) continue;
      for (const Held& held : records[ends_[i].job].allocation.nodes) visit(i, held);
    }
  };
  each_held([&](std::size_t, const Held& held) { ++first_room_[index(held.node)]; });
  std::exclusive_scan(first_room_.begin(), first_room_.end(), first_room_.begin(), 0U);
  rooms_.resize(first_room_.back());
  std::vector<std::uint32_t> last(first_room_.begin(), std::prev(first_room_.end()));
  for (std::size_t i = 0; i < nodes; ++i) {
    rooms_[last[i]] = {0, Room(now, static_cast<NodeId>(i))};
  }
  each_held([&](std::size_t i, const Held& held) {
    std::uint32_t& at = last[index(held.node)];
    RoomAfter after{static_cast<std::uint32_t>(i + 1), rooms_[at].room};
    after.room.free(held);
    rooms_[++at] = after;
  });
}

std::size_t Forecast::least_ended(const Needs& needs, const NodeSet& nodes,
                                  const Records& records) {
  constexpr std::uint32_t never = ~std::uint32_t{0};
  if (first_room_.empty()) note_room(records);
  const auto [known, is_new] = least_ended_.try_emplace(&needs);
  std::vector<std::uint32_t>& least = known->second;
  if (is_new) {
    const Machine& now = machines_.begin()->second;
    const LeastRoom asked(needs, now.cluster());
    least.assign(now.cluster().nodes.size(), never);
    needs.candidates.for_each([&](NodeId node) {
      const auto begin = rooms_.begin() + first_room_[index(node)];
      const auto end = rooms_.begin() + first_room_[index(node) + 1];
      const auto found = std::find_if(begin, end, [&](const RoomAfter& after) {
        return asked.is_in(after.room, now.shapes(), node);
      });
      if (found != end) least[index(node)] = found->ended;
      return true;
    });
  }
  std::vector<std::uint32_t> counts;
  std::uint32_t first = never;
  const bool is_one = needs.min_nodes <= 1;
  nodes.for_each([&](NodeId node) {
    const std::uint32_t count = least[index(node)];
    first = std::min(first, count);
    if (!is_one && count != never) counts.push_back(count);
    return true;
  });
  if (is_one) return first;
  if (counts.size() < needs.min_nodes) return never;
  const auto last = counts.begin() + needs.min_nodes - 1;
  std::nth_element(counts.begin(), last, counts.end());
  return *last;
}

}  // namespace rehearse::slurm
