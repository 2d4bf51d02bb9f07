//! The windows that a failure touched, and the facts of the recovery below them.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::Sizes;
use crate::app::theme::{alpha, radius};
use crate::app::time_ticks;
use crate::app::view::View;
use crate::app::widgets::marks;
use crate::human;
use crate::pipeline::Delivery;
use crate::runtime::recovery_log::RecoveryRow;
use crate::time::EventTime;
use crate::twin::guarantees::{Outcome, Totals};

/// Facts below the windows, and the height of each.
const FACTS: usize = 5;
const FACT: f32 = 24.0;

/// Draws windows and facts into `area`.
pub fn table_ui(ui: &mut Ui, view: &View<'_>, sizes: Sizes, area: Rect, outcome: &Outcome) {
    let k = sizes.scale;
    let facts = FACTS as f32 * FACT * k + 14.0 * k;
    let top = area.top() + 10.0 * k;
    let room = area.bottom() - facts - top - sizes.row * 0.8;
    let rows = ((room / sizes.row) as usize).max(1);
    let end = windows(ui, view, sizes, area.with_min_y(top), outcome, rows);
    let note = note(ui, view, sizes, area.with_min_y(end), outcome);
    facts_ui(ui, view, sizes, area.with_min_y(note + 8.0 * k), outcome);
}

/// What to know of the numbers. Where it ends.
fn note(ui: &Ui, view: &View<'_>, sizes: Sizes, area: Rect, outcome: &Outcome) -> f32 {
    if outcome.note.is_empty() {
        return area.top();
    }
    let galley = ui.painter().layout(outcome.note.clone(), sizes.caption(), view.theme.t2, area.width());
    let end = area.top() + galley.size().y;
    ui.painter().galley(area.min, galley, view.theme.t2);
    end
}

/// The windows around the last failure as readers see them at the cursor, as many as there is room for. Where they end.
fn windows(ui: &Ui, view: &View<'_>, sizes: Sizes, area: Rect, outcome: &Outcome, rows: usize) -> f32 {
    let (theme, painter, k) = (view.theme, ui.painter(), sizes.scale);
    let all = outcome.by_start();
    let y = area.top() + 6.0 * k;
    let (seen, off) = (area.right() - 62.0 * k, area.right());
    for (at, align, words) in [
        (area.left(), Align2::LEFT_CENTER, "window"),
        (seen, Align2::RIGHT_CENTER, "records seen"),
        (off, Align2::RIGHT_CENTER, "off by"),
    ] {
        painter.text(pos2(at, y), align, words, sizes.caption(), theme.t3);
    }
    let failed = outcome.watch.failure_at(view.now).map(|row| row.failed_at.on_event_clock());
    let at_failure = failed.map_or(0, |at| all.partition_point(|(start, _)| *start <= at));
    // The window of the failure, two before it, and what came after.
    let first = at_failure.saturating_sub(3.min(rows.saturating_sub(1).max(1))).min(all.len().saturating_sub(rows));
    let shown = &all[first..(first + rows).min(all.len())];
    let step = all.windows(2).map(|pair| (pair[1].0 - pair[0].0).micros()).min().unwrap_or(0);
    let most = shown.iter().map(|(_, it)| it.expected.max(it.seen)).max().unwrap_or(0).max(1);
    let left = area.left() + 64.0 * k;
    let width = (seen - 96.0 * k - left).max(20.0);
    for (place, (start, it)) in shown.iter().enumerate() {
        let y = area.top() + sizes.row * (place as f32 + 0.9) + 6.0 * k;
        let is_over = start.micros().saturating_add(step) <= view.now.micros();
        let (records, is_all) = outcome.seen_by(*start, view.now);
        let row = Row { records, is_known: is_over && is_all, is_stuck: outcome.is_stuck(), totals: *it };
        let name = time_ticks::window_name(start.micros(), step);
        painter.text(pos2(area.left(), y), Align2::LEFT_CENTER, &name, sizes.body(), theme.t1);
        bar(ui, view, Rect::from_min_size(pos2(left, y - 8.0 * k), vec2(width, 16.0 * k)), &row, most);
        let colour = if records == 0 { theme.t3 } else { theme.t1 };
        painter.text(pos2(seen, y), Align2::RIGHT_CENTER, human::count(records), sizes.value(), colour);
        let colour = match (row.is_known, it.lost, it.repeated) {
            (false, ..) | (true, 0, 0) => theme.t3,
            (true, 0, _) => theme.t1,
            _ if row.is_stuck => theme.t2,
            _ => theme.dropped,
        };
        let words = if row.is_known { off_by(it) } else { "so far".to_owned() };
        painter.text(pos2(off, y), Align2::RIGHT_CENTER, words, sizes.value(), colour);
        said(ui, Rect::from_x_y_ranges(area.x_range(), y - sizes.row / 2.0..=y + sizes.row / 2.0), *start, &name, &row);
    }
    area.top() + sizes.row * (shown.len() as f32 + 0.6)
}

/// `−69`, `+30`, or both where keys differ.
fn off_by(it: &Totals) -> String {
    match (it.lost, it.repeated) {
        (0, 0) => "0".to_owned(),
        (lost, 0) => format!("\u{2212}{}", human::count(lost)),
        (0, repeated) => format!("+{}", human::count(repeated)),
        (lost, repeated) => format!("\u{2212}{} +{}", human::count(lost), human::count(repeated)),
    }
}

/// A window at the cursor.
struct Row {
    /// What readers see of it.
    records: u64,
    /// Whether it is over, and readers see all that they ever will.
    is_known: bool,
    /// Whether what is missing is not lost, but has not come out.
    is_stuck: bool,
    /// What it comes to in the end.
    totals: Totals,
}

fn said(ui: &Ui, rect: Rect, start: EventTime, name: &str, row: &Row) {
    let it = &row.totals;
    let seen = human::count(row.records);
    let words = if row.is_known {
        format!(
            "Window {name}: {seen} records seen of {} expected, {} {}, {} repeated",
            human::count(it.expected),
            human::count(it.lost),
            if row.is_stuck { "not out" } else { "lost" },
            human::count(it.repeated),
        )
    } else {
        format!("Window {name}: {seen} records seen so far of {} expected", human::count(it.expected))
    };
    let response = ui.interact(rect, ui.scope_id().with(("window", start.micros())), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    response.on_hover_text(words);
}

/// What is seen, solid; what is missing, a dashed rim; what is too much, hatched; a line at what is expected.
fn bar(ui: &Ui, view: &View<'_>, rect: Rect, row: &Row, most: u64) {
    let (theme, painter, it) = (view.theme, ui.painter(), &row.totals);
    let x = |count: u64| rect.left() + rect.width() * (count as f32 / most as f32);
    let part = |from: u64, to: u64| rect.with_min_x(x(from)).with_max_x(x(to));
    let kept = if row.is_known { it.expected.saturating_sub(it.lost) } else { row.records.min(it.expected) };
    let fill = alpha(theme.window, if row.is_known { 0.5 } else { 0.26 });
    painter.rect_filled(part(0, kept), radius::BAR, fill);
    if row.is_known && it.lost > 0 {
        let hole = part(kept, it.expected);
        let colour = if row.is_stuck { theme.t3 } else { theme.dropped };
        let line = Stroke::new(1.4, colour);
        painter.rect_filled(hole, 0.0, alpha(colour, 0.10));
        for (from, to) in [
            (hole.left_top(), hole.right_top()),
            (hole.left_bottom(), hole.right_bottom()),
            (hole.left_top(), hole.left_bottom()),
        ] {
            painter.add(marks::dashed(from, to, line, 3.0, 2.0));
        }
    }
    let repeated = if row.is_known { it.repeated } else { row.records.saturating_sub(it.expected) };
    if repeated > 0 {
        let more = part(it.expected, it.expected + repeated);
        painter.rect_filled(more, 0.0, theme.behind);
        painter.add(marks::hatch(more, 5.0, Stroke::new(1.4, alpha(theme.panel, 0.55))));
        painter.rect_stroke(more, 0.0, Stroke::new(1.0, theme.behind), StrokeKind::Inside);
    }
    let line = painter.round_to_pixel_center(x(it.expected));
    painter.vline(line, rect.expand(3.0).y_range(), Stroke::new(1.6, theme.t1));
}

/// How long it took, when results are seen, what is done twice, and what it takes.
fn facts_ui(ui: &Ui, view: &View<'_>, sizes: Sizes, area: Rect, outcome: &Outcome) {
    let (theme, painter, k) = (view.theme, ui.painter(), sizes.scale);
    marks::hline(painter, area.x_range(), area.top(), theme.hair);
    for (place, (what, value)) in facts(outcome, outcome.watch.failure_at(view.now)).into_iter().enumerate() {
        let y = area.top() + FACT * k * (place as f32 + 0.5) + 8.0 * k;
        if y + FACT * k / 2.0 > area.bottom() + 2.0 {
            break;
        }
        let name = painter.text(pos2(area.left(), y), Align2::LEFT_CENTER, what, sizes.body(), theme.t3);
        let value_galley = painter.layout_no_wrap(value.clone(), sizes.value(), theme.t1);
        let left = (area.right() - value_galley.size().x).max(name.right() + 8.0);
        painter.galley(pos2(left, y - value_galley.size().y / 2.0), value_galley, theme.t1);
        let rect = Rect::from_x_y_ranges(area.x_range(), y - FACT * k / 2.0..=y + FACT * k / 2.0);
        let response = ui.interact(rect, ui.scope_id().with(("fact", what)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{what}: {value}")));
    }
}

fn facts(outcome: &Outcome, row: Option<&RecoveryRow>) -> [(&'static str, String); FACTS] {
    let caught_up = row.map_or("nothing failed here".to_owned(), |row| match row.caught_up_at {
        Some(at) => human::span(at - row.failed_at),
        None => "not by the end of the run".to_owned(),
    });
    let every = outcome.interval.map(human::span);
    let checkpoints = match (&every, outcome.is_default_interval) {
        (None, _) => "none".to_owned(),
        (Some(every), false) => format!("every {every}"),
        (Some(every), true) => format!("every {every}, as nothing is said"),
    };
    let (seen, takes) = match outcome.delivery {
        Delivery::AtMostOnce => ("at once".to_owned(), "nothing"),
        Delivery::AtLeastOnce => ("at once".to_owned(), "a log that can rewind"),
        Delivery::ExactlyOnce => (
            every.map_or("next checkpoint".to_owned(), |every| format!("next checkpoint, \u{2264} {every}")),
            "aligned barriers, transactions",
        ),
    };
    [
        ("caught up, after the failure", caught_up),
        ("results seen after", seen),
        ("replayed records", human::count(row.map_or(0, |row| row.records_replayed))),
        ("checkpoints", checkpoints),
        ("what it takes", takes.to_owned()),
    ]
}
