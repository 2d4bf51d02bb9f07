//! An allowance of so much a second: the generic cell rate algorithm (ITU-T I.371), which is a token
//! bucket that keeps an instant instead of a number of tokens.
//!
//! Exact in integers: what is taken over a long time is the rate times that time, to the microsecond.

use serde::{Deserialize, Serialize};

use crate::time::{MICROS_PER_SECOND, ProcTime, Span};

/// An allowance of so much a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// At least 1.
    per_second: u64,
    /// How much of the allowance may be saved up, as a length of time.
    burst: Span,
    /// When all that was taken is paid for: at this microsecond, ...
    paid_at: ProcTime,
    /// ... and so many parts of one more, each 1 / `per_second`.
    paid_parts: u64,
}

impl Bucket {
    /// A full bucket; a rate of 0 is taken as 1, a negative burst as none.
    ///
    /// Without a burst nothing can be saved up: whatever is taken is paid for before the next.
    pub fn new(per_second: u64, burst: Span) -> Self {
        let burst = burst.max(Span::ZERO);
        Self { per_second: per_second.max(1), burst, paid_at: ProcTime::MIN, paid_parts: 0 }
    }

    /// When `amount` may be taken: `now`, or later. An amount of more than the burst may be taken as
    /// soon as the bucket is full.
    pub fn earliest(&self, now: ProcTime, amount: u64) -> ProcTime {
        let paid = whole((self.paid_at, self.paid_parts));
        let with_amount = whole(self.later((self.paid_at, self.paid_parts), amount));
        now.max(paid.min(with_amount - self.burst))
    }

    /// Takes `amount`, whether it may be taken by now or not; what comes next waits for it.
    pub fn take(&mut self, now: ProcTime, amount: u64) {
        let paid = (self.paid_at, self.paid_parts);
        // Who waited to the end of a microsecond has not lost its rest.
        let from = if whole(paid) < now { (now, 0) } else { paid };
        (self.paid_at, self.paid_parts) = self.later(from, amount);
    }

    /// When `amount` is paid for, if paying begins at this instant.
    fn later(&self, (from, parts): (ProcTime, u64), amount: u64) -> (ProcTime, u64) {
        let rate = u128::from(self.per_second);
        let due = u128::from(parts) + u128::from(amount) * MICROS_PER_SECOND as u128;
        let micros = i64::try_from(due / rate).unwrap_or(i64::MAX);
        // A remainder is below the rate, which has 64 bits.
        (from + Span::from_micros(micros), (due % rate) as u64)
    }
}

/// The first whole microsecond not before this instant.
fn whole((at, parts): (ProcTime, u64)) -> ProcTime {
    if parts > 0 { at + Span::from_micros(1) } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of these amounts, asked for at these milliseconds, is taken; in microseconds.
    fn check(per_second: u64, burst_ms: i64, asked: &[(i64, u64)], expected: &[i64]) {
        let mut bucket = Bucket::new(per_second, Span::from_millis(burst_ms));
        let mut taken = Vec::new();
        let mut now = ProcTime::MIN;
        for &(at, amount) in asked {
            now = bucket.earliest(now.max(ProcTime::from_millis(at)), amount);
            bucket.take(now, amount);
            taken.push(now.micros());
        }
        assert_eq!(taken, expected);
    }

    #[test]
    fn without_a_burst_every_amount_is_paid_for_before_the_next() {
        // 2,000 a second: 10,000 take 5 s.
        check(2_000, 0, &[(0, 10_000), (0, 1), (0, 1), (6_000, 1)], &[0, 5_000_000, 5_000_500, 6_000_000]);
        // 5 a second: one every 200 ms.
        check(5, 0, &[(0, 1), (10, 1), (900, 1), (900, 1)], &[0, 200_000, 900_000, 1_100_000]);
    }

    #[test]
    fn what_was_saved_up_may_be_taken_at_once_and_no_more() {
        // 4 a second, one second saved: four at once, then one every 250 ms.
        check(4, 1_000, &[(0, 1); 7], &[0, 0, 0, 0, 250_000, 500_000, 750_000]);
        check(4, 1_000, &[(0, 4), (500, 2), (500, 1)], &[0, 500_000, 750_000]);
        // More than the bucket holds: when it is full, then everything is paid for.
        check(4, 1_000, &[(0, 1), (0, 8), (0, 1)], &[0, 250_000, 1_500_000]);
    }

    #[test]
    fn parts_of_a_microsecond_are_not_lost() {
        // 3 a second: thirds of a second, rounded up, without drift.
        check(3, 0, &[(0, 1); 7], &[0, 333_334, 666_667, 1_000_000, 1_333_334, 1_666_667, 2_000_000]);
        let mut bucket = Bucket::new(1_500_000, Span::ZERO);
        let mut now = ProcTime::EPOCH;
        for _ in 0..1_500_000 {
            now = bucket.earliest(now, 1);
            bucket.take(now, 1);
        }
        // The last of them is taken two thirds of a microsecond before the end of the second.
        assert_eq!(now.micros(), 1_000_000);
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut bucket = Bucket::new(0, Span::from_secs(-1));
        assert_eq!(bucket.earliest(ProcTime::MIN, u64::MAX), ProcTime::MIN);
        bucket.take(ProcTime::EPOCH, u64::MAX);
        assert_eq!(bucket.earliest(ProcTime::EPOCH, 1), ProcTime::MAX);
        let mut fast = Bucket::new(u64::MAX, Span::MAX);
        fast.take(ProcTime::EPOCH, u64::MAX);
        assert_eq!(fast.earliest(ProcTime::EPOCH, 1), ProcTime::EPOCH);
    }
}
