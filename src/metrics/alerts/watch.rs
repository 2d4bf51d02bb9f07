//! When an alert fires and when it is over: a condition that has to hold for a while, and that has to be
//! clearly gone for as long.

use crate::time::{ProcTime, Span};

/// An alert is over when the value is below this share of the limit: a value that swings about its limit
/// fires once and not in every swing.
pub const CLEAR_AT: f64 = 0.8;

/// One time that a rule fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Firing {
    /// Since when the value was above the limit.
    pub since: ProcTime,
    /// When it had been for long enough.
    pub raised_at: ProcTime,
    /// When it was clearly gone for as long; `None` while it lasts.
    pub cleared_at: Option<ProcTime>,
    /// The largest value in it, as a share of the limit.
    pub peak: Reading,
}

/// A value and the limit that holds for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// The value.
    pub value: f64,
    /// What it should not be above; positive.
    pub limit: f64,
}

impl Reading {
    fn level(self) -> f64 {
        if self.limit > 0.0 {
            self.value / self.limit
        } else if self.value > 0.0 {
            f64::INFINITY
        } else {
            0.0
        }
    }

    /// Whether the value is above its limit.
    pub fn is_breach(self) -> bool {
        self.level() > 1.0
    }
}

/// The state of one rule between two readings.
#[derive(Clone, Debug)]
pub struct Watch {
    lasting: Span,
    /// Since when the value is above the limit, and the worst since then.
    breach: Option<(ProcTime, Reading)>,
    firing: Option<Firing>,
    calm_since: Option<ProcTime>,
}

impl Watch {
    /// A rule that fires after its condition has held for so long.
    pub const fn new(lasting: Span) -> Self {
        Self { lasting, breach: None, firing: None, calm_since: None }
    }

    /// Whether the condition holds or the alert lasts.
    pub const fn is_alarmed(&self) -> bool {
        self.breach.is_some() || self.firing.is_some()
    }

    /// Takes a reading, later than all before it; the firing that is over with it.
    pub fn read(&mut self, now: ProcTime, reading: Reading) -> Option<Firing> {
        if let Some(firing) = &mut self.firing {
            if reading.level() > firing.peak.level() {
                firing.peak = reading;
            }
            if reading.level() >= CLEAR_AT {
                self.calm_since = None;
                return None;
            }
            let since = *self.calm_since.get_or_insert(now);
            if now - since < self.lasting {
                return None;
            }
            firing.cleared_at = Some(now);
            self.calm_since = None;
            self.breach = None;
            return self.firing.take();
        }
        if !reading.is_breach() {
            self.breach = None;
            return None;
        }
        let (since, worst) = self.breach.get_or_insert((now, reading));
        if reading.level() > worst.level() {
            *worst = reading;
        }
        if now - *since >= self.lasting {
            self.firing = Some(Firing { since: *since, raised_at: now, cleared_at: None, peak: *worst });
        }
        None
    }

    /// What still fires at the end.
    pub fn end(self) -> Option<Firing> {
        self.firing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The firings over values read every second, as (since, raised, cleared, peak) in seconds.
    fn firings(lasting: i64, values: &[f64]) -> Vec<(i64, i64, Option<i64>, f64)> {
        let mut watch = Watch::new(Span::from_secs(lasting));
        let at = |secs: usize| ProcTime::from_millis(secs as i64 * 1_000);
        let mut found: Vec<Firing> = Vec::new();
        for (secs, &value) in values.iter().enumerate() {
            found.extend(watch.read(at(secs), Reading { value, limit: 10.0 }));
        }
        found.extend(watch.end());
        let secs = |at: ProcTime| at.micros() / 1_000_000;
        found.iter().map(|it| (secs(it.since), secs(it.raised_at), it.cleared_at.map(secs), it.peak.value)).collect()
    }

    #[test]
    fn it_fires_when_the_condition_has_held_long_enough() {
        assert_eq!(firings(0, &[5.0, 10.0, 11.0, 5.0]), [(2, 2, Some(3), 11.0)]);
        assert_eq!(firings(2, &[11.0, 12.0, 9.0, 11.0, 11.0]), []);
        assert_eq!(firings(2, &[11.0, 30.0, 12.0, 13.0]), [(0, 2, None, 30.0)]);
    }

    #[test]
    fn a_value_that_swings_about_its_limit_fires_once() {
        // 8 is where it is over, not 10: between them it stays what it is.
        assert_eq!(firings(0, &[11.0, 9.0, 11.0, 8.5, 12.0, 7.9]), [(0, 0, Some(5), 12.0)]);
        assert_eq!(firings(2, &[11.0, 11.0, 11.0, 7.0, 7.0, 9.0, 7.0, 7.0, 7.0]), [(0, 2, Some(8), 11.0)]);
    }

    #[test]
    fn it_can_fire_again_and_a_limit_of_nothing_is_anything() {
        assert_eq!(firings(0, &[11.0, 0.0, 12.0, 0.0]), [(0, 0, Some(1), 11.0), (2, 2, Some(3), 12.0)]);
        let mut watch = Watch::new(Span::ZERO);
        watch.read(ProcTime::EPOCH, Reading { value: 0.0, limit: 0.0 });
        assert!(!watch.is_alarmed());
        watch.read(ProcTime::EPOCH, Reading { value: 0.1, limit: 0.0 });
        assert!(watch.is_alarmed());
    }
}
