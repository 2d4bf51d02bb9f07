//! Which producer sends a record, and what its clock shows.
//!
//! A wrong clock changes the event time that is written, and nothing else: when a record happened and
//! when it reaches the log stay as they are.

use crate::production::{ClockError, ProducerId};
use crate::rng::Seed;
use crate::scenario::{Deal, ProducersSpec};
use crate::time::{EventTime, Span};

/// Who sends each record, by the ranks of their keys; empty for a single producer. One draw for each
/// record from the stream `producer`, when they are dealt by chance.
pub fn deal(spec: &ProducersSpec, ranks: &[u32], seed: Seed) -> Vec<ProducerId> {
    if spec.count <= 1 {
        return Vec::new();
    }
    // There are at most 1,000 producers.
    let id = |producer: u32| ProducerId(producer as u16);
    match spec.deal {
        Deal::ByKey => ranks.iter().map(|rank| id(rank % spec.count)).collect(),
        Deal::InTurn => (0..spec.count).cycle().take(ranks.len()).map(id).collect(),
        Deal::ByChance => {
            let mut draws = seed.stream("producer");
            let last = i64::from(spec.count) - 1;
            ranks.iter().map(|_| id(draws.integer(0, last) as u32)).collect()
        }
    }
}

/// By how much each clock is wrong; empty when all are right. Every producer has a stream of its own,
/// so one more leaves the others as they are.
pub fn clocks(spec: &ProducersSpec, seed: Seed) -> Vec<ClockError> {
    let drawn = |producer: u32| {
        let mut draws = seed.stream(&format!("clock {producer}"));
        let either_way = 2.0 * draws.unit() - 1.0;
        let offset = Span::from_micros(libm::round(spec.clock_offset.micros() as f64 * either_way) as i64);
        ClockError { offset, drift_ppm: (2.0 * draws.unit() - 1.0) * spec.clock_drift_ppm }
    };
    let mut clocks: Vec<ClockError> = (0..spec.count).map(drawn).collect();
    for clock in &spec.clocks {
        if let Some(of_producer) = clocks.get_mut(clock.producer as usize) {
            *of_producer = ClockError { offset: clock.offset, drift_ppm: clock.drift_ppm };
        }
    }
    let is_right = |clock: &ClockError| clock.offset == Span::ZERO && clock.drift_ppm == 0.0;
    if clocks.iter().all(is_right) { Vec::new() } else { clocks }
}

/// Writes what the clocks show over when records happened.
pub fn misread(event_times: &mut [EventTime], producers: &[ProducerId], clocks: &[ClockError], start: EventTime) {
    if clocks.is_empty() {
        return;
    }
    for (place, event_time) in event_times.iter_mut().enumerate() {
        let producer = producers.get(place).copied().unwrap_or_default();
        if let Some(clock) = clocks.get(producer.index()) {
            *event_time = clock.reads(start, *event_time - start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ClockSpec;

    const SEED: Seed = Seed::new(7);

    fn producers(count: u32) -> ProducersSpec {
        ProducersSpec { count, ..ProducersSpec::default() }
    }

    #[test]
    fn records_are_dealt_evenly_by_chance_in_turn_or_always_alike_by_key() {
        let ranks: Vec<u32> = (0..40_000).map(|i| i % 5).collect();
        assert_eq!(deal(&producers(1), &ranks, SEED), []);
        let by_chance = deal(&producers(4), &ranks, SEED);
        assert_eq!(by_chance.len(), ranks.len());
        for producer in 0..4 {
            let count = by_chance.iter().filter(|id| id.0 == producer).count();
            // 10,000 expected; five standard deviations are 433.
            assert!(count.abs_diff(10_000) < 433, "{producer}: {count}");
        }
        let by_key = deal(&ProducersSpec { deal: Deal::ByKey, ..producers(4) }, &ranks[..6], SEED);
        assert_eq!(by_key, [0, 1, 2, 3, 0, 0].map(ProducerId));
        let in_turn = deal(&ProducersSpec { deal: Deal::InTurn, ..producers(4) }, &[7; 6], SEED);
        assert_eq!(in_turn, [0, 1, 2, 3, 0, 1].map(ProducerId));
    }

    #[test]
    fn right_clocks_are_none_and_wrong_ones_are_spread_evenly() {
        assert_eq!(clocks(&producers(3), SEED), []);
        let spread = ProducersSpec { clock_offset: Span::from_secs(10), clock_drift_ppm: 50.0, ..producers(1_000) };
        let all = clocks(&spread, SEED);
        assert_eq!(all.len(), 1_000);
        let offsets: Vec<f64> = all.iter().map(|clock| clock.offset.as_secs_f64()).collect();
        let drifts: Vec<f64> = all.iter().map(|clock| clock.drift_ppm).collect();
        for (values, limit) in [(offsets, 10.0), (drifts, 50.0)] {
            assert!(values.iter().all(|value| value.abs() <= limit));
            // The mean of a symmetric uniform is 0, its variance a third of the limit squared.
            let mean = values.iter().sum::<f64>() / 1_000.0;
            let square = values.iter().map(|value| value * value).sum::<f64>() / 1_000.0;
            assert!(mean.abs() < 5.0 * limit / 3_000_f64.sqrt(), "{mean}");
            assert!((square / (limit * limit / 3.0) - 1.0).abs() < 0.15, "{square}");
        }
        let fewer = ProducersSpec { count: 10, ..spread };
        assert_eq!(clocks(&fewer, SEED), all[..10]);
    }

    #[test]
    fn a_known_clock_is_as_it_says_and_the_others_are_right() {
        let clock = ClockSpec { producer: 1, offset: Span::from_secs(120), drift_ppm: 100.0 };
        let clocks = clocks(&ProducersSpec { clocks: vec![clock], ..producers(2) }, SEED);
        let start = EventTime::EPOCH;
        let mut event_times = [start + Span::from_secs(1), start + Span::from_secs(10), start + Span::from_secs(10)];
        misread(&mut event_times, &[0, 0, 1].map(ProducerId), &clocks, start);
        assert_eq!(event_times.map(EventTime::micros), [1_000_000, 10_000_000, 130_001_000]);
    }
}
