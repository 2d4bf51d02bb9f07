//! People's delays along an axis, and round numbers.

use super::bins::{DelayAxis, DelayBins};
use crate::human;
use crate::time::Span;

/// Delays that people say, in microseconds, ascending: about two for each factor of ten.
const ROUND: [i64; 27] = [
    1,
    10,
    100,
    1_000,
    3_000,
    10_000,
    30_000,
    100_000,
    300_000,
    1_000_000,
    3_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    180_000_000,
    600_000_000,
    1_800_000_000,
    3_600_000_000,
    10_800_000_000,
    43_200_000_000,
    86_400_000_000,
    259_200_000_000,
    864_000_000_000,
    2_592_000_000_000,
    8_640_000_000_000,
    31_536_000_000_000,
    315_360_000_000_000,
];

/// Least distance between two ticks, in points.
const APART: f32 = 46.0;

/// Round delays on the axis with what they say, ascending, far enough apart for their labels.
pub fn ticks(bins: &DelayBins, width: f32) -> Vec<(Span, String)> {
    if bins.axis == DelayAxis::Linear {
        return even_ticks(bins, width);
    }
    let mut ticks = Vec::new();
    let mut last = f32::NEG_INFINITY;
    for span in ROUND.map(Span::from_micros) {
        let x = bins.place(span.as_secs_f64()) as f32 * width;
        if (0.0..=width).contains(&x) && x - last >= APART {
            last = x;
            ticks.push((span, human::span(span)));
        }
    }
    ticks
}

/// Steps between delays on a linear axis, in microseconds: what people divide time by.
const STEPS: [i64; 22] = [
    1_000,
    10_000,
    100_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    1_800_000_000,
    3_600_000_000,
    7_200_000_000,
    21_600_000_000,
    43_200_000_000,
    86_400_000_000,
    604_800_000_000,
    2_592_000_000_000,
    31_536_000_000_000,
];

/// Delays at even steps from zero on.
fn even_ticks(bins: &DelayBins, width: f32) -> Vec<(Span, String)> {
    let whole = bins.seconds_at(1.0) * 1e6;
    let is_apart = |step: &i64| *step as f64 / whole * f64::from(width) >= f64::from(APART);
    let step = STEPS.into_iter().find(is_apart).unwrap_or(whole.max(1.0) as i64);
    let count = (whole / step as f64) as i64;
    (0..=count.min(200)).map(|n| Span::from_micros(n * step)).map(|span| (span, human::span(span))).collect()
}

/// The round number nearest above: 1, 2 or 5 times a power of ten, at least 1.
pub fn round_count(about: f32) -> u32 {
    let mut unit = 1_u32;
    loop {
        for step in [unit, unit.saturating_mul(2), unit.saturating_mul(5)] {
            if step as f32 >= about {
                return step;
            }
        }
        if unit > u32::MAX / 20 {
            return unit;
        }
        unit *= 10;
    }
}

/// A delay with two or three significant digits, as a hand on a knob means it.
pub fn rounded(seconds: f64) -> Span {
    let micros = Span::from_secs_f64(seconds).micros();
    let step = match micros {
        0..10_000 => 100,
        10_000..1_000_000 => 10_000,
        1_000_000..10_000_000 => 100_000,
        10_000_000..120_000_000 => 1_000_000,
        120_000_000..7_200_000_000 => 10_000_000,
        7_200_000_000..172_800_000_000 => 300_000_000,
        _ => 3_600_000_000,
    };
    Span::from_micros((micros + step / 2) / step * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_round_up_to_one_two_or_five() {
        assert_eq!([0.2, 1.0, 1.1, 3.0, 7.0, 21.0, 501.0].map(round_count), [1, 1, 2, 5, 10, 50, 1_000]);
        assert!(round_count(f32::MAX) > 0);
    }

    #[test]
    fn a_dragged_bound_is_a_number_that_people_say() {
        assert_eq!(rounded(33.4), Span::from_secs(33));
        assert_eq!(rounded(0.3456), Span::from_millis(350));
        assert_eq!(rounded(1_804.0), Span::from_secs(1_800));
        assert_eq!(rounded(0.0), Span::ZERO);
    }
}
