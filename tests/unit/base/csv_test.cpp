#include "sim/base/csv.hpp"

#include "sim/base/diagnostics.hpp"
#include "tests/catch.hpp"

using namespace rehearse;

TEST_CASE("a CSV table gives columns by name, quoted or not") {
  CsvTable table("t.csv",
                 "id,name,size\r\n1,plain,\n2,\"a, \"\"b\"\"\nc\",-7\n3,\"\",9223372036854775807");
  const auto id = table.column("id");
  const auto name = table.column("name");
  const auto size = table.column("size");
  REQUIRE(table.next());
  CHECK(table.line() == 2);
  CHECK(table[name] == "plain");
  CHECK_FALSE(table.integer(size));
  REQUIRE(table.next());
  CHECK(table[name] == "a, \"b\"\nc");
  CHECK(table.integer(size) == -7);
  REQUIRE(table.next());
  CHECK(table.line() == 5);
  CHECK(table[name].empty());
  CHECK(table.integer(id) == 3);
  CHECK_FALSE(table.next());
}

TEST_CASE("a CSV table says where it is wrong") {
  const auto message = [](auto&& act) -> std::string {
    try {
      act();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  using Catch::Contains;
  CHECK_THAT(message([] { CsvTable("t.csv", ""); }), Contains("an empty file"));
  CHECK_THAT(message([] { (void)CsvTable("t.csv", "a,b\n").column("c"); }),
             Contains("t.csv:1") && Contains("no column \"c\""));
  CHECK_THAT(message([] {
               CsvTable table("t.csv", "a,b\n1,2\n3\n");
               table.next();
               table.next();
             }),
             Contains("t.csv:3") && Contains("a row of 1 fields"));
  CHECK_THAT(message([] {
               CsvTable table("t.csv", "a\n1x\n");
               table.next();
               (void)table.integer(0);
             }),
             Contains("t.csv:2") && Contains("\"1x\" is no a"));
  CHECK_THAT(message([] {
               CsvTable table("t.csv", "a\n\"1\n");
               table.next();
             }),
             Contains("t.csv:2") && Contains("this quote is not closed"));
  CHECK_THAT(message([] {
               CsvTable table("t.csv", "a\n1\n\n2\n");
               table.next();
               table.next();
             }),
             Contains("t.csv:3") && Contains("an empty line"));
}
