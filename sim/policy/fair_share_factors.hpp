// Slurm's two fair-share algorithms (shared/semantics 3.4; fair_tree.c, priority_multifactor.c):
// from the tree of shares and the use of each association to a factor from 0 (over-served) to 1.
// Pure: how use decays is the caller's business.
//
// Fair Tree: the users of an account that is served less than its siblings all come before the
// users of those siblings.
//
//   level factor of a sibling = its share of its parent's shares / its part of its parent's use
//
// The tree is walked depth first, siblings by falling level factor, users before accounts where it
// is equal. The first of n users met has the factor n/n, the last one 1/n; a user whose level
// factor equals that of the sibling before shares its rank, and so does the first user of an
// account that is equal to the sibling before it. (Slurm documents that equal accounts are merged,
// but up to 26.05 it does not do so.)
//
// Classic (PriorityFlags=NO_FAIR_TREE): 2^(-(U / S) / damping)
//
//   S   the association's share of the cluster: the product, from the root down, of its shares over
//       those of all its siblings
//   U   its share of all past use; below the accounts of the root it is drawn towards that of its
//       parent: U = own + (U of parent - own) * its share among its siblings
//
// Fairshare=parent: a user is first among its siblings (Fair Tree) or has its account's factor
// (classic); of an account, those below it are siblings of the account's own siblings.
#pragma once

#include "sim/base/ids.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/policy/outlook.hpp"

namespace rehearse {

enum class ShareRule : std::uint8_t { FairTree, Classic };

/// What the factors below are worked out of. O(n).
IdVector<AssocId, Standing> standings(const IdVector<AssocId, Assoc>& assocs,
                                      const IdVector<AssocId, double>& usage, ShareRule rule,
                                      bool adds_root_user);

/// `usage` of an association includes all below it, missing ones have none. An account has the
/// factor of its first user. `adds_root_user`: rank as slurmdbd does, where the account `root`
/// has a user of that name with one share and no use. O(n log n).
void fair_tree_factors(const IdVector<AssocId, Assoc>& assocs,
                       const IdVector<AssocId, double>& usage, bool adds_root_user,
                       IdVector<AssocId, double>& factors);

/// The shares of all that stand below an association, by that association. O(n).
IdVector<AssocId, double> shares_below(const IdVector<AssocId, Assoc>& assocs, bool adds_root_user);

/// The classic standing of one association, which has the part `own` of all use, below those of
/// `standings`. REQUIRES: `id` is not the root. O(depth).
Standing classic_standing(const IdVector<AssocId, Assoc>& assocs,
                          const IdVector<AssocId, double>& shares_below,
                          const IdVector<AssocId, Standing>& standings, AssocId id, double own);
/// REQUIRES: damping > 0.
double classic_factor(const Standing& standing, double damping);
/// REQUIRES: damping > 0. O(n).
void classic_factors(const IdVector<AssocId, Assoc>& assocs, const IdVector<AssocId, double>& usage,
                     double damping, bool adds_root_user, IdVector<AssocId, double>& factors);

}  // namespace rehearse
