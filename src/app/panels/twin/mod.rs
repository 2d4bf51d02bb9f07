//! Twin: the run beside the pinned one.

use egui::Ui;

use crate::app::panels::topology::empty;
use crate::app::theme::space;
use crate::app::view::{Command, View};
use crate::app::widgets::frame;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct TwinState {}

/// Draws the panel into all of `ui`.
pub fn twin_ui(ui: &mut Ui, view: &View<'_>, _state: &mut TwinState, _commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    frame::panel(ui, view.theme, rect, "Twin", |_| {}, |_| {});
    empty(ui, view.theme, rect.with_min_y(rect.top() + space::HEADER), "Pin this run, change one thing, and see both.");
}
