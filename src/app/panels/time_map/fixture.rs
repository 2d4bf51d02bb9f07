//! Small runs for the tests of the panels. Instants are whole seconds; values are whole numbers,
//! so that sums do not depend on the order of adding.

use std::sync::Arc;

use crate::pipeline::{Aggregate, Pipeline, WatermarkSpec, WindowSpec};
use crate::record::{KeyTable, PartitionId, Row, Stream};
use crate::runtime::{RunConfig, Trace, run};
use crate::time::{EventTime, ProcTime, Span};

/// A span of whole seconds.
pub fn span(seconds: i64) -> Span {
    Span::from_secs(seconds)
}

/// An instant of event time in whole seconds.
pub fn event(seconds: i64) -> EventTime {
    EventTime::from_millis(seconds * 1000)
}

/// An instant of processing time in whole seconds.
pub fn at(seconds: i64) -> ProcTime {
    ProcTime::from_millis(seconds * 1000)
}

/// Tumbling windows of 10 s.
pub fn tumbling() -> WindowSpec {
    WindowSpec::Tumbling { size: span(10), offset: span(0) }
}

/// One of each kind of window.
pub fn window_kinds() -> [WindowSpec; 4] {
    [
        tumbling(),
        WindowSpec::Sliding { size: span(20), slide: span(5), offset: span(1) },
        WindowSpec::Sliding { size: span(4), slide: span(9), offset: span(0) },
        WindowSpec::Session { gap: span(6) },
    ]
}

fn pipeline(window: WindowSpec, bound: Span, allowed_lateness: Span, service_time: Span) -> Pipeline {
    Pipeline {
        window,
        watermark: WatermarkSpec::Bounded { bound },
        allowed_lateness,
        aggregate: Aggregate::Sum,
        service_time,
        queue_capacity: 8,
        ..Pipeline::default()
    }
}

/// A run over rows of (event second, arrival second, key), each with value 1.
pub fn trace_of(rows: &[(i64, i64, &str)], window: WindowSpec, bound: Span, lateness: Span) -> Trace {
    let mut keys = KeyTable::default();
    let rows = rows.iter().map(|&(happened, arrived, key)| Row {
        event_time: event(happened),
        arrival: at(arrived),
        key: keys.intern(key),
        value: 1.0,
        partition: PartitionId(0),
    });
    let rows = rows.collect();
    run_pipeline(&Arc::new(Stream::from_rows(rows, keys)), pipeline(window, bound, lateness, Span::ZERO))
}

/// A run over a disordered stream of `records` records and `keys` keys, about three records every
/// two seconds; bound 8 s, lateness 6 s. `service` is the operator's time for a record, in tenths of a second.
pub fn trace(records: usize, keys: u32, window: WindowSpec, service: i64) -> Trace {
    let mut table = KeyTable::default();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) % below
    };
    let rows = (0..records).map(|i| {
        let happened = i as i64 * 650_000 + draw(600_000) as i64;
        let delay = if draw(9) == 0 { draw(45_000_000) } else { draw(6_000_000) };
        let key = format!("k{}", draw(u64::from(keys)));
        Row {
            event_time: EventTime::from_micros(happened),
            arrival: ProcTime::from_micros(happened + delay as i64),
            key: table.intern(&key),
            value: draw(20) as f64 - 4.0,
            partition: PartitionId(0),
        }
    });
    let rows = rows.collect();
    let pipeline = pipeline(window, span(8), span(6), Span::from_millis(service * 100));
    run_pipeline(&Arc::new(Stream::from_rows(rows, table)), pipeline)
}

/// A run of `pipeline` without faults.
pub fn run_pipeline(stream: &Arc<Stream>, pipeline: Pipeline) -> Trace {
    run(stream, &RunConfig::plain(pipeline))
}

/// A finished run, prepared for drawing.
pub fn run_for_drawing(trace: Trace) -> crate::app::run::Run {
    let mut scenario = crate::scenario::Scenario::of_recording(std::path::Path::new("fixture.csv"), Default::default());
    scenario.pipeline = trace.pipeline.clone();
    crate::app::run::Run::new(scenario, Arc::new(trace), 1)
}

/// The first `length` records of a stream.
pub fn prefix(stream: &Stream, length: usize) -> Arc<Stream> {
    let rows = stream.records().take(length).map(|record| Row {
        event_time: record.event_time,
        arrival: stream.arrivals()[record.id.index()],
        key: record.key,
        value: record.value,
        partition: stream.partition(record.id),
    });
    Arc::new(Stream::from_rows(rows.collect(), stream.key_table().clone()))
}

/// Instants spread over a run, from before its first arrival to after its end.
pub fn instants(trace: &Trace, count: i64) -> Vec<ProcTime> {
    let (first, last) = trace.span().expect("records");
    let (first, length) = (first.micros() - 1_000_000, (last - first).micros() + 2_000_000);
    (0..=count).map(|i| ProcTime::from_micros(first + length / count * i)).collect()
}
