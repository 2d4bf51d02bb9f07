//! Nothing comes from somewhere for a while: records never happen, or wait on the way.

use super::{Happened, Whose, happening_within};
use crate::scenario::{Fault, KeySpec, Silence};
use crate::time::EventTime;

/// Leaves out what never happens, and holds back what waits: a held record that would have arrived in
/// the stretch arrives when it is over. Arrivals keep their order; those of the same instant are in the
/// order in which they happened.
pub fn apply(happened: &mut Happened, faults: &[Fault], keys: &KeySpec, start: EventTime) {
    let mut never = vec![false; 0];
    for fault in faults {
        let Fault::Silent { key, partition, producer, from, until, records } = fault else { continue };
        let whose = Whose::new(key.as_deref(), *partition, *producer, keys);
        match records {
            Silence::Stop => {
                never.resize(happened.len(), false);
                for place in happening_within(&happened.columns.event_times, start, (*from, *until)) {
                    never[place] |= whose.includes(happened, place);
                }
            }
            Silence::Hold => {
                let origin = start.on_proc_clock();
                let (from, until) = (origin + *from, origin + *until);
                for place in 0..happened.len() {
                    let arrival = happened.columns.arrivals[place];
                    if from <= arrival && arrival < until && whose.includes(happened, place) {
                        happened.columns.arrivals[place] = until;
                    }
                }
            }
        }
    }
    if never.contains(&true) {
        // A stream holds fewer than 2^32 records.
        let left: Vec<u32> = (0..).zip(&never).filter(|&(_, never)| !never).map(|(place, _)| place).collect();
        happened.select(&left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::faults::tests::{START, keys, steady};
    use crate::time::Span;

    fn silent(partition: Option<u32>, (from, until): (i64, i64), records: Silence) -> Fault {
        let (from, until) = (Span::from_secs(from), Span::from_secs(until));
        Fault::Silent { key: None, partition, producer: None, from, until, records }
    }

    /// (value, arrival in milliseconds) of a record a second for ten seconds, each 1.5 s on its way.
    fn check(faults: &[Fault], expected: &[(i64, i64)]) {
        let mut happened = steady(10);
        apply(&mut happened, faults, &keys(), START);
        let columns = &happened.columns;
        let arrival = |place: usize| (columns.arrivals[place] - START.on_proc_clock()).micros() / 1_000;
        let found: Vec<(i64, i64)> =
            (0..happened.len()).map(|place| (columns.values[place] as i64, arrival(place))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_never_happens_is_not_there() {
        let rest = [0, 1, 2, 4, 6, 7, 8, 9].map(|i| (i, i * 1_000 + 1_500));
        check(&[silent(Some(1), (3, 7), Silence::Stop)], &rest);
        let rest = [0, 1, 9].map(|i| (i, i * 1_000 + 1_500));
        check(&[silent(None, (4, 9), Silence::Stop), silent(None, (2, 5), Silence::Stop)], &rest);
    }

    #[test]
    fn what_is_held_back_arrives_at_the_end_of_the_silence() {
        // Of partition 1, arrivals would be at 2.5, 4.5, 6.5, 8.5 and 10.5 s.
        let expected = [
            (0, 1_500),
            (1, 2_500),
            (2, 3_500),
            (3, 8_000),
            (4, 5_500),
            (5, 8_000),
            (6, 7_500),
            (7, 8_500),
            (8, 9_500),
            (9, 10_500),
        ];
        check(&[silent(Some(1), (4, 8), Silence::Hold)], &expected);
    }
}
