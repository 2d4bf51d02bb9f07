//! A group of records, one mark for each up to so many, then a bar for each outcome.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::why::{icons, section};
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::widgets::marks;
use crate::explain::{Group, Mark, Outcome, Subject};
use crate::human::count;
use crate::record::RecordId;

/// Distance between marks.
const PITCH: f32 = 15.6;
/// Height of a row of marks.
const ROW: f32 = 17.0;

/// Draws the group; the record that was pressed.
pub(super) fn units_ui(ui: &mut Ui, theme: &Theme, group: &Group, subject: Subject) -> Option<RecordId> {
    section(ui, theme, &group.title, &group.caption);
    let own = match subject {
        Subject::Record(id) => Some(id),
        _ => None,
    };
    let pressed = if group.members.is_empty() { bars_ui(ui, theme, group) } else { marks_ui(ui, theme, group, own) };
    ui.add_space(6.0);
    let words = ui.painter().layout(group.words(), font::legend(), theme.t2, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), words.size().y), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, group.words()));
    ui.painter().galley(rect.min, words, theme.t2);
    pressed
}

fn marks_ui(ui: &mut Ui, theme: &Theme, group: &Group, own: Option<RecordId>) -> Option<RecordId> {
    let width = ui.available_width();
    let in_row = (((width + 4.0) / PITCH) as usize).max(1);
    let rows = group.members.len().div_ceil(in_row);
    let (rect, response) = ui.allocate_exact_size(vec2(width, rows as f32 * ROW), Sense::click());
    let name = format!("{}: {}", group.title, group.words());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let place = |number: usize| {
        let (row, column) = (number / in_row, number % in_row);
        pos2(rect.left() + 6.0 + column as f32 * PITCH, rect.top() + ROW / 2.0 + row as f32 * ROW)
    };
    for (number, &(outcome, id)) in group.members.iter().enumerate() {
        let at = place(number);
        icons::mark(ui.painter(), theme, at, icons::of_outcome(outcome), 0.95);
        if own == Some(id) {
            ui.painter().circle_stroke(at, 8.0, egui::Stroke::new(1.5, theme.you));
        }
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect.expand(3.0), radius::SEGMENT, (1.5, theme.you), egui::StrokeKind::Inside);
    }
    // With the pointer the mark under it; with a key, the one after that of the subject.
    let under = response.interact_pointer_pos().or(response.hover_pos()).and_then(|pointer| {
        let near = |number: &usize| (place(*number) - pointer).length() < PITCH * 0.6;
        (0..group.members.len()).find(near)
    });
    let is_clicked = response.clicked();
    if let Some((outcome, id)) = under.map(|number| group.members[number]) {
        response.on_hover_text(format!("Record {}, {}", id.0, outcome.words()));
    }
    if !is_clicked {
        return None;
    }
    let next = || {
        let now = group.members.iter().position(|&(_, id)| own == Some(id)).map_or(0, |now| now + 1);
        group.members.get(now % group.members.len().max(1))
    };
    under.map(|number| group.members[number].1).or_else(|| next().map(|&(_, id)| id))
}

fn bars_ui(ui: &mut Ui, theme: &Theme, group: &Group) -> Option<RecordId> {
    let most = group.counts.iter().copied().max().unwrap_or(0).max(1);
    let number = |amount: u64| ui.painter().layout_no_wrap(count(amount), font::legend_value(), theme.t1).size().x;
    let numbers = group.counts.iter().map(|&amount| number(amount)).fold(0.0, f32::max);
    for (outcome, amount) in Outcome::ALL.into_iter().zip(group.counts).filter(|(_, amount)| *amount > 0) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let mark = icons::of_outcome(outcome);
        icons::mark(ui.painter(), theme, pos2(rect.left() + 6.0, rect.center().y), mark, 0.95);
        let room = Rect::from_min_max(
            pos2(rect.left() + 18.0, rect.top() + 4.0),
            pos2(rect.right() - numbers - space::S, rect.bottom() - 4.0),
        );
        let share = (amount as f64 / most as f64) as f32;
        let bar = room.with_max_x(room.left() + (room.width() * share).max(2.0));
        let colour = match mark {
            Mark::Dropped => theme.dropped,
            Mark::SideOutput => theme.side,
            Mark::Behind => theme.behind,
            Mark::OnTime => theme.on_time,
            _ => theme.t3,
        };
        ui.painter().rect_filled(bar, radius::BAR, alpha(colour, 0.85));
        if mark == Mark::Dropped {
            ui.painter().add(marks::hatch(bar, 4.0, egui::Stroke::new(1.4, alpha(theme.panel, 0.55))));
        }
        let at = pos2(rect.right(), rect.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, count(amount), font::legend_value(), theme.t1);
    }
    None
}
