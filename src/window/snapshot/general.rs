//! Snapshots of [`GeneralWindows`]: by key, its windows and its timers on both clocks, also those that
//! nobody waits for any more: a new session of the same extent would hear of them.

use serde::{Deserialize, Serialize};

use crate::pipeline::WindowSpec;
use crate::record::KeyId;
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::{Aggregate, Collected, Summary};
use crate::window::general::{GeneralWindows, State};
use crate::window::pane::{Window, WindowId};
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::keyed::{Keyed, OfKey, Wide, raised};
use crate::window::snapshot::said::Said;
use crate::window::snapshot::setting::Setting;
use crate::window::timers::Timers;
use crate::window::trigger::flink::TriggerState;

/// The state of one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct GeneralKey {
    /// Ascending.
    pub windows: Vec<GeneralWindow>,
    pub event_timers: Vec<(EventTime, Window)>,
    pub proc_timers: Vec<(ProcTime, Window)>,
}

/// One window of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct GeneralWindow {
    pub window: Window,
    pub id: WindowId,
    pub total: Summary,
    pub contents: Option<Collected>,
    pub panes: u32,
    pub nonspeculative: u32,
    pub trigger: TriggerState,
    pub said: Vec<Said>,
}

impl OfKey for GeneralKey {
    fn raise_ids(&mut self, by: u32) {
        for window in &mut self.windows {
            window.id = raised(window.id, by);
            window.said.iter_mut().for_each(|said| said.raise_id(by));
        }
    }
}

impl GeneralWindow {
    pub fn of(window: Window, state: &State) -> Self {
        Self {
            window,
            id: state.id,
            total: state.total,
            contents: state.contents.clone(),
            panes: state.panes,
            nonspeculative: state.nonspeculative,
            trigger: state.trigger,
            said: state.said.iter().map(Said::of).collect(),
        }
    }

    pub fn state(self, key: KeyId, initial: TriggerState, aggregate: Aggregate) -> Result<State, RestoreError> {
        if std::mem::discriminant(&self.trigger) != std::mem::discriminant(&initial) {
            return Err(RestoreError::Impossible("a trigger remembers what another kind would"));
        }
        if self.contents.as_ref().is_some_and(|contents| !contents.suits(aggregate)) {
            return Err(RestoreError::Impossible("the state of another aggregate"));
        }
        Ok(State {
            id: self.id,
            total: self.total,
            contents: self.contents,
            panes: self.panes,
            nonspeculative: self.nonspeculative,
            trigger: self.trigger,
            said: self.said.iter().map(|said| said.pane(key)).collect(),
        })
    }
}

/// The timers of all keys, to each its own.
pub(in crate::window) fn deal_timers<T: Copy + Ord, K: Default>(
    timers: &Timers<T>,
    keys: &mut Keyed<K>,
    list: impl Fn(&mut K) -> &mut Vec<(T, Window)>,
) {
    for (at, key, window) in timers.iter() {
        list(keys.entry(key).or_default()).push((at, window));
    }
}

impl GeneralWindows {
    /// What it was built with.
    pub(in crate::window) fn settings(&self) -> Vec<Setting> {
        let windows = self.assigner.map_or(WindowSpec::Session { gap: self.gap }, |assigner| assigner.spec());
        vec![
            Setting::operator("general windows"),
            Setting::windows(windows),
            Setting::lateness(self.allowed_lateness),
            Setting::new("trigger", self.trigger.to_string()),
            Setting::new("retractions", if self.retracts { "on" } else { "off" }),
            Setting::aggregate(self.aggregate),
        ]
    }

    /// What it keeps.
    pub(in crate::window) fn snapshot(&self) -> (Wide, Keyed<GeneralKey>) {
        let mut keys: Keyed<GeneralKey> = Keyed::new();
        self.states.for_each(|(key, window), state| {
            keys.entry(key).or_default().windows.push(GeneralWindow::of(window, state));
        });
        deal_timers(&self.event_timers, &mut keys, |key| &mut key.event_timers);
        deal_timers(&self.proc_timers, &mut keys, |key| &mut key.proc_timers);
        (Wide { watermark: self.watermark, opened: u64::from(self.opened) }, keys)
    }

    /// Goes on from a snapshot; the operator has no state.
    ///
    /// # Errors
    /// [`RestoreError::Impossible`] and [`RestoreError::TooManyWindows`].
    pub(in crate::window) fn restore(&mut self, wide: Wide, keys: Keyed<GeneralKey>) -> Result<(), RestoreError> {
        for (key, kept) in keys {
            for window in kept.windows {
                let extent = window.window;
                let state = window.state(key, self.trigger.initial(), self.aggregate)?;
                self.special_bytes += state.special_bytes();
                if self.states.insert((key, extent), state).is_some() {
                    return Err(RestoreError::Impossible("a key has a window twice"));
                }
                self.states.settle();
            }
            kept.event_timers.into_iter().for_each(|(at, window)| self.event_timers.set(at, key, window));
            kept.proc_timers.into_iter().for_each(|(at, window)| self.proc_timers.set(at, key, window));
        }
        self.watermark = wide.watermark;
        self.opened = wide.opened()?;
        Ok(())
    }
}
