//! Windows, bounds and latenesses to look at when nobody has said which.
//!
//! Windows are round lengths around the one that a recording opens with. Bounds are the ones that
//! drop 10 %, 5 %, 1 %, ... of this very stream with that window, and no more of them than a person
//! wants to read; latenesses are none, one window, and a day's worth of patience is left to people.

use crate::open::first_pipeline;
use crate::pipeline::WindowSpec;
use crate::record::Stream;
use crate::time::Span;
use crate::tuner::scan::Scan;

/// Shares of records that people ask for, with a bound for each.
pub const COMPLETENESS: [f64; 8] = [0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 1.0];

/// Parts of the window that a recording opens with.
const PARTS: [(i64, i64); 3] = [(1, 4), (1, 1), (4, 1)];

/// Tumbling windows to compare: a quarter of the one that the recording opens with, that one, and four
/// times as long, as far as they differ.
pub fn windows(stream: &Stream) -> Vec<WindowSpec> {
    let WindowSpec::Tumbling { size, offset } = first_pipeline(stream).window else { return Vec::new() };
    let mut windows: Vec<WindowSpec> = Vec::new();
    for (times, over) in PARTS {
        let size = Span::from_micros((size.micros() * times / over).max(1_000));
        let window = WindowSpec::Tumbling { size, offset };
        if !windows.contains(&window) {
            windows.push(window);
        }
    }
    windows
}

/// No bound, and the least bounds that count these shares of records without any lateness, rounded up
/// to two digits; ascending, each once.
pub fn bounds(scan: &Scan) -> Vec<Span> {
    let mut bounds: Vec<Span> = COMPLETENESS.iter().map(|&share| rounded_up(scan.least_horizon(share))).collect();
    bounds.push(Span::ZERO);
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

/// So many bounds for a curve, from none to the one that drops nothing; evenly spaced in the number of
/// records that they drop, and in time.
pub fn curve(scan: &Scan, count: usize) -> Vec<Span> {
    let column = scan.overdue_last();
    let longest = scan.least_horizon(1.0);
    let half = (count / 2).max(1) as i64;
    let dropped = column.len() as u64;
    let by_rank = |step: i64| {
        // Evenly in the logarithm of what is dropped: the tail is what a curve is looked at for.
        let rank = libm::pow(dropped as f64 + 1.0, step as f64 / half as f64) as u64 - 1;
        column.least_excluding(rank)
    };
    let by_time = |step: i64| Span::from_micros((longest.micros() as i128 * step as i128 / half as i128) as i64);
    let mut bounds: Vec<Span> = (0..=half).flat_map(|step| [by_rank(step), by_time(step)]).collect();
    bounds.push(Span::ZERO);
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

/// The next span of two digits in its own unit: 1 min 52 s of 1 min 51.3 s, 27 min of 26 min 14 s.
pub fn rounded_up(span: Span) -> Span {
    let micros = span.micros();
    let unit = match micros {
        ..100 => 1,
        100..1_000 => 10,
        1_000..10_000 => 100,
        10_000..100_000 => 1_000,
        100_000..1_000_000 => 10_000,
        1_000_000..10_000_000 => 100_000,
        10_000_000..120_000_000 => 1_000_000,
        120_000_000..600_000_000 => 10_000_000,
        600_000_000..7_200_000_000 => 60_000_000,
        7_200_000_000..36_000_000_000 => 600_000_000,
        36_000_000_000..172_800_000_000 => 3_600_000_000,
        172_800_000_000..864_000_000_000 => 6 * 3_600_000_000,
        _ => 86_400_000_000,
    };
    Span::from_micros(
        micros.div_euclid(unit).saturating_add(i64::from(micros.rem_euclid(unit) > 0)).saturating_mul(unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_rounded_up_to_what_people_say() {
        let rounded = |secs: f64| rounded_up(Span::from_secs_f64(secs)).as_secs_f64();
        assert_eq!([0.0, 0.000_101, 1.234, 111.3, 1_574.0].map(rounded), [0.0, 0.000_11, 1.3, 112.0, 1_620.0]);
        assert_eq!([119.5, 120.1, 600.0, 7_200.0, 90_001.0].map(rounded), [120.0, 130.0, 600.0, 7_200.0, 93_600.0]);
        assert_eq!(rounded(863_999.0), 864_000.0);
        assert_eq!(rounded(864_001.0), 950_400.0);
    }
}
