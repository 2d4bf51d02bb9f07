//! What is not there any more: records that are too old, or too many behind.
//!
//! Of every partition a head is gone and the rest is there, as in Kafka. A record goes at the very
//! instant at which it is too old; real logs delete whole segments and so keep some of them longer.

use serde::{Deserialize, Serialize};

use crate::log::preset::LogRules;
use crate::time::{ProcTime, Span};

/// How long one partition keeps its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    age: Option<Span>,
    records: Option<u64>,
    /// How many of the first records are gone.
    gone: u64,
}

impl Retention {
    /// A partition of which nothing is gone.
    pub const fn new(rules: &LogRules) -> Self {
        Self { age: rules.retention_age, records: rules.retention_records, gone: 0 }
    }

    /// The offset of the first record that is still there at `now`, when `appended` records have been
    /// written; `arrival` says when, by offset from 0, ascending. It never goes back.
    pub fn first_kept(&mut self, now: ProcTime, appended: u64, arrival: impl Fn(u64) -> ProcTime) -> u64 {
        if let Some(records) = self.records {
            self.gone = self.gone.max(appended.saturating_sub(records));
        }
        if let Some(age) = self.age {
            while self.gone < appended && arrival(self.gone) + age <= now {
                self.gone += 1;
            }
        }
        self.gone
    }

    /// When the first record that is there goes by its age; `None` when none ever does.
    pub fn next_expiry(&self, appended: u64, arrival: impl Fn(u64) -> ProcTime) -> Option<ProcTime> {
        let age = self.age?;
        (self.gone < appended).then(|| arrival(self.gone) + age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogPreset;

    fn retention(age_s: Option<i64>, records: Option<u64>) -> Retention {
        let rules = LogPreset::Plain.rules();
        Retention::new(&LogRules { retention_age: age_s.map(Span::from_secs), retention_records: records, ..rules })
    }

    /// One record a second.
    fn arrival(offset: u64) -> ProcTime {
        ProcTime::from_millis(i64::try_from(offset).unwrap() * 1_000)
    }

    fn at(secs: i64) -> ProcTime {
        ProcTime::from_millis(secs * 1_000)
    }

    #[test]
    fn records_go_when_they_are_as_old_as_the_limit() {
        let mut kept = retention(Some(10), None);
        assert_eq!(kept.next_expiry(0, arrival), None);
        assert_eq!((kept.first_kept(at(9), 5, arrival), kept.next_expiry(5, arrival)), (0, Some(at(10))));
        assert_eq!(kept.first_kept(at(10), 5, arrival), 1);
        assert_eq!((kept.first_kept(at(13), 5, arrival), kept.next_expiry(5, arrival)), (4, Some(at(14))));
        assert_eq!((kept.first_kept(at(99), 5, arrival), kept.next_expiry(5, arrival)), (5, None));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut kept = retention(None, Some(3));
        assert_eq!(kept.first_kept(at(0), 3, arrival), 0);
        assert_eq!(kept.first_kept(at(0), 5, arrival), 2);
        assert_eq!(kept.first_kept(at(99), 5, arrival), 2);
        assert_eq!(kept.next_expiry(5, arrival), None);
    }

    #[test]
    fn either_limit_is_enough_and_without_any_all_is_kept() {
        let mut both = retention(Some(10), Some(3));
        assert_eq!(both.first_kept(at(4), 5, arrival), 2);
        assert_eq!(both.first_kept(at(13), 5, arrival), 4);
        assert_eq!(retention(None, None).first_kept(ProcTime::MAX, 5, arrival), 0);
    }
}
