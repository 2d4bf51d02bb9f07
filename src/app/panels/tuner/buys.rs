//! What the next seconds buy: records saved by each step of the bound, of each thousand.

use egui::{Align, Align2, Layout, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Shown, words};
use crate::app::theme::{font, radius, space};
use crate::app::widgets::frame;
use crate::human;

/// Height of a row, at most and at least.
const ROW: f32 = 32.0;
const ROW_LEAST: f32 = 20.0;
/// Room for the names and the numbers.
const NAMES: f32 = 96.0;
const NUMBERS: f32 = 56.0;

/// Draws the bars into `rect`.
pub fn buys_ui(ui: &mut Ui, shown: &Shown<'_>, rect: Rect) {
    let theme = shown.view.theme;
    let grid = &shown.surface.grid;
    let header = |ui: &mut Ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.available_width() > 100.0 {
                frame::caption(ui, theme, words::kept(grid.latenesses[shown.lateness]));
            }
        });
    };
    frame::panel(ui, theme, rect, "What the next seconds buy", header, |_| {});
    let body = rect.with_min_y(rect.top() + space::HEADER + 6.0).shrink2(vec2(space::PANEL, 0.0));
    let steps = grid.bounds.len().saturating_sub(1);
    let height = ((body.height() - 34.0) / steps.max(1) as f32).clamp(ROW_LEAST, ROW);
    let rows = (((body.height() - 34.0) / height) as usize).min(steps);
    let saved = |step: usize| {
        let at = |bound: usize| shown.surface.at(shown.surface.window, shown.lateness, bound).completeness;
        (at(step + 1) - at(step)) * 1_000.0
    };
    let most = (0..rows).map(saved).fold(1e-9, f64::max);
    let name_of =
        |step: usize| format!("{} \u{2192} {}", human::span(grid.bounds[step]), human::span(grid.bounds[step + 1]));
    let laid = |name: String| ui.painter().layout_no_wrap(name, font::body(), theme.t2);
    // The longest name says where bars begin.
    let names = (0..rows).map(|step| laid(name_of(step)).size().x + space::M).fold(NAMES, f32::max);
    for step in 0..rows {
        let row = Rect::from_min_size(body.min + vec2(0.0, step as f32 * height), vec2(body.width(), height));
        let name = name_of(step);
        let number = saved(step);
        let told = match number {
            number if number >= 100.0 => format!("+{number:.0}"),
            number if number >= 0.05 => format!("+{number:.1}"),
            number if number > 0.0 => "<0.1".to_owned(),
            _ => "0".to_owned(),
        };
        let response = ui.interact(row, ui.scope_id().with(("step", step)), Sense::hover());
        let said = format!("Bound {name}: {told} records of each 1,000");
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
        let painter = ui.painter();
        let middle = row.center().y;
        painter.text(pos2(row.left(), middle), Align2::LEFT_CENTER, name, font::body(), theme.t2);
        let room = (row.width() - names - NUMBERS).max(0.0);
        let width = (room * (number / most) as f32).max(if number > 0.0 { 1.5 } else { 0.0 });
        let bar = Rect::from_min_size(pos2(row.left() + names, middle - 5.0), vec2(width, 10.0));
        painter.rect_filled(bar, radius::BAR, theme.watermark);
        let colour = if number > 0.0 { theme.t1 } else { theme.t3 };
        painter.text(pos2(row.right(), middle), Align2::RIGHT_CENTER, told, font::value(), colour);
    }
    let at = pos2(body.left(), body.top() + rows as f32 * height + 8.0);
    ui.painter().text(at, Align2::LEFT_TOP, "records more, of each 1,000", font::tick(), theme.t3);
}
