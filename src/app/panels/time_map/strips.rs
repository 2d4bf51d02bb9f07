//! The strips on the right of the map. They share its vertical clock, so that cause and effect are
//! one glance across: records that wait, and how far the watermark is behind the clock.

use egui::{Align2, Painter, Pos2, Rangef, Rect, Shape, Stroke, pos2};

use crate::app::panels::time_map::scene::Scene;
use crate::app::theme::{alpha, font};
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;
use crate::runtime::Trace;
use crate::time::{ProcTime, Span};

/// Instants that are looked at per row of pixels, at most; more would only find the same peak.
const LOOKS_PER_ROW: usize = 12;

/// The scales of both strips, computed once per run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StripScales {
    /// The most records that ever waited in queue and log together.
    pub most_waiting: usize,
    /// What the strip of the watermark's lag spans.
    pub lag: Span,
}

impl StripScales {
    /// The scales for a run. O(n log n).
    pub fn of(trace: &Trace) -> Self {
        let most_waiting = most_waiting(trace);
        let mut lags: Vec<i64> = trace
            .watermarks
            .windows(2)
            .map(|pair| pair[1].at.since_event(pair[0].watermark).micros())
            .filter(|&lag| lag > 0)
            .collect();
        let place = lags.len() * 98 / 100;
        let usual = if lags.is_empty() { 0 } else { *lags.select_nth_unstable(place).1 };
        let bound = trace.pipeline.watermark.bound().micros();
        let lag = (usual as f64 * 1.15).max(bound as f64 * 1.6).max(1e6);
        Self { most_waiting, lag: Span::from_micros(lag.min(9e18) as i64) }
    }
}

/// The most records that were in queue and log together: one walk over what arrives and what is taken.
fn most_waiting(trace: &Trace) -> usize {
    let started = trace.started_ascending();
    let (mut taken, mut most) = (0, 0);
    for (place, &at) in trace.stream.arrivals_ascending().iter().enumerate() {
        taken += started[taken..].iter().take_while(|&&started| started <= at).count();
        most = most.max((place + 1).saturating_sub(taken));
    }
    most
}

/// Records in the queue and in the log at an instant.
fn waiting_at(trace: &Trace, at: ProcTime) -> (usize, usize) {
    let now = trace.at(at);
    (now.depth(), now.lag())
}

/// Draws the strip of waiting records.
pub fn waiting(scene: &Scene<'_>, painter: &Painter, rect: Rect, scales: &StripScales) {
    let theme = scene.theme();
    ground(scene, painter, rect);
    let capacity = scene.trace().pipeline.queue_capacity as usize;
    let most = scales.most_waiting.max(1);
    // The capacity is in the picture when anything came near it.
    let shows_capacity = most * 3 >= capacity;
    let span = (if shows_capacity { most.max(capacity) } else { most }) as f32 * 1.12;
    let x_of = |count: usize| rect.left() + rect.width() * (count as f32 / span).min(1.0);
    let clipped = painter.with_clip_rect(rect);
    let rows = rows(scene, rect, |from, to| peak_between(scene.trace(), from, to));
    let depths: Vec<Pos2> = rows.iter().map(|&(y, (depth, _))| pos2(x_of(depth), y)).collect();
    fill_to_left(&clipped, rect.left(), &depths, alpha(theme.busy, 0.28));
    let start = x_of(capacity);
    for pair in rows.windows(2) {
        let ((y, (depth, lag)), (next, _)) = (pair[0], pair[1]);
        if lag > 0 {
            let x = Rangef::new(x_of(depth).min(start), x_of(depth + lag));
            let row = Rect::from_x_y_ranges(x, Rangef::new(next, y));
            clipped.rect_filled(row, 0.0, theme.backpressure);
        }
    }
    hatch_overflow(scene, &clipped, rect, &rows, &x_of);
    clipped.line(depths, Stroke::new(1.2, theme.busy));
    if shows_capacity {
        reference(painter, scene, rect, start, &format!("full {}", human::count(capacity as u64)));
    } else if scales.most_waiting > 0 {
        reference(painter, scene, rect, x_of(most), &format!("most {}", human::count(most as u64)));
    }
    name(painter, scene, rect, "Waiting", "records");
}

/// The diagonal hatch over what waits beyond the queue: nothing is told by colour alone.
fn hatch_overflow(
    scene: &Scene<'_>,
    painter: &Painter,
    rect: Rect,
    rows: &[(f32, (usize, usize))],
    x_of: &impl Fn(usize) -> f32,
) {
    let over = |row: &&(f32, (usize, usize))| row.1.1 > 0;
    let line = Stroke::new(1.4, alpha(scene.theme().panel, 0.55));
    let mut rest = rows;
    while let Some(first) = rest.iter().position(|row| over(&row)) {
        let run = rest[first..].iter().take_while(over).count();
        let part = &rest[first..first + run];
        let right = part.iter().map(|&(_, (depth, lag))| x_of(depth + lag)).fold(rect.left(), f32::max);
        let left = part.iter().map(|&(_, (depth, _))| x_of(depth)).fold(right, f32::min);
        let y = Rangef::new(part[run - 1].0, part[0].0);
        painter.add(marks::hatch(Rect::from_x_y_ranges(left..=right, y), 5.0, line));
        rest = &rest[first + run..];
    }
}

/// Draws the strip of the watermark's lag: processing time minus watermark.
pub fn lag(scene: &Scene<'_>, painter: &Painter, rect: Rect, scales: &StripScales) {
    let theme = scene.theme();
    ground(scene, painter, rect);
    let span = scales.lag.micros() as f64;
    let x_of = |lag: i64| rect.left() + rect.width() * (lag.max(0) as f64 / span).min(1.2) as f32;
    let points = lag_points(scene, rect, &x_of);
    let clipped = painter.with_clip_rect(rect);
    fill_to_left(&clipped, rect.left(), &points, alpha(theme.watermark, 0.13));
    clipped.line(points, Stroke::new(1.2, theme.watermark));
    let bound = scene.trace().pipeline.watermark.bound();
    if bound.micros() > 0 {
        reference(painter, scene, rect, x_of(bound.micros()), &format!("bound {}", human::span(bound)));
    }
    name(painter, scene, rect, "Watermark lag", "");
}

/// The lag as a saw: it grows with the clock and falls at every rise of the watermark.
fn lag_points(scene: &Scene<'_>, rect: Rect, x_of: &impl Fn(i64) -> f32) -> Vec<Pos2> {
    let trace = scene.trace();
    let (bottom, top) = scene.proc_in_view();
    let until = scene.view.now.min(top);
    let first = trace.watermarks.partition_point(|step| step.at < bottom);
    let last = trace.watermarks.partition_point(|step| step.at <= until).max(first);
    let y_of = |at: ProcTime| scene.axes.proc.px_of(at.micros()).within(rect.top() - 2.0, rect.bottom() + 2.0);
    let mut points: Vec<Pos2> = Vec::new();
    let mut watermark = first.checked_sub(1).map(|i| trace.watermarks[i].watermark);
    points.extend(watermark.map(|w| pos2(x_of(bottom.since_event(w).micros()), y_of(bottom))));
    for step in &trace.watermarks[first..last] {
        let y = y_of(step.at);
        if points.last().is_none_or(|last| last.y - y >= 0.5) {
            points.extend(watermark.map(|w| pos2(x_of(step.at.since_event(w).micros()), y)));
            points.push(pos2(x_of(step.at.since_event(step.watermark).micros()), y));
        }
        watermark = Some(step.watermark);
    }
    points.extend(watermark.map(|w| pos2(x_of(until.since_event(w).micros()), y_of(until))));
    points
}

fn ground(scene: &Scene<'_>, painter: &Painter, rect: Rect) {
    painter.rect_filled(rect, 0.0, scene.theme().plot);
    for tick in super::lines::proc_ticks(scene) {
        marks::hline(painter, rect.x_range(), tick.px, scene.theme().grid);
    }
}

/// Every row of pixels from the bottom up to now, with what `peak` finds between it and the next.
fn rows<T>(scene: &Scene<'_>, rect: Rect, peak: impl Fn(ProcTime, ProcTime) -> T) -> Vec<(f32, T)> {
    let top = scene.now_y().max(rect.top());
    let at = |y: f32| ProcTime::from_micros(scene.axes.proc.micros_at(y));
    let count = (rect.bottom() - top).ceil().clamp(0.0, 8_192.0) as usize;
    (0..count)
        .map(|i| {
            let y = rect.bottom() - i as f32;
            (y, peak(at(y), at(y - 1.0).min(scene.view.now)))
        })
        .collect()
}

/// The most that waited in a stretch of time. Peaks are at arrivals, so those are looked at.
fn peak_between(trace: &Trace, from: ProcTime, to: ProcTime) -> (usize, usize) {
    let arrivals = trace.stream.arrivals_ascending();
    let first = arrivals.partition_point(|&at| at < from);
    let last = arrivals.partition_point(|&at| at <= to).max(first);
    let step = ((last - first) / LOOKS_PER_ROW).max(1);
    let looks = arrivals[first..last].iter().step_by(step).map(|&at| waiting_at(trace, at));
    looks.chain([waiting_at(trace, from)]).max_by_key(|&(depth, lag)| depth + lag).unwrap_or((0, 0))
}

/// Fills between a curve that runs upward and the left side.
fn fill_to_left(painter: &Painter, left: f32, curve: &[Pos2], fill: egui::Color32) {
    let mut mesh = egui::epaint::Mesh::default();
    for pair in curve.windows(2) {
        let base = mesh.vertices.len() as u32;
        for at in [pos2(left, pair[0].y), pair[0], pair[1], pos2(left, pair[1].y)] {
            mesh.colored_vertex(at, fill);
        }
        mesh.add_triangle(base, base + 1, base + 2);
        mesh.add_triangle(base, base + 2, base + 3);
    }
    painter.add(Shape::mesh(mesh));
}

/// A dashed line that says what a distance means, with its label below the strip.
fn reference(painter: &Painter, scene: &Scene<'_>, rect: Rect, x: f32, label: &str) {
    let theme = scene.theme();
    let x = painter.round_to_pixel_center(x);
    let line = Stroke::new(1.0, alpha(theme.t3, 0.9));
    painter.add(marks::dashed(pos2(x, rect.top()), pos2(x, rect.bottom()), line, 3.0, 3.0));
    let galley = painter.layout_no_wrap(label.to_owned(), font::tick_small(), theme.t3);
    let half = galley.size().x / 2.0;
    // Names of neighbouring strips stay apart.
    let middle = x.within(rect.left() + half - 2.0, rect.right() - half + 2.0);
    painter.galley(pos2(middle - half, rect.bottom() + 5.0), galley, theme.t3);
}

fn name(painter: &Painter, scene: &Scene<'_>, rect: Rect, name: &str, unit: &str) {
    let theme = scene.theme();
    let y = rect.bottom() + 21.0;
    let name = painter.text(pos2(rect.left(), y), Align2::LEFT_TOP, name, font::medium(11.0), theme.t2);
    let galley = painter.layout_no_wrap(unit.to_owned(), font::tick(), theme.t3);
    if name.right() + 4.0 + galley.size().x <= rect.right() + 6.0 {
        painter.galley(pos2(name.right() + 4.0, y), galley, theme.t3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;

    #[test]
    fn the_peak_of_a_stretch_is_the_most_that_waited_in_it() {
        let trace = fixture::trace(400, 2, fixture::tumbling(), 9);
        let scales = StripScales::of(&trace);
        assert!(scales.most_waiting > 8, "the queue of 8 overflows: {}", scales.most_waiting);
        let (first, last) = trace.span().expect("records");
        let (depth, lag) = peak_between(&trace, first, first + Span::from_secs(2));
        let expected = trace.stream.arrivals().iter().take_while(|&&at| at <= first + Span::from_secs(2));
        let expected = expected.map(|&at| waiting_at(&trace, at)).map(|(d, l)| d + l).max();
        assert_eq!(Some(depth + lag), expected);
        assert_eq!(peak_between(&trace, last, last + Span::from_secs(9)), (0, 0));
    }

    #[test]
    fn the_lag_strip_spans_the_bound() {
        let trace = fixture::trace(400, 2, fixture::tumbling(), 0);
        assert!(StripScales::of(&trace).lag >= trace.pipeline.watermark.bound());
    }
}
