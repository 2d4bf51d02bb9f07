//! What a checkpoint holds of every task: the real bytes of its operator, how far the log was read, and
//! what was in flight where barriers overtook it.

use std::sync::Arc;

use crate::runtime::event_clock::EventClock;
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::control::Event;
use crate::runtime::virtual_time::inbox::Element;
use crate::runtime::virtual_time::salt::Lives;
use crate::runtime::virtual_time::task::Task;
use crate::time::EventTime;
use crate::watermark::Valve;
use crate::window::merge::MergeWindows;
use crate::window::pane::Pane;
use crate::window::snapshot::OperatorSnapshot;

/// The operators of all window tasks, by task.
pub type Operators = Vec<Option<Arc<OperatorSnapshot>>>;

/// Bytes of an offset in a partition, and of its name.
const OFFSET_BYTES: u64 = 12;
/// Bytes of a record, or watermark, in flight: its identity, event time, key and value.
const IN_FLIGHT_BYTES: u64 = 32;

/// One checkpoint.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub id: u32,
    /// By list: the place of the record that is read next.
    pub positions: Vec<u32>,
    /// By source task.
    pub sources: Vec<Option<KeptSource>>,
    /// By window task.
    pub tasks: Vec<Option<KeptTask>>,
    /// By merge task.
    pub mergers: Vec<Option<KeptMerger>>,
    /// Windows of whole keys, where keys are salted.
    pub lives: Lives,
    /// By window task, where the next checkpoint is measured by this one.
    pub operators: Operators,
    /// The most that one task has to read when it is restored.
    pub most_bytes: u64,
}

/// The watermark of a source task.
#[derive(Clone, Debug)]
pub struct KeptSource {
    pub clock: EventClock,
    pub is_idle: bool,
    /// How many arrivals it had heard of.
    pub announced: usize,
}

/// A window task.
#[derive(Clone, Debug)]
pub struct KeptTask {
    pub operator: Arc<[u8]>,
    /// How many of its windows had an identity among all.
    pub windows: usize,
    pub watermark: EventTime,
    pub valve: Option<Valve>,
    /// What barriers overtook, with its channel.
    pub in_flight: Vec<(u32, Element)>,
    /// Panes that barriers overtook, with the values of those that are lists.
    pub panes: Vec<(Pane, Box<[f64]>)>,
}

/// A merge task.
#[derive(Clone, Debug)]
pub struct KeptMerger {
    pub operator: MergeWindows,
    pub valve: Valve,
    pub watermark: EventTime,
}

impl Snapshot {
    /// With nothing in it.
    pub fn new(id: u32, simulation: &Simulation) -> Self {
        let plan = &simulation.plan;
        Self {
            id,
            positions: vec![0; plan.lists.len()],
            sources: vec![None; plan.reads.len()],
            tasks: vec![None; plan.tasks],
            mergers: vec![None; plan.mergers],
            lives: Lives::new(),
            operators: vec![None; plan.tasks],
            most_bytes: 0,
        }
    }
}

impl Simulation {
    /// A checkpoint is under way from now on.
    pub(super) fn open_snapshot(&mut self, id: u32) {
        let snapshot = Snapshot::new(id, self);
        self.recovery().0.pending.push(snapshot);
    }

    fn pending(&mut self, id: u32) -> Option<&mut Snapshot> {
        self.recovery().0.pending.iter_mut().find(|it| it.id == id)
    }

    /// A source task notes how far it has read, and sends its barriers.
    pub(super) fn snapshot_source(&mut self, source: usize, id: u32) {
        self.recovery().0.waiting_barriers[source].retain(|&other| other != id);
        let plan = Arc::clone(&self.plan);
        let announced = self.state.announced;
        let task = &self.state.sources[source];
        let in_hand = task.in_hand().map(|record| plan.list_of(record));
        let kept = KeptSource { clock: task.clock.clone(), is_idle: task.is_idle(), announced };
        let position = |list: usize| self.state.log.position(list) - u32::from(in_hand == Some(list));
        let positions: Vec<(usize, u32)> = plan.reads[source].iter().map(|&list| (list, position(list))).collect();
        let bytes = OFFSET_BYTES * positions.len() as u64;
        if let Some(snapshot) = self.pending(id) {
            positions.into_iter().for_each(|(list, at)| snapshot.positions[list] = at);
            snapshot.sources[source] = Some(kept);
        }
        self.store(id, source, bytes, bytes, 0);
        self.send_barriers(source, id);
    }

    /// A window task takes its snapshot, with what barriers overtook in front of it.
    pub(super) fn snapshot_task(&mut self, task: usize, id: u32, in_flight: Vec<(u32, Element)>) {
        let has_overtaken = !in_flight.is_empty() || self.is_unaligned(id);
        let panes = if has_overtaken { self.panes_in_flight(task, id) } else { Vec::new() };
        let is_incremental = self.plan.rules.as_ref().and_then(|it| it.checkpoints).is_some_and(|it| it.incremental);
        let snapshot = self.state.tasks[task].operator().snapshot();
        let operator: Arc<[u8]> = snapshot.to_bytes().into();
        let (control, ..) = self.recovery();
        control.stations[task].after = id;
        let base = control.base.get(task).and_then(Option::as_ref);
        let changes = base.filter(|_| is_incremental).and_then(|base| snapshot.changes_since(base).ok());
        let waiting = (in_flight.len() + panes.len()) as u64;
        let bytes = operator.len() as u64 + waiting * IN_FLIGHT_BYTES;
        let whole = operator.len() as u64;
        let written = changes.map_or(whole, |changes| (changes.to_bytes().len() as u64).min(whole));
        let kept = self.state.tasks[task].keep(operator, in_flight, panes);
        if let Some(pending) = self.pending(id) {
            pending.tasks[task] = Some(kept);
            pending.operators[task] = is_incremental.then(|| Arc::new(snapshot));
        }
        let participant = self.plan.reads.len() + task;
        self.store(id, participant, bytes, written + waiting * IN_FLIGHT_BYTES, waiting);
    }

    /// A merge task takes its snapshot.
    pub(super) fn snapshot_merger(&mut self, merger: usize, id: u32) {
        let participant = self.plan.reads.len() + self.plan.tasks + merger;
        let (kept, bytes) = self.state.mergers[merger].keep();
        let lives = self.state.lives.clone();
        let station = self.plan.tasks + merger;
        self.recovery().0.stations[station].after = id;
        if let Some(pending) = self.pending(id) {
            pending.mergers[merger] = Some(kept);
            pending.lives = lives;
        }
        self.store(id, participant, bytes, bytes, 0);
    }

    /// A participant writes its state while it goes on working.
    pub(super) fn store(&mut self, id: u32, participant: usize, bytes: u64, written: u64, in_flight: u64) {
        let now = self.state.now;
        let (control, rules, log) = self.recovery();
        control.set(now + rules.transfer(written, now), Event::Acked { id, participant });
        if let Some(pending) = control.pending.iter_mut().find(|it| it.id == id) {
            pending.most_bytes = pending.most_bytes.max(bytes);
        }
        if let Some(row) = log.checkpoints.iter_mut().rev().find(|row| row.id == id) {
            row.bytes += bytes;
            row.written += written;
            row.in_flight += in_flight;
        }
        self.schedule_control();
    }
}

impl Task {
    /// What a barrier overtakes: what it works on, and of every channel what waits in front of the barrier,
    /// which is taken out. `passed` says which channels have brought theirs.
    pub(super) fn overtaken(&mut self, id: u32, passed: &mut [bool]) -> Vec<(u32, Element)> {
        let in_hand = self.record_in_hand().map(|sent| (u32::from(sent.source), Element::Record(sent)));
        let mut overtaken: Vec<(u32, Element)> = in_hand.into_iter().collect();
        self.inbox.retain(|channel, element| {
            if *element == Element::Barrier(id) {
                passed[channel] = true;
                return false;
            }
            if !passed[channel] && !matches!(element, Element::Barrier(_)) {
                overtaken.push((channel as u32, *element));
            }
            true
        });
        overtaken
    }
}
