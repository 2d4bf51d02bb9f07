//! Recovery: when the job failed, when that was noticed, repaired and made good, over the run; and what
//! the same failures do to every window under each guarantee, side by side.
//!
//! In front of people only the second, in three large columns ([`super::guarantees`]).
//!
//! The figures are those of whole runs of the same stream ([`crate::twin::guarantees`]); they stand for
//! the end of the run, wherever the cursor is.

mod bars;
mod strip;

use egui::{Align, Layout, Rect, RichText, Ui, pos2, vec2};

use crate::app::arrangement::Preset;
use crate::app::panels::guarantees::guarantees_ui;
use crate::app::panels::topology::empty;
use crate::app::theme::{font, space};
use crate::app::view::{Command, View};
use crate::app::widgets::frame;
use crate::runtime::RecoveryLog;

/// Height of the strip over the run, with its legend and its times.
const STRIP: f32 = 132.0;

/// What to do where nothing fails and nothing is stored.
const NOTHING: &str = "Nothing fails here, and no checkpoints are taken. Press \"Crash a task\" below the topology, \
                       or open \"Exactly once\".";
/// What to do where nothing fails.
const NO_FAILURE: &str = "No task failed, so every guarantee gives the same results. Press \"Crash a task\" below \
                          the topology to see where they differ.";
/// A run whose rows are known only in the order in which they were handled.
const NO_INPUT: &str = "The rows of this run are not kept as they were read, so no guarantee can be tried on them.";

/// Draws the panel into all of `ui`.
pub fn recovery_ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    if view.preset == Preset::Present {
        return guarantees_ui(ui, view, commands);
    }
    let theme = view.theme;
    let rect = ui.max_rect();
    let log = view.run.trace.recovery.as_deref();
    frame::panel(
        ui,
        theme,
        rect,
        "Recovery",
        |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = log.map(headline).unwrap_or_default();
                ui.label(RichText::new(words).font(font::legend()).color(theme.t2));
            });
        },
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    let body = body.with_max_y(body.bottom() - space::S);
    let Some(log) = log.filter(|log| !log.checkpoints.is_empty() || !log.recoveries.is_empty()) else {
        empty(ui, theme, body, NOTHING);
        return;
    };
    let (top, rest) = body.split_top_bottom_at_y(body.top() + STRIP.min(body.height() / 2.0));
    strip::strip_ui(ui, view, log, top, commands);
    let rest = Rect::from_min_max(pos2(rest.left(), rest.top() + space::S), rest.max);
    if log.recoveries.is_empty() {
        empty(ui, theme, rest, NO_FAILURE);
        return;
    }
    match view.run.guarantees() {
        Some(guarantees) => bars::bars_ui(ui, theme, guarantees, rest),
        None if view.run.insight().is_some() => empty(ui, theme, rest, NO_INPUT),
        None => {
            empty(ui, theme, rest, "Running the same stream under each guarantee");
            ui.ctx().request_repaint();
        }
    }
}

/// `6 failures · 20 checkpoints complete, 1 not`.
fn headline(log: &RecoveryLog) -> String {
    let complete = log.checkpoints.iter().filter(|row| row.completed.is_some()).count();
    let failures = log.recoveries.len();
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let failed = format!("{failures} failure{}", plural(failures));
    if log.checkpoints.is_empty() {
        return format!("{failed} \u{b7} no checkpoints");
    }
    let others = log.checkpoints.len() - complete;
    let not = if others > 0 { format!(", {others} not") } else { String::new() };
    format!("{failed} \u{b7} {complete} checkpoint{} complete{not}", plural(complete))
}
