//! Small time maps of real runs: panes, firing lines, watermark and records of a stretch, drawn by the
//! rasteriser in the background, one scenario after the other, in both themes.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Color32, ColorImage, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2};

use crate::app::run::Run;
use crate::app::tasks::Task;
use crate::app::theme::{Theme, ThemeChoice, alpha, stroke};
use crate::app::widgets::marks;
use crate::raster::{Headless, HeadlessOptions};
use crate::record::RecordId;
use crate::runtime::{self, Fate, RunConfig};
use crate::scenario::{Scenario, SourceSpec};
use crate::source;
use crate::time::{ProcTime, Span};
use crate::window::pane::Timing;

/// A run in small.
#[derive(Clone, Debug, Default)]
pub struct Thumbnail {
    /// On the dark screen, then on the light one; none where the scenario cannot be run.
    pub images: Vec<Arc<ColorImage>>,
    /// How many records were run.
    pub records: usize,
}

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// By which it is asked for.
    pub name: String,
    /// What is run.
    pub scenario: Scenario,
    /// The instant at which it ends; the end of the most telling stretch when `None`.
    pub at: Option<ProcTime>,
    /// Its size in points.
    pub size: Vec2,
}

/// The thumbnails so far, and those to come.
#[derive(Clone, Debug, Default)]
pub struct Thumbnails {
    /// Those that are drawn.
    pub done: BTreeMap<String, Thumbnail>,
    /// Those that are asked for, in the order in which they are drawn.
    pub wanted: Vec<Wanted>,
}

/// The kind of the task that draws them.
pub const KIND: &str = "thumbnail";
/// Pixels for each point.
const SCALE: f32 = 2.0;
/// A stretch of so many windows is shown.
const WINDOWS: f64 = 5.0;
/// Wider plots than so many times their height show no more event time.
const WIDEST: f64 = 1.7;
/// So many records are drawn at most, evenly.
const MOST_RECORDS: usize = 1_500;
/// Streams that are longer take too long for a picture.
const LONGEST: usize = 200_000;

impl Thumbnails {
    /// Asks for one, unless it is there or asked for.
    pub fn ask(&mut self, wanted: Wanted) {
        let is_known =
            self.done.contains_key(&wanted.name) || self.wanted.iter().any(|other| other.name == wanted.name);
        if !is_known {
            self.wanted.push(wanted);
        }
    }

    /// The task that draws the next one.
    pub fn next(&self) -> Option<Task> {
        let wanted = self.wanted.first()?.clone();
        Some(Task::new(KIND, "", move |_| {
            let thumbnail = drawn(&wanted);
            Box::new(move |state| {
                let thumbnails = &mut state.shell.thumbnails;
                thumbnails.wanted.retain(|other| other.name != wanted.name);
                thumbnails.done.insert(wanted.name, thumbnail);
            })
        }))
    }
}

/// Runs the scenario and draws it in both themes. A recording is not read for this.
fn drawn(wanted: &Wanted) -> Thumbnail {
    let scenario = &wanted.scenario;
    if matches!(scenario.source, SourceSpec::Recording(_)) || scenario.join.is_some() {
        return Thumbnail::default();
    }
    let Ok(stream) = source::generate(scenario) else { return Thumbnail::default() };
    if stream.len() > LONGEST {
        return Thumbnail { records: stream.len(), ..Thumbnail::default() };
    }
    let stream = Arc::new(stream);
    let trace = runtime::run(&stream, &RunConfig::of(scenario, &stream));
    let run = Run::new(scenario.clone(), Arc::new(trace), 1);
    let images = [ThemeChoice::Dark, ThemeChoice::Light].map(|theme| Arc::new(image(&run, wanted, &Theme::of(theme))));
    Thumbnail { images: images.into(), records: stream.len() }
}

fn image(run: &Run, wanted: &Wanted, theme: &Theme) -> ColorImage {
    let options = HeadlessOptions { size: wanted.size, pixels_per_point: SCALE, ..HeadlessOptions::default() };
    let mut headless = Headless::new(options);
    let map = Map::of(run, wanted.at, Rect::from_min_size(Pos2::ZERO, wanted.size));
    let picture = headless.run(1, theme.plot, |ui| map.paint(ui.painter(), theme));
    let size = [picture.width() as usize, picture.height() as usize];
    ColorImage::from_rgba_unmultiplied(size, picture.as_raw())
}

/// Instants of processing time at which a window fired, and how.
type Firings = Vec<(i64, Timing)>;

/// A stretch of a run on a plot; the upper right corner lies on the ideal diagonal.
struct Map<'a> {
    run: &'a Run,
    rect: Rect,
    end: ProcTime,
    us_per_point: f64,
    /// Event time for each point; as much as processing time, unless the plot is very wide.
    event_us_per_point: f64,
}

impl<'a> Map<'a> {
    fn of(run: &'a Run, at: Option<ProcTime>, rect: Rect) -> Self {
        let (start, end) = run.clock_range();
        let length = (end - start).as_secs_f64().max(1.0);
        let size = typical_window(run).map_or(length / WINDOWS, Span::as_secs_f64);
        let seconds = (size * WINDOWS).clamp(length * 0.12, length * 1.05);
        let end = at.unwrap_or_else(|| telling(run, Span::from_secs_f64(seconds)));
        let us_per_point = seconds * 1e6 / f64::from(rect.height());
        let aspect = f64::from(rect.width() / rect.height());
        let event_us_per_point = us_per_point * (aspect.min(WIDEST) / aspect);
        Self { run, rect, end, us_per_point, event_us_per_point }
    }

    fn x(&self, event: i64) -> f32 {
        self.rect.right() - ((self.end.micros().saturating_sub(event)) as f64 / self.event_us_per_point) as f32
    }

    fn y(&self, proc: i64) -> f32 {
        self.rect.top() + ((self.end.micros().saturating_sub(proc)) as f64 / self.us_per_point) as f32
    }

    /// Whether an instant of processing time is on the plot.
    fn shows(&self, proc: ProcTime) -> bool {
        proc <= self.end && self.y(proc.micros()) <= self.rect.bottom() + 2.0
    }

    fn paint(&self, painter: &Painter, theme: &Theme) {
        let painter = painter.with_clip_rect(self.rect);
        self.paint_grid(&painter, theme);
        self.paint_windows(&painter, theme);
        self.paint_watermark(&painter, theme);
        self.paint_records(&painter, theme);
    }

    fn paint_grid(&self, painter: &Painter, theme: &Theme) {
        let step = self.rect.height() / 3.0;
        for i in 1..12 {
            let (x, y) = (self.rect.right() - step * i as f32, self.rect.bottom() - step * i as f32);
            painter.vline(x.round() + 0.5, self.rect.y_range(), (1.0, theme.grid));
            if i < 3 {
                painter.hline(self.rect.x_range(), y.round() + 0.5, (1.0, theme.grid));
            }
        }
    }

    /// Every window once, from the diagonal up to its last pane, and a line at each of its panes.
    fn paint_windows(&self, painter: &Painter, theme: &Theme) {
        let mut tops: BTreeMap<(i64, i64), (i64, Firings)> = BTreeMap::new();
        for pane in self.run.trace.panes.iter().filter(|pane| pane.emitted_at <= self.end) {
            let key = (pane.window.start.micros(), pane.window.end.micros());
            let (top, lines) = tops.entry(key).or_insert((i64::MIN, Vec::new()));
            let at = pane.emitted_at.micros();
            *top = (*top).max(at);
            if lines.last() != Some(&(at, pane.timing)) {
                lines.push((at, pane.timing));
            }
        }
        for life in self.run.trace.windows.iter().filter(|life| life.opened_at <= self.end) {
            // Open ones reach up to the end of the stretch.
            let key = (life.window.start.micros(), life.window.end.micros());
            tops.entry(key).or_insert((self.end.micros(), Vec::new()));
        }
        for ((start, end), (top, lines)) in tops {
            let (left, right, top) = (self.x(start), self.x(end), self.y(top));
            if right < self.rect.left() || left > self.rect.right() || right - left > self.rect.width() * 4.0 {
                continue;
            }
            // The lower edge is the ideal diagonal: no record can be handled before it happened.
            let foot = |at: i64| self.y(at).max(top);
            let shape = vec![pos2(left, top), pos2(right, top), pos2(right, foot(end)), pos2(left, foot(start))];
            painter.add(Shape::convex_polygon(shape, alpha(theme.window_fill(), 0.8), Stroke::NONE));
            for (at, timing) in lines {
                let line = [pos2(left, self.y(at)), pos2(right, self.y(at))];
                match timing {
                    Timing::Early => painter.add(marks::dashed(
                        line[0],
                        line[1],
                        Stroke::new(0.8, alpha(theme.window, 0.6)),
                        4.0,
                        3.0,
                    )),
                    Timing::OnTime => painter.add(Shape::line_segment(line, Stroke::new(1.8, theme.window))),
                    _ => painter.add(Shape::line_segment(line, Stroke::new(1.1, theme.window))),
                };
            }
        }
    }

    fn paint_watermark(&self, painter: &Painter, theme: &Theme) {
        let mut points: Vec<Pos2> = Vec::new();
        let mut last = None;
        for step in self.run.trace.watermarks.iter().take_while(|step| step.at <= self.end) {
            let (x, y) = (self.x(step.watermark.micros()), self.y(step.at.micros()));
            if let Some(before) = last {
                points.push(pos2(before, y));
            }
            points.push(pos2(x, y));
            last = Some(x);
        }
        if let Some(x) = last {
            points.push(pos2(x, self.rect.top()));
        }
        let near = |point: &Pos2| self.rect.expand(200.0).contains(*point);
        let shown: Vec<Pos2> = points.into_iter().filter(near).collect();
        painter.add(Shape::line(shown.clone(), Stroke::new(stroke::CASING * 0.8, alpha(theme.plot, 0.7))));
        painter.add(Shape::line(shown, Stroke::new(1.7, theme.watermark)));
    }

    fn paint_records(&self, painter: &Painter, theme: &Theme) {
        let trace = &self.run.trace;
        let shown: Vec<usize> = (0..trace.handled.len())
            .filter(|&i| trace.handled[i] <= self.end && self.shows(trace.handled[i]))
            .collect();
        let step = shown.len().div_ceil(MOST_RECORDS).max(1);
        for (place, &i) in shown.iter().enumerate() {
            let id = RecordId(i as u32);
            let at = pos2(self.x(trace.stream.event_times()[i].micros()), self.y(trace.handled[i].micros()));
            let is_behind = trace.is_behind(id);
            match trace.fates[i] {
                Fate::Counted if !is_behind => {
                    if place.is_multiple_of(step) {
                        painter.circle_filled(at, 1.1, alpha(theme.on_time, 0.85));
                    }
                }
                Fate::Counted => {
                    painter.add(marks::diamond(at, 1.9, theme.behind));
                }
                Fate::SideOutput => {
                    painter.add(marks::square(at, 1.6, theme.side));
                }
                Fate::Unassigned | Fate::InFlight => {}
                _ => {
                    painter.add(cross(at, theme.dropped));
                }
            }
        }
    }
}

fn cross(at: Pos2, colour: Color32) -> Shape {
    let line =
        |x: f32, y: f32| Shape::line_segment([at - egui::vec2(x, y), at + egui::vec2(x, y)], Stroke::new(1.3, colour));
    Shape::Vec(vec![line(1.9, 1.9), line(1.9, -1.9)])
}

/// The middle one of the lengths of the windows that were kept.
fn typical_window(run: &Run) -> Option<Span> {
    let mut sizes: Vec<Span> = run.trace.windows.iter().map(|life| life.window.size()).collect();
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied()
}

/// The end of the stretch of this length with the most that asks a question: drops, late records, failures.
fn telling(run: &Run, length: Span) -> ProcTime {
    let (start, end) = run.clock_range();
    let marks = &run.marks;
    let handled = |id: &RecordId| run.trace.handled[id.index()];
    let mut events: Vec<(ProcTime, u64)> =
        marks.dropped.iter().chain(&marks.given_up).map(|id| (handled(id), 6)).collect();
    events.extend(marks.behind.iter().map(|id| (handled(id), 2)));
    events.extend(run.trace.restarts.iter().map(|restart| (restart.at, 60)));
    events.retain(|(at, _)| *at <= end);
    events.sort_unstable();
    let earliest = (start + length).min(end);
    let worth = |stop: ProcTime| -> u64 {
        let from = events.partition_point(|(at, _)| *at < stop - length);
        let to = events.partition_point(|(at, _)| *at <= stop - Span::from_micros(length.micros() / 6));
        events[from..to.max(from)].iter().map(|(_, weight)| weight).sum()
    };
    let steps = 24;
    let stop = |step: i64| earliest + Span::from_micros((end - earliest).micros() / steps * step);
    // Of stretches that tell alike, the one in the middle.
    let middle = |step: i64| -(step - steps / 2).abs();
    (0..=steps).map(|step| (worth(stop(step)), middle(step), stop(step))).max().map_or(end, |(.., stop)| stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::files::built_in;
    use egui::vec2;

    #[test]
    fn a_thumbnail_is_a_picture_of_a_run_in_both_themes() {
        let scenario = built_in()[0].clone();
        let size = vec2(142.0, 90.0);
        let thumbnail = drawn(&Wanted { name: "trams".to_owned(), scenario, at: None, size });
        assert_eq!(thumbnail.images.len(), 2);
        for (image, theme) in thumbnail.images.iter().zip([Theme::DARK, Theme::LIGHT]) {
            assert_eq!(image.size, [284, 180]);
            let seen = |colour: Color32| image.pixels.iter().filter(|pixel| **pixel == colour).count();
            assert!(seen(theme.watermark) > 20 && seen(theme.dropped) > 0, "{:?}", theme.choice);
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_left_blank() {
        let million = built_in().iter().find(|scenario| scenario.title == "A million records").expect("it is built in");
        let wanted = Wanted { name: String::new(), scenario: million.clone(), at: None, size: vec2(20.0, 20.0) };
        assert!(drawn(&wanted).images.is_empty());
    }

    #[test]
    fn one_is_asked_for_once() {
        let mut thumbnails = Thumbnails::default();
        let wanted =
            |name: &str| Wanted { name: name.to_owned(), scenario: built_in()[0].clone(), at: None, size: Vec2::ZERO };
        for name in ["a", "b", "a"] {
            thumbnails.ask(wanted(name));
        }
        assert_eq!(thumbnails.wanted.len(), 2);
        thumbnails.done.insert("c".to_owned(), Thumbnail::default());
        thumbnails.ask(wanted("c"));
        assert_eq!(thumbnails.wanted.len(), 2);
    }
}
