//! Lesson: the text of a lesson.

use egui::Ui;

use crate::app::panels::topology::empty;
use crate::app::theme::space;
use crate::app::view::{Command, View};
use crate::app::widgets::frame;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct LessonState {}

/// Draws the panel into all of `ui`.
pub fn lesson_ui(ui: &mut Ui, view: &View<'_>, _state: &mut LessonState, _commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    frame::panel(ui, view.theme, rect, "Lesson", |_| {}, |_| {});
    empty(ui, view.theme, rect.with_min_y(rect.top() + space::HEADER), "This scenario has no lesson.");
}
