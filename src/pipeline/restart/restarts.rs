//! A restart strategy at work: what it has seen of failures, and what it says to the next one.
//!
//! Follows `FixedDelayRestartBackoffTimeStrategy`, `FailureRateRestartBackoffTimeStrategy` and
//! `ExponentialDelayRestartBackoffTimeStrategy` of Apache Flink 1.20, to the millisecond, which is the
//! grain of an exponential delay there and here. Failures have to come in order of time.

use std::collections::VecDeque;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::pipeline::restart::{MAX_RESTARTS, RestartStrategy};
use crate::time::{MICROS_PER_MILLI, ProcTime, Span};

/// What a strategy says to a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the first failure of an attempt; with an exponential delay, failures that come
    /// before the restart that is under way belong to that one.
    pub is_new_attempt: bool,
    /// When it is started again; `None` when it stays down.
    pub back_at: Option<ProcTime>,
}

/// A strategy and what it has seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Restarts {
    strategy: RestartStrategy,
    /// Of the draws for jitter.
    seed: u64,
    /// Attempts so far; with an exponential delay, since it started over.
    attempts: u32,
    /// When it is or was last started again.
    back_at: Option<ProcTime>,
    /// With a failure rate: the last failures, one more than are borne.
    failures: VecDeque<ProcTime>,
}

impl Restarts {
    /// Before the first failure. The jitter of delays is drawn from `seed`.
    pub const fn new(strategy: RestartStrategy, seed: u64) -> Self {
        Self { strategy, seed, attempts: 0, back_at: None, failures: VecDeque::new() }
    }

    /// Attempts so far; with an exponential delay, since it started over.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// A failure at `now`, which is not before the last one.
    pub fn failure(&mut self, now: ProcTime) -> Verdict {
        let verdict = match self.strategy {
            RestartStrategy::None => Verdict { is_new_attempt: true, back_at: None },
            RestartStrategy::FixedDelay { attempts, delay } => self.counted(attempts).back_at(now + delay),
            RestartStrategy::FailureRate { max_failures, interval, delay } => {
                let is_borne = self.is_rate_borne(now, max_failures, interval);
                let verdict = self.counted(None);
                if is_borne { verdict.back_at(now + delay) } else { Verdict { is_new_attempt: true, back_at: None } }
            }
            RestartStrategy::ExponentialDelay { reset_threshold, attempts, .. } => {
                self.exponential(now, reset_threshold, attempts)
            }
        };
        if verdict.back_at.is_some() {
            self.back_at = verdict.back_at;
        }
        verdict
    }

    /// A failure at `now` of what was running by then: as [`Restarts::failure`], but never part of the
    /// restart that has just happened. When it is running again, if ever; later than `now`.
    pub fn crash(&mut self, now: ProcTime) -> Option<ProcTime> {
        self.back_at = self.back_at.map(|back_at| back_at.min(now - Span::from_micros(1)));
        self.failure(now).back_at
    }

    /// One more attempt, if there is one left.
    fn counted(&mut self, most: Option<u32>) -> Allowed {
        self.attempts = self.attempts.saturating_add(1);
        Allowed(self.attempts <= most.unwrap_or(MAX_RESTARTS))
    }

    fn is_rate_borne(&mut self, now: ProcTime, max_failures: u32, interval: Span) -> bool {
        let is_full = |failures: &VecDeque<ProcTime>| failures.len() > max_failures as usize;
        if is_full(&self.failures) {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        let earliest = self.failures.front().copied().unwrap_or(now);
        !is_full(&self.failures) || now - earliest > interval
    }

    fn exponential(&mut self, now: ProcTime, reset_threshold: Span, most: Option<u32>) -> Verdict {
        if let Some(back_at) = self.back_at {
            if now <= back_at {
                return Verdict { is_new_attempt: false, back_at: Some(back_at) };
            }
            if now - back_at >= reset_threshold {
                self.attempts = 0;
            }
        }
        let delay = self.delay();
        self.counted(most).back_at(now + delay)
    }

    /// The exponential delay of the next attempt.
    fn delay(&self) -> Span {
        let RestartStrategy::ExponentialDelay { initial, max, multiplier, jitter, .. } = self.strategy else {
            return Span::ZERO;
        };
        let in_millis = |span: Span| span.micros() as f64 / MICROS_PER_MILLI as f64;
        let (least, most) = (in_millis(initial), in_millis(max));
        let plain = most.min(least * libm::pow(multiplier, f64::from(self.attempts)));
        let varied = plain * (1.0 + jitter * (2.0 * self.draw() - 1.0));
        // Whole milliseconds; cut off, not rounded.
        Span::from_millis(varied.min(most).max(least) as i64).max(initial)
    }

    /// A number of [0, 1) that belongs to this attempt and instant of the last restart.
    fn draw(&self) -> f64 {
        let last = self.back_at.map_or(i64::MIN, ProcTime::micros);
        let bits = xxh3_64_with_seed(&last.to_le_bytes(), self.seed.wrapping_add(u64::from(self.attempts)));
        // 53 bits fill a double of [0, 1) evenly.
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Whether a new attempt may be made.
struct Allowed(bool);

impl Allowed {
    fn back_at(&self, at: ProcTime) -> Verdict {
        Verdict { is_new_attempt: true, back_at: self.0.then_some(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> ProcTime {
        ProcTime::from_millis(millis)
    }

    /// When it is back after each failure, in milliseconds; -1 when it stays down.
    fn back(strategy: RestartStrategy, failures: &[i64]) -> Vec<i64> {
        let mut restarts = Restarts::new(strategy, 7);
        let back = failures.iter().map(|&ms| restarts.failure(at(ms)).back_at.map_or(-1, |at| at.micros() / 1_000));
        back.collect()
    }

    #[test]
    fn without_a_strategy_nothing_comes_back() {
        assert_eq!(back(RestartStrategy::None, &[5, 6]), [-1, -1]);
    }

    #[test]
    fn attempts_run_out() {
        let delay = Span::from_secs(5);
        let twice = RestartStrategy::FixedDelay { attempts: Some(2), delay };
        assert_eq!(back(twice, &[10, 20_000, 90_000]), [5_010, 25_000, -1]);
        let endless = RestartStrategy::FixedDelay { attempts: None, delay };
        assert_eq!(back(endless, &[1, 2, 3, 4]), [5_001, 5_002, 5_003, 5_004]);
        assert!(endless.is_endless() && !twice.is_endless());
    }

    #[test]
    fn a_crash_right_after_a_restart_is_another_attempt() {
        let mut restarts = Restarts::new(RestartStrategy::EXPONENTIAL, 1);
        let first = restarts.crash(at(10)).expect("it is endless");
        let merged = restarts.clone().failure(first);
        assert_eq!(merged, Verdict { is_new_attempt: false, back_at: Some(first) });
        let second = restarts.crash(first).expect("it is endless");
        assert!(second - first > Span::from_millis(1_300), "{}", second - first);
        assert_eq!(restarts.attempts(), 2);
    }

    #[test]
    fn no_failure_is_borne_where_none_may_be() {
        let delay = Span::from_secs(1);
        let rate = RestartStrategy::FailureRate { max_failures: 0, interval: Span::from_secs(1), delay };
        assert_eq!(back(rate, &[0, 10_000]), [-1, -1]);
    }

    #[test]
    fn jitter_stays_in_its_share_and_above_the_first_delay() {
        let strategy = |jitter| RestartStrategy::ExponentialDelay {
            initial: Span::from_secs(1),
            max: Span::from_secs(60),
            multiplier: 2.0,
            jitter,
            reset_threshold: Span::from_secs(3_600),
            attempts: None,
        };
        let plain = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let mut restarts = Restarts::new(strategy(0.25), seed);
            let mut again = restarts.clone();
            for (attempt, plain) in plain.iter().enumerate() {
                let now = at(attempt as i64 * 1_000_000);
                let back_at = restarts.failure(now).back_at.expect("it is endless");
                assert_eq!(again.failure(now).back_at, Some(back_at));
                let delay = (back_at - now).micros() / 1_000;
                let (least, most) = (plain * 3 / 4, plain * 5 / 4);
                assert!((least.max(1_000)..=most.min(60_000)).contains(&delay), "{attempt}: {delay}");
                seen.insert(delay);
            }
        }
        assert!(seen.len() > 200, "{}", seen.len());
        let failures: Vec<i64> = (0..8).map(|attempt| attempt * 1_000_000).collect();
        let exact: Vec<i64> =
            back(strategy(0.0), &failures).iter().zip(&failures).map(|(back, at)| back - at).collect();
        assert_eq!(exact, plain);
    }
}
