//! Snapshots of [`SessionWindows`]: by key, its sessions. Their timers follow from their extents and
//! the watermark.

use serde::{Deserialize, Serialize};

use crate::pipeline::WindowSpec;
use crate::window::aggregate::Summary;
use crate::window::pane::{Window, WindowId};
use crate::window::session::SessionWindows;
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::keyed::{Keyed, OfKey, Wide, raised};
use crate::window::snapshot::setting::Setting;

/// The sessions of one key, ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::window) struct SessionKey {
    sessions: Vec<KeptSession>,
}

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct KeptSession {
    pub id: WindowId,
    pub window: Window,
    pub panes: u32,
    pub total: Summary,
}

impl OfKey for SessionKey {
    fn raise_ids(&mut self, by: u32) {
        self.sessions.iter_mut().for_each(|session| session.id = raised(session.id, by));
    }
}

impl SessionKey {
    fn check(&self) -> Result<(), RestoreError> {
        if self.sessions.iter().any(|session| session.window.end <= session.window.start || session.total.count == 0) {
            return Err(RestoreError::Impossible("a session without a record"));
        }
        let are_apart = |pair: &[KeptSession]| pair[0].window.end < pair[1].window.start;
        if !self.sessions.windows(2).all(are_apart) {
            return Err(RestoreError::Impossible("sessions that should have merged"));
        }
        Ok(())
    }
}

impl SessionWindows {
    /// What it was built with.
    pub(in crate::window) fn settings(&self) -> Vec<Setting> {
        let windows = Setting::windows(WindowSpec::Session { gap: self.gap });
        vec![Setting::operator("session windows"), windows, Setting::lateness(self.allowed_lateness)]
    }

    /// What it keeps.
    pub(in crate::window) fn snapshot(&self) -> (Wide, Keyed<SessionKey>) {
        let mut keys: Keyed<SessionKey> = Keyed::new();
        self.each_session(|key, session| keys.entry(key).or_default().sessions.push(session));
        (Wide { watermark: self.watermark, opened: u64::from(self.opened) }, keys)
    }

    /// Goes on from a snapshot; the operator has no state.
    ///
    /// # Errors
    /// [`RestoreError::Impossible`] and [`RestoreError::TooManyWindows`].
    pub(in crate::window) fn restore(&mut self, wide: Wide, keys: &Keyed<SessionKey>) -> Result<(), RestoreError> {
        self.watermark = wide.watermark;
        self.opened = wide.opened()?;
        for (&key, state) in keys {
            state.check()?;
            self.restore_key(key, state.sessions.iter().copied());
        }
        Ok(())
    }
}
