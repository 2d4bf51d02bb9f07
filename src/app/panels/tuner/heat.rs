//! Window size by bound: how much is counted, as a number in a colour that says the same. A cell applies
//! itself.

use egui::{
    Align, Align2, Color32, Layout, Rect, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::{Shown, apply, words};
use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::Command;
use crate::app::widgets::controls::segments;
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::pipeline::WindowSpec;
use crate::tuner::Setting;

/// Room for the names of the rows and columns.
const NAMES: f32 = 62.0;
const BELOW: f32 = 44.0;
/// Cells narrower than this have no number.
const NUMBER_FROM: f32 = 34.0;

/// Draws the heat map into `rect`; `chosen` is which lateness it shows.
pub fn heat_ui(ui: &mut Ui, shown: &Shown<'_>, rect: Rect, chosen: &mut Option<usize>, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    let grid = &shown.surface.grid;
    let header = |ui: &mut Ui| {
        if ui.available_width() > 420.0 {
            frame::caption(ui, theme, "% counted");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let names: Vec<String> = grid.latenesses.iter().map(|lateness| words::kept(*lateness)).collect();
            let choices: Vec<(&str, &str)> =
                names.iter().map(|name| (&**name, "How long a fired window is kept for late records")).collect();
            let room = ui.available_rect_before_wrap();
            let width = room.width().min(290.0);
            let well = Rect::from_center_size(room.right_center() - vec2(width / 2.0, 0.0), vec2(width, 22.0));
            let mut child = ui.new_child(UiBuilder::new().id_salt("latenesses").max_rect(well));
            if let Some(pressed) = segments(&mut child, theme, "lateness shown", &choices, shown.lateness) {
                *chosen = Some(pressed);
            }
        });
    };
    frame::panel(ui, theme, rect, "Window size \u{d7} bound", header, |_| {});
    let body = Rect::from_min_max(
        pos2(rect.left() + NAMES + 12.0, rect.top() + space::HEADER + 4.0),
        pos2(rect.right() - space::PANEL, rect.bottom() - BELOW),
    );
    let (rows, columns) = (grid.windows.len(), grid.bounds.len());
    let cell = vec2(body.width() / columns as f32, body.height() / rows as f32);
    let now = Setting::of(&shown.view.run.trace.pipeline);
    for row in 0..rows {
        // The largest window stands at the top.
        let window = rows - 1 - row;
        let top = body.top() + row as f32 * cell.y;
        let name = name_of(grid.windows[window]);
        let is_now = grid.windows[window] == now.window;
        let (font, colour) = if is_now { (font::medium(11.0), theme.t1) } else { (font::tick(), theme.t3) };
        let at = pos2(body.left() - 10.0, top + cell.y / 2.0);
        ui.painter().text(at, Align2::RIGHT_CENTER, name, font, colour);
        for bound in 0..columns {
            let at = pos2(body.left() + bound as f32 * cell.x, top);
            cell_ui(ui, shown, (window, bound), Rect::from_min_size(at, cell).shrink(1.0), commands);
        }
    }
    goal_line(ui, shown, body, cell);
    foot(ui, shown, body, cell, &now);
}

fn cell_ui(ui: &mut Ui, shown: &Shown<'_>, (window, bound): (usize, usize), rect: Rect, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    let point = shown.surface.at(window, shown.lateness, bound);
    let response = ui.interact(rect, ui.scope_id().with(("cell", window, bound)), Sense::click());
    let name = format!(
        "{}, {}: {} counted",
        name_of(point.setting.window),
        words::setting(point.setting),
        words::percent(point.completeness)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let fill = colour(theme, point.completeness);
    ui.painter().rect_filled(rect, radius::BAR, fill);
    if rect.width() >= NUMBER_FROM && rect.height() >= 15.0 {
        let share = words::percent(point.completeness);
        let number = share.trim_end_matches('%');
        let ink = ink_on(fill, theme);
        let size = if number.len() > 5 && rect.width() < 46.0 { 10.0 } else { 11.0 };
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, number, font::medium(size), ink);
    }
    let now = Setting::of(&shown.view.run.trace.pipeline);
    if point.setting == now {
        ui.painter().rect_stroke(rect, radius::PLATE, Stroke::new(2.0, theme.t1), StrokeKind::Inside);
    }
    if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(rect, radius::PLATE, Stroke::new(2.0, theme.you), StrokeKind::Inside);
    }
    let wait = point.result_latency_s.p50.map_or_else(|| "no result on time".to_owned(), words::seconds);
    let more = format!("{name}\n{} dropped, median wait {wait}\nClick to set it.", human::count(point.counts.dropped));
    if response.on_hover_text(more).clicked() {
        commands.push(apply(shown.view, point.setting));
    }
}

/// From nearly the panel to the watermark's green, by how much is missing.
fn colour(theme: &Theme, share: f64) -> Color32 {
    let missing = (1.0 - share).max(1e-4);
    let place = (-libm::log10(missing) - 0.5) / 3.0;
    theme.field.lerp_to_gamma(theme.watermark, (0.25 + 0.65 * place.clamp(0.0, 1.0)) as f32)
}

/// Black or white, whichever is further from the ground.
fn ink_on(ground: Color32, theme: &Theme) -> Color32 {
    let luminance = crate::app::theme::luminance(ground);
    let (dark, light) = if theme.is_dark() { (theme.bg, theme.t1) } else { (theme.t1, theme.raised) };
    let contrast = |ink: Color32| {
        let ink = crate::app::theme::luminance(ink);
        (ink.max(luminance) + 0.05) / (ink.min(luminance) + 0.05)
    };
    if contrast(dark) >= contrast(light) { dark } else { light }
}

/// A line between cells that keep the wish and those that do not.
fn goal_line(ui: &Ui, shown: &Shown<'_>, body: Rect, cell: egui::Vec2) {
    let (rows, columns) = (shown.surface.grid.windows.len(), shown.surface.grid.bounds.len());
    let keeps = |row: usize, bound: usize| {
        shown.surface.at(rows - 1 - row, shown.lateness, bound).completeness >= shown.wish.complete
    };
    let stroke = Stroke::new(2.0, shown.view.theme.you);
    for row in 0..rows {
        for bound in 0..columns {
            let corner = body.min + vec2(bound as f32 * cell.x, row as f32 * cell.y);
            if bound > 0 && keeps(row, bound) != keeps(row, bound - 1) {
                ui.painter().line_segment([corner, corner + vec2(0.0, cell.y)], stroke);
            }
            if row > 0 && keeps(row, bound) != keeps(row - 1, bound) {
                ui.painter().line_segment([corner, corner + vec2(cell.x, 0.0)], stroke);
            }
        }
    }
}

fn foot(ui: &Ui, shown: &Shown<'_>, body: Rect, cell: egui::Vec2, now: &Setting) {
    let theme = shown.view.theme;
    let painter = ui.painter();
    let mut end = f32::NEG_INFINITY;
    for (place, bound) in shown.surface.grid.bounds.iter().enumerate() {
        let is_now = *bound == now.bound;
        let (font, colour) = if is_now { (font::medium(11.0), theme.t1) } else { (font::tick(), theme.t3) };
        let words = painter.layout_no_wrap(human::span(*bound), font, colour);
        let middle = body.left() + (place as f32 + 0.5) * cell.x;
        let left = middle - words.size().x / 2.0;
        if left > end + 4.0 {
            end = left + words.size().x;
            painter.galley(pos2(left, body.bottom() + 5.0), words, colour);
        }
    }
    let y = body.bottom() + 24.0;
    painter.text(pos2(body.left() - NAMES, y), Align2::LEFT_TOP, "\u{2191} window size", font::tick(), theme.t3);
    painter.text(pos2(body.right(), y), Align2::RIGHT_TOP, "bound \u{2192}", font::tick(), theme.t3);
    let words = format!("{} line", words::percent(shown.wish.complete));
    let galley = painter.layout_no_wrap(words, font::tick(), theme.t2);
    let at = pos2(body.center().x - galley.size().x / 2.0, y);
    marks::hline(painter, (at.x - 26.0..=at.x - 6.0).into(), y + 7.0, theme.you);
    painter.galley(at, galley, theme.t2);
}

/// The size of a window, for the name of a row.
pub fn name_of(window: WindowSpec) -> String {
    match window {
        WindowSpec::Tumbling { size, .. } | WindowSpec::Sliding { size, .. } => human::span(size),
        WindowSpec::Session { gap } => format!("gap {}", human::span(gap)),
        other => other.to_string(),
    }
}
