//! What a scenario asks of a run that threads do not keep: what goes wrong after the log, and limits
//! of the log towards its readers. What happens before the log is in the stream, and so is kept.
//!
//! Nothing is left out in silence: what is not kept is refused in words before anything starts.

use crate::log::egress::Egress;
use crate::pipeline::Problem;
use crate::record::Stream;
use crate::runtime::RunConfig;
use crate::scenario::Fault;
use crate::time::Span;

/// Everything in the scenario that a run on threads does not keep, with paths from the scenario; empty
/// when there is nothing. What the pipeline itself asks is
/// [`crate::runtime::threads::ThreadsConfig::problems_with`]'s to say. `keeps_work` says whether tasks take
/// the service times of the pipeline ([`crate::runtime::threads::Work`]), and so can be slowed down.
pub fn refusals(run: &RunConfig, stream: &Stream, keeps_work: bool) -> Vec<Problem> {
    let fault = |(place, fault): (usize, &Fault)| {
        let message = format!("{}: nothing on threads is slowed down or made to fail; leave it out", fault.in_words());
        let is_kept = fault.is_before_the_log() || (keeps_work && is_of_work(fault));
        (!is_kept).then(|| Problem::new(format!("faults.{place}"), message))
    };
    let mut found: Vec<Problem> = run.faults.iter().enumerate().filter_map(fault).collect();
    if Egress::new(&run.log, 1).limits() {
        found.push(Problem::new("log", "threads read as much as there is: leave out limits of reading"));
    }
    let arrivals = stream.arrivals_ascending();
    let lasts = arrivals.first().zip(arrivals.last()).map_or(Span::ZERO, |(&first, &last)| last - first);
    let is_short = run.log.retention_age.is_some_and(|age| age <= lasts);
    if is_short || run.log.retention_records.is_some() {
        let message = "for threads the log keeps everything: leave out a retention that the run could reach";
        found.push(Problem::new("log", message));
    }
    found
}

const fn is_of_work(fault: &Fault) -> bool {
    matches!(fault, Fault::SlowOperator { .. } | Fault::SlowSink { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogSpec;
    use crate::pipeline::Pipeline;
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::time::{EventTime, ProcTime};

    /// Two records, five seconds apart.
    fn stream() -> Stream {
        let mut keys = KeyTable::default();
        let key = keys.intern("a");
        let row = |secs: i64| Row {
            event_time: EventTime::EPOCH,
            arrival: ProcTime::from_millis(secs * 1_000),
            key,
            value: 1.0,
            partition: PartitionId(0),
        };
        Stream::from_rows(vec![row(0), row(5)], keys)
    }

    fn words(run: &RunConfig) -> Vec<String> {
        refusals(run, &stream(), false).iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
    }

    #[test]
    fn what_happens_after_the_log_is_refused_and_what_happens_before_it_is_kept() {
        let (from, until) = (Span::ZERO, Span::from_secs(1));
        let burst = Fault::Burst { times: 2.0, from, until };
        let slow = Fault::SlowSink { from, until, factor: 7.0 };
        let plain = RunConfig { faults: vec![burst.clone()], ..RunConfig::plain(Pipeline::default()) };
        assert_eq!(words(&plain), [""; 0]);
        assert_eq!(
            words(&RunConfig { faults: vec![burst.clone(), slow.clone()], ..plain.clone() }),
            ["faults.1: sink 7× slower: nothing on threads is slowed down or made to fail; leave it out"]
        );
    }

    #[test]
    fn tasks_that_are_given_work_can_be_slowed_down() {
        let (from, until) = (Span::ZERO, Span::from_secs(1));
        let slow = Fault::SlowOperator { task: None, from, until, factor: 7.0 };
        let failing = Fault::FailingSink { from, until, retry_after: until };
        let run = RunConfig { faults: vec![slow, failing], ..RunConfig::plain(Pipeline::default()) };
        let paths: Vec<String> = refusals(&run, &stream(), true).into_iter().map(|it| it.path).collect();
        assert_eq!(paths, ["faults.1"]);
    }

    #[test]
    fn a_log_that_keeps_everything_long_enough_is_no_limit() {
        let plain = RunConfig::plain(Pipeline::default());
        let with = |log: LogSpec| words(&RunConfig { log: log.rules(), ..plain.clone() });
        let keeps = |secs| LogSpec { retention_age: Some(Span::from_secs(secs)), ..LogSpec::default() };
        assert_eq!(with(keeps(6)), [""; 0]);
        let short = ["log: for threads the log keeps everything: leave out a retention that the run could reach"];
        assert_eq!(with(keeps(5)), short);
        assert_eq!(with(LogSpec { retention_records: Some(9), ..LogSpec::default() }), short);
        let reads = LogSpec { reads_per_s: Some(5), ..LogSpec::default() };
        assert_eq!(with(reads), ["log: threads read as much as there is: leave out limits of reading"]);
    }
}
