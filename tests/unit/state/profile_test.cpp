// The profile answers like an array of seconds.
#include "sim/state/profile.hpp"

#include <array>
#include <random>

#include "tests/catch.hpp"

namespace rehearse {
namespace {

constexpr int kSeconds = 400;

TEST_CASE("The profile answers like an array of seconds", "[profile]") {
  std::mt19937 random(7);
  const auto below = [&](int bound) { return static_cast<int>(random() % bound); };
  for (int round = 0; round < 300; ++round) {
    std::array<int, kSeconds> free{};
    free.fill(below(5));
    Profile profile;
    profile.reset(at_seconds(0), free[0]);
    for (int at = 0, release = 0; release < 6; ++release) {
      at += below(10);
      const int count = below(4);
      profile.add_release(at_seconds(at), count);
      for (int second = at; second < kSeconds; ++second) free[second] += count;
    }
    for (int job = 0; job < 12; ++job) {
      const int count = below(8);
      const int length = 1 + below(20);
      int expected = -1;
      for (int start = 0; start + length < kSeconds && expected < 0; ++start) {
        bool fits = true;
        for (int second = start; second < start + length; ++second) fits &= free[second] >= count;
        if (fits) expected = start;
      }
      const Time start = profile.earliest(count, std::chrono::seconds{length});
      if (expected < 0) {
        REQUIRE(start == kNever);
        continue;
      }
      REQUIRE(start == at_seconds(expected));
      REQUIRE(profile.fits_now(count, std::chrono::seconds{length}) == (expected == 0));
      profile.take(start, std::chrono::seconds{length}, count);
      for (int second = expected; second < expected + length; ++second) free[second] -= count;
    }
  }
}

}  // namespace
}  // namespace rehearse
