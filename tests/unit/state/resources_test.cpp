#include "sim/state/resources.hpp"

#include <random>

#include "tests/catch.hpp"

namespace rehearse {
namespace {

TEST_CASE("First fit takes nodes in order and gives runs of equal nodes", "[resources]") {
  Resources machine(5, 2);
  std::vector<Share> first;
  machine.take(5, first);
  REQUIRE(first.size() == 2);
  CHECK(index(first[0].first) == 0);
  CHECK(first[0].nodes == 2);
  CHECK(first[0].cpus == 2);
  CHECK(index(first[1].first) == 2);
  CHECK(first[1].cpus == 1);
  std::vector<Share> second;
  machine.take(2, second);
  REQUIRE(second.size() == 1);  // one CPU of node 2, one of node 3: a run
  CHECK(index(second[0].first) == 2);
  CHECK(second[0].nodes == 2);
  CHECK(machine.free_cpus() == 3);
  machine.give(first);
  machine.give(second);
  CHECK(machine.free_cpus() == 10);
}

TEST_CASE("No node ever holds more than it has, whatever is taken and given", "[resources]") {
  std::mt19937 random(11);
  constexpr std::uint32_t kNodes = 130;  // more than two words of the bitset
  Resources machine(kNodes, 3);
  std::vector<std::vector<Share>> held;
  std::vector<std::uint32_t> used(kNodes, 0);
  const auto count = [&](const std::vector<Share>& shares, bool taken) {
    std::uint32_t cpus = 0;
    for (const Share& share : shares) {
      for (std::uint32_t i = 0; i < share.nodes; ++i) {
        std::uint32_t& node = used[index(share.first) + i];
        node = taken ? node + share.cpus : node - share.cpus;
        REQUIRE(node <= 3);
        cpus += share.cpus;
      }
    }
    return cpus;
  };
  for (int step = 0; step < 5000; ++step) {
    const auto wanted = static_cast<std::uint32_t>(1 + random() % 60);
    if (wanted <= machine.free_cpus()) {
      held.emplace_back();
      machine.take(wanted, held.back());
      REQUIRE(count(held.back(), true) == wanted);
    } else if (!held.empty()) {
      std::swap(held[random() % held.size()], held.back());
      count(held.back(), false);
      machine.give(held.back());
      held.pop_back();
    }
  }
}

}  // namespace
}  // namespace rehearse
