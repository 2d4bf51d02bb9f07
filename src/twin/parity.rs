//! Parity: what the stream said, what a replay of the log says, and what a batch over the log says,
//! window by window.
//!
//! The replay is the Kappa architecture (Jay Kreps, "Questioning the Lambda Architecture", 2014): the same
//! pipeline reads the log again from the start, as fast as it can. The batch is the other layer of the
//! Lambda architecture (Nathan Marz, "How to beat the CAP theorem", 2011): the answer over everything that
//! the log holds. A replay differs from the stream where results depend on processing time: watermarks that
//! follow the clock, processing-time triggers, partitions that are read against each other.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;

use crate::human::count;
use crate::oracle::{Truth, special_truth};
use crate::record::Stream;
use crate::runtime::{Ledger, RunConfig, Trace, run};
use crate::time::ProcTime;
use crate::twin::{Place, answers};

/// How far three ways to the same answer agree. A way agrees on a window when it says the same value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parity {
    /// Windows that the batch has.
    pub windows: usize,
    /// Of those, windows of which the stream said nothing by the end: not complete yet, or all dropped.
    pub stream_silent: usize,
    /// Of those, windows of which the stream says what the batch says.
    pub stream_equals_batch: usize,
    /// Windows of which the replay said nothing by the end.
    pub replay_silent: usize,
    /// Windows of which the replay says what the batch says.
    pub replay_equals_batch: usize,
    /// Windows of the batch of which replay and stream say the same, silence included.
    pub replay_equals_stream: usize,
    /// Where every record is at the end of the replay.
    pub replay_ledger: Ledger,
    /// Seconds of processing time that the replay took.
    pub replay_s: f64,
}

/// Compares a finished run with a replay of its log, which is `stream`, and with the batch over it.
///
/// # Panics
/// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]); that of a run has none.
pub fn parity(trace: &Trace, stream: &Stream, config: &RunConfig) -> Parity {
    let all_there = stream.arrivals_ascending().last().copied().unwrap_or(ProcTime::EPOCH);
    let log = Arc::new(stream.in_log_at(all_there));
    let config = RunConfig { faults: Vec::new(), ..config.clone() };
    let replay = run(&log, &config);
    let of_batch = batch(trace);
    let [of_stream, of_replay] = [trace, &replay].map(values);
    let same =
        |values: &BTreeMap<Place<'_>, u64>| of_batch.iter().filter(|(at, value)| values.get(at) == Some(value)).count();
    let silent = |values: &BTreeMap<Place<'_>, u64>| of_batch.keys().filter(|at| !values.contains_key(at)).count();
    let replay_s = replay.span().map_or(0.0, |(_, last)| (last - all_there).as_secs_f64());
    Parity {
        windows: of_batch.len(),
        stream_silent: silent(&of_stream),
        stream_equals_batch: same(&of_stream),
        replay_silent: silent(&of_replay),
        replay_equals_batch: same(&of_replay),
        replay_equals_stream: of_batch.keys().filter(|at| of_stream.get(at) == of_replay.get(at)).count(),
        replay_ledger: replay.ledger,
        replay_s,
    }
}

/// By window: the bits of the last value said. Nothing, where the last pane has no value.
fn values(trace: &Trace) -> BTreeMap<Place<'_>, u64> {
    answers(trace).into_iter().filter_map(|(at, answer)| Some((at, answer.value?.to_bits()))).collect()
}

/// By window: the bits of the value over everything in the log.
fn batch(trace: &Trace) -> BTreeMap<Place<'_>, u64> {
    let (stream, aggregate) = (&trace.stream, trace.pipeline.aggregate);
    let keys = stream.key_table();
    if aggregate.is_special() {
        let truth = special_truth(stream, trace.pipeline.window, aggregate);
        let windows = truth.windows().iter();
        return windows.map(|(&(key, window), value)| ((window, keys.name(key)), value.to_bits())).collect();
    }
    let truth = Truth::of(stream, trace.pipeline.window);
    let value = |(&(key, window), summary): (&(_, _), &crate::window::aggregate::Summary)| {
        Some(((window, keys.name(key)), summary.value(aggregate)?.to_bits()))
    };
    truth.windows().iter().filter_map(value).collect()
}

impl Parity {
    /// For people, ending with a line break.
    pub fn in_words(&self) -> String {
        let mut out = String::new();
        let number = |value: usize| count(value as u64);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "Parity       {:>12} windows in a batch over the log", number(self.windows));
        for (who, same, silent) in [
            ("stream", self.stream_equals_batch, self.stream_silent),
            ("replay", self.replay_equals_batch, self.replay_silent),
        ] {
            let other = self.windows - same - silent;
            let _ = writeln!(
                out,
                "             {:>12} the same in the {who}; {} other, {} not said",
                number(same),
                number(other),
                number(silent)
            );
        }
        let _ = writeln!(out, "             {:>12} the same in replay and stream", number(self.replay_equals_stream));
        let _ = writeln!(out, "             {:>10.3} s for the replay", self.replay_s);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{AtEnd, Emit, Pipeline, WatermarkOptions, WatermarkSpec, WindowSpec};
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::time::{EventTime, Span};

    /// Event times in seconds, one record a second from 20 s on.
    fn stream(times: &[i64]) -> Arc<Stream> {
        let mut keys = KeyTable::default();
        let key = keys.intern("a");
        let row = |(i, &t): (usize, &i64)| Row {
            event_time: EventTime::from_millis(t * 1_000),
            arrival: ProcTime::from_millis(20_000 + i as i64 * 1_000),
            key,
            value: 1.0,
            partition: PartitionId(0),
        };
        Arc::new(Stream::from_rows(times.iter().enumerate().map(row).collect(), keys))
    }

    fn pipeline(watermark: WatermarkSpec) -> Pipeline {
        let window = WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO };
        Pipeline { watermark, window, at_end: AtEnd::Flush, ..Pipeline::default() }
    }

    fn parity_of(times: &[i64], pipeline: Pipeline) -> Parity {
        let config = RunConfig::plain(pipeline);
        let stream = stream(times);
        parity(&run(&stream, &config), &stream, &config)
    }

    #[test]
    fn where_event_time_decides_the_replay_says_what_the_stream_said() {
        // 4 comes when 15 has been seen: dropped in both, and only the batch counts it.
        let parity = parity_of(&[1, 3, 12, 15, 4, 25], pipeline(WatermarkSpec::Monotonous));
        assert_eq!((parity.windows, parity.stream_equals_batch, parity.replay_equals_batch), (3, 2, 2));
        assert_eq!((parity.replay_equals_stream, parity.stream_silent, parity.replay_silent), (3, 0, 0));
        assert_eq!(parity.replay_ledger.dropped_late, 1);
        assert_eq!(parity.replay_s, 0.0);
    }

    #[test]
    fn where_the_clock_decides_a_replay_is_another_run() {
        // The watermark is 15 s behind the clock, every second: 20 s + 4 s - 15 s = 9 s when 4 comes, in time. In
        // the replay all come at once at 25 s, before the first tick.
        let interval = Span::from_secs(1);
        let watermark_options = WatermarkOptions { emit: Emit::Periodic { interval }, ..WatermarkOptions::default() };
        let watermark = WatermarkSpec::FixedLag { lag: Span::from_secs(12) };
        let parity = parity_of(&[1, 3, 12, 15, 4, 25], Pipeline { watermark_options, ..pipeline(watermark) });
        assert_eq!((parity.windows, parity.stream_equals_batch, parity.replay_equals_batch), (3, 2, 3));
        assert_eq!(parity.replay_equals_stream, 2);
    }
}
