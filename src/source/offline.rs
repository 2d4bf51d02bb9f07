//! Producers without network: what happens meanwhile is kept and sent when it is back.
//!
//! A record is held when it happened while its producer was offline, or when it would have reached
//! the log then. Held records reach the log from the moment `until` on, in the order in which they
//! happened, each a short transmission after the one before.

use std::collections::BTreeMap;

use crate::record::Columns;
use crate::rng::Seed;
use crate::scenario::{Fault, KeySpec};
use crate::time::{EventTime, ProcTime, Span};

/// The shortest and longest transmission of one held record. A flush of 50 records then takes
/// about a second and a half: it looks like a wall on the time map, and yet every record has an
/// arrival of its own.
const TRANSMISSION_MILLIS: (i64, i64) = (10, 50);

/// Moves the arrivals of held records. `columns` are in order of event time; `ranks` are those of
/// the keys.
pub fn apply(columns: &mut Columns, ranks: &[u32], faults: &[Fault], keys: &KeySpec, start: EventTime, seed: Seed) {
    let outages = outages(faults, keys, start);
    if outages.is_empty() {
        return;
    }
    let mut places_of: BTreeMap<u32, Vec<usize>> = outages.keys().map(|&rank| (rank, Vec::new())).collect();
    for (place, rank) in ranks.iter().enumerate() {
        if let Some(of_key) = places_of.get_mut(rank) {
            of_key.push(place);
        }
    }
    for (rank, outages) in outages {
        for (number, (from, until)) in outages.into_iter().enumerate() {
            let mut draws = seed.stream(&format!("flush {number} {}", keys.name(rank)));
            let mut at = until;
            for &place in &places_of[&rank] {
                let arrival = &mut columns.arrivals[place];
                let within = |t: ProcTime| from <= t && t < until;
                if within(columns.event_times[place].on_proc_clock()) || within(*arrival) {
                    let (shortest, longest) = TRANSMISSION_MILLIS;
                    at = at + Span::from_micros(draws.integer(shortest * 1_000, longest * 1_000));
                    *arrival = at;
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

    /// Records of (event millisecond, delay in milliseconds, key rank), after the faults.
    fn applied(records: &[(i64, i64, u32)], faults: &[(&str, i64, i64)]) -> Vec<Span> {
        let start = EventTime::from_millis(1_000_000);
        let event_time = |millis: i64| start + Span::from_millis(millis);
        let mut columns = Columns {
            event_times: records.iter().map(|&(event, ..)| event_time(event)).collect(),
            arrivals: records.iter().map(|&(event, delay, _)| event_time(event + delay).on_proc_clock()).collect(),
            ..Columns::default()
        };
        let ranks: Vec<u32> = records.iter().map(|&(.., rank)| rank).collect();
        let offline = |&(key, from, until): &(&str, i64, i64)| Fault::Offline {
            key: key.to_owned(),
            from: Span::from_secs(from),
            until: Span::from_secs(until),
        };
        let faults: Vec<Fault> = faults.iter().map(offline).collect();
        let keys = KeySpec::Uniform { count: 2, names: Vec::new() };
        apply(&mut columns, &ranks, &faults, &keys, start, Seed::new(7));
        columns.arrivals.iter().map(|&arrival| arrival - start.on_proc_clock()).collect()
    }

    /// As [`applied`], in seconds; `20+` is a little after 20.
    fn check(faults: &[(&str, i64, i64)], records: &[(i64, i64, u32)], expected: &[&str]) {
        let records: Vec<_> =
            records.iter().map(|&(event, delay, rank)| (event * 1_000, delay * 1_000, rank)).collect();
        let shown = |arrival: &Span| {
            let seconds = arrival.micros() / 1_000_000;
            if *arrival == Span::from_secs(seconds) { seconds.to_string() } else { format!("{seconds}+") }
        };
        assert_eq!(applied(&records, faults).iter().map(shown).collect::<Vec<_>>(), expected);
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
        // The later a record happens, the shorter its delay: without the outage they overtake.
        let records: Vec<_> = (0..100).map(|i| (i * 5, 1_000 - i * 10, 0)).collect();
        let mut before = Span::from_secs(20);
        let arrivals = applied(&records, &[("k1", 0, 20)]);
        assert_eq!(arrivals.len(), 100);
        for arrival in arrivals {
            let gap = (arrival - before).micros();
            assert!((10_000..=50_000).contains(&gap), "{gap}");
            before = arrival;
        }
    }

    #[test]
    fn nothing_happens_to_keys_that_do_not_exist() {
        check(&[("tram", 10, 20)], &[(12, 1, 0)], &["13"]);
    }
}
