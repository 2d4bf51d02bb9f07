//! The comparison of the pinned run and the one on screen, once per pair: for the twin, and for what the time
//! map draws of it.
//!
//! Small runs are compared in the frame. Big ones are compared beside the window, and nothing is said of them
//! until that is done. The result lies in the window's memory, so that panels need not know of each other.

use std::sync::{Arc, OnceLock};

use egui::{Context, Id};

use crate::app::tasks::Task;
use crate::app::view::{Command, View};
use crate::twin::pair::{Outcome, Pair};

/// Records and panes of both runs that are compared within a frame.
const AT_ONCE: usize = 200_000;

/// A pair, being compared or compared.
#[derive(Clone)]
struct Slot {
    /// The generations of the pinned run and of the run on screen.
    of: (u64, u64),
    pair: Arc<OnceLock<Pair>>,
    is_asked: bool,
}

/// A comparison that is done.
#[derive(Clone)]
pub struct Compared(Arc<OnceLock<Pair>>);

impl Compared {
    /// The pair; `None` while it is compared.
    pub fn pair(&self) -> Option<&Pair> {
        self.0.get()
    }
}

fn slot_id() -> Id {
    Id::unique("twin: the pair")
}

fn focus_id() -> Id {
    Id::unique("twin: the change that is looked at")
}

/// The comparison of what is on screen with the pinned run; `None` without one. Where that is long work it
/// is begun through `commands`, if there are any.
pub fn compared(ctx: &Context, view: &View<'_>, commands: Option<&mut Vec<Command>>) -> Option<Compared> {
    let pinned = view.pinned?;
    let of = (pinned.generation, view.run.generation);
    let known = ctx.data(|data| data.get_temp::<Slot>(slot_id())).filter(|slot| slot.of == of);
    let mut slot = known.unwrap_or_else(|| Slot { of, pair: Arc::default(), is_asked: false });
    let (before, after) = (&pinned.trace, &view.run.trace);
    let size = before.fates.len() + before.panes.len() + after.fates.len() + after.panes.len();
    if slot.pair.get().is_none() {
        if size <= AT_ONCE {
            slot.pair.get_or_init(|| Pair::of(before, after));
        } else if let (false, Some(commands)) = (slot.is_asked, commands) {
            slot.is_asked = true;
            let (cell, before, after) = (Arc::clone(&slot.pair), Arc::clone(before), Arc::clone(after));
            commands.push(Command::StartTask(Task::new("twin", "Comparing with the pinned run", move |go_on| {
                if go_on(0.0) {
                    cell.get_or_init(|| Pair::of(&before, &after));
                }
                Box::new(|_| {})
            })));
        }
        ctx.data_mut(|data| data.insert_temp(slot_id(), slot.clone()));
    }
    Some(Compared(slot.pair))
}

/// Which change of fate the reader looks at; all of them when `None`.
pub fn focus(ctx: &Context) -> Option<(Outcome, Outcome)> {
    ctx.data(|data| data.get_temp::<Option<(Outcome, Outcome)>>(focus_id())).flatten()
}

/// Looks at one change of fate, or at all.
pub fn set_focus(ctx: &Context, change: Option<(Outcome, Outcome)>) {
    ctx.data_mut(|data| data.insert_temp(focus_id(), change));
}
