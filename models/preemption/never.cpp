// No preemption: who runs, runs to the end.

#include "sim/policy/registry.hpp"
#include "sim/policy/slots.hpp"

namespace {

class Never final : public rehearse::PreemptionPolicy {
 public:
  void victims(const rehearse::View&, const rehearse::Candidate&,
               std::vector<rehearse::Victim>&) override {}
  bool is_never() const override { return true; }
};

const rehearse::Register<rehearse::PreemptionPolicy, Never> registered{"never", "No preemption"};

}  // namespace
