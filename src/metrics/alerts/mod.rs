//! Alerts over a run that was recorded whole: every rule is asked at [`READINGS`] instants of virtual
//! time, as a monitoring system would ask it from a clock.
//!
//! - [`watch`]: when an alert fires and when it is over
//! - [`gauges`]: what each rule reads from the trace

mod gauges;
pub mod watch;

use crate::human;
use crate::metrics::tasks::phrase::{Clock, list, many, percent};
use crate::metrics::tasks::{Inputs, Owners, Stretch};
use crate::record::PartitionId;
use crate::runtime::Trace;
use crate::scenario::Scenario;
use crate::scenario::alerts::AlertRule;
use crate::time::{ProcTime, Span};
use gauges::Gauge;
use watch::{Firing, Watch};

/// How often every rule is asked in a run: twice for every pixel of a timeline.
pub const READINGS: i64 = 2_000;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Results are late or incomplete.
    Warning,
    /// Results do not come, or records will be lost.
    Critical,
}

impl Severity {
    /// As it stands in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// One time that a rule fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The rule.
    pub rule: AlertRule,
    /// Since when, until when, how bad.
    pub firing: Firing,
    /// The partition that it is about, where it is about one.
    pub partition: Option<PartitionId>,
    /// In two or three words.
    pub label: String,
    /// In a sentence.
    pub words: String,
}

impl Alert {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        match self.rule {
            AlertRule::Lag { .. } | AlertRule::Freshness { .. } | AlertRule::DropRate { .. } => Severity::Warning,
            AlertRule::StalledWatermark { .. } | AlertRule::Retention { .. } => Severity::Critical,
        }
    }

    /// Whether it lasts at an instant.
    pub fn lasts_at(&self, now: ProcTime) -> bool {
        self.firing.raised_at <= now && self.firing.cleared_at.is_none_or(|cleared| now < cleared)
    }
}

/// Every alert of a run by the rules of its scenario, in the order in which they fired. O(n log n).
pub fn alerts(scenario: &Scenario, trace: &Trace) -> Vec<Alert> {
    let Some((first, last)) = trace.span() else { return Vec::new() };
    let run = Stretch::new(first, last);
    let mut found: Vec<Alert> = Vec::new();
    for &rule in &scenario.alerts {
        let Some(mut gauge) = Gauge::of(rule, trace, &scenario.log.rules()) else { continue };
        let mut watch = Watch::new(rule.lasting());
        let mut add = |firing: Firing, gauge: &Gauge<'_>| {
            let holders = match rule {
                AlertRule::StalledWatermark { .. } => holders(trace, firing.raised_at),
                _ => Vec::new(),
            };
            found.push(alert(rule, firing, gauge.worst_partition(), &holders, run));
        };
        for reading in 0..=READINGS {
            let now = first + instant_of(reading, run.length());
            let read = gauge.read(now, watch.is_alarmed());
            if let Some(firing) = watch.read(now, read) {
                add(firing, &gauge);
            }
        }
        if let Some(firing) = watch.end() {
            add(firing, &gauge);
        }
    }
    found.sort_by_key(|alert| alert.firing.raised_at);
    found
}

/// How long after the start a reading is taken.
fn instant_of(reading: i64, length: Span) -> Span {
    let micros = i128::from(length.micros()) * i128::from(reading) / i128::from(READINGS);
    Span::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// Who has the least watermark of several inputs, by name; nobody where all have the same.
fn holders(trace: &Trace, now: ProcTime) -> Vec<String> {
    let inputs = Inputs::of(trace, &Owners::of(trace));
    let (_, holders) = inputs.holders(now);
    if holders.len() == inputs.all().count() { Vec::new() } else { holders.iter().map(ToString::to_string).collect() }
}

fn alert(
    rule: AlertRule,
    mut firing: Firing,
    partition: Option<PartitionId>,
    holders: &[String],
    run: Stretch,
) -> Alert {
    if let AlertRule::StalledWatermark { lasting } = rule {
        // It is noticed when it has stood for so long.
        firing.since = firing.raised_at - lasting;
    }
    let clock = Clock::of(run);
    let (value, limit) = (firing.peak.value, firing.peak.limit);
    let lasted = match firing.cleared_at {
        Some(cleared) => format!("{} to {}", clock.tell(firing.since), clock.tell(cleared)),
        None => format!("since {}", clock.tell(firing.since)),
    };
    let (label, what) = match rule {
        AlertRule::Lag { times, .. } => {
            let records = many(value as usize, "record");
            let limit = human::count(limit as u64);
            (
                format!("lag {}", human::count(value as u64)),
                format!("{records} unread, above {limit} ({times} times the usual, or the least that counts)"),
            )
        }
        AlertRule::Freshness { sla, quantile, .. } => (
            format!("{} too old", percent(value)),
            format!(
                "{} of the records take longer than {} to be seen, instead of {}",
                percent(value),
                human::span(sla),
                percent(1.0 - quantile)
            ),
        ),
        AlertRule::DropRate { share, .. } => (
            format!("{} dropped", percent(value)),
            format!("{} of the records are dropped, lost or refused, above {}", percent(value), percent(share)),
        ),
        AlertRule::StalledWatermark { .. } => {
            let stood = human::span(Span::from_secs_f64(value));
            let by = if holders.is_empty() { String::new() } else { format!(", held back by {}", list(holders)) };
            ("watermark stalled".to_owned(), format!("the watermark stands for {stood} while records come{by}"))
        }
        AlertRule::Retention { .. } => {
            let of = partition.map_or(String::new(), |partition| format!(" of partition {}", partition.0));
            (
                format!("retention {}", percent(value)),
                format!("the oldest unread record{of} has used {} of what the log keeps", percent(value)),
            )
        }
    };
    Alert { rule, firing, partition, label, words: format!("{what}, {lasted}") }
}
