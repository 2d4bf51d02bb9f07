//! Two whole runs, made ready to be compared at any instant: the pinned one and the one on screen.
//!
//! Costs O(n log n) of records and panes once; every question of an instant is then a binary search. A
//! record's fate has changed from the instant on at which both runs have decided it. Fates are those of the
//! screen: counted records are told apart by whether they were behind the watermark.

use std::collections::BTreeMap;

use crate::metrics::quantile::P50;
use crate::record::{KeyId, RecordId};
use crate::runtime::{Fate, Trace};
use crate::time::{ProcTime, Span};
use crate::twin::matching::Matching;
use crate::twin::running_quantile::RunningQuantile;
use crate::window::pane::{Timing, Window};

/// What became of a record, as far as the screen tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Counted, and not behind the watermark.
    OnTime,
    /// Counted, but behind the watermark.
    Behind,
    /// Dropped late.
    Dropped,
    /// In the side output.
    SideOutput,
    /// Shed, lost or refused.
    GivenUp,
    /// In no window.
    Unassigned,
}

impl Outcome {
    /// What became of a record by the end of a run; `None` while it is in flight.
    pub fn of(trace: &Trace, id: RecordId) -> Option<Self> {
        Some(match trace.fates.get(id.index())? {
            Fate::Counted if trace.is_behind(id) => Self::Behind,
            Fate::Counted => Self::OnTime,
            Fate::DroppedLate => Self::Dropped,
            Fate::SideOutput => Self::SideOutput,
            Fate::Unassigned => Self::Unassigned,
            Fate::Shed | Fate::Lost | Fate::Rejected | Fate::DeadLettered => Self::GivenUp,
            Fate::InFlight => return None,
        })
    }

    /// Whether the record is counted.
    pub const fn is_counted(self) -> bool {
        matches!(self, Self::OnTime | Self::Behind)
    }
}

/// A record whose fate is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refated {
    /// From when on both runs have decided.
    pub since: ProcTime,
    /// The record in the run on screen.
    pub now: RecordId,
    /// The same record in the pinned run.
    pub pinned: RecordId,
}

/// Records of which both runs decided alike, but not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What the pinned run made of them.
    pub from: Outcome,
    /// What the run on screen makes of them.
    pub to: Outcome,
    /// The records, in the order in which both runs had decided.
    pub records: Vec<Refated>,
}

impl Change {
    /// The records that both runs have decided at `now`.
    pub fn at(&self, now: ProcTime) -> &[Refated] {
        &self.records[..self.records.partition_point(|record| record.since <= now)]
    }
}

/// What one run needs for questions of an instant.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// From windows' ends to their on-time panes.
    pub waits: RunningQuantile,
    /// When late panes were emitted, ascending.
    corrections: Vec<ProcTime>,
    /// Every time that more windows were kept than ever before: when, and how many.
    most_open: Vec<(ProcTime, u32)>,
}

impl Side {
    fn of(trace: &Trace) -> Self {
        let results = trace.panes.iter().filter(|pane| !pane.is_retraction);
        let on_time = results.clone().filter(|pane| pane.timing == Timing::OnTime);
        let waits = on_time.map(|pane| (pane.emitted_at, pane.emitted_at.since_event(pane.window.end)));
        let late = results.filter(|pane| pane.timing == Timing::Late);
        let (mut most_open, mut most) = (Vec::new(), 0);
        for (&kept, &at) in trace.kept_windows.iter().zip(&trace.handled) {
            if kept > most {
                most = kept;
                most_open.push((at, kept));
            }
        }
        Self {
            waits: RunningQuantile::of(waits.collect(), P50),
            corrections: late.map(|pane| pane.emitted_at).collect(),
            most_open,
        }
    }

    /// Late panes by `now`.
    pub fn corrections_at(&self, now: ProcTime) -> u64 {
        self.corrections.partition_point(|&at| at <= now) as u64
    }

    /// The most windows of all keys that were kept at once, by `now`.
    pub fn most_open_at(&self, now: ProcTime) -> u32 {
        let before = self.most_open.partition_point(|&(at, _)| at <= now);
        before.checked_sub(1).map_or(0, |last| self.most_open[last].1)
    }
}

/// Two runs, ready to be compared at any instant.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Records of the pinned run, of the run on screen, and of those that are in both.
    pub records: [usize; 3],
    /// The pinned run and the run on screen.
    pub sides: [Side; 2],
    /// Records whose fate changed, by what became of them.
    pub changes: Vec<Change>,
    /// By how much windows that fire on time in both do so later in the run on screen.
    pub later: RunningQuantile,
    /// Records of the run on screen whose fate changed, ascending, each with the place of its change.
    changed: Vec<(RecordId, u32, ProcTime)>,
}

impl Pair {
    /// Compares two finished runs.
    pub fn of(pinned: &Trace, now: &Trace) -> Self {
        let matching = Matching::of(&pinned.stream, &now.stream);
        let changes = changes(pinned, now, &matching);
        let mut changed: Vec<(RecordId, u32, ProcTime)> = Vec::new();
        for (place, change) in changes.iter().enumerate() {
            changed.extend(change.records.iter().map(|record| (record.now, place as u32, record.since)));
        }
        changed.sort_unstable();
        Self {
            records: [pinned.stream.len(), now.stream.len(), matching.matched(pinned.stream.len())],
            sides: [pinned, now].map(Side::of),
            later: RunningQuantile::of(later(pinned, now), P50),
            changes,
            changed,
        }
    }

    /// Whether most records are in both runs; otherwise they read different input, and no record can be
    /// said to have changed its fate.
    pub fn is_same_input(&self) -> bool {
        let [pinned, now, both] = self.records;
        2 * both >= pinned.max(now)
    }

    /// The changed records of the run on screen from `first` to before `last` that both runs have decided
    /// at `now`, each with the place of its change.
    pub fn changed_between(
        &self,
        first: RecordId,
        last: RecordId,
        now: ProcTime,
    ) -> impl Iterator<Item = (RecordId, usize)> {
        let from = self.changed.partition_point(|(id, ..)| *id < first);
        let to = self.changed.partition_point(|(id, ..)| *id < last).max(from);
        let decided = self.changed[from..to].iter().filter(move |(.., since)| *since <= now);
        decided.map(|&(id, place, _)| (id, place as usize))
    }

    /// Records whose fate changed, by `now`.
    pub fn changed_at(&self, now: ProcTime) -> usize {
        self.changes.iter().map(|change| change.at(now).len()).sum()
    }
}

fn changes(pinned: &Trace, now: &Trace, matching: &Matching) -> Vec<Change> {
    let mut groups: BTreeMap<(Outcome, Outcome), Vec<Refated>> = BTreeMap::new();
    for i in 0..pinned.fates.len() as u32 {
        let before = RecordId(i);
        let Some(after) = matching.partner(before) else { continue };
        let (Some(from), Some(to)) = (Outcome::of(pinned, before), Outcome::of(now, after)) else { continue };
        if from != to {
            let since = pinned.handled[before.index()].max(now.handled[after.index()]);
            groups.entry((from, to)).or_default().push(Refated { since, now: after, pinned: before });
        }
    }
    let change = |((from, to), mut records): (_, Vec<Refated>)| {
        records.sort_unstable();
        Change { from, to, records }
    };
    groups.into_iter().map(change).collect()
}

/// For every window of a key with an on-time pane in both runs: when the later one of them came, and by how
/// much later it came in the second run.
fn later(pinned: &Trace, now: &Trace) -> Vec<(ProcTime, Span)> {
    let names = now.stream.key_table();
    let own = |key: KeyId| Some(key);
    let theirs: Vec<Option<KeyId>> = pinned.stream.key_table().names().map(|name| names.find(name)).collect();
    let before = on_time(pinned, |key| theirs.get(key.index()).copied().flatten());
    let after = on_time(now, own);
    let (mut left, mut right) = (before.iter().peekable(), after.iter().peekable());
    let mut later = Vec::new();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        match (a.0, a.1).cmp(&(b.0, b.1)) {
            std::cmp::Ordering::Less => drop(left.next()),
            std::cmp::Ordering::Greater => drop(right.next()),
            std::cmp::Ordering::Equal => {
                later.push((a.2.max(b.2), b.2 - a.2));
                left.next();
                right.next();
            }
        }
    }
    later
}

/// The first on-time pane of every window, sorted.
fn on_time(trace: &Trace, key: impl Fn(KeyId) -> Option<KeyId>) -> Vec<(Window, KeyId, ProcTime)> {
    let first = |pane: &&crate::window::pane::Pane| pane.timing == Timing::OnTime && !pane.is_retraction;
    let panes = trace.panes.iter().filter(first);
    let mut panes: Vec<_> = panes.filter_map(|pane| Some((pane.window, key(pane.key)?, pane.emitted_at))).collect();
    panes.sort_unstable();
    panes.dedup_by_key(|(window, key, _)| (*window, *key));
    panes
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
    use crate::record::{KeyTable, PartitionId, Row, Stream};
    use crate::runtime::{RunConfig, run};
    use crate::time::EventTime;

    /// Seconds of event time, one record a second from 20 s on.
    fn trace(times: &[i64], bound_s: i64, lateness_s: i64) -> Trace {
        let mut keys = KeyTable::default();
        let key = keys.intern("a");
        let row = |(i, &t): (usize, &i64)| Row {
            event_time: EventTime::from_millis(t * 1_000),
            arrival: ProcTime::from_millis(20_000 + i as i64 * 1_000),
            key,
            value: 1.0,
            partition: PartitionId(0),
        };
        let pipeline = Pipeline {
            watermark: WatermarkSpec::Bounded { bound: Span::from_secs(bound_s) },
            window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
            allowed_lateness: Span::from_secs(lateness_s),
            ..Pipeline::default()
        };
        let rows = times.iter().enumerate().map(row).collect();
        run(&Arc::new(Stream::from_rows(rows, keys)), &RunConfig::plain(pipeline))
    }

    const TIMES: [i64; 7] = [1, 3, 12, 15, 4, 25, 38];

    fn at(seconds: i64) -> ProcTime {
        ProcTime::from_millis(seconds * 1_000)
    }

    fn summary(pair: &Pair, now: ProcTime) -> Vec<(Outcome, Outcome, Vec<u32>)> {
        let of = |change: &Change| {
            (change.from, change.to, change.at(now).iter().map(|record| record.now.0).collect::<Vec<u32>>())
        };
        pair.changes.iter().map(of).filter(|(.., records)| !records.is_empty()).collect()
    }

    #[test]
    fn a_longer_bound_saves_the_late_record_and_fires_later() {
        let pair = Pair::of(&trace(&TIMES, 0, 0), &trace(&TIMES, 8, 0));
        assert!(pair.is_same_input());
        // 4 arrives at 24 s: dropped while the watermark is at 15, on time once it is at 7? No: behind at 7.
        assert_eq!(summary(&pair, at(23)), []);
        assert_eq!(summary(&pair, at(24)), [(Outcome::Dropped, Outcome::Behind, vec![4])]);
        let changed: Vec<_> = pair.changed_between(RecordId(0), RecordId(9), at(24)).collect();
        assert_eq!(changed, [(RecordId(4), 0)]);
        assert_eq!(pair.changed_between(RecordId(5), RecordId(9), at(99)).count(), 0);
        // On time at 22, 25, 26 s and with the bound at 25, 26, 26: later by 3, 1 and 0.
        let later = [24, 25, 26, 27].map(|s| pair.later.at(at(s)).map(|span| span.micros() / 1_000_000));
        assert_eq!(later, [None, Some(3), Some(1), Some(1)]);
        // Ends at 10, 20, 30: waits of 12, 5 and -4 s.
        let waits = [21, 22, 25, 26].map(|s| pair.sides[0].waits.at(at(s)).map(|span| span.micros() / 1_000_000));
        assert_eq!(waits, [None, Some(12), Some(5), Some(5)]);
        assert_eq!(pair.sides.each_ref().map(|side| side.corrections_at(at(99))), [0, 0]);
    }

    #[test]
    fn lateness_corrects_and_keeps_more_windows() {
        let pair = Pair::of(&trace(&TIMES, 0, 0), &trace(&TIMES, 0, 30));
        assert_eq!(summary(&pair, at(99)), [(Outcome::Dropped, Outcome::Behind, vec![4])]);
        assert_eq!(pair.sides.each_ref().map(|side| side.corrections_at(at(23))), [0, 0]);
        assert_eq!(pair.sides.each_ref().map(|side| side.corrections_at(at(24))), [0, 1]);
        assert_eq!(pair.sides.each_ref().map(|side| side.most_open_at(at(19))), [0, 0]);
        assert!(pair.sides[0].most_open_at(at(99)) < pair.sides[1].most_open_at(at(99)));
    }

    #[test]
    fn another_input_has_no_changed_fates() {
        let pair = Pair::of(&trace(&TIMES, 0, 0), &trace(&[2, 5, 9, 17, 30], 0, 0));
        assert!(!pair.is_same_input());
        assert_eq!((pair.records, pair.changed_at(at(99))), ([7, 5, 0], 0));
    }
}
