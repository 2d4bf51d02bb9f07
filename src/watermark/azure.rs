//! Event time in Azure Stream Analytics: times that are not to be believed are repaired at the door,
//! so that no record is ever behind the watermark.
//!
//! A record that arrives later than the late arrival tolerance after it happened is dropped, or its
//! time becomes arrival minus tolerance. What is then still behind the watermark (the largest event
//! time seen minus the out-of-order tolerance) is dropped, or its time becomes the watermark. Records
//! that happened more than five minutes after their arrival are dropped in any case. While no record is
//! on the way, the watermark follows the clock, the late arrival tolerance behind it.
//!
//! Source: "Understand time handling in Azure Stream Analytics" and "Configuring event ordering
//! policies for Azure Stream Analytics" (Microsoft); the example of the latter is a test below.

use crate::time::{EventTime, ProcTime, Span};
use crate::window::dialect::{AzureAction, AzurePolicy};

/// How far in the future a record may be; fixed by the service.
pub const EARLY_ARRIVAL: Span = Span::from_secs(5 * 60);

/// The door and the watermark of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureTime {
    out_of_order: Span,
    late_arrival: Span,
    action: AzureAction,

    current: EventTime,
    /// Records that have arrived and are not handled.
    on_the_way: u64,
}

impl AzureTime {
    /// A machine that has seen nothing; its watermark is [`EventTime::MIN`]. Both tolerances are not
    /// negative.
    pub const fn new(policy: AzurePolicy, out_of_order: Span) -> Self {
        Self {
            out_of_order,
            late_arrival: policy.late_arrival,
            action: policy.action,
            current: EventTime::MIN,
            on_the_way: 0,
        }
    }

    /// The current watermark.
    pub const fn current(&self) -> EventTime {
        self.current
    }

    /// A record has reached the log.
    pub const fn on_arrival(&mut self) {
        self.on_the_way += 1;
    }

    /// A record is handled: the event time under which it is, if it is not dropped. The watermark
    /// that it raises comes afterwards ([`AzureTime::observe`]).
    pub fn admit(&mut self, event_time: EventTime, arrival: ProcTime) -> Option<EventTime> {
        self.on_the_way = self.on_the_way.saturating_sub(1);
        let delay = arrival.since_event(event_time);
        if delay < -EARLY_ARRIVAL {
            return None;
        }
        let earliest = (arrival - self.late_arrival).on_event_clock().max(self.current);
        match self.action {
            _ if event_time >= earliest => Some(event_time),
            AzureAction::Adjust => Some(earliest),
            AzureAction::Drop => None,
        }
    }

    /// Takes note of the time of an admitted record; the new watermark when it rose.
    pub fn observe(&mut self, event_time: EventTime) -> Option<EventTime> {
        self.raise(event_time - self.out_of_order)
    }

    /// When [`AzureTime::on_timer`] is to be called, if no record arrives before: when the watermark
    /// can reach `due` by the clock. [`ProcTime::MAX`] for never.
    pub fn next_timer(&self, due: EventTime) -> ProcTime {
        if self.on_the_way > 0 || due <= self.current || !due.is_finite() || !self.current.is_finite() {
            return ProcTime::MAX;
        }
        (due + self.late_arrival).on_proc_clock()
    }

    /// The instant asked for has come; the new watermark when it rose.
    pub fn on_timer(&mut self, now: ProcTime) -> Option<EventTime> {
        self.raise((now - self.late_arrival).on_event_clock())
    }

    fn raise(&mut self, claim: EventTime) -> Option<EventTime> {
        (claim > self.current).then(|| {
            self.current = claim;
            claim
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(late_secs: i64, out_of_order_secs: i64, action: AzureAction) -> AzureTime {
        let policy = AzurePolicy { late_arrival: Span::from_secs(late_secs), action };
        AzureTime::new(policy, Span::from_secs(out_of_order_secs))
    }

    /// Seconds (event time, arrival) to the event time under which each is handled.
    fn check(mut time: AzureTime, records: &[(i64, i64)], expected: &[Option<i64>]) {
        let found: Vec<_> = records
            .iter()
            .map(|&(event, arrival)| {
                time.on_arrival();
                let admitted = time
                    .admit(EventTime::from_millis(event * 1_000), ProcTime::from_millis(arrival * 1_000))
                    .inspect(|&admitted| {
                        time.observe(admitted);
                    });
                admitted.map(|t| t.micros() / 1_000_000)
            })
            .collect();
        assert_eq!(found, expected);
    }

    /// Seconds after midnight of 00:10:xx.
    const MIN_10: i64 = 600;

    /// The documentation's example: late arrival 15 seconds, out of order 5 seconds.
    const EXAMPLE: [(i64, i64); 5] = [
        (MIN_10, MIN_10 + 40),
        (MIN_10 + 30, MIN_10 + 41),
        (MIN_10 + 42, MIN_10 + 42),
        (MIN_10 + 38, MIN_10 + 43),
        (MIN_10 + 35, MIN_10 + 45),
    ];

    #[test]
    fn times_are_adjusted_as_in_the_documentation() {
        let expected = [25, 30, 42, 38, 37].map(|seconds| Some(MIN_10 + seconds));
        check(time(15, 5, AzureAction::Adjust), &EXAMPLE, &expected);
    }

    #[test]
    fn or_the_same_records_are_dropped() {
        let expected = [None, Some(MIN_10 + 30), Some(MIN_10 + 42), Some(MIN_10 + 38), None];
        check(time(15, 5, AzureAction::Drop), &EXAMPLE, &expected);
    }

    #[test]
    fn tolerances_are_kept_exactly() {
        // Delay 5 is within 5; one unit more is not. The watermark itself is not behind it.
        let second = 1_000_000;
        let policy = AzurePolicy { late_arrival: Span::from_secs(5), action: AzureAction::Drop };
        let mut at_door = AzureTime::new(policy, Span::ZERO);
        let mut admit = |event: i64, arrival: i64| {
            let admitted = at_door.admit(EventTime::from_micros(event), ProcTime::from_micros(arrival));
            admitted.map(|t| at_door.observe(t));
            admitted.map(EventTime::micros)
        };
        assert_eq!(admit(10 * second, 15 * second), Some(10 * second));
        assert_eq!(admit(10 * second, 15 * second), Some(10 * second));
        assert_eq!(admit(10 * second - 1, 11 * second), None);
        assert_eq!(admit(11 * second, 16 * second + 1), None);
        // Five minutes in the future is admitted, more is not, whatever is done with late ones.
        assert_eq!(admit(320 * second, 20 * second), Some(320 * second));
        check(time(5, 0, AzureAction::Adjust), &[(321, 20), (320, 20)], &[None, Some(320)]);
    }

    #[test]
    fn in_silence_the_watermark_follows_the_clock() {
        let mut time = time(5, 0, AzureAction::Adjust);
        let due = EventTime::from_millis(20_000);
        assert_eq!(time.next_timer(due), ProcTime::MAX);
        time.on_arrival();
        time.on_arrival();
        time.admit(EventTime::from_millis(10_000), ProcTime::from_millis(10_000));
        time.observe(EventTime::from_millis(10_000));
        // One record is still on the way: that is not silence.
        assert_eq!(time.next_timer(due), ProcTime::MAX);
        time.admit(EventTime::from_millis(11_000), ProcTime::from_millis(11_000));
        assert_eq!(time.next_timer(due), ProcTime::from_millis(25_000));
        assert_eq!(time.on_timer(ProcTime::from_millis(25_000)), Some(due));
        assert_eq!(time.on_timer(ProcTime::from_millis(24_000)), None);
        assert_eq!(time.next_timer(due), ProcTime::MAX);
    }
}
