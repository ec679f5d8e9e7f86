// The options that only `scheduler: slurm` understands: what they mean, and that they are still
// named; and times as Slurm's commands take them.
#include <string>

#include "sim/base/diagnostics.hpp"
#include "sim/workload/moment.hpp"
#include "sim/workload/read_csv.hpp"
#include "sim/workload/slice.hpp"
#include "sim/workload/trace_info.hpp"
#include "sim/workload/write_trace.hpp"
#include "tests/catch.hpp"

namespace rehearse {
namespace {

using namespace std::chrono_literals;

Workload workload_of(const std::string& options) {
  return read_csv("id,submit,duration,extra\nA,100,1,\"" + options + "\"\n", "t.csv");
}

Asked asked_of(const std::string& options) {
  const Workload workload = workload_of(options);
  return workload.asked[workload.submissions[SubmissionId{0}].asked];
}

Special special_of(const std::string& options) { return workload_of(options).specials.at(0); }

std::string error_of(const std::string& options) {
  try {
    workload_of(options);
  } catch (const InputError& error) {
    const std::string text = error.what();
    return text.substr(0, text.find('\n')).substr(std::string("t.csv:").size());
  }
  return "no error";
}

}  // namespace

TEST_CASE("Options of Slurm's node selection mean what sbatch says", "[options]") {
  CHECK(asked_of("--mincpus=3").min_cpus_per_node == 3);
  CHECK(asked_of("--ntasks-per-socket 2").tasks_per_socket == 2);
  CHECK(asked_of("--ntasks-per-core=1").tasks_per_core == 1);
  CHECK(asked_of("--threads-per-core=2").threads_per_core == 2);
  CHECK(asked_of("--hint=nomultithread").threads_per_core == 1);
  CHECK(asked_of("--hint=memory_bound").threads_per_core == 1);
  CHECK(asked_of("--hint=multithread").threads_per_core == 0);
  CHECK(asked_of("--ntasks-per-gpu=4").tasks_per_gpu == 4);
  CHECK(asked_of("--sockets-per-node=2").sockets_per_node == 2);
  CHECK(asked_of("--cores-per-socket=8").cores_per_socket == 8);
  const Asked layout = asked_of("-B 2:*:1");
  CHECK(layout.sockets_per_node == 2);
  CHECK(layout.cores_per_socket == 0);
  CHECK(layout.threads_per_core == 1);
  CHECK(asked_of("--gpus-per-socket=a40:1").gres_per_socket ==
        std::vector<GresCount>{{"gpu", "a40", 1}});
  CHECK(asked_of("--switches=1").switches == 1);
  CHECK(asked_of("--switches=1").switches_wait == kUnset);
  CHECK(asked_of("--switches=2@5").switches_wait == 5min);
  CHECK(asked_of("--switches=1@00:02:00").switches_wait == 2min);
  CHECK(asked_of("--contiguous").contiguous);
  CHECK(asked_of("--spread-job").spread);
  CHECK(asked_of("--use-min-nodes").use_min_nodes);
  CHECK(asked_of("-s").over_subscribe);
  CHECK(asked_of("--exclusive=user").exclusive_user);
  CHECK_FALSE(asked_of("--exclusive=user").exclusive);
  CHECK(asked_of("--gres-flags=enforce-binding").enforce_binding);
  CHECK_FALSE(asked_of("--gres-flags=disable-binding").enforce_binding);
  CHECK(asked_of("-m block:cyclic").distribution == "block:cyclic");
  CHECK(asked_of("--prefer=ib").prefer == "ib");
  CHECK(asked_of("--mem=0").whole_memory);
  CHECK_FALSE(asked_of("--mem=1G").whole_memory);
}

TEST_CASE("Licenses are all of a list, or any of it", "[options]") {
  using Licenses = std::vector<std::pair<std::string, std::int64_t>>;
  CHECK(asked_of("-L matlab:2,ansys").licenses == Licenses{{"matlab", 2}, {"ansys", 1}});
  CHECK_FALSE(asked_of("-L matlab:2,ansys").any_license);
  CHECK(asked_of("--licenses='a:2|b'").licenses == Licenses{{"a", 2}, {"b", 1}});
  CHECK(asked_of("--licenses='a:2|b'").any_license);
  CHECK(error_of("-L a:x") == "2:13: error: \"a:x\" is not a number of licenses");
  CHECK(error_of("-L 'a,b|c'") == "2:15: error: \",\" and \"|\" do not mix in a list of licenses");
}

TEST_CASE("Rare options of Slurm's scheduler mean what sbatch says", "[options]") {
  CHECK(special_of("--time-min=16").min_time == 16min);
  CHECK(special_of("--deadline=now+3600").deadline == at_seconds(3700));
  CHECK(special_of("--deadline=00:01").deadline == at_seconds(24 * 3600 + 60));
  CHECK(special_of("--deadline=2026-01-05T02:00:00").deadline == at_seconds(7200));
  CHECK(special_of("--begin=00:05").begin == at_seconds(300));
  CHECK(special_of("--reservation=maint,course").reservation == "maint,course");
}

TEST_CASE("Options that the event scheduler does not know go on being named", "[options]") {
  const Workload workload =
      workload_of("-L m:1 -L n:2 --hint=compute_bound --mem=0 --exclusive=mcs --exclusive=user");
  const Special& special = workload.specials.at(0);
  CHECK(special.slurm_only == std::vector<std::string>{"--licenses=n:2", "--hint=compute_bound",
                                                       "--mem=0", "--exclusive=user"});
  CHECK(special.not_simulated == std::vector<std::string>{"--exclusive=mcs"});
  const TraceInfo info = trace_info(workload);
  CHECK(info.slurm_only ==
        std::map<std::string, std::size_t>{
            {"--licenses", 1}, {"--hint", 1}, {"--mem=0", 1}, {"--exclusive", 1}});
  CHECK(info.not_simulated == std::map<std::string, std::size_t>{{"--exclusive", 1}});
}

TEST_CASE("A trace with options of Slurm comes back as it was", "[options]") {
  const Workload workload = read_csv(
      "id,submit,mem,duration,extra\n"
      "A,100,0,1,--mincpus=3 --ntasks-per-socket=2 --ntasks-per-core=1 --hint=nomultithread\n"
      "B,100,,1,-B 2:8 --gpus-per-socket=1 --switches=1@5 --contiguous --spread-job\n"
      "C,100,,1,\"-L 'a|b:2' -s --exclusive=user --gres-flags=enforce-binding -m block\"\n"
      "D,100,,1,--prefer='ib&x' --time-min=5 --deadline=now+60 --reservation=r --begin=00:05\n"
      "E,100,,1,--use-min-nodes --threads-per-core=1 --ntasks-per-gpu=2 --mail-user=me\n",
      "t.csv");
  const std::string text = write_csv(workload);
  const Workload again = read_csv(text, "again.csv");
  CHECK(write_csv(again) == text);
  REQUIRE(again.submissions.size() == workload.submissions.size());
  for (std::size_t i = 0; i < workload.submissions.size(); ++i) {
    const auto id = static_cast<SubmissionId>(i);
    CHECK(again.asked[again.submissions[id].asked] ==
          workload.asked[workload.submissions[id].asked]);
    CHECK(again.special(id)->deadline == workload.special(id)->deadline);
    CHECK(again.special(id)->min_time == workload.special(id)->min_time);
    CHECK(again.special(id)->reservation == workload.special(id)->reservation);
  }
  const Workload moved = slice(workload, {.rebase = true});
  CHECK(moved.specials.at(3).deadline == at_seconds(60));
}

TEST_CASE("Values that sbatch would refuse are refused", "[options]") {
  CHECK(error_of("--switches=0") == "2:21: error: \"0\" is not a number of switches");
  CHECK(error_of("--switches=1@x") == "2:23: error: \"x\" is not a time limit");
  CHECK(error_of("-B 2:0") == "2:13: error: \"2:0\" is not a layout of nodes");
  CHECK(error_of("-B 1:1:1:1") == "2:13: error: \"1:1:1:1\" is not a layout of nodes");
  CHECK(error_of("--hint=fast") == "2:17: error: \"fast\" is not a hint");
  CHECK(error_of("--exclusive=me") == "2:22: error: \"me\" is not a kind of exclusive access");
  CHECK(error_of("--deadline=soon") == "2:21: error: \"soon\" is not a deadline");
}

TEST_CASE("Moments are from now, of a day, or after the origin", "[options]") {
  const Time noon = at_seconds(12 * 3600);
  const auto at = [&](std::string_view text) {
    const auto moment = parse_moment(text);
    return moment ? whole_seconds(moment->at(noon)) : -1;
  };
  CHECK(at("now") == 43200);
  CHECK(at("now+90") == 43290);
  CHECK(at("now+2hours") == 50400);
  CHECK(at("12:00") == 43200);
  CHECK(at("11:59:59") == 86400 + 43199);
  CHECK(at("2026-01-06") == 86400);
  CHECK(at("2026-02-05T00:00:01") == 31 * 86400 + 1);
  CHECK(at("{T+600}") == 600);
  CHECK(at("600.5") == 600);
  for (const char* const bad :
       {"", "now-5", "now+", "now+5years", "24:00", "1:00", "2026-1-5", "2026-02-30", "2025-12-31",
        "2026-01-05T", "{T-5}", "{id:A}", "-5", "tomorrow"}) {
    CHECK(at(bad) == -1);
  }
}

}  // namespace rehearse
