//! What a dragged knob costs: the run itself, and what the panels need of it.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use highwater::app::run::Run;
use highwater::runtime::{RunConfig, run};
use highwater::scenario::library;
use highwater::source::generate;

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

criterion_group!(benches, drag);
criterion_main!(benches);
