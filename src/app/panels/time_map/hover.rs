//! What is under the pointer, and the card that says everything known of it.

use egui::{Align2, Pos2, Rect, Stroke, StrokeKind, pos2, vec2};

use crate::app::panels::time_map::facts::{self, Facts};
use crate::app::panels::time_map::records::{self, Special};
use crate::app::panels::time_map::scene::{RecordState, Scene};
use crate::app::panels::time_map::windows;
use crate::app::theme::{alpha, font, radius, stroke};
use crate::app::view::Selection;
use crate::record::RecordId;
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

/// Draws the card of what is under the pointer, and says what is on it.
pub fn card(scene: &Scene<'_>, hit: Hit, at: Pos2) -> Option<Facts> {
    let (facts, anchor, mark) = match hit {
        Hit::Nothing => return None,
        Hit::Column(i) => (facts::of_column(scene, i), at, None),
        Hit::Record(id) => {
            let i = id.index();
            let undone = scene.model.lives.is_undone(i, scene.view.now);
            let state = if undone { RecordState::Undone } else { RecordState::of(scene.trace(), i, scene.view.now) };
            let place = scene.axes.pos(scene.trace().stream.event_times()[i], scene.trace().handled[i]);
            (facts::of_record(scene, id, state), place, Some(Special { id: i, state, at: place }))
        }
    };
    draw(scene, anchor, &facts, mark.as_ref());
    Some(facts)
}

/// Draws a card beside `anchor`, in the impossible triangle where there is room, with a line to it.
fn draw(scene: &Scene<'_>, anchor: Pos2, Facts { title, rows }: &Facts, mark: Option<&Special>) {
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
