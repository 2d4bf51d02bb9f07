//! Blocks: stretches of neighbouring records that are drawn together, because late records come together.
//!
//! The stationary bootstrap (Politis and Romano, The stationary bootstrap, 1994) lays blocks of random,
//! geometric length end to end around a circle. The mean length is chosen as Politis and White do (Automatic
//! block-length selection for the dependent bootstrap, 2004, with the correction of Patton, Politis and White,
//! 2009). Everything here counts in bins of records; what is in a bin is the caller's.

use crate::rng::Draws;

/// The mean length of blocks, in places of `series`, that suits its autocorrelation; at least 1 and at most
/// min(3 sqrt(n), n / 3). A series that is constant, or shorter than 8, gives 1.
pub fn mean_block_length(series: &[f64]) -> f64 {
    let n = series.len();
    if n < 8 {
        return 1.0;
    }
    let count = n as f64;
    let mean = series.iter().sum::<f64>() / count;
    let covariance = |lag: usize| -> f64 {
        let pairs = series[..n - lag].iter().zip(&series[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / count
    };
    let variance = covariance(0);
    if variance <= 0.0 {
        return 1.0;
    }
    // The first lag after which so many correlations in a row are no larger than chance makes them.
    let in_a_row = (libm::sqrt(libm::log10(count)) as usize).max(5);
    let chance = 2.0 * libm::sqrt(libm::log10(count) / count);
    let longest = (libm::sqrt(count) as usize + in_a_row).min(n - 1);
    let covariances: Vec<f64> = (0..=longest).map(covariance).collect();
    let is_small = |lag: usize| covariances.get(lag).is_none_or(|it| (it / variance).abs() < chance);
    let last_large = (1..=longest).find(|&lag| (lag..lag + in_a_row).all(is_small)).unwrap_or(longest) - 1;
    let width = (2 * last_large.max(1)).min(longest);
    let (mut spread, mut slope) = (covariances[0], 0.0);
    for (lag, covariance) in covariances.iter().enumerate().take(width + 1).skip(1) {
        let place = lag as f64 / width as f64;
        let weight = if place <= 0.5 { 1.0 } else { 2.0 * (1.0 - place) };
        spread += 2.0 * weight * covariance;
        slope += 2.0 * weight * lag as f64 * covariance;
    }
    let most = (3.0 * libm::sqrt(count)).min(count / 3.0);
    if spread <= 0.0 {
        return 1.0;
    }
    let length = libm::cbrt(slope * slope / (spread * spread)) * libm::cbrt(count);
    length.clamp(1.0, most)
}

/// One drawing of as many places as there are, as blocks `(first, length)` on a circle of `places`. Blocks
/// have the mean length asked for (before the last is cut); lengths sum to `places`.
pub fn draw_blocks(places: usize, mean_length: f64, draws: &mut Draws) -> Vec<(usize, usize)> {
    let mut blocks = Vec::new();
    let mut left = places;
    let stop = 1.0 / mean_length.max(1.0);
    while left > 0 {
        let first = draws.integer(0, places as i64 - 1) as usize;
        // Geometric from 1, by inversion.
        let length = if stop >= 1.0 {
            1
        } else {
            1 + libm::floor(libm::log(draws.unit_above_zero()) / libm::log1p(-stop)) as usize
        };
        let length = length.clamp(1, left);
        blocks.push((first, length));
        left -= length;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn series(correlation: f64, n: usize) -> Vec<f64> {
        let mut draws = Seed::new(5).stream("series");
        let mut last = 0.0;
        let mut next = || {
            let noise: f64 = (0..12).map(|_| draws.unit()).sum::<f64>() - 6.0;
            last = correlation * last + noise;
            last
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn what_depends_for_longer_gets_longer_blocks() {
        let lengths = [0.0, 0.5, 0.9].map(|correlation| mean_block_length(&series(correlation, 400)));
        assert!(lengths[0] < lengths[1] && lengths[1] < lengths[2], "{lengths:?}");
        // The best mean length for an autoregression: (2 rho / (1 - rho^2))^(2/3) n^(1/3).
        let best = |rho: f64| libm::cbrt(libm::pow(2.0 * rho / (1.0 - rho * rho), 2.0)) * libm::cbrt(400.0);
        assert!((lengths[1] / best(0.5)).abs() < 2.0 && (lengths[1] / best(0.5)) > 0.5, "{lengths:?}");
        assert!((lengths[2] / best(0.9)).abs() < 2.0 && (lengths[2] / best(0.9)) > 0.5, "{lengths:?}");
    }

    #[test]
    fn series_that_say_nothing_give_single_places() {
        assert!((mean_block_length(&[]) - 1.0).abs() < 1e-12);
        assert!((mean_block_length(&[3.0; 50]) - 1.0).abs() < 1e-12);
        assert!((mean_block_length(&[1.0, 2.0, 3.0]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn blocks_fill_the_circle_with_the_mean_length() {
        let mut draws = Seed::new(1).stream("blocks");
        let (mut blocks, mut places) = (0, 0);
        for _ in 0..200 {
            let drawn = draw_blocks(500, 8.0, &mut draws);
            assert_eq!(drawn.iter().map(|block| block.1).sum::<usize>(), 500);
            assert!(drawn.iter().all(|&(first, length)| first < 500 && length >= 1));
            blocks += drawn.len();
            places += 500;
        }
        let mean = f64::from(places) / blocks as f64;
        assert!((7.0..9.0).contains(&mean), "{mean}");
        assert_eq!(draw_blocks(5, 1.0, &mut draws).len(), 5);
        assert_eq!(draw_blocks(0, 4.0, &mut draws), []);
    }
}
