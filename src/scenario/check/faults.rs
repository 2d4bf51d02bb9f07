//! The rules of faults: times in order, amounts in range, and only what there is can fail.

use super::{Check, Least, MAX_VALUE};
use crate::gate::{Defect, GatePolicy};
use crate::human::{count, span_exact};
use crate::pipeline::Pipeline;
use crate::scenario::{Fault, Scenario, SourceSpec, Synthetic, Victim};
use crate::time::{SPAN_LIMIT, Span};

/// The most faults; a screen cannot show more, and each is asked about in every step.
pub const MAX_FAULTS: usize = 1_000;
/// How much slower a task can get; a millisecond becomes a quarter of an hour.
pub const MAX_FACTOR: f64 = 1e6;
/// How many times its rate a source may have in a burst.
pub const MAX_BURST: f64 = 1_000.0;
/// The shortest wait between two tries of a failing sink; each is an event of the run.
const MIN_RETRY: Span = Span::from_millis(1);

/// The shortest time between two crashes of one fault.
const MIN_CRASH_INTERVAL: Span = Span::from_millis(10);

/// Whom a fault names.
#[derive(Clone, Copy, Default)]
struct Named<'a> {
    key: Option<&'a str>,
    partition: Option<u32>,
    producer: Option<u32>,
}

impl Check {
    pub(super) fn faults(&mut self, scenario: &Scenario) {
        let faults = &scenario.faults;
        if faults.len() > MAX_FAULTS {
            self.add("faults", format!("{} faults: the limit is {}", faults.len(), count(MAX_FAULTS as u64)));
            return;
        }
        for (i, fault) in faults.iter().enumerate() {
            let path = format!("faults.{i}");
            if fault.is_before_the_log() {
                self.fault_of_source(&path, fault, scenario);
            } else {
                self.fault_of_task(&path, fault, &scenario.pipeline);
            }
            if let Fault::LeaderFails { at, replication_lag, .. } = *fault {
                self.span(&format!("{path}.at"), at, Least::Zero);
                self.span(&format!("{path}.replication_lag"), replication_lag, Least::Zero);
                continue;
            }
            if let Fault::Crash { victim, at, every, .. } = *fault {
                self.span(&format!("{path}.at"), at, Least::Zero);
                self.crash(&path, victim, every, &scenario.pipeline);
                continue;
            }
            if let Fault::MemberLeaves { at, .. } | Fault::MemberJoins { at, .. } = *fault {
                self.span(&format!("{path}.at"), at, Least::Zero);
                continue;
            }
            let (from, until) = fault.stretch(&scenario.log.rules());
            self.span(&format!("{path}.from"), from, Least::Zero);
            self.span(&format!("{path}.until"), until, Least::AboveZero);
            if from >= until {
                let (from, until) = (span_exact(from), span_exact(until));
                let message = format!("{from} is out of range: must be before until, {until}");
                self.add(&format!("{path}.from"), message);
            }
        }
    }

    fn fault_of_source(&mut self, path: &str, fault: &Fault, scenario: &Scenario) {
        let SourceSpec::Synthetic(source) = &scenario.source else {
            let message = match fault {
                Fault::LeaderFails { .. } => {
                    "the records are in the log already; leaders fail in front of a synthetic source only"
                }
                Fault::Offline { .. } => {
                    "the records have their arrivals; only producers of a synthetic source can be offline"
                }
                _ => "the records are as they are; this fault needs a synthetic source",
            };
            return self.add(path, message);
        };
        match fault {
            Fault::LeaderFails { partition, .. } => {
                self.partition(&format!("{path}.partition"), *partition, source.partitions.max(1));
            }
            Fault::Offline { key, .. } => self.named(path, Named { key: Some(key), ..Named::default() }, source),
            Fault::Silent { key, partition, producer, .. } => {
                self.named(path, Named { key: key.as_deref(), partition: *partition, producer: *producer }, source);
            }
            Fault::HotKey { key, share, .. } => {
                self.named(path, Named { key: Some(key), ..Named::default() }, source);
                self.number(&format!("{path}.share"), *share, (0.0..=1.0).contains(share), "0 to 1");
            }
            Fault::Burst { times, .. } => {
                let legal = *times > 0.0 && *times <= MAX_BURST;
                self.number(&format!("{path}.times"), *times, legal, "above 0, at most 1000");
            }
            Fault::ClockJump { producer, by, .. } => {
                self.named(path, Named { producer: Some(*producer), ..Named::default() }, source);
                if *by > SPAN_LIMIT || *by < -SPAN_LIMIT {
                    let message = format!("{} is out of range: must be -115740d to 115740d", span_exact(*by));
                    self.add(&format!("{path}.by"), message);
                }
            }
            Fault::Poison { key, partition, producer, share, defect, .. } => {
                self.named(path, Named { key: key.as_deref(), partition: *partition, producer: *producer }, source);
                self.number(&format!("{path}.share"), *share, (0.0..=1.0).contains(share), "0 to 1");
                self.defect(&format!("{path}.defect"), defect, &scenario.pipeline);
                if scenario.pipeline.group.is_some() && scenario.pipeline.gate.policy == GatePolicy::Crash {
                    let message = "bad records crash their reader, and members of a group do not crash; \
                                   pipeline.gate.policy must be Reject or DeadLetter";
                    self.add(path, message);
                }
            }
            Fault::SlowOperator { .. }
            | Fault::SlowSink { .. }
            | Fault::FailingSink { .. }
            | Fault::Crash { .. }
            | Fault::CheckpointStorage { .. }
            | Fault::NetworkPartition { .. }
            | Fault::MemberSilent { .. }
            | Fault::MemberStalls { .. }
            | Fault::MemberLeaves { .. }
            | Fault::MemberJoins { .. }
            | Fault::DeadLetterSink { .. } => {}
        }
    }

    fn fault_of_task(&mut self, path: &str, fault: &Fault, pipeline: &Pipeline) {
        if let Fault::SlowOperator { factor, .. }
        | Fault::SlowSink { factor, .. }
        | Fault::CheckpointStorage { factor, .. } = fault
        {
            let legal = (1.0..=MAX_FACTOR).contains(factor);
            self.number(&format!("{path}.factor"), *factor, legal, "1 to 1000000");
        }
        if let Fault::SlowOperator { task: Some(task), .. } = fault
            && *task >= pipeline.tasks.windows.max(1)
        {
            let last = pipeline.tasks.windows.max(1) - 1;
            let message = format!("{task} is out of range: must be 0 to {last}, the last window task");
            self.add(&format!("{path}.task"), message);
        }
        if let Fault::MemberSilent { task, .. }
        | Fault::MemberStalls { task, .. }
        | Fault::MemberLeaves { task, .. }
        | Fault::MemberJoins { task, .. } = *fault
        {
            self.fault_of_member(path, task, pipeline);
        }
        if let Fault::NetworkPartition { source, window, .. } = *fault {
            let tasks = [("source", source, pipeline.tasks.sources), ("window", window, pipeline.tasks.windows)];
            for (field, task, there_are) in tasks {
                if task >= there_are.max(1) {
                    let last = there_are.max(1) - 1;
                    let message = format!("{task} is out of range: must be 0 to {last}, the last {field} task");
                    self.add(&format!("{path}.{field}"), message);
                }
            }
        }
        if let Fault::FailingSink { retry_after, .. } = *fault
            && (retry_after < MIN_RETRY || retry_after > SPAN_LIMIT)
        {
            let message = format!("{} is out of range: must be at least 1ms, at most 115740d", span_exact(retry_after));
            self.add(&format!("{path}.retry_after"), message);
        }
    }

    /// Only what there is can crash, and not without end.
    fn crash(&mut self, path: &str, victim: Victim, every: Option<Span>, pipeline: &Pipeline) {
        if pipeline.group.is_some() {
            self.add(path, "members of a group do not crash: leave out pipeline.group, or make one silent");
        }
        if let Some(every) = every.filter(|&every| every < MIN_CRASH_INTERVAL || every > SPAN_LIMIT) {
            let message = format!("{} is out of range: must be at least 10ms, at most 115740d", span_exact(every));
            self.add(&format!("{path}.every"), message);
        }
        let tasks = &pipeline.tasks;
        let (task, there_are, kind) = match victim {
            Victim::Source(task) => (task, tasks.sources, "source"),
            Victim::Window(task) => (task, tasks.windows, "window"),
            Victim::Merge(task) => (task, if tasks.salts > 1 { tasks.windows } else { 0 }, "merge"),
            Victim::Sink | Victim::Coordinator | Victim::All => return,
        };
        if task >= there_are {
            let message = match there_are.checked_sub(1) {
                Some(last) => format!("{task} is out of range: must be 0 to {last}, the last {kind} task"),
                None => format!("there are no {kind} tasks"),
            };
            self.add(&format!("{path}.victim"), message);
        }
    }

    fn fault_of_member(&mut self, path: &str, task: u32, pipeline: &Pipeline) {
        if pipeline.group.is_none() {
            return self.add(path, "source tasks are members of nothing; this fault needs pipeline.group");
        }
        let last = pipeline.tasks.sources.max(1) - 1;
        if task > last {
            let message = format!("{task} is out of range: must be 0 to {last}, the last source task");
            self.add(&format!("{path}.task"), message);
        }
    }

    fn named(&mut self, path: &str, named: Named<'_>, source: &Synthetic) {
        if let Some(key) = named.key
            && source.keys.rank(key).is_none()
        {
            self.unknown_key(&format!("{path}.key"), key, &source.keys);
        }
        if let Some(partition) = named.partition {
            self.partition(&format!("{path}.partition"), partition, source.partitions.max(1));
        }
        let producers = source.producers.count.max(1);
        if let Some(producer) = named.producer.filter(|&producer| producer >= producers) {
            let message = format!("{producer} is out of range: must be 0 to {}, the last producer", producers - 1);
            self.add(&format!("{path}.producer"), message);
        }
    }

    fn defect(&mut self, path: &str, defect: &Defect, pipeline: &Pipeline) {
        match defect {
            Defect::MissingField(field) | Defect::WrongType(field) if !pipeline.gate.knows_field(field) => {
                let message = format!("{field:?} is no field: no version of pipeline.gate has it");
                self.add(path, message);
            }
            Defect::OutOfRange(value) => {
                let legal = value.abs() <= MAX_VALUE;
                self.number(path, *value, legal, "a number of at most 2^53 in magnitude");
            }
            Defect::MissingField(_) | Defect::WrongType(_) | Defect::Version(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn faults_are_checked() {
        check(
            &["faults=[SlowOperator(from: 2s, until: 1s, factor: 0.5), Offline(key: \"k2\", from: -1s, until: 1s)]"],
            &[
                "faults.0.factor: 0.5 is out of range: must be 1 to 1000000",
                "faults.0.from: 2s is out of range: must be before until, 1s",
                "faults.1.key: \"k2\" is not a key of the source (k1)",
                "faults.1.from: -1s is out of range: must be 0 or more, at most 115740d",
            ],
        );
        check(
            &["source=Recording(path: \"a.csv\")", "faults=[Offline(key: \"a\", from: 0s, until: 1s)]"],
            &["faults.0: the records have their arrivals; only producers of a synthetic source can be offline"],
        );
    }

    #[test]
    fn failing_leaders_are_checked() {
        let fails = "faults=[LeaderFails(partition: 4, at: -1s, replication_lag: -1s)]";
        check(
            &["source.partitions=4", fails],
            &[
                "faults.0.partition: 4 is out of range: must be 0 to 3, the last partition",
                "faults.0.at: -1s is out of range: must be 0 or more, at most 115740d",
                "faults.0.replication_lag: -1s is out of range: must be 0 or more, at most 115740d",
            ],
        );
        check(
            &["source=Recording(path: \"a.csv\")", "faults=[LeaderFails(partition: 0, at: 0s)]"],
            &["faults.0: the records are in the log already; leaders fail in front of a synthetic source only"],
        );
    }

    #[test]
    fn faults_of_a_source_are_checked() {
        check(
            &[
                "source.partitions=2",
                "faults=[Silent(key: \"k9\", partition: 2, producer: 1, from: 1s, until: 2s), \
                 HotKey(key: \"k1\", share: 1.5, from: 1s, until: 2s), \
                 Burst(times: 0, from: 1s, until: 2s), \
                 ClockJump(producer: 3, by: -100000d, from: 1s, until: 1s)]",
            ],
            &[
                "faults.0.key: \"k9\" is not a key of the source (k1)",
                "faults.0.partition: 2 is out of range: must be 0 to 1, the last partition",
                "faults.0.producer: 1 is out of range: must be 0 to 0, the last producer",
                "faults.1.share: 1.5 is out of range: must be 0 to 1",
                "faults.2.times: 0 is out of range: must be above 0, at most 1000",
                "faults.3.producer: 3 is out of range: must be 0 to 0, the last producer",
                "faults.3.from: 1s is out of range: must be before until, 1s",
            ],
        );
        check(
            &["source=Recording(path: \"a.csv\")", "faults=[Burst(times: 2, from: 0s, until: 1s)]"],
            &["faults.0: the records are as they are; this fault needs a synthetic source"],
        );
        // A burst makes records, and too many are too many.
        check(
            &["source.rate=30000", "faults=[Burst(times: 10, from: 0s, until: 60s)]"],
            &[
                "source.rate: 30000 per second, with bursts, over 10min would make about 34,200,000 records; the limit is \
               20,000,000; lower the rate or the duration",
            ],
        );
    }

    #[test]
    fn poison_is_checked() {
        check(
            &["faults=[Poison(share: -1, from: 1s, until: 2s, defect: MissingField(\"unit\")), \
               Poison(from: 1s, until: 2s, defect: OutOfRange(1e16)), \
               Poison(from: 1s, until: 2s, defect: Version(0)), \
               Poison(from: 1s, until: 2s, defect: WrongType(\"event_time\"))]"],
            &[
                "faults.0.share: -1 is out of range: must be 0 to 1",
                "faults.0.defect: \"unit\" is no field: no version of pipeline.gate has it",
                "faults.1.defect: 10000000000000000 is out of range: must be a number of at most 2^53 in magnitude",
            ],
        );
        let fields = "gate.versions=[(fields: [(name: \"value\", holds: Number), (name: \"unit\", holds: Text)])]";
        check(&[fields, "faults=[Poison(from: 1s, until: 2s, defect: MissingField(\"unit\"))]"], &[]);
    }

    #[test]
    fn faults_of_tasks_are_checked() {
        check(
            &[
                "tasks.windows=4",
                "faults=[SlowOperator(task: 4, from: 1s, until: 2s, factor: 2), \
                 SlowSink(from: 1s, until: 2s, factor: 1e7), \
                 FailingSink(from: 1s, until: 2s, retry_after: 999us), \
                 DeadLetterSink(from: 2s, until: 1s)]",
            ],
            &[
                "faults.0.task: 4 is out of range: must be 0 to 3, the last window task",
                "faults.1.factor: 10000000 is out of range: must be 1 to 1000000",
                "faults.2.retry_after: 999us is out of range: must be at least 1ms, at most 115740d",
                "faults.3.from: 2s is out of range: must be before until, 1s",
            ],
        );
        check(&["tasks.windows=4", "faults=[SlowOperator(task: 3, from: 1s, until: 2s, factor: 2)]"], &[]);
        // Members fail where there is a group.
        let members = "faults=[MemberSilent(task: 1, from: 1s, until: 1s), MemberStalls(task: 2, from: 1s, until: 2s), \
                       MemberLeaves(task: 0, at: -1s), MemberJoins(task: 0, at: 2s)]";
        check(
            &["tasks.sources=2", "pipeline.group=(assignor: cooperative-sticky)", members],
            &[
                "faults.0.from: 1s is out of range: must be before until, 1s",
                "faults.1.task: 2 is out of range: must be 0 to 1, the last source task",
                "faults.2.at: -1s is out of range: must be 0 or more, at most 115740d",
            ],
        );
        check(
            &["faults=[MemberJoins(task: 0, at: 2s)]"],
            &["faults.0: source tasks are members of nothing; this fault needs pipeline.group"],
        );
        check(
            &["pipeline.group=()", "faults=[Poison(from: 1s, until: 2s, defect: Version(2))]"],
            &[
                "faults.0: bad records crash their reader, and members of a group do not crash; pipeline.gate.policy must \
               be Reject or DeadLetter",
            ],
        );
        // What works on recordings too.
        check(&["source=Recording(path: \"a.csv\")", "faults=[FailingSink(from: 1s, until: 2s)]"], &[]);
    }
}
