//! Records that are not as the schema says. Which ones is drawn by fault, one draw for each of its
//! records, so that a larger share only adds to a smaller one. Where several faults hit one record, the
//! first of them has it.

use super::{Happened, Whose, happening_within};
use crate::gate::Defect;
use crate::rng::Seed;
use crate::scenario::{Fault, KeySpec};
use crate::time::EventTime;

/// The number of a defect from 1, by place, and the defects; both empty when no record is bad. Values out
/// of range are written into the column of values.
pub fn apply(
    happened: &mut Happened,
    faults: &[Fault],
    keys: &KeySpec,
    (start, seed): (EventTime, Seed),
) -> (Vec<u16>, Vec<Defect>) {
    let (mut marks, mut defects) = (Vec::new(), Vec::new());
    for (number, fault) in faults.iter().enumerate() {
        let Fault::Poison { key, partition, producer, share, from, until, defect } = fault else { continue };
        let whose = Whose::new(key.as_deref(), *partition, *producer, keys);
        let mut draws = seed.stream(&format!("poison {number}"));
        defects.push(defect.clone());
        marks.resize(happened.len(), 0);
        for place in happening_within(&happened.columns.event_times, start, (*from, *until)) {
            if whose.includes(happened, place) && draws.unit() < *share && marks[place] == 0 {
                // There are at most 1,000 faults.
                marks[place] = defects.len() as u16;
                if let Defect::OutOfRange(value) = *defect {
                    happened.columns.values[place] = value;
                }
            }
        }
    }
    if marks.iter().all(|&mark| mark == 0) { (Vec::new(), Vec::new()) } else { (marks, defects) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::faults::tests::{SEED, START, keys, steady};
    use crate::time::Span;

    fn poison(share: f64, (from, until): (i64, i64), defect: Defect) -> Fault {
        let (from, until) = (Span::from_secs(from), Span::from_secs(until));
        Fault::Poison { key: None, partition: Some(1), producer: None, share, from, until, defect }
    }

    #[test]
    fn the_first_fault_that_hits_a_record_has_it() {
        let mut happened = steady(10);
        let faults = [poison(1.0, (2, 6), Defect::Version(9)), poison(1.0, (4, 20), Defect::OutOfRange(-1.0))];
        let (marks, defects) = apply(&mut happened, &faults, &keys(), (START, SEED));
        assert_eq!(marks, [0, 0, 0, 1, 0, 1, 0, 2, 0, 2]);
        assert_eq!(defects, [Defect::Version(9), Defect::OutOfRange(-1.0)]);
        assert_eq!(happened.columns.values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -1.0, 8.0, -1.0]);
    }

    #[test]
    fn a_share_is_drawn_and_a_larger_one_adds_to_it() {
        let bad = |share| {
            let fault = poison(share, (0, 20_000), Defect::Version(9));
            apply(&mut steady(20_000), &[fault], &keys(), (START, SEED)).0
        };
        let (few, more) = (bad(0.1), bad(0.2));
        assert!(few.iter().zip(&more).all(|(&few, &more)| few == 0 || more == 1));
        let count = few.iter().filter(|&&mark| mark == 1).count();
        // 10,000 records of the partition; the deviation of a tenth of them is 30.
        assert!(count.abs_diff(1_000) < 150, "{count}");
        assert_eq!(bad(0.0), [0_u16; 0]);
    }
}
