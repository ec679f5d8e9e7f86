// The event scheduler on small machines; the right answers are worked out by hand
// (../shared/cases/25-two-in-one-hole and 28-unlimited-chain, written anew).
#include "tests/catch.hpp"
#include "tests/replay.hpp"

namespace rehearse::testing {
namespace {

using Starts = std::map<std::uint64_t, std::int64_t>;

TEST_CASE("Two backfilled jobs never share one hole", "[event]") {
  const std::string trace = row(1, 0, 6, 3600, 3600) + row(2, 1, 8, 1800, 1800) +
                            row(3, 10, 1, 3000, 3000) + row(4, 10, 1, 3540, 3540) +
                            row(5, 10, 1, 600, 600) + row(6, 10, 2, 600, 600) +
                            row(7, 10, 1, 540, 540) + row(11, 20000, 6, 3600, 3600) +
                            row(12, 20001, 7, 1800, 1800) + row(13, 20010, 1, 12000, 12000) +
                            row(14, 20010, 1, 12000, 12000) + row(15, 20010, 1, 600, 600);
  const Workload workload = read_swf(trace, "hole.swf");
  for (const char* const backfill : {"easy", "conservative"}) {
    CHECK(starts(workload, replay(flat_cluster(8, 1), workload, {{"backfill", backfill}})) ==
          Starts{{1, 0},
                 {2, 3600},
                 {3, 10},
                 {4, 10},
                 {5, 5400},
                 {6, 5400},
                 {7, 3010},
                 {11, 20000},
                 {12, 23600},
                 {13, 20010},
                 {14, 25400},
                 {15, 20010}});
  }
}

TEST_CASE("Nobody peeks at a run time behind a job without a limit", "[event]") {
  const Workload workload = read_swf(row(1, 0, 1, -1, 1203) + row(2, 10, 2, -1, 303) +
                                         row(3, 20, 1, 60, 43) + row(4, 1190, 1, 1800, 603),
                                     "head.swf");
  for (const char* const backfill : {"easy", "conservative"}) {
    CHECK(starts(workload, replay(flat_cluster(2, 1), workload, {{"backfill", backfill}})) ==
          Starts{{1, 0}, {2, 1793}, {3, 20}, {4, 1190}});
  }
}

TEST_CASE("A chain of unlimited jobs neither overflows nor is killed", "[event]") {
  std::string trace;
  for (int job = 1; job <= 40; ++job) trace += row(job, job, 1, -1, 103);
  trace += row(41, 60, 1, 60, 43);
  const Workload workload = read_swf(trace, "chain.swf");
  for (const char* const backfill : {"easy", "conservative"}) {
    const Journal journal = replay(flat_cluster(1, 1), workload, {{"backfill", backfill}});
    const auto start = starts(workload, journal);
    for (int job = 1; job <= 40; ++job) CHECK(start.at(job) == 1 + 103 * (job - 1));
    CHECK(start.at(41) == 4121);
    for (const Attempt& job : journal.attempts) CHECK(job.state == JobState::Completed);
  }
}

// At 10 job 1 is due and its CPU counts as free. Job 5 does not fit, so its submission decides
// nothing; job 6 of the same second does, and being shorter than job 4 it is backfilled first.
TEST_CASE("In a pass an event, a submission that does not fit decides nothing", "[event]") {
  const Workload workload =
      read_swf(row(1, 0, 1, 10, 10) + row(2, 0, 3, 100, 100) + row(3, 1, 4, 10, 10) +
                   row(4, 2, 1, 50, 50) + row(5, 10, 2, 10, 10) + row(6, 10, 1, 20, 20),
               "submission.swf");
  CHECK(starts(workload, replay(flat_cluster(4, 1), workload,
                                {{"backfill", "easy-sjbf"}, {"scheduler.pass", "event"}})) ==
        Starts{{1, 0}, {2, 0}, {3, 100}, {4, 30}, {5, 110}, {6, 10}});
}

TEST_CASE("A job larger than the machine is refused and blocks nobody", "[event]") {
  const Workload workload = read_swf(row(1, 0, 9, 10, 10) + row(2, 1, 8, 10, 10), "large.swf");
  const Journal journal = replay(flat_cluster(4, 2), workload, {{"backfill", "none"}});
  CHECK(starts(workload, journal) == Starts{{2, 1}});
  CHECK(journal.attempts[AttemptId{0}].state == JobState::Rejected);
}

}  // namespace
}  // namespace rehearse::testing
