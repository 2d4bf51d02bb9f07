//! Queue: how many records wait in front of the operator and, where that is full, in the log.
//!
//! Time runs across here. The axes, zoom and hover are egui_plot's; what is drawn is one step line
//! per quantity, reduced to the highest value per stretch so that no peak is lost.

mod series;

use egui::text::LayoutJob;
use egui::{Align2, Color32, FontId, Rangef, Rect, RichText, Stroke, Ui, vec2};
use egui_plot::{AxisHints, GridMark, HLine, Line, LineStyle, Plot, PlotPoints, VLine};

use crate::app::theme::{font, space};
use crate::app::time_axis::TimeAxis;
use crate::app::time_axis::TimeRange;
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::frame;
use crate::human;
use crate::time::ProcTime;

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
            let words = first_that_fits(ui, &words, &font::legend(), ui.available_width());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(RichText::new(words).font(font::legend()).color(view.theme.t2));
            });
        },
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::S, 0.0));
    if !series.anything_waited {
        let text = if view.run.trace.pipeline.service_time.micros() == 0 {
            "Nothing waits: the operator has no service time"
        } else {
            "Nothing waited: the operator was always faster"
        };
        let mut words = LayoutJob::simple(text.to_owned(), font::body(), view.theme.t3, body.width() - 2.0 * space::S);
        words.halign = egui::Align::Center;
        let galley = ui.painter().layout_job(words);
        let top = body.center() - vec2(0.0, galley.size().y / 2.0);
        ui.painter().galley(top, galley, view.theme.t3);
        return;
    }
    let (names, plot) = body.with_max_y(body.bottom() - space::S).split_top_bottom_at_y(body.top() + LEGEND);
    legend(ui, view, series, names.with_min_x(names.left() + space::S));
    frame::scope(ui, "queue body", plot, egui::Layout::top_down(egui::Align::Min), |ui| {
        plot_ui(ui, view, series, commands);
    });
}

/// Height of the names of the colours.
const LEGEND: f32 = 18.0;

/// What waits now, and how long until it is cleared if nothing more came; from the longest text to the shortest.
fn headlines(view: &View<'_>, series: &Series, depth: usize, lag: usize) -> Vec<String> {
    if !series.anything_waited {
        return Vec::new();
    }
    let waiting = depth + lag;
    if waiting == 0 {
        return vec!["empty".to_owned()];
    }
    let clears = human::span(view.run.trace.pipeline.service_time.times(waiting as i64));
    let count = |count: usize| human::count(count as u64);
    let in_log = if lag > 0 { format!(", {} in the log", count(lag)) } else { String::new() };
    vec![
        format!("{} waiting{in_log}, {clears} of work", count(depth)),
        format!("{} waiting, {clears} of work", count(waiting)),
        format!("{clears} of work"),
    ]
}

/// The first text that is no wider than `width`; the last one when none is.
fn first_that_fits(ui: &Ui, texts: &[String], font: &FontId, width: f32) -> String {
    let fits = |text: &&String| width_of(ui, text, font) <= width;
    texts.iter().find(fits).or(texts.last()).cloned().unwrap_or_default()
}

fn width_of(ui: &Ui, text: &str, font: &FontId) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER).size().x
}

/// Whether the queue came near its capacity, so that the capacity is worth a line.
fn shows_capacity(view: &View<'_>, series: &Series) -> bool {
    series.most_depth as f64 >= f64::from(view.run.trace.pipeline.queue_capacity) / 3.0
}

/// A quantity as a line, filled down to zero.
fn filled(name: &str, points: Vec<[f64; 2]>, colour: Color32, strength: f32, width: f32) -> Line<'static> {
    let line = Line::new(name, PlotPoints::from(points)).color(colour).width(width);
    line.fill(0.0).fill_alpha(strength).allow_hover(false)
}

fn plot_ui(ui: &mut Ui, view: &View<'_>, series: &Series, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let capacity = f64::from(view.run.trace.pipeline.queue_capacity);
    let (start, end) = (series.start_s(), series.end_s());
    let shows_capacity = shows_capacity(view, series);
    let top = series.most_waiting.max(if shows_capacity { capacity as usize } else { 1 }) as f64 * 1.12;
    let origin = series.origin;
    // Ticks are spaced here, so that nothing has to fade.
    let axis = |axis: AxisHints<'static>| {
        axis.label_spacing(Rangef::new(0.0, 1.0)).tick_label_color(theme.t3).tick_label_font(font::tick())
    };
    let across = axis(AxisHints::new_x()).formatter(move |mark, range| label(origin, mark.value, range));
    let up = axis(AxisHints::new_y()).formatter(|mark, _| human::count(mark.value.max(0.0) as u64)).min_thickness(28.0);
    let response = Plot::new("queue plot")
        .allow_drag(false)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .set_margin_fraction(vec2(0.0, 0.0))
        .include_x(start)
        .include_x(end)
        .include_y(0.0)
        .include_y(top)
        .x_grid_spacer(move |input| grid(origin, input.bounds, 64.0))
        .y_grid_spacer(move |_| counts(top))
        .custom_x_axes(vec![across])
        .custom_y_axes(vec![up])
        .grid_color(theme.grid)
        .grid_fade(0.0)
        .label_formatter(|_| None)
        .show(ui, |plot| {
            if series.most_waiting > series.most_depth {
                plot.line(filled("in the log, unread", series.waiting(), theme.backpressure, 0.30, 1.2));
            }
            // The queue hides what lies behind it, so that orange is only what is beyond.
            plot.line(filled("", series.depth(), theme.panel, 1.0, 1.0));
            plot.line(filled("in the queue", series.depth(), theme.busy, 0.30, 1.5));
            if shows_capacity {
                let full = HLine::new(format!("full {}", human::count(capacity as u64)), capacity);
                plot.hline(full.color(theme.t3).width(1.0).style(LineStyle::dashed_dense()).allow_hover(false));
            }
            let now = series.seconds(view.now);
            plot.vline(VLine::new("now", now).color(theme.now).width(1.5).allow_hover(false));
        });
    let pointer = response.response.interact_pointer_pos().or(response.response.hover_pos());
    if let Some(pointer) = pointer {
        let seconds = response.transform.value_from_position(pointer).x;
        let at = ProcTime::from_micros(origin + (seconds * 1e6) as i64);
        if response.response.clicked() || response.response.dragged() {
            commands.push(Command::Seek(at));
        }
        hover(&response.response, view, at);
    }
}

fn hover(response: &egui::Response, view: &View<'_>, at: ProcTime) {
    let state = view.run.trace.at(at);
    let text = format!(
        "{}: {} in the queue, {} in the log",
        time_ticks::clock(at.micros(), 1e6),
        human::count(state.depth() as u64),
        human::count(state.lag() as u64)
    );
    response.clone().on_hover_text_at_pointer(text);
}

/// The names of the colours in one row, shorter where they would not fit.
fn legend(ui: &Ui, view: &View<'_>, series: &Series, rect: Rect) {
    const LINE: f32 = 12.0;
    const GAPS: f32 = 5.0 + 14.0;
    let theme = view.theme;
    let mut entries = vec![("in the queue".to_owned(), "queue".to_owned(), theme.busy)];
    if series.most_waiting > series.most_depth {
        entries.push(("in the log, unread".to_owned(), "log".to_owned(), theme.backpressure));
    }
    if shows_capacity(view, series) {
        let capacity = u64::from(view.run.trace.pipeline.queue_capacity);
        let full = format!("full {}", human::count(capacity));
        entries.push((full.clone(), full, theme.t3));
    }
    let font = font::tick();
    let width: f32 = entries.iter().map(|(name, ..)| LINE + GAPS + width_of(ui, name, &font)).sum();
    let is_short = width > rect.width();
    let mut at = rect.left_center();
    for (name, short, colour) in entries {
        ui.painter().hline(at.x..=at.x + LINE, at.y, Stroke::new(2.0, colour));
        let name = if is_short { short } else { name };
        let left = at + vec2(LINE + 5.0, 0.0);
        at.x = ui.painter().text(left, Align2::LEFT_CENTER, name, font.clone(), theme.t2).right() + 14.0;
    }
}

fn grid(origin: i64, bounds: (f64, f64), least: f32) -> Vec<GridMark> {
    let micros = |seconds: f64| origin + (seconds * 1e6) as i64;
    let axis = TimeAxis::new(TimeRange::of_micros(micros(bounds.0), micros(bounds.1)), 0.0, 400.0);
    let ticks = time_ticks::ticks(axis, least);
    let step = ticks.windows(2).map(|pair| (pair[1].at - pair[0].at) as f64 / 1e6).fold(f64::INFINITY, f64::min);
    let step_size = if step.is_finite() { step } else { bounds.1 - bounds.0 };
    ticks.iter().map(|tick| GridMark { value: (tick.at - origin) as f64 / 1e6, step_size }).collect()
}

/// The label of a tick; none where the end of the axis would cut it.
fn label(origin: i64, seconds: f64, range: &std::ops::RangeInclusive<f64>) -> String {
    let micros = |seconds: f64| origin + (seconds * 1e6).round() as i64;
    let axis = TimeAxis::new(TimeRange::of_micros(micros(*range.start()), micros(*range.end())), 0.0, 400.0);
    let at = micros(seconds);
    if seconds > range.end() - (range.end() - range.start()) * 0.05 {
        return String::new();
    }
    let ticks = time_ticks::ticks(axis, 64.0);
    ticks.into_iter().find(|tick| (tick.at - at).abs() < 1_000).map_or(String::new(), |tick| tick.label)
}

fn counts(top: f64) -> Vec<GridMark> {
    let step = f64::from(crate::app::panels::late::round_count(top as f32 / 4.0));
    (0..=5).map(|i| GridMark { value: f64::from(i) * step, step_size: step }).filter(|mark| mark.value <= top).collect()
}
