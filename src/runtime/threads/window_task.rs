//! One window task as a pure machine: it merges the watermarks of its channels with the valve and runs
//! the window operator.
//!
//! A batch is handled as the elements that it stands for, one by one: records at the instant at which
//! the batch was taken, each mark in its place. Marks between two records are passed over where that
//! changes nothing: nothing fires while the watermark stays below what the operator waits for, and of
//! several rises the operator then needs the last one alone.

use std::sync::Arc;

use crate::pipeline::{LatePolicy, Pipeline, WindowSpec};
use crate::record::{Record, RecordId};
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
    /// Of those that were counted, the copies that a producer wrote again.
    pub copies_counted: u64,
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
    /// Records that are copies of others, ascending.
    copies: Arc<[RecordId]>,

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
            copies: Arc::new([]),
            tally: WindowTally::default(),
            now: ProcTime::MIN,
        }
    }

    /// Tells records apart that are copies of others; these, ascending.
    #[must_use]
    pub fn knowing_copies(self, copies: &Arc<[RecordId]>) -> Self {
        let in_stretches = self.in_stretches && copies.is_empty();
        Self { in_stretches, copies: Arc::clone(copies), ..self }
    }

    /// What became of the records so far.
    pub const fn tally(&self) -> &WindowTally {
        &self.tally
    }

    /// The watermark of the task; [`EventTime::MIN`] before the first.
    pub fn watermark(&self) -> EventTime {
        self.stream_time.as_ref().map_or(self.valve.output(), BoundedWatermark::current)
    }

    /// How many windows are kept, of all keys.
    pub fn kept(&self) -> usize {
        self.operator.kept()
    }

    /// Bytes that a special aggregate keeps beside the summaries.
    pub fn special_bytes(&self) -> usize {
        self.operator.special_bytes()
    }

    /// Shows every window that is kept. O(kept).
    pub fn visit_kept(&self, visit: impl FnMut(crate::window::sink::Kept)) {
        self.operator.visit_kept(visit);
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
        let is_late = lateness::is_late(record.event_time, self.allowed_lateness, met);
        let count = match (outcome.counted, outcome.assigned, self.late) {
            (1.., _, _) => &mut self.tally.counted,
            (0, 0, _) if !is_late => &mut self.tally.unassigned,
            (_, _, LatePolicy::Drop) => &mut self.tally.dropped_late,
            (_, _, LatePolicy::SideOutput) => &mut self.tally.side_output,
        };
        *count += 1;
        let is_copy = outcome.counted > 0 && self.copies.binary_search(&record.id).is_ok();
        self.tally.copies_counted += u64::from(is_copy);
    }

    /// Marks without a record between them.
    ///
    /// Rises of one source ascend, and what comes out of the valve is never above what goes in. So a
    /// rise below what the operator waits for fires nothing, and of several of them in a row the last
    /// one says everything.
    fn on_marks<S: WindowSink>(&mut self, channel: usize, marks: &[Mark], sink: &mut S) {
        for mut same in marks.chunk_by(|a, b| a.watermark().is_some() && b.watermark().is_some()) {
            while !same.is_empty() {
                let due = self.operator.next_due();
                let quiet = same.partition_point(|mark| mark.watermark().is_some_and(|watermark| watermark < due));
                if let Some(last) = quiet.checked_sub(1) {
                    self.on_mark(channel, same[last], sink);
                    same = &same[quiet..];
                } else {
                    self.on_mark(channel, same[0], sink);
                    same = &same[1..];
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::WatermarkSpec;
    use crate::record::KeyId;
    use crate::rng::{Draws, Seed};
    use crate::runtime::threads::batch::Cut;
    use crate::watermark::InputStatus;
    use crate::window::accumulation::Accumulation;
    use crate::window::aggregate::Summary;
    use crate::window::pane::Pane;
    use crate::window::trigger::TriggerSpec;

    /// The elements of a batch one by one, through the valve and the operator and nothing else.
    struct OneByOne {
        operator: WindowOperator,
        valve: Valve,
        panes: Vec<Pane>,
    }

    impl OneByOne {
        fn on_batch(&mut self, channel: usize, batch: &Batch, now: ProcTime) {
            let (mut cuts, mut seen) = (batch.cuts.iter().peekable(), 0);
            for (i, record) in batch.records.iter().enumerate() {
                if let Some(cut) = cuts.next_if(|cut| cut.records as usize == i) {
                    (seen..cut.marks).for_each(|mark| self.on_mark(channel, batch.marks[mark as usize], now));
                    seen = cut.marks;
                }
                self.operator.on_record(record, now, &mut self.panes);
            }
            (seen..batch.marks.len() as u32).for_each(|mark| self.on_mark(channel, batch.marks[mark as usize], now));
        }

        fn on_mark(&mut self, channel: usize, mark: Mark, now: ProcTime) {
            let (emitted, cause) = match mark {
                Mark::Rise { watermark, cause } => (self.valve.on_watermark(channel, watermark), cause),
                Mark::Status(status) => (self.valve.on_status(channel, status), None),
            };
            if let Some(watermark) = emitted.watermark {
                self.operator.on_watermark(&Advance { watermark, now, cause }, &mut self.panes);
            }
        }
    }

    /// A batch of records and ascending watermarks, with the source idle now and then.
    fn batch(draws: &mut Draws, watermark: &mut i64, next_id: &mut u32) -> Batch {
        let (mut batch, mut marks) = (Batch::default(), Vec::new());
        for _ in 0..draws.integer(0, 30) {
            if draws.integer(1, 3) == 1 {
                if batch.cuts.last().is_none_or(|cut| (cut.marks as usize) < marks.len()) && !marks.is_empty() {
                    batch.cuts.push(Cut { records: batch.records.len() as u32, marks: marks.len() as u32 });
                }
                batch.records.push(Record {
                    id: RecordId(*next_id),
                    event_time: EventTime::from_micros(*watermark + draws.integer(-15, 30)),
                    key: KeyId(draws.integer(0, 3) as u32),
                    value: draws.integer(0, 9) as f64,
                });
                *next_id += 1;
            } else if draws.integer(1, 12) == 1 {
                marks.push(Mark::Status(InputStatus::Idle));
                marks.push(Mark::Status(InputStatus::Active));
            } else {
                *watermark += draws.integer(1, 4);
                let cause = next_id.checked_sub(1).map(RecordId);
                marks.push(Mark::Rise { watermark: EventTime::from_micros(*watermark), cause });
            }
        }
        batch.marks = marks.into();
        batch
    }

    fn pipeline(draws: &mut Draws) -> Pipeline {
        let span = |micros| Span::from_micros(micros);
        let (size, slide) = (draws.integer(1, 25), draws.integer(1, 25));
        let window = match draws.integer(0, 3) {
            0 => WindowSpec::Tumbling { size: span(size), offset: Span::ZERO },
            1 => WindowSpec::Sliding { size: span(size), slide: span(slide), offset: Span::ZERO },
            2 => WindowSpec::Session { gap: span(size) },
            _ => WindowSpec::Cumulative { max: span(slide * 3), step: span(slide), offset: Span::ZERO },
        };
        let (dialect, trigger) = match draws.integer(0, 4) {
            0 | 1 => (Dialect::Flink, TriggerSpec::Default),
            2 => (Dialect::Flink, TriggerSpec::ContinuousEventTime(span(slide))),
            3 => (Dialect::Beam, TriggerSpec::Default),
            _ => (Dialect::AzureStreamAnalytics, TriggerSpec::Default),
        };
        let is_azure = dialect == Dialect::AzureStreamAnalytics;
        Pipeline {
            window,
            dialect,
            trigger,
            watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
            allowed_lateness: if is_azure { Span::ZERO } else { span(draws.integer(0, 1) * draws.integer(0, 20)) },
            accumulation: match draws.integer(0, 2) {
                0 if !is_azure => Accumulation::Discarding,
                1 if !is_azure => Accumulation::AccumulatingAndRetracting,
                _ => Accumulation::Accumulating,
            },
            ..Pipeline::default()
        }
    }

    #[test]
    fn a_batch_is_its_elements_one_by_one() {
        let mut fired = 0;
        for seed in 0..600 {
            let mut draws = Seed::new(seed).stream("batches");
            let pipeline = pipeline(&mut draws);
            if !pipeline.problems().is_empty() {
                continue;
            }
            let channels = draws.integer(1, 3) as usize;
            let mut task: WindowTask<Summary> = WindowTask::new(&pipeline, channels);
            let valve = Valve::new(channels);
            let mut one_by_one = OneByOne { operator: WindowOperator::new(&pipeline), valve, panes: Vec::new() };
            let (mut panes, mut watermarks, mut next_id) = (Vec::<Pane>::new(), vec![0; channels], 0);
            for step in 0..20 {
                let channel = draws.integer(1, channels as i64) as usize - 1;
                let batch = batch(&mut draws, &mut watermarks[channel], &mut next_id);
                let now = ProcTime::from_micros(step);
                task.on_batch(channel, &batch, now, &mut panes);
                one_by_one.on_batch(channel, &batch, now);
                assert_eq!(panes.len(), one_by_one.panes.len(), "seed {seed}, step {step}: {pipeline:?}");
                assert!(panes == one_by_one.panes, "seed {seed}, step {step}: {pipeline:?}");
                assert_eq!(task.watermark(), one_by_one.valve.output());
            }
            assert_eq!(task.tally().handled(), u64::from(next_id));
            fired += panes.len();
        }
        assert!(fired > 20_000, "{fired}");
    }

    #[test]
    fn every_record_has_one_fate_and_late_ones_are_behind() {
        let window =
            WindowSpec::Sliding { size: Span::from_micros(5), slide: Span::from_micros(10), offset: Span::ZERO };
        let pipeline = Pipeline { window, late: LatePolicy::SideOutput, ..Pipeline::default() };
        let mut task: WindowTask<Summary> = WindowTask::new(&pipeline, 1);
        let record = |(id, micros): (u32, i64)| Record {
            id: RecordId(id),
            event_time: EventTime::from_micros(micros),
            key: KeyId(0),
            value: 1.0,
        };
        // [0, 5) and [20, 25) hold the first and the last; 7 is between windows, and so is 6, but late.
        let records: Vec<Record> = (0..).zip([1, 7, 2, 6, 21]).map(record).collect();
        let marks = [Mark::Rise { watermark: EventTime::from_micros(10), cause: Some(RecordId(1)) }];
        let batch = Batch { records, cuts: vec![Cut { records: 2, marks: 1 }], marks: marks.into() };
        let mut panes: Vec<Pane> = Vec::new();
        task.on_batch(0, &batch, ProcTime::EPOCH, &mut panes);
        let tally =
            WindowTally { counted: 2, side_output: 2, unassigned: 1, behind: 2, max_kept: 1, ..WindowTally::default() };
        assert_eq!((*task.tally(), panes.len(), task.unfired()), (tally, 1, 1));
    }
}
