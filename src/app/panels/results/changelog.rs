//! The changelog: what happened to the table, the latest first; withdrawn values are struck through.

use egui::{Align2, Color32, FontId, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::results::model::{Change, Op, TableModel};
use crate::app::panels::results::table::{ROW, name_of, timing};
use crate::app::panels::window_value::WindowValue;
use crate::app::theme::{Theme, font, radius, space, stroke};
use crate::app::time_ticks::clock;
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::{frame, marks};

/// Draws the changelog.
pub fn changelog_ui(ui: &mut Ui, view: &View<'_>, model: &TableModel, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let changes = model.changes_at(view.now);
    if changes == 0 {
        ui.add_space(8.0);
        frame::caption(ui, theme, "Nothing has been written yet");
        return;
    }
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), space::HIT), Sense::hover());
    let places = Places::of(head);
    let caption = |x: f32, anchor: Align2, text: &str| {
        ui.painter().text(pos2(x, head.center().y), anchor, text, font::legend(), theme.t3);
    };
    caption(places.at, Align2::LEFT_CENTER, "at");
    caption(places.op, Align2::LEFT_CENTER, if places.says_op() { "change" } else { "op" });
    caption(places.window, Align2::LEFT_CENTER, "window");
    caption(places.value, Align2::RIGHT_CENTER, "value");
    if let Some(x) = places.timing {
        caption(x, Align2::LEFT_CENTER, "timing");
    }
    marks::hline(ui.painter(), head.x_range(), head.bottom(), theme.hair);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("changelog").auto_shrink(false).show_rows(ui, ROW, changes, |ui, shown| {
        for place in shown.start.min(changes)..shown.end.min(changes) {
            let change = model.change(&view.run.trace, changes - 1 - place);
            row_ui(ui, view, &change, commands);
        }
    });
}

/// Where the columns stand.
struct Places {
    at: f32,
    op: f32,
    window: f32,
    value: f32,
    timing: Option<f32>,
}

impl Places {
    fn of(rect: Rect) -> Self {
        let has_timing = rect.width() >= 440.0;
        let right = rect.right() - if has_timing { 84.0 } else { 8.0 };
        Self {
            at: rect.left(),
            op: rect.left() + 68.0,
            window: rect.left() + if rect.width() >= 400.0 { 190.0 } else { 98.0 },
            value: right,
            timing: has_timing.then_some(right + 16.0),
        }
    }

    fn says_op(&self) -> bool {
        self.window - self.op > 100.0
    }
}

fn row_ui(ui: &mut Ui, view: &View<'_>, change: &Change, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let places = Places::of(rect);
    let key = view.run.trace.stream.key_table().name(change.key);
    let name = format!("{} {key}", name_of(change.window));
    let said = |value: Option<f64>| value.map_or(WindowValue::Unknown, WindowValue::One).text();
    let value = said(change.value);
    let label = format!("{} {name}, {value}", change.op.word());
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &label));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, radius::SEGMENT, theme.field);
    }
    let y = rect.center().y;
    let text = |x: f32, anchor: Align2, text: &str, font: FontId, colour: Color32| {
        ui.painter().text(pos2(x, y), anchor, text, font, colour)
    };
    text(places.at, Align2::LEFT_CENTER, &clock(change.at.micros(), 1e5), font::body(), theme.t2);
    text(places.op, Align2::LEFT_CENTER, change.op.sign(), font::mono(), ink(theme, change.op));
    if places.says_op() {
        text(places.op + 26.0, Align2::LEFT_CENTER, change.op.word(), font::body(), theme.t2);
    }
    text(places.window, Align2::LEFT_CENTER, &name, font::value(), theme.t1);
    let is_withdrawn = matches!(change.op, Op::UpdateBefore | Op::Delete);
    let colour = if is_withdrawn { theme.t3 } else { theme.t1 };
    let placed = text(places.value, Align2::RIGHT_CENTER, &value, font::value(), colour);
    if is_withdrawn {
        strike(ui, theme, placed);
    }
    if let Some(before) = change.instead_of {
        let at = placed.left() - 8.0;
        let placed = text(at, Align2::RIGHT_CENTER, &said(Some(before)), font::body(), theme.t3);
        strike(ui, theme, placed);
    }
    if let Some(x) = places.timing {
        text(x, Align2::LEFT_CENTER, timing(change.timing), font::body(), theme.t2);
    }
    if response.on_hover_text("Press to go to this instant and pick the window").clicked() {
        commands.push(Command::Select(Selection::Window { key: Some(change.key), window: change.window }));
        commands.push(Command::Seek(change.at));
    }
}

fn strike(ui: &Ui, theme: &Theme, text: Rect) {
    let y = text.center().y + 0.5;
    ui.painter().line_segment(
        [pos2(text.left() - 1.0, y), pos2(text.right() + 1.0, y)],
        Stroke::new(stroke::SELECTION, theme.retract),
    );
}

fn ink(theme: &Theme, op: Op) -> Color32 {
    match op {
        Op::Insert => theme.window,
        Op::UpdateAfter => theme.t1,
        Op::UpdateBefore | Op::Delete => theme.retract,
    }
}
