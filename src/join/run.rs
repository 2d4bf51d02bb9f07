//! Runs a join over two whole streams: records come in order of arrival, each input has a watermark of
//! its own, and the smaller of both is that of the join.
//!
//! The pairs are a stream again, in the order in which they come out; its arrivals are the instants at
//! which they do. Nothing here takes time or waits: a join in front of a pipeline is part of its
//! source. At one instant a left record comes before a right one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::join::joined::{JoinFate, Joined};
use crate::join::spec::{JoinKind, JoinRules};
use crate::join::{Admission, IntervalJoin, Pair, Side, TableJoin, WindowJoin};
use crate::pipeline::{AtEnd, WatermarkSpec, WindowSpec};
use crate::production::Production;
use crate::record::{KeyId, KeyTable, PartitionId, Record, RecordId, Row, Stream};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::perfect::to_come;
use crate::watermark::{Generator, Seen};
use crate::window::assigner::Assigner;

/// The stream of pairs that a checked join makes of two streams; how it came about is beside it
/// ([`Stream::joined`]). With [`AtEnd::Flush`] the end of both inputs is the end of time.
///
/// # Panics
/// When the join has [`JoinRules::problems`].
pub fn join(left: Stream, right: Stream, rules: &JoinRules, at_end: AtEnd) -> Stream {
    let mut keys = left.key_table().clone();
    let right = right.with_keys_of(&mut keys);
    let mut run = Run::new(rules, &left, &right);
    while run.step() {}
    if at_end == AtEnd::Flush {
        run.advance(EventTime::MAX);
    }
    let (left_fates, right_fates) = run.fates(rules.kind);
    let (waits, max_kept, pairs) = (run.waits(), run.max_kept, run.pairs);
    if !rules.keyed {
        keys = KeyTable::default();
        keys.intern("");
    }
    let row = |&(at, pair): &(ProcTime, Pair)| Row {
        event_time: pair.event_time,
        arrival: at,
        key: if rules.keyed { pair.key } else { KeyId(0) },
        value: rules.value.of(pair.left.value, pair.right.value),
        partition: PartitionId::default(),
    };
    let stream = Stream::from_rows(pairs.iter().map(row).collect(), keys);
    let kind = rules.kind;
    let is_by_hand = |(_, (_, pair)): &(u32, &(ProcTime, Pair))| left.production().is_by_hand(pair.left.id);
    let by_hand = (0..).zip(&pairs).filter(is_by_hand).map(|(place, _)| RecordId(place)).collect();
    let stream = stream.with_production(Production { by_hand, ..Production::default() });
    stream.made_by_join(Arc::new(Joined { kind, pairs, left, right, left_fates, right_fates, waits, max_kept }))
}

/// The operator of a join.
enum Operator {
    Interval(IntervalJoin),
    Window(WindowJoin),
    Table(Box<TableJoin>),
}

impl Operator {
    fn new(kind: JoinKind) -> Self {
        match kind {
            JoinKind::Interval { lower, upper } => {
                Self::Interval(IntervalJoin::new(lower, upper).expect("the interval of a checked join is not empty"))
            }
            JoinKind::Window(window) => {
                Self::Window(WindowJoin::new(window).expect("the windows of a checked join end"))
            }
            JoinKind::AsOf { ttl } => Self::Table(Box::new(TableJoin::new(ttl))),
        }
    }

    fn kept(&self) -> usize {
        match self {
            Self::Interval(join) => join.kept(),
            Self::Window(join) => join.kept(),
            Self::Table(join) => join.kept(),
        }
    }
}

/// One input.
struct Input<'a> {
    stream: &'a Stream,
    /// How many of its records have come.
    come: usize,
    watermark: Generator,
    /// For a perfect watermark: the smallest event time after each record.
    to_come: Vec<EventTime>,
    /// Per record: in how many pairs it is.
    partners: Vec<u32>,
    /// Per record: whether it took no part.
    is_late: Vec<bool>,
}

impl<'a> Input<'a> {
    fn new(stream: &'a Stream, spec: WatermarkSpec) -> Self {
        let is_perfect = spec == WatermarkSpec::Perfect;
        Self {
            stream,
            come: 0,
            watermark: Generator::new(spec),
            to_come: if is_perfect { to_come(stream.event_times(), 1, |_| 0) } else { Vec::new() },
            partners: vec![0; stream.len()],
            is_late: vec![false; stream.len()],
        }
    }

    fn next_arrival(&self) -> Option<ProcTime> {
        self.stream.arrivals().get(self.come).copied()
    }

    /// What became of every record; `is_over` says whether nothing can come for one any more.
    fn fates(&self, is_over: impl Fn(EventTime) -> bool) -> Vec<JoinFate> {
        let fate = |(i, &t): (usize, &EventTime)| match (self.is_late[i], self.partners[i]) {
            (true, _) => JoinFate::Late,
            (false, 1..) => JoinFate::Matched,
            (false, 0) if is_over(t) => JoinFate::Unmatched,
            (false, 0) => JoinFate::Waiting,
        };
        self.stream.event_times().iter().enumerate().map(fate).collect()
    }
}

struct Run<'a> {
    operator: Operator,
    left: Input<'a>,
    right: Input<'a>,
    /// Of a table: by key and event time, the change that holds from then on.
    changes: BTreeMap<(KeyId, EventTime), RecordId>,
    now: ProcTime,
    watermark: EventTime,
    pairs: Vec<(ProcTime, Pair)>,
    fresh: Vec<Pair>,
    max_kept: usize,
}

impl<'a> Run<'a> {
    fn new(rules: &JoinRules, left: &'a Stream, right: &'a Stream) -> Self {
        Self {
            operator: Operator::new(rules.kind),
            left: Input::new(left, rules.left_watermark),
            right: Input::new(right, rules.right_watermark),
            changes: BTreeMap::new(),
            now: ProcTime::MIN,
            watermark: EventTime::MIN,
            pairs: Vec::new(),
            fresh: Vec::new(),
            max_kept: 0,
        }
    }

    /// Takes the next record of either input. False when there is none.
    fn step(&mut self) -> bool {
        let side = match (self.left.next_arrival(), self.right.next_arrival()) {
            (None, None) => return false,
            (Some(left), Some(right)) if left <= right => Side::Left,
            (Some(_), None) => Side::Left,
            _ => Side::Right,
        };
        let input = match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        };
        let place = input.come;
        // A stream holds fewer than 2^32 records.
        let record = input.stream.record(RecordId(place as u32));
        let arrival = input.stream.arrivals()[place];
        input.come += 1;
        self.now = arrival;
        let admission = self.admit(side, record);
        let input = match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        };
        input.is_late[place] = admission == Admission::Late;
        let seen = Seen {
            id: record.id,
            event_time: record.event_time,
            arrival,
            value: record.value,
            now: arrival,
            to_come: input.to_come.get(place).copied().unwrap_or(EventTime::MAX),
        };
        input.watermark.on_record(&seen, false);
        for input in [&mut self.left, &mut self.right] {
            input.watermark.on_clock(arrival);
        }
        self.take_pairs();
        let merged = self.left.watermark.current().min(self.right.watermark.current());
        if merged > self.watermark {
            self.advance(merged);
        }
        self.max_kept = self.max_kept.max(self.operator.kept());
        true
    }

    fn admit(&mut self, side: Side, record: Record) -> Admission {
        match (&mut self.operator, side) {
            (Operator::Interval(join), side) => join.on_record(side, record, &mut self.fresh),
            (Operator::Window(join), side) => join.on_record(side, record),
            (Operator::Table(join), Side::Left) => join.on_record(record),
            (Operator::Table(join), Side::Right) => {
                let admission = join.on_change(record.key, record.event_time, Some(record.value), self.now);
                if admission == Admission::Kept {
                    self.changes.insert((record.key, record.event_time), record.id);
                }
                admission
            }
        }
    }

    fn advance(&mut self, watermark: EventTime) {
        self.watermark = watermark;
        match &mut self.operator {
            Operator::Interval(join) => join.on_watermark(watermark),
            Operator::Window(join) => join.on_watermark(watermark, &mut self.fresh),
            Operator::Table(join) => {
                let mut enriched = Vec::new();
                join.on_watermark(watermark, self.now, &mut enriched);
                for found in enriched.into_iter().filter(|found| found.row.is_some()) {
                    if let Some(right) = self.row_of(&found.record) {
                        let (left, event_time) = (found.record, found.record.event_time);
                        self.fresh.push(Pair { key: left.key, left, right, event_time });
                    }
                }
            }
        }
        self.take_pairs();
    }

    /// The change that made the row of a record what it was when it happened.
    fn row_of(&self, record: &Record) -> Option<Record> {
        let up_to = (record.key, EventTime::MIN)..=(record.key, record.event_time);
        let (_, &change) = self.changes.range(up_to).next_back()?;
        Some(self.right.stream.record(change))
    }

    fn take_pairs(&mut self) {
        for pair in self.fresh.drain(..) {
            self.left.partners[pair.left.id.index()] += 1;
            self.right.partners[pair.right.id.index()] += 1;
            self.pairs.push((self.now, pair));
        }
    }

    /// What became of the records of both sides.
    fn fates(&self, kind: JoinKind) -> (Vec<JoinFate>, Vec<JoinFate>) {
        let watermark = self.watermark;
        match kind {
            JoinKind::Interval { lower, upper } => {
                (self.left.fates(|t| t + upper < watermark), self.right.fates(|t| t - lower < watermark))
            }
            JoinKind::Window(window) => {
                let has_ended = |t: EventTime| last_end(window, t).is_none_or(|end| end <= watermark);
                (self.left.fates(has_ended), self.right.fates(has_ended))
            }
            // A row is asked for until another takes its place, so nothing is ever over.
            JoinKind::AsOf { .. } => (self.left.fates(|t| t < watermark), self.right.fates(|_| false)),
        }
    }

    /// How long the first record of each pair waited, ascending.
    fn waits(&self) -> Vec<Span> {
        let wait = |(at, pair): &(ProcTime, Pair)| {
            let left = self.left.stream.arrivals()[pair.left.id.index()];
            let right = self.right.stream.arrivals()[pair.right.id.index()];
            *at - left.min(right)
        };
        let mut waits: Vec<Span> = self.pairs.iter().map(wait).collect();
        waits.sort_unstable();
        waits
    }
}

/// When the last window of an event time ends; `None` when it falls in none.
fn last_end(window: WindowSpec, t: EventTime) -> Option<EventTime> {
    let mut windows = Vec::new();
    if let Some(assigner) = Assigner::new(window) {
        assigner.windows(t, &mut windows);
    }
    windows.into_iter().map(|window| window.end).max()
}
