#include "sim/workload/workload.hpp"

#include <algorithm>
#include <unordered_map>

namespace rehearse {
namespace {

// Only a hash: equal requests hash alike, and the index compares whole requests.
std::size_t hash(const Asked& asked) {
  std::size_t result = 0;
  const auto mix = [&](std::size_t value) {
    result ^= value + 0x9e3779b97f4a7c15 + (result << 6U) + (result >> 2U);
  };
  for (const std::uint32_t value : {asked.min_nodes, asked.max_nodes, asked.tasks,
                                    asked.tasks_per_node, asked.cpus_per_task, asked.cpus_per_gpu})
    mix(value);
  for (const auto* list : {&asked.gres_per_node, &asked.gres_per_job, &asked.gres_per_task}) {
    mix(list->size());
    for (const GresCount& item : *list) mix(static_cast<std::size_t>(item.count));
  }
  mix(static_cast<std::size_t>(asked.memory.mib));
  mix(std::hash<std::string>()(asked.constraint));
  mix(std::hash<std::string>()(asked.nodelist));
  mix(std::hash<std::string>()(asked.exclude));
  return result;
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

}  // namespace

struct WorkloadBuilder::Index {
  std::unordered_map<std::string, NameId, TextHash, std::equal_to<>> names;
  std::unordered_multimap<std::size_t, AskedId> asked;
};

WorkloadBuilder::WorkloadBuilder() : index_(std::make_unique<Index>()) { name(""); }
WorkloadBuilder::~WorkloadBuilder() = default;

NameId WorkloadBuilder::name(std::string_view text) {
  if (const auto found = index_->names.find(text); found != index_->names.end()) {
    return found->second;
  }
  const NameId id = workload_.names.push_back(std::string(text));
  index_->names.emplace(text, id);
  return id;
}

void WorkloadBuilder::reserve_names(std::size_t more) {
  workload_.names.reserve(workload_.names.size() + more);
  index_->names.reserve(index_->names.size() + more);
}

AskedId WorkloadBuilder::asked(const Asked& request) {
  const std::size_t key = hash(request);
  const auto [first, last] = index_->asked.equal_range(key);
  for (auto at = first; at != last; ++at) {
    if (workload_.asked[at->second] == request) return at->second;
  }
  const AskedId id = workload_.asked.push_back(request);
  index_->asked.emplace(key, id);
  return id;
}

Workload WorkloadBuilder::take() { return std::move(workload_); }

std::string Workload::row_text(SubmissionId id) const {
  const Submission& row = submissions[id];
  return row.name == kNone<NameId> ? std::to_string(row.number) : names[row.name];
}

std::string Workload::id_text(SubmissionId id) const {
  std::string text = row_text(id);
  const Special* const rare = special(id);
  if (rare != nullptr && rare->het_size > 0) text += '+' + std::to_string(rare->het_offset);
  return text;
}

std::string Workload::task_text(SubmissionId id, std::uint32_t array_task) const {
  std::string text = id_text(id);
  if (array_task != kNone<std::uint32_t>) text += "_" + std::to_string(array_task);
  return text;
}

namespace {

std::int64_t asked_tasks(const Asked& asked) {
  if (asked.tasks > 0) return asked.tasks;
  const std::int64_t nodes = std::max<std::int64_t>(1, asked.min_nodes);
  return nodes * std::max<std::int64_t>(1, asked.tasks_per_node);
}

std::int64_t gpus_in(const std::vector<GresCount>& list) {
  std::int64_t result = 0;
  for (const GresCount& item : list) result += item.name == "gpu" ? item.count : 0;
  return result;
}

}  // namespace

std::int64_t asked_cpus(const Asked& asked) {
  const std::int64_t by_tasks = asked_tasks(asked) * std::max<std::int64_t>(1, asked.cpus_per_task);
  return std::max(by_tasks, asked_gpus(asked) * asked.cpus_per_gpu);
}

std::int64_t asked_gpus(const Asked& asked) {
  return gpus_in(asked.gres_per_job) + asked_tasks(asked) * gpus_in(asked.gres_per_task) +
         std::max<std::int64_t>(1, asked.min_nodes) * gpus_in(asked.gres_per_node);
}

}  // namespace rehearse
