//! Random faults of every kind, at random times within the run. All are over some time before its end.

use crate::chaos::draw::Drawer;
use crate::gate::Defect;
use crate::pipeline::Pipeline;
use crate::scenario::{Fault, Silence, Synthetic};
use crate::time::Span;

/// Up to four faults.
pub(super) fn faults(drawer: &mut Drawer, duration: Span, source: &Synthetic, pipeline: &Pipeline) -> Vec<Fault> {
    let count = drawer.pick(&[0, 1, 1, 2, 2, 3, 4]);
    (0..count).map(|_| fault(drawer, duration, source, pipeline)).collect()
}

fn fault(drawer: &mut Drawer, duration: Span, source: &Synthetic, pipeline: &Pipeline) -> Fault {
    let from = drawer.millis(0, duration.micros() / 1_000 / 2);
    let until = from + drawer.millis(1, duration.micros() / 1_000 / 3);
    let rank = drawer.number(0, source.keys.count() - 1);
    let key = source.keys.name(rank).into_owned();
    let partition = drawer.number(0, source.partitions - 1);
    let producer = drawer.number(0, source.producers.count - 1);
    let factor = f64::from(drawer.number(2, 20));
    match drawer.number(0, 12) {
        0 => Fault::Offline { key, from, until },
        1 | 2 => Fault::Silent {
            key: drawer.one_in(3).then_some(key),
            partition: drawer.one_in(2).then_some(partition),
            producer: None,
            from,
            until,
            records: drawer.pick(&[Silence::Stop, Silence::Hold]),
        },
        3 => Fault::HotKey { key, share: 0.8, from, until },
        4 => Fault::Burst { times: f64::from(drawer.number(2, 5)), from, until },
        5 => Fault::ClockJump { producer, by: drawer.millis(-5_000, 5_000), from, until },
        6 => Fault::Poison {
            key: drawer.one_in(2).then_some(key),
            partition: drawer.one_in(2).then_some(partition),
            producer: None,
            share: f64::from(drawer.number(1, 10)) / 10.0,
            from,
            until,
            defect: Defect::MissingField("value".to_owned()),
        },
        7 => Fault::LeaderFails { partition, at: from, replication_lag: drawer.millis(0, 500) },
        8 | 9 => {
            let task = drawer.one_in(2).then(|| drawer.number(0, pipeline.tasks.windows - 1));
            Fault::SlowOperator { task, from, until, factor }
        }
        10 => Fault::SlowSink { from, until, factor },
        11 => Fault::FailingSink { from, until, retry_after: drawer.millis(10, 1_000) },
        _ => Fault::DeadLetterSink { from, until },
    }
}
