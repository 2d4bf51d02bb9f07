//! Stream-table join as of event time: a record joins the version of its key's row that was valid
//! when the record happened, whichever of the two arrived first.
//!
//! A record waits until the watermark has passed its event time; then every change up to there is
//! known, and the answer is final. That is the event-time temporal join of Apache Flink SQL
//! (`FOR SYSTEM_TIME AS OF`), and what keeps training data free of values from the future. The table
//! keeps, per key, its changes from the last one that is not after the watermark on.
//!
//! A table grows with its keys, so a row may have a time to live ([`StateTtl`]): it goes, with all its
//! changes, when none has come for so long (and, where asked, no record has been joined with it). Then
//! a record finds no row. Records that wait have none: each is joined when the watermark comes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::join::Admission;
use crate::record::{KeyId, Record, RecordId};
use crate::state::{ExpiringMap, StateTtl};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::lateness;

/// A record with the row that was valid when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enriched {
    /// The record.
    pub record: Record,
    /// The change that made the row what it was; `None` before the first change of the key, after one
    /// that deleted the row, and when the row has expired.
    pub row: Option<f64>,
}

/// A keyed stream joined with a keyed table that changes in event time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableJoin {
    /// Changes by key and event time: the new row, or `None` for a deletion.
    rows: ExpiringMap<KeyId, BTreeMap<EventTime, Option<f64>>>,
    /// Records that wait for the watermark, by event time, then arrival.
    waiting: BTreeMap<(EventTime, RecordId), Record>,
    watermark: EventTime,
}

impl Default for TableJoin {
    fn default() -> Self {
        Self::new(None)
    }
}

impl TableJoin {
    /// An empty table and nothing that waits. Without a time to live, rows stay until they are deleted.
    pub const fn new(ttl: Option<StateTtl>) -> Self {
        Self { rows: ExpiringMap::new(ttl), waiting: BTreeMap::new(), watermark: EventTime::MIN }
    }

    /// The row of `key` changes at `event_time`; `None` deletes it. Of two changes at one instant the
    /// one that arrives later holds. `now` is processing time; it ascends from call to call.
    pub fn on_change(&mut self, key: KeyId, event_time: EventTime, row: Option<f64>, now: ProcTime) -> Admission {
        if lateness::is_behind(event_time, self.watermark) {
            return Admission::Late;
        }
        self.rows.write(&key, now).insert(event_time, row);
        Admission::Kept
    }

    /// A record comes; it is joined once the watermark has passed its event time.
    pub fn on_record(&mut self, record: Record) -> Admission {
        if lateness::is_behind(record.event_time, self.watermark) {
            return Admission::Late;
        }
        self.waiting.insert((record.event_time, record.id), record);
        Admission::Kept
    }

    /// Joins every record that happened before the watermark, by event time, then arrival, and drops
    /// the changes that nothing can need any more. Watermarks ascend, and so does processing time.
    pub fn on_watermark(&mut self, watermark: EventTime, now: ProcTime, joined: &mut Vec<Enriched>) {
        self.watermark = watermark;
        let still_waiting = self.waiting.split_off(&(watermark, RecordId(0)));
        for record in std::mem::replace(&mut self.waiting, still_waiting).into_values() {
            joined.push(Enriched { record, row: self.row_at(record.key, record.event_time, now) });
        }
        self.rows.sweep(now);
        self.rows.tidy(|versions| {
            let last_before = versions.range(..=watermark).next_back().map(|(&t, _)| t);
            if let Some(last) = last_before {
                *versions = versions.split_off(&last);
            }
            // A row that is deleted for good is no row.
            versions.len() > 1 || versions.first_key_value().is_some_and(|(&t, row)| row.is_some() || t >= watermark)
        });
    }

    /// The row of a key as of an instant that is not behind the watermark by more than a moment.
    fn row_at(&mut self, key: KeyId, t: EventTime, now: ProcTime) -> Option<f64> {
        let versions = self.rows.read(&key, now)?;
        *versions.range(..=t).next_back()?.1
    }

    /// How many changes and waiting records are kept.
    pub fn kept(&self) -> usize {
        self.waiting.len() + self.rows.values().map(BTreeMap::len).sum::<usize>()
    }

    /// When the next row expires, if nothing touches it before.
    pub fn next_expiry(&self) -> Option<ProcTime> {
        self.rows.next_expiry()
    }

    /// Frees the memory of rows that have expired; no answer depends on it. How many that was.
    pub fn sweep(&mut self, now: ProcTime) -> usize {
        self.rows.sweep(now)
    }

    /// The latest event time whose answers are final: one step before the watermark.
    pub fn final_up_to(&self) -> EventTime {
        self.watermark - Span::from_micros(1)
    }
}
