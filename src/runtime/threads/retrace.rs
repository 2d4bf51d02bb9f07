//! From the recorded order of a run on threads to the record of a run in virtual time, so that whatever
//! reads a [`Trace`] reads both. What the tasks did is taken again element by element, all tasks in the
//! order of their clocks; the panes are those of the run.
//!
//! When a record was taken out of its channel was not written down: it counts as taken so long before it
//! was handled as its task works on one. From that follows when there was room for the next, and so how
//! long the sources waited; how long window tasks waited for the sink is not known.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::gate::GatePolicy;
use crate::record::{Record, RecordId, Stream};
use crate::runtime::threads::batch::{Batch, Mark, Message, Piece};
use crate::runtime::threads::layout::Layout;
use crate::runtime::threads::order::{InputOrder, Recorded};
use crate::runtime::threads::replay::{ReplayError, Sources};
use crate::runtime::threads::window_task::{WindowTally, WindowTask};
use crate::runtime::trace::{Fate, TaskWatermark, WindowEnd};
use crate::runtime::virtual_time::finish::complete;
use crate::runtime::virtual_time::recorder::{Recorder, settle_life};
use crate::runtime::{TaskId, Trace, WatermarkStep};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aggregate::Summary;
use crate::window::pane::WindowId;

/// Takes the recorded order of a run over `stream` again, and writes everything down. O(n), and the
/// number of tasks for every message.
///
/// # Errors
/// When the order is not one of this stream and configuration.
pub fn retrace(recorded: &Recorded, stream: &Arc<Stream>) -> Result<Trace, ReplayError> {
    let config = &recorded.config;
    if !config.problems_with(stream).is_empty() {
        return Err(ReplayError::Configuration);
    }
    if [recorded.sources.len(), recorded.windows.len()] != [config.sources(), config.windows()] {
        return Err(ReplayError::Tasks);
    }
    let layout = Layout::new(config, stream);
    let mut sources = Sources::new(recorded, &layout);
    let mut tasks: Vec<Task<'_>> = recorded.windows.iter().map(|order| Task::new(order, &layout, recorded)).collect();
    let mut writer = Writer::new(stream, recorded);
    // The task with the earliest clock goes first, so that everything is written down in order of time.
    while let Some(number) = earliest(&tasks) {
        let task = &mut tasks[number];
        let timer = task.timer();
        let mut recorder = Recorder::new(&mut writer.trace, &mut task.ids, false);
        match task.next {
            Some((source, at)) if timer.is_none() => {
                task.next = task.messages.next();
                let (sent_at, message) = sources.next(source, number)?;
                match message {
                    Message::End => task.machine.pass_time(at, &mut recorder),
                    Message::Data(batch) => {
                        let when = writer.pass(source, number, &batch, Instants { sent_at, at });
                        for element in elements(&batch) {
                            writer.take(number, &mut tasks, source, &element, when);
                        }
                    }
                }
            }
            _ => {
                // A timer goes off when its instant is past.
                let at = timer.unwrap_or(ProcTime::MIN);
                task.machine.pass_time(at + Span::from_micros(1), &mut recorder);
            }
        }
    }
    Ok(writer.finish(&tasks, recorded, &layout))
}

/// A window task, and what it has not taken.
struct Task<'a> {
    machine: WindowTask<Summary>,
    /// The identities of its windows in the trace.
    ids: Vec<WindowId>,
    messages: Box<dyn Iterator<Item = (usize, ProcTime)> + 'a>,
    next: Option<(usize, ProcTime)>,
    watermark: EventTime,
}

impl<'a> Task<'a> {
    fn new(order: &'a InputOrder, layout: &Layout, recorded: &Recorded) -> Self {
        let mut messages = Box::new(order.messages()) as Box<dyn Iterator<Item = (usize, ProcTime)> + 'a>;
        let next = messages.next();
        let machine = layout.window(&recorded.config);
        Self { machine, ids: Vec::new(), messages, next, watermark: EventTime::MIN }
    }

    /// The timer that goes off before the next message.
    fn timer(&self) -> Option<ProcTime> {
        let (_, at) = self.next?;
        self.machine.next_timer().filter(|&timer| timer < at)
    }

    /// When it does something next.
    fn acts_at(&self) -> Option<ProcTime> {
        let (_, at) = self.next?;
        Some(self.timer().unwrap_or(at))
    }
}

fn earliest(tasks: &[Task<'_>]) -> Option<usize> {
    let acting = tasks.iter().enumerate().filter_map(|(number, task)| Some((task.acts_at()?, number)));
    acting.min().map(|(_, number)| number)
}

/// The elements of a batch, each as a batch of its own: they are the same to a window task.
fn elements(batch: &Batch) -> Vec<Batch> {
    let one = |record: &Record| Batch { records: vec![*record], ..Batch::default() };
    let mark = |mark: &Mark| Batch { marks: Arc::new([*mark]), ..Batch::default() };
    let of_piece = |piece: Piece<'_>| -> Vec<Batch> {
        match piece {
            Piece::Records(records) => records.iter().map(one).collect(),
            Piece::Marks(marks) => marks.iter().map(mark).collect(),
        }
    };
    batch.pieces().flat_map(of_piece).collect()
}

/// When a batch was put into its channel, and when it was handled.
#[derive(Clone, Copy)]
struct Instants {
    sent_at: ProcTime,
    at: ProcTime,
}

/// A channel from a source to a window task.
#[derive(Default)]
struct Passed {
    /// When the last batches were taken out of it: as many as it holds.
    taken: VecDeque<ProcTime>,
}

/// What has been written down.
struct Writer<'a> {
    trace: Trace,
    /// By place in the trace: the place of the record in order of arrival.
    order: Vec<u32>,
    recorded: &'a Recorded,
    least: EventTime,
    /// By source and window task.
    channels: Vec<Passed>,
    /// By source: its last wait in the trace.
    last_waits: Vec<Option<usize>>,
}

impl<'a> Writer<'a> {
    fn new(stream: &Arc<Stream>, recorded: &'a Recorded) -> Self {
        let mut trace = Trace::empty(Arc::clone(stream), recorded.config.pipeline.clone());
        trace.is_live = true;
        let (sources, windows) = (recorded.sources.len(), recorded.windows.len());
        Self {
            trace,
            order: Vec::with_capacity(stream.len()),
            recorded,
            least: EventTime::MIN,
            channels: (0..sources * windows).map(|_| Passed::default()).collect(),
            last_waits: vec![None; sources],
        }
    }

    fn has_several(&self) -> bool {
        self.recorded.windows.len() > 1
    }

    /// A batch goes through a channel. It was put in when there was room: as soon as it was there, or when the
    /// one was taken out that was as many before it as the channel holds.
    fn pass(&mut self, source: usize, window: usize, batch: &Batch, when: Instants) -> Instants {
        let work = self.recorded.config.work.as_ref().and_then(|work| work.windows.get(window));
        let took = |record: &Record| work.map_or(Span::ZERO, |service| service.of(record.id.0, when.at));
        let all = batch.records.iter().map(took).fold(Span::ZERO, |sum, one| sum + one);
        let capacity = self.recorded.config.channel_batches as usize;
        let passed = &mut self.channels[source * self.recorded.windows.len() + window];
        let room_at = if passed.taken.len() < capacity { None } else { passed.taken.pop_front() };
        let sent_at = room_at.map_or(when.sent_at, |room_at| room_at.max(when.sent_at)).min(when.at);
        passed.taken.push_back((when.at - all).max(sent_at));
        let waited_from = when.sent_at.min(sent_at);
        let (task, on) = (TaskId::source(source), TaskId::window(window));
        self.trace.note_wait(&mut self.last_waits[source], task, on, waited_from, sent_at);
        Instants { sent_at, ..when }
    }

    /// A window task takes one element.
    fn take(&mut self, number: usize, tasks: &mut [Task<'_>], source: usize, element: &Batch, when: Instants) {
        let task = &mut tasks[number];
        let (met, before) = (task.machine.watermark(), *task.machine.tally());
        let mut recorder = Recorder::new(&mut self.trace, &mut task.ids, false);
        task.machine.on_batch(source, element, when.at, &mut recorder);
        let (tally, watermark) = (*task.machine.tally(), task.machine.watermark());
        let has_risen = watermark > task.watermark;
        task.watermark = watermark;
        let kept: usize = tasks.iter().map(|task| task.machine.kept()).sum();
        let special: usize = tasks.iter().map(|task| task.machine.special_bytes()).sum();
        self.trace.max_special_bytes = self.trace.max_special_bytes.max(special);
        let record = element.records.first();
        if let Some(record) = record {
            self.settle(number, record.id, fate_of(before, tally), met, when);
            self.trace.kept_windows.push(u32::try_from(kept).unwrap_or(u32::MAX));
        }
        if has_risen {
            let cause = element.marks.first().and_then(|mark| match mark {
                Mark::Rise { cause, .. } => *cause,
                Mark::Status(_) => None,
            });
            let least = tasks.iter().map(|task| task.watermark).min().unwrap_or(EventTime::MIN);
            self.rise(number, watermark, least, cause.or(record.map(|record| record.id)), when.at);
        }
    }

    fn settle(&mut self, number: usize, id: RecordId, fate: Fate, met: EventTime, when: Instants) {
        let Instants { sent_at, at } = when;
        let work = self.recorded.config.work.as_ref().and_then(|work| work.windows.get(number));
        let took = work.map_or(Span::ZERO, |service| service.of(id.0, at));
        self.trace.enqueued.push(sent_at);
        self.trace.started.push((at - took).max(sent_at));
        self.trace.handled.push(at);
        self.trace.fates.push(fate);
        self.trace.watermark_before.push(met);
        if self.has_several() {
            // There are at most 64 tasks.
            self.trace.tasks.push(number as u16);
        }
        self.order.push(id.0);
    }

    fn rise(&mut self, number: usize, watermark: EventTime, least: EventTime, by: Option<RecordId>, at: ProcTime) {
        if self.has_several() {
            // There are at most 64 tasks.
            self.trace.task_watermarks.push(TaskWatermark { at, task: number as u16, watermark });
        }
        if least > self.least {
            self.least = least;
            self.trace.watermarks.push(WatermarkStep { at, watermark: least, raised_by: by });
        }
    }

    fn finish(mut self, tasks: &[Task<'_>], recorded: &Recorded, layout: &Layout) -> Trace {
        for task in tasks {
            let settle = |kept: crate::window::sink::Kept| {
                let id = task.ids.get(kept.id.index()).copied().unwrap_or(WindowId::NONE);
                settle_life(&mut self.trace.windows, id, kept, WindowEnd::StillKept);
            };
            task.machine.visit_kept(settle);
        }
        self.settle_at_the_door(recorded, layout);
        self.trace.waits.sort_by_key(|wait| wait.until);
        complete(&mut self.trace, &mut self.order, recorded.windows.len(), Stream::default());
        let mut ledger = crate::runtime::Ledger { produced: self.trace.stream.len() as u64, ..Default::default() };
        for &fate in &self.trace.fates {
            ledger.note(fate);
            ledger.in_flight += u64::from(fate == Fate::InFlight);
        }
        self.trace.ledger = ledger;
        self.trace
    }

    /// Records that a source read and did not send: the schema gate refused them, or their time was not
    /// to be believed. They met their fate as they arrived.
    fn settle_at_the_door(&mut self, recorded: &Recorded, layout: &Layout) {
        let stream = Arc::clone(&self.trace.stream);
        let mut is_settled = vec![false; stream.len()];
        self.order.iter().for_each(|&place| is_settled[place as usize] = true);
        let ends: Vec<Option<ProcTime>> = recorded
            .sources
            .iter()
            .map(|order| order.was_stopped.then(|| order.steps.iter().last()).flatten())
            .collect();
        let mut rest = Vec::new();
        for (place, _) in is_settled.iter().enumerate().filter(|(_, is_settled)| !**is_settled) {
            // A stream holds fewer than 2^32 records.
            let id = RecordId(place as u32);
            let source = stream.partition(id).index() % recorded.sources.len().max(1);
            let (at, was_stopped) = (stream.arrivals()[place], recorded.sources[source].was_stopped);
            let is_unread = was_stopped && ends[source].is_none_or(|end| at > end);
            let fate = match recorded.config.pipeline.gate.policy {
                _ if is_unread => continue,
                GatePolicy::DeadLetter if layout.refused().binary_search(&id).is_ok() => Fate::DeadLettered,
                _ if layout.refused().binary_search(&id).is_ok() => Fate::Rejected,
                // After a stop nobody knows which of the last ones were read.
                _ if was_stopped => continue,
                _ => Fate::of_late(recorded.config.pipeline.late),
            };
            rest.push((at, id, fate));
        }
        if !rest.is_empty() {
            self.merge(rest);
        }
    }

    /// Puts records among those that were handled, by the instants at which they met their fate.
    fn merge(&mut self, rest: Vec<(ProcTime, RecordId, Fate)>) {
        let trace = &mut self.trace;
        let handled = trace.handled.clone();
        for (at, id, fate) in rest {
            for column in [&mut trace.enqueued, &mut trace.started, &mut trace.handled] {
                column.push(at);
            }
            trace.fates.push(fate);
            trace.watermark_before.push(EventTime::MIN);
            let before = handled.partition_point(|&handled| handled <= at);
            trace.kept_windows.push(before.checked_sub(1).map_or(0, |last| trace.kept_windows[last]));
            if self.recorded.windows.len() > 1 {
                trace.tasks.push(TaskId::NO_TASK);
            }
            self.order.push(id.0);
        }
        let mut places: Vec<usize> = (0..self.order.len()).collect();
        places.sort_by_key(|&place| trace.handled[place]);
        for column in [&mut trace.enqueued, &mut trace.started, &mut trace.handled] {
            *column = picked(column, &places);
        }
        trace.fates = picked(&trace.fates, &places);
        trace.watermark_before = picked(&trace.watermark_before, &places);
        trace.kept_windows = picked(&trace.kept_windows, &places);
        if !trace.tasks.is_empty() {
            trace.tasks = picked(&trace.tasks, &places);
        }
        self.order = picked(&self.order, &places);
    }
}

fn picked<T: Copy>(column: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|&place| column[place]).collect()
}

/// What became of the one record between two tallies.
const fn fate_of(before: WindowTally, after: WindowTally) -> Fate {
    if after.counted > before.counted {
        Fate::Counted
    } else if after.dropped_late > before.dropped_late {
        Fate::DroppedLate
    } else if after.side_output > before.side_output {
        Fate::SideOutput
    } else {
        Fate::Unassigned
    }
}
