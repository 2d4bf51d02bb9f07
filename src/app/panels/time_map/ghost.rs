//! Another run on the map of this one: the pinned run as long as it is pinned, or the run before a change
//! for a moment. Its watermark and firing lines are dashed, and by how much later a window fires is written
//! between both lines; rings are around records whose fate is another one.
//!
//! What is beyond the plot costs nothing; windows too narrow for words have none.

use std::collections::BTreeMap;

use egui::{Align2, Context, Pos2, Rect, Stroke, pos2};

use crate::app::panels::time_map::lines::path_of;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::twin::cache;
use crate::app::run::Run;
use crate::app::theme::{alpha, font};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::record::{KeyId, RecordId};
use crate::time::{ProcTime, Span};
use crate::window::pane::{Timing, Window};

/// Firing lines that are drawn, at most.
const MOST_LINES: usize = 300;
/// Rings that are drawn, at most; more would be a cloud.
const MOST_RINGS: usize = 1_500;
/// Narrower windows say nothing about how much later they fire, in points.
const LEAST_WIDTH: f32 = 48.0;
/// Firing lines closer together than this have nothing between them, in points.
const LEAST_APART: f32 = 22.0;
/// Radius of a ring around an ordinary mark, in points.
const RING: f32 = 6.5;

/// Draws the other run's lines: below the marks and the watermark of this one.
pub fn paint(scene: &Scene<'_>) {
    let other = scene.view.pinned.map(|run| (run, 1.0));
    let Some((run, opacity)) = other.or(scene.view.ghost) else { return };
    let Some(key) = key_of(scene, run) else { return };
    let colour = alpha(scene.theme().ghost, opacity);
    let line = Stroke::new(1.5, colour);
    for (window, &at) in answers(scene, run, key).iter().take(MOST_LINES) {
        let (from, to) = (scene.axes.pos(window.start, at), scene.axes.pos(window.end, at));
        let clamp = |p: Pos2| pos2(p.x.within(scene.plot.left(), scene.plot.right()), p.y);
        scene.painter.add(marks::dashed(clamp(from), clamp(to), line, 6.0, 3.0));
    }
    for path in path_of(scene, run, scene.view.now) {
        scene.painter.line(path.clone(), Stroke::new(3.5, alpha(scene.theme().plot, 0.7 * opacity)));
        scene.dashed_rise(&path, Stroke::new(1.5, colour), 6.0, 3.0);
    }
}

/// The key that is shown, as another run numbers it: `Some(None)` for all keys, `None` where that run does
/// not have it.
fn key_of(scene: &Scene<'_>, run: &Run) -> Option<Option<KeyId>> {
    let Some(key) = scene.view.key else { return Some(None) };
    run.trace.stream.key_table().find(scene.trace().stream.key_table().name(key)).map(Some)
}

/// When windows first fired on time, of those whose line may be in view.
fn answers(scene: &Scene<'_>, run: &Run, key: Option<KeyId>) -> BTreeMap<Window, ProcTime> {
    let (bottom, top) = scene.proc_in_view();
    let panes = &run.trace.panes;
    let first = panes.partition_point(|pane| pane.emitted_at < bottom);
    let last = panes.partition_point(|pane| pane.emitted_at <= scene.view.now.min(top)).max(first);
    let shown = panes[first..last]
        .iter()
        .filter(|pane| pane.timing == Timing::OnTime && !pane.is_retraction && key.is_none_or(|key| key == pane.key));
    let mut fired = BTreeMap::new();
    for pane in shown {
        fired.entry(pane.window).or_insert(pane.emitted_at);
    }
    fired
}

/// What no word may cover: the path of the watermark, and the marks of late records.
#[derive(Clone, Copy)]
pub struct Clear<'a> {
    /// The pieces of the watermark's path.
    pub watermark: &'a [Vec<Pos2>],
    /// Where marks are.
    pub marks: &'a [Pos2],
}

impl Clear<'_> {
    fn allows(self, rect: Rect) -> bool {
        let passes = |pair: &[Pos2]| Rect::from_two_pos(pair[0], pair[1]).expand(2.0).intersects(rect);
        !self.watermark.iter().flat_map(|piece| piece.windows(2)).any(passes)
            && !self.marks.iter().any(|&mark| rect.expand(3.0).contains(mark))
    }
}

/// By how much later windows fire than in the pinned run, between both lines and `clear` of what matters
/// more. The places of what was written, for labels to stay clear of.
pub fn dimensions(scene: &Scene<'_>, clear: Clear<'_>) -> Vec<Rect> {
    let Some(pinned) = scene.view.pinned else { return Vec::new() };
    let Some(key) = key_of(scene, pinned) else { return Vec::new() };
    if scene.step_px() < LEAST_WIDTH || scene.overlapping() {
        return Vec::new();
    }
    let before = answers(scene, pinned, key);
    let mut places = Vec::new();
    for (window, &at) in &answers(scene, scene.view.run, scene.view.key) {
        let Some(&was) = before.get(window) else { continue };
        let [left, right] = [window.start, window.end].map(|at| scene.axes.event.px_of(at.micros()));
        let x = scene.painter.round_to_pixel_center(right - 0.1 * (right - left));
        let ends = [at, was].map(|at| scene.axes.proc.px_of(at.micros()));
        if (ends[0] - ends[1]).abs() >= LEAST_APART && scene.plot.x_range().contains(x) {
            places.push(dimension(scene, clear, x, ends, &apart(at - was)));
        }
    }
    places
}

/// A line from the old height to the new one, and how long that is, where there is room.
fn dimension(scene: &Scene<'_>, clear: Clear<'_>, x: f32, [y, old_y]: [f32; 2], text: &str) -> Rect {
    let (theme, painter) = (scene.theme(), &scene.painter);
    let line = Stroke::new(1.0, alpha(theme.ghost, 0.8));
    painter.line_segment([pos2(x, y), pos2(x, old_y)], line);
    let back = (old_y - y).signum() * 4.0;
    painter.line_segment([pos2(x - 3.0, y + back), pos2(x, y)], line);
    painter.line_segment([pos2(x + 3.0, y + back), pos2(x, y)], line);
    let galley = painter.layout_no_wrap(text.to_owned(), font::tick(), theme.ghost);
    let at = |share: f32, is_left: bool| {
        let middle = pos2(if is_left { x - 4.0 } else { x + 4.0 }, y + (old_y - y) * share);
        (middle, if is_left { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER })
    };
    let places = [0.5, 0.25, 0.75].into_iter().flat_map(|share| [at(share, true), at(share, false)]);
    let free = places.clone().find(|&(at, anchor)| clear.allows(frame::plate_rect(&galley, at, anchor)));
    let (at, anchor) = free.unwrap_or(at(0.5, true));
    frame::plate(painter, theme, at, anchor, text, font::tick(), theme.ghost)
}

/// A difference with its sign: in seconds up to 100 of them.
fn apart(later: Span) -> String {
    let sign = if later < Span::ZERO { "\u{2212}" } else { "+" };
    let amount = if later < Span::ZERO { Span::ZERO - later } else { later };
    format!("{sign}{}", short(amount))
}

/// A span in one unit where that reads at a glance: seconds up to 100 of them.
pub fn short(span: Span) -> String {
    let seconds = (span.micros() as f64 / 1e6).round() as i64;
    if (10..100).contains(&seconds.abs()) { format!("{seconds} s") } else { human::span(span) }
}

/// Rings around the records whose fate is another one, up to now.
pub fn rings(scene: &Scene<'_>, ctx: &Context) {
    let Some(compared) = cache::compared(ctx, scene.view, None) else { return };
    let Some(pair) = compared.pair() else { return };
    let focus = cache::focus(ctx);
    let in_view = scene.records_in_view();
    let (trace, now) = (scene.trace(), scene.view.now);
    // Streams hold fewer than 2^32 records.
    let (first, last) = (RecordId(in_view.start as u32), RecordId(in_view.end as u32));
    let ring = Stroke::new(1.3, scene.theme().ghost);
    let radius = RING.max(scene.radius + 3.0);
    let mut drawn = 0;
    for (id, place) in pair.changed_between(first, last, now) {
        let change = &pair.changes[place];
        let is_shown = focus.is_none_or(|focus| focus == (change.from, change.to));
        if !is_shown || !scene.view.shows_key(trace.stream.keys()[id.index()]) {
            continue;
        }
        let at = scene.axes.pos(trace.stream.event_times()[id.index()], trace.handled[id.index()]);
        if scene.plot.expand(radius).contains(at) {
            scene.painter.circle_stroke(at, radius, ring);
            drawn += 1;
            if drawn == MOST_RINGS {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_later_reads_at_a_glance() {
        let said = [65, -47, 9, 140].map(|seconds| apart(Span::from_secs(seconds)));
        assert_eq!(said, ["+65 s", "\u{2212}47 s", "+9 s", "+2 min 20 s"]);
    }
}
