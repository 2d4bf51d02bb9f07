//! Producers without network: what happens meanwhile is kept and sent when it is back.
//!
//! A record is held when it happened while its producer was offline, or when it would have reached
//! the log then. Held records reach the log from the moment `until` on, in the order in which they
//! happened, each a short transmission after the one before.

use std::collections::BTreeMap;

use crate::record::Row;
use crate::rng::Seed;
use crate::scenario::{Fault, KeySpec};
use crate::time::{EventTime, ProcTime, Span};

/// The shortest and longest transmission of one held record. A flush of 50 records then takes
/// about a second and a half: it looks like a wall on the time map, and yet every record has an
/// arrival of its own.
const TRANSMISSION_MILLIS: (i64, i64) = (10, 50);

/// Moves the arrivals of held records. `rows` are in order of event time, and their keys are ranks.
pub fn apply(rows: &mut [Row], faults: &[Fault], keys: &KeySpec, start: EventTime, seed: Seed) {
    let outages = outages(faults, keys, start);
    if outages.is_empty() {
        return;
    }
    let mut rows_of: BTreeMap<u32, Vec<usize>> = outages.keys().map(|&rank| (rank, Vec::new())).collect();
    for (i, row) in rows.iter().enumerate() {
        if let Some(of_key) = rows_of.get_mut(&row.key.0) {
            of_key.push(i);
        }
    }
    for (rank, outages) in outages {
        for (number, (from, until)) in outages.into_iter().enumerate() {
            let mut draws = seed.stream(&format!("flush {number} {}", keys.name(rank)));
            let mut at = until;
            for &i in &rows_of[&rank] {
                let row = &mut rows[i];
                let within = |t: ProcTime| from <= t && t < until;
                if within(row.event_time.on_proc_clock()) || within(row.arrival) {
                    let (shortest, longest) = TRANSMISSION_MILLIS;
                    at = at + Span::from_micros(draws.integer(shortest * 1_000, longest * 1_000));
                    row.arrival = at;
                }
            }
        }
    }
}

/// Per key rank: when it is offline, ascending and apart; overlapping faults are one.
fn outages(faults: &[Fault], keys: &KeySpec, start: EventTime) -> BTreeMap<u32, Vec<(ProcTime, ProcTime)>> {
    let origin = start.on_proc_clock();
    let mut outages: BTreeMap<u32, Vec<(ProcTime, ProcTime)>> = BTreeMap::new();
    for fault in faults {
        if let Fault::Offline { key, from, until } = fault
            && let Some(rank) = keys.rank(key)
        {
            outages.entry(rank).or_default().push((origin + *from, origin + *until));
        }
    }
    for spells in outages.values_mut() {
        spells.sort_unstable();
        let mut apart: Vec<(ProcTime, ProcTime)> = Vec::with_capacity(spells.len());
        for &(from, until) in spells.iter() {
            match apart.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => apart.push((from, until)),
            }
        }
        *spells = apart;
    }
    outages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, PartitionId};

    /// Rows of (event second, delay in seconds, key rank), before and after; arrivals in seconds.
    fn check(faults: &[(&str, i64, i64)], rows: &[(i64, i64, u32)], expected: &[&str]) {
        let start = EventTime::from_millis(1_000_000);
        let mut rows: Vec<Row> = rows
            .iter()
            .map(|&(event, delay, key)| {
                let event_time = start + Span::from_secs(event);
                let arrival = event_time.on_proc_clock() + Span::from_secs(delay);
                Row { event_time, arrival, key: KeyId(key), value: 1.0, partition: PartitionId(0) }
            })
            .collect();
        let faults: Vec<Fault> = faults
            .iter()
            .map(|&(key, from, until)| Fault::Offline {
                key: key.to_owned(),
                from: Span::from_secs(from),
                until: Span::from_secs(until),
            })
            .collect();
        let keys = KeySpec::Uniform { count: 2, names: Vec::new() };
        apply(&mut rows, &faults, &keys, start, Seed::new(7));
        let shown: Vec<String> = rows
            .iter()
            .map(|row| {
                let millis = (row.arrival - start.on_proc_clock()).micros() / 1_000;
                if millis % 1_000 == 0 { format!("{}", millis / 1_000) } else { format!("{}+", millis / 1_000) }
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_happens_offline_arrives_when_the_network_is_back() {
        let rows = [(5, 1, 0), (10, 1, 0), (12, 1, 1), (15, 90, 0), (19, 1, 0), (20, 1, 0)];
        check(&[("k1", 10, 20)], &rows, &["6", "20+", "13", "20+", "20+", "21"]);
    }

    #[test]
    fn what_was_under_way_is_held_too() {
        check(&[("k1", 10, 20)], &[(8, 1, 0), (9, 1, 0), (9, 10, 0), (9, 11, 0)], &["9", "20+", "20+", "20"]);
    }

    #[test]
    fn overlapping_outages_are_one_and_later_ones_hold_again() {
        check(&[("k1", 15, 30), ("k1", 10, 20)], &[(12, 1, 0), (25, 1, 0)], &["30+", "30+"]);
        check(&[("k1", 10, 20), ("k1", 20, 30)], &[(12, 1, 0)], &["30+"]);
        check(&[("k1", 40, 50), ("k1", 10, 20)], &[(12, 1, 0), (45, 1, 0)], &["20+", "50+"]);
    }

    #[test]
    fn a_flush_sends_in_event_order_with_a_short_transmission_each() {
        let start = EventTime::EPOCH;
        let event_time = |i| start + Span::from_millis(i * 100);
        // The later a record happens, the shorter its delay: without the outage they overtake.
        let mut rows: Vec<Row> = (0..100)
            .map(|i| Row {
                event_time: event_time(i),
                arrival: event_time(i).on_proc_clock() + Span::from_millis(1_000 - i * 10),
                key: KeyId(0),
                value: 1.0,
                partition: PartitionId(0),
            })
            .collect();
        let (from, until) = (Span::ZERO, Span::from_secs(20));
        let keys = KeySpec::Uniform { count: 1, names: Vec::new() };
        let fault = Fault::Offline { key: "k1".to_owned(), from, until };
        apply(&mut rows, &[fault], &keys, start, Seed::new(7));
        let mut before = start.on_proc_clock() + until;
        for row in rows {
            let gap = (row.arrival - before).micros();
            assert!((10_000..=50_000).contains(&gap), "{gap}");
            before = row.arrival;
        }
    }

    #[test]
    fn nothing_happens_to_keys_that_do_not_exist() {
        check(&[("tram", 10, 20)], &[(12, 1, 0)], &["13"]);
    }
}
