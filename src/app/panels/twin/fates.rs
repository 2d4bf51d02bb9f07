//! Records whose fate is another one: from which to which, how many, and the way to them.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Pos2, Sense, Shape, Ui, pos2, vec2};

use crate::app::panels::twin::cache;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::marks;
use crate::human;
use crate::twin::pair::{Change, Outcome, Pair};

/// Height of a row.
const ROW: f32 = 25.0;

/// The mark of what became of a record, as on the time map.
pub fn mark(outcome: Outcome, at: Pos2, theme: &Theme) -> Shape {
    match outcome {
        Outcome::OnTime => marks::dot(at, 3.0, theme.on_time),
        Outcome::Behind => marks::diamond(at, marks::DIAMOND_HALF, theme.behind),
        Outcome::Dropped => marks::cross(at, 3.4, theme.dropped),
        Outcome::SideOutput => marks::square(at, 3.2, theme.side),
        Outcome::GivenUp => marks::triangle_hollow(at, 3.8, theme.dropped),
        Outcome::Unassigned => marks::hollow(at, 3.0, theme.t3),
    }
}

/// What became of a record, as the end of a sentence.
const fn word(outcome: Outcome, is_end: bool) -> &'static str {
    match outcome {
        Outcome::OnTime => "on time",
        Outcome::Behind if is_end => "behind but counted",
        Outcome::Behind => "behind",
        Outcome::Dropped => "dropped",
        Outcome::SideOutput if is_end => "in the side output",
        Outcome::SideOutput => "side output",
        Outcome::GivenUp => "given up",
        Outcome::Unassigned => "in no window",
    }
}

/// A change of fate in words: `dropped, now behind but counted`.
pub fn in_words(from: Outcome, to: Outcome) -> String {
    format!("{}, now {}", word(from, false), word(to, true))
}

/// Draws the changes of fate by the cursor. Pressing one rings its records alone and picks the latest;
/// pressing it again picks the one before, and after the first all are ringed again.
pub fn fates_ui(ui: &mut Ui, view: &View<'_>, pair: &Pair, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let focus = cache::focus(ui.ctx());
    let mut is_any = false;
    for change in &pair.changes {
        let records = change.at(view.now);
        if records.is_empty() {
            continue;
        }
        is_any = true;
        let of = (change.from, change.to);
        let is_focused = focus == Some(of);
        let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        let words = in_words(change.from, change.to);
        let label = format!("{words}: {}", human::count(records.len() as u64));
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_focused, &label));
        let ground = row.expand2(vec2(6.0, 0.0));
        if is_focused {
            ui.painter().rect_filled(ground, radius::SEGMENT, alpha(theme.you, 0.12));
        } else if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(ground, radius::SEGMENT, theme.field);
        }
        let y = row.center().y;
        ui.painter().add(mark(change.from, pos2(row.left() + 6.0, y), theme));
        paint_arrow(ui, theme, pos2(row.left() + 24.0, y));
        ui.painter().add(mark(change.to, pos2(row.left() + 42.0, y), theme));
        let count = human::count(records.len() as u64);
        let font = font::semibold(12.0);
        let count = ui.painter().text(pos2(row.right(), y), Align2::RIGHT_CENTER, count, font, theme.t1);
        let mut job = LayoutJob::simple_singleline(words, font::body(), theme.t2);
        job.wrap = TextWrapping::truncate_at_width((count.left() - space::S - row.left() - 60.0).max(0.0));
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(pos2(row.left() + 60.0, y - galley.size().y / 2.0), galley, theme.t2);
        if response.on_hover_text("Ring these alone and pick one; press again for the next").clicked() {
            let (next, selection) = pressed(view, change, is_focused);
            cache::set_focus(ui.ctx(), next.then_some(of));
            commands.push(Command::Select(selection));
        }
    }
    if !is_any {
        let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let words =
            if pair.is_same_input() { "No record by now" } else { "Records of different input are not compared" };
        ui.painter().text(row.left_center(), Align2::LEFT_CENTER, words, font::body(), theme.t3);
    }
}

/// Whether the change stays in focus, and what is picked.
fn pressed(view: &View<'_>, change: &Change, is_focused: bool) -> (bool, Selection) {
    let records = change.at(view.now);
    let place = match view.selection {
        Selection::Record(id) if is_focused => records.iter().position(|record| record.now == id),
        _ => None,
    };
    match place {
        None => (true, records.last().map_or(Selection::None, |record| Selection::Record(record.now))),
        Some(0) => (false, Selection::None),
        Some(place) => (true, Selection::Record(records[place - 1].now)),
    }
}

fn paint_arrow(ui: &Ui, theme: &Theme, at: Pos2) {
    let line = (1.0, theme.t3);
    ui.painter().line_segment([at - vec2(4.5, 0.0), at + vec2(4.5, 0.0)], line);
    ui.painter().line_segment([at + vec2(1.5, -3.0), at + vec2(4.5, 0.0)], line);
    ui.painter().line_segment([at + vec2(1.5, 3.0), at + vec2(4.5, 0.0)], line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_fate_reads_as_a_sentence() {
        assert_eq!(in_words(Outcome::Dropped, Outcome::Behind), "dropped, now behind but counted");
        assert_eq!(in_words(Outcome::Behind, Outcome::OnTime), "behind, now on time");
        assert_eq!(in_words(Outcome::SideOutput, Outcome::Dropped), "side output, now dropped");
    }
}
