//! One window task as a pure machine: it merges the watermarks of its channels with the valve and runs
//! the window operator.
//!
//! A batch is handled as the elements that it stands for, one by one: records at the instant at which
//! the batch was taken, each mark in its place. Marks between two records are passed over where that
//! changes nothing: nothing fires while the watermark stays below what the operator waits for, and of
//! several rises the operator then needs the last one alone.

use crate::pipeline::{LatePolicy, Pipeline, WindowSpec};
use crate::record::Record;
use crate::runtime::Fate;
use crate::runtime::threads::batch::{Batch, Mark, Piece};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{BoundedWatermark, Emitted, Valve};
use crate::window::aggregate::Accumulator;
use crate::window::dialect::Dialect;
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome, WindowOperator};
use crate::window::sink::WindowSink;

/// What became of the records of a window task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowTally {
    /// In at least one window.
    pub counted: u64,
    /// Every window of it was gone, or took no more records.
    pub dropped_late: u64,
    /// As dropped, but it went to the side output.
    pub side_output: u64,
    /// In no window (slide > size).
    pub unassigned: u64,
    /// Behind the watermark that met them, dropped or not.
    pub behind: u64,
    /// Most (key, window) states kept at once; looked at after every batch.
    pub max_kept: u64,
    /// Most bytes that a special aggregate kept beside its summaries; looked at after every batch.
    pub max_special_bytes: u64,
}

impl WindowTally {
    /// Records handled.
    pub const fn handled(&self) -> u64 {
        self.counted + self.dropped_late + self.side_output + self.unassigned
    }
}

/// One window task.
#[derive(Debug)]
pub struct WindowTask<A> {
    operator: WindowOperator<A>,
    valve: Valve,
    /// In the dialect Kafka Streams every task has a stream time of its own, and no other watermark.
    stream_time: Option<BoundedWatermark>,
    late: LatePolicy,
    allowed_lateness: Span,
    /// Whether records may be handled many at once: the fast operators, where every record has a window.
    in_stretches: bool,

    tally: WindowTally,
    /// Instants of processing time ascend.
    now: ProcTime,
}

impl<A: Accumulator> WindowTask<A> {
    /// A task of a checked pipeline with so many channels, before its first batch.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`].
    pub fn new(pipeline: &Pipeline, channels: usize) -> Self {
        let operator = WindowOperator::keeping(pipeline);
        let is_fast =
            matches!(operator, WindowOperator::Aligned(_) | WindowOperator::Sliced(_) | WindowOperator::Session(_));
        let has_gaps = matches!(pipeline.window, WindowSpec::Sliding { size, slide, .. } if slide > size);
        let is_kafka = pipeline.dialect == Dialect::KafkaStreams;
        Self {
            operator,
            valve: Valve::new(channels),
            stream_time: is_kafka.then(|| BoundedWatermark::new(Span::ZERO)),
            late: pipeline.late,
            allowed_lateness: pipeline.allowed_lateness,
            in_stretches: is_fast && !has_gaps,
            tally: WindowTally::default(),
            now: ProcTime::MIN,
        }
    }

    /// What became of the records so far.
    pub const fn tally(&self) -> &WindowTally {
        &self.tally
    }

    /// The watermark of the task; [`EventTime::MIN`] before the first.
    pub fn watermark(&self) -> EventTime {
        self.stream_time.as_ref().map_or(self.valve.output(), BoundedWatermark::current)
    }

    /// How many windows are kept that have never fired a pane. O(kept).
    pub fn unfired(&self) -> u64 {
        let mut unfired = 0;
        self.operator.visit_kept(|kept| unfired += u64::from(kept.panes == 0));
        unfired
    }

    /// When [`WindowTask::pass_time`] has something to do, once that instant is past.
    pub fn next_timer(&self) -> Option<ProcTime> {
        self.operator.next_timer()
    }

    /// Time has come to `now`: the timers before it fire, at the instants they were set for.
    pub fn pass_time<S: WindowSink>(&mut self, now: ProcTime, sink: &mut S) {
        while let Some(timer) = self.operator.next_timer() {
            let at = timer.max(self.now);
            if at >= now {
                break;
            }
            self.now = at;
            self.operator.on_processing_time(at, sink);
        }
        self.now = self.now.max(now);
    }

    /// Handles the elements of a batch that was taken from a channel at `now`. Instants ascend.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn on_batch<S: WindowSink>(&mut self, channel: usize, batch: &Batch, now: ProcTime, sink: &mut S) {
        self.pass_time(now, sink);
        if self.stream_time.is_some() {
            batch.records.iter().for_each(|record| self.on_record_of_kafka(record, sink));
        } else {
            for piece in batch.pieces() {
                match piece {
                    Piece::Records(records) => self.on_records(records, sink),
                    Piece::Marks(marks) => self.on_marks(channel, marks, sink),
                }
            }
        }
        self.tally.max_kept = self.tally.max_kept.max(self.operator.kept() as u64);
        self.tally.max_special_bytes = self.tally.max_special_bytes.max(self.operator.special_bytes() as u64);
    }

    /// Records without a mark between them.
    fn on_records<S: WindowSink>(&mut self, records: &[Record], sink: &mut S) {
        let met = self.valve.output();
        if !self.in_stretches {
            for record in records {
                let outcome = self.operator.on_record(record, self.now, sink);
                self.settle(record, outcome, met);
            }
            return;
        }
        let is_behind = |record: &&Record| lateness::is_behind(record.event_time, met);
        self.tally.behind += records.iter().filter(is_behind).count() as u64;
        let tally = self.operator.on_batch(records, self.now, |_| None, sink);
        self.tally.counted += tally.counted;
        match self.late {
            LatePolicy::Drop => self.tally.dropped_late += tally.gone,
            LatePolicy::SideOutput => self.tally.side_output += tally.gone,
        }
        self.tally.unassigned += tally.unassigned;
    }

    fn on_record_of_kafka<S: WindowSink>(&mut self, record: &Record, sink: &mut S) {
        let met = self.watermark();
        let outcome = self.operator.on_record(record, self.now, sink);
        self.settle(record, outcome, met);
        if let Some(watermark) = self.stream_time.as_mut().and_then(|time| time.observe(record.event_time)) {
            self.operator.on_watermark(&Advance { watermark, now: self.now, cause: Some(record.id) }, sink);
        }
    }

    fn settle(&mut self, record: &Record, outcome: Outcome, met: EventTime) {
        self.tally.behind += u64::from(lateness::is_behind(record.event_time, met));
        let fate = fate_of(record, outcome, met, self.late, self.allowed_lateness);
        let count = match fate {
            Fate::Counted => &mut self.tally.counted,
            Fate::DroppedLate => &mut self.tally.dropped_late,
            Fate::SideOutput => &mut self.tally.side_output,
            Fate::Unassigned => &mut self.tally.unassigned,
        };
        *count += 1;
    }

    /// Marks without a record between them.
    ///
    /// Rises of one source ascend, and what comes out of the valve is never above what goes in: a rise
    /// below what the operator waits for fires nothing, and a later one says everything it says.
    fn on_marks<S: WindowSink>(&mut self, channel: usize, marks: &[Mark], sink: &mut S) {
        for mut same in marks.chunk_by(|a, b| a.watermark().is_some() && b.watermark().is_some()) {
            while let [.., last] = same {
                let due = self.operator.next_due();
                let quiet = same.partition_point(|mark| mark.watermark().is_some_and(|watermark| watermark < due));
                let Some(mark) = same.get(quiet) else {
                    self.on_mark(channel, *last, sink);
                    break;
                };
                self.on_mark(channel, *mark, sink);
                same = &same[quiet + 1..];
            }
        }
    }

    fn on_mark<S: WindowSink>(&mut self, channel: usize, mark: Mark, sink: &mut S) {
        let (Emitted { watermark, .. }, cause) = match mark {
            Mark::Rise { watermark, cause } => (self.valve.on_watermark(channel, watermark), cause),
            Mark::Status(status) => (self.valve.on_status(channel, status), None),
        };
        if let Some(watermark) = watermark {
            self.operator.on_watermark(&Advance { watermark, now: self.now, cause }, sink);
        }
    }
}

/// Where a record ends up; `met` is the watermark that met it.
fn fate_of(record: &Record, outcome: Outcome, met: EventTime, late: LatePolicy, allowed_lateness: Span) -> Fate {
    let is_late = lateness::is_late(record.event_time, allowed_lateness, met);
    match (outcome.counted, outcome.assigned, late) {
        (1.., _, _) => Fate::Counted,
        (0, 0, _) if !is_late => Fate::Unassigned,
        (_, _, LatePolicy::Drop) => Fate::DroppedLate,
        (_, _, LatePolicy::SideOutput) => Fate::SideOutput,
    }
}
