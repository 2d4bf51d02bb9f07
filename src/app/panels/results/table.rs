//! The table as it stands: heads that sort, a line on how far off it is, and rows of which only those in view
//! are looked at.

use egui::{Align2, Color32, FontId, Rect, Role, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::number;
use crate::app::panels::results::columns::{self, Placed};
use crate::app::panels::results::model::{Errors, RowNow, TableModel};
use crate::app::panels::results::standing::{Column, Standing, Wish};
use crate::app::panels::window_value::WindowValue;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::time_ticks::{clock, window_name};
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::{focus, frame, marks};
use crate::human;
use crate::window::pane::{Timing, Window};

/// Height of a row.
pub const ROW: f32 = 22.0;

/// Draws the table.
pub fn table_ui(
    ui: &mut Ui,
    view: &View<'_>,
    model: &TableModel,
    standing: &Standing,
    wish: &mut Wish,
    commands: &mut Vec<Command>,
) {
    let (theme, trace) = (view.theme, &view.run.trace);
    errors_ui(ui, view, model, &standing.errors, commands);
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), space::HIT), Sense::hover());
    let columns = columns::place(head.left(), head.right() - 8.0);
    for column in &columns {
        head_ui(ui, theme, head, column, wish);
    }
    marks::hline(ui.painter(), head.x_range(), head.bottom(), theme.hair);
    if standing.rows.is_empty() {
        ui.add_space(8.0);
        let words = if wish.filter.is_empty() { "No result is there yet" } else { "No key has that in its name" };
        frame::caption(ui, theme, words);
        return;
    }
    let (changes, watermark) = (model.changes_at(view.now), view.watermark());
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("results table").auto_shrink(false).show_rows(
        ui,
        ROW,
        standing.rows.len(),
        |ui, shown| {
            for &number in &standing.rows[shown.start.min(standing.rows.len())..shown.end.min(standing.rows.len())] {
                let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
                // While a big table stands still, a row may have gone.
                let Some(row) = model.row(trace, number as usize, changes, watermark) else { continue };
                let texts = Texts::of(view, &row);
                let selection = Selection::Window { key: Some(row.key), window: row.window };
                let is_selected = is_selected(view, &row);
                let label = format!("{} {}, value {}", texts.window, texts.key, texts.value);
                response.widget_info(|| WidgetInfo::selected(Role::Row, true, is_selected, &label));
                if is_selected {
                    ui.painter().rect_filled(rect, radius::SEGMENT, alpha(theme.you, 0.12));
                } else if response.hovered() || response.has_focus() {
                    ui.painter().rect_filled(rect, radius::SEGMENT, theme.field);
                }
                for column in &columns {
                    paint_cell(ui, theme, rect, column, &row, &texts);
                }
                if response.clicked() {
                    commands.push(Command::Select(if is_selected { Selection::None } else { selection }));
                }
            }
        },
    );
}

fn is_selected(view: &View<'_>, row: &RowNow) -> bool {
    match view.selection {
        Selection::Window { key, window } => window == row.window && key.is_none_or(|key| key == row.key),
        Selection::Record(_) | Selection::None => false,
    }
}

/// What cells say.
struct Texts {
    key: String,
    window: String,
    value: String,
    truth: String,
    error: String,
    timing: &'static str,
    updates: String,
    since: String,
}

impl Texts {
    fn of(view: &View<'_>, row: &RowNow) -> Self {
        let said = |value: Option<f64>| value.map_or(WindowValue::Unknown, WindowValue::One).text();
        let is_open = row.window.end > view.watermark();
        let value = said(row.value);
        Self {
            key: view.run.trace.stream.key_table().name(row.key).to_owned(),
            window: name_of(row.window),
            value: if row.rows > 1 { format!("{value} \u{d7}{}", row.rows) } else { value },
            truth: if row.truth.is_none() && is_open { "\u{2026}".to_owned() } else { said(row.truth) },
            error: row.error.map_or(if is_open { "so far" } else { "\u{2026}" }.to_owned(), number::difference),
            timing: timing(row.timing),
            updates: human::count(u64::from(row.updates)),
            since: clock(row.since.micros(), 1e5),
        }
    }
}

/// A window as its start says it; the window of all time by its name.
pub fn name_of(window: Window) -> String {
    if window == Window::ALL {
        return "all time".to_owned();
    }
    window_name(window.start.micros(), window.size().micros())
}

/// When a pane was fired, in words.
pub const fn timing(timing: Timing) -> &'static str {
    match timing {
        Timing::Early => "early",
        Timing::OnTime => "on time",
        Timing::Late => "late",
        Timing::AtEnd => "at the end",
    }
}

fn paint_cell(ui: &Ui, theme: &Theme, rect: Rect, column: &Placed, row: &RowNow, texts: &Texts) {
    let (text, font, colour): (&str, FontId, Color32) = match column.column {
        Column::Key => (&texts.key, font::body(), theme.t2),
        Column::Window => (&texts.window, font::value(), theme.t1),
        Column::Value if row.rows > 1 => (&texts.value, font::semibold(12.0), theme.dropped),
        Column::Value => (&texts.value, font::value(), theme.t1),
        Column::Truth => (&texts.truth, font::body(), theme.t3),
        Column::Error if row.error.is_some_and(|error| error != 0.0) => {
            (&texts.error, font::semibold(12.0), theme.dropped)
        }
        Column::Error => (&texts.error, font::body(), theme.t3),
        Column::Timing if row.timing == Timing::Late => (texts.timing, font::body(), theme.t1),
        Column::Timing => (texts.timing, font::body(), theme.t2),
        Column::Updates if row.updates == 0 => (&texts.updates, font::body(), theme.t3),
        Column::Updates => (&texts.updates, font::body(), theme.t1),
        Column::Since => (&texts.since, font::body(), theme.t2),
    };
    let clip = Rect::from_x_y_ranges(column.left..=column.right, rect.y_range());
    let painter = ui.painter().with_clip_rect(clip.intersect(ui.clip_rect()));
    let (x, anchor) =
        if column.is_number { (column.right, Align2::RIGHT_CENTER) } else { (column.left, Align2::LEFT_CENTER) };
    painter.text(pos2(x, rect.center().y), anchor, text, font, colour);
}

/// A head that sorts by its column, and the other way when pressed again.
fn head_ui(ui: &mut Ui, theme: &Theme, head: Rect, column: &Placed, wish: &mut Wish) {
    let rect = Rect::from_x_y_ranges(column.left - 2.0..=column.right + 2.0, head.y_range());
    let response = ui.interact(rect, ui.scope_id().with(("sort", column.name)), Sense::click());
    let is_sorted = wish.column == column.column;
    let label = format!("Sort by {}", column.name);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_sorted, &label));
    focus::ring(ui, theme, rect.shrink2(vec2(0.0, 2.0)), &response);
    let colour = match (is_sorted, response.hovered() || response.has_focus()) {
        (true, _) | (_, true) => theme.t1,
        _ => theme.t3,
    };
    let (x, anchor) =
        if column.is_number { (column.right, Align2::RIGHT_CENTER) } else { (column.left, Align2::LEFT_CENTER) };
    let said = ui.painter().text(pos2(x, head.center().y), anchor, column.name, font::legend(), colour);
    if is_sorted {
        let x = if column.is_number { said.left() - 7.0 } else { said.right() + 7.0 };
        let (at, up) = (pos2(x, head.center().y), if wish.descending { 1.0 } else { -1.0 });
        let corners = vec![at + vec2(-3.0, -1.5 * up), at + vec2(3.0, -1.5 * up), at + vec2(0.0, 2.5 * up)];
        ui.painter().add(Shape::convex_polygon(corners, colour, Stroke::NONE));
    }
    if response.clicked() {
        if is_sorted {
            wish.descending = !wish.descending;
        } else {
            wish.column = column.column;
            // Of numbers the large ones are looked for.
            wish.descending = column.is_number;
        }
    }
}

/// How far the table is off the batch answer, and the worst rows, as far as there is room.
fn errors_ui(ui: &mut Ui, view: &View<'_>, model: &TableModel, errors: &Errors, commands: &mut Vec<Command>) {
    let (theme, trace) = (view.theme, &view.run.trace);
    let (changes, watermark) = (model.changes_at(view.now), view.watermark());
    let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), space::HIT), Sense::hover());
    let painter = ui.painter().with_clip_rect(line.intersect(ui.clip_rect()));
    let mark = pos2(line.left() + 5.0, line.center().y);
    match (errors.complete, errors.wrong) {
        (0, _) => {}
        (_, 0) => drop(painter.add(marks::check(mark, 4.2, theme.watermark))),
        _ => drop(painter.add(marks::cross(mark, 3.4, theme.dropped))),
    }
    let galley = |words: String| painter.layout_no_wrap(words, font::body(), theme.t2);
    let left = line.left() + if errors.complete == 0 { 0.0 } else { 16.0 };
    let [long, short] = in_words(errors).map(galley);
    let said = if left + long.size().x <= line.right() { long } else { short };
    let mut at = left + said.size().x + 8.0;
    painter.galley(pos2(left, line.center().y - said.size().y / 2.0), said, theme.t2);
    for &(number, error) in &errors.worst {
        let Some(row) = model.row(trace, number, changes, watermark) else { continue };
        let key = trace.stream.key_table().name(row.key);
        let name = format!("{} {key} {}", name_of(row.window), number::difference(error));
        let galley = painter.layout_no_wrap(name.clone(), font::legend_value(), theme.dropped);
        let rect = Rect::from_min_size(pos2(at, line.center().y - 10.0), vec2(galley.size().x + 10.0, 20.0));
        if rect.right() > line.right() {
            break;
        }
        at = rect.right() + 6.0;
        let response = ui.interact(rect, ui.scope_id().with(("worst", number)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Worst: {name}")));
        let ground = if response.hovered() || response.has_focus() { theme.raised } else { theme.field };
        painter.rect_filled(rect, radius::SEGMENT, ground);
        painter.galley(rect.center() - galley.size() / 2.0, galley, theme.dropped);
        if response.clicked() {
            commands.push(Command::Select(Selection::Window { key: Some(row.key), window: row.window }));
        }
    }
}

/// How far the table is off, in a sentence and in short.
fn in_words(errors: &Errors) -> [String; 2] {
    match (errors.complete, errors.wrong) {
        (0, _) => ["No window is complete yet", "None complete yet"].map(str::to_owned),
        (complete, 0) => [
            format!("{} say what the batch says", complete_rows(complete)),
            format!("{} right", complete_rows(complete)),
        ],
        (complete, wrong) => {
            let (wrong, total) = (human::count(wrong as u64), number::value(errors.total));
            [
                format!("{wrong} of {} off the batch answer, by {total} in all", complete_rows(complete)),
                format!("{wrong} of {} rows off, by {total}", human::count(complete as u64)),
            ]
        }
    }
}

fn complete_rows(count: usize) -> String {
    if count == 1 { "1 complete row".to_owned() } else { format!("{} complete rows", human::count(count as u64)) }
}
