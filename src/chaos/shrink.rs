//! The smallest scenario that still breaks the same promise: whatever can be left out is left out, one
//! thing at a time, until nothing more can be (delta debugging, Zeller and Hildebrandt 2002).

use crate::chaos::{Invariant, examine};
use crate::pipeline::{CheckpointSpec, Pipeline, Tasks, WatermarkOptions};
use crate::runtime::Sabotage;
use crate::scenario::{DelaySpec, Fault, KeySpec, ProducersSpec, RateShape, Scenario, SourceSpec, Synthetic};
use crate::time::Span;

/// After so many runs the search ends with what it has.
const MAX_RUNS: u32 = 2_000;

/// Makes a scenario that breaks a promise smaller, as long as that promise stays broken.
pub fn shrink(scenario: &Scenario, invariant: Invariant, sabotage: Option<Sabotage>) -> Scenario {
    let fails = |candidate: &Scenario| {
        candidate.problems().is_empty()
            && examine(candidate, sabotage).violation.is_some_and(|violation| violation.invariant == invariant)
    };
    shrink_while(scenario, fails)
}

/// Makes a scenario smaller, as long as `fails` says yes.
pub fn shrink_while(scenario: &Scenario, fails: impl Fn(&Scenario) -> bool) -> Scenario {
    let mut smallest = scenario.clone();
    let mut runs = 0;
    loop {
        let Some(smaller) = candidates(&smallest).into_iter().filter(|candidate| *candidate != smallest).find(|it| {
            runs += 1;
            runs <= MAX_RUNS && fails(it)
        }) else {
            return smallest;
        };
        smallest = smaller;
    }
}

/// Scenarios that are one step simpler, the largest steps first.
fn candidates(scenario: &Scenario) -> Vec<Scenario> {
    let mut found = Vec::new();
    if !scenario.faults.is_empty() {
        found.push(Scenario { faults: Vec::new(), ..scenario.clone() });
    }
    for place in 0..scenario.faults.len() {
        let mut faults: Vec<Fault> = scenario.faults.clone();
        faults.remove(place);
        found.push(Scenario { faults, ..scenario.clone() });
    }
    let shorter = |parts: i64| Span::from_micros(scenario.duration.micros() / 4 * parts);
    if scenario.duration > Span::from_secs(1) {
        found.extend([2, 3].map(|parts| Scenario { duration: shorter(parts), ..scenario.clone() }));
    }
    found.push(Scenario { log: crate::log::LogSpec::default(), ..scenario.clone() });
    found.extend(pipelines(&scenario.pipeline).map(|pipeline| Scenario { pipeline, ..scenario.clone() }));
    if let SourceSpec::Synthetic(source) = &scenario.source {
        let simpler = sources(source).map(SourceSpec::Synthetic);
        found.extend(simpler.map(|source| Scenario { source, ..scenario.clone() }));
    }
    found
}

/// The same pipeline with one part of it as it is when nothing is said.
fn pipelines(pipeline: &Pipeline) -> impl Iterator<Item = Pipeline> {
    let plain = Pipeline::default();
    let tasks = pipeline.tasks;
    let of_tasks = |tasks: Tasks| Pipeline { tasks, ..pipeline.clone() };
    let plain_tasks = Tasks::default();
    vec![
        of_tasks(plain_tasks),
        of_tasks(Tasks { sources: 1, ..tasks }),
        of_tasks(Tasks { windows: 1, ..tasks }),
        of_tasks(Tasks { salts: 1, ..tasks }),
        of_tasks(Tasks { jitter: 0.0, source_time: Span::ZERO, sink_time: Span::ZERO, ..tasks }),
        of_tasks(Tasks { sink_capacity: plain_tasks.sink_capacity, ..tasks }),
        of_tasks(Tasks { overflow: plain_tasks.overflow, micro_batch: None, ..tasks }),
        Pipeline { watermark_options: WatermarkOptions::default(), ..pipeline.clone() },
        Pipeline { watermark: plain.watermark, ..pipeline.clone() },
        Pipeline { trigger: plain.trigger, accumulation: plain.accumulation, ..pipeline.clone() },
        Pipeline { allowed_lateness: Span::ZERO, ..pipeline.clone() },
        Pipeline { service_time: Span::ZERO, ..pipeline.clone() },
        Pipeline { queue_capacity: plain.queue_capacity, ..pipeline.clone() },
        Pipeline { gate: plain.gate, restart: plain.restart, ..pipeline.clone() },
        Pipeline { late: plain.late, aggregate: plain.aggregate, at_end: plain.at_end, ..pipeline.clone() },
        Pipeline { checkpoints: None, sink: plain.sink, delivery: plain.delivery, ..pipeline.clone() },
        Pipeline { checkpoints: pipeline.checkpoints.map(simpler), ..pipeline.clone() },
        Pipeline { heartbeats: plain.heartbeats, ..pipeline.clone() },
        Pipeline { dialect: plain.dialect, ..pipeline.clone() },
        Pipeline { window: plain.window, ..pipeline.clone() },
    ]
    .into_iter()
}

fn simpler(spec: CheckpointSpec) -> CheckpointSpec {
    CheckpointSpec { interval: spec.interval, bandwidth: spec.bandwidth, ..CheckpointSpec::default() }
}

fn sources(source: &Synthetic) -> impl Iterator<Item = Synthetic> {
    let plain = Synthetic::default();
    vec![
        Synthetic { rate: source.rate / 2.0, ..source.clone() },
        Synthetic { keys: KeySpec::Uniform { count: 1, names: Vec::new() }, ..source.clone() },
        Synthetic { partitions: 1, ..source.clone() },
        Synthetic { delay: DelaySpec::Constant { delay: Span::ZERO }, ..source.clone() },
        Synthetic { producers: ProducersSpec::default(), ..source.clone() },
        Synthetic { rate_shape: RateShape::Constant, arrivals: plain.arrivals, ..source.clone() },
        Synthetic { partitioner: plain.partitioner, ..source.clone() },
        Synthetic { values: plain.values, ..source.clone() },
    ]
    .into_iter()
    .filter(|source| source.rate >= 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out_and_what_matters_stays() {
        let drawn = (0..).map(crate::chaos::scenario).find(|it| it.faults.len() > 2 && it.pipeline.tasks.windows > 1);
        let drawn = drawn.expect("there are many");
        let smallest = shrink_while(&drawn, |it| it.problems().is_empty() && it.pipeline.tasks.windows > 1);
        assert_eq!(smallest.faults, []);
        assert_eq!(smallest.pipeline.tasks, Tasks { windows: drawn.pipeline.tasks.windows, ..Tasks::default() });
        assert_eq!(smallest.pipeline.window, Pipeline::default().window);
        assert!(smallest.duration <= Span::from_secs(1), "{}", smallest.duration);
    }
}
