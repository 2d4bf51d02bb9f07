//! What is under the pointer, and the card that says everything known of it.

use egui::{Align2, Pos2, Rect, Stroke, StrokeKind, pos2, vec2};

use crate::app::panels::time_map::model::{Column, ColumnEnd};
use crate::app::panels::time_map::records::{self, Special};
use crate::app::panels::time_map::scene::{RecordState, Scene};
use crate::app::panels::time_map::values;
use crate::app::panels::time_map::windows;
use crate::app::panels::window_value::why_by_key;
use crate::app::theme::{alpha, font, radius, stroke};
use crate::app::time_ticks::{clock, window_name};
use crate::app::view::Selection;
use crate::human;
use crate::record::RecordId;
use crate::runtime::Fate;
use crate::time::ProcTime;

/// A record is under the pointer when its mark is this near, in points.
const REACH: f32 = 9.0;

/// What is under the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// Nothing that can be picked.
    Nothing,
    /// A record.
    Record(RecordId),
    /// A column, by its place in the model.
    Column(usize),
}

/// What is at a place of the plot: the nearest record in reach, those that ask a question first, or
/// else the column whose drawn part it is.
pub fn hit(scene: &Scene<'_>, at: Pos2) -> Hit {
    if let Some(id) = record_at(scene, at) {
        return Hit::Record(id);
    }
    if at.y > scene.axes.ideal_y(at.x) {
        return Hit::Nothing;
    }
    let holds = |i: &usize| {
        let column = &scene.model.columns[*i];
        let (left, right) = scene.sides(column);
        let top = scene.height_at(at.x, windows::top_of(scene, column));
        column.opened_at <= scene.view.now && left <= at.x && at.x < right && at.y >= top - 3.0
    };
    // Of overlapping windows the one that fired nearest above.
    let top = |i: &usize| scene.height_at(at.x, windows::top_of(scene, &scene.model.columns[*i]));
    scene.columns_in_view().filter(holds).max_by(|a, b| top(a).total_cmp(&top(b))).map_or(Hit::Nothing, Hit::Column)
}

fn record_at(scene: &Scene<'_>, at: Pos2) -> Option<RecordId> {
    let trace = scene.trace();
    // Only records handled near the pointer's height can be near the pointer.
    let instant = |y: f32, x: f32| {
        let happened = if scene.axes.delays { scene.axes.event.micros_at(x) } else { 0 };
        ProcTime::from_micros(scene.axes.proc.micros_at(y).saturating_add(happened))
    };
    let first = trace.handled.partition_point(|&t| t < instant(at.y + REACH, at.x - REACH));
    let last = trace.handled.partition_point(|&t| t <= instant(at.y - REACH, at.x + REACH)).max(first);
    let mut best: Option<(f32, usize)> = None;
    for i in first..last {
        let state = RecordState::of(trace, i, scene.view.now);
        if !scene.view.shows_key(trace.stream.keys()[i]) || !records::is_shown(scene, state) {
            continue;
        }
        let place = scene.axes.pos(trace.stream.event_times()[i], trace.handled[i]);
        let asks = matches!(state, RecordState::Behind | RecordState::Dropped | RecordState::SideOutput);
        let distance = place.distance(at) * if asks { 0.6 } else { 1.0 };
        if distance <= REACH && best.is_none_or(|(nearest, _)| distance < nearest) {
            best = Some((distance, i));
        }
    }
    best.map(|(_, i)| RecordId(i as u32))
}

/// What a click on it selects.
pub fn selection(scene: &Scene<'_>, hit: Hit) -> Selection {
    match hit {
        Hit::Nothing => Selection::None,
        Hit::Record(id) => Selection::Record(id),
        Hit::Column(i) => {
            let column = &scene.model.columns[i];
            Selection::Window { key: column.session_of.or(scene.view.key), window: column.window }
        }
    }
}

/// Draws the card of what is under the pointer.
pub fn card(scene: &Scene<'_>, hit: Hit, at: Pos2) {
    match hit {
        Hit::Nothing => {}
        Hit::Record(id) => record_card(scene, id),
        Hit::Column(i) => draw(scene, at, &column_title(scene, &scene.model.columns[i]), &column_rows(scene, i), None),
    }
}

fn time(scene: &Scene<'_>, micros: i64) -> String {
    if crate::app::panels::time_map::lines::spans_days(scene.trace()) {
        human::instant(micros).chars().take("2026-03-02 12:00:00".len()).collect()
    } else {
        clock(micros, scene.axes.proc.us_per_px())
    }
}

fn record_card(scene: &Scene<'_>, id: RecordId) {
    let trace = scene.trace();
    let i = id.index();
    let record = trace.stream.record(id);
    let undone = scene.model.lives.is_undone(i, scene.view.now);
    let state = if undone { RecordState::Undone } else { RecordState::of(trace, i, scene.view.now) };
    let fate = match state {
        RecordState::OnTime => "on time",
        RecordState::Behind => "behind, counted",
        RecordState::Dropped => "dropped late",
        RecordState::SideOutput => "side output",
        RecordState::Unassigned => "in no window",
        RecordState::GivenUp => match trace.fates[i] {
            Fate::Shed => "shed: a channel was full",
            Fate::DeadLettered => "refused by the schema gate, kept as a dead letter",
            Fate::Rejected => "refused by the schema gate, given up",
            _ => "lost",
        },
        RecordState::Waiting => "waiting",
        RecordState::ToCome => "still to come",
        RecordState::Undone => "undone by a restart",
    };
    let (arrival, handled) = (trace.stream.arrivals()[i], trace.handled[i]);
    let mut rows = vec![
        ("key, value", format!("{}, {}", trace.stream.key_table().name(record.key), number(record.value))),
        ("happened", time(scene, record.event_time.micros())),
        ("delay", human::span(trace.stream.delay(id))),
    ];
    if trace.stream.is_partitioned() {
        rows.push(("partition", trace.stream.partition(id).0.to_string()));
    }
    if handled > arrival && handled.is_finite() {
        rows.push(("waited", human::span(handled - arrival)));
    }
    if handled.is_finite() {
        rows.push(("handled", time(scene, handled.micros())));
    }
    if let Some(again) = scene.model.lives.again_at(i).filter(|&at| at <= scene.view.now) {
        rows.push(("handled again", time(scene, again.micros())));
    }
    let met = trace.watermark_before[i];
    if met.is_finite() && !matches!(state, RecordState::Waiting | RecordState::ToCome) {
        let distance = met - record.event_time;
        if distance.is_negative() {
            rows.push(("ahead of the watermark by", human::span(-distance)));
        } else {
            rows.push(("behind the watermark by", human::span(distance)));
        }
    }
    let by_hand = if scene.view.run.is_by_hand(id) { ", put in by hand" } else { "" };
    let place = scene.axes.pos(record.event_time, handled);
    let mark = Special { id: i, state, at: place };
    draw(scene, place, &format!("Record {}, {fate}{by_hand}", human::count(u64::from(id.0))), &rows, Some(&mark));
}

fn number(value: f64) -> String {
    crate::app::panels::number::value(value)
}

fn column_title(scene: &Scene<'_>, column: &Column) -> String {
    let size = column.window.size().micros();
    let from = window_name(column.window.start.micros(), size);
    let to = window_name(column.window.end.micros(), size);
    let key = column.session_of.or(scene.view.key).map(|key| scene.trace().stream.key_table().name(key));
    let name = format!("{from} \u{2013} {to}");
    key.map_or(name.clone(), |key| format!("{name}, {key}"))
}

fn column_rows(scene: &Scene<'_>, i: usize) -> Vec<(&'static str, String)> {
    let column = &scene.model.columns[i];
    let firings = scene.model.firings_at(scene.trace(), column, scene.view.now);
    let mut rows = vec![("opened", time(scene, column.opened_at.micros()))];
    let shown = firings.len().min(4);
    let mut by_key = false;
    for firing in &firings[firings.len() - shown..] {
        let value = values::said(scene, column, firing);
        by_key |= !value.tail().is_empty();
        let what = format!("{} {}", value.text(), value.tail());
        rows.push((values::word(firing.timing), format!("{}  at {}", what.trim(), time(scene, firing.at.micros()))));
    }
    if let Some(why) = why_by_key(scene.trace().pipeline.aggregate).filter(|_| by_key) {
        rows.push(("not one number", why.to_owned()));
    }
    if firings.is_empty() {
        rows.push(("not fired yet", String::new()));
    }
    match column.end {
        ColumnEnd::Closed(at) if at <= scene.view.now => rows.push(("closed", time(scene, at.micros()))),
        ColumnEnd::Merged(at) if at <= scene.view.now => rows.push(("merged into another", time(scene, at.micros()))),
        _ => {}
    }
    if firings.len() > shown {
        rows.push(("firings in all", firings.len().to_string()));
    }
    rows
}

/// Draws a card beside `anchor`, in the impossible triangle where there is room, with a line to it.
fn draw(scene: &Scene<'_>, anchor: Pos2, title: &str, rows: &[(&'static str, String)], mark: Option<&Special>) {
    let theme = scene.theme();
    let layout = |text: &str, font, colour| scene.painter.layout_no_wrap(text.to_owned(), font, colour);
    let title = layout(title, font::title(), theme.t1);
    let names: Vec<_> = rows.iter().map(|(name, _)| layout(name, font::body(), theme.t3)).collect();
    let values: Vec<_> = rows.iter().map(|(_, value)| layout(value, font::value(), theme.t1)).collect();
    let indent = if mark.is_some() { 16.0 } else { 0.0 };
    let row_width = |i: usize| names[i].size().x + 18.0 + values[i].size().x;
    let width = (0..rows.len()).map(row_width).fold(title.size().x + indent, f32::max) + 24.0;
    let size = vec2(width, 38.0 + 18.0 * rows.len() as f32);
    let rect = card_rect(scene, anchor, size);
    let near = rect.clamp(anchor);
    if near.distance(anchor) > 14.0 {
        scene.painter.line_segment([anchor, near], Stroke::new(stroke::HAIR, alpha(theme.t3, 0.8)));
    }
    scene.painter.rect_filled(rect.expand(1.0), radius::CARD + 1.0, alpha(theme.shade, 0.25));
    scene.painter.rect(rect, radius::CARD, theme.raised, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
    if let Some(mark) = mark {
        scene.painter.add(records::mark(scene, mark.state, rect.min + vec2(16.0, 17.0), 1.0));
        scene.painter.circle_stroke(mark.at, scene.radius + 5.0, Stroke::new(stroke::SELECTION, theme.t1));
    }
    scene.painter.galley(rect.min + vec2(12.0 + indent, 10.0), title, theme.t1);
    for (i, (name, value)) in names.into_iter().zip(values).enumerate() {
        let y = rect.top() + 31.0 + 18.0 * i as f32;
        let left = rect.right() - 12.0 - value.size().x;
        scene.painter.galley(pos2(rect.left() + 12.0, y), name, theme.t3);
        scene.painter.galley(pos2(left, y), value, theme.t1);
    }
}

fn card_rect(scene: &Scene<'_>, anchor: Pos2, size: egui::Vec2) -> Rect {
    let bounds = scene.plot.shrink(8.0);
    // In the impossible half, where a card hides nothing.
    let left = (anchor.x + 26.0).min(bounds.right() - size.x);
    let top = (anchor.y + 24.0).max(scene.axes.ideal_y(left) + 8.0);
    let below = Rect::from_min_size(pos2(left, top), size);
    if bounds.contains_rect(below) {
        return below;
    }
    let candidates = [
        (anchor + vec2(26.0, 24.0), Align2::LEFT_TOP),
        (anchor + vec2(26.0, -12.0), Align2::LEFT_BOTTOM),
        (anchor + vec2(-26.0, -12.0), Align2::RIGHT_BOTTOM),
        (anchor + vec2(-26.0, 12.0), Align2::RIGHT_TOP),
    ];
    let rects = candidates.map(|(at, anchor)| anchor.anchor_size(at, size));
    let free = rects.iter().find(|rect| bounds.contains_rect(**rect)).copied();
    free.unwrap_or_else(|| {
        let x = (anchor.x + 20.0).min(bounds.right() - size.x).max(bounds.left());
        let y = (anchor.y + 20.0).min(bounds.bottom() - size.y).max(bounds.top());
        Rect::from_min_size(pos2(x, y), size)
    })
}
