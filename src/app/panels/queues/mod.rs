//! Queue: how many records wait in front of the operator and, where that is full, in the log.
//!
//! Time runs across here. The transform and the pointer are egui_plot's; what is drawn through it
//! is one line per quantity, reduced to the highest value per stretch so that no peak is lost.

mod series;
mod tasks;

use egui::text::LayoutJob;
use egui::{Align2, Color32, Painter, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{Plot, PlotBounds, PlotPoint, PlotResponse, PlotTransform};

use crate::app::theme::{Theme, alpha, font, radius, space, stroke};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::metrics::tasks::{Flow, phrase};
use crate::pipeline::Overflow;
use crate::time::{ProcTime, Span};

use series::Series;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct QueuesState {
    series: Option<(u64, Series)>,
}

/// Draws the panel into all of `ui`.
pub fn queues_ui(ui: &mut Ui, view: &View<'_>, state: &mut QueuesState, commands: &mut Vec<Command>) {
    if state.series.as_ref().is_none_or(|(generation, _)| *generation != view.run.generation) {
        state.series = Some((view.run.generation, Series::of(&view.run.trace)));
    }
    let Some((_, series)) = &state.series else { return };
    let rect = ui.max_rect();
    let at = view.run.trace.at(view.now);
    let words = headlines(view, series, at.depth(), at.lag());
    frame::panel(
        ui,
        view.theme,
        rect,
        "Queue",
        |ui| {
            let words = first_that_fits(ui, &words, ui.available_width());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(RichText::new(words).font(font::legend()).color(view.theme.t2));
            });
        },
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    if !series.anything_waited {
        let text = if view.run.trace.pipeline.service_time.micros() == 0 {
            "Nothing waits: the operator has no service time"
        } else {
            "Nothing waited: the operator was always faster"
        };
        let mut words = LayoutJob::simple(text.to_owned(), font::body(), view.theme.t3, body.width());
        words.halign = egui::Align::Center;
        let galley = ui.painter().layout_job(words);
        ui.painter().galley(body.center() - vec2(0.0, galley.size().y / 2.0), galley, view.theme.t3);
        return;
    }
    frame::scope(ui, "queue body", body, egui::Layout::top_down(egui::Align::Min), |ui| {
        plot_ui(ui, view, series, body, commands);
    });
}

/// What waits now, and how long until it is cleared at the latest pace; from the longest text to the
/// shortest.
fn headlines(view: &View<'_>, series: &Series, depth: usize, lag: usize) -> Vec<String> {
    if !series.anything_waited {
        return Vec::new();
    }
    let waiting = depth + lag;
    if waiting == 0 {
        return vec!["nothing waits now".to_owned(), "empty".to_owned()];
    }
    let count = |count: usize| human::count(count as u64);
    let trace = &view.run.trace;
    let outlook = outlook(view, &series.waiting_now, waiting);
    let in_log = if lag > 0 { format!(", {} in the log", count(lag)) } else { String::new() };
    let memory = match trace.pipeline.tasks.overflow {
        Overflow::Unbounded => {
            let bytes = depth as u64 * u64::from(view.run.scenario.log.rules().record_bytes);
            format!(", {} kB", human::count(bytes.div_ceil(1_000)))
        }
        Overflow::Block | Overflow::ShedNewest | Overflow::ShedOldest => String::new(),
    };
    vec![
        format!("{} waiting{memory}{in_log}, {outlook}", count(depth)),
        format!("{} waiting{memory}, {outlook}", count(waiting)),
        outlook,
    ]
}

/// A difference between what comes and what goes of less than this share is none.
const STEADY: f64 = 0.01;

/// What becomes of what waits, at the latest pace.
fn outlook(view: &View<'_>, flow: &Flow, waiting: usize) -> String {
    let Some(rates) = flow.rates(view.now) else {
        let since = flow.occupied().at(view.now).map_or(view.now, |backlog| backlog.from);
        let came = flow.entered_by(view.now) - flow.entered_by(since);
        if came >= LEAST_STUCK && flow.left_by(view.now) == flow.left_by(since) {
            return "nothing gets on".to_owned();
        }
        // Before anything is known: if nothing more came.
        return format!("clear in {}", human::span(view.run.trace.pipeline.service_time.times(waiting as i64)));
    };
    let net = rates.served - rates.arriving;
    if net.abs() <= STEADY * rates.arriving.max(rates.served) {
        "neither growing nor shrinking".to_owned()
    } else if net > 0.0 {
        format!("clear in {}", human::span(rounded(waiting as f64 / net)))
    } else {
        format!("growing by {}", phrase::rate(-net))
    }
}

/// So many records came and none of those before them has gone: that is no pace, but a stop.
const LEAST_STUCK: usize = 5;

/// A prediction in whole seconds where it is longer than ten.
fn rounded(seconds: f64) -> Span {
    Span::from_secs_f64(if seconds >= 10.0 { libm::round(seconds) } else { seconds })
}

/// The first text that is no wider than `width`; the last one when none is.
fn first_that_fits(ui: &Ui, texts: &[String], width: f32) -> String {
    let width_of =
        |text: &String| ui.painter().layout_no_wrap(text.clone(), font::legend(), Color32::PLACEHOLDER).size().x;
    let fits = texts.iter().find(|text| width_of(text) <= width);
    fits.or(texts.last()).cloned().unwrap_or_default()
}

/// Room left of the plot for counts of four characters, and for each digit or comma more; above it for the legend
/// and below it for the ticks of time.
const COUNTS: f32 = 36.0;
const DIGIT: f32 = 6.5;
const LEGEND: f32 = 20.0;
const TICKS: f32 = 22.0;
/// Opacity of what is still to come.
const FUTURE: f32 = 0.35;

fn plot_ui(ui: &mut Ui, view: &View<'_>, series: &Series, body: Rect, commands: &mut Vec<Command>) {
    let several = view.run.insight().filter(|insight| !insight.queues.is_empty());
    let (most_depth, most) = match several {
        Some(insight) => (tasks::most(insight), tasks::most(insight)),
        None => (series.most_depth, series.most_waiting),
    };
    // The capacity is in the picture when anything came near it.
    let full = tasks::capacity(view).filter(|&capacity| most_depth * 3 >= capacity);
    let top = most.max(full.unwrap_or(1)).max(1) as f64 * 1.08;
    let digits = human::count(top as u64).len().saturating_sub(4) as f32;
    let chart = Rect::from_min_max(
        body.min + vec2(COUNTS + DIGIT * digits, LEGEND),
        pos2(body.right(), (body.bottom() - TICKS).max(body.top() + LEGEND + 1.0)),
    );
    let plot = transform(ui, chart, (series.start_s(), series.end_s()), top);
    let scene = Chart { painter: ui.painter().clone(), theme: view.theme, chart, plot: plot.transform, series };
    scene.grid(top);
    match several {
        Some(insight) => scene.queues(view, insight, full),
        None => scene.waiting(view, full),
    }
    scene.legend(body, several.is_some());
    let now = scene.x(series.seconds(view.now));
    let now = scene.painter.round_to_pixel_center(now);
    scene.painter.vline(now, chart.y_range(), Stroke::new(stroke::SELECTION, view.theme.now));
    plot.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Queues over time"));
    let pointer = plot.response.interact_pointer_pos().or(plot.response.hover_pos());
    if let Some(pointer) = pointer {
        let seconds = plot.transform.value_from_position(pointer).x;
        let at = ProcTime::from_micros(series.origin + (seconds * 1e6) as i64);
        if plot.response.clicked() || plot.response.dragged() {
            commands.push(Command::Seek(at));
        }
        hover(&plot.response, view, at);
    }
}

/// The plot's transform and what the pointer does in it; it draws nothing itself.
fn transform(ui: &mut Ui, chart: Rect, seconds: (f64, f64), top: f64) -> PlotResponse<()> {
    let builder = egui::UiBuilder::new().max_rect(chart);
    let shown = ui.scope_builder(builder, |ui| {
        Plot::new("queue plot")
            .width(chart.width())
            .height(chart.height())
            .show_axes(false)
            .show_grid(false)
            .show_background(false)
            .show_crosshair(false)
            .show_x(false)
            .show_y(false)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_zoom(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .sense(Sense::CLICK | Sense::DRAG)
            .set_margin_fraction(vec2(0.0, 0.0))
            .default_x_bounds(seconds.0, seconds.1)
            .default_y_bounds(0.0, top)
            .label_formatter(|_| None)
            .show(ui, |plot| plot.set_plot_bounds(PlotBounds::from_min_max([seconds.0, 0.0], [seconds.1, top])))
    });
    shown.inner
}

/// What is drawn through the transform.
struct Chart<'a> {
    painter: Painter,
    theme: &'a Theme,
    chart: Rect,
    plot: PlotTransform,
    series: &'a Series,
}

impl Chart<'_> {
    fn x(&self, seconds: f64) -> f32 {
        self.plot.position_from_point(&PlotPoint::new(seconds, 0.0)).x
    }

    fn y(&self, count: f64) -> f32 {
        self.plot.position_from_point(&PlotPoint::new(0.0, count)).y
    }

    fn points(&self, line: &[[f64; 2]]) -> Vec<Pos2> {
        line.iter().map(|&[seconds, count]| pos2(self.x(seconds), self.y(count))).collect()
    }

    /// Counts on the left, time below.
    fn grid(&self, top: f64) {
        let theme = self.theme;
        self.painter.rect_filled(self.chart, 0.0, theme.plot);
        let step = f64::from(crate::app::panels::late::round_count(top as f32 / 5.0));
        for mark in (0..=8).map(|i| f64::from(i) * step).take_while(|&mark| mark <= top) {
            let y = self.y(mark);
            marks::hline(&self.painter, self.chart.x_range(), y, theme.grid);
            let at = pos2(self.chart.left() - 7.0, y);
            self.painter.text(at, Align2::RIGHT_CENTER, human::count(mark as u64), font::tick(), theme.t3);
        }
        let micros = |seconds: f64| self.series.origin + (seconds * 1e6) as i64;
        let range = TimeRange::of_micros(micros(self.series.start_s()), micros(self.series.end_s()));
        let mut written = f32::NEG_INFINITY;
        for tick in time_ticks::ticks(TimeAxis::new(range, self.chart.left(), self.chart.right()), 46.0) {
            marks::vline(&self.painter, tick.px, self.chart.y_range(), theme.grid);
            let galley = self.painter.layout_no_wrap(tick.label, font::tick(), theme.t3);
            let half = galley.size().x / 2.0;
            let middle = tick.px.within(self.chart.left() + half - 12.0, self.chart.right() - half);
            if middle - half < written + 4.0 {
                continue;
            }
            written = middle + half;
            self.painter.galley(pos2(middle - half, self.chart.bottom() + 5.0), galley, theme.t3);
        }
    }

    /// The queue in blue, what the source has not read in hatched orange on top of it; both pale
    /// after now.
    fn waiting(&self, view: &View<'_>, full: Option<usize>) {
        let theme = self.theme;
        let (depth, waiting) = (self.points(&self.series.depth()), self.points(&self.series.waiting()));
        let now = self.x(self.series.seconds(view.now));
        let (past, future) = self.chart.split_left_right_at_x(now.within(self.chart.left(), self.chart.right()));
        for (part, strength) in [(past, 1.0), (future, FUTURE)] {
            let painter = self.painter.with_clip_rect(part.intersect(self.painter.clip_rect()));
            let floor = vec![pos2(0.0, self.chart.bottom()); depth.len()];
            painter.add(between(&floor, &depth, alpha(theme.busy, 0.28 * strength)));
            if self.series.most_waiting > self.series.most_depth {
                painter.add(between(&depth, &waiting, alpha(theme.backpressure, strength)));
                painter.extend(hatch_between(&depth, &waiting, Stroke::new(1.4, alpha(theme.panel, 0.55))));
                painter.line(waiting.clone(), Stroke::new(1.2, alpha(theme.backpressure, strength)));
            }
            painter.line(depth.clone(), Stroke::new(1.2, alpha(theme.busy, strength)));
        }
        self.full(full);
    }

    /// The names of both colours above the plot.
    fn legend(&self, body: Rect, has_several: bool) {
        let theme = self.theme;
        let mut x = body.left();
        let y = body.top() + 8.0;
        let unit = self.painter.text(pos2(x, y), Align2::LEFT_CENTER, "records", font::tick(), theme.t3);
        x = unit.right() + 14.0;
        let narrow = body.width() < 330.0;
        let queue = match (narrow, has_several) {
            (true, true) => "each queue",
            (false, true) => "queue of each window task",
            (true, false) => "queue",
            (false, false) => "in the queue",
        };
        let mut entries = vec![(queue, theme.busy)];
        if !has_several && self.series.most_waiting > self.series.most_depth {
            entries.push((if narrow { "log" } else { "in the log, unread" }, theme.backpressure));
        }
        for (name, colour) in entries {
            let swatch = Rect::from_min_size(pos2(x, y - 4.0), vec2(12.0, 8.0));
            let strength = if colour == theme.busy { 0.7 } else { 1.0 };
            self.painter.rect_filled(swatch, radius::BAR, alpha(colour, strength));
            if colour == theme.backpressure {
                self.painter.add(marks::hatch(swatch, 5.0, Stroke::new(1.4, alpha(theme.panel, 0.55))));
            }
            let at = pos2(swatch.right() + 5.0, y);
            x = self.painter.text(at, Align2::LEFT_CENTER, name, font::tick(), theme.t2).right() + 14.0;
        }
    }
}

/// The area between two curves over the same places; `lower` gives only heights.
fn between(lower: &[Pos2], upper: &[Pos2], fill: Color32) -> Shape {
    let mut mesh = egui::epaint::Mesh::default();
    for (low, high) in lower.windows(2).zip(upper.windows(2)) {
        if low[0].y - high[0].y < 0.25 && low[1].y - high[1].y < 0.25 {
            continue;
        }
        let base = mesh.vertices.len() as u32;
        for at in [pos2(high[0].x, low[0].y), high[0], high[1], pos2(high[1].x, low[1].y)] {
            mesh.colored_vertex(at, fill);
        }
        mesh.add_triangle(base, base + 1, base + 2);
        mesh.add_triangle(base, base + 2, base + 3);
    }
    Shape::mesh(mesh)
}

/// A hatch over the same area, in strips as wide as the curve's pieces.
fn hatch_between(lower: &[Pos2], upper: &[Pos2], line: Stroke) -> Vec<Shape> {
    let pieces = lower.windows(2).zip(upper.windows(2));
    let strips = pieces.filter_map(|(low, high)| {
        let (top, bottom) = (high[0].y.max(high[1].y), low[0].y.min(low[1].y));
        let strip = Rect::from_min_max(pos2(high[0].x, top), pos2(high[1].x, bottom));
        (bottom - top > 1.0).then(|| marks::hatch(strip, 5.0, line))
    });
    strips.collect()
}

fn hover(response: &egui::Response, view: &View<'_>, at: ProcTime) {
    let state = view.run.trace.at(at);
    let clock = time_ticks::clock(at.micros(), 1e6);
    let lag = human::count(state.lag() as u64);
    let text = match view.run.insight().filter(|insight| !insight.queues.is_empty()) {
        Some(insight) => format!("{clock}: {}, {lag} in the log", tasks::in_words(insight, at)),
        None => format!("{clock}: {} in the queue, {lag} in the log", human::count(state.depth() as u64)),
    };
    response.clone().on_hover_text_at_pointer(text);
}
