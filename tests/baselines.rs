//! The usual rules beside the tuner: one engine runs them all, and no fixed rule is sooner at equal completeness.

use std::ops::ControlFlow;
use std::sync::Arc;

use highwater::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{Columns, PartitionId, Stream};
use highwater::rng::Seed;
use highwater::runtime::{RunConfig, run};
use highwater::time::Span;
use highwater::tuner::advice::streams::{Kind, sample};
use highwater::tuner::baseline::{Baselines, baselines, in_words};

fn compare(stream: &Arc<Stream>, size: Span, bound: Span, lateness: Span) -> Baselines {
    let window = WindowSpec::Tumbling { size, offset: Span::ZERO };
    let config = RunConfig::plain(Pipeline { watermark: WatermarkSpec::Bounded { bound }, ..Pipeline::default() });
    baselines(stream, &config, window, lateness, &|_| ControlFlow::Continue(())).expect("nobody breaks off")
}

/// The same records, dealt out to so many partitions.
fn partitioned(stream: &Stream, partitions: u32) -> Arc<Stream> {
    let columns = Columns {
        event_times: stream.event_times().to_vec(),
        arrivals: stream.arrivals().to_vec(),
        keys: stream.keys().to_vec(),
        values: stream.values().to_vec(),
        partitions: stream.keys().iter().map(|key| PartitionId(key.0 % partitions)).collect(),
        partition_count: partitions,
    };
    Arc::new(Stream::from_columns(columns, stream.key_table().clone()))
}

#[test]
fn every_rule_is_what_a_run_with_it_says() {
    let made = sample(Kind::OfflineKeys, Seed::new(11));
    let (stream, size) = (partitioned(&made.stream, 3), made.window);
    let found = compare(&stream, size, size, Span::ZERO);
    let names: Vec<&str> = found.rows.iter().map(|row| row.rule.name).collect();
    let expected = ["fixed", "1.5 x p99", "2 x p99", "running p99", "adaptive", "k-slack", "per-partition", "perfect"];
    assert_eq!(names, expected);
    for row in &found.rows {
        let mut pipeline = Pipeline {
            watermark: row.rule.watermark,
            window: found.window,
            allowed_lateness: found.lateness,
            ..Pipeline::default()
        };
        pipeline.watermark_options.per_partition = row.rule.per_partition;
        let trace = run(&stream, &RunConfig::plain(pipeline));
        assert_eq!(row.point.counts.dropped, trace.ledger.dropped_late, "{}", row.rule.name);
    }
    let perfect = found.rows.last().expect("there are rows");
    assert_eq!((perfect.point.counts.dropped, perfect.point.completeness), (0, 1.0));
}

#[test]
fn the_tuner_is_as_complete_and_no_fixed_rule_is_sooner() {
    for (seed, kind) in Kind::ALL.into_iter().enumerate() {
        let made = sample(kind, Seed::new(seed as u64));
        let (stream, size) = (Arc::new(made.stream), made.window);
        for lateness in [Span::ZERO, size] {
            let found = compare(&stream, size, size + size, lateness);
            assert_eq!((found.records, found.rows.len()), (stream.len(), 7));
            for row in &found.rows {
                let tuned = row.tuned.as_ref().expect("a closed form");
                assert!(tuned.counts.dropped <= row.point.counts.dropped, "{} {}", kind.name(), row.rule.name);
                assert_eq!(tuned.setting.lateness, lateness);
                if let WatermarkSpec::Bounded { bound } = row.rule.watermark {
                    assert!(tuned.setting.bound <= bound, "{} {}", kind.name(), row.rule.name);
                    let later = |point: &highwater::tuner::Point| point.result_latency_s.p99;
                    assert!(later(tuned) <= later(&row.point), "{} {}", kind.name(), row.rule.name);
                }
            }
            let words = in_words(&found);
            assert_eq!(words.lines().count(), 2 * 7 + 2, "{words}");
        }
    }
}

#[test]
fn the_rule_of_thumb_costs_time_where_delays_have_one_scale() {
    // Log-normal delays: twice the 99 % quantile is far more than even the last record needs.
    let made = sample(Kind::LogNormal, Seed::new(3));
    let stream = Arc::new(made.stream);
    let found = compare(&stream, made.window, made.window, Span::ZERO);
    let row = found.rows.iter().find(|row| row.rule.name == "2 x p99").expect("it is there");
    let tuned = row.tuned.as_ref().expect("a closed form");
    let (its, ours) = (row.point.result_latency_s.p99, tuned.result_latency_s.p99);
    assert!(ours < its, "{ours:?} {its:?}");
    assert!(in_words(&found).contains("sooner"), "{}", in_words(&found));
}
