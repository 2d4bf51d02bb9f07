//! How long the operator works on a record: its service time, longer while a fault slows it.

use crate::scenario::Fault;
use crate::time::{ProcTime, Span};

/// Service times of one operator.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceTime {
    normal: Span,
    slow: Vec<Slow>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Slow {
    from: ProcTime,
    until: ProcTime,
    factor: f64,
}

impl ServiceTime {
    /// `normal`, multiplied by the factor of every [`Fault::SlowOperator`] that is under way.
    /// Distances in `faults` count from `origin`.
    pub fn new(normal: Span, faults: &[Fault], origin: ProcTime) -> Self {
        let slow = faults.iter().filter_map(|fault| match *fault {
            Fault::SlowOperator { from, until, factor } => {
                Some(Slow { from: origin + from, until: origin + until, factor })
            }
            Fault::Offline { .. } => None,
        });
        Self { normal, slow: slow.collect() }
    }

    /// The time spent on a record that is started at `now`, rounded to a microsecond.
    pub fn of_record_started_at(&self, now: ProcTime) -> Span {
        let mut factor = 1.0;
        for slow in &self.slow {
            if slow.from <= now && now < slow.until {
                factor *= slow.factor;
            }
        }
        if factor == 1.0 { self.normal } else { Span::from_secs_f64(self.normal.as_secs_f64() * factor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_multiplies_from_its_first_instant_to_just_before_its_last() {
        let fault = Fault::SlowOperator { from: Span::from_secs(10), until: Span::from_secs(20), factor: 7.0 };
        let origin = ProcTime::from_millis(1_000);
        let service = ServiceTime::new(Span::from_millis(340), &[fault], origin);
        let at = |ms| service.of_record_started_at(ProcTime::from_millis(ms));
        assert_eq!(at(10_999), Span::from_millis(340));
        assert_eq!(at(11_000), Span::from_millis(2_380));
        assert_eq!(at(20_999), Span::from_millis(2_380));
        assert_eq!(at(21_000), Span::from_millis(340));
    }
}
