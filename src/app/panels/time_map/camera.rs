//! Where the time map looks: which stretch of both clocks fills the plot.
//!
//! Pure: a [`Camera`] is two ranges, and everything that moves it is a function from one camera to
//! the next. One scale on both axes means the same microseconds per pixel across and up, so that a
//! delay is as long in either direction and the ideal diagonal stands at 45 degrees.

use egui::{Rect, Vec2};

use crate::app::panels::time_map::model::Column;
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::pipeline::WindowSpec;
use crate::runtime::Trace;
use crate::time::{ProcTime, Span};

/// Pixels between the now line and the top while following it.
const LEAD_UP: f32 = 24.0;

/// Pixels between the place where the ideal meets now and the right edge while following, at least.
const LEAD_RIGHT: f32 = 50.0;

/// Pixels around the whole run: a disc at its edge is not cut.
const AIR: f32 = 20.0;

/// The stretch of both clocks that fills the plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Event time, across.
    pub event: TimeRange,
    /// Processing time, up.
    pub proc: TimeRange,
}

impl Default for Camera {
    fn default() -> Self {
        let epoch = TimeRange::new(0.0, 1e6);
        Self { event: epoch, proc: epoch }
    }
}

impl Camera {
    /// The two axes of a plot that fills `rect`.
    pub fn axes(self, rect: Rect) -> Axes {
        Axes {
            event: TimeAxis::new(self.event, rect.left(), rect.right()),
            proc: TimeAxis::new(self.proc, rect.bottom(), rect.top()),
            delays: false,
        }
    }

    /// Zoomed by `factor` (below 1: closer) about an instant of each clock. An axis with factor 1 stays.
    pub fn zoomed(self, factor: Vec2, event: f64, proc: f64) -> Self {
        Self { event: self.event.zoomed(f64::from(factor.x), event), proc: self.proc.zoomed(f64::from(factor.y), proc) }
    }

    /// Moved by a distance in pixels, as if the content were dragged.
    pub fn dragged(self, by: Vec2, size: Vec2) -> Self {
        Self {
            event: self.event.panned(-f64::from(by.x) * self.event.length() / f64::from(size.x.max(1.0))),
            proc: self.proc.panned(f64::from(by.y) * self.proc.length() / f64::from(size.y.max(1.0))),
        }
    }

    /// The same middle with `us_per_px` on both axes.
    pub fn with_scale(self, us_per_px: f64, size: Vec2) -> Self {
        let about = |range: TimeRange, px: f32| {
            let middle = range.start + range.length() / 2.0;
            let half = us_per_px * f64::from(px.max(1.0)) / 2.0;
            TimeRange::new(middle - half, middle + half)
        };
        Self { event: about(self.event, size.x), proc: about(self.proc, size.y) }
    }

    /// Whether a delay is as long across as it is up.
    pub fn has_one_scale(self, size: Vec2) -> bool {
        let (across, up) = (self.event.length() / f64::from(size.x), self.proc.length() / f64::from(size.y));
        (across / up - 1.0).abs() < 0.01
    }

    /// Kept where there is something to see.
    pub fn clamped(self, extent: &Extent) -> Self {
        Self { event: self.event.clamped(extent.event), proc: self.proc.clamped(extent.proc) }
    }
}

/// The two axes of the map in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Event time, across.
    pub event: TimeAxis,
    /// Processing time, up (pixels run down).
    pub proc: TimeAxis,
    /// Whether it is not processing time that runs up, but how long after the event time it is.
    pub delays: bool,
}

/// What there is to see in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// All event times, and windows around them.
    pub event: TimeRange,
    /// What the whole run takes, no more: from the window of the earliest record to that of the
    /// latest, and from the first thing that happened to the last.
    pub filled: Camera,
    /// From the first arrival (or the event time of an early record) to the last record handled.
    pub proc: TimeRange,
    /// Where the ideal diagonal begins when a run is watched from its start: a little before the
    /// first arrival, on a window start where one is near.
    pub origin: f64,
    /// The range up that shows a window, the wait for it and its lateness with room around.
    pub comfortable: f64,
    /// How far right of now the state of a window may still close: what has fired has ended a bound ago.
    pub closes_in: f64,
}

impl Extent {
    /// The extent of a run, whose windows of all keys these are; of the epoch when it is empty.
    pub fn of(trace: &Trace, windows: &[Column]) -> Self {
        let (first, last) = trace.span().unwrap_or((ProcTime::EPOCH, ProcTime::EPOCH));
        let (first, last) = (first.micros() as f64, last.micros() as f64);
        let (earliest, latest) =
            trace.stream.event_time_range().map_or((first, last), |(a, b)| (a.micros() as f64, b.micros() as f64));
        let comfortable = comfortable_range(trace, windows);
        let origin = origin(trace, first, comfortable);
        let length = (last - origin).max(1.0);
        let comfortable = if comfortable > 0.6 * length { 1.08 * length } else { comfortable };
        let window = window_length(trace, windows);
        Self {
            event: TimeRange::new(earliest.min(origin), latest.max(last) + window.min(0.05 * length)),
            filled: filled(trace, windows, window),
            proc: TimeRange::new(origin, last + 0.03 * length),
            origin,
            comfortable,
            closes_in: (trace.pipeline.allowed_lateness - trace.pipeline.watermark.bound()).micros().max(0) as f64,
        }
    }

    /// Everything at once in a plot of this size: one scale on both axes where that leaves less than
    /// a third of the plot empty, else each axis with a scale of its own.
    pub fn whole(&self, size: Vec2) -> Camera {
        let scale = |range: TimeRange, px: f32| range.length() / f64::from(px.max(1.0));
        let with_air = |range: TimeRange, px: f32| {
            let air = AIR.min(px / 10.0);
            let margin = scale(range, px - 2.0 * air) * f64::from(air);
            TimeRange::new(range.start - margin, range.end + margin)
        };
        let camera = Camera { event: with_air(self.filled.event, size.x), proc: with_air(self.filled.proc, size.y) };
        let (across, up) = (scale(camera.event, size.x), scale(camera.proc, size.y));
        let (finer, coarser) = (across.min(up), across.max(up));
        if finer > coarser / 1.5 { camera.with_scale(coarser, size) } else { camera }
    }

    /// Microseconds per pixel at which the comfortable range fills a plot of this height.
    pub fn comfortable_scale(&self, height: f32) -> f64 {
        self.comfortable / f64::from(height.max(1.0))
    }

    /// The camera that follows `now`, with the same scale on both axes.
    ///
    /// The now line climbs from the bottom left until it is a little below the top; from then on
    /// the view moves with it.
    pub fn following(&self, now: ProcTime, us_per_px: f64, size: Vec2) -> Camera {
        let now = now.micros() as f64;
        let (width, height) = (us_per_px * f64::from(size.x.max(1.0)), us_per_px * f64::from(size.y.max(1.0)));
        let lead_up = us_per_px * f64::from(LEAD_UP.min(size.y / 8.0));
        let least_right = us_per_px * f64::from(LEAD_RIGHT.min(size.x / 6.0));
        let lead_right = (self.closes_in + least_right).clamp(least_right, (0.25 * width).max(least_right));
        let bottom = (now + lead_up - height).max(self.origin);
        let left = (now + lead_right - width).max(self.origin);
        Camera { event: TimeRange::new(left, left + width), proc: TimeRange::new(bottom, bottom + height) }
    }
}

/// What a run takes of both clocks. A record in a wide window does not bring in all of it.
fn filled(trace: &Trace, windows: &[Column], window: f64) -> Camera {
    let (first, last) = trace.span().unwrap_or((ProcTime::EPOCH, ProcTime::EPOCH));
    let first_rise = trace.watermarks.first().map_or(first, |step| step.at);
    let last_rise = trace.watermarks.last().map_or(last, |step| step.at);
    let (from, to) = (first.min(first_rise).micros() as f64, last.max(last_rise).micros() as f64);
    let (earliest, latest) =
        trace.stream.event_time_range().map_or((from, to), |(a, b)| (a.micros() as f64, b.micros() as f64));
    let starts = windows.iter().map(|column| column.window.start).filter(|t| t.is_finite()).min();
    let ends = windows.iter().map(|column| column.window.end).filter(|t| t.is_finite()).max();
    let start = starts.map_or(earliest, |t| (t.micros() as f64).clamp(earliest - window, earliest));
    let end = ends.map_or(latest, |t| (t.micros() as f64).clamp(latest, latest + window));
    Camera { event: TimeRange::new(start, end), proc: TimeRange::new(from, to) }
}

/// How long a window is; of sessions, the middle one; for the global window, a minute.
fn window_length(trace: &Trace, windows: &[Column]) -> f64 {
    let span = match trace.pipeline.window {
        WindowSpec::Tumbling { size, .. } | WindowSpec::Sliding { size, .. } => size,
        WindowSpec::Session { gap } => {
            let mut sizes: Vec<Span> = windows.iter().map(|column| column.window.size()).collect();
            let middle = sizes.len() / 2;
            if sizes.is_empty() { gap } else { *sizes.select_nth_unstable(middle).1 }
        }
        WindowSpec::Cumulative { max, .. } => max,
        // It has no length of its own.
        WindowSpec::Global => Span::from_secs(60),
    };
    span.micros() as f64
}

fn comfortable_range(trace: &Trace, windows: &[Column]) -> f64 {
    let window = window_length(trace, windows);
    let waits = (trace.pipeline.watermark.bound() + trace.pipeline.allowed_lateness).micros() as f64;
    (5.0 * window).max(1.7 * (window + waits))
}

/// A little before the first arrival, so that the delays of the first records are in sight.
fn origin(trace: &Trace, first_arrival: f64, comfortable: f64) -> f64 {
    let delays = (0..trace.stream.len().min(64)).map(|i| {
        let delay = trace.stream.arrivals()[i].since_event(trace.stream.event_times()[i]);
        delay.micros() as f64
    });
    let shown = delays.fold(0.0_f64, |most, delay| if delay < 0.15 * comfortable { most.max(delay) } else { most });
    let before = first_arrival - shown;
    let (step, offset) = match trace.pipeline.window {
        WindowSpec::Tumbling { size, offset } => (size, offset),
        WindowSpec::Sliding { slide, offset, .. } => (slide, offset),
        WindowSpec::Session { gap } => return before - 0.05 * gap.micros() as f64,
        WindowSpec::Cumulative { max, offset, .. } => (max, offset),
        WindowSpec::Global => return before,
    };
    let (step, offset) = (step.micros().max(1), offset.micros());
    ((before as i64).saturating_sub(offset).div_euclid(step).saturating_mul(step)).saturating_add(offset) as f64
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    const SIZE: Vec2 = vec2(700.0, 500.0);

    fn extent() -> Extent {
        Extent {
            event: TimeRange::new(0.0, 660e6),
            filled: Camera { event: TimeRange::new(0.0, 600e6), proc: TimeRange::new(0.0, 600e6) },
            proc: TimeRange::new(0.0, 610e6),
            origin: 0.0,
            comfortable: 300e6,
            closes_in: 60e6,
        }
    }

    #[test]
    fn following_shows_the_start_until_now_nears_the_top() {
        let scale = extent().comfortable_scale(SIZE.y);
        let camera = extent().following(ProcTime::from_millis(30_000), scale, SIZE);
        assert_eq!((camera.event.start, camera.proc.start), (0.0, 0.0));
    }

    #[test]
    fn following_keeps_now_a_little_below_the_top_with_one_scale() {
        let scale = extent().comfortable_scale(SIZE.y);
        let now = ProcTime::from_millis(580_000);
        let camera = extent().following(now, scale, SIZE);
        let axes = camera.axes(Rect::from_min_size(egui::Pos2::ZERO, SIZE));
        assert!((axes.proc.px_of(now.micros()) - LEAD_UP).abs() < 0.01);
        assert!((axes.event.us_per_px() - axes.proc.us_per_px()).abs() < 1e-6 * scale);
        // Where a window that ends now would close is in sight.
        assert!(axes.event.px_of(now.micros() + 60_000_000) < SIZE.x);
    }

    #[test]
    fn dragging_moves_the_content_with_the_pointer() {
        let camera = extent().whole(SIZE);
        let rect = Rect::from_min_size(egui::Pos2::ZERO, SIZE);
        let (before, after) = (camera.axes(rect), camera.dragged(vec2(30.0, 20.0), SIZE).axes(rect));
        let (event, proc) = (before.event.at(100.0), before.proc.at(100.0));
        assert!((after.event.px(event) - 130.0).abs() < 0.01);
        assert!((after.proc.px(proc) - 120.0).abs() < 0.01);
    }

    #[test]
    fn zooming_keeps_the_pointer_on_its_instants() {
        let rect = Rect::from_min_size(egui::Pos2::ZERO, SIZE);
        let camera = extent().whole(SIZE);
        let (event, proc) = (camera.axes(rect).event.at(200.0), camera.axes(rect).proc.at(300.0));
        let closer = camera.zoomed(vec2(0.5, 0.5), event, proc).axes(rect);
        assert!((closer.event.px(event) - 200.0).abs() < 0.01);
        assert!((closer.proc.px(proc) - 300.0).abs() < 0.01);
        assert!((closer.event.us_per_px() * 2.0 - camera.axes(rect).event.us_per_px()).abs() < 1e-3);
    }

    #[test]
    fn the_whole_has_one_scale_where_that_leaves_little_empty() {
        let equal = |size: Vec2| {
            let axes = extent().whole(size).axes(Rect::from_min_size(egui::Pos2::ZERO, size));
            let shows = |t: f64| axes.event.px(t) >= 0.0 && axes.event.px(t) <= size.x && axes.proc.px(t) >= 0.0;
            assert!(shows(0.0) && shows(600e6), "{size}");
            (axes.event.us_per_px() / axes.proc.us_per_px() - 1.0).abs() < 1e-6
        };
        assert!(equal(SIZE) && equal(vec2(500.0, 700.0)));
        assert!(!equal(vec2(1_200.0, 500.0)) && !equal(vec2(300.0, 700.0)));
    }

    #[test]
    fn one_scale_makes_the_axes_equal() {
        let axes = extent().whole(SIZE).with_scale(1e6, SIZE).axes(Rect::from_min_size(egui::Pos2::ZERO, SIZE));
        assert!((axes.event.us_per_px() - 1e6).abs() < 1.0);
        assert!((axes.proc.us_per_px() - 1e6).abs() < 1.0);
    }
}
