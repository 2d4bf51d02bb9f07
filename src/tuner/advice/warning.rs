//! What stands against trusting advice: each reason with its numbers.

use serde::Serialize;

use crate::human::{count, span};
use crate::record::{PartitionId, RecordId, Stream};
use crate::time::Span;
use crate::tuner::advice::drift::Drift;
use crate::tuner::advice::fit::{Fit, Wish};
use crate::tuner::advice::needs::Needs;
use crate::tuner::advice::wanted::percent;

/// With fewer records beyond a quantile it is a matter of luck where it lies.
const FEW_DECIDE: usize = 10;
/// With fewer windows no result is seen often enough to speak of a 99 % quantile of them.
const FEW_WINDOWS: i64 = 30;
/// A recording should be so many times as long as what it says to wait.
const TIMES_AS_LONG: i64 = 10;
/// How many of the latest records are looked at for one that stands out.
const LATEST: usize = 1_000;
/// Fewer late records stand for nobody.
const FEW_LATE: usize = 10;
/// A key or partition with so much of the late records stands out...
const MOST_OF_LATE: f64 = 0.5;
/// ... when it has so many times less of all of them.
const TIMES_ITS_SHARE: f64 = 2.0;

/// Why advice is less sure than it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Too few records decide.
    ThinTail,
    /// The stream changes in the course of the recording.
    Drift,
    /// Most late records have one key.
    OneKey,
    /// Most late records come from one partition.
    OnePartition,
    /// Arrival times are not known.
    NoArrivals,
    /// The recording is short for its windows, or for what it says to wait.
    Short,
    /// What the first half says does not hold in the second.
    HeldOut,
    /// The pipeline does not drop records exactly as the advice counts them.
    Approximate,
    /// Partitions are silent while others speak.
    Silence,
}

/// A reason to be careful.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Of which kind.
    pub kind: Kind,
    /// What is the matter, with numbers.
    pub text: String,
}

impl Warning {
    /// A warning of a kind.
    pub fn new(kind: Kind, text: String) -> Self {
        Self { kind, text }
    }
}

/// When fewer records decide than should.
pub fn thin_tail(fit: &Fit, wish: Wish) -> Option<Warning> {
    if fit.deciding >= FEW_DECIDE && fit.confidence >= wish.confidence {
        return None;
    }
    let missing = 1.0 - wish.complete;
    let instead = if missing > 0.0 {
        format!(
            "; {} records would",
            count(libm::ceil(2.0 * FEW_DECIDE as f64 * fit.together.max(1.0) / missing) as u64)
        )
    } else {
        "; no recording is long enough to promise that none is missing".to_owned()
    };
    let text = format!(
        "{} of {} records are beyond what is needed{}: too few to be sure{instead}",
        count(fit.deciding as u64),
        count(fit.seen as u64),
        if fit.together >= 1.5 { format!(", and they come {:.0} at a time", fit.together) } else { String::new() },
    );
    Some(Warning::new(Kind::ThinTail, text))
}

/// When the stream changes in the course of the recording.
pub fn drifting(drift: &Drift) -> Option<Warning> {
    let [first, second, third] = drift.p90.map(span);
    let [a, b, c] = drift.beyond.map(|share| format!("{:.3} %", share * 100.0));
    let text = format!(
        "the stream drifts: 90 % of the delays are at most {first} in the first third, {second} in the second, \
         {third} in the last (distance {:.2}, by chance in {:.1} % of shuffled streams); beyond what is needed are \
         {a}, {b}, {c} of the records. What comes next may be like none of them",
        drift.distance,
        drift.distance_by_chance.min(drift.beyond_by_chance) * 100.0,
    );
    drift.is_drifting().then(|| Warning::new(Kind::Drift, text))
}

/// When most of the latest records have one key, or come from one partition.
pub fn one_dominates(stream: &Stream, needs: &Needs, needed: Span) -> Vec<Warning> {
    let late = latest(needs, needed);
    if late.len() < FEW_LATE {
        return Vec::new();
    }
    let by_key = dominant(&late, stream.key_table().len(), stream.len(), |place| stream.keys()[place].index());
    let partition = |place: usize| stream.partition(RecordId(place as u32)).index();
    let by_partition = dominant(&late, stream.partitions(), stream.len(), partition);
    let of = |late_share: f64, share: f64| {
        format!(
            "has {:.0} % of the {} latest records and {:.1} % of all: what it needs decides for everybody",
            late_share * 100.0,
            count(late.len() as u64),
            share * 100.0
        )
    };
    let key = by_key.map(|(key, late_share, share)| {
        let name = stream.key_table().names().nth(key).unwrap_or_default();
        Warning::new(Kind::OneKey, format!("the key \"{name}\" {}", of(late_share, share)))
    });
    let partition = by_partition.map(|(partition, late_share, share)| {
        let name = PartitionId(partition as u32).0;
        Warning::new(Kind::OnePartition, format!("partition {name} {}", of(late_share, share)))
    });
    key.into_iter().chain(partition).collect()
}

/// Places of the latest records: those beyond what is needed, or if these are fewer than [`LATEST`] so many of
/// those that need something at all.
fn latest(needs: &Needs, needed: Span) -> Vec<usize> {
    let beyond: Vec<usize> = needs.beyond(needed.micros() - 1).collect();
    if beyond.len() >= LATEST {
        return beyond;
    }
    let mut late: Vec<usize> = needs.beyond(-1).collect();
    if late.len() > LATEST {
        let _ = late.select_nth_unstable_by_key(LATEST, |&place| std::cmp::Reverse(needs.of_record(place)));
        late.truncate(LATEST);
    }
    late
}

/// The one of `count` that most of these records belong to, its share of them, and its share of all records.
fn dominant(late: &[usize], count: usize, all: usize, of: impl Fn(usize) -> usize) -> Option<(usize, f64, f64)> {
    if count < 2 {
        return None;
    }
    let mut by_owner = vec![0_usize; count];
    for &place in late {
        by_owner[of(place)] += 1;
    }
    let (owner, &most) = by_owner.iter().enumerate().max_by_key(|&(owner, &most)| (most, std::cmp::Reverse(owner)))?;
    let late_share = most as f64 / late.len() as f64;
    let share = (0..all).filter(|&place| of(place) == owner).count() as f64 / all as f64;
    (late_share >= MOST_OF_LATE && late_share >= share * TIMES_ITS_SHARE).then_some((owner, late_share, share))
}

/// When the recording has no arrival times.
pub fn no_arrivals() -> Warning {
    let text = "there is no arrival column: records are taken to arrive in the order of the file, each at the newest event \
                time so far. Bounds are those of that order; result latencies are lower limits, because whatever \
                every record waits for on its way is not in the file";
    Warning::new(Kind::NoArrivals, text.to_owned())
}

/// When the recording is short: it covers `covered` of event time, `length` is that of a window, and `wait` is
/// what is advised to wait.
pub fn short(covered: Span, length: Option<Span>, wait: Span) -> Option<Warning> {
    let windows = length.map(|length| covered.micros() / length.micros().max(1));
    let few = windows.filter(|&windows| windows < FEW_WINDOWS);
    let text = if let Some(windows) = few {
        format!("the recording covers {} windows, fewer than {FEW_WINDOWS}", count(windows.max(0) as u64))
    } else if wait.times(TIMES_AS_LONG) > covered {
        format!(
            "the recording covers {}, less than {TIMES_AS_LONG} times the {} that is advised to wait: records later than that \
             are hardly in it",
            span(covered),
            span(wait)
        )
    } else {
        return None;
    };
    Some(Warning::new(Kind::Short, text))
}

/// When what the first half says does not hold in the second.
pub fn held_out(kept: f64, wish: Wish, confidence: f64) -> Warning {
    let text = format!(
        "chosen from the first half alone, the same rule would have kept {} of the second half, not {}, though it was \
         {:.0} % sure",
        percent(kept),
        percent(wish.complete),
        confidence * 100.0
    );
    Warning::new(Kind::HeldOut, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::WindowSpec;
    use crate::record::{KeyTable, Row};
    use crate::time::{EventTime, ProcTime};
    use crate::tuner::advice::needs::Newest;

    #[test]
    fn a_key_with_most_of_the_late_records_is_named() {
        let mut keys = KeyTable::default();
        let (fast, slow) = (keys.intern("fast"), keys.intern("slow"));
        let row = |i: i64| {
            let is_slow = i % 10 == 0;
            let arrival = ProcTime::from_millis(i * 1_000);
            let event_time = EventTime::from_millis(i * 1_000 - if is_slow { 60_000 } else { 0 });
            let key = if is_slow { slow } else { fast };
            Row { event_time, arrival, key, value: 1.0, partition: PartitionId(u32::from(is_slow)) }
        };
        let stream = Stream::from_rows((0..400).map(row).collect(), keys);
        let window = WindowSpec::Tumbling { size: Span::from_secs(5), offset: Span::ZERO };
        let needs = Needs::of(&stream, window, Newest::OfAll);
        let found = one_dominates(&stream, &needs, Span::from_secs(3_600));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].kind, Kind::OneKey);
        // All but the very first of the 40 slow records are late; nothing came before that one.
        let text = "the key \"slow\" has 100 % of the 39 latest records and 10.0 % of all";
        assert!(found[0].text.starts_with(text), "{}", found[0].text);
        assert!(found[1].text.starts_with("partition 1 has 100 %"), "{}", found[1].text);
    }

    #[test]
    fn short_recordings_are_short_of_windows_or_of_time() {
        let secs = Span::from_secs;
        let text = |covered, length, wait| short(secs(covered), Some(secs(length)), secs(wait)).map(|it| it.text);
        assert_eq!(text(3_000, 100, 300), None);
        assert_eq!(text(2_999, 100, 1).as_deref(), Some("the recording covers 29 windows, fewer than 30"));
        assert!(text(3_000, 100, 301).is_some_and(|text| text.contains("10 times the 5 min 1 s")));
    }
}
