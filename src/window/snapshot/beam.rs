//! Snapshots of [`BeamWindows`]: by key, its windows with what their triggers remember, and its timers
//! on both clocks. Where windows hold the output watermark is a part of their state.

use serde::{Deserialize, Serialize};

use crate::pipeline::WindowSpec;
use crate::record::KeyId;
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::{Aggregate, Collected, Summary};
use crate::window::beam::BeamWindows;
use crate::window::beam::state::State;
use crate::window::pane::{Window, WindowId};
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::general::deal_timers;
use crate::window::snapshot::keyed::{Keyed, OfKey, Wide, raised};
use crate::window::snapshot::said::Said;
use crate::window::snapshot::setting::Setting;
use crate::window::trigger::beam::{NodeMemory, Trigger};

/// The state of one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct BeamKey {
    /// Ascending.
    windows: Vec<BeamWindow>,
    event_timers: Vec<(EventTime, Window)>,
    proc_timers: Vec<(ProcTime, Window)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct BeamWindow {
    window: Window,
    id: Option<WindowId>,
    is_active: bool,
    /// The nodes of the trigger, each before its children. Flat, so that no bytes can ask for a tree
    /// that is deeper than the pipeline's.
    trigger: Vec<NodeMemory>,
    total: Summary,
    collected: Collected,
    final_special: Option<f64>,
    fresh: u64,
    panes: u32,
    nonspeculative: u32,
    hold: Option<EventTime>,
    said: Vec<Said>,
}

impl OfKey for BeamKey {
    fn raise_ids(&mut self, by: u32) {
        for window in &mut self.windows {
            window.id = window.id.map(|id| raised(id, by));
            window.said.iter_mut().for_each(|said| said.raise_id(by));
        }
    }
}

impl BeamWindow {
    fn of(window: Window, state: &State<()>) -> Self {
        Self {
            window,
            id: state.id,
            is_active: state.is_active,
            trigger: state.trigger.memory(),
            total: state.total,
            collected: state.collected.clone(),
            final_special: state.final_special,
            fresh: state.fresh,
            panes: state.panes,
            nonspeculative: state.nonspeculative,
            hold: state.hold,
            said: state.said.iter().map(Said::of).collect(),
        }
    }

    fn state(self, key: KeyId, trigger: &Trigger, aggregate: Aggregate) -> Result<State<()>, RestoreError> {
        let trigger = trigger.remembering(&self.trigger);
        let trigger = trigger.ok_or(RestoreError::Impossible("a trigger remembers what another kind would"))?;
        if !self.collected.suits(aggregate) {
            return Err(RestoreError::Impossible("the state of another aggregate"));
        }
        Ok(State {
            id: self.id,
            is_active: self.is_active,
            trigger,
            total: self.total,
            collected: self.collected,
            final_special: self.final_special,
            contents: (),
            fresh: self.fresh,
            panes: self.panes,
            nonspeculative: self.nonspeculative,
            hold: self.hold,
            said: self.said.iter().map(|said| said.pane(key)).collect(),
        })
    }
}

impl BeamWindows {
    /// What it was built with.
    pub(in crate::window) fn settings(&self) -> Vec<Setting> {
        let windows = self.assigner.map_or(WindowSpec::Session { gap: self.gap }, |assigner| assigner.spec());
        vec![
            Setting::operator("Beam windows"),
            Setting::windows(windows),
            Setting::lateness(self.allowed_lateness),
            Setting::new("trigger", self.trigger.to_string()),
            Setting::new("accumulation", format!("{:?}", self.accumulation)),
            Setting::new("timestamp combiner", format!("{:?}", self.rules.timestamp_combiner)),
            Setting::new("closing pane", format!("{:?}", self.rules.closing)),
            Setting::new("on-time pane", format!("{:?}", self.rules.on_time)),
            Setting::aggregate(self.aggregate),
        ]
    }

    /// What it keeps, and its output watermark.
    pub(in crate::window) fn snapshot(&self) -> (Wide, EventTime, Keyed<BeamKey>) {
        let mut keys: Keyed<BeamKey> = Keyed::new();
        for (&(key, window), state) in &self.states {
            keys.entry(key).or_default().windows.push(BeamWindow::of(window, state));
        }
        deal_timers(&self.event_timers, &mut keys, |key| &mut key.event_timers);
        deal_timers(&self.proc_timers, &mut keys, |key| &mut key.proc_timers);
        (Wide { watermark: self.watermark, opened: u64::from(self.opened) }, self.output, keys)
    }

    /// Goes on from a snapshot; the operator has no state.
    ///
    /// # Errors
    /// [`RestoreError::Impossible`] and [`RestoreError::TooManyWindows`].
    pub(in crate::window) fn restore(
        &mut self,
        wide: Wide,
        output: EventTime,
        keys: Keyed<BeamKey>,
    ) -> Result<(), RestoreError> {
        let merges = self.assigner.is_none();
        for (key, kept) in keys {
            for window in kept.windows {
                let extent = window.window;
                let state = window.state(key, &self.trigger, self.aggregate)?;
                self.special_bytes += state.collected.special_bytes();
                self.kept += usize::from(state.is_kept(merges));
                state.hold.into_iter().for_each(|at| self.holds.set(at, key, extent));
                if self.states.insert((key, extent), state).is_some() {
                    return Err(RestoreError::Impossible("a key has a window twice"));
                }
            }
            kept.event_timers.into_iter().for_each(|(at, window)| self.event_timers.set(at, key, window));
            kept.proc_timers.into_iter().for_each(|(at, window)| self.proc_timers.set(at, key, window));
        }
        self.watermark = wide.watermark;
        self.output = output;
        self.opened = wide.opened()?;
        Ok(())
    }
}
