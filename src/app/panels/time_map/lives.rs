//! What a restart does to the map: records that were handled, undone and handled again, and the
//! watermark that begins once more where a checkpoint had put it.
//!
//! A trace knows of the first handling of a record; here are the others. The claim of a task after a
//! restart is not written down while it is below what had been claimed before, so it is made again from
//! the records that it handled, by the rule of a bounded watermark; under other rules it stands where
//! it was restored until it is ahead.

use std::collections::BTreeMap;

use crate::pipeline::WatermarkSpec;
use crate::record::{PartitionId, RecordId};
use crate::runtime::recovery_log::{NEVER, RecoveryRow};
use crate::runtime::{Fate, RecoveryLog, Trace};
use crate::time::{EventTime, ProcTime, Span};

/// A record whose first handling was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Which.
    pub record: RecordId,
    /// When it was undone: the tasks that had handled it were cancelled.
    pub at: ProcTime,
    /// When it was handled next, and what became of it; `None` where it never was.
    pub again: Option<(ProcTime, Fate)>,
}

/// A stretch in which a job had no claim, or a lower one than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Tasks were cancelled: the line ends here.
    pub from: ProcTime,
    /// Tasks had their state: it begins again here. `None` where they never had.
    pub until: Option<ProcTime>,
    /// What the state claimed; `None` for a start from nothing.
    pub restored: Option<EventTime>,
    /// Rises of the claim from then on, up to what had been claimed before.
    pub steps: Vec<(ProcTime, EventTime)>,
}

/// What restarts did to a run; empty where there were none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lives {
    /// By record.
    undone: Vec<Undone>,
    /// Places in `undone`, by when the record was handled again.
    again: Vec<u32>,
    /// In order of time.
    pub gaps: Vec<Gap>,
}

impl Lives {
    /// The lives of a finished run. O(n log n) where anything failed.
    pub fn of(trace: &Trace) -> Self {
        let Some(log) = trace.recovery.as_ref().filter(|log| !log.recoveries.is_empty()) else {
            return Self::default();
        };
        let undone = undone(log);
        let mut again: Vec<u32> = (0..undone.len() as u32).filter(|&i| undone[i as usize].again.is_some()).collect();
        again.sort_by_key(|&i| undone[i as usize].again.map(|(at, _)| at));
        let gaps = log.recoveries.iter().filter_map(|row| gap(trace, log, row)).collect();
        Self { undone, again, gaps }
    }

    /// Whether no restart undid anything.
    pub fn is_empty(&self) -> bool {
        self.undone.is_empty() && self.gaps.is_empty()
    }

    /// Whether the first handling of a record is undone by `now`. O(log n) of those that ever are.
    pub fn is_undone(&self, record: usize, now: ProcTime) -> bool {
        let place = self.undone.binary_search_by_key(&record, |undone| undone.record.index());
        place.is_ok_and(|place| self.undone[place].at <= now)
    }

    /// When a record was handled again; `None` for one that was not.
    pub fn again_at(&self, record: usize) -> Option<ProcTime> {
        let place = self.undone.binary_search_by_key(&record, |undone| undone.record.index()).ok()?;
        self.undone[place].again.map(|(at, _)| at)
    }

    /// Records that were handled again from `from` to `to`, both included, with when and what became of
    /// them, in order of time.
    pub fn handled_again(&self, from: ProcTime, to: ProcTime) -> impl Iterator<Item = (RecordId, ProcTime, Fate)> + '_ {
        let at = |&i: &u32| self.undone[i as usize].again.map_or(ProcTime::MAX, |(at, _)| at);
        let first = self.again.partition_point(|i| at(i) < from);
        let last = self.again.partition_point(|i| at(i) <= to).max(first);
        self.again[first..last].iter().filter_map(|&i| {
            let undone = self.undone[i as usize];
            undone.again.map(|(at, fate)| (undone.record, at, fate))
        })
    }
}

/// When a life ended: the failure that the next life followed was noticed.
fn cancelled_at(row: &RecoveryRow) -> ProcTime {
    row.detected_at.unwrap_or(row.failed_at)
}

fn undone(log: &RecoveryLog) -> Vec<Undone> {
    let mut found: BTreeMap<RecordId, Undone> = BTreeMap::new();
    let mut met: BTreeMap<RecordId, ()> = BTreeMap::new();
    for handling in &log.handlings {
        if let Some(undone) = found.get_mut(&handling.record) {
            // The last one that is not undone itself stands for good.
            if handling.undone_in == NEVER || undone.again.is_none() {
                undone.again = Some((handling.at, handling.fate));
            }
        } else if handling.undone_in != NEVER && met.insert(handling.record, ()).is_none() {
            // A life begins with a recovery: life 1 follows the first.
            let by = (handling.undone_in as usize).checked_sub(1).and_then(|place| log.recoveries.get(place));
            let at = by.map_or(handling.at, cancelled_at);
            found.insert(handling.record, Undone { record: handling.record, at, again: None });
        }
    }
    found.into_values().collect()
}

fn gap(trace: &Trace, log: &RecoveryLog, row: &RecoveryRow) -> Option<Gap> {
    let from = cancelled_at(row);
    let claimed = trace.watermark_at(from);
    claimed.is_finite().then(|| {
        let Some(until) = row.restored_at else {
            return Gap { from, until: None, restored: None, steps: Vec::new() };
        };
        let restored = restored(trace, log, row);
        let steps = steps(trace, log, until, restored, claimed);
        Gap { from, until: Some(until), restored, steps }
    })
}

/// The claim in the state of the checkpoint that was restored: the one after the last record that a task
/// handled before the barrier.
fn restored(trace: &Trace, log: &RecoveryLog, row: &RecoveryRow) -> Option<EventTime> {
    let before = &log.handlings[..log.handlings.partition_point(|it| it.at <= row.failed_at)];
    let last = before.iter().rev().find(|it| it.after < row.checkpoint && it.undone_in == NEVER)?;
    Some(trace.watermark_at(last.at)).filter(|watermark| watermark.is_finite())
}

/// Rises of the claim of the job from `until` on, as far as they are below what had been `claimed`.
fn steps(
    trace: &Trace,
    log: &RecoveryLog,
    until: ProcTime,
    restored: Option<EventTime>,
    claimed: EventTime,
) -> Vec<(ProcTime, EventTime)> {
    let bound = match trace.pipeline.watermark {
        WatermarkSpec::Bounded { bound } => bound,
        WatermarkSpec::Monotonous => Span::ZERO,
        _ => return Vec::new(),
    };
    let first = log.handlings.partition_point(|it| it.at < until);
    let floor = restored.unwrap_or(EventTime::MIN);
    let mut latest: BTreeMap<PartitionId, EventTime> = BTreeMap::new();
    let partitions = (0..trace.stream.len().min(4_096)).map(|i| trace.stream.partition(RecordId(i as u32)));
    latest.extend(partitions.map(|partition| (partition, floor)));
    let (mut steps, mut said) = (Vec::new(), floor);
    for handling in &log.handlings[first..] {
        let partition = trace.stream.partition(handling.record);
        let claim = trace.stream.event_times()[handling.record.index()] - bound;
        let of_partition = latest.entry(partition).or_insert(floor);
        *of_partition = (*of_partition).max(claim);
        let least = latest.values().copied().min().unwrap_or(floor);
        if least > said {
            said = least.min(claimed);
            steps.push((handling.at, said));
        }
        if least >= claimed {
            break;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{RunConfig, run};
    use crate::scenario::library;
    use crate::source::generate;
    use std::sync::Arc;

    fn exactly_once() -> Trace {
        let scenario = library::find("exactly-once").expect("built in").scenario().expect("it reads");
        let stream = Arc::new(generate(&scenario).expect("it generates"));
        run(&stream, &RunConfig::of(&scenario, &stream))
    }

    #[test]
    fn a_record_that_was_undone_is_handled_again_later() {
        let trace = exactly_once();
        let log = trace.recovery.as_ref().expect("it may fail");
        let lives = Lives::of(&trace);
        // By hand: every record whose first handling was undone.
        let mut first: BTreeMap<RecordId, bool> = BTreeMap::new();
        for handling in &log.handlings {
            first.entry(handling.record).or_insert(handling.undone_in != NEVER);
        }
        let expected: Vec<RecordId> = first.iter().filter(|(_, undone)| **undone).map(|(id, _)| *id).collect();
        let found: Vec<RecordId> = lives.undone.iter().map(|undone| undone.record).collect();
        assert!(expected.len() > 100, "{}", expected.len());
        assert_eq!(found, expected);
        for undone in &lives.undone {
            let (again, _) = undone.again.expect("exactly once handles all of them again");
            let first = trace.handled[undone.record.index()];
            assert!(first <= undone.at && undone.at < again, "{first} {} {again}", undone.at);
            assert!(!lives.is_undone(undone.record.index(), first) || first == undone.at);
            assert!(lives.is_undone(undone.record.index(), again));
        }
        let all = lives.handled_again(ProcTime::MIN, ProcTime::MAX);
        let times: Vec<ProcTime> = all.map(|(_, at, _)| at).collect();
        assert_eq!(times.len(), expected.len());
        assert!(times.is_sorted());
    }

    #[test]
    fn the_claim_begins_again_below_and_rises_to_what_it_was() {
        let trace = exactly_once();
        let lives = Lives::of(&trace);
        let recoveries = trace.recovery.as_ref().map_or(0, |log| log.recoveries.len());
        assert_eq!(lives.gaps.len(), recoveries);
        assert!(recoveries >= 5);
        for gap in &lives.gaps {
            let claimed = trace.watermark_at(gap.from);
            let restored = gap.restored.expect("there was a checkpoint");
            assert!(restored < claimed, "{restored} {claimed}");
            assert!(gap.steps.is_sorted());
            let (first, last) = (gap.steps.first().expect("it rises"), gap.steps.last().expect("it rises"));
            assert!(Some(first.0) >= gap.until && first.1 > restored && last.1 == claimed, "{first:?} {last:?}");
        }
    }

    #[test]
    fn a_run_that_never_fails_has_one_life() {
        let trace =
            crate::app::panels::time_map::fixture::trace(200, 2, crate::app::panels::time_map::fixture::tumbling(), 2);
        let lives = Lives::of(&trace);
        assert!(lives.is_empty() && !lives.is_undone(3, ProcTime::MAX));
    }
}
