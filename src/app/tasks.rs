//! Long work beside the window: a price, a search, a film. It says how far it is, can be cancelled, and
//! comes back as a change to what the lab shows.
//!
//! A task of the same kind takes the place of the one before. Without a window (pictures, tests) it is
//! done inside [`super::link::Link::poll`], so that every frame is the same on every machine.

use std::fmt;

use crate::app::state::State;

/// Hears how much is done, from 0 to 1, and says whether to go on.
pub type GoOn<'a> = &'a mut dyn FnMut(f32) -> bool;

/// What a task does to the lab once it is done.
pub type Finish = Box<dyn FnOnce(&mut State) + Send>;

/// The work of a task.
pub type Work = Box<dyn FnOnce(GoOn<'_>) -> Finish + Send>;

/// Long work.
pub struct Task {
    /// What kind of work; one task of a kind runs at a time.
    pub kind: &'static str,
    /// What it does, for the reader: "Pricing three changes".
    pub title: String,
    /// Does it. A task that was cancelled may return anything; nobody hears of it.
    pub work: Work,
}

impl Task {
    /// A task that does `work`.
    pub fn new(
        kind: &'static str,
        title: impl Into<String>,
        work: impl FnOnce(GoOn<'_>) -> Finish + Send + 'static,
    ) -> Self {
        Self { kind, title: title.into(), work: Box::new(work) }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("kind", &self.kind).field("title", &self.title).finish_non_exhaustive()
    }
}

/// A task that is under way, as the window shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    /// Tells it from others.
    pub id: u64,
    /// What kind of work.
    pub kind: &'static str,
    /// What it does.
    pub title: String,
    /// How much is done, from 0 to 1.
    pub share: f32,
    /// When it began, on the frames' clock.
    pub since: f64,
}

/// What is heard of a task.
pub enum News {
    /// How much is done, from 0 to 1.
    Progress(f32),
    /// It is done.
    Done(Finish),
}
