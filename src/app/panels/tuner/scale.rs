//! The axes of the frontier: completeness by how much is missing, with all of it at the top, and latency.

use crate::time::Span;

/// Where all of it stands, and where the least miss below that.
const TOP: f64 = 0.94;
/// Round shares of missing records, descending.
const MISSES: [f64; 15] =
    [0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.000_5, 0.000_1, 0.000_01, 0.000_001, 0.000_000_1];
/// Steps of the axis of latency, in seconds.
const STEPS: [f64; 30] = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1_800.0,
    3_600.0,
    7_200.0,
    21_600.0,
    43_200.0,
    86_400.0,
    604_800.0,
    2_592_000.0,
    8_640_000.0,
    43_200_000.0,
    86_400_000.0,
];
/// Waits with a line where the axis is bent, in seconds: up to the day as [`STEPS`], then days.
const FAR: [f64; 5] = [604_800.0, 2_592_000.0, 8_640_000.0, 31_536_000.0, 157_680_000.0];
/// Where the wait of the run on screen is less than this share of the longest, the axis is bent: nobody would see
/// anything of the stretch that the question is about.
const BENT_BELOW: f64 = 1.0 / 12.0;
/// Lines of a bent axis are at least this share of it apart.
const APART: f64 = 0.09;

/// Waits as places from 0 to 1: even, or in a long tail bent like a logarithm beyond the wait of today.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waits {
    longest: f64,
    knee: Option<f64>,
}

impl Waits {
    /// The scale up to `longest` seconds, for a run that waits `now` seconds.
    pub fn new(longest: f64, now: Option<f64>) -> Self {
        let knee = now.map(|now| now.max(longest * 1e-4)).filter(|now| *now < longest * BENT_BELOW);
        Self { longest, knee }
    }

    /// Where a wait stands.
    pub fn place(self, seconds: f64) -> f64 {
        match self.knee {
            None => seconds / self.longest,
            Some(knee) => libm::log1p(seconds / knee) / libm::log1p(self.longest / knee),
        }
    }

    /// The wait at a place.
    pub fn seconds(self, place: f64) -> f64 {
        match self.knee {
            None => place * self.longest,
            Some(knee) => knee * libm::expm1(place * libm::log1p(self.longest / knee)),
        }
    }

    /// Waits with a line, ascending from 0.
    pub fn ticks(self) -> Vec<f64> {
        if self.knee.is_none() {
            return ticks(self.longest);
        }
        let mut found = vec![0.0];
        for at in STEPS.iter().take_while(|step| **step <= 86_400.0).chain(&FAR).copied() {
            let last = found.last().map_or(0.0, |last| self.place(*last));
            if at <= self.longest && self.place(at) - last >= APART {
                found.push(at);
            }
        }
        found
    }
}

/// Completeness as a height from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nines {
    most_missing: f64,
    least_missing: f64,
}

impl Nines {
    /// The scale on which all of these shares have a place.
    pub fn of(shares: impl Iterator<Item = f64>) -> Self {
        let missing: Vec<f64> = shares.map(|share| 1.0 - share).filter(|missing| *missing > 0.0).collect();
        let most = missing.iter().copied().fold(0.01, f64::max);
        let least = missing.iter().copied().fold(0.005, f64::min);
        let above = MISSES.iter().rev().find(|miss| **miss >= most).copied().unwrap_or(1.0);
        let below = MISSES.iter().find(|miss| **miss <= least).copied().unwrap_or(1e-7);
        Self { most_missing: above, least_missing: below }
    }

    /// The height of a share.
    pub fn height(self, share: f64) -> f64 {
        let missing = 1.0 - share;
        if missing <= 0.0 {
            return 1.0;
        }
        let place = libm::log(self.most_missing / missing) / libm::log(self.most_missing / self.least_missing);
        place.clamp(0.0, 1.0) * TOP
    }

    /// The share at a height.
    pub fn share(self, height: f64) -> f64 {
        if height > (1.0 + TOP) / 2.0 {
            return 1.0;
        }
        let place = (height / TOP).clamp(0.0, 1.0);
        1.0 - self.most_missing * libm::pow(self.least_missing / self.most_missing, place)
    }

    /// Shares with a line, ascending, all of it last.
    pub fn ticks(self) -> Vec<f64> {
        let within = MISSES.iter().filter(|miss| (self.least_missing..=self.most_missing).contains(*miss));
        within.map(|miss| 1.0 - miss).chain([1.0]).collect()
    }
}

/// Seconds with a line, from 0 on, at most eight of them.
pub fn ticks(longest: f64) -> Vec<f64> {
    let step = STEPS.iter().copied().find(|step| longest / step <= 7.0).unwrap_or(longest / 7.0).max(1e-6);
    (0..).map(|place| f64::from(place) * step).take_while(|at| *at <= longest).collect()
}

/// A round bound between two ends for typing and dragging.
pub fn rounded(seconds: f64) -> Span {
    let step = STEPS.iter().rev().copied().find(|step| *step <= seconds / 20.0).unwrap_or(0.001);
    Span::from_secs_f64((seconds / step).round() * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stand_by_how_much_is_missing() {
        let scale = Nines::of([0.87, 0.99, 0.998, 1.0].into_iter());
        assert_eq!(scale.ticks(), [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1.0]);
        let heights: Vec<f64> = scale.ticks().into_iter().map(|share| scale.height(share)).collect();
        assert!(heights.is_sorted() && heights[0] < 1e-12 && (heights[7] - 1.0).abs() < 1e-12);
        assert!((heights[6] - TOP).abs() < 1e-9);
        for share in [0.85, 0.9, 0.99] {
            assert!((scale.share(scale.height(share)) - share).abs() < 1e-9);
        }
    }

    #[test]
    fn a_long_tail_leaves_room_for_the_waits_of_today() {
        let even = Waits::new(200.0, Some(30.0));
        assert_eq!((even.place(50.0), even.seconds(0.25), even.ticks()), (0.25, 50.0, ticks(200.0)));
        let day = 86_400.0;
        let bent = Waits::new(4_725.0 * day, Some(30.0 * day));
        assert!(bent.place(30.0 * day) > 0.12 && bent.place(4_725.0 * day) == 1.0);
        for place in [0.0, 0.3, 0.9] {
            assert!((bent.place(bent.seconds(place)) - place).abs() < 1e-12);
        }
        let ticks: Vec<f64> = bent.ticks().into_iter().map(|at| at / day).collect();
        assert_eq!(ticks, [0.0, 30.0, 100.0, 365.0, 1_825.0]);
    }

    #[test]
    fn latencies_have_round_steps() {
        assert_eq!(ticks(200.0), [0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0]);
        assert_eq!(ticks(0.6), [0.0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001][..6].to_vec());
    }
}
