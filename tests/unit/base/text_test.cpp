#include "sim/base/text.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/catch.hpp"

using namespace rehearse;

TEST_CASE("near_match finds the word that was meant", "[text]") {
  const std::vector<std::string_view> keys{"partitions", "nodes", "policies", "seed"};
  CHECK(near_match("partitons", keys) == "partitions");  // a letter missing
  CHECK(near_match("ndoes", keys) == "nodes");           // neighbours swapped count once
  CHECK(near_match("seeds", keys) == "seed");
  CHECK(near_match("ndose", keys) == std::nullopt);  // two edits in five letters
  CHECK(near_match("weather", keys) == std::nullopt);
  CHECK(near_match("nodes", std::vector<std::string_view>{}) == std::nullopt);
}

TEST_CASE("near_match prefers the least distance, then the first", "[text]") {
  CHECK(near_match("abcdefg", std::vector<std::string_view>{"abcdeXY", "abcdefX"}) == "abcdefX");
  CHECK(near_match("cat", std::vector<std::string_view>{"car", "can"}) == "car");
  CHECK(near_match("cat", std::vector<std::string_view>{"car", "cat"}) == "cat");
}

TEST_CASE("natural_less compares runs of digits as numbers", "[text]") {
  std::vector<std::string> names{"n10",   "n2",   "n02", "m9", "n2-ib",
                                 "n1r10", "n1r9", "n",   "",   "n99999999999999999999999"};
  std::sort(names.begin(), names.end(), natural_less);
  CHECK(names == std::vector<std::string>{"", "m9", "n", "n1r9", "n1r10", "n02", "n2", "n2-ib",
                                          "n10", "n99999999999999999999999"});
}

TEST_CASE("natural_less is a strict total order", "[text]") {
  // All names of up to four characters: each pair is ordered one way, and sorting is consistent.
  std::vector<std::string> names{""};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].size() == 4) continue;
    for (const char c : {'0', '1', '2', 'a', '-'}) names.push_back(names[i] + c);
  }
  std::shuffle(names.begin(), names.end(), std::mt19937{1});
  std::sort(names.begin(), names.end(), natural_less);
  bool consistent = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < names.size(); ++j) {
      consistent = consistent && natural_less(names[i], names[j]) == (i < j);
    }
  }
  CHECK(names.size() == 781);
  CHECK(consistent);
}

TEST_CASE("parse_int64 takes the whole text or nothing", "[text]") {
  CHECK(parse_int64("0") == 0);
  CHECK(parse_int64("-17") == -17);
  CHECK(parse_int64("007") == 7);
  CHECK(parse_int64("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_int64("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "--1",
                          "9223372036854775808", "-9223372036854775809"}) {
    CAPTURE(bad);
    CHECK(parse_int64(bad) == std::nullopt);
  }
}

TEST_CASE("split keeps empty pieces", "[text]") {
  using Pieces = std::vector<std::string_view>;
  CHECK(split("", ',') == Pieces{""});
  CHECK(split("a", ',') == Pieces{"a"});
  CHECK(split(",a,,b,", ',') == Pieces{"", "a", "", "b", ""});
}

TEST_CASE("trim removes blanks at both ends only", "[text]") {
  CHECK(trim(" \ta b\r\n") == "a b");
  CHECK(trim("a") == "a");
  CHECK(trim(" \n ").empty());
  CHECK(trim("").empty());
}
