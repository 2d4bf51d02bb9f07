//! Salting at run time: which sub-key a record has, which task owns it, and what first-stage tasks
//! tell the second stage.
//!
//! The n-th record of a key in order of arrival has salt n mod salts. A sub-key is hashed to its key
//! group as `name#salt`, as people write it where their engine does not salt by itself.

use std::collections::{BTreeMap, VecDeque};

use crate::pipeline::Pipeline;
use crate::record::{KeyId, RecordId, Stream};
use crate::runtime::trace::{PartialPane, Trace, WindowEnd, WindowLife};
use crate::runtime::virtual_time::inbox::{Credited, Mark};
use crate::runtime::virtual_time::recorder::settle_life;
use crate::state::KeyGroups;
use crate::time::ProcTime;
use crate::window::aggregate::{Collected, Special, Summary};
use crate::window::merge::Part;
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};

/// How keys are split.
#[derive(Debug)]
pub struct Salting {
    /// Per record.
    sub_keys: Vec<KeyId>,
    /// By sub-key: the whole key.
    key_of: Vec<KeyId>,
    /// By sub-key: the window task that owns it.
    task_of: Vec<u16>,
}

impl Salting {
    /// `None` where keys are not split.
    pub fn new(stream: &Stream, pipeline: &Pipeline) -> Option<Self> {
        let (salts, tasks) = (pipeline.tasks.salts, pipeline.tasks.windows);
        if salts <= 1 {
            return None;
        }
        let groups = KeyGroups::new(pipeline.tasks.key_groups).unwrap_or_default();
        let mut records_of = vec![0_u32; stream.key_table().len()];
        stream.keys().iter().for_each(|key| records_of[key.index()] += 1);
        let (mut key_of, mut task_of, mut first_of) = (Vec::new(), Vec::new(), Vec::new());
        for (place, name) in stream.key_table().names().enumerate() {
            first_of.push(key_of.len() as u32);
            for salt in 0..salts.min(records_of[place]) {
                // There are at most as many sub-keys as records, and at most MAX_TASKS tasks.
                key_of.push(KeyId(place as u32));
                task_of.push(groups.task_of(groups.group_of(&format!("{name}#{salt}")), tasks).0 as u16);
            }
        }
        let mut seen = vec![0_u32; records_of.len()];
        let sub_key = |key: &KeyId| {
            let turn = seen[key.index()];
            seen[key.index()] += 1;
            KeyId(first_of[key.index()] + turn % salts)
        };
        Some(Self { sub_keys: stream.keys().iter().map(sub_key).collect(), key_of, task_of })
    }

    /// The sub-key of a record.
    #[inline]
    pub fn sub_key(&self, id: RecordId) -> KeyId {
        self.sub_keys[id.index()]
    }

    /// The window task that owns the sub-key of a record.
    #[inline]
    pub fn task_of(&self, id: RecordId) -> usize {
        usize::from(self.task_of[self.sub_key(id).index()])
    }

    /// The key that a sub-key is a part of.
    pub fn key_of(&self, sub_key: KeyId) -> KeyId {
        self.key_of[sub_key.index()]
    }
}

/// Windows of whole keys that are kept in either stage, and their identities.
pub type Lives = BTreeMap<(KeyId, Window), WindowId>;

/// What travels from a window task to a merge task.
#[derive(Clone, Debug, PartialEq)]
pub enum Feed {
    /// A part, and its place among [`Trace::partials`].
    Part(u32, Part),
    /// The watermark of the window task.
    Watermark(Mark),
    /// All before it belongs to the checkpoint of this number.
    Barrier(u32),
}

impl Feed {
    /// The part, if it is one, and its place among [`Trace::partials`].
    pub const fn part(&self) -> Option<(u32, &Part)> {
        match self {
            Self::Part(place, part) => Some((*place, part)),
            Self::Watermark(_) | Self::Barrier(_) => None,
        }
    }
}

impl Credited for Feed {
    fn takes_credit(&self) -> bool {
        matches!(self, Self::Part(..))
    }
}

/// Receives what the operator of a first-stage task does: windows are noted under their whole keys,
/// panes become parts.
pub struct PartRecorder<'a> {
    pub salting: &'a Salting,
    pub lives: &'a mut Lives,
    pub windows: &'a mut Vec<WindowLife>,
    pub partials: &'a mut Vec<PartialPane>,
    /// Where parts go until there is room for them.
    pub queue: &'a mut VecDeque<Feed>,
    /// The window task.
    pub task: u16,
    /// By key: the merge task that owns it.
    pub merger_of: &'a dyn Fn(KeyId) -> u16,
}

impl WindowSink for PartRecorder<'_> {
    fn opened(&mut self, _: WindowId, sub_key: KeyId, window: Window, now: ProcTime, by: RecordId) {
        let key = self.salting.key_of(sub_key);
        let windows = &mut *self.windows;
        self.lives.entry((key, window)).or_insert_with(|| {
            windows.push(WindowLife {
                key,
                window,
                opened_at: now,
                opened_by: by,
                end: WindowEnd::StillKept,
                panes: 0,
                summary: Summary::default(),
                special: None,
            });
            // As many windows as there are 32-bit numbers do not fit into memory.
            WindowId(windows.len() as u32 - 1)
        });
    }

    fn fired(&mut self, pane: Pane) {
        let (key, window) = (self.salting.key_of(pane.key), pane.window);
        let place = self.partials.len() as u32;
        self.partials.push(PartialPane {
            from: self.task,
            to: (self.merger_of)(key),
            window_id: self.lives.get(&(key, window)).copied().unwrap_or(WindowId::NONE),
            records: pane.summary.count,
            emitted_at: pane.emitted_at,
            started_at: ProcTime::MAX,
            merged_at: ProcTime::MAX,
        });
        let part = Part {
            key,
            window,
            contents: Collected::from_parts(pane.summary, None),
            watermark: pane.watermark,
            cause: pane.cause,
            is_late: pane.timing == Timing::Late,
        };
        self.queue.push_back(Feed::Part(place, part));
    }

    fn stated(&mut self, state: &Special) {
        if let Some(Feed::Part(_, part)) = self.queue.back_mut() {
            part.contents = Collected::from_parts(part.contents.summary, Some(Box::new(state.clone())));
        }
    }
}

/// Writes what the operator of a merge task does into the trace.
pub struct MergeRecorder<'a> {
    lives: &'a mut Lives,
    panes: &'a mut Vec<Pane>,
    lists: &'a mut Vec<(u32, Box<[f64]>)>,
    windows: &'a mut Vec<WindowLife>,
}

impl<'a> MergeRecorder<'a> {
    pub const fn new(trace: &'a mut Trace, lives: &'a mut Lives) -> Self {
        Self { lives, panes: &mut trace.panes, lists: &mut trace.lists, windows: &mut trace.windows }
    }
}

impl WindowSink for MergeRecorder<'_> {
    fn fired(&mut self, pane: Pane) {
        let window_id = self.lives.get(&(pane.key, pane.window)).copied().unwrap_or(WindowId::NONE);
        self.panes.push(Pane { window_id, ..pane });
    }

    fn listed(&mut self, values: &[f64]) {
        if let Some(pane) = self.panes.len().checked_sub(1).and_then(|last| u32::try_from(last).ok()) {
            self.lists.push((pane, values.into()));
        }
    }

    fn closed(&mut self, kept: Kept, now: ProcTime) {
        if let Some(id) = self.lives.remove(&(kept.key, kept.window)) {
            settle_life(self.windows, id, Kept { id, ..kept }, WindowEnd::Closed { at: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Tasks;
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::time::EventTime;

    #[test]
    fn the_records_of_every_key_take_turns_over_its_salts() {
        let mut keys = KeyTable::default();
        let ids = [keys.intern("a"), keys.intern("unused"), keys.intern("b")];
        let row = |(i, &key): (usize, &usize)| Row {
            event_time: EventTime::EPOCH,
            arrival: ProcTime::from_micros(i as i64),
            key: ids[key],
            value: 0.0,
            partition: PartitionId(0),
        };
        let stream = Stream::from_rows([0, 2, 0, 0, 2, 0].iter().enumerate().map(row).collect(), keys);
        let tasks = Tasks { salts: 3, windows: 4, ..Tasks::default() };
        let salting = Salting::new(&stream, &Pipeline { tasks, ..Pipeline::default() }).expect("salts");
        let sub_keys: Vec<u32> = (0..6).map(|i| salting.sub_key(RecordId(i)).0).collect();
        // Three sub-keys of a; of b, which has two records, two.
        assert_eq!(sub_keys, [0, 3, 1, 2, 4, 0]);
        let keys: Vec<u32> = (0..5).map(|sub_key| salting.key_of(KeyId(sub_key)).0).collect();
        assert_eq!(keys, [0, 0, 0, 2, 2]);
        let groups = KeyGroups::default();
        let names = ["a#0", "a#1", "a#2", "b#0", "b#1"];
        let owners = names.map(|name| groups.task_of(groups.group_of(name), 4).0 as u16);
        assert_eq!(salting.task_of, owners);
        let plain = Tasks { salts: 1, ..tasks };
        assert!(Salting::new(&stream, &Pipeline { tasks: plain, ..Pipeline::default() }).is_none());
    }
}
