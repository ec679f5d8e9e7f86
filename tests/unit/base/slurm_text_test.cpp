#include "sim/base/slurm_text.hpp"

#include <random>
#include <string>
#include <vector>

#include "tests/catch.hpp"

using namespace rehearse;
using Names = std::vector<std::string>;

TEST_CASE("every time format of sbatch(1) is read", "[slurm_text]") {
  CHECK(parse_slurm_seconds("90") == 90 * 60);
  CHECK(parse_slurm_seconds("2:03") == 2 * 60 + 3);
  CHECK(parse_slurm_seconds("90:00") == 90 * 60);
  CHECK(parse_slurm_seconds("01:02:03") == 3723);
  CHECK(parse_slurm_seconds("48:00:00") == 2 * 86400);
  CHECK(parse_slurm_seconds("2-12") == 60 * 3600);
  CHECK(parse_slurm_seconds("2-12:30") == 60 * 3600 + 30 * 60);
  CHECK(parse_slurm_seconds("7-00:00:01") == 7 * 86400 + 1);
  CHECK(parse_slurm_seconds("0") == 0);
  for (const char* unlimited : {"UNLIMITED", "unlimited", "INFINITE", "Infinite", "-1"}) {
    CAPTURE(unlimited);
    CHECK(parse_slurm_seconds(unlimited) == kUnlimitedSeconds);
  }
}

TEST_CASE("what is not a time is not guessed", "[slurm_text]") {
  for (const char* bad : {"",
                          "-",
                          "-2",
                          "1-",
                          "-1:00",
                          "1-2-3",
                          ":",
                          "1:",
                          ":30",
                          "1::2",
                          "1:2:3:4",
                          "1-1:2:3:4",
                          "7 days",
                          "1h",
                          "1.5",
                          "+5",
                          "1:-2",
                          " 5",
                          "Partition_Limit",
                          "9223372036854775807",
                          "153722867280912931",
                          "106751991167301-00"}) {
    CAPTURE(bad);
    CHECK(parse_slurm_seconds(bad) == std::nullopt);
  }
  // The largest representable time but one is still a time; the largest means "no limit".
  CHECK(parse_slurm_seconds("0-0:0:9223372036854775806") == kUnlimitedSeconds - 1);
  CHECK(parse_slurm_seconds("0-0:0:9223372036854775807") == std::nullopt);
}

TEST_CASE("times are written as squeue prints them and read back", "[slurm_text]") {
  CHECK(format_slurm_seconds(0) == "00:00:00");
  CHECK(format_slurm_seconds(86399) == "23:59:59");
  CHECK(format_slurm_seconds(86400) == "1-00:00:00");
  CHECK(format_slurm_seconds(kUnlimitedSeconds) == "UNLIMITED");

  std::mt19937_64 random(7);
  bool same =
      parse_slurm_seconds(format_slurm_seconds(kUnlimitedSeconds - 1)) == kUnlimitedSeconds - 1;
  for (int i = 0; i < 100'000 && same; ++i) {
    const auto seconds = static_cast<std::int64_t>(random() >> (1 + random() % 63));
    INFO(seconds);
    same = parse_slurm_seconds(format_slurm_seconds(seconds)) == seconds;
    if (!same) CHECK(same);
  }
  CHECK(same);
}

TEST_CASE("memory sizes are MiB", "[slurm_text]") {
  CHECK(parse_memory_mib("512") == 512);
  CHECK(parse_memory_mib("512M") == 512);
  CHECK(parse_memory_mib("128G") == 128 * 1024);
  CHECK(parse_memory_mib("1T") == 1024 * 1024);
  CHECK(parse_memory_mib("1TiB") == 1024 * 1024);
  CHECK(parse_memory_mib("2gb") == 2048);
  CHECK(parse_memory_mib("1024K") == 1);
  CHECK(parse_memory_mib("1025K") == 2);
  CHECK(parse_memory_mib("1K") == 1);
  CHECK(parse_memory_mib("0") == 0);
  CHECK(parse_memory_mib("9223372036854775807K") == 9007199254740992);
  for (const char* bad : {"", "G", "12Q", "-1", "1.5G", "1 G", "12GG", "12B", "12Gi", "12iB",
                          "9223372036854775808", "9007199254740992G", "8796093022208T"}) {
    CAPTURE(bad);
    CHECK(parse_memory_mib(bad) == std::nullopt);
  }
}

TEST_CASE("host lists are expanded in order with their padding", "[slurm_text]") {
  CHECK(expand_hostlist("login").hosts == Names{"login"});
  CHECK(expand_hostlist("n[001-003,012],x").hosts == Names{"n001", "n002", "n003", "n012", "x"});
  CHECK(expand_hostlist("n[8-11]").hosts == Names{"n8", "n9", "n10", "n11"});
  CHECK(expand_hostlist("n[098-101]").hosts == Names{"n098", "n099", "n100", "n101"});
  CHECK(expand_hostlist("r[1-2]c[01-02]-ib").hosts ==
        Names{"r1c01-ib", "r1c02-ib", "r2c01-ib", "r2c02-ib"});
  CHECK(expand_hostlist("[5-6]").hosts == Names{"5", "6"});
  CHECK(expand_hostlist("a,a").hosts == Names{"a", "a"});
  CHECK(expand_hostlist("n[1-1000000]").hosts.size() == 1'000'000);
}

TEST_CASE("a bad host list names the fault and where it is", "[slurm_text]") {
  struct Case {
    std::string text;
    std::string part;
    std::size_t offset;
  };
  const std::vector<Case> cases{
      {"", "empty", 0},
      {"a,,b", "a host name is empty", 2},
      {"a,", "a host name is empty", 2},
      {"n[1,9-3]", "\"9-3\" is reversed", 4},
      {"x,n[1-3", "not closed", 3},
      {"n[1[2]]", "not closed", 1},
      {"n1]", "without", 2},
      {"n[]", "a range is empty", 2},
      {"n[1,]", "a range is empty", 4},
      {"n[1-]", "not a number", 2},
      {"n[a-b]", "not a number", 2},
      {"n[1--2]", "not a number", 2},
      {"n[1-2-3]", "not a number", 2},
      {"a, b", "blank", 2},
      {"n[1-1000001]", "more than 1000000", 2},
      {"r[1-1001]n[1-1000]", "more than 1000000", 10},
      {"x,n[1-1000000]", "more than 1000000", 2},
      {"n[0-999999999999999999]", "more than 1000000", 2},
      {"n[1-9223372036854775808]", "digits", 2},
      {std::string(256, 'n'), "255 bytes", 0},
  };
  for (const auto& [text, part, offset] : cases) {
    CAPTURE(text);
    const Hostlist list = expand_hostlist(text);
    CHECK_FALSE(list.ok());
    CHECK(list.hosts.empty());
    CHECK_THAT(list.error, Catch::Matchers::Contains(part));
    CHECK(list.offset == offset);
  }
}

TEST_CASE("host lists are abbreviated as Slurm does", "[slurm_text]") {
  CHECK(compress_hostlist({}).empty());
  CHECK(compress_hostlist({"n1"}) == "n1");
  CHECK(compress_hostlist({"n1", "n2", "n3", "n5", "x"}) == "n[1-3,5],x");
  CHECK(compress_hostlist({"n08", "n09", "n10"}) == "n[08-10]");
  CHECK(compress_hostlist({"n8", "n9", "n10"}) == "n[8-10]");
  CHECK(compress_hostlist({"n9", "n010"}) == "n[9,010]");
  CHECK(compress_hostlist({"n2", "n1"}) == "n[2,1]");
  CHECK(compress_hostlist({"n", "n1", "n"}) == "n,n1,n");
  CHECK(compress_hostlist({"a", "a"}) == "a,a");
}

TEST_CASE("expanding an abbreviated list gives the list back", "[slurm_text]") {
  std::mt19937 random(3);
  const Names prefixes{"n", "gpu", "r1c", "", "n0", "node-9-", "n123456789012345678"};
  int failures = 0;
  for (int round = 0; round < 5'000; ++round) {
    Names hosts;
    const auto wanted = 1 + random() % 40;
    while (hosts.size() < wanted) {
      const std::string& prefix = prefixes[random() % prefixes.size()];
      auto number = random() % 120;
      const std::size_t width = random() % 4;
      for (auto run = 1 + random() % 12; run > 0; --run) {  // successive numbers are the point
        std::string digits = std::to_string(number++);
        if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
        hosts.push_back(prefix + digits);
      }
      if (random() % 5 == 0) hosts.push_back("login");
    }
    const Hostlist again = expand_hostlist(compress_hostlist(hosts));
    if (!again.ok() || again.hosts != hosts) ++failures;
  }
  CHECK(failures == 0);
}
