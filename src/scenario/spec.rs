//! The description of a source: a seeded stream, a recording, or records written out.
//!
//! Plain data; [`crate::source`] makes the records. Ranges are checked by
//! [`crate::scenario::Scenario::problems`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::scenario::records::RecordsSpec;
use crate::scenario::{Fault, Partitioner, ProducersSpec, RateShape};
use crate::source::rate::Intensity;
use crate::time::{EventTime, Span};

/// Where the records come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum SourceSpec {
    /// Records made from the seed.
    Synthetic(Synthetic),
    /// Rows of a file, in order of arrival.
    Recording(RecordingSpec),
    /// Records written out one by one.
    Records(RecordsSpec),
}

impl SourceSpec {
    /// Where the clock of a source starts that says so; `None` for a recording, which starts with
    /// its first arrival, and for a start that is no date.
    pub fn start_time(&self) -> Option<EventTime> {
        match self {
            Self::Synthetic(source) => source.start_time(),
            Self::Records(source) => source.start_micros().map(EventTime::from_micros),
            Self::Recording(_) => None,
        }
    }
}

/// A seeded stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Synthetic {
    /// Event time of the first instant, as a date in UTC: `"2026-03-02 12:00:00"`.
    pub start: String,
    /// Records per second of event time, over all keys.
    pub rate: f64,
    /// How that changes over time.
    pub rate_shape: RateShape,
    /// How event times are spread.
    pub arrivals: Spacing,
    /// Which keys, and how often each.
    pub keys: KeySpec,
    /// Which values.
    pub values: ValueSpec,
    /// How long a record takes from happening to reaching the log.
    pub delay: DelaySpec,
    /// How many partitions the log has; 1 to 1,024.
    pub partitions: u32,
    /// Which of them a record is written to.
    pub partitioner: Partitioner,
    /// Who sends the records, and over which network.
    pub producers: ProducersSpec,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            start: "2026-03-02 12:00:00".to_owned(),
            rate: 2.0,
            rate_shape: RateShape::default(),
            arrivals: Spacing::Poisson,
            keys: KeySpec::Uniform { count: 1, names: Vec::new() },
            values: ValueSpec::Constant(1.0),
            delay: DelaySpec::Constant { delay: Span::ZERO },
            partitions: 1,
            partitioner: Partitioner::default(),
            producers: ProducersSpec::default(),
        }
    }
}

impl Synthetic {
    /// The first instant of event time; `None` when `start` is not a date.
    ///
    /// A date without a zone is UTC; a date without a time is midnight.
    pub fn start_time(&self) -> Option<EventTime> {
        crate::human::parse_instant(&self.start).map(EventTime::from_micros)
    }

    /// How many records to expect, with the bursts among these faults; not finite where rate or duration
    /// make no sense.
    pub fn expected_records(&self, duration: Span, faults: &[Fault]) -> f64 {
        let is_bursting = faults.iter().any(|fault| matches!(fault, Fault::Burst { .. }));
        match self.rate_shape {
            RateShape::Constant if !is_bursting => self.rate * duration.as_secs_f64(),
            _ => self.intensity(duration, faults).records_before(duration.micros() as f64),
        }
    }

    /// The intensity behind the records: the rate, its shape, and the bursts among these faults.
    pub fn intensity(&self, duration: Span, faults: &[Fault]) -> Intensity {
        let shape = Intensity::new(self.rate, &self.rate_shape, duration);
        faults.iter().fold(shape, |intensity, fault| match *fault {
            Fault::Burst { times, from, until } => intensity.with_burst(from, until, times),
            _ => intensity,
        })
    }
}

/// How event times are spread over the duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Spacing {
    /// The same distance between neighbours.
    Regular,
    /// Independent of each other (a Poisson process).
    #[default]
    Poisson,
    /// Every key by itself takes turns between activity and silence, each of random length
    /// (exponential with these means). While active it sends at random moments, fast enough that
    /// the rate of the source is kept over the whole.
    Bursts {
        /// Mean length of an active spell; positive.
        active: Span,
        /// Mean length of a silence.
        silent: Span,
    },
}

/// Which keys, and how often each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum KeySpec {
    /// Every key equally often.
    Uniform {
        /// How many keys; at least 1.
        #[serde(default = "one_key")]
        count: u32,
        /// Their names; `k1`, `k2`, ... where the list is shorter than the count.
        #[serde(default)]
        names: Vec<String>,
    },
    /// The key of rank r comes with a weight of 1 / r^exponent (Zipf's law).
    Zipf {
        /// How many keys; at least 1.
        count: u32,
        /// 0 is uniform; about 1 is common in real streams.
        exponent: f64,
        /// Their names; `k1`, `k2`, ... where the list is shorter than the count.
        #[serde(default)]
        names: Vec<String>,
    },
    /// One hot key, the first, and all others equally often.
    Hot {
        /// How many keys; at least 1.
        count: u32,
        /// The share of the records that have the first key; 0 to 1.
        share: f64,
        /// Their names; `k1`, `k2`, ... where the list is shorter than the count.
        #[serde(default)]
        names: Vec<String>,
    },
}

impl KeySpec {
    /// How many keys there are.
    pub const fn count(&self) -> u32 {
        match self {
            Self::Uniform { count, .. } | Self::Zipf { count, .. } | Self::Hot { count, .. } => *count,
        }
    }

    /// The names given in the file; the rest is numbered.
    pub fn given_names(&self) -> &[String] {
        match self {
            Self::Uniform { names, .. } | Self::Zipf { names, .. } | Self::Hot { names, .. } => names,
        }
    }

    /// The name of the key of this rank, from 0.
    pub fn name(&self, rank: u32) -> Cow<'_, str> {
        match self.given_names().get(rank as usize) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("k{}", u64::from(rank) + 1)),
        }
    }

    /// The rank of the key of this name, from 0.
    pub fn rank(&self, name: &str) -> Option<u32> {
        let given = self.given_names().iter().position(|given| given == name).and_then(|at| u32::try_from(at).ok());
        let numbered = || {
            let rank = name.strip_prefix('k')?.parse::<u32>().ok()?.checked_sub(1)?;
            (self.name(rank) == name).then_some(rank)
        };
        given.or_else(numbered).filter(|&rank| rank < self.count())
    }
}

fn one_key() -> u32 {
    1
}

/// Which values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ValueSpec {
    /// Always the same.
    Constant(f64),
    /// Whole numbers from `min` to `max`, both included, equally often.
    Integers {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// Real numbers in `[min, max)`, equally often.
    Uniform {
        /// Smallest.
        min: f64,
        /// Bound above.
        max: f64,
    },
}

/// How long a record takes from happening to reaching the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum DelaySpec {
    /// Always the same.
    Constant {
        /// The delay.
        delay: Span,
    },
    /// Anything between `min` and `max`, equally often.
    Uniform {
        /// Shortest.
        min: Span,
        /// Longest.
        max: Span,
    },
    /// Memoryless, with this mean.
    Exponential {
        /// Mean delay.
        mean: Span,
        /// Longer delays are cut to this.
        #[serde(default = "no_cap")]
        max: Span,
    },
    /// The logarithm is normal: most are near the median, a few take very long.
    LogNormal {
        /// Half of the delays are shorter.
        median: Span,
        /// Standard deviation of the natural logarithm; 0 to 10.
        sigma: f64,
        /// Longer delays are cut to this.
        #[serde(default = "no_cap")]
        max: Span,
    },
    /// Power-law tail: P(delay > x) = (scale / x)^shape for x >= scale.
    Pareto {
        /// Shortest delay.
        scale: Span,
        /// Smaller is heavier; the mean is infinite at 1 and below.
        shape: f64,
        /// Longer delays are cut to this.
        #[serde(default = "no_cap")]
        max: Span,
    },
    /// As measured: quantiles, with straight lines between them. Below the first and above the last one
    /// all delays are that one.
    Quantiles(Vec<DelayQuantile>),
    /// One of several, by weight.
    Mixture(Vec<WeightedDelay>),
}

/// One point of [`DelaySpec::Quantiles`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayQuantile {
    /// The share of records that take at most this long; 0 to 1, above that of the point before.
    pub p: f64,
    /// How long; not shorter than at the point before.
    pub delay: Span,
}

fn no_cap() -> Span {
    Span::from_secs(7 * 86_400)
}

/// One part of a [`DelaySpec::Mixture`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedDelay {
    /// Its share, relative to the other weights; positive.
    pub weight: f64,
    /// The delays of this part.
    pub delay: DelaySpec,
}

/// Rows of a file.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordingSpec {
    /// The file, relative to the scenario file.
    pub path: String,
    /// Which columns mean what; guessed where empty.
    pub columns: ColumnChoice,
}

/// Which columns of a recording mean what. Names (or numbers from 1 without a header); `None`
/// is guessed.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnChoice {
    /// When it happened.
    pub event_time: Option<String>,
    /// When it reached the log. Without one, file order is arrival order.
    pub arrival_time: Option<String>,
    /// What to group by. Without one the key is empty.
    pub key: Option<String>,
    /// What to aggregate. Without one the value is 1.
    pub value: Option<String>,
    /// Partition of the log.
    pub partition: Option<String>,
    /// How times are written: `s`, `ms`, `us`, `rfc3339`, `auto` or a format such as
    /// `%Y-%m-%d %H:%M:%S`.
    pub time_format: Option<String>,
    /// Whether the first row is already data.
    pub no_header: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> Option<i64> {
        let source = Synthetic { start: text.to_owned(), ..Synthetic::default() };
        source.start_time().map(EventTime::micros)
    }

    #[test]
    fn starts_are_dates_in_utc() {
        assert_eq!(start("2026-03-02 12:00:00"), Some(1_772_452_800_000_000));
        assert_eq!(start("2026-03-02T12:00:00Z"), Some(1_772_452_800_000_000));
        assert_eq!(start("2026-03-02T13:00:00+01:00"), Some(1_772_452_800_000_000));
        assert_eq!(start(" 2026-03-02 "), Some(1_772_409_600_000_000));
        assert_eq!(start("1969-12-31 23:59:59.5"), Some(-500_000));
        assert_eq!(start("noon"), None);
        assert_eq!(start("2026-02-30"), None);
        assert_eq!(start("2026-03-02 12:00:00[Europe/Berlin]"), None);
        assert_eq!(start(""), None);
    }

    #[test]
    fn keys_without_a_name_are_numbered() {
        let names = vec!["north".to_owned(), "k9".to_owned()];
        let keys = KeySpec::Uniform { count: 4, names };
        let all: Vec<_> = (0..4).map(|rank| keys.name(rank)).collect();
        assert_eq!(all, ["north", "k9", "k3", "k4"]);
        assert_eq!(keys.rank("north"), Some(0));
        assert_eq!(keys.rank("k9"), Some(1));
        assert_eq!(keys.rank("k4"), Some(3));
        for unknown in ["k1", "k5", "k04", "k+4", "south", "", "k0", "k99999999999"] {
            assert_eq!(keys.rank(unknown), None, "{unknown}");
        }
    }
}
