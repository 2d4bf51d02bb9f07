//! Queue: how many records wait in front of the operator and, where that is full, in the log.
//!
//! Time runs across here. The axes, zoom and hover are egui_plot's; what is drawn is one step line
//! per quantity, reduced to the highest value per stretch so that no peak is lost.

mod series;

use egui::{Align2, Color32, RichText, Ui, vec2};
use egui_plot::{GridMark, HLine, Line, LineStyle, Plot, PlotPoints, VLine};

use crate::app::theme::{Theme, font, space};
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
    let words = headline(view, series, at.depth(), at.lag());
    frame::panel(
        ui,
        view.theme,
        rect,
        "Queue",
        |ui| {
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
        ui.painter().text(body.center(), Align2::CENTER_CENTER, text, font::body(), view.theme.t3);
        return;
    }
    frame::scope(ui, "queue body", body, egui::Layout::top_down(egui::Align::Min), |ui| {
        plot_ui(ui, view, series, commands);
    });
}

/// What waits now, and how long until it is cleared if nothing more came.
fn headline(view: &View<'_>, series: &Series, depth: usize, lag: usize) -> String {
    if !series.anything_waited {
        return String::new();
    }
    let waiting = depth + lag;
    let count = |count: usize| human::count(count as u64);
    if waiting == 0 {
        return "empty".to_owned();
    }
    let clears = view.run.trace.pipeline.service_time.times(waiting as i64);
    let in_log = if lag > 0 { format!(", {} in the log", count(lag)) } else { String::new() };
    format!("{} waiting{in_log}, {} of work", count(depth), human::span(clears))
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
    let shows_capacity = series.most_depth as f64 >= capacity / 3.0;
    let top = series.most_waiting.max(if shows_capacity { capacity as usize } else { 1 }) as f64 * 1.12;
    let origin = series.origin;
    let style = ui.style_mut();
    style.text_styles.insert(egui::TextStyle::Body, font::tick());
    style.text_styles.insert(egui::TextStyle::Small, font::tick());
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
        .x_axis_formatter(move |mark, range| label(origin, mark.value, range))
        .y_axis_formatter(|mark, _| human::count(mark.value.max(0.0) as u64))
        .label_formatter(|_| None)
        .y_axis_min_width(28.0)
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
    legend(ui, theme, series, response.response.rect, shows_capacity, capacity);
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

/// The names of both colours, inside the plot where it is emptiest: top left.
fn legend(ui: &Ui, theme: &Theme, series: &Series, rect: egui::Rect, shows_capacity: bool, capacity: f64) {
    let painter = ui.painter();
    let mut at = rect.left_top() + vec2(42.0, 6.0);
    let mut entries = vec![("in the queue".to_owned(), theme.busy)];
    if series.most_waiting > series.most_depth {
        entries.push(("in the log, unread".to_owned(), theme.backpressure));
    }
    if shows_capacity {
        entries.push((format!("full {}", human::count(capacity as u64)), theme.t3));
    }
    for (name, colour) in entries {
        painter.hline(at.x..=at.x + 12.0, at.y + 7.0, egui::Stroke::new(2.0, colour));
        let placed = painter.text(at + vec2(17.0, 0.0), Align2::LEFT_TOP, name, font::tick(), theme.t2);
        at.x = placed.right() + 14.0;
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

fn label(origin: i64, seconds: f64, range: &std::ops::RangeInclusive<f64>) -> String {
    let micros = |seconds: f64| origin + (seconds * 1e6).round() as i64;
    let axis = TimeAxis::new(TimeRange::of_micros(micros(*range.start()), micros(*range.end())), 0.0, 400.0);
    let ticks = time_ticks::ticks(axis, 64.0);
    let at = micros(seconds);
    ticks.into_iter().find(|tick| (tick.at - at).abs() < 1_000).map_or(String::new(), |tick| tick.label)
}

fn counts(top: f64) -> Vec<GridMark> {
    let step = f64::from(crate::app::panels::late::round_count(top as f32 / 4.0));
    (0..=5).map(|i| GridMark { value: f64::from(i) * step, step_size: step }).filter(|mark| mark.value <= top).collect()
}
