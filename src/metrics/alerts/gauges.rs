//! What each alert rule reads from a trace at an instant, and the limit that holds for it. Readings are
//! taken in ascending order of time.

use std::collections::VecDeque;

use crate::log::LogRules;
use crate::metrics::alerts::watch::Reading;
use crate::metrics::freshness::shown_at;
use crate::metrics::tasks::Flow;
use crate::metrics::tasks::activity::partitions;
use crate::record::PartitionId;
use crate::runtime::{Fate, Trace};
use crate::scenario::alerts::AlertRule;
use crate::time::{ProcTime, Span};

/// Shares of fewer records than this are chance.
const LEAST_RECORDS: usize = 20;

/// What a rule looks at.
pub enum Gauge<'a> {
    /// Unread records against their median before.
    Lag { trace: &'a Trace, times: f64, at_least: u64, baseline: Baseline },
    /// A share of records over the last stretch of time.
    Share(Share),
    /// How long the watermark has stood while records came, in seconds.
    Stall { trace: &'a Trace, limit: Span },
    /// How much of the retention the oldest unread record has used.
    Retention { partitions: Vec<Flow>, age: Option<Span>, records: Option<u64>, share: f64, worst: Worst },
}

/// The partition with the largest value of all readings.
#[derive(Default)]
pub struct Worst {
    value: f64,
    partition: Option<PartitionId>,
}

impl<'a> Gauge<'a> {
    /// What a rule reads; `None` where it has nothing to look at.
    pub fn of(rule: AlertRule, trace: &'a Trace, log: &LogRules) -> Option<Self> {
        match rule {
            AlertRule::Lag { times, baseline, at_least, .. } => {
                Some(Self::Lag { trace, times, at_least, baseline: Baseline::new(baseline) })
            }
            AlertRule::Freshness { sla, quantile, over, .. } => {
                Some(Self::Share(Share::of_freshness(trace, sla, over, 1.0 - quantile)))
            }
            AlertRule::DropRate { share, over, .. } => Some(Self::Share(Share::of_drops(trace, over, share))),
            AlertRule::StalledWatermark { lasting } => Some(Self::Stall { trace, limit: lasting }),
            AlertRule::Retention { share } => {
                let (age, records) = (log.retention_age, log.retention_records);
                (age.is_some() || records.is_some()).then(|| Self::Retention {
                    partitions: partitions(trace),
                    age,
                    records,
                    share,
                    worst: Worst::default(),
                })
            }
        }
    }

    /// The reading at an instant. What is usual is not learned while the rule is alarmed.
    pub fn read(&mut self, now: ProcTime, is_alarmed: bool) -> Reading {
        match self {
            Self::Lag { trace, times, at_least, baseline } => {
                let lag = trace.at(now).lag();
                let usual = baseline.median(now) as f64;
                let reading = Reading { value: lag as f64, limit: (*times * usual).max(*at_least as f64) };
                if !is_alarmed && !reading.is_breach() {
                    baseline.learn(now, lag);
                }
                reading
            }
            Self::Share(share) => share.read(now),
            Self::Stall { trace, limit } => Reading { value: stalled_for(trace, now), limit: limit.as_secs_f64() },
            Self::Retention { partitions, age, records, share, worst } => {
                let mut most = 0.0;
                for (place, flow) in partitions.iter().enumerate() {
                    let used = retention_used(flow, *age, *records, now);
                    most = f64::max(most, used);
                    if used > worst.value {
                        *worst = Worst { value: used, partition: Some(PartitionId(place as u32)) };
                    }
                }
                Reading { value: most, limit: *share }
            }
        }
    }

    /// The partition with the largest value so far, where the rule looks at partitions.
    pub fn worst_partition(&self) -> Option<PartitionId> {
        match self {
            Self::Retention { worst, .. } => worst.partition,
            _ => None,
        }
    }
}

/// The median of what was read over the last stretch of time.
pub struct Baseline {
    reach: Span,
    readings: VecDeque<(ProcTime, usize)>,
    sorted: Vec<usize>,
}

impl Baseline {
    const fn new(reach: Span) -> Self {
        Self { reach, readings: VecDeque::new(), sorted: Vec::new() }
    }

    fn learn(&mut self, now: ProcTime, value: usize) {
        self.readings.push_back((now, value));
        let place = self.sorted.partition_point(|&other| other < value);
        self.sorted.insert(place, value);
    }

    /// 0 before anything was learned. What was learned last is kept however old it is.
    fn median(&mut self, now: ProcTime) -> usize {
        while self.readings.len() > 1
            && let Some(&(at, value)) = self.readings.front()
            && now - at > self.reach
        {
            self.readings.pop_front();
            let place = self.sorted.partition_point(|&other| other < value);
            self.sorted.remove(place);
        }
        self.sorted.get(self.sorted.len() / 2).copied().unwrap_or(0)
    }
}

/// A share of the records of the last stretch of time.
pub struct Share {
    over: Span,
    limit: f64,
    /// When records are counted, ascending.
    all: Vec<ProcTime>,
    /// When those are that make up the share, ascending.
    bad: Vec<ProcTime>,
    /// Records that are overdue belong to both as long as they are.
    overdue: Flow,
}

impl Share {
    fn of_drops(trace: &Trace, over: Span, limit: f64) -> Self {
        let is_given_up = |fate: Fate| {
            matches!(fate, Fate::DroppedLate | Fate::Shed | Fate::Lost | Fate::Rejected | Fate::DeadLettered)
        };
        let settled = trace.handled.partition_point(|&at| at < ProcTime::MAX);
        let bad = (0..settled).filter(|&place| is_given_up(trace.fates[place])).map(|place| trace.handled[place]);
        let bad = bad.collect();
        Self { over, limit, all: trace.handled[..settled].to_vec(), bad, overdue: Flow::default() }
    }

    fn of_freshness(trace: &Trace, sla: Span, over: Span, limit: f64) -> Self {
        let (mut all, mut bad) = (Vec::new(), Vec::new());
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        for (place, shown) in shown_at(trace).into_iter().enumerate() {
            if trace.fates[place] != Fate::Counted {
                continue;
            }
            let due = (trace.stream.event_times()[place] + sla).on_proc_clock();
            if shown < ProcTime::MAX {
                all.push(shown);
            }
            if shown > due {
                // Nobody misses a record before it has arrived.
                entered.push(due.max(trace.stream.arrivals()[place]));
                left.push(shown);
                if shown < ProcTime::MAX {
                    bad.push(shown);
                }
            }
        }
        all.sort_unstable();
        bad.sort_unstable();
        Self { over, limit, all, bad, overdue: Flow::new(entered, left) }
    }

    fn read(&self, now: ProcTime) -> Reading {
        let within = |instants: &[ProcTime]| {
            let by = |limit: ProcTime| instants.partition_point(|&at| at <= limit);
            by(now) - by(now - self.over)
        };
        let overdue = self.overdue.level(now);
        let (all, bad) = (within(&self.all) + overdue, within(&self.bad) + overdue);
        let value = if all < LEAST_RECORDS { 0.0 } else { bad as f64 / all as f64 };
        Reading { value, limit: self.limit }
    }
}

/// For how long records have come since the watermark rose last, in seconds.
fn stalled_for(trace: &Trace, now: ProcTime) -> f64 {
    let arrivals = trace.stream.arrivals_ascending();
    let rises = trace.watermarks.partition_point(|step| step.at <= now);
    let risen = rises.checked_sub(1).map(|last| trace.watermarks[last].at);
    let first = risen.map_or(0, |risen| arrivals.partition_point(|&at| at <= risen));
    let came = arrivals.partition_point(|&at| at <= now);
    if came <= first { 0.0 } else { (arrivals[came - 1] - arrivals[first]).as_secs_f64() }
}

/// How much of what the log keeps the oldest unread record of a partition has used.
fn retention_used(flow: &Flow, age: Option<Span>, records: Option<u64>, now: ProcTime) -> f64 {
    let (came, left) = (flow.entered_by(now), flow.left_by(now));
    if came <= left {
        return 0.0;
    }
    let by_age = age.map_or(0.0, |age| (now - flow.entered()[left]).as_secs_f64() / age.as_secs_f64());
    let by_number = records.map_or(0.0, |records| (came - left) as f64 / records as f64);
    by_age.max(by_number)
}
