// Slurm's priority/multifactor (slurm.conf(5), Priority*; shared/semantics 3.2): factors from 0 to
// 1 times weights, added up, less the job's nice value, cut to an integer of at least 1.
//
//   age         share of max_age that the job has been eligible for
//   assoc       priority of its association over the highest of all
//   fair share  what the fair-share policy says of its association
//   job size    mean of its shares of the cluster's nodes and CPUs; the rest with favor_small
//   partition   priority_job_factor over the highest of all
//   qos         priority of its QOS over the highest of all
//   TRES        share of the partition's TRES that it asks for, each with its own weight
//
// All weights are 0 until they are set. A priority that an administrator gave stands as it is.

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "sim/base/diagnostics.hpp"
#include "sim/cluster/gres.hpp"
#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"
#include "sim/state/request.hpp"

namespace {

using rehearse::Candidate;
using rehearse::Duration;
using rehearse::Job;
using rehearse::View;

struct MultifactorParams {
  double age_weight = 0;
  double assoc_weight = 0;
  double fair_share_weight = 0;
  double job_size_weight = 0;
  double partition_weight = 0;
  double qos_weight = 0;
  std::string tres_weights{};
  Duration max_age = std::chrono::hours{7 * 24};
  bool accrue_always = false;
  bool favor_small = false;
  bool small_relative_to_time = false;
  bool no_normal_assoc = false;
  bool no_normal_partition = false;
  bool no_normal_qos = false;
  bool no_normal_tres = false;

  void visit(auto&& field) {
    field("age_weight", age_weight, "PriorityWeightAge");
    field("assoc_weight", assoc_weight, "PriorityWeightAssoc");
    field("fair_share_weight", fair_share_weight, "PriorityWeightFairshare");
    field("job_size_weight", job_size_weight, "PriorityWeightJobSize");
    field("partition_weight", partition_weight, "PriorityWeightPartition");
    field("qos_weight", qos_weight, "PriorityWeightQOS");
    field("tres_weights", tres_weights, "PriorityWeightTRES: cpu=1000,gres/gpu=2000");
    field("max_age", max_age, "PriorityMaxAge: the age factor is 1 from then on");
    field("accrue_always", accrue_always, "ACCRUE_ALWAYS: age counts from submission");
    field("favor_small", favor_small, "PriorityFavorSmall: small jobs have the larger factor");
    field("small_relative_to_time", small_relative_to_time,
          "SMALL_RELATIVE_TO_TIME: job size is CPUs per minute of the time limit");
    field("no_normal_assoc", no_normal_assoc, "NO_NORMAL_ASSOC: the association's priority as is");
    field("no_normal_partition", no_normal_partition, "NO_NORMAL_PART: the job factor as is");
    field("no_normal_qos", no_normal_qos, "NO_NORMAL_QOS: the QOS's priority as is");
    field("no_normal_tres", no_normal_tres, "NO_NORMAL_TRES: the counts as they are");
  }
};

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// What the factors are measured against: highest priorities and totals, fixed for a cluster.
struct Scale {
  double assoc = 1, partition = 1, qos = 1;
  double nodes = 0, cpus = 0;
  rehearse::IdVector<rehearse::PartitionId, rehearse::TresCounts> partition_tres;
  std::vector<double> tres_weights;  ///< empty if there are none
};

rehearse::TresCounts total_tres(const rehearse::Cluster& cluster,
                                const rehearse::Partition& partition) {
  rehearse::TresCounts result = cluster.totals(partition.nodes);
  result[rehearse::kTresBilling] = rehearse::billing(partition, result);
  return result;
}

class Multifactor final : public rehearse::PriorityPolicy {
 public:
  using Params = MultifactorParams;
  explicit Multifactor(const Params& params) : params_(params) {}

  bool changes_with_time() const override {
    return params_.age_weight != 0 || params_.fair_share_weight != 0;
  }
  bool uses_fair_share() const override { return params_.fair_share_weight != 0; }

  void score(const View& view, std::span<const Candidate> pending,
             std::span<double> scores) override {
    if (scale_.nodes == 0) scale_ = measure(view);
    const Eigen::VectorXd weights = weigh();
    Eigen::MatrixXd factors(static_cast<Eigen::Index>(pending.size()), weights.size());
    for (std::size_t i = 0; i < pending.size(); ++i) {
      fill(view, pending[i], view.now(), factors.row(static_cast<Eigen::Index>(i)));
    }
    // Column by column, and TRES by themselves: Slurm adds in this order, and what is cut off
    // depends on the last bit.
    Eigen::VectorXd sums = Eigen::VectorXd::Zero(factors.rows()), tres = sums;
    for (Eigen::Index k = 0; k < kTres; ++k) sums += weights[k] * factors.col(k);
    for (Eigen::Index k = kTres; k < weights.size(); ++k) tres += weights[k] * factors.col(k);
    sums += tres;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const Job& job = view.job(pending[i].job);
      const double sum = sums[static_cast<Eigen::Index>(i)] - job.nice;
      scores[i] = job.admin_priority >= 0 ? static_cast<double>(job.admin_priority)
                                          : std::clamp(std::trunc(sum), 1.0, 4294967295.0);
    }
  }

  std::optional<rehearse::PriorityFactors> factors(const View& view, const Candidate& candidate,
                                                   rehearse::Time at) override {
    if (scale_.nodes == 0) scale_ = measure(view);
    Eigen::VectorXd row(weigh().size());
    fill(view, candidate, at, row);
    row.array() *= weigh().array();
    return rehearse::PriorityFactors{.age = row[kAge],
                                     .assoc = row[kAssoc],
                                     .fair_share = row[kFairShare],
                                     .job_size = row[kJobSize],
                                     .partition = row[kPartition],
                                     .qos = row[kQos],
                                     .tres = {row.begin() + kTres, row.end()},
                                     .nice = view.job(candidate.job).nice};
  }

 private:
  enum Factor : Eigen::Index { kAge, kAssoc, kFairShare, kJobSize, kPartition, kQos, kTres };

  Eigen::VectorXd weigh() const {
    const auto tres_count = static_cast<Eigen::Index>(scale_.tres_weights.size());
    Eigen::VectorXd result(kTres + tres_count);
    result.head<kTres>() << params_.age_weight, params_.assoc_weight, params_.fair_share_weight,
        params_.job_size_weight, params_.partition_weight, params_.qos_weight;
    for (Eigen::Index i = 0; i < tres_count; ++i) {
      result[kTres + i] = scale_.tres_weights[static_cast<std::size_t>(i)];
    }
    return result;
  }

  template <class Row>
  void fill(const View& view, const Candidate& candidate, rehearse::Time now, Row&& row) const {
    const rehearse::Cluster& cluster = view.cluster();
    const Job& job = view.job(candidate.job);
    const rehearse::TresCounts& asked = view.request(candidate).tres;
    row[kAge] = age(job, now);
    row[kAssoc] = assoc_priority(view, job.assoc) / scale_.assoc;
    row[kFairShare] = view.fair_share(job.assoc);
    row[kJobSize] = job_size(job, asked, candidate.cpus);
    row[kPartition] =
        cluster.partitions[candidate.partition].priority_job_factor / scale_.partition;
    row[kQos] = job.qos == rehearse::kNone<rehearse::QosId>
                    ? 0
                    : cluster.qos[job.qos].priority / scale_.qos;
    const rehearse::TresCounts& totals = scale_.partition_tres[candidate.partition];
    for (std::size_t i = 0; i < scale_.tres_weights.size(); ++i) {
      const auto count = static_cast<double>(asked[i]);
      row[kTres + static_cast<Eigen::Index>(i)] =
          params_.no_normal_tres ? count : ratio(count, static_cast<double>(totals[i]));
    }
  }

  double age(const Job& job, rehearse::Time now) const {
    const rehearse::Time since = params_.accrue_always ? job.submit : job.accrues;
    if (since >= now) return 0;
    const auto seconds = rehearse::whole_seconds(now) - rehearse::whole_seconds(since);
    const auto longest = rehearse::whole_seconds(params_.max_age);
    return longest <= 0
               ? 1
               : std::min(1.0, static_cast<double>(seconds) / static_cast<double>(longest));
  }

  // Slurm goes by the CPUs of the last time nodes were chosen, as soon as there was one: a
  // scheduler that knows says it in the candidate.
  double job_size(const Job& job, const rehearse::TresCounts& asked, std::uint32_t chosen) const {
    const auto cpus =
        static_cast<double>(chosen > 0 ? std::int64_t{chosen} : asked[rehearse::kTresCpu]);
    const auto nodes = static_cast<double>(asked[rehearse::kTresNode]);
    double size = 0;
    if (params_.small_relative_to_time) {
      if (job.time_limit != rehearse::kUnlimited) {
        using Minutes = std::chrono::duration<double, std::ratio<60>>;
        const double minutes = std::max(1.0, Minutes(job.time_limit).count());
        size = std::max(cpus, nodes * scale_.cpus / scale_.nodes) / minutes / scale_.cpus;
      }
      if (params_.favor_small) size = 1 - size;
    } else if (params_.favor_small) {
      size = std::max(scale_.nodes - nodes, 0.0) / scale_.nodes;
      if (cpus > 0) size = (size + (scale_.cpus - cpus) / scale_.cpus) / 2;
    } else {
      size = nodes / scale_.nodes;
      if (cpus > 0) size = (size + cpus / scale_.cpus) / 2;
    }
    return std::clamp(size, 0.0, 1.0);
  }

  /// The association's own or the nearest that is set above it, as slurmdbd passes it down.
  static double assoc_priority(const View& view, rehearse::AssocId id) {
    while (id != rehearse::kNone<rehearse::AssocId>) {
      if (view.assocs()[id].priority != 0) return view.assocs()[id].priority;
      id = view.assocs()[id].parent;
    }
    return 0;
  }

  Scale measure(const View& view) const {
    const rehearse::Cluster& cluster = view.cluster();
    Scale scale;
    for (const auto& assoc : view.assocs())
      scale.assoc = std::max(scale.assoc, 1.0 * assoc.priority);
    for (const auto& qos : cluster.qos) scale.qos = std::max(scale.qos, 1.0 * qos.priority);
    for (const auto& partition : cluster.partitions) {
      scale.partition = std::max(scale.partition, 1.0 * partition.priority_job_factor);
      scale.partition_tres.push_back(total_tres(cluster, partition));
    }
    if (params_.no_normal_assoc) scale.assoc = 1;
    if (params_.no_normal_partition) scale.partition = 1;
    if (params_.no_normal_qos) scale.qos = 1;
    scale.nodes = static_cast<double>(cluster.nodes.size());
    for (const auto& node : cluster.nodes) scale.cpus += node.cpus;
    if (params_.tres_weights.empty()) return scale;
    auto weights = rehearse::parse_billing_weights(params_.tres_weights, cluster);
    if (!weights.ok()) {
      rehearse::fail({.message = "tres_weights \"" + params_.tres_weights + "\": " + weights.error,
                      .help = "write cpu=1000,mem=1,gres/gpu=2000, as in slurm.conf"});
    }
    scale.tres_weights = std::move(weights.weights);
    return scale;
  }

  Params params_;
  Scale scale_;
};

const rehearse::Register<rehearse::PriorityPolicy, Multifactor> registered{
    "multifactor", "Slurm's weighted factors: age, fair share, size, partition, QOS, TRES"};

}  // namespace
