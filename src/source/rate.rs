//! The intensity of a source: how many records are expected up to an instant, and the other way round.
//!
//! Records at a varying rate are records of one a unit on a clock that runs with the intensity (time
//! change of a Poisson process; Çinlar, Introduction to Stochastic Processes, 1975). So one draw makes
//! one gap whatever the rate is, and turning the rate moves records instead of dealing new ones.

use std::f64::consts::TAU;

use crate::scenario::RateShape;
use crate::time::{MICROS_PER_SECOND, Span};

/// How many records are expected up to an instant. Instants are microseconds from the start.
#[derive(Clone, Debug, PartialEq)]
pub enum Intensity {
    /// Straight lines, from the start on.
    Lines(Vec<Line>),
    /// A sine about a mean.
    Wave {
        /// Records a microsecond.
        mean: f64,
        /// Share of the mean; 0 to 1.
        amplitude: f64,
        /// Microseconds from peak to peak.
        period: f64,
        /// Where it passes the mean and rises.
        offset: f64,
    },
    /// Any of them, with a stretch in which its rate is a multiple.
    Burst {
        /// The rate otherwise.
        base: Box<Intensity>,
        /// Where the stretch begins and ends, and how many records are expected there without it.
        stretch: [(f64, f64); 2],
        /// How many times the rate; above 0.
        times: f64,
    },
}

/// A straight line of the rate, up to the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Where it begins.
    from: f64,
    /// Records a microsecond there.
    rate: f64,
    /// By which the rate changes in a microsecond.
    slope: f64,
    /// Records expected before.
    before: f64,
}

/// Steps of the search for an instant of a [`Intensity::Wave`]; from the bracket that it begins with,
/// halving alone finds the microsecond in 50.
const MOST_STEPS: u32 = 64;

impl Intensity {
    /// The intensity of a source of `rate` records a second with this shape, over `duration`. Fields
    /// out of range give some intensity, not a panic.
    pub fn new(rate: f64, shape: &RateShape, duration: Span) -> Self {
        let rate = per_micro(rate);
        let corners = match shape {
            RateShape::Constant => vec![(0.0, rate, 0.0)],
            RateShape::Steps(steps) => {
                let steps = steps.iter().map(|step| (float(step.at), per_micro(step.rate), 0.0));
                std::iter::once((0.0, rate, 0.0)).chain(steps).collect()
            }
            RateShape::Ramp { from, until, to } => {
                let (from, until, to) = (float(*from), float(*until), per_micro(*to));
                vec![(0.0, rate, 0.0), (from, rate, (to - rate) / (until - from)), (until, to, 0.0)]
            }
            RateShape::Burst { from, length, rate: high, every } => {
                bursts(rate, per_micro(*high), (*from, *length, *every), duration)
            }
            RateShape::Diurnal { amplitude, period, offset } => {
                let (period, offset) = (float(*period), float(*offset));
                return Self::Wave { mean: rate, amplitude: *amplitude, period, offset };
            }
        };
        Self::of_lines(&corners)
    }

    /// The same with a stretch in which the rate is `times` as high. What would be out of range changes
    /// nothing.
    #[must_use]
    pub fn with_burst(self, from: Span, until: Span, times: f64) -> Self {
        if from >= until || times.is_nan() || times <= 0.0 {
            return self;
        }
        let stretch = [float(from), float(until)].map(|at| (at, self.records_before(at)));
        Self::Burst { base: Box::new(self), stretch, times }
    }

    /// Lines of (beginning, rate there, slope), ascending, the first at 0.
    fn of_lines(corners: &[(f64, f64, f64)]) -> Self {
        let mut lines: Vec<Line> = Vec::with_capacity(corners.len());
        for &(from, rate, slope) in corners {
            let before = lines.last().map_or(0.0, |line| line.before + line.records(from - line.from));
            lines.push(Line { from, rate, slope, before });
        }
        Self::Lines(lines)
    }

    /// Records expected before this instant.
    pub fn records_before(&self, at: f64) -> f64 {
        match self {
            Self::Lines(lines) => {
                let line = lines[lines.partition_point(|line| line.from <= at).max(1) - 1];
                line.before + line.records(at - line.from)
            }
            Self::Wave { mean, amplitude, period, offset } => {
                let angle = |at: f64| TAU * ((at - offset) / period);
                let swing = libm::cos(angle(0.0)) - libm::cos(angle(at));
                mean * (at + amplitude * period / TAU * swing)
            }
            Self::Burst { base, stretch: [(from, before), (until, _)], times } => {
                let within = base.records_before(at.clamp(*from, *until)) - before;
                base.records_before(at) + (times - 1.0) * within
            }
        }
    }

    /// Records a second at this instant.
    pub fn rate_at(&self, at: f64) -> f64 {
        let per_micro = match self {
            Self::Lines(lines) => {
                let line = lines[lines.partition_point(|line| line.from <= at).max(1) - 1];
                line.rate + line.slope * (at - line.from)
            }
            Self::Wave { mean, amplitude, period, offset } => {
                mean * (1.0 + amplitude * libm::sin(TAU * ((at - offset) / period)))
            }
            Self::Burst { base, stretch: [(from, _), (until, _)], times } => {
                let factor = if (*from..*until).contains(&at) { *times } else { 1.0 };
                return base.rate_at(at) * factor;
            }
        };
        per_micro * MICROS_PER_SECOND as f64
    }

    /// The last instant before which no more than `records` are expected; infinite when that is always.
    pub fn instant_of(&self, records: f64) -> f64 {
        match self {
            Self::Lines(lines) => {
                let next = lines.partition_point(|line| line.before <= records).max(1);
                let line = lines[next - 1];
                let end = lines.get(next).map_or(f64::INFINITY, |next| next.from);
                (line.from + line.time_for(records - line.before)).min(end)
            }
            Self::Wave { mean, amplitude, period, .. } => {
                // The swing of the wave is at most two half waves.
                let (middle, reach) = (records / mean, amplitude * period / TAU * 2.0);
                self.search(records, ((middle - reach).max(0.0), middle + reach))
            }
            Self::Burst { base, stretch: [(from, before), (until, after)], times } => {
                let within = after - before;
                if records < *before {
                    base.instant_of(records)
                } else if records < before + times * within {
                    base.instant_of(before + (records - before) / times).clamp(*from, *until)
                } else {
                    base.instant_of(records - (times - 1.0) * within).max(*until)
                }
            }
        }
    }

    /// Newton's method, kept inside a bracket that shrinks.
    fn search(&self, records: f64, (mut low, mut high): (f64, f64)) -> f64 {
        let mut at = (low + high) / 2.0;
        for _ in 0..MOST_STEPS {
            let miss = self.records_before(at) - records;
            if miss > 0.0 {
                high = at;
            } else {
                low = at;
            }
            let newton = at - miss / per_micro(self.rate_at(at));
            // Not a number, too, is outside.
            let next = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
            // A thousandth of a microsecond is below what is told apart.
            if (next - at).abs() < 1e-3 || high - low < 1e-3 {
                return next;
            }
            at = next;
        }
        at
    }
}

impl Line {
    /// Records expected in its first `time` microseconds.
    fn records(&self, time: f64) -> f64 {
        time * (self.rate + self.slope * time / 2.0)
    }

    /// The microseconds in which so many are expected; infinite when they never are.
    fn time_for(&self, records: f64) -> f64 {
        if records <= 0.0 {
            return 0.0;
        }
        // The root of the quadratic in the form that does not cancel.
        let root = libm::sqrt((self.rate * self.rate + 2.0 * self.slope * records).max(0.0));
        2.0 * records / (self.rate + root)
    }
}

/// The lines of bursts up to the end of `duration`.
fn bursts(
    rate: f64,
    high: f64,
    (from, length, every): (Span, Span, Option<Span>),
    duration: Span,
) -> Vec<(f64, f64, f64)> {
    let mut corners = vec![(0.0, rate, 0.0)];
    let mut begins = from;
    while begins < duration {
        corners.push((float(begins), high, 0.0));
        corners.push((float(begins + length), rate, 0.0));
        match every {
            Some(every) if every >= length && every > Span::ZERO => begins = begins + every,
            _ => break,
        }
    }
    corners
}

fn float(span: Span) -> f64 {
    span.micros() as f64
}

fn per_micro(per_second: f64) -> f64 {
    per_second / MICROS_PER_SECOND as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::RateStep;

    const SECOND: f64 = 1e6;

    fn secs(secs: i64) -> Span {
        Span::from_secs(secs)
    }

    /// Records expected before these seconds, and back.
    fn check(rate: f64, shape: &RateShape, expected: &[(f64, f64)]) {
        let intensity = Intensity::new(rate, shape, secs(1_000));
        for &(at, records) in expected {
            let found = intensity.records_before(at * SECOND);
            assert!((found - records).abs() < 1e-6 * records.max(1.0), "{found}, not {records} before {at} s");
            let back = intensity.instant_of(records);
            assert!(intensity.rate_at(at * SECOND) == 0.0 || (back - at * SECOND).abs() < 0.01, "{back} for {at} s");
        }
    }

    #[test]
    fn steps_ramps_and_bursts_have_the_areas_below_their_lines() {
        check(20.0, &RateShape::Constant, &[(0.0, 0.0), (1.0, 20.0), (600.0, 12_000.0)]);
        let step = |at, rate| RateStep { at: secs(at), rate };
        let steps = RateShape::Steps(vec![step(10, 0.0), step(20, 5.0)]);
        check(2.0, &steps, &[(0.0, 0.0), (9.0, 18.0), (15.0, 20.0), (24.0, 40.0), (1_024.0, 5_040.0)]);
        let ramp = RateShape::Ramp { from: secs(10), until: secs(30), to: 6.0 };
        check(2.0, &ramp, &[(10.0, 20.0), (20.0, 50.0), (30.0, 100.0), (31.0, 106.0)]);
        let down = RateShape::Ramp { from: secs(0), until: secs(10), to: 0.0 };
        check(4.0, &down, &[(5.0, 15.0), (9.0, 19.8), (20.0, 20.0)]);
        let burst = |every| RateShape::Burst { from: secs(10), length: secs(5), rate: 10.0, every };
        check(1.0, &burst(None), &[(10.0, 10.0), (15.0, 60.0), (100.0, 145.0)]);
        check(1.0, &burst(Some(secs(20))), &[(30.0, 75.0), (35.0, 125.0), (55.0, 190.0)]);
    }

    #[test]
    fn a_burst_multiplies_any_rate_and_bursts_multiply_each_other() {
        let flat = Intensity::new(10.0, &RateShape::Constant, secs(100));
        let burst = flat.with_burst(secs(10), secs(20), 5.0);
        for (at, records) in [(10.0, 100.0), (12.0, 200.0), (20.0, 600.0), (30.0, 700.0)] {
            assert!((burst.records_before(at * SECOND) - records).abs() < 1e-6, "{at}");
            assert!((burst.instant_of(records) - at * SECOND).abs() < 1e-3, "{at}");
        }
        assert_eq!([9.9, 10.0, 19.9, 20.0].map(|at| burst.rate_at(at * SECOND)), [10.0, 50.0, 50.0, 10.0]);
        // 2 s at 5 times, 3 s at 10 times, 5 s at 5 times, 2 s at twice the rate.
        let both = burst.with_burst(secs(12), secs(22), 2.0);
        assert!((both.records_before(30.0 * SECOND) - (100.0 + 100.0 + 800.0 + 40.0 + 80.0)).abs() < 1e-6);
        assert!((both.instant_of(1_020.0) - 21.0 * SECOND).abs() < 1e-3);
        let steps = RateShape::Steps(vec![RateStep { at: secs(15), rate: 0.0 }]);
        let silent = Intensity::new(10.0, &steps, secs(100)).with_burst(secs(10), secs(20), 2.0);
        assert!((silent.records_before(99.0 * SECOND) - 200.0).abs() < 1e-6);
        assert!((silent.instant_of(190.0) - 14.5 * SECOND).abs() < 1e-3);
        let slower = Intensity::new(10.0, &RateShape::Constant, secs(100)).with_burst(secs(10), secs(20), 0.5);
        assert!((slower.instant_of(125.0) - 15.0 * SECOND).abs() < 1e-3);
    }

    #[test]
    fn nothing_more_comes_when_the_rate_stays_zero() {
        let steps = RateShape::Steps(vec![RateStep { at: secs(10), rate: 0.0 }]);
        let intensity = Intensity::new(2.0, &steps, secs(60));
        assert!((intensity.instant_of(19.0) - 9.5 * SECOND).abs() < 1e-3);
        assert_eq!(intensity.instant_of(20.5), f64::INFINITY);
    }

    #[test]
    fn a_silence_is_passed_over_and_nothing_falls_into_it() {
        let steps = [RateStep { at: secs(10), rate: 0.0 }, RateStep { at: secs(30), rate: 2.0 }];
        let intensity = Intensity::new(2.0, &RateShape::Steps(steps.to_vec()), secs(60));
        assert_eq!(intensity.instant_of(20.0), 30.0 * SECOND);
        assert!((intensity.instant_of(21.0) - 30.5 * SECOND).abs() < 1e-3);
    }

    #[test]
    fn a_wave_peaks_a_quarter_after_its_offset_and_has_the_mean_over_a_period() {
        let wave = |amplitude, offset| RateShape::Diurnal { amplitude, period: secs(400), offset: secs(offset) };
        // The area of half a sine of period 400 and height 5 is 400/pi * 5.
        let half = 400.0 / std::f64::consts::PI * 5.0;
        check(10.0, &wave(0.5, 0), &[(200.0, 2_000.0 + half), (400.0, 4_000.0), (800.0, 8_000.0)]);
        check(10.0, &wave(0.5, 200), &[(200.0, 2_000.0 - half), (400.0, 4_000.0)]);
        let intensity = Intensity::new(10.0, &wave(0.5, 0), secs(400));
        assert!((intensity.rate_at(100.0 * SECOND) - 15.0).abs() < 1e-9);
        assert!((intensity.rate_at(300.0 * SECOND) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn instants_of_a_wave_come_back_also_where_its_rate_is_zero() {
        let wave = RateShape::Diurnal { amplitude: 1.0, period: secs(100), offset: secs(10) };
        let intensity = Intensity::new(1_000.0, &wave, secs(1_000));
        let mut last = 0.0;
        for i in 0..50_000 {
            let records = f64::from(i) * 20.0;
            let at = intensity.instant_of(records);
            assert!((intensity.records_before(at) - records).abs() < 1e-3, "{records} at {at}");
            assert!(at >= last - 1e-3, "{at} after {last}");
            last = at;
        }
    }
}
