//! Tuner: completeness against latency.

use egui::Ui;

use crate::app::panels::topology::empty;
use crate::app::theme::space;
use crate::app::view::{Command, View};
use crate::app::widgets::frame;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct TunerState {}

/// Draws the panel into all of `ui`.
pub fn tuner_ui(ui: &mut Ui, view: &View<'_>, _state: &mut TunerState, _commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    frame::panel(ui, view.theme, rect, "Tuner", |_| {}, |_| {});
    empty(
        ui,
        view.theme,
        rect.with_min_y(rect.top() + space::HEADER),
        "Completeness against latency, for every bound.",
    );
}
