//! What a window operator tells the outside: windows open, fire, merge, and go.
//!
//! The operator is generic over [`WindowSink`], so that a run that records everything and a
//! benchmark that keeps a checksum share one engine, each paying only for what it takes.

use crate::record::{KeyId, RecordId};
use crate::time::ProcTime;
use crate::window::aggregate::{Special, Summary};
use crate::window::pane::{Pane, Window, WindowId};

/// Receives what a window operator does, in the order in which it happens.
pub trait WindowSink {
    /// Whether it takes more than panes. Where it is false, nothing but [`WindowSink::fired`] is
    /// called, and an operator may leave out what it keeps for the others: panes may then come
    /// without an identity ([`WindowId::NONE`]) and, within one firing, in another order.
    const FOLLOWS_WINDOWS: bool = true;

    /// A window got its first record. Ids count up from 0 in the order of these calls.
    fn opened(&mut self, id: WindowId, key: KeyId, window: Window, now: ProcTime, by: RecordId) {
        let _ = (id, key, window, now, by);
    }

    /// A window fired.
    fn fired(&mut self, pane: Pane);

    /// The pane that was fired just before has these values: the result of an aggregate that is a
    /// list, descending.
    fn listed(&mut self, values: &[f64]) {
        let _ = values;
    }

    /// The pane that was fired just before is of a special aggregate, and this is its state: all that
    /// one needs to put panes together.
    fn stated(&mut self, state: &Special) {
        let _ = state;
    }

    /// A record bridged sessions: `from` is no more, its records are in `into`.
    fn merged(&mut self, from: Kept, into: WindowId, now: ProcTime) {
        let _ = (from, into, now);
    }

    /// A window's state was dropped.
    fn closed(&mut self, kept: Kept, now: ProcTime) {
        let _ = (kept, now);
    }
}

/// The state kept for one window of one key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// Whose state.
    pub id: WindowId,
    /// The key.
    pub key: KeyId,
    /// The extent by now.
    pub window: Window,
    /// Everything counted in it by now.
    pub summary: Summary,
    /// The result of a special aggregate over all of it; `None` for others, and when a purge has
    /// thrown some of it away.
    pub special: Option<f64>,
    /// How many panes it has fired.
    pub panes: u32,
}

/// Panes in a list; the rest is not kept.
impl WindowSink for Vec<Pane> {
    fn fired(&mut self, pane: Pane) {
        self.push(pane);
    }
}
