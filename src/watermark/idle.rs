//! When a silent input stops holding event time back.
//!
//! The rules are those of Apache Flink's `WatermarksWithIdleness` (observed, version 2.3). Idleness
//! is found by checks, not by a clock of its own: the silence starts at the first check that saw no
//! record since the check before it, and the input is idle at a check *more* than the timeout after
//! that. So rare checks find it late, and the same checks find it at the same instant every time.

use serde::{Deserialize, Serialize};

use crate::time::{ProcTime, Span};

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdleCheck {
    /// Records came, or the silence is not long enough. The input's watermark is handed on.
    Active,
    /// The silence has just become too long: this is said once.
    TurnsIdle,
    /// Still idle; nothing is handed on.
    StaysIdle,
}

/// Watches one input for silence. It is its own snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleTimer {
    timeout: Span,
    has_new_activity: bool,
    silent_since: Option<ProcTime>,
    is_idle: bool,
}

impl IdleTimer {
    /// A timer of an active input that nobody has checked yet. `timeout` is positive.
    pub const fn new(timeout: Span) -> Self {
        Self { timeout, has_new_activity: false, silent_since: None, is_idle: false }
    }

    /// A record came. An idle input stays idle for the outside until the next check.
    pub const fn on_activity(&mut self) {
        self.has_new_activity = true;
        self.is_idle = false;
    }

    /// Looks at the input. Checks come in ascending order of `now`.
    pub fn check(&mut self, now: ProcTime) -> IdleCheck {
        if std::mem::take(&mut self.has_new_activity) {
            self.silent_since = None;
        } else if let Some(since) = self.silent_since {
            if now - since > self.timeout {
                let was_idle = std::mem::replace(&mut self.is_idle, true);
                return if was_idle { IdleCheck::StaysIdle } else { IdleCheck::TurnsIdle };
            }
        } else {
            self.silent_since = Some(now);
        }
        self.is_idle = false;
        IdleCheck::Active
    }

    /// The first instant at which a check can change anything: [`ProcTime::MIN`] for "any check",
    /// [`ProcTime::MAX`] while the input is idle and silent.
    pub fn next_change(&self) -> ProcTime {
        match self.silent_since {
            _ if self.has_new_activity => ProcTime::MIN,
            _ if self.is_idle => ProcTime::MAX,
            Some(since) => since + self.timeout + Span::from_micros(1),
            None => ProcTime::MIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(timer: &mut IdleTimer, millis: i64) -> IdleCheck {
        timer.check(ProcTime::from_millis(millis))
    }

    #[test]
    fn idle_is_said_once_and_only_when_more_than_the_timeout_has_passed() {
        let mut timer = IdleTimer::new(Span::from_millis(100));
        assert_eq!(check(&mut timer, 0), IdleCheck::Active);
        assert_eq!(timer.next_change(), ProcTime::from_micros(100_001));
        assert_eq!(check(&mut timer, 100), IdleCheck::Active);
        assert_eq!(check(&mut timer, 101), IdleCheck::TurnsIdle);
        assert_eq!(check(&mut timer, 102), IdleCheck::StaysIdle);
        assert_eq!(timer.next_change(), ProcTime::MAX);
    }

    #[test]
    fn the_check_after_a_record_only_sees_the_record() {
        let mut timer = IdleTimer::new(Span::from_millis(100));
        timer.on_activity();
        assert_eq!(timer.next_change(), ProcTime::MIN);
        assert_eq!(check(&mut timer, 1_000), IdleCheck::Active);
        assert_eq!(timer.next_change(), ProcTime::MIN, "the next check starts the silence");
        assert_eq!(check(&mut timer, 2_000), IdleCheck::Active);
        assert_eq!(check(&mut timer, 3_000), IdleCheck::TurnsIdle);
        timer.on_activity();
        assert_eq!(check(&mut timer, 3_500), IdleCheck::Active);
    }
}
