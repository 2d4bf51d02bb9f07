//! Long work that is under way, in the top bar: what it does, how far it is, and a way to end it.

use egui::{Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use crate::app::panels::notices::paint_close;
use crate::app::state::State;
use crate::app::tasks::Running;
use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::Command;
use crate::app::widgets::controls::icon_button;

/// Shorter work is not worth a word, in seconds.
const SHOWN_AFTER: f64 = 0.2;

/// The work that the reader has waited for long enough to be told, the newest first. Work without a title is
/// done behind the scenes.
pub fn told(state: &State) -> impl Iterator<Item = &Running> {
    state.tasks.iter().rev().filter(|task| !task.title.is_empty() && state.time - task.since > SHOWN_AFTER)
}

/// Draws the newest work into a row; how many others there are is told beside it.
pub fn strip_ui(ui: &mut Ui, theme: &Theme, state: &State, commands: &mut Vec<Command>) {
    let Some(task) = told(state).next() else { return };
    let others = told(state).count() - 1;
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    ui.label(RichText::new(format!("{}{more}", task.title)).font(font::legend()).color(theme.t2));
    let (rail, response) = ui.allocate_exact_size(vec2(96.0, 4.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &task.title));
    let percent = (f64::from(task.share) * 100.0).round();
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_numeric_value(percent));
    ui.painter().rect_filled(rail, radius::BAR, theme.rail());
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * task.share.clamp(0.02, 1.0), rail.height()));
    ui.painter().rect_filled(done, radius::BAR, theme.you);
    let size = vec2(space::HIT, space::HIT);
    let name = format!("Cancel: {}", task.title);
    if icon_button(ui, theme, size, &name, "Cancel (Esc)", paint_close).clicked() {
        commands.push(Command::CancelTask(task.id));
    }
    ui.add_space(space::S);
}
