// Counts per association, QOS, user and account, held to a recount over the list of jobs.
#include "sim/state/ledger.hpp"

#include <random>
#include <vector>

#include "tests/catch.hpp"

namespace rehearse {
namespace {

/// root - lab a (users 2, 3), lab b (user 5); two QOS.
Cluster two_labs() {
  Cluster cluster = flat_cluster(4, 8);
  const auto add = [&](const char* account, const char* user, std::uint32_t parent) {
    Assoc assoc;
    assoc.account = account;
    assoc.user = user;
    assoc.parent = AssocId{parent};
    cluster.assocs.push_back(assoc);
  };
  add("a", "", 0);
  add("a", "ann", 1);
  add("a", "bob", 1);
  add("b", "", 0);
  add("b", "ann", 4);
  cluster.qos.resize(2);
  return cluster;
}

struct Held {
  Payer payer;
  TresCounts tres;
  bool running;
};

bool is_below(const Ledger& ledger, AssocId assoc, AssocId ancestor) {
  while (assoc != ancestor && assoc != kNone<AssocId>) assoc = ledger.parent(assoc);
  return assoc == ancestor;
}

template <class Counts>
void require_recount(const std::vector<Held>& jobs, const Use& use, Counts&& counts) {
  std::int64_t submitted = 0, running = 0;
  TresCounts tres(kTresFirstGres, 0);
  for (const Held& job : jobs) {
    if (!counts(job.payer)) continue;
    ++submitted;
    if (!job.running) continue;
    ++running;
    for (std::size_t i = 0; i < tres.size(); ++i) tres[i] += job.tres[i];
  }
  REQUIRE(use.submitted == submitted);
  REQUIRE(use.running == running);
  REQUIRE(use.tres == tres);
}

bool in_qos(const Payer& payer, QosId qos) {
  return payer.job_qos == qos || payer.partition_qos == qos;
}

void require_all(const Ledger& ledger, const std::vector<Held>& jobs) {
  for (std::uint32_t i = 0; i < 7; ++i) {
    require_recount(jobs, ledger.of_assoc(AssocId{i}),
                    [&](const Payer& payer) { return is_below(ledger, payer.assoc, AssocId{i}); });
  }
  for (const QosId qos : {QosId{0}, QosId{1}}) {
    require_recount(jobs, ledger.of_qos(qos), [&](const Payer& p) { return in_qos(p, qos); });
    for (std::uint32_t user = 0; user < 3; ++user) {
      require_recount(jobs, ledger.of_qos_user(qos, UserId{user}),
                      [&](const Payer& p) { return in_qos(p, qos) && p.user == UserId{user}; });
    }
    for (const AssocId lab : {AssocId{1}, AssocId{4}}) {
      require_recount(jobs, ledger.of_qos_account(qos, lab), [&](const Payer& p) {
        return in_qos(p, qos) && is_below(ledger, p.assoc, lab);
      });
    }
  }
}

TEST_CASE("The ledger counts as a recount of all jobs does", "[ledger]") {
  Ledger ledger(two_labs());
  ledger.add_assoc(AssocId{6}, AssocId{4});  // a user that comes up in the run
  REQUIRE(ledger.account(AssocId{6}) == AssocId{4});
  REQUIRE(ledger.account(AssocId{4}) == AssocId{4});
  REQUIRE(ledger.account(AssocId{2}) == AssocId{1});
  const std::pair<std::uint32_t, std::uint32_t> users[] = {{2, 0}, {3, 1}, {5, 0}, {6, 2}};
  const QosId qos[] = {QosId{0}, QosId{1}, kNone<QosId>};
  std::mt19937 random(3);
  std::vector<Held> jobs;
  for (int step = 0; step < 2000; ++step) {
    const auto [assoc, user] = users[random() % 4];
    if (jobs.empty() || random() % 3 == 0) {
      const Payer payer{AssocId{assoc}, UserId{user}, qos[random() % 3], qos[random() % 3]};
      ledger.submitted(payer, 1);
      const auto cpus = static_cast<std::int64_t>(random() % 9);
      jobs.push_back({payer, {cpus, 100, 1, cpus, cpus / 2}, false});
      continue;
    }
    const std::size_t at = random() % jobs.size();
    Held& job = jobs[at];
    if (!job.running) {
      ledger.started(job.payer, job.tres);
      job.running = true;
    } else {
      ledger.ended(job.payer, job.tres);
      ledger.submitted(job.payer, -1);
      jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (step % 20 == 0) require_all(ledger, jobs);
  }
}

TEST_CASE("A hypothetical is a copy", "[ledger]") {
  const Ledger now(two_labs());
  Ledger then = now;
  then.started({AssocId{2}, UserId{0}, QosId{0}, kNone<QosId>}, {4, 0, 1, 4, 0});
  REQUIRE(then.of_assoc(AssocId{0}).tres[kTresCpu] == 4);
  REQUIRE(now.of_assoc(AssocId{0}).tres[kTresCpu] == 0);
  REQUIRE(now.of_qos_user(QosId{0}, UserId{0}).tres[kTresCpu] == 0);
}

}  // namespace
}  // namespace rehearse
