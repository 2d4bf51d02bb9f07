//! The strips over the run: the queue, the log, and the time to clear, below each other on one axis of time.
//! What comes after the cursor is pale.

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use crate::app::insight::Insight;
use crate::app::panels::late::round_count;
use crate::app::panels::queues::series::Series;
use crate::app::panels::queues::tasks;
use crate::app::theme::{Theme, alpha, font, radius, stroke};
use crate::app::time_axis::TimeAxis;
use crate::app::time_ticks;
use crate::app::view::View;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;
use crate::time::{ProcTime, Span};

/// Room left of the strips for their scales, below them for time, and above each for its name.
pub const GUTTER: f32 = 46.0;
pub const TICKS: f32 = 22.0;
const NAME: f32 = 20.0;
/// A strip is at least so high, or is left out.
const LEAST: f32 = 44.0;
/// Opacity of what is still to come.
pub const FUTURE: f32 = 0.35;

/// What a strip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Queue,
    Log,
    Clear,
}

/// What is drawn.
pub struct Strips<'a> {
    /// Where.
    pub painter: Painter,
    /// In which colours.
    pub theme: &'a Theme,
    /// Time across.
    pub axis: TimeAxis,
    /// The lines.
    pub series: &'a Series,
}

/// One strip: its plot, and the value at its upper edge.
#[derive(Clone, Copy, Debug)]
pub struct Strip {
    /// The plot, without its name and its scale.
    pub plot: Rect,
    /// The value at the upper edge; positive.
    pub top: f64,
}

impl Strip {
    /// The height of a value, inside the plot.
    pub fn y(&self, value: f64) -> f32 {
        (self.plot.bottom() - self.plot.height() * (value / self.top) as f32).max(self.plot.top() - 1.0)
    }
}

impl Strips<'_> {
    /// Draws as many strips as there is room for, with time below them. Where the last one ends.
    pub fn paint(&self, view: &View<'_>, area: Rect) -> f32 {
        let several = view.run.insight().filter(|insight| !insight.queues.is_empty());
        let kinds = self.kinds(area.height());
        let all = area.height() - TICKS;
        let each = all / kinds.len().max(1) as f32;
        let mut bottom = area.top();
        for (place, kind) in kinds.into_iter().enumerate() {
            let top = area.top() + each * place as f32;
            bottom = (top + each - 4.0).max(top + NAME + 1.0);
            let plot = Rect::from_min_max(pos2(area.left() + GUTTER, top + NAME), pos2(area.right(), bottom));
            self.painter.rect_filled(plot, 0.0, self.theme.plot);
            match kind {
                Kind::Queue => self.queue(view, several, plot),
                Kind::Log => self.log(view, plot),
                Kind::Clear => self.clear(view, plot),
            }
            let now = self.painter.round_to_pixel_center(self.now(view));
            self.painter.vline(now, plot.y_range(), Stroke::new(stroke::SELECTION, self.theme.now));
        }
        self.times(area, bottom);
        bottom
    }

    /// Which strips there are; the least needed go first where there is no room.
    fn kinds(&self, height: f32) -> Vec<Kind> {
        let mut kinds = Vec::new();
        if self.series.most_depth > 0 {
            kinds.push(Kind::Queue);
        }
        if self.series.most_lag > 0 {
            kinds.push(Kind::Log);
        }
        if self.series.longest_s() > 0.0 {
            kinds.push(Kind::Clear);
        }
        while kinds.len() > 1 && (height - TICKS) / (kinds.len() as f32) < NAME + LEAST {
            kinds.pop();
        }
        kinds
    }

    fn now(&self, view: &View<'_>) -> f32 {
        self.axis.px_of(view.now.micros())
    }

    /// Where a second of the run is.
    pub fn x(&self, seconds: f64) -> f32 {
        self.axis.px(self.series.origin as f64 + seconds * 1e6)
    }

    /// The seconds of an instant.
    pub fn seconds(&self, at: ProcTime) -> f64 {
        self.series.seconds(at)
    }

    fn points(&self, strip: Strip, line: &[[f64; 2]]) -> Vec<Pos2> {
        line.iter().map(|&[seconds, value]| pos2(self.x(seconds), strip.y(value))).collect()
    }

    /// Painters for what has been and what is to come, each with its strength.
    pub fn halves(&self, view: &View<'_>, plot: Rect) -> [(Painter, f32); 2] {
        let now = self.now(view).within(plot.left(), plot.right());
        let (past, future) = plot.split_left_right_at_x(now);
        let clipped = |part: Rect| self.painter.with_clip_rect(part.intersect(self.painter.clip_rect()));
        [(clipped(past), 1.0), (clipped(future), FUTURE)]
    }

    /// The name of a strip with the sample of what it draws; where it ends.
    fn name(&self, at: Pos2, sample: impl FnOnce(&Painter, Rect), words: &str) -> f32 {
        let swatch = Rect::from_center_size(at + vec2(7.0, 0.0), vec2(14.0, 8.0));
        sample(&self.painter, swatch);
        let at = pos2(swatch.right() + 6.0, at.y);
        self.painter.text(at, Align2::LEFT_CENTER, words, font::tick(), self.theme.t2).right() + 16.0
    }

    /// Lines across with what they stand for.
    fn scale(&self, strip: Strip, step: f64, words: impl Fn(f64) -> String) {
        let theme = self.theme;
        for mark in (0..=6).map(|i| f64::from(i) * step).take_while(|&mark| mark <= strip.top) {
            let y = strip.y(mark);
            marks::hline(&self.painter, strip.plot.x_range(), y, theme.grid);
            let at = pos2(strip.plot.left() - 7.0, y);
            self.painter.text(at, Align2::RIGHT_CENTER, words(mark), font::tick(), theme.t3);
        }
        for tick in time_ticks::ticks(self.axis, 46.0) {
            marks::vline(&self.painter, tick.px, strip.plot.y_range(), theme.grid);
        }
    }

    /// A scale of records; few labels in a low strip.
    fn records(&self, plot: Rect, most: usize) -> Strip {
        let strip = Strip { plot, top: most.max(1) as f64 * 1.12 };
        let labels = (plot.height() / 34.0).clamp(1.6, 5.0);
        // One label beside zero there is at least.
        let steps = [labels, 2.0, 3.0, 5.0].map(|labels| f64::from(round_count(strip.top as f32 / labels)));
        let step = steps.into_iter().find(|&step| step <= strip.top).unwrap_or(1.0);
        self.scale(strip, step, |mark| human::count(mark as u64));
        strip
    }

    fn queue(&self, view: &View<'_>, several: Option<&Insight>, plot: Rect) {
        let theme = self.theme;
        let most = several.map_or(self.series.most_depth, tasks::most);
        // The capacity is in the picture when anything came near it.
        let full = tasks::capacity(view).filter(|&capacity| most * 3 >= capacity);
        let strip = self.records(plot, most.max(full.unwrap_or(1)));
        let words = match (several.is_some(), plot.width() < 420.0) {
            (true, false) => "records in the queue of each window task",
            (true, true) => "records in each queue",
            (false, _) => "records in the queue",
        };
        let at = pos2(plot.left(), plot.top() - NAME / 2.0);
        self.name(at, |painter, swatch| _ = painter.rect_filled(swatch, radius::BAR, alpha(theme.busy, 0.7)), words);
        if let Some(insight) = several {
            self.queues(view, insight, strip);
        } else {
            let depth = self.points(strip, &self.series.depth());
            for (painter, strength) in self.halves(view, plot) {
                painter.add(below(&depth, plot.bottom(), alpha(theme.busy, 0.28 * strength)));
                painter.line(depth.clone(), Stroke::new(1.2, alpha(theme.busy, strength)));
            }
        }
        self.full(strip, full);
    }

    fn log(&self, view: &View<'_>, plot: Rect) {
        let theme = self.theme;
        let strip = self.records(plot, self.series.most_lag);
        let hatch = Stroke::new(1.4, alpha(theme.panel, 0.55));
        let sample = |painter: &Painter, swatch: Rect| {
            painter.rect_filled(swatch, radius::BAR, theme.backpressure);
            painter.add(marks::hatch(swatch, 5.0, hatch));
        };
        self.name(pos2(plot.left(), plot.top() - NAME / 2.0), sample, "records unread in the log");
        let lag = self.points(strip, &self.series.lag());
        for (painter, strength) in self.halves(view, plot) {
            painter.add(below(&lag, plot.bottom(), alpha(theme.backpressure, 0.8 * strength)));
            painter.extend(hatch_below(&lag, plot.bottom(), hatch));
            painter.line(lag.clone(), Stroke::new(1.2, alpha(theme.backpressure, strength)));
        }
    }

    /// How long until nothing waited any more, solid; what was predicted, dashed.
    fn clear(&self, view: &View<'_>, plot: Rect) {
        let theme = self.theme;
        let longest = self.series.longest_s();
        let strip = Strip { plot, top: longest.max(1e-3) * 1.12 };
        let labels = f64::from((plot.height() / 34.0).clamp(1.6, 4.0));
        self.scale(strip, round_seconds(strip.top / labels), |mark| human::span(Span::from_secs_f64(mark)));
        let at = pos2(plot.left(), plot.top() - NAME / 2.0);
        let line = |swatch: Rect| [swatch.left_center(), swatch.right_center()];
        let solid = Stroke::new(1.6, theme.t2);
        let end =
            self.name(at, |painter, swatch| _ = painter.line_segment(line(swatch), solid), "time until it was cleared");
        let dashed = Stroke::new(1.2, theme.t2);
        let sample = |painter: &Painter, swatch: Rect| {
            painter.add(marks::dashed(swatch.left_center(), swatch.right_center(), dashed, 3.0, 2.0));
        };
        let words = "as predicted";
        let wide = self.painter.layout_no_wrap(words.to_owned(), font::tick(), theme.t2).size().x;
        if end + wide + 20.0 <= plot.right() {
            self.name(pos2(end, at.y), sample, words);
        }
        for (painter, strength) in self.halves(view, plot) {
            for piece in self.pieces(strip, &self.series.cleared) {
                painter.line(piece, Stroke::new(1.6, alpha(theme.t2, strength)));
            }
            for piece in self.pieces(strip, &self.series.predicted) {
                painter.add(Shape::dashed_line(&piece, Stroke::new(1.2, alpha(theme.t2, strength)), 3.0, 3.0));
            }
        }
    }

    /// A line with gaps where nothing is known.
    fn pieces(&self, strip: Strip, line: &[[f64; 2]]) -> Vec<Vec<Pos2>> {
        let near = |a: &[f64; 2], b: &[f64; 2]| b[0] - a[0] <= self.series.look_s() * 1.5;
        let pieces = line.chunk_by(near).filter(|piece| piece.len() > 1);
        pieces.map(|piece| self.points(strip, piece)).collect()
    }

    /// What a queue may hold, as a dashed line.
    fn full(&self, strip: Strip, full: Option<usize>) {
        let Some(capacity) = full else { return };
        let y = self.painter.round_to_pixel_center(strip.y(capacity as f64));
        let line = Stroke::new(1.0, self.theme.t3);
        self.painter.add(marks::dashed(pos2(strip.plot.left(), y), pos2(strip.plot.right(), y), line, 3.0, 3.0));
        let words = format!("full at {}", human::count(capacity as u64));
        let at = pos2(strip.plot.right(), strip.plot.top() - NAME / 2.0);
        let galley = self.painter.layout_no_wrap(words, font::tick(), self.theme.t3);
        // Right of the strip's name, above the line that it names.
        self.painter.galley(pos2(at.x - galley.size().x, at.y - galley.size().y / 2.0), galley, self.theme.t3);
    }

    fn times(&self, area: Rect, bottom: f32) {
        let mut written = f32::NEG_INFINITY;
        for tick in time_ticks::ticks(self.axis, 46.0) {
            let galley = self.painter.layout_no_wrap(tick.label, font::tick(), self.theme.t3);
            let half = galley.size().x / 2.0;
            let least = area.left() + GUTTER;
            let middle = tick.px.within(least + half - 12.0, area.right() - half);
            if middle - half >= written + 6.0 {
                written = middle + half;
                self.painter.galley(pos2(middle - half, bottom + 5.0), galley, self.theme.t3);
            }
        }
    }
}

/// A round number of seconds near this one: of a clock from a second on, decimal below.
fn round_seconds(about: f64) -> f64 {
    const STEPS: [f64; 19] = [
        0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0,
        3_600.0, 14_400.0,
    ];
    STEPS.into_iter().find(|&step| step >= about).unwrap_or_else(|| libm::ceil(about / 86_400.0).max(1.0) * 86_400.0)
}

/// The area between a curve and the bottom.
fn below(curve: &[Pos2], bottom: f32, fill: Color32) -> Shape {
    let mut mesh = egui::epaint::Mesh::default();
    for pair in curve.windows(2) {
        if bottom - pair[0].y < 0.25 && bottom - pair[1].y < 0.25 {
            continue;
        }
        let base = mesh.vertices.len() as u32;
        for at in [pos2(pair[0].x, bottom), pair[0], pair[1], pos2(pair[1].x, bottom)] {
            mesh.colored_vertex(at, fill);
        }
        mesh.add_triangle(base, base + 1, base + 2);
        mesh.add_triangle(base, base + 2, base + 3);
    }
    Shape::mesh(mesh)
}

/// A hatch over the same area, in pieces as wide as those of the curve.
fn hatch_below(curve: &[Pos2], bottom: f32, line: Stroke) -> Vec<Shape> {
    let pieces = curve.windows(2).filter_map(|pair| {
        let top = pair[0].y.max(pair[1].y);
        let piece = Rect::from_min_max(pos2(pair[0].x, top), pos2(pair[1].x, bottom));
        (bottom - top > 1.0).then(|| marks::hatch(piece, 5.0, line))
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_seconds_are_those_of_a_clock() {
        let about = [0.0004, 0.3, 1.0, 1.1, 7.0, 31.0, 500.0, 90_000.0];
        assert_eq!(about.map(round_seconds), [0.001, 0.5, 1.0, 2.0, 10.0, 60.0, 600.0, 172_800.0]);
    }
}
