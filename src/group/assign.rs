//! Partitions to members: the assignors of Kafka's consumer for one topic.
//!
//! Pure functions; members in order of their ids, partitions ascending. Every partition has exactly one
//! member when there is any, and numbers of partitions differ by at most one.

use std::collections::{BTreeMap, BTreeSet};

use crate::group::event::MemberId;
use crate::group::spec::Assignor;
use crate::record::PartitionId;

/// Which partitions each member has, ascending; every member is named.
pub type Assignment = BTreeMap<MemberId, BTreeSet<PartitionId>>;

/// The partitions `0..partitions` for the members of `owned`, which says what each of them had. Only
/// sticky assignors look at that; a partition that two members claim counts for neither.
pub fn assign(assignor: Assignor, partitions: u32, owned: &Assignment) -> Assignment {
    let members: Vec<MemberId> = owned.keys().copied().collect();
    if members.is_empty() {
        return Assignment::new();
    }
    match assignor {
        Assignor::Range => range(partitions, &members),
        Assignor::RoundRobin => round_robin(partitions, &members),
        Assignor::Sticky | Assignor::CooperativeSticky => sticky(partitions, owned),
    }
}

fn range(partitions: u32, members: &[MemberId]) -> Assignment {
    let count = members.len() as u32;
    let (each, more) = (partitions / count, partitions % count);
    let first = |i: u32| i * each + i.min(more);
    let of = |i: u32| (first(i)..first(i + 1)).map(PartitionId).collect();
    (0..).zip(members).map(|(i, &member)| (member, of(i))).collect()
}

fn round_robin(partitions: u32, members: &[MemberId]) -> Assignment {
    let of = |i: usize| (i as u32..partitions).step_by(members.len()).map(PartitionId).collect();
    members.iter().enumerate().map(|(i, &member)| (member, of(i))).collect()
}

/// Everybody keeps what they had up to a fair share, then what is free goes to who has least (the
/// balanced case of KIP-54, all members reading the same topic).
fn sticky(partitions: u32, owned: &Assignment) -> Assignment {
    let count = owned.len() as u32;
    let each = (partitions / count) as usize;
    // So many members have one more than the rest.
    let mut larger = partitions % count;
    let mut claims: BTreeMap<PartitionId, u32> = BTreeMap::new();
    for partition in owned.values().flatten() {
        *claims.entry(*partition).or_default() += 1;
    }
    let mut free: BTreeSet<PartitionId> = (0..partitions).map(PartitionId).collect();
    let mut assignment = Assignment::new();
    for (&member, owned) in owned {
        let valid = owned.iter().filter(|partition| partition.0 < partitions && claims[partition] == 1);
        let mut kept: BTreeSet<PartitionId> = valid.copied().collect();
        let is_larger = kept.len() > each && larger > 0;
        larger -= u32::from(is_larger);
        while kept.len() > each + usize::from(is_larger) {
            kept.pop_last();
        }
        free.retain(|partition| !kept.contains(partition));
        assignment.insert(member, kept);
    }
    for partition in free {
        let least = assignment.values_mut().min_by_key(|kept| kept.len());
        if let Some(least) = least {
            least.insert(partition);
        }
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `member: partitions` each, from what each member had.
    fn check(assignor: Assignor, partitions: u32, owned: &[(u32, &[u32])], expected: &[(u32, &[u32])]) {
        let set = |partitions: &[u32]| partitions.iter().map(|&partition| PartitionId(partition)).collect();
        let assignment = |rows: &[(u32, &[u32])]| -> Assignment {
            rows.iter().map(|&(member, partitions)| (MemberId(member), set(partitions))).collect()
        };
        assert_eq!(assign(assignor, partitions, &assignment(owned)), assignment(expected));
    }

    #[test]
    fn ranges_are_neighbours_and_the_first_have_one_more() {
        check(Assignor::Range, 7, &[(0, &[]), (3, &[]), (5, &[])], &[(0, &[0, 1, 2]), (3, &[3, 4]), (5, &[5, 6])]);
        check(Assignor::Range, 1, &[(0, &[]), (1, &[])], &[(0, &[0]), (1, &[])]);
    }

    #[test]
    fn round_robin_deals_in_turns() {
        check(Assignor::RoundRobin, 5, &[(1, &[0]), (2, &[])], &[(1, &[0, 2, 4]), (2, &[1, 3])]);
    }

    #[test]
    fn nobody_means_nothing() {
        for assignor in [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky] {
            check(assignor, 4, &[], &[]);
        }
    }

    #[test]
    fn sticky_moves_only_what_balance_asks_for() {
        // One more member: two partitions move, the last ones of who has too many.
        check(
            Assignor::Sticky,
            6,
            &[(0, &[0, 1, 2]), (1, &[3, 4, 5]), (2, &[])],
            &[(0, &[0, 1]), (1, &[3, 4]), (2, &[2, 5])],
        );
        // One member less: what was its goes to who has least, the first of them when there are several.
        check(Assignor::CooperativeSticky, 5, &[(0, &[0, 3]), (2, &[2])], &[(0, &[0, 3, 4]), (2, &[1, 2])]);
        // Nothing to do.
        check(Assignor::Sticky, 5, &[(0, &[4, 0, 2]), (1, &[1, 3])], &[(0, &[0, 2, 4]), (1, &[1, 3])]);
        check(Assignor::Sticky, 5, &[(0, &[4, 2]), (1, &[0, 1, 3])], &[(0, &[2, 4]), (1, &[0, 1, 3])]);
    }

    #[test]
    fn what_two_members_claim_or_nobody_has_is_free() {
        check(Assignor::Sticky, 4, &[(0, &[0, 1]), (1, &[1, 9])], &[(0, &[0, 2]), (1, &[1, 3])]);
    }

    #[test]
    fn every_assignment_is_complete_and_balanced() {
        let mut owned = Assignment::new();
        for round in 0..200_u32 {
            // Members come and go by a rule without meaning.
            let member = MemberId(round * 7 % 11);
            if owned.remove(&member).is_none() {
                owned.insert(member, BTreeSet::new());
            }
            let partitions = 1 + round * 13 % 40;
            for assignor in [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky] {
                let next = assign(assignor, partitions, &owned);
                assert!(next.keys().eq(owned.keys()));
                let all: Vec<PartitionId> = next.values().flatten().copied().collect();
                let distinct: BTreeSet<PartitionId> = all.iter().copied().collect();
                let expected = if owned.is_empty() { 0 } else { partitions as usize };
                assert_eq!((all.len(), distinct.len()), (expected, expected));
                let sizes = next.values().map(BTreeSet::len);
                assert!(sizes.clone().max().unwrap_or(0) - sizes.min().unwrap_or(0) <= 1);
                if assignor == Assignor::Sticky {
                    owned = next;
                }
            }
        }
    }
}
