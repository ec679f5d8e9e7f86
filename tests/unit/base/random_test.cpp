#include "sim/base/random.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace rehearse;

TEST_CASE("A stream without a key is SplitMix64 from 0", "[base][random]") {
  // The published generator's first outputs (S. Vigna, splitmix64.c, seed 0).
  RandomStream random({});
  CHECK(random() == 0xe220a8397b1dcdaf);
  CHECK(random() == 0x6e789e6aa1b965f4);
  CHECK(random() == 0x06c45d188009454f);
}

TEST_CASE("Streams differ in every part of their key and in its length", "[base][random]") {
  std::set<std::uint64_t> firsts;
  std::size_t keys = 0;
  for (std::uint64_t a = 0; a < 50; ++a) {
    firsts.insert(RandomStream({a})());
    ++keys;
    for (std::uint64_t b = 0; b < 50; ++b) {
      firsts.insert(RandomStream({a, b})());
      firsts.insert(RandomStream({a, b, 0})());
      keys += 2;
    }
  }
  CHECK(firsts.size() == keys);
  CHECK(RandomStream({1, 2})() == RandomStream({1, 2})());
  CHECK(RandomStream({1, 2})() != RandomStream({2, 1})());
}

TEST_CASE("First draws of neighbouring keys are uniform and unrelated", "[base][random]") {
  constexpr int kKeys = 20'000;
  double mean = 0, square = 0, product = 0, before = 0.5;
  for (std::uint64_t key = 0; key < kKeys; ++key) {
    const double draw = RandomStream({7, 1, key}).uniform();
    REQUIRE(draw >= 0);
    REQUIRE(draw < 1);
    mean += draw / kKeys;
    square += draw * draw / kKeys;
    product += (draw - 0.5) * (before - 0.5) / kKeys;
    before = draw;
  }
  CHECK(mean == Approx(0.5).margin(0.01));
  CHECK(square - mean * mean == Approx(1 / 12.0).margin(0.003));
  CHECK(product == Approx(0).margin(0.003));
}
