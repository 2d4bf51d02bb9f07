//! Why: the reason why.

use egui::Ui;

use crate::app::panels::topology::empty;
use crate::app::theme::space;
use crate::app::view::{Command, View};
use crate::app::widgets::frame;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct WhyState {}

/// Draws the panel into all of `ui`.
pub fn why_ui(ui: &mut Ui, view: &View<'_>, _state: &mut WhyState, _commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    frame::panel(ui, view.theme, rect, "Why", |_| {}, |_| {});
    empty(
        ui,
        view.theme,
        rect.with_min_y(rect.top() + space::HEADER),
        "Click a record, a window or a silence, and read here why it went as it did.",
    );
}
