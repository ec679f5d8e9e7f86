// A small site whose limits tests set, and questions about them.
#pragma once

#include <optional>
#include <string_view>

#include "sim/state/limiter.hpp"
#include "tests/catch.hpp"

namespace rehearse {

inline constexpr auto kMinute = std::chrono::minutes{1};

/// root - lab (users ann, bob), guests (user cat); QOS 0, 1, 2 without limits.
struct Site {
  Cluster cluster = flat_cluster(4, 8);
  AssocId lab = add("lab", "", AssocId{0}), guests = add("guests", "", AssocId{0});
  AssocId ann = add("lab", "ann", lab), bob = add("lab", "bob", lab);
  AssocId cat = add("guests", "cat", guests);

  Site() { cluster.qos.resize(3); }
  AssocId add(const char* account, const char* user, AssocId parent) {
    Assoc assoc;
    assoc.account = account;
    assoc.user = user;
    assoc.parent = parent;
    return cluster.assocs.push_back(assoc);
  }
  Limits& qos(std::uint32_t id) { return cluster.qos[QosId{id}].limits; }
  Limits& of(AssocId id) { return cluster.assocs[id].limits; }
  Payer payer(AssocId assoc, QosId job_qos = kNone<QosId>,
              QosId partition_qos = kNone<QosId>) const {
    return {assoc, UserId{static_cast<std::uint32_t>(assoc)}, job_qos, partition_qos};
  }
};

inline TresCounts cpus(std::int64_t count) { return {count, 0, 1, count, 0}; }
inline TresCounts gpus(std::int64_t count) { return {count, 0, 1, count, count}; }

inline std::string_view name(const std::optional<LimitHit>& hit) {
  return hit ? reason_name(hit->reason) : "";
}

struct Asks {
  const Site& site;
  Ledger ledger{site.cluster};
  Limiter limiter{site.cluster, site.cluster.assocs};

  std::string_view submit(const Payer& payer, std::int64_t jobs, const TresCounts& tres,
                          Duration limit = kMinute) const {
    return name(limiter.at_submit(ledger, payer, jobs, tres, limit));
  }
  std::string_view before(const Payer& payer, Duration limit = kMinute) const {
    return name(limiter.before_select(ledger, payer, limit));
  }
  std::string_view after(const Payer& payer, const TresCounts& tres,
                         Duration limit = kMinute) const {
    return name(limiter.after_select(ledger, payer, tres, tres, limit));
  }
  void run(const Payer& payer, const TresCounts& tres, Duration limit = Duration::zero()) {
    ledger.submitted(payer, 1);
    ledger.started(payer, tres, limit);
  }
};

}  // namespace rehearse
