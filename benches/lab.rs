//! What a dragged knob costs: the run itself, and what the panels need of it. And the standard jobs.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use highwater::app::run::Run;
use highwater::bench::{Job, Sim, engine, yardstick};
use highwater::record::Record;
use highwater::runtime::{RunConfig, run};
use highwater::scenario::library;
use highwater::source::generate;

/// Records of a standard job: fewer than `highwater bench` has, so that many samples are quick.
const RECORDS: u32 = 1_000_000;

fn drag(c: &mut Criterion) {
    for slug in ["trams-tunnel", "twenty-thousand"] {
        let scenario = library::find(slug).and_then(|built_in| built_in.scenario().ok()).expect("a built-in scenario");
        let stream = Arc::new(generate(&scenario).expect("built-in scenarios generate"));
        let config = RunConfig::of(&scenario, &stream);
        c.bench_function(&format!("{slug}: run"), |b| b.iter(|| run(black_box(&stream), &config)));
        let trace = Arc::new(run(&stream, &config));
        let known = Run::new(scenario.clone(), Arc::clone(&trace), 1);
        c.bench_function(&format!("{slug}: run and prepare for drawing, bound dragged"), |b| {
            b.iter(|| {
                let trace = Arc::new(run(black_box(&stream), &config));
                Run::with_known(scenario.clone(), trace, 2, Arc::clone(&known.truth), Arc::clone(&known.delays))
            });
        });
        c.bench_function(&format!("{slug}: run and prepare for drawing, window dragged"), |b| {
            b.iter(|| Run::new(scenario.clone(), Arc::new(run(black_box(&stream), &config)), 2));
        });
    }
}

/// A hundred thousand records through four source tasks and four window tasks, in the memory of the run before,
/// as the lab runs them while a knob is dragged.
fn four_tasks(c: &mut Criterion) {
    let sim = Sim::new().expect("a built-in scenario");
    let mut last = Some(sim.run());
    c.bench_function("four-tasks: run", |b| {
        b.iter(|| last = last.take().map(|last| sim.run_in_place_of(black_box(last))));
    });
}

/// The standard jobs: the engine, and beside it the loop that was written by hand.
fn jobs(c: &mut Criterion) {
    for job in [Job::W1, Job::W2, Job::W3] {
        let small = Job::generate(RECORDS);
        let records: Vec<Record> = (0..RECORDS).zip(&small).map(|(id, record)| record.widen(id)).collect();
        let pipeline = job.pipeline();
        let mut group = c.benchmark_group(job.name());
        group.throughput(Throughput::Elements(u64::from(RECORDS))).sample_size(20);
        group.bench_function("engine", |b| b.iter(|| engine::run(&pipeline, black_box(&records))));
        group.bench_function("yardstick", |b| b.iter(|| yardstick::run(job, black_box(&small))));
        group.finish();
    }
}

criterion_group!(benches, drag, four_tasks, jobs);
criterion_main!(benches);
