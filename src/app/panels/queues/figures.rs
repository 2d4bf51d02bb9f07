//! The numbers at the cursor: how much waits in the queue, how many credits are left, what is unread in the
//! log, and when all of it is cleared at the latest pace.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2};

use crate::app::panels::queues::series::Series;
use crate::app::panels::queues::tasks;
use crate::app::theme::font;
use crate::app::view::View;
use crate::human;
use crate::metrics::tasks::{Clearing, phrase};
use crate::pipeline::Overflow;
use crate::time::Span;

/// A number with its name.
struct Figure {
    name: String,
    value: String,
    /// Whether it is nothing worth a look.
    is_quiet: bool,
}

/// A figure is never wider; between two of them.
const WIDEST: f32 = 180.0;
const BETWEEN: f32 = 14.0;

/// Draws the figures into `area`, side by side.
pub fn figures_ui(ui: &Ui, view: &View<'_>, series: &Series, area: Rect) {
    let theme = view.theme;
    let figures = figures(view, series, area.width() < 420.0);
    let wide = |text: &str, font| ui.painter().layout_no_wrap(text.to_owned(), font, theme.t1).size().x;
    let needed: Vec<f32> = figures
        .iter()
        .map(|it| wide(&it.name, font::tick()).max(wide(&it.value, font::medium(14.0))) + BETWEEN)
        .collect();
    // Columns of one width where every figure fits into one; otherwise each takes what it needs.
    let even = (area.width() / figures.len().max(1) as f32).min(WIDEST);
    let are_even = needed.iter().all(|&needed| needed <= even);
    let mut left = area.left();
    for (place, (figure, needed)) in figures.iter().zip(needed).enumerate() {
        let width = if are_even { even } else { needed };
        let rect = Rect::from_x_y_ranges(left..=left + width, area.y_range());
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.text(pos2(left, area.top() + 8.0), Align2::LEFT_CENTER, &figure.name, font::tick(), theme.t3);
        let colour = if figure.is_quiet { theme.t3 } else { theme.t1 };
        painter.text(pos2(left, area.top() + 25.0), Align2::LEFT_CENTER, &figure.value, font::medium(14.0), colour);
        let words = format!("{}: {}", figure.name, figure.value);
        let response = ui.interact(rect, ui.scope_id().with(("figure", place)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        response.on_hover_text(words);
        left += width;
    }
}

fn figures(view: &View<'_>, series: &Series, is_narrow: bool) -> Vec<Figure> {
    let trace = &view.run.trace;
    let at = trace.at(view.now);
    let several = view.run.insight().filter(|insight| !insight.queues.is_empty());
    let (depth, fullest) = match several.and_then(|insight| tasks::ranked(insight, view.now).first().copied()) {
        Some((task, depth)) => (depth, Some(task + 1)),
        None => (at.depth(), None),
    };
    let count = |count: usize| human::count(count as u64);
    let figure = |name: &str, value: String, is_quiet| Figure { name: name.to_owned(), value, is_quiet };
    let queue = match fullest {
        Some(task) if is_narrow => format!("window {task}"),
        Some(task) => format!("queue of window {task}"),
        None => "in the queue".to_owned(),
    };
    let mut figures = Vec::new();
    match tasks::capacity(view) {
        Some(capacity) => {
            figures.push(figure(&queue, format!("{} of {}", count(depth), count(capacity)), depth == 0));
            let left = capacity.saturating_sub(depth);
            figures.push(figure("credits left", count(left), left > 0));
        }
        None => {
            let bytes = at.depth() as u64 * u64::from(view.run.scenario.log.rules().record_bytes);
            figures.push(figure(&queue, count(depth), depth == 0));
            figures.push(figure("memory", format!("{} kB", human::count(bytes.div_ceil(1_000))), bytes == 0));
        }
    }
    figures.push(figure(if is_narrow { "in the log" } else { "unread in the log" }, count(at.lag()), at.lag() == 0));
    let (value, is_quiet) = match series.waiting_now.predicted_clearing(view.now) {
        Clearing::Empty => (if is_narrow { "0 s" } else { "nothing waits" }.to_owned(), true),
        Clearing::In(span) => (human::span(rounded(span)), false),
        Clearing::Never { .. } => (if is_narrow { "never" } else { "not at this pace" }.to_owned(), false),
        Clearing::Unknown => (if_nothing_came(view, depth + at.lag()), false),
    };
    figures.push(figure(if is_narrow { "clear in" } else { "time to clear" }, value, is_quiet));
    figures
}

/// How long it takes to work off what waits, before any pace is known and if nothing more came.
fn if_nothing_came(view: &View<'_>, waiting: usize) -> String {
    let per_record = view.run.trace.pipeline.service_time;
    if per_record.micros() == 0 { "unknown".to_owned() } else { human::span(rounded(per_record.times(waiting as i64))) }
}

/// A prediction in whole seconds where it is longer than ten.
fn rounded(span: Span) -> Span {
    let seconds = span.as_secs_f64();
    Span::from_secs_f64(if seconds >= 10.0 { libm::round(seconds) } else { seconds })
}

/// A difference between what comes and what goes of less than this share is none.
const STEADY: f64 = 0.01;
/// So many records came and none of those before them has gone: that is no pace, but a stop.
const LEAST_STUCK: usize = 5;

/// What becomes of what waits, at the latest pace.
pub fn headline(view: &View<'_>, series: &Series) -> String {
    if !series.anything_waited {
        return String::new();
    }
    let flow = &series.waiting_now;
    let waiting = flow.level(view.now);
    if waiting == 0 {
        return "nothing waits now".to_owned();
    }
    let Some(rates) = flow.rates(view.now) else {
        let since = flow.occupied().at(view.now).map_or(view.now, |backlog| backlog.from);
        let came = flow.entered_by(view.now) - flow.entered_by(since);
        let is_stuck = came >= LEAST_STUCK && flow.left_by(view.now) == flow.left_by(since);
        return if is_stuck { "nothing gets on".to_owned() } else { many_wait(view, waiting) };
    };
    let net = rates.served - rates.arriving;
    if net.abs() <= STEADY * rates.arriving.max(rates.served) {
        "neither growing nor shrinking".to_owned()
    } else if net > 0.0 {
        format!("shrinking by {}", phrase::rate(net))
    } else {
        format!("growing by {}", phrase::rate(-net))
    }
}

fn many_wait(view: &View<'_>, waiting: usize) -> String {
    let words = format!("{} waiting", human::count(waiting as u64));
    match view.run.trace.pipeline.tasks.overflow {
        Overflow::Unbounded => format!("{words}, without a limit"),
        Overflow::Block | Overflow::ShedNewest | Overflow::ShedOldest => words,
    }
}
