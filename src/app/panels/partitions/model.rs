//! The partitions of the log as plain data: the lag of each over the run, and where each stands at an
//! instant. Read from the trace alone.

use crate::app::insight::Insight;
use crate::log::LogRules;
use crate::metrics::tasks::phrase::Clock;
use crate::metrics::tasks::silence::of_partition;
use crate::metrics::tasks::{Flow, Silence};
use crate::record::PartitionId;
use crate::runtime::{TaskId, Trace};
use crate::time::{EventTime, ProcTime, Span};

/// Parts of a run in which the lag is told by its highest value: more than a row has pixels.
pub const PARTS: usize = 480;
/// How often a partition is asked what it is up to.
const LOOKS: i64 = 240;

/// What does not change while the playhead moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Courses {
    /// By partition.
    pub of: Vec<Course>,
    /// The most unread records that any of them ever had; at least 1.
    pub most: u32,
    /// By partition, where they are few: how far its watermark is behind the clock, as instants and spans;
    /// nothing where it has none.
    pub behind: Vec<Vec<(ProcTime, Span)>>,
}

/// One partition over the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// By part of the run: the most unread records.
    pub lag: Vec<u32>,
    /// Stretches in one state other than active, by name, in order of time.
    pub silences: Vec<(ProcTime, ProcTime, &'static str)>,
}

impl Courses {
    /// All partitions of a run. O(n + partitions log n).
    pub fn of(trace: &Trace, insight: &Insight) -> Self {
        let run = insight.metrics.span();
        let course = |(place, flow): (usize, &Flow)| Course {
            lag: flow.peaks(run, PARTS),
            // There are at most a few thousand partitions.
            silences: silences(trace, insight, PartitionId(place as u32)),
        };
        let of: Vec<Course> = insight.metrics.partitions().iter().enumerate().map(course).collect();
        let most = of.iter().flat_map(|course| course.lag.iter().copied()).max().unwrap_or(0).max(1);
        let behind =
            if of.len() > MOST_LINES { Vec::new() } else { (0..of.len()).map(|it| behind(insight, it)).collect() };
        Self { of, most, behind }
    }
}

/// Of more partitions than these nobody can follow the lines.
const MOST_LINES: usize = 32;

/// How far the watermark of a partition is behind the clock over the run.
fn behind(insight: &Insight, partition: usize) -> Vec<(ProcTime, Span)> {
    let run = insight.metrics.span();
    let inputs = insight.metrics.inputs();
    // There are few partitions.
    let input = inputs.of_partition(PartitionId(partition as u32));
    let at = |look: i64| run.from + Span::from_micros(run.length().micros() / LOOKS * look);
    let known = |at: ProcTime| {
        let watermark = inputs.watermark(input, at);
        let is_known = watermark > EventTime::MIN && watermark < EventTime::MAX;
        is_known.then(|| (at, at - watermark.on_proc_clock()))
    };
    (0..=LOOKS).map(at).filter_map(known).collect()
}

fn silences(trace: &Trace, insight: &Insight, partition: PartitionId) -> Vec<(ProcTime, ProcTime, &'static str)> {
    let run = insight.metrics.span();
    let instant = |look: i64| {
        let micros = i128::from(run.length().micros()) * i128::from(look) / i128::from(LOOKS);
        run.from + Span::from_micros(i64::try_from(micros).unwrap_or(0))
    };
    let mut found: Vec<(ProcTime, ProcTime, &'static str)> = Vec::new();
    for look in 0..LOOKS {
        let state = of_partition(trace, &insight.metrics, partition, instant(look));
        if state.is_active() {
            continue;
        }
        let (from, until) = (instant(look), instant(look + 1));
        match found.last_mut() {
            Some(last) if last.1 == from && last.2 == state.word() => last.1 = until,
            _ => found.push((from, until, state.word())),
        }
    }
    found
}

/// One partition at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its number, from 0.
    pub partition: usize,
    /// Who reads it.
    pub owner: TaskId,
    /// Whether readers are members of a consumer group, among which partitions move.
    pub is_of_group: bool,
    /// The offset of the next record to be read.
    pub position: usize,
    /// The offset of the next record to be written.
    pub end: usize,
    /// The offset of the first record that the log still keeps.
    pub kept_from: usize,
    /// Records that it ever gets.
    pub total: usize,
    /// Its watermark, where it has one.
    pub watermark: Option<EventTime>,
    /// What it is up to.
    pub silence: Silence,
}

impl Standing {
    /// Where a partition stands at `now`. O(log n).
    pub fn of(trace: &Trace, insight: &Insight, rules: &LogRules, partition: usize, now: ProcTime) -> Option<Self> {
        let metrics = &insight.metrics;
        let flow = metrics.partitions().get(partition)?;
        // There are at most a few thousand partitions.
        let id = PartitionId(partition as u32);
        let watermark = metrics.inputs().watermark(metrics.input_of(id, now), now);
        let end = flow.entered_by(now);
        Some(Self {
            partition,
            owner: TaskId::source(metrics.owners().reader_at(id, now)),
            is_of_group: trace.pipeline.group.is_some(),
            position: flow.left_by(now),
            end,
            kept_from: kept_from(flow.entered(), end, rules, now),
            total: flow.entered().len(),
            watermark: (watermark > EventTime::MIN && watermark < EventTime::MAX).then_some(watermark),
            silence: of_partition(trace, metrics, id, now),
        })
    }

    /// Unread records.
    pub const fn lag(&self) -> usize {
        self.end.saturating_sub(self.position)
    }

    /// Who reads it, for a label: `source 2`, or `member 2` of a consumer group.
    pub fn reader(&self) -> String {
        match self.owner {
            TaskId::Source(number) if self.is_of_group => format!("member {}", number + 1),
            owner => owner.to_string(),
        }
    }

    /// All of it in a sentence.
    pub fn words(&self, clock: Clock) -> String {
        let Self { partition, position, end, kept_from, .. } = self;
        let (owner, lag) = (self.reader(), self.lag());
        let mut words = format!("Partition {partition}, read by {owner}: position {position}, end {end}, lag {lag}");
        if *kept_from > 0 {
            words.push_str(&format!(", kept from {kept_from}"));
        }
        if let Some(watermark) = self.watermark {
            words.push_str(&format!(", watermark {}", clock.tell(watermark.on_proc_clock())));
        }
        let reason = self.silence.reason(clock);
        words.push_str(&format!(", {}", self.silence.word()));
        if !reason.is_empty() {
            words.push_str(&format!(": {reason}"));
        }
        words
    }
}

/// The offset of the first record that is kept of those that arrived at these instants.
fn kept_from(arrivals: &[ProcTime], end: usize, rules: &LogRules, now: ProcTime) -> usize {
    let records = usize::try_from(rules.retention_records.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let too_many = end.saturating_sub(records);
    let too_old = rules.retention_age.map_or(0, |age| arrivals[..end].partition_point(|&at| at + age <= now));
    too_many.max(too_old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogSpec;
    use crate::record::RecordId;
    use crate::runtime::{RunConfig, run};
    use crate::scenario::parse;
    use crate::source::generate;
    use std::sync::Arc;

    const FALLS_BEHIND: &str = r#"(
        title: "x",
        duration: "20s",
        source: Synthetic(start: "1970-01-01", rate: 10, arrivals: Regular, keys: Uniform(count: 9), partitions: 3),
        log: (retention_age: "8s"),
        pipeline: (service_time: "200ms", queue_capacity: 5),
    )"#;

    #[test]
    fn offsets_lag_and_retention_are_those_of_a_count_by_hand() {
        let scenario = parse(FALLS_BEHIND, "test").unwrap_or_else(|error| panic!("{error}"));
        let stream = Arc::new(generate(&scenario).unwrap_or_else(|error| panic!("{error}")));
        let trace = run(&stream, &RunConfig::of(&scenario, &stream));
        let insight = Insight::of(&scenario, &trace);
        let rules = scenario.log.rules();
        let mut has_lost = false;
        for now in (0..25).map(|second| ProcTime::from_millis(second * 1_000 + 50)) {
            for partition in 0..3_usize {
                let standing = Standing::of(&trace, &insight, &rules, partition, now).expect("there are three");
                let own: Vec<usize> = (0..trace.stream.len())
                    .filter(|&i| trace.stream.partition(RecordId(i as u32)).index() == partition)
                    .collect();
                let end = own.iter().filter(|&&i| trace.stream.arrivals()[i] <= now).count();
                let old = own.iter().filter(|&&i| trace.stream.arrivals()[i] + Span::from_secs(8) <= now).count();
                assert_eq!((standing.end, standing.kept_from), (end, old), "{now}");
                assert!(standing.position <= end && standing.lag() == end - standing.position);
                assert_eq!((standing.total, standing.owner), (own.len(), TaskId::Source(0)));
                has_lost |= standing.kept_from > 0 && standing.lag() > 0;
            }
        }
        assert!(has_lost);
        assert!(Standing::of(&trace, &insight, &rules, 3, ProcTime::EPOCH).is_none());
        let courses = Courses::of(&trace, &insight);
        assert_eq!(courses.of.len(), 3);
        let peak = insight.metrics.partitions().iter().map(|flow| flow.peak().0).max();
        assert_eq!(Some(courses.most as usize), peak);
    }

    #[test]
    fn retention_is_by_number_or_by_age_whichever_is_later() {
        let arrivals: Vec<ProcTime> = (0..10).map(|second| ProcTime::from_millis(second * 1_000)).collect();
        let rules = |age: Option<i64>, records| {
            LogSpec { retention_age: age.map(Span::from_secs), retention_records: records, ..LogSpec::default() }
                .rules()
        };
        let at = |rules: LogRules, second: i64| {
            let now = ProcTime::from_millis(second * 1_000);
            kept_from(&arrivals, arrivals.iter().filter(|&&arrival| arrival <= now).count(), &rules, now)
        };
        assert_eq!(at(rules(None, None), 9), 0);
        assert_eq!(at(rules(Some(3), None), 9), 7, "those of 0 to 6 s are three seconds old");
        assert_eq!(at(rules(None, Some(4)), 9), 6);
        assert_eq!(at(rules(Some(3), Some(2)), 9), 8);
        assert_eq!(at(rules(Some(3), Some(2)), 0), 0);
    }
}
