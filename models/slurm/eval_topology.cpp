#include "models/slurm/evaluation.hpp"

namespace rehearse::slurm {

bool eval_topology(const Question& question, const std::vector<Offer>& offers,
                   std::vector<Taken>& taken) {
  return eval_nodes(question, offers, taken);
}

}  // namespace rehearse::slurm
