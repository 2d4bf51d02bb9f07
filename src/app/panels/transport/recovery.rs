//! Bands of a failure on the timeline: not noticed, waiting for a restart, reading its state, and catching up,
//! of which the first part reads again what was read before. Each has a shade or hatch of its own.

use egui::{Painter, Rect, Stroke};

use crate::app::theme::{Theme, alpha};
use crate::app::time_axis::TimeAxis;
use crate::app::view::View;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::runtime::recovery_log::RecoveryRow;
use crate::time::ProcTime;

/// What happens between two of the instants of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It failed, and nobody knows.
    Detect,
    /// Everything is cancelled, and waits to be started again.
    Restart,
    /// Tasks read their state.
    Restore,
    /// Tasks work off what has come meanwhile.
    CatchUp,
}

/// The phases of a recovery that took any time, in order; one that never ended lasts until `end`.
pub fn phases(row: &RecoveryRow, end: ProcTime) -> Vec<(Phase, ProcTime, ProcTime)> {
    let begins = [Some(row.failed_at), row.detected_at, row.restarted_at, row.restored_at];
    let ends = [row.detected_at, row.restarted_at, row.restored_at, row.caught_up_at];
    [Phase::Detect, Phase::Restart, Phase::Restore, Phase::CatchUp]
        .into_iter()
        .zip(begins)
        .zip(ends)
        .filter_map(|((phase, from), until)| Some((phase, from?, until.unwrap_or(end))))
        .filter(|(_, from, until)| until > from)
        .collect()
}

/// Paints the bands of every failure of the run into `strip`.
pub fn paint(painter: &Painter, view: &View<'_>, strip: Rect, axis: TimeAxis) {
    let Some(log) = &view.run.trace.recovery else { return };
    for (place, row) in log.recoveries.iter().enumerate() {
        let end = log.recoveries.get(place + 1).map_or(view.run.overview.end, |next| next.failed_at);
        for (phase, from, until) in phases(row, end) {
            let x = |at: ProcTime| axis.px_of(at.micros()).within(strip.left(), strip.right());
            let band = Rect::from_x_y_ranges(x(from)..=x(until).max(x(from) + 1.0), strip.y_range());
            fill(painter, view.theme, phase, band);
        }
    }
}

fn fill(painter: &Painter, theme: &Theme, phase: Phase, band: Rect) {
    let (opacity, hatch) = match phase {
        Phase::Detect => (0.30, 0.30),
        Phase::Restart => (0.16, 0.22),
        Phase::Restore => (0.16, 0.0),
        Phase::CatchUp => (0.06, 0.0),
    };
    painter.rect_filled(band, 0.0, alpha(theme.fault, opacity));
    if hatch > 0.0 && band.width() > 3.0 {
        painter.add(marks::hatch(band, 5.0, Stroke::new(1.0, alpha(theme.fault, hatch))));
    }
    let edge = painter.round_to_pixel_center(band.left());
    painter.vline(edge, band.y_range(), Stroke::new(1.0, alpha(theme.fault, 0.45)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::TaskId;
    use crate::runtime::recovery_log::Cause;
    use crate::time::Span;

    #[test]
    fn a_recovery_has_its_phases_and_one_that_never_ended_lasts_to_the_end() {
        let at = |seconds: i64| ProcTime::EPOCH + Span::from_secs(seconds);
        let mut row = RecoveryRow {
            cause: Cause::Crash(TaskId::Window(0)),
            failed_at: at(10),
            detected_at: Some(at(14)),
            restarted_at: Some(at(21)),
            restored_at: Some(at(21)),
            caught_up_at: Some(at(50)),
            predicted_caught_up_at: None,
            checkpoint: 0,
            bytes: 0,
            records_replayed: 0,
            records_lost: 0,
        };
        let detect = (Phase::Detect, at(10), at(14));
        let restart = (Phase::Restart, at(14), at(21));
        assert_eq!(phases(&row, at(60)), [detect, restart, (Phase::CatchUp, at(21), at(50))]);
        (row.restored_at, row.caught_up_at) = (None, None);
        assert_eq!(phases(&row, at(60)), [detect, restart, (Phase::Restore, at(21), at(60))]);
    }
}
