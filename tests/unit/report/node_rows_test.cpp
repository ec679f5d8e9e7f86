#include "sim/report/node_rows.hpp"

#include <string>
#include <vector>

#include "sim/base/slurm_text.hpp"
#include "tests/catch.hpp"

using namespace rehearse;

namespace {

std::vector<std::string> names(const NodeRows& rows, std::size_t list) {
  std::vector<std::string> result;
  rows.for_each(list, [&](std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) result.push_back(rows.name(row));
  });
  return result;
}

}  // namespace

TEST_CASE("rows name the hosts that the lists mean") {
  const std::vector<std::string> lists = {
      "n[1-3,7]",     "n[10-12],login", "n7",     "g[008-011]", "g[099-101],g100", "g8",
      "r[1-2]c[1-2]", "n1[0-3]",        "n[2-4]", "a1b2",       "n[098-101]",      "n100"};
  NodeRows rows;
  for (const std::string& list : lists) REQUIRE(rows.add(list));
  rows.finish();
  for (std::size_t i = 0; i < lists.size(); ++i) {
    CHECK(names(rows, i) == expand_hostlist(lists[i]).hosts);
  }
}

TEST_CASE("each host has one row, and rows follow the numbers") {
  NodeRows rows;
  for (const char* list : {"n[9-11]", "n2", "n10", "b1", "n[1-2]"}) REQUIRE(rows.add(list));
  rows.finish();
  std::vector<std::string> all;
  for (std::size_t row = 0; row < rows.size(); ++row) all.push_back(rows.name(row));
  CHECK(all == std::vector<std::string>{"b1", "n1", "n2", "n9", "n10", "n11"});
}

TEST_CASE("what is not a host list has no rows") {
  for (const char* list :
       {"", "n[1-", "n[3-1]", "n[a]", "n[]", "n1,,n2", "n[1-2", "n[1-99999999]"}) {
    NodeRows rows;
    CHECK_FALSE(rows.add(list));
  }
}
