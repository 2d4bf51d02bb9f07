//! The records around a failure, each where it was handled: counted, undone, lost or counted once more; and
//! the times in which nothing worked. What comes after the cursor is pale.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

use super::Sizes;
use crate::app::theme::{alpha, stroke};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::view::View;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;
use crate::runtime::recovery_log::RecoveryRow;
use crate::time::{ProcTime, Span};
use crate::twin::guarantees::Outcome;
use crate::twin::watch::{LANES, Mark, MarkFate, Watch};

/// Room for half a mark at both ends.
const EDGE: f32 = 5.0;

/// More marks than this are thinned out evenly; those that are lost or repeated go last.
const MOST_DRAWN: usize = 900;

/// The stretch of time that a strip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    from: ProcTime,
    until: ProcTime,
}

impl Range {
    /// Around these failures, within a run; `None` without any.
    pub fn of<'a>(
        rows: impl Iterator<Item = (&'a Watch, &'a RecoveryRow)>,
        (start, end): (ProcTime, ProcTime),
    ) -> Option<Self> {
        let mut range: Option<(ProcTime, ProcTime)> = None;
        for (watch, row) in rows {
            let until = row.caught_up_at.or(row.restored_at).unwrap_or(end);
            let length = (until - row.failed_at).max(Span::from_millis(1));
            // Without a checkpoint near, a little of what came before.
            let nearest = row.failed_at - length - length;
            let from = watch.checkpoint_of(row).unwrap_or(row.failed_at).max(nearest);
            let (first, last) = range.unwrap_or((from, until));
            range = Some((first.min(from), last.max(until)));
        }
        let (from, until) = range?;
        let air = Span::from_micros((until - from).micros() / 6);
        Some(Self { from: (from - air).max(start), until: (until + air).min(end).max(from) })
    }
}

/// Draws the strip with its captions into `area`.
pub fn strip_ui(ui: &mut Ui, view: &View<'_>, sizes: Sizes, area: Rect, outcome: &Outcome, range: Range) {
    let theme = view.theme;
    let top = area.top() + 14.0 * sizes.scale;
    let plot = Rect::from_x_y_ranges(area.x_range(), top..=top + sizes.strip);
    let painter = ui.painter().with_clip_rect(plot.expand(0.5).intersect(ui.clip_rect()));
    // Marks at both ends are whole.
    let (left, right) = (plot.left() + EDGE * sizes.scale, plot.right() - EDGE * sizes.scale);
    let axis = TimeAxis::new(TimeRange::of_micros(range.from.micros(), range.until.micros()), left, right);
    let x = |at: ProcTime| axis.px_of(at.micros());
    painter.rect_filled(plot, 0.0, theme.plot);
    let watch = &outcome.watch;
    for row in &watch.failures {
        let down = row.restored_at.unwrap_or(range.until);
        let caught_up = row.caught_up_at.unwrap_or(range.until);
        let after = Rect::from_x_y_ranges(x(down)..=x(caught_up), plot.y_range());
        painter.rect_filled(after, 0.0, alpha(theme.fault, 0.05));
        let phases = [Some(row.failed_at), row.detected_at, row.restarted_at, row.restored_at];
        for (place, pair) in phases.windows(2).enumerate() {
            let (Some(from), until) = (pair[0], pair[1].unwrap_or(down)) else { continue };
            let band = Rect::from_x_y_ranges(x(from)..=x(until).max(x(from) + 1.0), plot.y_range());
            painter.rect_filled(band, 0.0, alpha(theme.fault, 0.26 - 0.07 * place as f32));
            painter.add(marks::hatch(band, 5.0, Stroke::new(1.0, alpha(theme.fault, 0.16))));
        }
    }
    let drawn = watch.marks_within(range.from, range.until);
    let each = drawn.len().div_ceil(MOST_DRAWN).max(1);
    for pass in [false, true] {
        for (place, mark) in drawn.iter().enumerate() {
            let shouts = matches!(mark.fate, MarkFate::Lost | MarkFate::Repeated) && mark.known <= view.now;
            if shouts == pass && place % each == 0 {
                draw(&painter, view, sizes, plot, x(mark.at), mark);
            }
        }
    }
    let failure = watch.failure_at(view.now);
    if let Some(at) = failure.and_then(|row| watch.checkpoint_of(row)).filter(|at| *at >= range.from) {
        let line = [pos2(x(at), plot.top()), pos2(x(at), plot.bottom())];
        painter.add(marks::dashed(line[0], line[1], Stroke::new(1.2, theme.fault), 3.0, 3.0));
    }
    let now = painter.round_to_pixel_center(x(view.now));
    painter.vline(now, plot.y_range(), Stroke::new(stroke::SELECTION, theme.now));
    if watch.failures.is_empty() {
        let words = "Nothing fails under this guarantee";
        let at = pos2(plot.center().x, plot.center().y);
        painter.text(at, Align2::CENTER_CENTER, words, sizes.caption(), theme.t2);
    }
    if let Some(row) = failure {
        captions(ui, view, sizes, plot, &axis, (watch, row));
        said(ui, view, plot, watch, row);
    }
}

/// A record: a dot, hollow where it was undone, a cross where it is lost, a diamond where it came again.
fn draw(painter: &egui::Painter, view: &View<'_>, sizes: Sizes, plot: Rect, x: f32, mark: &Mark) {
    let theme = view.theme;
    let lane = plot.height() / f32::from(LANES + 1);
    let at = pos2(x, plot.top() + lane * (f32::from(mark.lane) + 1.0));
    let size = 2.4 * sizes.scale;
    let is_known = mark.known <= view.now;
    painter.add(match mark.fate {
        _ if mark.at > view.now => marks::dot(at, size, alpha(theme.on_time, 0.34)),
        MarkFate::Lost if is_known => marks::cross(at, size * 1.6, theme.dropped),
        MarkFate::Repeated if is_known => marks::diamond(at, size * 1.7, theme.behind),
        MarkFate::Undone if is_known => marks::hollow(at, size, alpha(theme.on_time, 0.8)),
        _ => marks::dot(at, size, theme.on_time),
    });
}

/// What the instants of a failure are, below the strip, as far as there is room; the crash first.
fn captions(ui: &Ui, view: &View<'_>, sizes: Sizes, plot: Rect, axis: &TimeAxis, (watch, row): (&Watch, &RecoveryRow)) {
    let theme = view.theme;
    let instants = [
        (Some(row.failed_at), "crash", theme.t1),
        (row.caught_up_at, "caught up", theme.t2),
        (watch.checkpoint_of(row), "checkpoint", theme.t2),
        (row.restored_at, "restored", theme.t2),
    ];
    let mut taken: Vec<(f32, f32)> = Vec::new();
    for (at, name, colour) in instants {
        let Some(at) = at else { continue };
        let galley = ui.painter().layout_no_wrap(name.to_owned(), sizes.caption(), colour);
        let half = galley.size().x / 2.0;
        let px = axis.px_of(at.micros());
        if px < plot.left() - 1.0 || px > plot.right() + 1.0 {
            continue;
        }
        let centre = px.within(plot.left() + half, plot.right() - half);
        let (left, right) = (centre - half - 5.0, centre + half + 5.0);
        if taken.iter().any(|&(from, until)| left < until && right > from) {
            continue;
        }
        taken.push((left, right));
        ui.painter().galley(pos2(centre - half, plot.bottom() + 5.0), galley, colour);
    }
    if let (Some(from), Some(until)) = (row.restored_at, row.caught_up_at)
        && row.records_replayed > 0
    {
        let at = pos2(axis.px_of((from + Span::from_micros((until - from).micros() / 2)).micros()), plot.top() - 7.0);
        ui.painter().text(at, Align2::CENTER_CENTER, "replay", sizes.caption(), theme.t3);
    }
}

/// The strip as a screen reader and the pointer find it.
fn said(ui: &Ui, view: &View<'_>, plot: Rect, watch: &Watch, row: &RecoveryRow) {
    let (lost, repeated) = (watch.lost_by(view.now), watch.repeated_by(view.now));
    let down = row
        .restored_at
        .map_or("never restored".to_owned(), |at| format!("restored after {}", human::span(at - row.failed_at)));
    let words = format!(
        "Records around the failure: {down}, {} read again; {} lost, {} counted twice so far",
        human::count(row.records_replayed),
        human::count(lost),
        human::count(repeated),
    );
    let response = ui.interact(plot, ui.scope_id().with("records around the failure"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    response.on_hover_text(format!(
        "{words}\nFilled: counted. Hollow: undone by the restart. Cross: lost. Diamond: counted once more."
    ));
}
