//! How late is too late: the end of the window, the horizon, and where the record came.

use egui::{Align2, Color32, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::theme::{Theme, alpha, font, radius};
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::explain::Horizon;
use crate::explain::case::length;

/// Height of the bar.
const BAR: f32 = 9.0;
/// Height of the captions under it.
const CAPTIONS: f32 = 20.0;
/// The record's mark stays so far from the end of the bar.
const MARK: f32 = 8.0;

/// Draws the bar with its captions over the whole width.
pub(super) fn horizon_ui(ui: &mut Ui, theme: &Theme, horizon: &Horizon) {
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, 6.0 + BAR + CAPTIONS), Sense::hover());
    let far = horizon.past_end.as_secs_f64().max(horizon.lateness.as_secs_f64()).max(1e-6);
    let room = f64::from(width - 2.0 * MARK);
    let place = |secs: f64| rect.left() + (room * (secs / far)) as f32;
    let end = place(horizon.lateness.as_secs_f64());
    let came = place(horizon.past_end.as_secs_f64());
    let bar = egui::Rect::from_min_size(rect.min + vec2(0.0, 6.0), vec2(width, BAR));
    let painter = ui.painter();
    let kept = bar.with_max_x(end);
    painter.rect_filled(kept, radius::BAR, alpha(theme.window, 0.38));
    painter.add(marks::hatch(kept, 4.0, Stroke::new(1.0, alpha(theme.window, 0.7))));
    if horizon.is_past() {
        painter.rect_filled(bar.with_min_x(end).with_max_x(came), radius::BAR, alpha(theme.dropped, 0.35));
    }
    painter.line_segment([pos2(end, bar.top() - 3.0), pos2(end, bar.bottom() + 3.0)], Stroke::new(2.5, theme.window));
    let at = pos2(came, bar.center().y);
    if horizon.is_past() {
        painter.circle_filled(at, 7.0, theme.panel);
        painter.add(marks::cross(at, 4.4, theme.dropped));
    } else {
        painter.add(marks::diamond(at, 5.0, theme.behind));
    }
    captions(ui, theme, horizon, rect, end);
    let words = words(horizon);
    let told = format!("The horizon is {} after the end of the window; {words}", length(horizon.lateness));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
}

/// `34 s past it`.
fn words(horizon: &Horizon) -> String {
    let distance = length(horizon.past_it());
    if horizon.is_past() { format!("{distance} past it") } else { format!("{distance} before it") }
}

fn captions(ui: &Ui, theme: &Theme, horizon: &Horizon, rect: egui::Rect, end: f32) {
    let painter = ui.painter();
    let y = rect.bottom() - CAPTIONS / 2.0 + 2.0;
    let colour: Color32 = if horizon.is_past() { theme.dropped } else { theme.t2 };
    let right = painter.text(pos2(rect.right(), y), Align2::RIGHT_CENTER, words(horizon), font::medium(11.0), colour);
    let left = painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, "end of window", font::tick(), theme.t3);
    let text = format!("horizon {}", length(horizon.lateness));
    let galley = painter.layout_no_wrap(text, font::tick(), theme.t2);
    let least = left.right() + 8.0;
    let most = right.left() - 8.0 - galley.size().x;
    if least <= most {
        let x = (end - galley.size().x / 2.0).within(least, most);
        painter.galley(pos2(x, y - galley.size().y / 2.0), galley, theme.t2);
    }
}
