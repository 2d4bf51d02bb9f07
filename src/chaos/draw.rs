//! A scenario from a seed: a small stream with every kind of disorder, a random pipeline, and faults.
//!
//! Every scenario is legal ([`Scenario::problems`] is empty), has at most some two hundred records, and
//! can be written to a file and opened in the lab.

use crate::chaos::draw_faults::faults;
use crate::chaos::draw_pipeline::pipeline;
use crate::chaos::draw_recovery::{add_failures, keep_everything};
use crate::log::{LogSpec, Ordering};
use crate::rng::{Draws, Seed};
use crate::scenario::{
    Acks, Deal, DelaySpec, Fault, KeySpec, Partitioner, ProducersSpec, RateShape, SCENARIO_VERSION, Scenario,
    SourceSpec, Spacing, Synthetic, ValueSpec, WeightedDelay,
};
use crate::time::Span;

/// After so many illegal draws the seed gives a plain scenario.
const MAX_TRIES: u32 = 1_000;

/// Draws of one seed.
pub(super) struct Drawer(pub Draws);

impl Drawer {
    /// Once in `n` times.
    pub fn one_in(&mut self, n: i64) -> bool {
        self.0.integer(1, n) == 1
    }

    /// One of these, equally often.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let last = i64::try_from(from.len()).unwrap_or(1) - 1;
        from[usize::try_from(self.0.integer(0, last)).unwrap_or(0)].clone()
    }

    /// A whole number of milliseconds, both ends included.
    pub fn millis(&mut self, min: i64, max: i64) -> Span {
        Span::from_millis(self.0.integer(min, max))
    }

    /// A small number, both ends included.
    pub fn number(&mut self, min: u32, max: u32) -> u32 {
        u32::try_from(self.0.integer(i64::from(min), i64::from(max))).unwrap_or(min)
    }
}

/// The scenario of a seed.
pub fn scenario(seed: u64) -> Scenario {
    let mut drawer = Drawer(Seed::new(seed).stream("chaos"));
    for _ in 0..MAX_TRIES {
        let drawn = draw(&mut drawer, seed);
        if drawn.problems().is_empty() {
            return drawn;
        }
    }
    Scenario { source: SourceSpec::Synthetic(Synthetic::default()), ..bare(seed) }
}

fn bare(seed: u64) -> Scenario {
    Scenario {
        version: SCENARIO_VERSION,
        title: format!("Chaos {seed}"),
        about: format!("Drawn from seed {seed} by highwater chaos."),
        seed,
        duration: Span::from_secs(10),
        source: SourceSpec::Synthetic(Synthetic::default()),
        join: None,
        log: LogSpec::default(),
        pipeline: crate::pipeline::Pipeline::default(),
        faults: Vec::new(),
        by_hand: Vec::new(),
        alerts: Vec::new(),
        lesson: None,
        goals: Vec::new(),
    }
}

fn draw(drawer: &mut Drawer, seed: u64) -> Scenario {
    let duration = drawer.millis(4_000, 30_000);
    let source = source(drawer);
    let mut pipeline = pipeline(drawer, &source);
    let mut faults = faults(drawer, duration, &source, &pipeline);
    let mut log = log(drawer);
    if drawer.one_in(2) {
        add_failures(drawer, duration, &mut pipeline, &mut faults);
        if drawer.one_in(2) {
            // Nothing is given up on purpose: what readers are left with can be held against the batch answer.
            keep_everything(&mut pipeline);
            log = LogSpec::default();
            faults.retain(|fault| !matches!(fault, Fault::Poison { .. }));
        }
    }
    Scenario { duration, log, pipeline, faults, source: SourceSpec::Synthetic(source), ..bare(seed) }
}

fn source(drawer: &mut Drawer) -> Synthetic {
    let count = drawer.number(1, 6);
    let keys = match drawer.number(0, 3) {
        0 => KeySpec::Zipf { count, exponent: 1.0, names: Vec::new() },
        1 => KeySpec::Hot { count, share: 0.8, names: Vec::new() },
        _ => KeySpec::Uniform { count, names: Vec::new() },
    };
    let spacing = [
        Spacing::Regular,
        Spacing::Poisson,
        Spacing::Poisson,
        Spacing::Bursts { active: Span::from_secs(2), silent: Span::from_secs(2) },
    ];
    let partitions = drawer.number(1, 5);
    Synthetic {
        rate: f64::from(drawer.number(2, 14)) / 2.0,
        rate_shape: if drawer.one_in(6) {
            RateShape::Burst { from: Span::from_secs(2), length: Span::from_secs(2), rate: 12.0, every: None }
        } else {
            RateShape::Constant
        },
        arrivals: drawer.pick(&spacing),
        keys,
        // Whole numbers: sums are the same in any order.
        values: ValueSpec::Integers { min: -5, max: 9 },
        delay: delay(drawer),
        partitions,
        partitioner: drawer.pick(&[
            Partitioner::KeyHash,
            Partitioner::KeyHash,
            Partitioner::RoundRobin,
            Partitioner::Sticky { records: 5 },
        ]),
        producers: producers(drawer),
        ..Synthetic::default()
    }
}

fn delay(drawer: &mut Drawer) -> DelaySpec {
    let max = Span::from_secs(20);
    let one = |drawer: &mut Drawer| match drawer.number(0, 4) {
        0 => DelaySpec::Constant { delay: drawer.millis(0, 2_000) },
        1 => DelaySpec::Uniform { min: Span::ZERO, max: drawer.millis(0, 4_000) },
        2 => DelaySpec::Exponential { mean: drawer.millis(1, 2_000), max },
        3 => DelaySpec::Pareto { scale: drawer.millis(10, 500), shape: 1.2, max },
        _ => DelaySpec::LogNormal { median: drawer.millis(10, 1_000), sigma: 1.0, max },
    };
    if drawer.one_in(4) {
        let parts = [(9.0, one(drawer)), (1.0, one(drawer))];
        DelaySpec::Mixture(parts.into_iter().map(|(weight, delay)| WeightedDelay { weight, delay }).collect())
    } else {
        one(drawer)
    }
}

fn producers(drawer: &mut Drawer) -> ProducersSpec {
    if !drawer.one_in(4) {
        return ProducersSpec { count: drawer.number(1, 3), ..ProducersSpec::default() };
    }
    ProducersSpec {
        count: drawer.number(1, 4),
        deal: drawer.pick(&[Deal::ByChance, Deal::ByKey]),
        clock_offset: drawer.millis(0, 500),
        loss: f64::from(drawer.number(0, 3)) / 10.0,
        ack_loss: f64::from(drawer.number(0, 3)) / 10.0,
        acks: drawer.pick(&[Acks::Zero, Acks::One, Acks::All]),
        idempotent: drawer.one_in(2),
        request_timeout: drawer.millis(100, 3_000),
        delivery_timeout: Span::from_secs(10),
        ..ProducersSpec::default()
    }
}

fn log(drawer: &mut Drawer) -> LogSpec {
    let mut log = LogSpec::default();
    if drawer.one_in(12) {
        log.retention_records = Some(u64::from(drawer.number(3, 40)));
    }
    if drawer.one_in(12) {
        log.retention_age = Some(drawer.millis(1_000, 10_000));
    }
    if drawer.one_in(10) {
        log.ordering = Some(drawer.pick(&[Ordering::PerKey, Ordering::Unordered]));
        log.delivery_jitter = Some(drawer.millis(0, 1_000));
    }
    if drawer.one_in(12) {
        log.reads_per_s = Some(u64::from(drawer.number(1, 5)));
        log.records_per_read = Some(drawer.number(1, 4));
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_gives_a_legal_scenario_and_always_the_same() {
        let mut with_faults = 0;
        for seed in 0..300 {
            let drawn = scenario(seed);
            assert_eq!(drawn.problems(), [], "seed {seed}");
            assert_eq!(drawn, scenario(seed), "seed {seed}");
            with_faults += usize::from(!drawn.faults.is_empty());
        }
        assert!(with_faults > 150, "{with_faults} of 300 have faults");
    }

    #[test]
    fn what_is_drawn_can_be_written_to_a_file_and_read_back() {
        for seed in 0..10 {
            let drawn = scenario(seed);
            let text = drawn.to_ron();
            assert_eq!(crate::scenario::parse(&text, "drawn").as_ref(), Ok(&drawn), "{text}");
        }
    }
}
