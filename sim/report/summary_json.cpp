// summary.json: everything in Metrics but its timeline, as README.md describes it.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/files.hpp"

namespace rehearse {
namespace {

using Json = nlohmann::ordered_json;

template <class Number>
double hours(Number seconds) {
  return static_cast<double>(seconds) / 3600;
}

Json to_json(const Distribution& values) {
  return {{"mean", values.mean},
          {"median", values.median},
          {"p90", values.p90},
          {"p99", values.p99},
          {"max", values.max}};
}

Json to_json(const Group& group) {
  Json reasons = Json::object();
  for (std::size_t i = 0; i < group.reasons.size(); ++i) {
    if (group.reasons[i] > 0) reasons[std::string(kReasonNames[i])] = group.reasons[i];
  }
  return {{"jobs", group.wait.count},
          {"wait", to_json(group.wait)},
          {"response", to_json(group.response)},
          {"bounded_slowdown", to_json(group.slowdown)},
          {"wait_by_reason", std::move(reasons)},
          {"preemptions", group.preemptions},
          {"cpu_hours", hours(group.cpu_seconds)},
          {"gpu_hours", hours(group.gpu_seconds)},
          {"lost_cpu_hours", hours(group.lost_cpu_seconds)},
          {"lost_gpu_hours", hours(group.lost_gpu_seconds)}};
}

Json to_json(const std::vector<Group>& groups) {
  Json result = Json::object();
  for (const Group& group : groups) result[group.name] = to_json(group);
  return result;
}

Json to_json(const std::vector<NotRun>& list) {
  Json result = Json::object();
  for (const NotRun& each : list) {
    result[std::string(reason_name(each.reason))] = {{"jobs", each.jobs}, {"first", each.first}};
  }
  return result;
}

Json states_json(const Metrics& metrics) {
  Json result = Json::object();
  for (std::size_t i = 0; i < metrics.states.size(); ++i) {
    if (metrics.states[i] > 0) {
      result[std::string(state_name(static_cast<JobState>(i)))] = metrics.states[i];
    }
  }
  return result;
}

Json utilization_json(const Metrics& metrics) {
  Json result = Json::object();
  for (const Utilization& use : metrics.utilization) {
    Json& entry = result[use.resource];
    entry = {{"capacity", use.capacity},
             {"held_hours", hours(use.held_seconds)},
             {"fraction", use.fraction}};
    if (use.stranded_seconds >= 0) entry["stranded_hours"] = hours(use.stranded_seconds);
  }
  return result;
}

Json deliveries_json(const Metrics& metrics) {
  Json result = Json::object();
  for (const Delivery& each : metrics.deliveries) {
    result[each.account] = {{"guarantee", each.guarantee},
                            {"guaranteed_by", each.is_cap ? "limit" : "shares"},
                            {"promised_hours", hours(each.promised_seconds)},
                            {"delivered_hours", hours(each.delivered_seconds)}};
  }
  return result;
}

Json repairs_json(const Metrics& metrics) {
  Json result = Json::object();
  for (const auto& [rule, repair] : metrics.repairs) {
    result[rule] = {{"rows", repair.count}, {"first_line", repair.first_line}};
  }
  return result;
}

}  // namespace

std::string summary_json(const Metrics& metrics) {
  Json starters = Json::object();
  for (const StartedBy by : {StartedBy::Main, StartedBy::Backfill}) {
    starters[std::string(started_by_name(by))] = metrics.started_by[static_cast<std::size_t>(by)];
  }
  Json json = {{"schema", kSummarySchema},
               {"clairvoyant", metrics.clairvoyant},
               {"jobs", metrics.jobs},
               {"states", states_json(metrics)},
               {"started_by", std::move(starters)},
               {"first_submit", metrics.first_submit},
               {"last_end", metrics.last_end},
               {"makespan", metrics.makespan()},
               {"utilization", utilization_json(metrics)},
               {"stranded_gpu_hours", hours(metrics.stranded_gpu_seconds)},
               {"lost_gpu_hours", hours(metrics.all.lost_gpu_seconds)},
               {"preemptions",
                {{"cancelled", metrics.cancelled_by_preemption},
                 {"requeued", metrics.requeued_by_preemption}}},
               {"all", to_json(metrics.all)},
               {"by_partition", to_json(metrics.by_partition)},
               {"by_account", to_json(metrics.by_account)},
               {"by_qos", to_json(metrics.by_qos)},
               {"by_gpus", to_json(metrics.by_gpus)},
               {"deliveries", deliveries_json(metrics)},
               {"rejected", to_json(metrics.rejected)},
               {"left_over", to_json(metrics.left_over)},
               {"repairs", repairs_json(metrics)},
               {"warnings", metrics.warnings},
               {"notes", metrics.notes},
               {"not_simulated", metrics.not_simulated}};
  if (const PowerUse& power = metrics.power; power.nodes > 0) {
    json["power"] = {{"nodes", power.nodes},
                     {"node_hours_on", hours(power.on_seconds)},
                     {"boots", power.boots},
                     {"failed_boots", power.failed}};
  }
  // Trace texts may hold bytes that are no UTF-8; they become U+FFFD instead of an exception.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rehearse
