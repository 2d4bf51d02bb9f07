//! The map with delays up instead of processing time: every record stands above its event time by how long
//! it took. Nothing else changes but the shear, so what is level on the map (now, a firing) falls here
//! from left to right, and what was the diagonal is the floor. The watermark becomes what it claims: a
//! record above it came behind.

use egui::epaint::PathStroke;
use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use crate::app::panels::time_map::camera::{Camera, Extent};
use crate::app::panels::time_map::model::{Column, Firing, is_session};
use crate::app::panels::time_map::panes;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::slant;
use crate::app::panels::time_map::text::{MapLabel, Piece, rank, shrinking};
use crate::app::panels::time_map::values;
use crate::app::panels::window_value::WindowValue;
use crate::app::theme::{alpha, font, radius, stroke};
use crate::app::time_axis::TimeRange;
use crate::app::time_ticks;
use crate::app::view::{LegendItem, Run};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::metrics::quantile::Quantile;
use crate::time::{EventTime, ProcTime, Span};
use crate::window::pane::Timing;

/// The share of delays that the view shows at first; the rest is a matter of zooming out.
const SHOWN: Quantile = Quantile::per_mille(995);

/// Firing lines nearer to the last drawn one than this are left out (the last one never is).
const LEAST_BETWEEN_LINES: f32 = 6.0;

/// The whole run, with room for its delays, its bound and what is kept beyond it.
pub fn camera(run: &Run, extent: &Extent) -> Camera {
    let pipeline = &run.trace.pipeline;
    let bound = pipeline.watermark.bound().micros() as f64;
    let usual = run.delay_quantile(SHOWN).micros() as f64;
    let top = (1.15 * usual).max(1.6 * bound).max(1_000.0);
    let earliest = run.delays.first().map_or(0.0, |least| least.micros() as f64);
    Camera { event: extent.filled.event.with_margin(0.01), proc: TimeRange::new(earliest.min(0.0), top) }
}

/// Where there is something to see.
pub fn extent(run: &Run, extent: &Extent) -> Extent {
    let most = run.delays.last().map_or(0.0, |most| most.micros() as f64);
    let shown = camera(run, extent).proc;
    Extent { proc: TimeRange::new(shown.start, shown.end.max(1.1 * most)), ..*extent }
}

/// The ground, the grid, what lasted, and the windows with their firings. Returns the labels.
pub fn ground(scene: &Scene<'_>) -> Vec<MapLabel> {
    let theme = scene.theme();
    scene.painter.rect_filled(scene.plot, 0.0, theme.plot);
    let floor = scene.plot.with_min_y(scene.axes.proc.px(0.0).max(scene.plot.top()));
    scene.painter.rect_filled(floor, 0.0, theme.bg);
    for tick in time_ticks::ticks(scene.axes.event, 62.0) {
        marks::vline(&scene.painter, tick.px, scene.plot.y_range(), theme.grid);
    }
    for (y, _) in delay_ticks(scene) {
        marks::hline(&scene.painter, scene.plot.x_range(), y, theme.grid);
    }
    let mut labels = slant::paint(scene);
    labels.extend(windows(scene));
    labels
}

/// Round delays with what they say, from the bottom up.
fn delay_ticks(scene: &Scene<'_>) -> Vec<(f32, String)> {
    let axis = scene.axes.proc;
    let step = time_ticks::span_step(axis.us_per_px(), 40.0);
    let range = axis.range();
    let first = (range.start / step as f64).ceil() as i64;
    (first..first + 100)
        .map(|n| n.saturating_mul(step))
        .take_while(|&at| at as f64 <= range.end)
        .map(|at| (axis.px_of(at), human::span(Span::from_micros(at))))
        .collect()
}

fn windows(scene: &Scene<'_>) -> Vec<MapLabel> {
    let mut labels = Vec::new();
    let selected = scene.selected_columns();
    for i in scene.columns_in_view() {
        let column = &scene.model.columns[i];
        let (left, right) = scene.sides(column);
        if column.opened_at > scene.view.now || right < scene.plot.left() || left > scene.plot.right() {
            continue;
        }
        let firings = scene.model.firings_at(scene.trace(), column, scene.view.now);
        let narrow = right - left < 12.0;
        if !scene.overlapping() && !is_session(scene.trace().pipeline.window) && !narrow {
            let until = panes::answer(firings).map_or(scene.view.now, |firing| firing.at);
            let strength = if firings.is_empty() { 0.42 } else { 1.0 };
            area(scene, column, until, alpha(scene.theme().window_fill(), strength));
        }
        firing_lines(scene, firings, if narrow { 0.5 } else { 1.0 });
        if (right - left >= 48.0 && !scene.has_lanes) || selected.contains(&i) {
            labels.extend(value_label(scene, column, firings, selected.contains(&i)));
        }
    }
    labels
}

/// What a window covers until an instant: from the floor to a line that falls.
fn area(scene: &Scene<'_>, column: &Column, until: ProcTime, fill: Color32) {
    let (left, right) = scene.sides(column);
    let floor = scene.axes.proc.px(0.0);
    let top = |at: EventTime| scene.axes.pos(at, until).y.min(floor);
    let (start, end) = (column.window.start, column.window.end);
    let corners = vec![pos2(left, floor), pos2(left, top(start)), pos2(right, top(end)), pos2(right, floor)];
    scene.painter.add(Shape::convex_polygon(corners, fill, PathStroke::NONE));
}

/// The lines of firings that are far enough apart; always that of the last one.
fn firing_lines(scene: &Scene<'_>, firings: &[Firing], strength: f32) {
    let mut drawn = f32::INFINITY;
    for (i, firing) in firings.iter().enumerate() {
        let y = scene.axes.pos(firing.window.start, firing.at).y;
        if drawn - y >= LEAST_BETWEEN_LINES || i + 1 == firings.len() || firing.timing == Timing::OnTime {
            firing_line(scene, firing, strength);
            drawn = y;
        }
    }
}

fn firing_line(scene: &Scene<'_>, firing: &Firing, strength: f32) {
    let ends = [scene.axes.pos(firing.window.start, firing.at), scene.axes.pos(firing.window.end, firing.at)];
    let colour = alpha(scene.theme().window, strength);
    let answer = if strength < 1.0 { stroke::HAIR } else { stroke::FIRING };
    scene.painter.add(match firing.timing {
        Timing::Early => marks::dashed(ends[0], ends[1], Stroke::new(stroke::HAIR, colour), 4.0, 3.0),
        Timing::OnTime | Timing::AtEnd => Shape::line_segment(ends, Stroke::new(answer, colour)),
        Timing::Late => Shape::line_segment(ends, Stroke::new(stroke::SELECTION, colour)),
    });
}

/// What a window says, in a row at the top: its firing line falls through all of its width.
fn value_label(scene: &Scene<'_>, column: &Column, firings: &[Firing], selected: bool) -> Option<MapLabel> {
    let last = firings.last()?;
    let (left, right) = scene.sides(column);
    let theme = scene.theme();
    let value = values::said(scene, column, last);
    let word = if value == WindowValue::Unknown { "" } else { values::word(last.timing) };
    let pieces = [Piece::new(value.text(), font::semibold(13.0), theme.t1), Piece::word(word, theme.t3)];
    let left = left.max(scene.plot.left());
    let middle = (left + right.min(scene.plot.right())) / 2.0;
    let places = vec![
        (pos2(middle, scene.plot.top() + 4.0), Align2::CENTER_TOP),
        (pos2(middle, scene.plot.top() + 24.0), Align2::CENTER_TOP),
    ];
    Some(shrinking(scene, if selected { rank::SELECTED } else { rank::VALUE }, &pieces, places))
}

/// The line up to which a record is on time: the claim of the watermark at every instant, up to now.
pub fn watermark(scene: &Scene<'_>) -> Vec<Pos2> {
    let trace = scene.trace();
    let (bottom, top) = scene.proc_in_view();
    let until = scene.view.now.min(top);
    let first = trace.watermarks.partition_point(|step| step.at < bottom).saturating_sub(1);
    let last = trace.watermarks.partition_point(|step| step.at <= until).max(first);
    let steps = &trace.watermarks[first..last];
    let mut path: Vec<Pos2> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let at = scene.axes.pos(step.watermark, step.at);
        let highest = steps.get(i + 1).map_or(until, |next| next.at);
        let held = scene.axes.pos(step.watermark, highest);
        if path.last().is_some_and(|last| (last.x - at.x).abs() < 0.5 && (last.y - held.y).abs() < 0.5) {
            continue;
        }
        path.extend([at, held]);
    }
    if scene.view.legend.shows(LegendItem::Watermark) && path.len() >= 2 {
        let theme = scene.theme();
        scene.painter.line(path.clone(), Stroke::new(stroke::CASING, alpha(theme.plot, 0.85)));
        scene.painter.line(path.clone(), Stroke::new(stroke::WATERMARK, theme.watermark));
    }
    path
}

/// The floor, now, the bound, and both axes.
pub fn axes(scene: &Scene<'_>, outside: &Painter, body: Rect) -> Option<Rect> {
    let theme = scene.theme();
    let plot = scene.plot;
    let now = scene.view.now;
    let line = |at: f32| pos2(at, scene.axes.pos(EventTime::from_micros(scene.axes.event.micros_at(at)), now).y);
    scene.painter.line_segment([line(plot.left()), line(plot.right())], Stroke::new(1.5, theme.now));
    for (y, label) in delay_ticks(scene) {
        outside.hline(plot.left() - 4.0..=plot.left(), outside.round_to_pixel_center(y), (1.0, theme.grid));
        outside.text(pos2(plot.left() - 9.0, y), Align2::RIGHT_CENTER, label, font::tick(), theme.t3);
    }
    let now_x = scene.axes.event.px_of(now.micros());
    for tick in time_ticks::ticks(scene.axes.event, 62.0) {
        if (tick.px - now_x).abs() > 64.0 && tick.px > plot.left() - 0.5 && tick.px < plot.right() - 10.0 {
            let ink = if tick.major { theme.t2 } else { theme.t3 };
            outside.text(pos2(tick.px, scene.foot + 5.0), Align2::CENTER_TOP, tick.label, font::tick(), ink);
        }
    }
    pill(scene, outside, now_x);
    let y = scene.foot + 21.0;
    let left = (body.left() + 28.0).min(plot.left());
    let up = "\u{2191} delay, from happening to handling";
    outside.text(pos2(left, y), Align2::LEFT_TOP, up, font::tick(), theme.t3);
    let across = "event time, when it happened \u{2192}";
    outside.text(pos2(plot.right(), y), Align2::RIGHT_TOP, across, font::tick(), theme.t3);
    bound(scene)
}

/// The pill of now, where it meets the floor.
fn pill(scene: &Scene<'_>, outside: &Painter, now_x: f32) {
    let theme = scene.theme();
    let time = time_ticks::clock_or_day(scene.view.now.micros(), scene.axes.event.us_per_px());
    let galley = outside.layout_no_wrap(time, font::legend_value(), theme.plot);
    let size = galley.size() + vec2(14.0, 4.0);
    let half = size.x / 2.0;
    let x = now_x.within(scene.plot.left() + half, scene.plot.right() - half);
    let rect = Rect::from_center_size(pos2(x, scene.foot + 4.0 + size.y / 2.0), size);
    outside.rect_filled(rect, radius::SEGMENT, theme.now);
    outside.galley(rect.center() - galley.size() / 2.0, galley, theme.plot);
}

/// The bound as the delay that a record may have behind the newest one. Where its name stands.
fn bound(scene: &Scene<'_>) -> Option<Rect> {
    let bound = scene.trace().pipeline.watermark.bound();
    let y = scene.axes.proc.px_of(bound.micros());
    if bound <= Span::ZERO || !scene.plot.shrink(10.0).y_range().contains(y) {
        return None;
    }
    let theme = scene.theme();
    let (from, to) = (pos2(scene.plot.left(), y), pos2(scene.plot.right(), y));
    scene.painter.add(marks::dashed(from, to, Stroke::new(1.0, alpha(theme.watermark, 0.6)), 3.0, 3.0));
    let name = format!("bound {}", human::span(bound));
    let at = pos2(scene.plot.right() - 4.0, y - 3.0);
    Some(frame::plate(&scene.painter, theme, at, Align2::RIGHT_BOTTOM, &name, font::tick(), theme.t2))
}

/// The outline of a column: from the floor to its last firing, or to now.
pub fn outline(scene: &Scene<'_>, column: &Column, until: ProcTime, line: Stroke) {
    let (left, right) = scene.sides(column);
    let floor = scene.axes.proc.px(0.0).min(scene.plot.bottom() - 1.0);
    let top = |at: EventTime| scene.axes.pos(at, until).y.within(scene.plot.top() - 8.0, floor);
    let corners = vec![
        pos2(left, floor),
        pos2(left, top(column.window.start)),
        pos2(right, top(column.window.end)),
        pos2(right, floor),
    ];
    scene.painter.add(Shape::closed_line(corners, line));
}
