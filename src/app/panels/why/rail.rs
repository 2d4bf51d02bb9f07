//! The chain of steps: a rail of marks, each a button that leads somewhere.

use egui::{Align2, Color32, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::why::icons;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::explain::{Explanation, Step};
use crate::metrics::tasks::phrase::Clock;

/// Room of the rail left of the titles.
const RAIL: f32 = 20.0;
/// Where the rail's line runs.
const AXIS: f32 = 5.0;
/// Air between title, detail and time.
const GAP: f32 = 10.0;
/// Height of a second line, where the detail has no room in the first.
const SECOND: f32 = 15.0;

/// Draws the steps; the one that was pressed. Steps after `now` are paler: they are still to come.
pub(super) fn rail_ui(ui: &mut Ui, theme: &Theme, explanation: &Explanation, now: i64) -> Option<usize> {
    let (steps, clock) = (&explanation.steps, explanation.clock());
    let top = ui.cursor().top();
    let line = ui.painter().add(egui::Shape::Noop);
    let x = ui.cursor().left() + AXIS;
    let (mut first, mut last, mut pressed) = (top, top, None);
    for (place, step) in steps.iter().enumerate() {
        let row = Row::new(ui, theme, clock, step, step.at.micros() > now);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), row.height), Sense::click());
        let name = row.name(step);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let at = pos2(x, rect.top() + space::ROW / 2.0);
        if place == 0 {
            first = at.y;
        }
        last = at.y;
        if response.hovered() || response.has_focus() {
            let ground = rect.expand2(vec2(6.0, 0.0));
            ui.painter().rect_filled(ground, radius::SEGMENT, theme.field);
            if response.has_focus() {
                ui.painter().rect_stroke(ground, radius::SEGMENT, (1.5, theme.you), StrokeKind::Inside);
            }
        }
        row.paint(ui, rect);
        // The rail stops short of the mark.
        ui.painter().circle_filled(at, 7.5, theme.panel);
        icons::mark(ui.painter(), theme, at, step.mark, 1.0);
        if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
            pressed = Some(place);
        }
    }
    if last > first {
        let stroke = Stroke::new(1.0, theme.hair);
        ui.painter().set(line, egui::Shape::line_segment([pos2(x, first), pos2(x, last)], stroke));
    }
    pressed
}

/// A step, laid out.
struct Row {
    time: String,
    title: String,
    detail: String,
    height: f32,
    /// Whether the detail stands below the title.
    is_double: bool,
    colours: [Color32; 3],
}

impl Row {
    fn new(ui: &Ui, theme: &Theme, clock: Clock, step: &Step, is_to_come: bool) -> Self {
        let time = clock.tell(step.at.reading());
        let width = |text: &str, font: FontId| ui.painter().layout_no_wrap(text.to_owned(), font, theme.t1).size().x;
        let room = ui.available_width() - RAIL - width(&time, font::value()) - GAP;
        let title = elided(ui, &step.title, font::body(), room);
        let detail_width = width(&step.detail, font::tick());
        let is_double = !step.detail.is_empty() && width(&title, font::body()) + GAP + detail_width > room;
        let detail = elided(ui, &step.detail, font::tick(), if is_double { room } else { detail_width + 1.0 });
        let fade = |colour: Color32| if is_to_come { alpha(colour, 0.62) } else { colour };
        let colours = [fade(theme.t1), theme.t3, fade(theme.t1)];
        Self { time, title, detail, height: space::ROW + if is_double { SECOND } else { 0.0 }, is_double, colours }
    }

    fn name(&self, step: &Step) -> String {
        let detail = if step.detail.is_empty() { String::new() } else { format!(", {}", step.detail) };
        format!("{} {}{detail} ({})", self.time, step.title, icons::words(step.mark))
    }

    fn paint(&self, ui: &Ui, rect: Rect) {
        let y = rect.top() + space::ROW / 2.0;
        let [title, detail, time] = self.colours;
        let painter = ui.painter();
        painter.text(pos2(rect.left() + RAIL, y), Align2::LEFT_CENTER, &self.title, font::body(), title);
        let stamp = painter.text(pos2(rect.right(), y), Align2::RIGHT_CENTER, &self.time, font::value(), time);
        let (at, align) = if self.is_double {
            (pos2(rect.left() + RAIL, y + SECOND), Align2::LEFT_CENTER)
        } else {
            (pos2(stamp.left() - GAP, y), Align2::RIGHT_CENTER)
        };
        painter.text(at, align, &self.detail, font::tick(), detail);
    }
}

/// A text that is cut where it has no room.
fn elided(ui: &Ui, text: &str, font: FontId, room: f32) -> String {
    let width = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE).size().x;
    if width(text) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let fits = |length: &usize| width(&format!("{}\u{2026}", letters[..*length].iter().collect::<String>())) <= room;
    let length = (0..letters.len()).rev().find(fits).unwrap_or(0);
    format!("{}\u{2026}", letters[..length].iter().collect::<String>().trim_end())
}
