//! Random synthetic streams of known kinds, to see how often a promise is kept on data that it has not seen.
//!
//! Everything about a stream but its kind is drawn from its seed: rate, length, spread of the delays. Streams
//! that drift change in the course of the recording; all others are the same from the first record to the last,
//! though not calm.

use crate::record::{Columns, KeyId, KeyTable, Stream};
use crate::rng::{Draws, Seed};
use crate::time::{EventTime, ProcTime, Span};

/// A kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Log-normal delays.
    LogNormal,
    /// Pareto delays, with an exponent of 1.2 to 3: some records come very late.
    Pareto,
    /// Most records are fast, a share of them comes over a slow path.
    Mixture,
    /// Now and then everything is delayed for a while.
    Congestion,
    /// Keys lose their network and send everything at once when it is back.
    OfflineKeys,
    /// Delays grow by a factor of 2 to 5 from the first record to the last.
    DriftingScale,
    /// At some moment in the middle third delays get 2 to 5 times as long.
    DriftingStep,
    /// The slow path is taken by ever more records.
    DriftingMixture,
}

impl Kind {
    /// All kinds: first those that stay as they are, then those that drift.
    pub const ALL: [Self; 8] = [
        Self::LogNormal,
        Self::Pareto,
        Self::Mixture,
        Self::Congestion,
        Self::OfflineKeys,
        Self::DriftingScale,
        Self::DriftingStep,
        Self::DriftingMixture,
    ];

    /// Whether such a stream changes in the course of the recording.
    pub const fn is_drifting(self) -> bool {
        matches!(self, Self::DriftingScale | Self::DriftingStep | Self::DriftingMixture)
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogNormal => "log-normal",
            Self::Pareto => "Pareto",
            Self::Mixture => "two paths",
            Self::Congestion => "congestion",
            Self::OfflineKeys => "offline keys",
            Self::DriftingScale => "drift: slower and slower",
            Self::DriftingStep => "drift: one step",
            Self::DriftingMixture => "drift: slow path fills",
        }
    }
}

/// A stream, and the window that it is to be counted in.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its records.
    pub stream: Stream,
    /// Size of tumbling windows that suits its rate.
    pub window: Span,
}

/// Makes a stream of a kind. The same seed gives the same records.
pub fn sample(kind: Kind, seed: Seed) -> Sample {
    let mut draws = seed.stream("shape");
    let records = draws.integer(6_000, 40_000) as usize;
    let length = records as f64 / logarithmic(&mut draws, 1.0, 1_000.0);
    let window = length / logarithmic(&mut draws, 40.0, 400.0);
    let shape = Shape {
        kind,
        records,
        length,
        median: window * logarithmic(&mut draws, 0.05, 1.0),
        sigma: 0.5 + draws.unit(),
        exponent: 1.2 + 1.8 * draws.unit(),
        slow_share: 0.005 + 0.045 * draws.unit(),
        slow_factor: logarithmic(&mut draws, 5.0, 50.0),
        growth: 2.0 + 3.0 * draws.unit(),
        step_at: 1.0 / 3.0 + draws.unit() / 3.0,
        keys: draws.integer(5, 40) as usize,
        // On and off times of congestion and offline keys: some hundred spells in a recording.
        spells: logarithmic(&mut draws, 60.0, 300.0),
    };
    Sample { stream: shape.stream(seed), window: Span::from_secs_f64(window) }
}

/// Between two positive numbers, each order of magnitude equally likely.
fn logarithmic(draws: &mut Draws, from: f64, to: f64) -> f64 {
    from * libm::exp(draws.unit() * libm::log(to / from))
}

struct Shape {
    kind: Kind,
    records: usize,
    /// Seconds.
    length: f64,
    /// Of the delays, in seconds.
    median: f64,
    sigma: f64,
    exponent: f64,
    slow_share: f64,
    slow_factor: f64,
    growth: f64,
    step_at: f64,
    keys: usize,
    spells: f64,
}

impl Shape {
    /// What arrives in a stretch of time of a source that has been running for as long before.
    fn stream(&self, seed: Seed) -> Stream {
        let (mut times, mut delays, mut keys) = (seed.stream("times"), seed.stream("delays"), seed.stream("keys"));
        let spells = self.spells(seed);
        let mut table = KeyTable::default();
        let ids: Vec<KeyId> = (0..self.keys).map(|key| table.intern(&format!("k{key}"))).collect();
        let mut columns = Columns::default();
        let mut at = 0.0;
        for _ in 0..2 * self.records {
            at -= libm::log(times.unit_above_zero()) * self.length / self.records as f64;
            let key = keys.integer(0, self.keys as i64 - 1) as usize;
            let delay = self.delay((at / self.length - 1.0).max(0.0), &mut delays);
            let arrival = match self.kind {
                Kind::Congestion if spells[0].until(at).is_some() => at + delay * self.slow_factor.min(10.0),
                Kind::OfflineKeys => spells[key].until(at).unwrap_or(at) + delay,
                _ => at + delay,
            };
            if (self.length..2.0 * self.length).contains(&arrival) {
                columns.event_times.push(EventTime::from_micros((at * 1e6) as i64));
                columns.arrivals.push(ProcTime::from_micros((arrival * 1e6) as i64));
                columns.keys.push(ids[key]);
                columns.values.push(1.0);
            }
        }
        Stream::from_columns(columns, table)
    }

    /// Seconds of delay of a record that happens at this part of the recording, 0 to 1.
    fn delay(&self, place: f64, draws: &mut Draws) -> f64 {
        let normal = gaussian(draws);
        let log_normal = self.median * libm::exp(self.sigma * normal);
        let chance = draws.unit_above_zero();
        match self.kind {
            Kind::LogNormal | Kind::Congestion => log_normal,
            Kind::OfflineKeys => self.median * libm::exp(0.5 * normal),
            Kind::Pareto => self.median * libm::pow(chance, -1.0 / self.exponent),
            Kind::Mixture if chance < self.slow_share => log_normal * self.slow_factor,
            Kind::DriftingMixture if chance < self.slow_share * 6.0 * place => log_normal * self.slow_factor,
            Kind::Mixture | Kind::DriftingMixture => log_normal,
            Kind::DriftingScale => log_normal * (1.0 + (self.growth - 1.0) * place),
            Kind::DriftingStep => log_normal * if place < self.step_at { 1.0 } else { self.growth },
        }
    }

    /// Bad spells: one list for everything, or for offline keys one for every key.
    fn spells(&self, seed: Seed) -> Vec<Spells> {
        let mut draws = seed.stream("spells");
        let lists = if self.kind == Kind::OfflineKeys { self.keys } else { 1 };
        // As many spells in all, whatever the number of lists; a tenth of the time is bad for everything, or a
        // hundredth of it for each key.
        let cycle = self.length * lists as f64 / self.spells;
        let bad = if self.kind == Kind::OfflineKeys { 0.01 } else { 0.1 };
        (0..lists).map(|_| Spells::draw(self.length * 2.0, cycle * (1.0 - bad), cycle * bad, &mut draws)).collect()
    }
}

/// Stretches of time, ascending and apart.
struct Spells(Vec<(f64, f64)>);

impl Spells {
    /// Good and bad times take turns, exponential with these means.
    fn draw(length: f64, good: f64, bad: f64, draws: &mut Draws) -> Self {
        let mut exponential = |mean: f64| -libm::log(draws.unit_above_zero()) * mean;
        let (mut at, mut spells) = (0.0, Vec::new());
        while at < length {
            let from = at + exponential(good);
            at = from + exponential(bad);
            spells.push((from, at));
        }
        Self(spells)
    }

    /// When the bad spell is over that this moment is in.
    fn until(&self, at: f64) -> Option<f64> {
        let (from, until) = *self.0.get(self.0.partition_point(|spell| spell.1 <= at))?;
        (from <= at).then_some(until)
    }
}

/// A standard normal number, by Box and Muller (A note on the generation of random normal deviates, 1958).
fn gaussian(draws: &mut Draws) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(draws.unit_above_zero()));
    radius * libm::cos(std::f64::consts::TAU * draws.unit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordId;

    #[test]
    fn streams_are_drawn_from_their_seed() {
        for kind in Kind::ALL {
            let (one, same) = (sample(kind, Seed::new(4)), sample(kind, Seed::new(4)));
            assert_eq!(one.stream, same.stream);
            assert_ne!(one.stream, sample(kind, Seed::new(5)).stream);
            assert!((5_000..=41_000).contains(&one.stream.len()), "{}", one.stream.len());
            let delays = (0..one.stream.len()).map(|i| one.stream.delay(RecordId(i as u32)));
            assert!(delays.min() >= Some(Span::ZERO), "{}", kind.name());
        }
    }

    #[test]
    fn spells_are_found() {
        let spells = Spells(vec![(1.0, 2.0), (5.0, 7.0)]);
        let until = [0.5, 1.0, 1.9, 2.0, 6.0, 7.0].map(|at| spells.until(at));
        assert_eq!(until, [None, Some(2.0), Some(2.0), None, Some(7.0), None]);
    }
}
