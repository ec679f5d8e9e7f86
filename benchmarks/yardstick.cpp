// The yardstick: FCFS or EASY for a machine that is nothing but a number of processors.
//
//   rehearse_yardstick LOG.swf OUT.csv [--policy fcfs|easy] [--depth N] [--exact-limits]
//
// It knows no nodes, partitions, limits or reasons, keeps no journal and forgives no dirty row: the
// least work that gives these schedules. It shares no code with rehearse, so that equal starts mean
// something. One pass an instant, after all ends and all submissions of that second.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Seconds = std::int64_t;

struct Job {
  std::int64_t number;
  Seconds submit, run, limit;
  std::int64_t procs;
  Seconds start = -1;
};

struct Log {
  std::int64_t procs = 0;
  std::vector<Job> jobs;
};

[[noreturn]] void die(const std::string& message) {
  std::fprintf(stderr, "rehearse_yardstick: %s\n", message.c_str());
  std::exit(2);
}

Log read_log(const char* path, bool exact_limits) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) die(std::string("cannot read ") + path);
  std::string text(static_cast<std::size_t>(in.tellg()), '\0');
  in.seekg(0);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  Log log;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const char* const line_end = std::find(at, end, '\n');
    const std::string_view line(at, static_cast<std::size_t>(line_end - at));
    if (line.starts_with(";")) {
      if (const auto key = line.find("MaxProcs:"); key != line.npos) {
        log.procs = std::atoll(line.data() + key + std::strlen("MaxProcs:"));
      }
    } else if (!line.empty()) {
      std::int64_t field[10];  // numbered as in the standard, from 1
      for (int number = 1; number <= 9; ++number) {
        at = std::find_if(at, line_end, [](char c) { return c != ' '; });
        const auto [next, error] = std::from_chars(at, line_end, field[number]);
        if (error != std::errc()) die("a row is not SWF");
        at = std::find(next, line_end, ' ');  // past a fraction
      }
      const Seconds run = field[4];
      const std::int64_t procs = field[5] > 0 ? field[5] : field[8];
      const Seconds limit = exact_limits ? run : std::max(run, field[9]);
      log.jobs.push_back({field[1], field[2], run, limit, procs});
    }
    at = line_end + 1;
  }
  std::stable_sort(log.jobs.begin(), log.jobs.end(), [](const Job& a, const Job& b) {
    return a.submit != b.submit ? a.submit < b.submit : a.number < b.number;
  });
  return log;
}

class Machine {
 public:
  Machine(Log& log, bool backfills, std::int64_t depth)
      : jobs_(log.jobs), free_(log.procs), backfills_(backfills), depth_(depth) {}

  void simulate() {
    std::size_t next = 0;
    while (next < jobs_.size() || !ends_.empty()) {
      now_ = ends_.empty() ? jobs_[next].submit : ends_.top().first;
      if (next < jobs_.size()) now_ = std::min(now_, jobs_[next].submit);
      bool may_start = false;  // something ended, or somebody came who fits
      for (; !ends_.empty() && ends_.top().first == now_; ends_.pop()) {
        finish(ends_.top().second);
        may_start = true;
      }
      for (; next < jobs_.size() && jobs_[next].submit == now_; ++next) {
        waiting_.push_back(next);
        may_start = may_start || jobs_[next].procs <= free_;
      }
      if (may_start) pass();
    }
  }

 private:
  struct Running {
    Seconds limit_end;
    std::int64_t procs;
    std::size_t job;
  };

  void start(std::size_t at) {
    Job& job = jobs_[at];
    job.start = now_;
    free_ -= job.procs;
    ends_.emplace(now_ + job.run, at);
    const Running entry{now_ + job.limit, job.procs, at};
    running_.insert(std::upper_bound(running_.begin(), running_.end(), entry,
                                     [](const Running& a, const Running& b) {
                                       return a.limit_end < b.limit_end;
                                     }),
                    entry);
  }

  void finish(std::size_t at) {
    free_ += jobs_[at].procs;
    const Seconds limit_end = jobs_[at].start + jobs_[at].limit;
    auto entry = std::lower_bound(running_.begin(), running_.end(), limit_end,
                                  [](const Running& a, Seconds b) { return a.limit_end < b; });
    while (entry->job != at) ++entry;
    running_.erase(entry);
  }

  void pass() {
    std::int64_t head = 0;
    const std::int64_t examined = std::min(depth_, static_cast<std::int64_t>(waiting_.size()));
    const auto waiting = [&] { return waiting_[static_cast<std::size_t>(head)]; };
    while (head < examined && jobs_[waiting()].procs <= free_) {
      start(waiting());
      ++head;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + head);
    if (backfills_ && free_ > 0 && waiting_.size() > 1) backfill(depth_ - head);
  }

  // The head starts when enough limits have ended; what is free then beyond it is spare.
  void backfill(std::int64_t depth) {
    const std::int64_t wanted = jobs_[waiting_.front()].procs;
    std::int64_t free_then = free_;
    Seconds shadow = std::numeric_limits<Seconds>::max();
    for (const Running& running : running_) {
      if (free_then >= wanted && running.limit_end > shadow) break;
      free_then += running.procs;
      if (free_then >= wanted) shadow = running.limit_end;
    }
    std::int64_t spare = free_then - wanted;
    std::size_t kept = 1, at = 1;
    for (; at < waiting_.size() && free_ > 0 && static_cast<std::int64_t>(at) < depth; ++at) {
      const Job& job = jobs_[waiting_[at]];
      const bool ends_before = now_ + job.limit <= shadow;
      if (job.procs <= free_ && (ends_before || job.procs <= spare)) {
        if (!ends_before) spare -= job.procs;
        start(waiting_[at]);
      } else {
        waiting_[kept++] = waiting_[at];
      }
    }
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(kept),
                   waiting_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  std::vector<Job>& jobs_;
  std::int64_t free_;
  bool backfills_;
  std::int64_t depth_;
  Seconds now_ = 0;
  std::vector<std::size_t> waiting_;
  std::vector<Running> running_;  // in order of limit_end
  using End = std::pair<Seconds, std::size_t>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
};

void write_starts(const char* path, const std::vector<Job>& jobs) {
  std::string text = "job,submit,start,end,procs,est\n";
  for (const Job& job : jobs) {
    for (const std::int64_t value :
         {job.number, job.submit, job.start, job.start + job.run, job.procs, job.limit}) {
      char digits[24];
      text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
      text += ',';
    }
    text.back() = '\n';
  }
  if (!(std::ofstream(path, std::ios::binary) << text)) die(std::string("cannot write ") + path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("usage: LOG.swf OUT.csv [--policy fcfs|easy] [--depth N] [--exact-limits]");
  bool backfills = true, exact_limits = false;
  std::int64_t depth = std::numeric_limits<std::int64_t>::max();
  for (int at = 3; at < argc; ++at) {
    const std::string_view option = argv[at];
    if (option == "--exact-limits") {
      exact_limits = true;
    } else if (option == "--policy" && at + 1 < argc) {
      backfills = std::string_view(argv[++at]) == "easy";
    } else if (option == "--depth" && at + 1 < argc) {
      depth = std::atoll(argv[++at]);
    } else {
      die("unknown option " + std::string(option));
    }
  }
  Log log = read_log(argv[1], exact_limits);
  Machine(log, backfills, depth).simulate();
  write_starts(argv[2], log.jobs);
}
