//! What a knob turns: a quantity with a unit, and the scale on which it is turned.
//!
//! Values are `f64`: microseconds for spans, plain numbers otherwise. Turning gives round values
//! (a step is about a twentieth of the value); typing gives any value inside the limits.

use crate::human;
use crate::time::Span;

/// What kind of number a knob holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A length of time in microseconds.
    Span,
    /// A length of time in microseconds for every record.
    SpanPerRecord,
    /// Records per second.
    Rate,
    /// A whole number of records.
    Records,
}

/// Steps between spans that people find round, in microseconds.
const ROUND_SPANS: [i64; 26] = [
    100,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    15_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    900_000_000,
    1_800_000_000,
    3_600_000_000,
    7_200_000_000,
    21_600_000_000,
    86_400_000_000,
];

/// Window sizes that people choose, in seconds.
pub const WINDOW_STOPS_S: [f64; 26] = [
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
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
    7_776_000.0,
];

impl Quantity {
    /// The number and its unit, for a screen: `("2 min 37", "s")`.
    pub fn show(self, value: f64) -> (String, String) {
        match self {
            Self::Span => split_unit(&human::span(Span::from_micros(value as i64))),
            Self::SpanPerRecord => {
                let (number, unit) = split_unit(&human::span(Span::from_micros(value as i64)));
                (number, format!("{unit}/record"))
            }
            Self::Rate if value >= 1_000.0 => (human::count(libm::round(value) as u64), "records/s".to_owned()),
            Self::Rate => (trimmed(value), "records/s".to_owned()),
            Self::Records => (human::count(value as u64), if value == 1.0 { "record" } else { "records" }.to_owned()),
        }
    }

    /// The text that stands in the field when it is opened for typing.
    pub fn edit_text(self, value: f64) -> String {
        match self {
            Self::Span | Self::SpanPerRecord => human::span_exact(Span::from_micros(value as i64)),
            Self::Rate => trimmed(value),
            Self::Records => format!("{}", value as u64),
        }
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(self, text: &str) -> Result<f64, String> {
        let number = |text: &str| text.trim().replace([',', '_', ' '], "");
        match self {
            Self::Span | Self::SpanPerRecord => {
                let text = text.trim().trim_end_matches("/record");
                human::parse_span(text).map(|span| span.micros() as f64).map_err(|error| error.to_string())
            }
            Self::Rate => match number(text.trim().trim_end_matches("records/s").trim_end_matches("/s")).parse::<f64>()
            {
                Ok(rate) if rate.is_finite() => Ok(rate),
                _ => Err(format!("{text:?} is not a rate; write records per second, like 1.25")),
            },
            Self::Records => {
                let text = text.trim().trim_end_matches("records").trim_end_matches("record");
                let count = number(text).parse::<u32>();
                count.map(f64::from).map_err(|_| format!("{text:?} is not a number of records, like 32"))
            }
        }
    }

    /// The distance between neighbouring round values near `value`.
    pub fn step_near(self, value: f64) -> f64 {
        let fine = value.abs() / 20.0;
        match self {
            Self::Span | Self::SpanPerRecord => {
                let below = ROUND_SPANS.partition_point(|&step| step as f64 <= fine);
                ROUND_SPANS[below.saturating_sub(1)] as f64
            }
            Self::Rate => decade_step(fine).max(0.01),
            Self::Records => decade_step(fine).max(1.0),
        }
    }

    /// The nearest round value.
    pub fn round(self, value: f64) -> f64 {
        let step = self.step_near(value);
        libm::round(value / step) * step
    }
}

/// The largest of 1, 2, 5 times a power of ten that is not above `limit`.
fn decade_step(limit: f64) -> f64 {
    if limit <= 0.0 {
        return 0.0;
    }
    let decade = libm::pow(10.0, libm::floor(libm::log10(limit)));
    [5.0, 2.0].into_iter().map(|factor| factor * decade).find(|&step| step <= limit).unwrap_or(decade)
}

fn split_unit(text: &str) -> (String, String) {
    match text.rsplit_once(' ') {
        Some((number, unit)) => (number.to_owned(), unit.to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

/// At most three decimals, none of them a trailing zero.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Where a value sits on a track, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Equal factors are equally far apart. With `zero`, the left end of the track is zero and
    /// `min` is the smallest other value.
    Log {
        /// The smallest value that is not zero; positive.
        min: f64,
        /// The largest; above `min`.
        max: f64,
        /// Whether the left end is zero.
        zero: bool,
    },
    /// The square root of the value is spread evenly, from 0 to `max`; the small ones get more
    /// room but zero keeps its place.
    Root {
        /// The largest; positive.
        max: f64,
    },
    /// Only these values, ascending, equally far apart; at least two.
    Stops(Vec<f64>),
}

/// How much of a track with a zero belongs to it.
const ZERO_SHARE: f64 = 0.04;

impl Scale {
    /// The smallest and the largest value.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Self::Log { min, max, zero } => (if *zero { 0.0 } else { *min }, *max),
            Self::Root { max } => (0.0, *max),
            Self::Stops(stops) => (stops.first().copied().unwrap_or(0.0), stops.last().copied().unwrap_or(0.0)),
        }
    }

    /// The place of `value`; outside the range it is an end.
    pub fn place(&self, value: f64) -> f64 {
        match self {
            Self::Log { min, max, zero } => {
                let share = libm::log(value.max(*min) / min) / libm::log(max / min);
                match (zero, value <= 0.0) {
                    (true, true) => 0.0,
                    (true, false) => ZERO_SHARE + (1.0 - ZERO_SHARE) * share.clamp(0.0, 1.0),
                    (false, _) => share.clamp(0.0, 1.0),
                }
            }
            Self::Root { max } => libm::sqrt((value / max).clamp(0.0, 1.0)),
            Self::Stops(stops) => {
                let last = stops.len().saturating_sub(1).max(1) as f64;
                let above = stops.partition_point(|&stop| stop < value);
                if above == 0 {
                    return 0.0;
                }
                if above >= stops.len() {
                    return 1.0;
                }
                let (low, high) = (stops[above - 1], stops[above]);
                (above as f64 - 1.0 + (value - low) / (high - low)) / last
            }
        }
    }

    /// The value at a place from 0 to 1, round in the sense of `quantity`.
    pub fn value(&self, place: f64, quantity: Quantity) -> f64 {
        let place = place.clamp(0.0, 1.0);
        match self {
            Self::Log { min, max, zero } => {
                if *zero && place < ZERO_SHARE / 2.0 {
                    return 0.0;
                }
                let share = if *zero { (place - ZERO_SHARE) / (1.0 - ZERO_SHARE) } else { place }.clamp(0.0, 1.0);
                quantity.round(min * libm::pow(max / min, share)).clamp(*min, *max)
            }
            Self::Root { max } => quantity.round(place * place * max).clamp(0.0, *max),
            Self::Stops(stops) => {
                let last = stops.len().saturating_sub(1) as f64;
                stops.get(libm::round(place * last) as usize).copied().unwrap_or(0.0)
            }
        }
    }

    /// `value` moved by whole steps (back, when negative), inside the range.
    pub fn stepped(&self, value: f64, steps: i32, quantity: Quantity) -> f64 {
        let (least, most) = self.range();
        let mut value = value;
        for _ in 0..steps.unsigned_abs() {
            value = self.one_step(value, steps > 0, quantity);
        }
        value.clamp(least, most)
    }

    fn one_step(&self, value: f64, up: bool, quantity: Quantity) -> f64 {
        if let Self::Stops(stops) = self {
            let next = if up {
                stops.iter().find(|&&stop| stop > value)
            } else {
                stops.iter().rev().find(|&&stop| stop < value)
            };
            return next.copied().unwrap_or(value);
        }
        let smallest = if let Self::Log { min, .. } = self { *min } else { 0.0 };
        if up && value < smallest {
            return smallest;
        }
        if !up && value <= smallest {
            return 0.0;
        }
        let (_, most) = self.range();
        let step = quantity.step_near(value.max(most * 0.001));
        if up {
            (libm::floor(value / step + 1e-9) + 1.0) * step
        } else {
            (libm::ceil(value / step - 1e-9) - 1.0) * step
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: f64 = 1e6;

    #[test]
    fn numbers_and_units_come_apart() {
        let show = |quantity: Quantity, value| quantity.show(value);
        assert_eq!(show(Quantity::Span, 157.0 * S), ("2 min 37".into(), "s".into()));
        assert_eq!(show(Quantity::Span, 0.0), ("0".into(), "s".into()));
        assert_eq!(show(Quantity::SpanPerRecord, 340_000.0), ("340".into(), "ms/record".into()));
        assert_eq!(show(Quantity::Rate, 1.25), ("1.25".into(), "records/s".into()));
        assert_eq!(show(Quantity::Rate, 1_000.0), ("1,000".into(), "records/s".into()));
        assert_eq!(show(Quantity::Records, 1.0), ("1".into(), "record".into()));
        assert_eq!(show(Quantity::Records, 12_000.0), ("12,000".into(), "records".into()));
    }

    #[test]
    fn what_is_typed_is_read_with_its_unit() {
        assert_eq!(Quantity::Span.parse("45s"), Ok(45.0 * S));
        assert_eq!(Quantity::Span.parse(" 1h 30min "), Ok(5400.0 * S));
        assert!(Quantity::Span.parse("45").unwrap_err().contains("45s"));
        assert_eq!(Quantity::SpanPerRecord.parse("0.34s/record"), Ok(340_000.0));
        assert_eq!(Quantity::Rate.parse("2.5 records/s"), Ok(2.5));
        assert!(Quantity::Rate.parse("NaN").is_err());
        assert_eq!(Quantity::Records.parse("1,000 records"), Ok(1000.0));
        assert!(Quantity::Records.parse("-3").is_err());
        for value in [0.0, 340_000.0, 7.5 * S, 5400.0 * S] {
            assert_eq!(Quantity::Span.parse(&Quantity::Span.edit_text(value)), Ok(value));
        }
    }

    #[test]
    fn turning_gives_round_values() {
        assert_eq!(Quantity::Span.round(30.4 * S), 30.0 * S);
        assert_eq!(Quantity::Span.round(2712.0 * S), 2760.0 * S);
        assert_eq!(Quantity::Records.round(33.3), 33.0);
        assert_eq!(Quantity::Records.round(1234.0), 1250.0);
        assert_eq!(Quantity::Rate.round(1.234), 1.25);
    }

    #[test]
    fn every_scale_gives_back_the_value_of_a_place() {
        let scales = [
            Scale::Log { min: S, max: 3600.0 * S, zero: true },
            Scale::Root { max: 600.0 * S },
            Scale::Stops(vec![S, 5.0 * S, 60.0 * S]),
        ];
        for scale in scales {
            let (least, most) = scale.range();
            assert_eq!(scale.place(least), 0.0);
            assert_eq!(scale.place(most), 1.0);
            assert_eq!(scale.value(0.0, Quantity::Span), least);
            assert_eq!(scale.value(1.0, Quantity::Span), most);
            for place in [0.2, 0.5, 0.8] {
                let value = scale.value(place, Quantity::Span);
                let again = scale.value(scale.place(value), Quantity::Span);
                assert_eq!(again, value, "{scale:?} at {place}");
            }
        }
    }

    #[test]
    fn steps_go_to_the_next_round_value_and_stop_at_the_ends() {
        let scale = Scale::Log { min: S, max: 100.0 * S, zero: true };
        let step = |value, steps| scale.stepped(value, steps, Quantity::Span);
        assert_eq!(step(30.0 * S, 1), 31.0 * S);
        assert_eq!(step(30.0 * S, -1), 29.0 * S);
        assert_eq!(step(0.0, 1), S);
        assert_eq!(step(S, -1), 0.0);
        assert_eq!(step(0.0, -1), 0.0);
        assert_eq!(step(100.0 * S, 5), 100.0 * S);
        let stops = Scale::Stops(vec![S, 5.0 * S, 60.0 * S]);
        assert_eq!(stops.stepped(2.0 * S, 1, Quantity::Span), 5.0 * S);
        assert_eq!(stops.stepped(5.0 * S, -1, Quantity::Span), S);
    }
}
