//! The boundary rules: when a window is complete, when its state goes, when a record is late.
//!
//! One named function each, because "late" has two meanings that are easily confused: a *window*
//! is gone for every record (its state was dropped), a *record* is late by itself. `w` is the
//! watermark before the record's own. The rules are those of Apache Flink's `WindowOperator`, whose
//! watermark is one unit below ours (Flink: "no more records with time <= w"; here: `< w`).

use crate::time::{EventTime, Span};
use crate::window::pane::Window;

/// The watermark has reached the window's end: `end <= w`.
pub fn is_complete(window: Window, w: EventTime) -> bool {
    window.end <= w
}

/// The watermark at which the window's state is dropped.
pub fn closes_at(window: Window, allowed_lateness: Span) -> EventTime {
    window.end + allowed_lateness
}

/// The window's state is gone: `end + allowed lateness <= w`.
pub fn is_gone(window: Window, allowed_lateness: Span, w: EventTime) -> bool {
    closes_at(window, allowed_lateness) <= w
}

/// The record is behind the watermark: its event time is less.
pub fn is_behind(event_time: EventTime, w: EventTime) -> bool {
    event_time < w
}

/// The record is late by itself, whatever windows it falls in: `event time + allowed lateness < w`.
pub fn is_late(event_time: EventTime, allowed_lateness: Span, w: EventTime) -> bool {
    event_time + allowed_lateness < w
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: i64 = 1_000;
    const LATENESS: Span = Span::from_micros(50);

    fn window() -> Window {
        Window::new(EventTime::from_micros(0), EventTime::from_micros(END))
    }

    fn w(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    #[test]
    fn a_window_is_complete_when_the_watermark_reaches_its_end() {
        assert!(!is_complete(window(), w(END - 1)));
        assert!(is_complete(window(), w(END)));
        assert!(is_complete(window(), w(END + 1)));
    }

    #[test]
    fn a_window_is_gone_when_the_watermark_reaches_end_plus_lateness() {
        assert!(!is_gone(window(), LATENESS, w(END + 49)));
        assert!(is_gone(window(), LATENESS, w(END + 50)));
        assert!(is_gone(window(), LATENESS, w(END + 51)));
    }

    #[test]
    fn a_record_is_behind_only_below_the_watermark() {
        assert!(is_behind(w(999), w(1_000)));
        assert!(!is_behind(w(1_000), w(1_000)));
        assert!(!is_behind(w(1_001), w(1_000)));
    }

    #[test]
    fn a_record_is_late_by_itself_only_beyond_the_lateness() {
        assert!(!is_late(w(900), LATENESS, w(949)));
        assert!(!is_late(w(900), LATENESS, w(950)));
        assert!(is_late(w(900), LATENESS, w(951)));
    }

    #[test]
    fn before_the_first_record_nothing_is_late() {
        assert!(!is_behind(w(i64::MIN + 1), EventTime::MIN));
        assert!(!is_gone(window(), Span::ZERO, EventTime::MIN));
        assert!(is_gone(window(), LATENESS, EventTime::MAX));
    }
}
