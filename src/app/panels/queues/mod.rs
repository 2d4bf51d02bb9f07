//! Queues: how many records wait in front of the operator, how many credits are left, what is unread in the
//! log, and how long until all of it is cleared.
//!
//! The figures are those of the cursor; below them one strip for each quantity over the whole run, each with a
//! scale of its own: a queue holds tens of records, a log thousands. Time runs across here.
//!
//! - [`series`]: the lines
//! - [`figures`]: the numbers at the cursor
//! - [`strips`], [`tasks`]: how the lines are drawn

mod figures;
mod series;
mod strips;
mod tasks;

use egui::{Align, Layout, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::topology::empty;
use crate::app::theme::{font, space};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::frame;
use crate::human;
use crate::time::ProcTime;

use series::Series;
use strips::{GUTTER, Strips, TICKS};

/// What the panel keeps between frames.
#[derive(Default)]
pub struct QueuesState {
    series: Option<(u64, Series)>,
}

/// What to do where nothing can wait.
const NO_SERVICE_TIME: &str = "Nothing waits: the operator has no service time. Set one in Settings under Operator, or \
                               open \"A slow operator\".";
/// What to do where nothing ever waited.
const ALWAYS_FASTER: &str = "Nothing waited: the operator was always faster. Make it slower in Settings under Operator, \
                             or press \"Slow a task\" below the topology.";
/// Height of the figures; lower panels go without.
const FIGURES: f32 = 42.0;
const LEAST_FOR_FIGURES: f32 = 170.0;

/// Draws the panel into all of `ui`.
pub fn queues_ui(ui: &mut Ui, view: &View<'_>, state: &mut QueuesState, commands: &mut Vec<Command>) {
    if state.series.as_ref().is_none_or(|(generation, _)| *generation != view.run.generation) {
        state.series = Some((view.run.generation, Series::of(&view.run.trace)));
    }
    let Some((_, series)) = &state.series else { return };
    let rect = ui.max_rect();
    let words = figures::headline(view, series);
    frame::panel(
        ui,
        view.theme,
        rect,
        "Queues",
        |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(words).font(font::legend()).color(view.theme.t2));
            });
        },
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    if !series.anything_waited {
        let has_time = view.run.trace.pipeline.service_time.micros() > 0;
        empty(ui, view.theme, body, if has_time { ALWAYS_FASTER } else { NO_SERVICE_TIME });
        return;
    }
    let figures = if body.height() >= LEAST_FOR_FIGURES { FIGURES } else { 0.0 };
    if figures > 0.0 {
        figures::figures_ui(ui, view, series, body.with_max_y(body.top() + figures));
    }
    frame::scope(ui, "queue body", body, Layout::top_down(Align::Min), |ui| {
        strips_ui(ui, view, series, body.with_min_y(body.top() + figures), commands);
    });
}

fn strips_ui(ui: &mut Ui, view: &View<'_>, series: &Series, area: Rect, commands: &mut Vec<Command>) {
    let micros = |seconds: f64| series.origin + (seconds * 1e6) as i64;
    let axis =
        TimeAxis::new(TimeRange::of_micros(series.origin, micros(series.end_s())), area.left() + GUTTER, area.right());
    let strips = Strips { painter: ui.painter().clone(), theme: view.theme, axis, series };
    let bottom = strips.paint(view, area);
    let chart = Rect::from_min_max(pos2(area.left() + GUTTER, area.top()), pos2(area.right(), bottom + TICKS));
    let response = ui.interact(chart, ui.scope_id().with("queues over time"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Queues over time"));
    let pointer = response.interact_pointer_pos().or(response.hover_pos());
    if let Some(pointer) = pointer {
        let at = ProcTime::from_micros(axis.micros_at(pointer.x));
        if response.clicked() || response.dragged() {
            commands.push(Command::Seek(at));
        }
        hover(&response, view, series, at);
    }
}

fn hover(response: &egui::Response, view: &View<'_>, series: &Series, at: ProcTime) {
    let state = view.run.trace.at(at);
    let clock = time_ticks::clock(at.micros(), 1e6);
    let lag = human::count(state.lag() as u64);
    let queue = match view.run.insight().filter(|insight| !insight.queues.is_empty()) {
        Some(insight) => tasks::in_words(insight, at),
        None => format!("{} in the queue", human::count(state.depth() as u64)),
    };
    let cleared = match series.waiting_now.actual_clearing(at) {
        Some(span) if span.micros() == 0 => "nothing waits".to_owned(),
        Some(span) => format!("cleared {} later", human::span(span)),
        None => "not cleared by the end of the run".to_owned(),
    };
    response.clone().on_hover_text_at_pointer(format!("{clock}: {queue}, {lag} unread in the log; {cleared}"));
}
