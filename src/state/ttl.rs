//! Time to live: how long keyed state is kept that nobody touches.
//!
//! Processing time decides, since event time may stand still. An entry expires when nothing has been
//! written to it (or, where asked, read from it) for the time to live, and an expired entry is never
//! returned: it is as if it had been deleted at that instant. The terms and the boundary are those of
//! Apache Flink's `StateTtlConfig` (update type, state visibility `NeverReturnExpired`) and `TtlUtils`.
//!
//! It is for state that no watermark lets go: rows of a table in a [`crate::join::TableJoin`]. Windows,
//! interval joins and window joins need none: their state goes when the watermark has passed the last
//! event time that could need it, and what is expired earlier would be missing from a result. (The one
//! window that never goes is the global one, which a purging trigger empties.) In Flink SQL, too, windows
//! and interval joins do not depend on `table.exec.state.ttl`.

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;
use crate::time::{ProcTime, SPAN_LIMIT, Span};

/// What starts the time to live anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TtlUpdate {
    /// That an entry is made or written to. Flink's default.
    #[default]
    OnCreateAndWrite,
    /// That it is read, too.
    OnReadAndWrite,
}

/// How long keyed state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateTtl {
    /// How long an entry is kept that nothing touches, in processing time; positive.
    pub time_to_live: Span,
    /// What starts it anew.
    #[serde(default)]
    pub update: TtlUpdate,
}

impl StateTtl {
    /// So long after the last write.
    pub const fn after_write(time_to_live: Span) -> Self {
        Self { time_to_live, update: TtlUpdate::OnCreateAndWrite }
    }

    /// What is out of range.
    pub fn problem(&self) -> Option<Problem> {
        let is_legal = self.time_to_live > Span::ZERO && self.time_to_live <= SPAN_LIMIT;
        let shown = crate::human::span_exact(self.time_to_live);
        let message = format!("{shown} is out of range: must be more than 0, at most 115740d");
        (!is_legal).then(|| Problem::new("time_to_live", message))
    }

    /// When an entry expires that was touched last at `touched`.
    pub fn expires_at(&self, touched: ProcTime) -> ProcTime {
        touched + self.time_to_live
    }

    /// Whether an entry that was touched last at `touched` has expired: `touched + time to live <= now`.
    pub fn is_expired(&self, touched: ProcTime, now: ProcTime) -> bool {
        self.expires_at(touched) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_expires_when_its_time_has_passed_and_not_before() {
        let ttl = StateTtl::after_write(Span::from_micros(10));
        let at = ProcTime::from_micros;
        assert_eq!([14, 15, 16].map(|now| ttl.is_expired(at(5), at(now))), [false, true, true]);
        assert!(!ttl.is_expired(at(i64::MAX - 1), at(i64::MAX - 1)), "the end of time does not wrap");
    }

    #[test]
    fn a_time_to_live_is_positive() {
        let problem = |micros| StateTtl::after_write(Span::from_micros(micros)).problem();
        assert_eq!(problem(1), None);
        for micros in [0, -5, i64::MAX] {
            assert!(problem(micros).is_some_and(|problem| problem.path == "time_to_live"), "{micros}");
        }
    }

    #[test]
    fn files_say_it_as_people_do() {
        let read = |text: &str| ron::from_str::<StateTtl>(text).ok();
        assert_eq!(read("(time_to_live: \"1h\")"), Some(StateTtl::after_write(Span::from_secs(3_600))));
        let on_read = StateTtl { update: TtlUpdate::OnReadAndWrite, ..StateTtl::after_write(Span::from_secs(5)) };
        assert_eq!(read("(time_to_live: \"5s\", update: OnReadAndWrite)"), Some(on_read));
        assert_eq!(read("(time_to_live: \"5s\", visibility: Never)"), None);
    }
}
