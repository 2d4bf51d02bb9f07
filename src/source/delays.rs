//! How long a record takes from happening to reaching the log.
//!
//! Mixtures, also nested ones, are flattened to a list of simple delays with the product of their
//! weights, so every record takes one draw from `delay`, and one from `delay part` in a mixture.

use crate::rng::{Draws, Seed};
use crate::scenario::DelaySpec;
use crate::source::quantile;
use crate::time::Span;

/// Draws delays.
#[derive(Clone, Debug)]
pub struct Sampler {
    /// Simple delays and the cumulative share of each; the last share is 1.
    parts: Vec<(f64, Simple)>,
    which: Draws,
    delays: Draws,
}

/// A delay that is not a mixture; all lengths in microseconds.
#[derive(Clone, Debug)]
enum Simple {
    Constant {
        delay: i64,
    },
    Uniform {
        min: i64,
        max: i64,
    },
    Exponential {
        mean: f64,
        max: i64,
    },
    LogNormal {
        median: f64,
        sigma: f64,
        max: i64,
    },
    Pareto {
        scale: f64,
        shape: f64,
        max: i64,
    },
    /// (share, delay), ascending.
    Quantiles(Vec<(f64, f64)>),
}

impl Sampler {
    /// A sampler of `spec`. A mixture without any weight is a delay of zero.
    pub fn new(spec: &DelaySpec, seed: Seed) -> Self {
        Self::named(spec, seed, "delay")
    }

    /// As [`Sampler::new`], with draws from the streams `name` and `name part`.
    pub fn named(spec: &DelaySpec, seed: Seed, name: &str) -> Self {
        let mut parts = Vec::new();
        flatten(spec, 1.0, &mut parts);
        let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
        let mut sum = 0.0;
        for (weight, _) in &mut parts {
            sum += *weight;
            *weight = sum / total;
        }
        if parts.is_empty() {
            parts.push((1.0, Simple::Constant { delay: 0 }));
        }
        Self { parts, which: seed.stream(&format!("{name} part")), delays: seed.stream(name) }
    }

    /// The delay of the next record.
    pub fn draw(&mut self) -> Span {
        let part = match &self.parts[..] {
            [(_, only)] => only,
            _ => {
                let unit = self.which.unit();
                let at = self.parts.partition_point(|(share, _)| *share <= unit);
                &self.parts[at.min(self.parts.len() - 1)].1
            }
        };
        Span::from_micros(part.draw(&mut self.delays))
    }
}

/// Adds the simple delays of `spec`, whose share of the whole is `share`.
fn flatten(spec: &DelaySpec, share: f64, parts: &mut Vec<(f64, Simple)>) {
    let float = |span: Span| span.micros() as f64;
    let simple = match spec {
        DelaySpec::Mixture(members) => {
            let total: f64 = members.iter().map(|member| member.weight).sum();
            for member in members {
                flatten(&member.delay, share * member.weight / total, parts);
            }
            return;
        }
        DelaySpec::Constant { delay } => Simple::Constant { delay: delay.micros() },
        DelaySpec::Uniform { min, max } => Simple::Uniform { min: min.micros(), max: max.micros() },
        DelaySpec::Exponential { mean, max } => Simple::Exponential { mean: float(*mean), max: max.micros() },
        DelaySpec::LogNormal { median, sigma, max } => {
            Simple::LogNormal { median: float(*median), sigma: *sigma, max: max.micros() }
        }
        DelaySpec::Pareto { scale, shape, max } => {
            Simple::Pareto { scale: float(*scale), shape: *shape, max: max.micros() }
        }
        DelaySpec::Quantiles(points) => {
            Simple::Quantiles(points.iter().map(|point| (point.p, float(point.delay))).collect())
        }
    };
    parts.push((share, simple));
}

impl Simple {
    fn draw(&self, draws: &mut Draws) -> i64 {
        // Casting saturates, so a delay beyond the largest number is cut like any other.
        let capped = |micros: f64, max: i64| (libm::round(micros) as i64).min(max);
        match *self {
            Self::Quantiles(ref points) => libm::round(quantile::between(draws.unit(), points)) as i64,
            Self::Constant { delay } => {
                draws.bits();
                delay
            }
            Self::Uniform { min, max } => {
                let choices = max.saturating_sub(min) as f64 + 1.0;
                min.saturating_add((draws.unit() * choices) as i64).min(max)
            }
            Self::Exponential { mean, max } => capped(quantile::exponential(draws.unit_above_zero(), mean), max),
            Self::LogNormal { median, sigma, max } => {
                capped(quantile::log_normal(draws.unit_inside(), median, sigma), max)
            }
            Self::Pareto { scale, shape, max } => capped(quantile::pareto(draws.unit_above_zero(), scale, shape), max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{DelayQuantile, WeightedDelay};

    const NO_CAP: Span = Span::from_secs(7 * 86_400);

    /// Draws 100,000 delays in seconds, in ascending order.
    fn sample(spec: &DelaySpec) -> Vec<f64> {
        let mut sampler = Sampler::new(spec, Seed::new(7));
        let mut all: Vec<f64> = (0..100_000).map(|_| sampler.draw().as_secs_f64()).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// The share of delays up to `x` is `p`, within five standard deviations (at most 0.008).
    fn check_share(sorted: &[f64], x: f64, p: f64) {
        let share = sorted.partition_point(|&delay| delay <= x) as f64 / sorted.len() as f64;
        assert!((share - p).abs() < 0.008, "P(delay <= {x}) is {share}, not {p}");
    }

    fn check_mean(all: &[f64], mean: f64, deviation: f64) {
        let found = all.iter().sum::<f64>() / all.len() as f64;
        let tolerance = 5.0 * deviation / (all.len() as f64).sqrt();
        assert!((found - mean).abs() < tolerance, "mean {found}, not {mean} within {tolerance}");
    }

    fn secs(secs: f64) -> Span {
        Span::from_secs_f64(secs)
    }

    #[test]
    fn constant_and_uniform() {
        let constant = sample(&DelaySpec::Constant { delay: secs(2.5) });
        assert!(constant.iter().all(|&delay| delay == 2.5));
        let uniform = sample(&DelaySpec::Uniform { min: secs(1.0), max: secs(5.0) });
        check_mean(&uniform, 3.0, 4.0 / 12_f64.sqrt());
        check_share(&uniform, 2.0, 0.25);
        check_share(&uniform, 0.999, 0.0);
        check_share(&uniform, 5.0, 1.0);
        let fixed = sample(&DelaySpec::Uniform { min: secs(1.0), max: secs(1.0) });
        assert!(fixed.iter().all(|&delay| delay == 1.0));
    }

    #[test]
    fn exponential_has_the_share_1_minus_exp_of_minus_x_over_mean() {
        let all = sample(&DelaySpec::Exponential { mean: secs(10.0), max: NO_CAP });
        check_mean(&all, 10.0, 10.0);
        check_share(&all, 10.0, 0.632_121);
        check_share(&all, 1.0, 0.095_163);
        check_share(&all, 46.051_70, 0.99);
    }

    #[test]
    fn log_normal_has_its_median_mean_and_tail() {
        let all = sample(&DelaySpec::LogNormal { median: secs(7.5), sigma: 0.8, max: NO_CAP });
        // Mean m exp(s^2/2); variance (exp(s^2) - 1) mean^2.
        check_mean(&all, 10.328_458, 9.782);
        check_share(&all, 7.5, 0.5);
        // One and two standard deviations up: 7.5 exp(0.8) and 7.5 exp(1.6).
        check_share(&all, 16.691_557, 0.841_345);
        check_share(&all, 37.147_743, 0.977_250);
    }

    #[test]
    fn pareto_has_a_power_tail() {
        let all = sample(&DelaySpec::Pareto { scale: secs(2.0), shape: 3.0, max: NO_CAP });
        // Mean shape scale / (shape - 1); variance scale^2 shape / ((shape - 1)^2 (shape - 2)).
        check_mean(&all, 3.0, 1.733);
        assert!(all[0] >= 2.0);
        check_share(&all, 4.0, 0.875);
        check_share(&all, 20.0, 0.999);
    }

    #[test]
    fn measured_quantiles_come_back() {
        let point = |(p, s)| DelayQuantile { p, delay: secs(s) };
        let all = sample(&DelaySpec::Quantiles([(0.5, 1.0), (0.9, 3.0), (0.99, 12.0)].map(point).to_vec()));
        check_share(&all, 1.0, 0.5);
        check_share(&all, 2.0, 0.7);
        check_share(&all, 3.0, 0.9);
        check_share(&all, 7.5, 0.945);
        assert_eq!((all[0], all.last()), (1.0, Some(&12.0)));
        // Half at 1 s, two fifths about 2 s, 0.09 about 7.5 s, and the last hundredth at 12 s.
        check_mean(&all, 2.095, 2.23);
    }

    #[test]
    fn caps_cut_and_extremes_stay_finite() {
        let all = sample(&DelaySpec::Pareto { scale: secs(2.0), shape: 0.01, max: secs(60.0) });
        assert_eq!(all.last(), Some(&60.0));
        assert!(all[0] >= 2.0);
        let all = sample(&DelaySpec::LogNormal { median: secs(1e9), sigma: 10.0, max: NO_CAP });
        assert_eq!(all.last(), Some(&604_800.0));
        assert!(all[0] >= 0.0);
    }

    #[test]
    fn mixtures_keep_their_weights_also_when_nested() {
        let constant = |weight, s| WeightedDelay { weight, delay: DelaySpec::Constant { delay: secs(s) } };
        let inner = DelaySpec::Mixture(vec![constant(1.0, 2.0), constant(3.0, 3.0)]);
        let outer = DelaySpec::Mixture(vec![constant(6.0, 1.0), WeightedDelay { weight: 2.0, delay: inner }]);
        let all = sample(&outer);
        check_share(&all, 1.0, 0.75);
        check_share(&all, 2.0, 0.812_5);
        check_share(&all, 3.0, 1.0);
    }

    #[test]
    fn turning_a_knob_moves_delays_without_dealing_new_ones() {
        let draw = |median| {
            let mut sampler =
                Sampler::new(&DelaySpec::LogNormal { median: secs(median), sigma: 0.8, max: NO_CAP }, Seed::new(7));
            (0..100).map(|_| sampler.draw().as_secs_f64()).collect::<Vec<_>>()
        };
        let (short, long) = (draw(5.0), draw(10.0));
        assert_eq!((short.len(), long.len()), (100, 100));
        assert!(short.iter().zip(&long).all(|(short, long)| (long / short - 2.0).abs() < 1e-4));
    }
}
