//! Interval join: left and right join when `left + lower <= right <= left + upper` in event time.
//!
//! Both sides are kept until the watermark passes the last event time that they could join. A pair
//! is emitted when its second record comes. The semantics of Apache Flink's `IntervalJoinOperator`:
//! records behind the watermark take no part, and a pair carries the later of its two event times.
//! The watermark bounds the state, so there is no time to live ([`crate::state::ttl`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::join::{Admission, Pair, Side};
use crate::record::{KeyId, Record, RecordId};
use crate::time::{EventTime, Span};
use crate::window::lateness;

/// Records of one side by key, then event time, then arrival.
type Buffer = BTreeMap<(KeyId, EventTime, RecordId), Record>;

/// An interval join of two keyed streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalJoin {
    lower: Span,
    upper: Span,

    left: Buffer,
    right: Buffer,
    watermark: EventTime,
}

impl IntervalJoin {
    /// A join without state; `None` when `lower` is after `upper`, an interval that nothing is in.
    pub fn new(lower: Span, upper: Span) -> Option<Self> {
        (lower <= upper).then(|| Self {
            lower,
            upper,
            left: Buffer::new(),
            right: Buffer::new(),
            watermark: EventTime::MIN,
        })
    }

    /// Joins a record with everything that it can join by now. Pairs come by event time of the other
    /// record, then by its arrival.
    pub fn on_record(&mut self, side: Side, record: Record, pairs: &mut Vec<Pair>) -> Admission {
        if lateness::is_behind(record.event_time, self.watermark) {
            return Admission::Late;
        }
        let t = record.event_time;
        let (others, from, to) = match side {
            Side::Left => (&self.right, t + self.lower, t + self.upper),
            Side::Right => (&self.left, t - self.upper, t - self.lower),
        };
        let range = (record.key, from, RecordId(0))..=(record.key, to, RecordId(u32::MAX));
        pairs.extend(others.range(range).map(|(_, &other)| pair(side, record, other)));
        let buffer = match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        };
        buffer.insert((record.key, t, record.id), record);
        Admission::Kept
    }

    /// Drops what no record from now on can join. Watermarks ascend.
    pub fn on_watermark(&mut self, watermark: EventTime) {
        self.watermark = watermark;
        let (lower, upper) = (self.lower, self.upper);
        // A right record to come has event time >= W, so a left one is needed while left + upper >= W.
        self.left.retain(|(_, t, _), _| *t + upper >= watermark);
        self.right.retain(|(_, t, _), _| *t - lower >= watermark);
    }

    /// How many records are kept.
    pub fn kept(&self) -> usize {
        self.left.len() + self.right.len()
    }
}

fn pair(side: Side, record: Record, other: Record) -> Pair {
    let (left, right) = match side {
        Side::Left => (record, other),
        Side::Right => (other, record),
    };
    Pair { key: record.key, left, right, event_time: left.event_time.max(right.event_time) }
}
