#include "sim/config/load_workload_model.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "sim/config/workload_section.hpp"
#include "sim/workload/read_text.hpp"

namespace rehearse {
namespace {

constexpr std::int64_t kMost = 1'000'000;

template <class T>
Field<T> part(double T::* member) {
  return number(member, 0, 1);
}

// One value, or a mapping from values to weights.
template <class T, class Value, class Read>
Field<T> mixture(Mixture<Value> T::* member, Shape value, Read read) {
  Shape weights{Shape::Kind::Mapping};
  weights.of = {{Shape::Kind::Number}};
  Shape shape{Shape::Kind::AnyOf};
  shape.of = {std::move(value), std::move(weights)};
  return {std::move(shape), [member, read](const Yaml& yaml, T& target, Diagnostics& diagnostics) {
            Mixture<Value> result;
            double total = 0;
            const std::size_t errors = diagnostics.error_count();
            const auto add = [&](const Yaml& text, double weight) {
              const auto drawn = read(text, diagnostics);
              if (!drawn) return;
              result.values.push_back(*drawn);
              result.weights.push_back(weight);
              total += weight;
            };
            if (yaml.kind != Yaml::Kind::Map) add(yaml, 1);
            for (const auto& [key, weight] : yaml.members) {
              add(key, read_number(weight, 0, 1e9, diagnostics).value_or(1));
            }
            if (total <= 0 && diagnostics.error_count() == errors) {
              report(yaml, "nothing has a weight", "", diagnostics);
            }
            target.*member = std::move(result);
          }};
}

template <class T>
Field<T> texts(Mixture<std::string> T::* member) {
  return mixture(member, {Shape::Kind::Text}, read_string);
}

template <class T>
Field<T> counts(Mixture<std::int64_t> T::* member, std::int64_t min) {
  Shape shape{Shape::Kind::Integer};
  shape.min = min;
  return mixture(member, std::move(shape), [min](const Yaml& yaml, Diagnostics& diags) {
    return read_integer(yaml, min, kMost, diags);
  });
}

template <class T>
Field<T> memories(Mixture<std::int64_t> T::* member) {
  return mixture(member, {Shape::Kind::Size}, read_memory);
}

Section<LimitHabit> limits_section() {
  return {"limit habit",
          {
              {"menu",
               list_of<LimitHabit>({Shape::Kind::TimeSpan},
                                   [](const Yaml& yaml, LimitHabit& habit, Diagnostics& diags) {
                                     const auto limit = read_duration(yaml, diags);
                                     if (limit) habit.menu.push_back(*limit);
                                     std::sort(habit.menu.begin(), habit.menu.end());
                                   }),
               "Time limits that users ask for"},
              {"over_estimate", number(&LimitHabit::over_estimate, 1, 1000),
               "Run time is multiplied by 1 to this, and rounded up to the menu"},
          }};
}

Section<LublinModel> lublin_section() {
  using Model = LublinModel;
  const auto positive = [](double Model::* member) { return number(member, 1e-9, 1e9); };
  return {"Lublin model",
          {
              {"serial", part(&Model::serial), "Probability of one processor"},
              {"power_of_two", part(&Model::power_of_two), "Probability of a power of two"},
              {"size_low", number(&Model::size_low, 0, 64), "Least log2 of a parallel size"},
              {"size_medium_below_high", number(&Model::size_medium_below_high, 0, 64),
               "How far the two uniforms meet below log2 of the machine"},
              {"size_first_stage", part(&Model::size_first_stage), "Probability of the lower one"},
              {"run_shape_1", positive(&Model::run_shape_1), "First gamma of ln(run time): shape"},
              {"run_scale_1", positive(&Model::run_scale_1), "and scale"},
              {"run_shape_2", positive(&Model::run_shape_2), "Second gamma: shape"},
              {"run_scale_2", positive(&Model::run_scale_2), "and scale"},
              {"run_first_slope", number(&Model::run_first_slope, -1, 1),
               "Probability of the first gamma, for each processor"},
              {"run_first_constant", number(&Model::run_first_constant, -10, 10), "and constant"},
              {"gap_shape", positive(&Model::gap_shape), "Gamma of ln(gap at rush hours): shape"},
              {"gap_scale", positive(&Model::gap_scale), "and scale"},
              {"cycle_shape", positive(&Model::cycle_shape), "Gamma of the day's cycle: shape"},
              {"cycle_scale", positive(&Model::cycle_scale), "and scale, in half hours"},
              {"limits", nested(&Model::limits, limits_section()), "How users choose limits"},
          }};
}

std::vector<Key<JobClass>> request_keys() {
  return {
      {"gres", field(&JobClass::gres), "What `gpus` counts: gpu, shard"},
      {"gpus", counts(&JobClass::gpus, 0), "GPUs of a job; 0: a CPU job"},
      {"gpus_per_node", integer(&JobClass::gpus_per_node, 1, kMost), "More are several nodes"},
      {"gpu_type", texts(&JobClass::gpu_type), "Type, or `any`"},
      {"type_by", choice(&JobClass::type_by, {"gres", "constraint"}), "How the type is asked for"},
      {"cpus_per_gpu", counts(&JobClass::cpus_per_gpu, 1), "CPUs for each GPU"},
      {"memory_per_gpu", memories(&JobClass::memory_per_gpu_mib), "Memory for each GPU"},
      {"cpus", counts(&JobClass::cpus, 1), "CPUs of a CPU job"},
      {"memory", memories(&JobClass::memory_mib), "Memory of a CPU job"},
      {"nodelist", texts(&JobClass::nodelist), "A node, or `any`"},
      {"exclude", field(&JobClass::exclude), "Nodes not to be used"},
  };
}

Section<JobClass> class_section() {
  Section<JobClass> section(
      "class of jobs",
      {
          {"name", field(&JobClass::name), "For messages", true},
          {"share", number(&JobClass::share, 0, 1e9), "Of submissions, relative to other classes"},
          {"accounts", texts(&JobClass::accounts), "Accounts; else all, by GPU caps or users"},
          {"partition", texts(&JobClass::partition), "Partitions, lists, or \"{account}\""},
          {"qos", texts(&JobClass::qos), "QOS"},
          {"run_time", field(&JobClass::run_time), "Median of the log-normal run time"},
          {"run_sigma", number(&JobClass::run_sigma, 0, 10), "Sigma of its logarithm"},
          {"limits", nested(&JobClass::limits, limits_section()), "How users choose limits"},
          {"without_limit", part(&JobClass::without_limit), "Share that gives no limit"},
          {"arrays", part(&JobClass::arrays), "Share that are arrays"},
          {"array_tasks", counts(&JobClass::array_tasks, 1), "Tasks of an array"},
          {"array_throttle", integer(&JobClass::array_throttle, 0, kMost),
           "Most tasks of an array running at once; 0: any"},
          {"failures", part(&JobClass::failures), "Share that exits with 1"},
          {"probes", part(&JobClass::probes), "Share that waits for a short job that tests it"},
          {"probe_partition", field(&JobClass::probe_partition), "Where that runs"},
          {"rhythm", choice(&JobClass::rhythm, {"always", "daily", "office"}), "When it comes"},
      });
  section.add(request_keys());
  return section;
}

Section<GpuLabModel> gpu_lab_section() {
  using Model = GpuLabModel;
  const Section<JobClass> jobs = class_section();
  const auto read_class = [jobs](const Yaml& yaml, Model& model, Diagnostics& diagnostics) {
    jobs.read(yaml, model.classes.emplace_back(), diagnostics);
  };
  Key<Model> classes{"classes", list_of<Model>(jobs.shape(), read_class), "Kinds of jobs", true};
  return {"GPU lab model",
          {
              {"user_zipf", number(&Model::user_zipf, 0, 10),
               "The n-th user of an account submits n^-this as much"},
              {"deadline_day", number(&Model::deadline_day, -1, 1e6), "Day of a deadline"},
              {"deadline_boost", number(&Model::deadline_boost, 1, 1000),
               "So many times more on its eve"},
              {"deadline_days", number(&Model::deadline_days, 1e-3, 1e6),
               "Decaying backwards by a factor e for so many days"},
              std::move(classes),
          }};
}

template <class Kind>
Field<WorkloadModel> kind_of_model(Section<Kind> section) {
  Shape shape = section.shape();
  return {std::move(shape), [section = std::move(section)](const Yaml& yaml, WorkloadModel& model,
                                                           Diagnostics& diagnostics) {
            section.read(yaml, model.kind.emplace<Kind>(), diagnostics);
          }};
}

}  // namespace

Section<WorkloadModel> workload_section() {
  using Model = WorkloadModel;
  return {"workload model",
          {
              {"cluster", field(&Model::cluster), "Cluster that it is for, relative to this file"},
              {"days", number(&Model::days, 0.01, 10'000), "Length of the period"},
              {"load", number(&Model::load, 0, 100), "Offered load; 0: as the model's arrivals"},
              {"load_of", field(&Model::load_of), "What it is of: cpu, gres/gpu"},
              {"lublin", kind_of_model(lublin_section()), "Lublin and Feitelson's model"},
              {"gpu_lab", kind_of_model(gpu_lab_section()), "Labs that share GPUs"},
          }};
}

WorkloadModel parse_workload_model(std::string_view yaml_text, const std::string& file) {
  Diagnostics diagnostics;
  const Yaml yaml = parse_yaml(yaml_text, file, diagnostics);
  diagnostics.throw_if_errors();
  WorkloadModel model;
  workload_section().read(yaml, model, diagnostics);
  const bool is_lab = yaml.find("gpu_lab") != nullptr;
  if (is_lab == (yaml.find("lublin") != nullptr)) {
    report(yaml, "a workload model is either `lublin` or `gpu_lab`", "", diagnostics);
  } else if (is_lab && model.load <= 0) {
    report(yaml, "`gpu_lab` needs a load", "write such as load: 0.9", diagnostics);
  }
  diagnostics.throw_if_errors();
  return model;
}

WorkloadModel load_workload_model(const std::string& path) {
  WorkloadModel model = parse_workload_model(read_text(path), path);
  const bool is_flat = model.cluster.find_first_not_of("0123456789x") == std::string::npos;
  if (!is_flat) {
    model.cluster = (std::filesystem::path(path).parent_path() / model.cluster).string();
  }
  return model;
}

}  // namespace rehearse
