//! What window tasks send to the sink: panes, in a form as small as the sink needs, in batches.

use crate::runtime::threads::batch::Message;
use crate::runtime::threads::channel::{Left, Outlet};
use crate::runtime::threads::meter::Meter;
use crate::window::pane::Pane;
use crate::window::sink::WindowSink;

/// A pane on its way to the sink.
pub trait Emission: Send + Sized + 'static {
    /// Whether it needs to know windows apart: see [`WindowSink::FOLLOWS_WINDOWS`].
    const FOLLOWS_WINDOWS: bool = true;

    /// What is sent of a pane.
    fn of(pane: Pane) -> Self;

    /// The values of the pane, where the result of its aggregate is a list; descending.
    fn listed(&mut self, values: &[f64]) {
        let _ = values;
    }
}

/// The pane as it is; lists are left out.
impl Emission for Pane {
    fn of(pane: Pane) -> Self {
        pane
    }
}

/// A pane, with its values where the result of its aggregate is a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPane {
    /// The pane.
    pub pane: Pane,
    /// Its values, descending; empty for aggregates that are one number.
    pub list: Box<[f64]>,
}

impl Emission for ListedPane {
    fn of(pane: Pane) -> Self {
        Self { pane, list: Box::default() }
    }

    fn listed(&mut self, values: &[f64]) {
        self.list = values.into();
    }
}

/// Keeps what a window operator emits.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<E>(pub Vec<E>);

impl<E: Emission> WindowSink for Kept<E> {
    const FOLLOWS_WINDOWS: bool = E::FOLLOWS_WINDOWS;

    fn fired(&mut self, pane: Pane) {
        self.0.push(E::of(pane));
    }

    fn listed(&mut self, values: &[f64]) {
        if let Some(last) = self.0.last_mut() {
            last.listed(values);
        }
    }
}

/// Sends what a window operator emits, a batch at a time. It blocks in the midst of a firing when
/// there is no room: a window task is held back however many panes one watermark fires.
#[derive(Debug)]
pub struct Emitter<'a, E> {
    outlet: &'a Outlet<Vec<E>>,
    meter: &'a Meter,
    batch_panes: usize,
    batch: Vec<E>,
    /// Once sending has failed, nothing is kept or sent any more.
    left: Option<Left>,
}

impl<'a, E: Emission> Emitter<'a, E> {
    /// Sends batches of so many panes into `outlet`.
    pub const fn new(outlet: &'a Outlet<Vec<E>>, batch_panes: usize, meter: &'a Meter) -> Self {
        Self { outlet, meter, batch_panes, batch: Vec::new(), left: None }
    }

    /// Sends what there is.
    ///
    /// # Errors
    /// When the sink is gone or the run is cancelled, now or since the last flush.
    pub fn flush(&mut self) -> Result<(), Left> {
        if !self.batch.is_empty() {
            self.send();
        }
        self.left.map_or(Ok(()), Err)
    }

    fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.meter.add_panes(batch.len() as u64);
        if self.left.is_none() {
            self.left = self.outlet.send(Message::Data(batch), self.meter).err();
        }
    }
}

impl<E: Emission> WindowSink for Emitter<'_, E> {
    const FOLLOWS_WINDOWS: bool = E::FOLLOWS_WINDOWS;

    #[inline]
    fn fired(&mut self, pane: Pane) {
        // The list of the last pane may still come, so a full batch goes when the next pane is there.
        if self.batch.len() >= self.batch_panes {
            self.send();
        }
        if self.batch.capacity() == 0 {
            self.batch.reserve_exact(self.batch_panes);
        }
        self.batch.push(E::of(pane));
    }

    fn listed(&mut self, values: &[f64]) {
        if let Some(last) = self.batch.last_mut() {
            last.listed(values);
        }
    }
}
