//! The strip over the run: a band for each failure, cut where it was noticed, where tasks were started
//! again, where they had their state and where they had caught up; below it a tick for each checkpoint.
//!
//! Every phase has its own height or hatch and every kind of checkpoint its own shape.

use egui::{Align2, Painter, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::theme::{Theme, alpha, font, radius, stroke};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;
use crate::metrics::recovery::{cause_in_words, failure_in_words};
use crate::runtime::RecoveryLog;
use crate::runtime::recovery_log::{CheckpointRow, RecoveryRow};
use crate::time::ProcTime;

/// Heights: the legend, the words above bands, bands, checkpoints, and the ticks of time.
const LEGEND: f32 = 22.0;
const WORDS: f32 = 20.0;
const BANDS: f32 = 34.0;
const CHECKPOINTS: f32 = 30.0;
/// Room left of the strip for the names of its two lanes.
pub const NAMES: f32 = 132.0;
/// Room for half a mark at both ends of the run.
const EDGE: f32 = 9.0;

/// What happens between two of the instants of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It failed, and nobody knows.
    Unnoticed,
    /// Everything is cancelled, and waits to be started again.
    Waiting,
    /// Tasks read their state.
    Reading,
    /// Tasks work off what has come meanwhile.
    CatchingUp,
}

const PHASES: [(Phase, &str); 4] = [
    (Phase::Unnoticed, "failed, not noticed"),
    (Phase::Waiting, "noticed, not restarted"),
    (Phase::Reading, "restarted, reading its state"),
    (Phase::CatchingUp, "restored, catching up"),
];

/// The phases of a recovery that took any time, in order; one that never ended lasts until `end`.
fn phases(row: &RecoveryRow, end: ProcTime) -> Vec<(Phase, ProcTime, ProcTime)> {
    let instants = [Some(row.failed_at), row.detected_at, row.restarted_at, row.restored_at];
    let ends = [row.detected_at, row.restarted_at, row.restored_at, row.caught_up_at];
    let spans = PHASES.iter().zip(instants).zip(ends);
    spans
        .filter_map(|(((phase, _), from), until)| Some((*phase, from?, until.unwrap_or(end))))
        .filter(|(_, from, until)| until > from)
        .collect()
}

/// Draws the strip into `area`.
pub fn strip_ui(ui: &mut Ui, view: &View<'_>, log: &RecoveryLog, area: Rect, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let (start, end) = view.run.clock_range();
    let bands =
        Rect::from_min_size(area.min + vec2(NAMES, LEGEND + WORDS), vec2((area.width() - NAMES).max(20.0), BANDS));
    let ticks = bands.translate(vec2(0.0, BANDS)).with_max_y(bands.bottom() + CHECKPOINTS);
    let both = bands.union(ticks);
    let axis =
        TimeAxis::new(TimeRange::of_micros(start.micros(), end.micros()), both.left() + EDGE, both.right() - EDGE);
    let painter = ui.painter().with_clip_rect(area.expand2(vec2(EDGE, 0.0)));
    painter.rect_filled(both, 0.0, theme.plot);
    legend(&painter, theme, area);
    for (lane, name) in [(bands, "job"), (ticks, "checkpoints")] {
        painter.text(pos2(area.left(), lane.center().y), Align2::LEFT_CENTER, name, font::body(), theme.t2);
    }
    times(&painter, theme, axis, both);
    marks::hline(&painter, both.x_range(), bands.bottom(), theme.grid);
    let seek = ui.interact(both, ui.scope_id().with("recovery strip"), Sense::CLICK | Sense::DRAG);
    seek.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Failures and checkpoints over the run"));
    if let Some(pointer) = seek.interact_pointer_pos().filter(|_| seek.clicked() || seek.dragged()) {
        commands.push(Command::Seek(ProcTime::from_micros(axis.micros_at(pointer.x))));
    }
    for row in &log.checkpoints {
        checkpoint(&painter, theme, axis, ticks, row);
    }
    // Where the words above the bands end.
    let mut free = both.left();
    for (place, row) in log.recoveries.iter().enumerate() {
        let next = log.recoveries.get(place + 1).map_or(end, |next| next.failed_at);
        for (phase, from, until) in phases(row, next) {
            let (left, right) = (axis.px_of(from.micros()), axis.px_of(until.micros()));
            fill(&painter, theme, phase, Rect::from_x_y_ranges(left..=right.max(left + 1.5), bands.y_range()));
        }
        let at = axis.px_of(row.failed_at.micros());
        painter.add(marks::bolt(pos2(at, bands.top() - 10.0), 7.0, theme.fault));
        let room = axis.px_of(next.micros()) - at - 18.0;
        let words = painter.layout_no_wrap(outcome(row), font::tick(), theme.t2);
        let size = words.size();
        let y = bands.top() - 10.0 - size.y / 2.0;
        let before = at - 9.0 - size.x;
        if size.x <= room {
            painter.galley(pos2(at + 9.0, y), words, theme.t2);
            free = at + 9.0 + size.x;
        } else if before > free + 6.0 {
            painter.galley(pos2(before, y), words, theme.t2);
            free = at + 9.0;
        } else {
            free = at + 9.0;
            let lasted = row.caught_up_at.or(row.restored_at).map(|until| human::span(until - row.failed_at));
            let short = painter.layout_no_wrap(lasted.unwrap_or_default(), font::tick(), theme.t2);
            if short.size().x <= room {
                free += short.size().x;
                painter.galley(pos2(at + 9.0, y), short, theme.t2);
            }
        }
        let hit = bands.with_min_x(at).with_max_x(axis.px_of(row.caught_up_at.unwrap_or(next).micros()).max(at + 6.0));
        let response = ui.interact(hit, ui.scope_id().with(("recovery", place)), Sense::hover());
        let told = told(row);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
        response.on_hover_text(told);
    }
    let now = painter.round_to_pixel_center(axis.px_of(view.now.micros()));
    painter.vline(now, both.y_range(), Stroke::new(stroke::SELECTION, theme.now));
}

/// What a failure came to, short enough to stand above its band.
fn outcome(row: &RecoveryRow) -> String {
    match (row.restored_at, row.caught_up_at) {
        (_, Some(at)) => format!("caught up after {}", human::span(at - row.failed_at)),
        (Some(at), None) => format!("restored after {}", human::span(at - row.failed_at)),
        (None, None) => "not restored".to_owned(),
    }
}

/// Everything about a failure.
fn told(row: &RecoveryRow) -> String {
    let after = |name: &str, at: Option<ProcTime>| match at {
        Some(at) => format!("{name} after {}", human::span(at - row.failed_at)),
        None => format!("never {name}"),
    };
    let from = match row.checkpoint {
        0 => "from nothing".to_owned(),
        id => format!("from checkpoint {id}"),
    };
    format!(
        "{}: {}, {}, {} {from}, {}; {} records read again",
        cause_in_words(row.cause),
        after("noticed", row.detected_at),
        after("restarted", row.restarted_at),
        after("restored", row.restored_at),
        after("caught up", row.caught_up_at),
        human::count(row.records_replayed),
    )
}

/// One phase in its own texture: solid, hatched, narrow, or low and hatched.
fn fill(painter: &Painter, theme: &Theme, phase: Phase, rect: Rect) {
    let line = |opacity: f32| Stroke::new(1.2, alpha(theme.fault, opacity));
    match phase {
        Phase::Unnoticed => {
            painter.rect_filled(rect, 0.0, theme.fault);
        }
        Phase::Waiting => {
            painter.rect_filled(rect, 0.0, alpha(theme.fault, 0.14));
            painter.add(marks::hatch(rect, 5.0, line(0.6)));
        }
        Phase::Reading => {
            let middle = rect.shrink2(vec2(0.0, rect.height() * 0.3));
            painter.rect_filled(middle, 0.0, alpha(theme.fault, 0.6));
        }
        Phase::CatchingUp => {
            let low = rect.with_min_y(rect.bottom() - rect.height() * 0.4);
            painter.rect_filled(low, 0.0, theme.backpressure);
            painter.add(marks::hatch(low, 5.0, Stroke::new(1.4, alpha(theme.panel, 0.55))));
        }
    }
}

/// A line from the beginning to the end, and how it ended: a dot, a cross, or a hollow circle.
fn checkpoint(painter: &Painter, theme: &Theme, axis: TimeAxis, lane: Rect, row: &CheckpointRow) {
    let y = lane.center().y;
    let ended = row.completed.or(row.failed.map(|(at, _)| at)).unwrap_or(row.began);
    let (from, to) = (axis.px_of(row.began.micros()), axis.px_of(ended.micros()));
    painter.line_segment([pos2(from, y), pos2(to, y)], Stroke::new(2.0, theme.on_time));
    let at = pos2(to, y);
    painter.add(match (row.completed, row.failed) {
        (Some(_), _) => marks::dot(at, 4.0, theme.on_time),
        (None, Some((_, _))) => marks::cross(at, 4.5, theme.dropped),
        (None, None) => marks::hollow(at, 4.0, theme.on_time),
    });
    if let Some((_, why)) = row.failed.filter(|_| row.completed.is_none()) {
        let words = painter.layout_no_wrap(failure_in_words(why).to_owned(), font::tick_inside(), theme.t3);
        if axis.px_len(1e6) > 40.0 {
            painter.galley(at + vec2(8.0, -words.size().y / 2.0), words, theme.t3);
        }
    }
}

/// What the textures and shapes mean.
fn legend(painter: &Painter, theme: &Theme, area: Rect) {
    let y = area.top() + LEGEND / 2.0 - 2.0;
    let mut x = area.left() + NAMES;
    let mut entry = |draw: &dyn Fn(Rect), name: &str| {
        let swatch = Rect::from_min_size(pos2(x, y - 6.0), vec2(14.0, 12.0));
        let words = painter.layout_no_wrap(name.to_owned(), font::tick(), theme.t2);
        let size = words.size();
        if swatch.right() + 5.0 + size.x > area.right() {
            return;
        }
        draw(swatch);
        painter.galley(pos2(swatch.right() + 5.0, y - size.y / 2.0), words, theme.t2);
        x = swatch.right() + 5.0 + size.x + 16.0;
    };
    for (phase, name) in PHASES {
        entry(&|rect| fill(painter, theme, phase, rect), name);
    }
    let mark = |shape: &dyn Fn(egui::Pos2) -> Shape| {
        let shape = shape(pos2(0.0, 0.0));
        move |rect: Rect| {
            let mut shape = shape.clone();
            shape.translate(rect.center().to_vec2());
            painter.add(shape);
        }
    };
    entry(&mark(&|at| marks::dot(at, 4.0, theme.on_time)), "checkpoint complete");
    entry(&mark(&|at| marks::cross(at, 4.5, theme.dropped)), "failed or given up");
}

fn times(painter: &Painter, theme: &Theme, axis: TimeAxis, rect: Rect) {
    let mut written = f32::NEG_INFINITY;
    for tick in time_ticks::ticks(axis, 70.0) {
        marks::vline(painter, tick.px, rect.y_range(), theme.grid);
        let words = painter.layout_no_wrap(tick.label, font::tick(), theme.t3);
        let half = words.size().x / 2.0;
        let left = tick.px.within(rect.left() + half, rect.right() - half) - half;
        if left >= written + 6.0 {
            written = left + 2.0 * half;
            painter.galley(pos2(left, rect.bottom() + 4.0), words, theme.t3);
        }
    }
    painter.rect_stroke(rect, radius::BAR, Stroke::new(1.0, theme.grid), egui::StrokeKind::Inside);
}
