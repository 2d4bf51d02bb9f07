//! A key that comes more often for a while: records change their key, and nothing else. Every record of
//! the stretch takes one draw, so a larger share only adds to the records of a smaller one.

use super::happening_within;
use crate::rng::Seed;
use crate::scenario::{Fault, KeySpec};
use crate::time::EventTime;

/// Gives records the hot key. Before partitions are dealt, so that the key goes where its records go.
pub fn apply(
    ranks: &mut [u32],
    event_times: &[EventTime],
    faults: &[Fault],
    keys: &KeySpec,
    (start, seed): (EventTime, Seed),
) {
    for (number, fault) in faults.iter().enumerate() {
        if let Fault::HotKey { key, share, from, until } = fault
            && let Some(rank) = keys.rank(key)
        {
            let mut draws = seed.stream(&format!("hot key {number}"));
            for place in happening_within(event_times, start, (*from, *until)) {
                if draws.unit() < *share {
                    ranks[place] = rank;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::faults::tests::{SEED, START, keys, steady};
    use crate::time::Span;

    fn hot(share: f64, from: i64, until: i64) -> Vec<u32> {
        let mut happened = steady(40_000);
        let (from, until) = (Span::from_secs(from), Span::from_secs(until));
        let faults = [Fault::HotKey { key: "k4".to_owned(), share, from, until }];
        apply(&mut happened.ranks, &happened.columns.event_times, &faults, &keys(), (START, SEED));
        happened.ranks
    }

    #[test]
    fn the_share_is_of_all_records_of_the_stretch() {
        // A quarter has the key anyhow; of the others the share changes: 0.25 + 0.75 * 0.8 = 0.85 have it.
        let all = hot(0.8, 0, 40_000);
        let with_key = all.iter().filter(|&&rank| rank == 3).count();
        // 34,000 expected, of which 10,000 are certain; the deviation of the rest is sqrt(30,000 * 0.16) = 69.
        assert!(with_key.abs_diff(34_000) < 5 * 69, "{with_key}");
        assert_eq!(hot(1.0, 10, 20)[8..22], [0, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 1]);
        assert_eq!(hot(0.0, 0, 40_000), steady(40_000).ranks);
    }

    #[test]
    fn a_larger_share_adds_to_a_smaller_one() {
        let (less, more) = (hot(0.3, 0, 1_000), hot(0.6, 0, 1_000));
        assert!(less.iter().zip(&more).all(|(&less, &more)| less != 3 || more == 3));
        assert!(less != more);
    }
}
