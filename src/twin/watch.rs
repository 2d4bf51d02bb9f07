//! What can be watched of a run under one guarantee as time goes on: when each record was handled, undone,
//! lost or counted once more. Compact enough to keep for three runs beside each other.

use std::collections::BTreeMap;

use crate::record::RecordId;
use crate::runtime::outcome::{View, repeated};
use crate::runtime::recovery_log::{NEVER, RecoveryRow};
use crate::runtime::{Fate, RecoveryLog, Trace};
use crate::time::{ProcTime, Span};

/// Up to so many handlings are all kept; of longer runs those around failures. 24 bytes each.
const MOST_MARKS: usize = 200_000;

/// A record that was handled, or that was lost before it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When it was handled; when it arrived, where it never was.
    pub at: ProcTime,
    /// Which of [`LANES`] it is drawn in: records that come one after the other are spread.
    pub lane: u8,
    /// What became of it.
    pub fate: MarkFate,
    /// From when on that is so; before, it was counted like all others.
    pub known: ProcTime,
}

/// How many lanes marks are spread over.
pub const LANES: u8 = 5;

/// What became of a handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkFate {
    /// It is in the results.
    Kept,
    /// A restart undid it; the record was read again.
    Undone,
    /// The record is lost.
    Lost,
    /// The record had been counted before, and readers see both.
    Repeated,
}

/// Everything that can be watched of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Failures of the job, in order.
    pub failures: Vec<RecoveryRow>,
    /// Checkpoints that were complete: when each began; in order of their numbers, from 1.
    pub checkpoints: BTreeMap<u32, ProcTime>,
    /// When records were lost, ascending; one for each.
    pub lost: Vec<ProcTime>,
    /// When records were counted once more, ascending; one for each time.
    pub repeated: Vec<ProcTime>,
    /// Handlings, ascending.
    pub marks: Vec<Mark>,
}

impl Watch {
    /// Of a finished run; empty for one that could not fail.
    pub fn of(trace: &Trace) -> Self {
        let Some(log) = trace.recovery.as_deref() else { return Self::default() };
        let mut watch = Self {
            failures: log.recoveries.clone(),
            checkpoints: log
                .checkpoints
                .iter()
                .filter(|row| row.completed.is_some())
                .map(|row| (row.id, row.began))
                .collect(),
            ..Self::default()
        };
        let refated: BTreeMap<RecordId, ProcTime> =
            log.refated.iter().filter(|it| it.after == Fate::Lost).map(|it| (it.record, it.at)).collect();
        let repeats = repeated(trace, View::Committed);
        watch.repeated = repeats.iter().map(|&(_, at)| at).collect();
        watch.repeated.sort_unstable();
        watch.marks = marks(log, &refated, &repeats);
        for (place, _) in trace.fates.iter().enumerate().filter(|(_, fate)| **fate == Fate::Lost) {
            // A stream holds fewer than 2^32 records.
            let id = RecordId(place as u32);
            let known = refated.get(&id).copied();
            watch.lost.push(known.unwrap_or(trace.handled[place]));
            if known.is_none() {
                let (at, known) = (trace.stream.arrivals()[place], trace.handled[place]);
                watch.marks.push(Mark { at, lane: lane(id), fate: MarkFate::Lost, known });
            }
        }
        watch.lost.sort_unstable();
        watch.marks.sort_by_key(|mark| mark.at);
        watch.forget_what_is_far();
        watch
    }

    /// The last failure up to `now`.
    pub fn failure_at(&self, now: ProcTime) -> Option<&RecoveryRow> {
        self.failures[..self.failures.partition_point(|row| row.failed_at <= now)].last()
    }

    /// How many records were lost by `now`.
    pub fn lost_by(&self, now: ProcTime) -> u64 {
        self.lost.partition_point(|at| *at <= now) as u64
    }

    /// How often records were counted once more by `now`.
    pub fn repeated_by(&self, now: ProcTime) -> u64 {
        self.repeated.partition_point(|at| *at <= now) as u64
    }

    /// When the checkpoint began that a failure went back to; `None` for a start from nothing.
    pub fn checkpoint_of(&self, failure: &RecoveryRow) -> Option<ProcTime> {
        self.checkpoints.get(&failure.checkpoint).copied()
    }

    /// The marks from `from` to `until`.
    pub fn marks_within(&self, from: ProcTime, until: ProcTime) -> &[Mark] {
        let first = self.marks.partition_point(|mark| mark.at < from);
        let last = self.marks.partition_point(|mark| mark.at <= until);
        &self.marks[first..last.max(first)]
    }

    fn forget_what_is_far(&mut self) {
        if self.marks.len() <= MOST_MARKS {
            return;
        }
        let near = |row: &RecoveryRow| {
            let until = row.caught_up_at.or(row.restored_at).unwrap_or(row.failed_at);
            let from = self.checkpoint_of(row).unwrap_or(row.failed_at);
            let air = (until - from).max(Span::from_secs(1));
            (from - air, until + air)
        };
        let ranges: Vec<(ProcTime, ProcTime)> = self.failures.iter().map(near).collect();
        self.marks.retain(|mark| ranges.iter().any(|&(from, until)| from <= mark.at && mark.at <= until));
        self.marks.truncate(MOST_MARKS);
    }
}

fn marks(log: &RecoveryLog, lost: &BTreeMap<RecordId, ProcTime>, repeats: &[(usize, ProcTime)]) -> Vec<Mark> {
    let repeats: BTreeMap<usize, ProcTime> = repeats.iter().rev().copied().collect();
    // Life n begins with the restart after failure n.
    let undone_at = |life: u32| {
        let failure = (life as usize).checked_sub(1).and_then(|place| log.recoveries.get(place));
        failure.map_or(ProcTime::MAX, |row| row.failed_at)
    };
    let mark = |(place, it): (usize, &crate::runtime::recovery_log::Handling)| {
        let (fate, known) = match lost.get(&it.record) {
            Some(&known) if it.fate == Fate::Counted => (MarkFate::Lost, known),
            _ if repeats.contains_key(&place) => (MarkFate::Repeated, repeats[&place]),
            _ if it.undone_in != NEVER => (MarkFate::Undone, undone_at(it.undone_in)),
            _ => (MarkFate::Kept, it.at),
        };
        Mark { at: it.at, lane: lane(it.record), fate, known }
    };
    log.handlings.iter().enumerate().map(mark).collect()
}

/// Neighbours in the log lie in lanes apart (Fibonacci hashing; Knuth, volume 3, 6.4).
fn lane(id: RecordId) -> u8 {
    let hash = id.0.wrapping_mul(0x9E37_79B9) >> 16;
    (hash % u32::from(LANES)) as u8
}
