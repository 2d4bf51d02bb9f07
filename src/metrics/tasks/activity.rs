//! When every task was busy, idle or backpressured, and what waited in every channel and partition.
//!
//! The words are those of Apache Flink's task metrics: busy while it works on a record (or, the sink,
//! on a pane), backpressured while it cannot hand on what it has, idle otherwise; the three sum to 1.
//! Everything is read from the trace; what the trace does not say in so many words (when a source took
//! a record from the log, when the sink began with a pane) follows from what it does say.

use crate::metrics::tasks::flow::{Flow, rate};
use crate::metrics::tasks::inputs::{Input, Inputs};
use crate::metrics::tasks::intervals::{Intervals, Stretch};
use crate::metrics::tasks::owners::Owners;
use crate::metrics::tasks::poison::{CrashLoop, crash_loops};
use crate::metrics::tasks::targets::Targets;
use crate::record::{PartitionId, RecordId};
use crate::runtime::{Fate, TaskId, Trace, Wait};
use crate::time::{ProcTime, Span};

/// What a task did with a stretch of time, as shares of it that sum to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Shares {
    /// It worked.
    pub busy: f64,
    /// It had nothing to do.
    pub idle: f64,
    /// It could not hand on what it had.
    pub backpressured: f64,
}

/// Waits of one task that go back to one cause: the task at the end of the chain of those that wait.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Who waits.
    pub waiter: TaskId,
    /// Who is the slow one.
    pub root: TaskId,
    /// When.
    pub times: Intervals,
}

/// What every task of a run did, and what waited where.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskMetrics {
    span: Stretch,
    sources: usize,
    windows: usize,
    merges: usize,
    busy: Vec<Intervals>,
    waiting: Vec<Intervals>,
    blocks: Vec<Block>,
    channels: Vec<Flow>,
    partitions: Vec<Flow>,
    log: Flow,
    panes: Flow,
    parts: Vec<Flow>,
    demand: Vec<Vec<ProcTime>>,
    inputs: Inputs,
    owners: Owners,
    /// By task: its waits, in order of their ends.
    waits: Vec<Vec<Wait>>,
    /// When panes were emitted, each instant once.
    firings: Vec<ProcTime>,
    dead_letters: Vec<ProcTime>,
    crash_loops: Vec<CrashLoop>,
}

impl TaskMetrics {
    /// Everything about a finished run. O(n log n).
    pub fn of(trace: &Trace) -> Self {
        let tasks = &trace.pipeline.tasks;
        let (sources, windows) = (tasks.sources as usize, tasks.windows as usize);
        let targets = Targets::of(trace);
        let owners = Owners::of(trace);
        let partitions = partitions(trace);
        let merges = if tasks.salts > 1 { windows } else { 0 };
        let waits = waits(trace, sources, windows, merges);
        let of_waits = |own: &Vec<Wait>| own.iter().map(|wait| Stretch::new(wait.from, wait.until)).collect();
        let waiting: Vec<Intervals> = waits.iter().map(|own| Intervals::of_unsorted(of_waits(own))).collect();
        let mut busy: Vec<Intervals> =
            (0..sources).map(|source| source_busy(trace, &owners, source, &waiting[source])).collect();
        busy.extend(windows_busy(trace, windows));
        busy.extend(merges_busy(trace, merges));
        let (panes, sink_busy) = sink(trace);
        // Writing a dead letter takes no time.
        busy.extend([sink_busy, Intervals::default()]);
        let blocks = blocks(trace);
        let channels = channels(trace, &owners, &targets, sources, windows);
        let parts = parts(trace, merges);
        let mut demand = vec![Vec::new(); windows];
        for (place, &at) in trace.stream.arrivals().iter().enumerate() {
            if let Some(of_task) = demand.get_mut(targets.of_record(trace, place)) {
                of_task.push(at);
            }
        }
        demand.iter_mut().filter(|of_task| !of_task.is_sorted()).for_each(|of_task| of_task.sort_unstable());
        let log = Flow::new(trace.stream.arrivals_ascending().to_vec(), trace.enqueued_ascending().to_vec());
        Self {
            span: span(trace),
            sources,
            windows,
            merges,
            busy,
            waiting,
            blocks,
            channels,
            partitions,
            log,
            panes,
            parts,
            demand,
            inputs: Inputs::of(trace, &owners),
            owners,
            waits,
            firings: firings(trace),
            dead_letters: dead_letters(trace),
            crash_loops: crash_loops(trace),
        }
    }

    /// From the first arrival to the last thing that was done.
    pub const fn span(&self) -> Stretch {
        self.span
    }

    /// Every task: the sources, the window tasks, the merge tasks, the sink.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + use<> {
        let windows = (0..self.windows).map(TaskId::window);
        let merges = (0..self.merges).map(TaskId::merge);
        (0..self.sources).map(TaskId::source).chain(windows).chain(merges).chain([TaskId::Sink])
    }

    /// Source tasks.
    pub const fn sources(&self) -> usize {
        self.sources
    }

    /// Window tasks.
    pub const fn windows(&self) -> usize {
        self.windows
    }

    fn place(&self, task: TaskId) -> usize {
        match task {
            TaskId::Source(number) => usize::from(number).min(self.sources - 1),
            TaskId::Window(number) => self.sources + usize::from(number).min(self.windows - 1),
            // Where there are none, the place of the sink.
            TaskId::Merge(number) => self.sources + self.windows + usize::from(number).min(self.merges),
            TaskId::Sink => self.sources + self.windows + self.merges,
            TaskId::DeadLetters => self.sources + self.windows + self.merges + 1,
        }
    }

    /// When a task was busy.
    pub fn busy(&self, task: TaskId) -> &Intervals {
        &self.busy[self.place(task)]
    }

    /// When a task was backpressured.
    pub fn waiting(&self, task: TaskId) -> &Intervals {
        &self.waiting[self.place(task)]
    }

    /// The wait that a task is in at an instant. O(log n).
    pub fn wait_at(&self, task: TaskId, now: ProcTime) -> Option<Wait> {
        let own = &self.waits[self.place(task)];
        let wait = own.get(own.partition_point(|wait| wait.until <= now))?;
        (wait.from <= now).then_some(*wait)
    }

    /// When panes were emitted, each instant once, ascending.
    pub fn firings(&self) -> &[ProcTime] {
        &self.firings
    }

    /// What a task did with a stretch of time; idle all of an empty one. O(log n).
    pub fn shares(&self, task: TaskId, stretch: Stretch) -> Shares {
        let length = stretch.length().as_secs_f64();
        if length <= 0.0 {
            return Shares { idle: 1.0, ..Shares::default() };
        }
        let busy = self.busy(task).covered(stretch).as_secs_f64() / length;
        let backpressured = self.waiting(task).covered(stretch).as_secs_f64() / length;
        Shares { busy, idle: (1.0 - busy - backpressured).max(0.0), backpressured }
    }

    /// Every wait, by who waits and whose slowness it goes back to.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The channel between two tasks, and what it holds. Both from 0.
    ///
    /// # Panics
    /// When there is no such task.
    pub fn channel(&self, source: usize, window: usize) -> &Flow {
        &self.channels[source * self.windows + window]
    }

    /// The partitions of the log: records arrive, and are read. One that a source task has in hand
    /// counts as unread until it is sent.
    pub fn partitions(&self) -> &[Flow] {
        &self.partitions
    }

    /// The whole log: all partitions together.
    pub const fn log(&self) -> &Flow {
        &self.log
    }

    /// The watermark of every input.
    pub const fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The panes on their way to the sink, from emission to delivery.
    pub const fn panes(&self) -> &Flow {
        &self.panes
    }

    /// By merge task: the parts on their way to it, until it takes them out of the channel. What a
    /// window task holds back is among them.
    pub fn parts(&self) -> &[Flow] {
        &self.parts
    }

    /// When records arrived that a window task is to handle, ascending.
    pub fn demand(&self, window: usize) -> &[ProcTime] {
        self.demand.get(window).map_or(&[], Vec::as_slice)
    }

    /// Records (parts for a merge task, panes for the sink) a second that came for a task.
    pub fn demand_per_s(&self, task: TaskId, stretch: Stretch) -> f64 {
        match task {
            TaskId::Source(number) => {
                let own = self.partitions.iter().enumerate();
                let own = own.filter(|(place, _)| self.reader_of(PartitionId(*place as u32)) == usize::from(number));
                own.map(|(_, flow)| flow.rate_in(stretch)).sum()
            }
            TaskId::Window(number) => rate(self.demand(usize::from(number)), stretch),
            TaskId::Merge(number) => self.parts.get(usize::from(number)).map_or(0.0, |parts| parts.rate_in(stretch)),
            TaskId::Sink => self.panes.rate_in(stretch),
            TaskId::DeadLetters => rate(&self.dead_letters, stretch),
        }
    }

    /// Whether a task that takes so long for one thing is fast enough for all that came for it, on
    /// average over the time in which anything came.
    pub fn keeps_up(&self, task: TaskId, service: Span) -> bool {
        let arrivals = self.log.entered();
        let (Some(&first), Some(&last)) = (arrivals.first(), arrivals.last()) else { return true };
        self.demand_per_s(task, Stretch::new(first, last)) * service.as_secs_f64() < 1.0
    }

    /// Records (parts, panes) that a task has done in a stretch, its end counted and its start not.
    pub fn finished(&self, task: TaskId, stretch: Stretch) -> usize {
        let within = |column: &[ProcTime]| {
            let by = |limit: ProcTime| column.partition_point(|&at| at <= limit);
            by(stretch.until) - by(stretch.from)
        };
        match task {
            TaskId::Source(number) => {
                (0..self.windows).map(|window| within(self.channel(usize::from(number), window).entered())).sum()
            }
            TaskId::Window(number) => {
                (0..self.sources).map(|source| within(self.channel(source, usize::from(number)).left())).sum()
            }
            TaskId::Merge(number) => self.parts.get(usize::from(number)).map_or(0, |parts| within(parts.left())),
            TaskId::Sink => within(self.panes.left()),
            TaskId::DeadLetters => within(&self.dead_letters),
        }
    }

    /// Every crash loop, in order of their first crashes.
    pub fn crash_loops(&self) -> &[CrashLoop] {
        &self.crash_loops
    }

    /// The crash loop that a task is in at `now`.
    pub fn crash_loop_at(&self, task: TaskId, now: ProcTime) -> Option<&CrashLoop> {
        self.crash_loops.iter().find(|it| it.task == task && it.holds_at(now))
    }

    /// The source task that reads a partition, or reads it last where partitions move.
    pub fn reader_of(&self, partition: PartitionId) -> usize {
        self.owners.reader_at(partition, ProcTime::MAX)
    }

    /// Who reads which partition, and when nobody does.
    pub const fn owners(&self) -> &Owners {
        &self.owners
    }

    /// The input of the watermark that a partition belongs to at an instant.
    pub fn input_of(&self, partition: PartitionId, now: ProcTime) -> Input {
        if self.owners.is_group() {
            Input::Source(self.owners.reader_at(partition, now) as u16)
        } else {
            self.inputs.of_partition(partition)
        }
    }

    /// Records in all channels of a window task. O(sources log n).
    pub fn depth_of(&self, window: usize, now: ProcTime) -> usize {
        (0..self.sources).map(|source| self.channel(source, window).level(now)).sum()
    }

    /// Bytes in all channels, where a record has so many. What an unbounded channel costs. O(tasks log n).
    pub fn queue_bytes(&self, record_bytes: u32, now: ProcTime) -> u64 {
        let depth: usize = (0..self.windows).map(|window| self.depth_of(window, now)).sum();
        depth as u64 * u64::from(record_bytes)
    }

    /// Records in the log that have not been read. O(log n).
    pub fn lag(&self, now: ProcTime) -> usize {
        self.log.level(now)
    }
}

fn span(trace: &Trace) -> Stretch {
    let Some((first, last)) = trace.span() else { return Stretch::new(ProcTime::EPOCH, ProcTime::EPOCH) };
    let delivered = trace.delivered.iter().copied().filter(|&at| at < ProcTime::MAX).max();
    Stretch::new(first, delivered.map_or(last, |delivered| delivered.max(last)))
}

/// The partitions of the log: records arrive, and are read.
pub fn partitions(trace: &Trace) -> Vec<Flow> {
    let count = trace.stream.partitions().max(1);
    if count == 1 {
        return vec![Flow::new(trace.stream.arrivals_ascending().to_vec(), trace.enqueued_ascending().to_vec())];
    }
    let mut columns = vec![(Vec::new(), Vec::new()); count];
    for (place, (&arrival, &read)) in trace.stream.arrivals().iter().zip(&trace.enqueued).enumerate() {
        let (arrivals, reads) = &mut columns[trace.stream.partition(RecordId(place as u32)).index()];
        arrivals.push(arrival);
        reads.push(read);
    }
    columns.into_iter().map(|(arrivals, reads)| Flow::new(arrivals, reads)).collect()
}

fn channels(trace: &Trace, owners: &Owners, targets: &Targets, sources: usize, windows: usize) -> Vec<Flow> {
    let mut columns = vec![(Vec::new(), Vec::new()); sources * windows];
    for place in 0..trace.stream.len() {
        let (sent, taken) = (trace.enqueued[place], trace.started[place]);
        // What was given up before it was sent was never in a channel.
        let was_there = sent < taken || trace.fates[place].is_handled();
        if !was_there || sent == ProcTime::MAX {
            continue;
        }
        let Some(source) = owners.reader_of_record(trace, place) else { continue };
        let window = targets.of_record(trace, place);
        if let Some((entered, left)) = columns.get_mut(source * windows + window).filter(|_| window < windows) {
            entered.push(sent);
            left.push(taken);
        }
    }
    for repeat in trace.repeats.iter().filter(|repeat| repeat.task != TaskId::NO_TASK && owners.is_group()) {
        let place = usize::from(repeat.source) * windows + usize::from(repeat.task);
        if let Some((entered, left)) = columns.get_mut(place) {
            entered.push(repeat.enqueued_at);
            left.push(repeat.started_at);
        }
    }
    columns.into_iter().map(|(entered, left)| Flow::new(entered, left)).collect()
}

fn waits(trace: &Trace, sources: usize, windows: usize, merges: usize) -> Vec<Vec<Wait>> {
    let mut waits = vec![Vec::new(); sources + windows + merges + 2];
    for &wait in &trace.waits {
        let place = match wait.task {
            TaskId::Source(number) => usize::from(number),
            TaskId::Window(number) => sources + usize::from(number),
            TaskId::Merge(number) => sources + windows + usize::from(number),
            TaskId::Sink => sources + windows + merges,
            TaskId::DeadLetters => sources + windows + merges + 1,
        };
        if let Some(of_task) = waits.get_mut(place) {
            of_task.push(wait);
        }
    }
    waits
}

/// When dead letters were written, ascending.
fn dead_letters(trace: &Trace) -> Vec<ProcTime> {
    let written = trace.fates.iter().zip(&trace.handled).filter(|(fate, _)| **fate == Fate::DeadLettered);
    written.map(|(_, &at)| at).collect()
}

fn firings(trace: &Trace) -> Vec<ProcTime> {
    let mut firings: Vec<ProcTime> = trace.panes.iter().map(|pane| pane.emitted_at).collect();
    firings.dedup();
    firings
}

/// A source task works on a record from when it could take it until it sent it, less the time that it
/// waited for a place in the channel.
fn source_busy(trace: &Trace, owners: &Owners, source: usize, waiting: &Intervals) -> Intervals {
    let tasks = &trace.pipeline.tasks;
    if tasks.source_time == Span::ZERO {
        return Intervals::default();
    }
    // Nothing takes longer than the service time and its jitter, so a record that was sent later than
    // that after it could be taken was taken later (its partition was paused, or not to be read yet).
    let longest = Span::from_secs_f64(tasks.source_time.as_secs_f64() * (1.0 + tasks.jitter));
    let is_own = |place: usize| owners.reader_of_record(trace, place) == Some(source);
    let is_sent = |place: usize| trace.enqueued[place] < ProcTime::MAX && trace.fates[place] != Fate::Lost;
    let own = (0..trace.stream.len()).filter(|&place| is_own(place) && is_sent(place));
    let mut sent: Vec<(ProcTime, ProcTime)> =
        own.map(|place| (trace.enqueued[place], trace.stream.arrivals()[place])).collect();
    if owners.is_group() {
        let again = trace.repeats.iter().filter(|repeat| usize::from(repeat.source) == source);
        sent.extend(again.map(|it| (it.enqueued_at, trace.stream.arrivals()[it.record.index()])));
    }
    sent.sort_unstable();
    let mut busy = Intervals::default();
    let mut before = ProcTime::MIN;
    for (at, arrival) in sent {
        let waited = waiting.at(at - Span::from_micros(1)).map_or(Span::ZERO, |wait| at - wait.from);
        let taken = before.max(arrival).max(at - waited - longest);
        busy.push(Stretch::new(taken, at - waited));
        before = at;
    }
    busy
}

/// When window tasks worked on records that a recovery had read again. What the trace says of a record is its first
/// life; of the others it is known when they were handled, which took the service time.
fn replayed(trace: &Trace, windows: usize) -> Vec<Vec<Stretch>> {
    let mut again = vec![Vec::new(); windows];
    let handlings = trace.recovery.iter().flat_map(|log| &log.handlings);
    for it in handlings.filter(|it| it.life > 0 && trace.handled.get(it.record.index()) != Some(&it.at)) {
        if let Some(of_task) = again.get_mut(usize::from(it.task)) {
            of_task.push(Stretch::new(it.at - trace.pipeline.service_time, it.at));
        }
    }
    again
}

fn windows_busy(trace: &Trace, windows: usize) -> Vec<Intervals> {
    let mut busy = vec![Intervals::default(); windows];
    for (place, (&started, &handled)) in trace.started.iter().zip(&trace.handled).enumerate() {
        let is_handled = handled < ProcTime::MAX && trace.fates[place].is_handled();
        let task = trace.tasks.get(place).map_or(0, |&task| usize::from(task));
        if let Some(of_task) = busy.get_mut(task).filter(|_| is_handled) {
            of_task.push(Stretch::new(started, handled));
        }
    }
    let mut again = replayed(trace, windows);
    if !trace.owners.is_empty() {
        for repeat in &trace.repeats {
            if let Some(of_task) = again.get_mut(usize::from(repeat.task)) {
                of_task.push(Stretch::new(repeat.started_at, repeat.handled_at));
            }
        }
    }
    if again.iter().all(Vec::is_empty) {
        return busy;
    }
    busy.iter().zip(again).map(|(first, again)| Intervals::union([first, &Intervals::of_unsorted(again)])).collect()
}

fn parts(trace: &Trace, merges: usize) -> Vec<Flow> {
    let mut columns = vec![(Vec::new(), Vec::new()); merges];
    for part in &trace.partials {
        if let Some((emitted, taken)) = columns.get_mut(usize::from(part.to)) {
            emitted.push(part.emitted_at);
            taken.push(part.started_at);
        }
    }
    columns.into_iter().map(|(emitted, taken)| Flow::new(emitted, taken)).collect()
}

fn merges_busy(trace: &Trace, merges: usize) -> Vec<Intervals> {
    let mut busy = vec![Vec::new(); merges];
    for part in trace.partials.iter().filter(|part| part.merged_at < ProcTime::MAX) {
        if let Some(of_task) = busy.get_mut(usize::from(part.to)) {
            of_task.push(Stretch::new(part.started_at, part.merged_at));
        }
    }
    busy.into_iter().map(Intervals::of_unsorted).collect()
}

/// The sink works on a pane from when it was there and the one before was delivered.
fn sink(trace: &Trace) -> (Flow, Intervals) {
    let mut busy = Intervals::default();
    let emitted: Vec<ProcTime> = trace.panes.iter().map(|pane| pane.emitted_at).collect();
    if trace.delivered.is_empty() {
        return (Flow::new(emitted.clone(), emitted), busy);
    }
    let both = trace.delivered.iter().copied().zip(emitted.iter().copied());
    let mut panes: Vec<(ProcTime, ProcTime)> = both.filter(|&(delivered, _)| delivered < ProcTime::MAX).collect();
    panes.sort_unstable();
    let mut before = ProcTime::MIN;
    for (delivered, emitted) in panes {
        busy.push(Stretch::new(before.max(emitted), delivered));
        before = delivered;
    }
    (Flow::new(emitted, trace.delivered.clone()), busy)
}

/// While a source waits for a window task that itself waits for the sink, the sink is the slow one.
fn blocks(trace: &Trace) -> Vec<Block> {
    let mut by_pair: std::collections::BTreeMap<(TaskId, TaskId), Vec<Stretch>> = std::collections::BTreeMap::new();
    for wait in &trace.waits {
        by_pair.entry((wait.task, wait.on)).or_default().push(Stretch::new(wait.from, wait.until));
    }
    // From the sink up, so that the waits of whoever is waited for are known.
    let rank = |task: TaskId| match task {
        TaskId::Sink | TaskId::DeadLetters => 0,
        TaskId::Merge(_) => 1,
        TaskId::Window(_) => 2,
        TaskId::Source(_) => 3,
    };
    let mut pairs: Vec<((TaskId, TaskId), Vec<Stretch>)> = by_pair.into_iter().collect();
    pairs.sort_by_key(|((waiter, _), _)| rank(*waiter));
    let mut blocks: Vec<Block> = Vec::new();
    for ((waiter, on), stretches) in pairs {
        let times = Intervals::of_unsorted(stretches);
        let passed_on: Vec<(TaskId, Intervals)> = blocks
            .iter()
            .filter(|block| block.waiter == on)
            .map(|block| (block.root, times.intersect(&block.times)))
            .collect();
        let own = passed_on.iter().fold(times, |left, (_, passed_on)| left.without(passed_on));
        for (root, times) in [(on, own)].into_iter().chain(passed_on).filter(|(_, times)| !times.is_empty()) {
            match blocks.iter_mut().find(|block| (block.waiter, block.root) == (waiter, root)) {
                Some(block) => block.times = Intervals::union([&block.times, &times]),
                None => blocks.push(Block { waiter, root, times }),
            }
        }
    }
    blocks.sort_by_key(|block| (block.waiter, block.root));
    blocks
}
