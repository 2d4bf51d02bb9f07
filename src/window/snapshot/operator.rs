//! The snapshot of any window operator: taking, restoring, splitting by key group, merging.
//!
//! Keys are known by their ids, so a snapshot means something only beside the key table of its
//! stream. Windows are known by their identities, which every operator counts up from 0. So:
//!
//! - Restored, an operator goes on counting where it was: a run that was interrupted gives out the
//!   same identities as one that was not.
//! - Parts of one operator ([`OperatorSnapshot::split`]) keep its identities, and each goes on
//!   counting from where it was. [`OperatorSnapshot::merge`] puts parts together again.
//! - Tasks of one job have each counted for themselves. [`OperatorSnapshot::of_tasks`] numbers them one
//!   after the other: the identities of a task become larger by the number of windows that the tasks
//!   before it have opened. Whoever has noted something of every window of every task, in lists, finds
//!   it in the list of those lists joined end to end, and every new task goes on from its end.

use serde::{Deserialize, Serialize};

use crate::pipeline::Pipeline;
use crate::record::KeyId;
use crate::state::{KeyGroup, KeyGroups};
use crate::time::EventTime;
use crate::window::azure::AzureWindows;
use crate::window::dialect::Dialect;
use crate::window::operator::WindowOperator;
use crate::window::pane::WindowId;
use crate::window::snapshot::aligned::AlignedKey;
use crate::window::snapshot::beam::BeamKey;
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::general::GeneralKey;
use crate::window::snapshot::kafka::KafkaKey;
use crate::window::snapshot::keyed::{Keyed, OfKey, Wide, deal, unite};
use crate::window::snapshot::session::SessionKey;
use crate::window::snapshot::setting::{self, Setting};
use crate::window::snapshot::sliced::{self, Reach, SlicedKey};

/// All that a window operator keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorSnapshot {
    settings: Vec<Setting>,
    wide: Wide,
    state: State,
}

/// State by key, of one kind of operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::window) enum State {
    Aligned(Keyed<AlignedKey>),
    Sliced(Reach, Keyed<SlicedKey>),
    Session(Keyed<SessionKey>),
    General(Keyed<GeneralKey>),
    Kafka(Keyed<KafkaKey>),
    /// With the output watermark.
    Beam(EventTime, Keyed<BeamKey>),
}

impl State {
    /// To each part the state of its keys.
    fn deal(self, parts: usize, part_of: &mut dyn FnMut(KeyId) -> usize) -> Vec<Self> {
        match self {
            Self::Aligned(keys) => deal(keys, parts, part_of).into_iter().map(Self::Aligned).collect(),
            Self::Session(keys) => deal(keys, parts, part_of).into_iter().map(Self::Session).collect(),
            Self::General(keys) => deal(keys, parts, part_of).into_iter().map(Self::General).collect(),
            Self::Kafka(keys) => deal(keys, parts, part_of).into_iter().map(Self::Kafka).collect(),
            Self::Sliced(reach, keys) => {
                deal(keys, parts, part_of).into_iter().map(|keys| Self::Sliced(reach.clone(), keys)).collect()
            }
            Self::Beam(output, keys) => {
                deal(keys, parts, part_of).into_iter().map(|keys| Self::Beam(output, keys)).collect()
            }
        }
    }

    /// Takes over the state of other keys, kept by the same kind of operator.
    fn unite(&mut self, other: Self) -> Result<(), RestoreError> {
        match (self, other) {
            (Self::Aligned(keys), Self::Aligned(others)) => unite(keys, others),
            (Self::Session(keys), Self::Session(others)) => unite(keys, others),
            (Self::General(keys), Self::General(others)) => unite(keys, others),
            (Self::Kafka(keys), Self::Kafka(others)) => unite(keys, others),
            (Self::Sliced(reach, keys), Self::Sliced(other, others)) => sliced::unite((reach, keys), (other, others)),
            (Self::Beam(output, keys), Self::Beam(other, others)) => {
                *output = (*output).min(other);
                unite(keys, others)
            }
            _ => Err(RestoreError::Impossible("the settings of one operator and the state of another")),
        }
    }

    fn raise_ids(&mut self, by: u32) {
        fn raise<K: OfKey>(keys: &mut Keyed<K>, by: u32) {
            keys.values_mut().for_each(|key| key.raise_ids(by));
        }
        match self {
            Self::Aligned(keys) => raise(keys, by),
            Self::Sliced(_, keys) => raise(keys, by),
            Self::Session(keys) => raise(keys, by),
            Self::General(keys) => raise(keys, by),
            Self::Kafka(keys) => raise(keys, by),
            Self::Beam(_, keys) => raise(keys, by),
        }
    }

    fn keys(&self) -> Vec<KeyId> {
        fn of<K>(keys: &Keyed<K>) -> Vec<KeyId> {
            keys.keys().copied().collect()
        }
        match self {
            Self::Aligned(keys) => of(keys),
            Self::Sliced(_, keys) => of(keys),
            Self::Session(keys) => of(keys),
            Self::General(keys) => of(keys),
            Self::Kafka(keys) => of(keys),
            Self::Beam(_, keys) => of(keys),
        }
    }
}

impl OperatorSnapshot {
    pub(in crate::window) const fn new(settings: Vec<Setting>, wide: Wide, state: State) -> Self {
        Self { settings, wide, state }
    }

    pub(in crate::window) const fn state(&self) -> &State {
        &self.state
    }

    pub(in crate::window) fn into_state(self) -> State {
        self.state
    }

    /// The same but for the state by key.
    pub(in crate::window) fn with_state(&self, state: State) -> Self {
        Self { settings: self.settings.clone(), wide: self.wide, state }
    }

    /// Whether both were taken of operators with the same settings.
    pub(in crate::window) fn check_same_operator(&self, other: &Self) -> Result<(), RestoreError> {
        setting::compare(&other.settings, &self.settings)
    }

    /// The watermark that the operator had seen; in the dialect of Kafka Streams, stream time.
    pub const fn watermark(&self) -> EventTime {
        self.wide.watermark
    }

    /// How many windows the operator had opened: the identity of the next one.
    pub const fn opened(&self) -> u64 {
        self.wide.opened
    }

    /// The keys that it holds state of, ascending.
    pub fn keys(&self) -> Vec<KeyId> {
        self.state.keys()
    }

    /// One part for each of `parallelism` tasks (0 counts as 1), in order of the tasks: the state of
    /// the keys whose group the task owns ([`KeyGroups::task_of`]). Together they hold everything.
    /// Identities of windows stay; every part goes on counting them from the same number.
    pub fn split(self, groups: KeyGroups, parallelism: u32, group_of: impl Fn(KeyId) -> KeyGroup) -> Vec<Self> {
        let Self { settings, wide, state } = self;
        let parallelism = parallelism.max(1);
        let mut part_of = |key| groups.task_of(group_of(key), parallelism).index();
        let states = state.deal(parallelism as usize, &mut part_of);
        states.into_iter().map(|state| Self { settings: settings.clone(), wide, state }).collect()
    }

    /// The parts of one operator as one snapshot again, identities unchanged; next comes the largest.
    ///
    /// Parts that were taken at different watermarks (tasks that run apart, without alignment of
    /// barriers) become one at the smallest of them: no record is lost that its task would have
    /// counted, and a window that its task had already closed may open, and fire, a second time.
    /// Tumbling, sliding, cumulative and session windows then go on in the general operator, which
    /// knows of every single window whether it has fired.
    ///
    /// # Errors
    /// When there are no parts, when they come from pipelines of other settings than `pipeline`, when
    /// two hold state of one key, or when they cannot be brought to one watermark.
    pub fn merge(pipeline: &Pipeline, mut parts: Vec<Self>) -> Result<Self, RestoreError> {
        let are_alike = parts.windows(2).all(|pair| {
            let kinds = (std::mem::discriminant(&pair[0].state), std::mem::discriminant(&pair[1].state));
            pair[0].watermark() == pair[1].watermark() && kinds.0 == kinds.1
        });
        if !are_alike {
            parts = parts.into_iter().map(|part| part.widened(pipeline)).collect::<Result<_, _>>()?;
        }
        let mut parts = parts.into_iter();
        let mut merged = parts.next().ok_or(RestoreError::NoParts)?;
        setting::compare(&merged.settings, &merged.blank(pipeline)?.settings())?;
        for part in parts {
            setting::compare(&part.settings, &merged.settings)?;
            merged.state.unite(part.state)?;
            merged.wide.watermark = merged.wide.watermark.min(part.wide.watermark);
            merged.wide.opened = merged.wide.opened.max(part.wide.opened);
        }
        Ok(merged)
    }

    /// The operators of all tasks of one job as one snapshot, to be split for other tasks: as
    /// [`OperatorSnapshot::merge`], and identities are numbered task by task.
    ///
    /// # Errors
    /// Those of [`OperatorSnapshot::merge`], and when there are more windows than identities.
    pub fn of_tasks(pipeline: &Pipeline, mut tasks: Vec<Self>) -> Result<Self, RestoreError> {
        let opened = tasks.iter().fold(0_u64, |sum, task| sum.saturating_add(task.wide.opened));
        if opened >= u64::from(WindowId::NONE.0) {
            return Err(RestoreError::TooManyWindows(opened));
        }
        let mut before = 0;
        for task in &mut tasks {
            task.state.raise_ids(before);
            // The sum of all fits.
            before += task.wide.opened as u32;
        }
        let mut merged = Self::merge(pipeline, tasks)?;
        merged.wide.opened = opened;
        Ok(merged)
    }

    /// An operator without state, of the kind that can go on from this.
    pub(in crate::window) fn blank(&self, pipeline: &Pipeline) -> Result<WindowOperator, RestoreError> {
        if let Some(problem) = pipeline.problems().into_iter().next() {
            return Err(RestoreError::Pipeline { path: problem.path, message: problem.message });
        }
        Ok(match &self.state {
            State::General(_) if pipeline.dialect == Dialect::AzureStreamAnalytics => {
                WindowOperator::Azure(Box::new(AzureWindows::general(pipeline)))
            }
            State::General(_) => WindowOperator::general(pipeline),
            _ => WindowOperator::new(pipeline),
        })
    }
}

impl WindowOperator {
    /// All that it keeps.
    pub fn snapshot(&self) -> OperatorSnapshot {
        let (wide, state) = match self {
            Self::Aligned(windows) => wrap(windows.snapshot(), State::Aligned),
            Self::Session(windows) => wrap(windows.snapshot(), State::Session),
            Self::General(windows) => wrap(windows.snapshot(), State::General),
            Self::Kafka(windows) => wrap(windows.snapshot(), State::Kafka),
            Self::Sliced(windows) => {
                let (wide, reach, keys) = windows.snapshot();
                (wide, State::Sliced(reach, keys))
            }
            Self::Beam(windows) => {
                let (wide, output, keys) = windows.snapshot();
                (wide, State::Beam(output, keys))
            }
            Self::Azure(windows) => match &**windows {
                AzureWindows::Aligned(windows) => wrap(windows.snapshot(), State::Aligned),
                AzureWindows::Session(windows) => wrap(windows.snapshot(), State::Session),
                AzureWindows::General { windows, .. } => wrap(windows.snapshot(), State::General),
            },
        };
        OperatorSnapshot { settings: self.settings(), wide, state }
    }

    /// An operator that goes on from a snapshot as if nothing had happened. It is one for `pipeline`,
    /// which must have the settings that the state was kept with.
    ///
    /// # Errors
    /// When the pipeline has problems or other settings, or when no operator can have kept this.
    pub fn restore(pipeline: &Pipeline, snapshot: OperatorSnapshot) -> Result<Self, RestoreError> {
        let mut operator = snapshot.blank(pipeline)?;
        let OperatorSnapshot { settings, wide, state } = snapshot;
        setting::compare(&settings, &operator.settings())?;
        match (&mut operator, state) {
            (Self::Aligned(windows), State::Aligned(keys)) => windows.restore(wide, &keys)?,
            (Self::Sliced(windows), State::Sliced(reach, keys)) => windows.restore(wide, &reach, &keys)?,
            (Self::Session(windows), State::Session(keys)) => windows.restore(wide, &keys)?,
            (Self::General(windows), State::General(keys)) => windows.restore(wide, keys)?,
            (Self::Kafka(windows), State::Kafka(keys)) => windows.restore(wide, keys)?,
            (Self::Beam(windows), State::Beam(output, keys)) => windows.restore(wide, output, keys)?,
            (Self::Azure(windows), state) => match (&mut **windows, state) {
                (AzureWindows::Aligned(windows), State::Aligned(keys)) => windows.restore(wide, &keys)?,
                (AzureWindows::Session(windows), State::Session(keys)) => windows.restore(wide, &keys)?,
                (AzureWindows::General { windows, .. }, State::General(keys)) => windows.restore(wide, keys)?,
                _ => return Err(RestoreError::Impossible("the settings of one operator and the state of another")),
            },
            _ => return Err(RestoreError::Impossible("the settings of one operator and the state of another")),
        }
        Ok(operator)
    }

    /// What it was built with, as far as its state depends on it.
    pub(in crate::window) fn settings(&self) -> Vec<Setting> {
        match self {
            Self::Aligned(windows) => windows.settings(),
            Self::Sliced(windows) => windows.settings(),
            Self::Session(windows) => windows.settings(),
            Self::General(windows) => windows.settings(),
            Self::Kafka(windows) => windows.settings(),
            Self::Beam(windows) => windows.settings(),
            Self::Azure(windows) => {
                let mut settings = match &**windows {
                    AzureWindows::Aligned(windows) => windows.settings(),
                    AzureWindows::Session(windows) => windows.settings(),
                    AzureWindows::General { windows, .. } => windows.settings(),
                };
                settings.insert(0, Setting::new("dialect", Dialect::AzureStreamAnalytics.name()));
                settings
            }
        }
    }
}

fn wrap<K>((wide, keys): (Wide, K), state: impl FnOnce(K) -> State) -> (Wide, State) {
    (wide, state(keys))
}
