#include "sim/report/page_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/base/csv.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/text.hpp"
#include "sim/report/node_rows.hpp"

namespace rehearse {
namespace {

using json = nlohmann::ordered_json;
using Integers = std::vector<std::int64_t>;

Integers differences(Integers values) {
  for (std::size_t i = values.size(); i-- > 1;) values[i] -= values[i - 1];
  return values;
}

// A column as the page reads it: its one value, or all of them.
json constant_or_all(const Integers& values) {
  const bool constant =
      !values.empty() && std::all_of(values.begin(), values.end(),
                                     [&](std::int64_t value) { return value == values.front(); });
  return constant ? json(values.front()) : json(values);
}

// Distinct texts, numbered as they come.
class Texts {
 public:
  std::int64_t add(std::string_view text) {
    if (text == recent_) return recent_id_;
    recent_ = text;
    const auto [entry, is_new] = ids_.try_emplace(recent_, static_cast<std::int64_t>(ids_.size()));
    if (is_new) texts_.push_back(recent_);
    return recent_id_ = entry->second;
  }
  const std::vector<std::string>& all() const { return texts_; }

 private:
  std::unordered_map<std::string, std::int64_t> ids_{{"", 0}};
  std::vector<std::string> texts_{""};
  std::string recent_;
  std::int64_t recent_id_ = 0;
};

struct TextColumn {
  const char* name;
  std::size_t column;
  Texts texts{};
  Integers values{};
};

struct IntegerColumn {
  const char* name;
  std::size_t column;
  Integers values{};
};

// How many jobs waited at most 10^(i/10) seconds, for each i.
class WaitCurve {
 public:
  void add(std::int64_t wait) {
    const double tenths = wait <= 1 ? 0 : std::ceil(10 * std::log10(static_cast<double>(wait)));
    ++jobs_[static_cast<std::size_t>(std::min<double>(tenths, kPoints - 1))];
  }
  Integers sums() const {
    Integers sums;
    std::int64_t sum = 0;
    for (const std::int64_t jobs : jobs_) sums.push_back(sum += jobs);
    return sums;
  }

 private:
  static constexpr std::size_t kPoints = 81;  // up to 10^8 seconds, three years
  std::vector<std::int64_t> jobs_ = std::vector<std::int64_t>(kPoints, 0);
};

// The curves of the jobs that have started: of all, and by partition, account, QOS and GPUs, as
// summary.json groups them (by the last attempt; a job's wait is the sum over its attempts).
class WaitCurves {
 public:
  struct Row {
    std::string_view job;
    std::int64_t wait = 0;
    bool started = false;
    std::string_view partition, account, qos, gpus;
  };

  void add(const Row& row) {
    if (row.job != job_) finish_job();
    job_ = row.job;
    wait_ += row.wait;
    started_ = row.started;
    const std::string_view groups[] = {"all", row.partition, row.account, row.qos, row.gpus};
    std::copy(std::begin(groups), std::end(groups), groups_);
  }

  json take() {
    finish_job();
    json result = json::object();
    for (std::size_t kind = 0; kind < std::size(kKinds); ++kind) {
      json& curves = result[kKinds[kind]] = json::object();
      for (const auto& [name, curve] : curves_[kind]) curves[name] = curve.sums();
    }
    return result;
  }

 private:
  static constexpr const char* kKinds[] = {"all", "partition", "account", "qos", "gpus"};

  void finish_job() {
    for (std::size_t kind = 0; kind < std::size(kKinds) && started_; ++kind) {
      auto curve = curves_[kind].find(groups_[kind]);
      if (curve == curves_[kind].end()) {
        curve = curves_[kind].emplace(groups_[kind], WaitCurve()).first;
      }
      curve->second.add(wait_);
    }
    wait_ = 0;
    started_ = false;
  }

  std::string job_;
  std::int64_t wait_ = 0;
  bool started_ = false;
  std::string groups_[std::size(kKinds)];
  std::map<std::string, WaitCurve, std::less<>> curves_[std::size(kKinds)];
};

// One pass over jobs.csv. Only attempts that have started become rows of the columns.
class JobsReader {
 public:
  JobsReader(std::string file, std::string_view text)
      : file_(std::move(file)), table_(file_, text) {
    for (const char* name :
         {"user", "account", "partition", "qos", "state", "gpu_type", "started_by"}) {
      texts_.push_back({name, table_.column(name)});
    }
    for (const char* name : {"attempt", "nodes", "cpus", "gpus"}) {
      integers_.push_back({name, table_.column(name)});
    }
  }

  json read(std::size_t spans) {
    while (table_.next()) read_row();
    end_running();
    nodes_.finish();
    json nodes = spans_data(spans);
    return {{"waits", curves_.take()}, {"nodes", std::move(nodes)}, {"jobs", columns_data()}};
  }

 private:
  using Columns = std::vector<std::size_t>;

  void read_row() {
    const auto start = table_.integer(start_);
    const std::int64_t wait = table_.integer(wait_).value_or(0);
    curves_.add({.job = table_[id_],
                 .wait = wait,
                 .started = start.has_value(),
                 .partition = table_[partition_],
                 .account = table_[account_],
                 .qos = table_[qos_],
                 .gpus = table_[gpus_]});
    const auto end = table_.integer(end_);
    latest_ = std::max({latest_, start.value_or(latest_), end.value_or(latest_)});
    if (!start) return;
    if (!nodes_.add(table_[node_list_])) {
      fail({.file = file_,
            .line = table_.line(),
            .message = fmt::format("node_list is \"{}\"", table_[node_list_]),
            .help = "expected a host list such as n[1-4,7]"});
    }
    ids_.emplace_back(table_[id_]);
    for (TextColumn& each : texts_) each.values.push_back(each.texts.add(table_[each.column]));
    for (IntegerColumn& each : integers_) {
      each.values.push_back(table_.integer(each.column).value_or(0));
    }
    submits_.push_back(table_.integer(submit_).value_or(*start));
    starts_.push_back(*start);
    ends_.push_back(end.value_or(kRunning));
    waits_.push_back(wait);
    limits_.push_back(table_[limit_] == "UNLIMITED" ? -1 : table_.integer(limit_).value_or(-1));
    read_reasons();
  }

  // "Resources=1200;Priority=60"
  void read_reasons() {
    Integers& row = reasons_.emplace_back();
    if (table_[reasons_column_].empty()) return;
    for (const std::string_view part : split(table_[reasons_column_], ';')) {
      const std::size_t equals = std::min(part.find('='), part.size());
      const auto seconds = parse_int64(part.substr(std::min(equals + 1, part.size())));
      if (!seconds) {
        fail({.file = file_,
              .line = table_.line(),
              .message = fmt::format("reasons is \"{}\"", table_[reasons_column_]),
              .help = "expected Reason=seconds;Reason=seconds"});
      }
      row.push_back(reason_names_.add(part.substr(0, equals)));
      row.push_back(*seconds);
    }
  }

  // What still runs is drawn to the end of the run.
  void end_running() {
    for (std::int64_t& end : ends_) {
      if (end == kRunning) end = latest_;
    }
  }

  // Chooses the nodes to draw, and lists for each of them the attempts that ran there.
  json spans_data(std::size_t most) {
    std::vector<std::size_t> spans(nodes_.size() + 1, 0);  // of each row, first as differences
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      nodes_.for_each(i, [&](std::size_t first, std::size_t last) {
        ++spans[first];
        --spans[last];
      });
    }
    for (std::size_t row = 1; row < spans.size(); ++row) spans[row] += spans[row - 1];
    const auto drawn = [&](std::size_t every) {
      std::size_t sum = 0;
      for (std::size_t row = 0; row < nodes_.size(); row += every) sum += spans[row];
      return sum;
    };
    std::size_t every = 1;
    while (drawn(every) > most && every < nodes_.size()) ++every;

    std::vector<Integers> attempts((nodes_.size() + every - 1) / every);
    std::size_t room = most;
    std::size_t left_out = 0;
    kept_.assign(starts_.size(), kDropped);
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      nodes_.for_each(i, [&](std::size_t first, std::size_t last) {
        for (std::size_t row = (first + every - 1) / every * every; row < last; row += every) {
          if (room == 0) {
            ++left_out;
            continue;
          }
          --room;
          if (kept_[i] == kDropped) kept_[i] = kept_count_++;
          attempts[row / every].push_back(kept_[i]);
        }
      });
    }
    json names = json::array();
    json counts = json::array();
    Integers all;
    for (std::size_t row = 0; row < attempts.size(); ++row) {
      names.push_back(nodes_.name(row * every));
      counts.push_back(attempts[row].size());
      const Integers steps = differences(std::move(attempts[row]));
      all.insert(all.end(), steps.begin(), steps.end());
    }
    return {{"names", std::move(names)},  {"spans", std::move(counts)},
            {"attempts", std::move(all)}, {"every", every},
            {"ran", nodes_.size()},       {"left_out", left_out}};
  }

  Integers kept(const Integers& values) const {
    Integers result;
    result.reserve(static_cast<std::size_t>(kept_count_));
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (kept_[i] != kDropped) result.push_back(values[i]);
    }
    return result;
  }

  json columns_data() const {
    Integers delays = starts_;
    Integers lengths = ends_;
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      delays[i] -= submits_[i];
      lengths[i] -= starts_[i];
    }
    json result = {
        {"submit", differences(kept(submits_))},        {"delay", constant_or_all(kept(delays))},
        {"length", constant_or_all(kept(lengths))},     {"wait", constant_or_all(kept(waits_))},
        {"time_limit", constant_or_all(kept(limits_))}, {"reason_names", reason_names_.all()}};
    json& ids = result["id"] = json::array();
    json& reasons = result["reasons"] = json::array();
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (kept_[i] == kDropped) continue;
      ids.push_back(ids_[i]);
      reasons.push_back(reasons_[i].empty() ? json(0) : json(reasons_[i]));
    }
    for (const TextColumn& each : texts_) {
      result[each.name] = {{"texts", each.texts.all()}, {"of", constant_or_all(kept(each.values))}};
    }
    for (const IntegerColumn& each : integers_) {
      result[each.name] = constant_or_all(kept(each.values));
    }
    return result;
  }

  static constexpr std::int64_t kRunning = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kDropped = -1;

  std::string file_;
  CsvTable table_;
  const std::size_t id_ = table_.column("id"), submit_ = table_.column("submit"),
                    start_ = table_.column("start"), end_ = table_.column("end"),
                    wait_ = table_.column("wait"), limit_ = table_.column("time_limit"),
                    partition_ = table_.column("partition"), account_ = table_.column("account"),
                    qos_ = table_.column("qos"), gpus_ = table_.column("gpus"),
                    node_list_ = table_.column("node_list"),
                    reasons_column_ = table_.column("reasons");
  WaitCurves curves_;
  NodeRows nodes_;
  std::vector<std::string> ids_;
  std::vector<TextColumn> texts_;
  std::vector<IntegerColumn> integers_;
  Integers submits_, starts_, ends_, waits_, limits_;
  Texts reason_names_;
  std::vector<Integers> reasons_;  // reason, seconds, reason, seconds, ...
  std::int64_t latest_ = std::numeric_limits<std::int64_t>::min();
  Integers kept_;  // of each attempt that started: its place on the page
  std::int64_t kept_count_ = 0;
};

}  // namespace

json timeline_data(const std::string& file, std::string_view text) {
  CsvTable table(file, text);
  std::vector<Integers> columns(table.header().size());
  while (table.next()) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns[i].push_back(table.integer(i).value_or(0));
    }
  }
  json result = json::object();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    result[table.header()[i]] = differences(std::move(columns[i]));
  }
  return result;
}

json jobs_data(const std::string& file, std::string_view text, std::size_t spans) {
  return JobsReader(file, text).read(spans);
}

}  // namespace rehearse
