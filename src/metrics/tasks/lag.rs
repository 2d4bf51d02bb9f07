//! How long until what waits in a place is cleared: predicted from what is known at an instant, and
//! as it turned out.
//!
//! The prediction is the usual one of lag monitors, `lag / (service rate - arrival rate)`, with the
//! latest pace of both ([`crate::metrics::tasks::pace`]). The service rate is that since the backlog began
//! at the earliest: while something waits the reader is never without work, so what it gets through is
//! what it can, and idle time is not in it.

use crate::metrics::tasks::flow::Flow;
use crate::metrics::tasks::pace;
use crate::time::{ProcTime, Span};

/// The rates of a backlog, as they are known at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Records a second that come in.
    pub arriving: f64,
    /// Records a second that go out.
    pub served: f64,
}

/// When a backlog is expected to be cleared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clearing {
    /// Nothing waits.
    Empty,
    /// After this long.
    In(Span),
    /// Not at this pace: so many records a second more come in than go out (0 or more).
    Never {
        /// Records a second by which the backlog grows.
        growth: f64,
    },
    /// Too little has gone out to say.
    Unknown,
}

impl Flow {
    /// The rates that are known at an instant; `None` when nothing waits, or too little has gone out
    /// since the backlog began. O(log n).
    pub fn rates(&self, now: ProcTime) -> Option<Rates> {
        let backlog = self.occupied().at(now)?;
        let served = pace::per_second(self.left(), backlog.from, now)?;
        Some(Rates { arriving: pace::per_second(self.entered(), ProcTime::MIN, now).unwrap_or(0.0), served })
    }

    /// When the backlog is expected to be cleared, from what is known at an instant. O(log n).
    pub fn predicted_clearing(&self, now: ProcTime) -> Clearing {
        let level = self.level(now);
        if level == 0 {
            return Clearing::Empty;
        }
        let Some(rates) = self.rates(now) else { return Clearing::Unknown };
        let net = rates.served - rates.arriving;
        if net > 0.0 { Clearing::In(Span::from_secs_f64(level as f64 / net)) } else { Clearing::Never { growth: -net } }
    }

    /// How long after an instant nothing waited any more; `None` when something does until the end of
    /// the run. O(log n).
    pub fn actual_clearing(&self, now: ProcTime) -> Option<Span> {
        match self.occupied().at(now) {
            None => Some(Span::ZERO),
            Some(backlog) => (backlog.until < ProcTime::MAX).then(|| backlog.until - now),
        }
    }

    /// The instant in the longest backlog at which half of its peak was cleared, for comparing the
    /// prediction with what came: `None` when nothing ever waited.
    pub fn half_cleared(&self) -> Option<ProcTime> {
        let (peak, at) = self.peak();
        let from = self.left_by(at?);
        let came = self.entered_by(at?);
        // Walks along what went out; what came meanwhile is counted beside it.
        let after = self.left().iter().enumerate().skip(from);
        let mut entered = came;
        for (place, &left) in after {
            while self.entered().get(entered).is_some_and(|&arrived| arrived <= left) {
                entered += 1;
            }
            if entered.saturating_sub(place + 1) * 2 <= peak {
                return Some(left);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `per_s` regular records a second between two instants, in seconds.
    fn regular(per_s: i64, from: i64, until: i64) -> Vec<ProcTime> {
        (from * per_s..until * per_s).map(|i| ProcTime::from_micros(i * 1_000_000 / per_s)).collect()
    }

    /// One server that takes a record every `service` microseconds, first come, first served.
    fn served(arrivals: Vec<ProcTime>, service: i64) -> Flow {
        let mut free = i64::MIN;
        let done = |at: &ProcTime| {
            free = free.max(at.micros()) + service;
            ProcTime::from_micros(free)
        };
        let left = arrivals.iter().map(done).collect();
        Flow::new(arrivals, left)
    }

    fn at(secs: f64) -> ProcTime {
        ProcTime::from_micros((secs * 1e6) as i64)
    }

    #[test]
    fn a_backlog_that_shrinks_is_cleared_when_predicted() {
        // 1,000/s against 600/s for 60 s, then 200/s: 24,000 wait at 60 s, and 400/s of them go.
        let mut arrivals = regular(1_000, 0, 60);
        arrivals.extend(regular(200, 60, 200));
        let flow = served(arrivals, 1_667);
        for secs in [65.0, 70.0, 90.0, 110.0] {
            let left = 24_000.0 - 400.0 * (secs - 60.0);
            assert!((flow.level(at(secs)) as f64 - left).abs() < 24.0, "{secs}: {}", flow.level(at(secs)));
            let Clearing::In(predicted) = flow.predicted_clearing(at(secs)) else { panic!("it shrinks") };
            let actual = flow.actual_clearing(at(secs)).expect("it is cleared");
            assert!((actual.as_secs_f64() - left / 400.0).abs() < 1.0, "{actual}");
            assert!((predicted.as_secs_f64() / actual.as_secs_f64() - 1.0).abs() < 0.03, "{predicted} {actual}");
        }
        let half = flow.half_cleared().expect("something waited");
        assert!((half.as_secs_f64() - 90.0).abs() < 0.2, "{half:?}");
    }

    #[test]
    fn a_backlog_that_grows_is_never_cleared_at_this_pace() {
        let flow = served(regular(100, 0, 60), 16_667);
        let Clearing::Never { growth } = flow.predicted_clearing(at(30.0)) else { panic!("it grows") };
        assert!((growth - 40.0).abs() < 0.4, "{growth}");
        // But the records end after 60 s, and 2,400 of them are left for 40 s.
        let actual = flow.actual_clearing(at(60.0)).expect("it is cleared");
        assert!((actual.as_secs_f64() - 40.0).abs() < 0.1, "{actual}");
        assert_eq!(flow.predicted_clearing(at(0.1)), Clearing::Unknown);
        assert_eq!(flow.predicted_clearing(at(101.0)), Clearing::Empty);
        assert_eq!(flow.actual_clearing(at(101.0)), Some(Span::ZERO));
    }

    #[test]
    fn what_never_leaves_is_never_cleared() {
        let flow = Flow::new(regular(1, 0, 5), vec![ProcTime::MAX; 5]);
        assert_eq!((flow.actual_clearing(at(2.0)), flow.predicted_clearing(at(2.0))), (None, Clearing::Unknown));
        assert_eq!(flow.half_cleared(), None);
    }
}
