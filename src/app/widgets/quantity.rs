//! What a knob turns: a quantity with a unit.
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
    /// A length of time in microseconds; 0 switches it off.
    SpanOrOff,
    /// A length of time in microseconds for every record.
    SpanPerRecord,
    /// Records per second.
    Rate,
    /// A whole number of records.
    Records,
    /// A whole number of something else, of which this is the plural.
    Whole(&'static str),
    /// A number without a unit.
    Plain,
    /// A share from 0 to 1, shown in per cent.
    Share,
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
            Self::SpanOrOff if value == 0.0 => ("off".to_owned(), String::new()),
            Self::Span | Self::SpanOrOff => split_unit(&human::span(Span::from_micros(value as i64))),
            Self::SpanPerRecord => {
                let (number, unit) = split_unit(&human::span(Span::from_micros(value as i64)));
                (number, format!("{unit}/record"))
            }
            Self::Rate if value >= 1_000.0 => (human::count(libm::round(value) as u64), "records/s".to_owned()),
            Self::Rate => (trimmed(value), "records/s".to_owned()),
            Self::Records => (human::count(value as u64), if value == 1.0 { "record" } else { "records" }.to_owned()),
            Self::Whole(many) => (human::count(value as u64), many.to_owned()),
            Self::Plain => (trimmed(value), String::new()),
            Self::Share => (trimmed(100.0 * value), "%".to_owned()),
        }
    }

    /// The text that stands in the field when it is opened for typing.
    pub fn edit_text(self, value: f64) -> String {
        match self {
            Self::SpanOrOff if value == 0.0 => "off".to_owned(),
            Self::Span | Self::SpanOrOff | Self::SpanPerRecord => human::span_exact(Span::from_micros(value as i64)),
            Self::Rate | Self::Plain => trimmed(value),
            Self::Records | Self::Whole(_) => format!("{}", value as u64),
            Self::Share => format!("{}%", trimmed(100.0 * value)),
        }
    }

    /// Reads what was typed.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(self, text: &str) -> Result<f64, String> {
        let number = |text: &str| text.trim().replace([',', '_', ' '], "");
        match self {
            Self::SpanOrOff if text.trim() == "off" => Ok(0.0),
            Self::Span | Self::SpanOrOff | Self::SpanPerRecord => {
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
            Self::Whole(many) => {
                let count = number(text.trim().trim_end_matches(many)).parse::<u32>();
                count.map(f64::from).map_err(|_| format!("{text:?} is not a whole number of {many}, like 3"))
            }
            Self::Plain => match number(text).parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(value),
                _ => Err(format!("{text:?} is not a number, like 2.5")),
            },
            Self::Share => share(text).ok_or_else(|| format!("{text:?} is not a share, like 99.9% or 0.999")),
        }
    }

    /// The distance between neighbouring round values near `value`.
    pub fn step_near(self, value: f64) -> f64 {
        let fine = value.abs() / 20.0;
        match self {
            Self::Span | Self::SpanOrOff | Self::SpanPerRecord => {
                let below = ROUND_SPANS.partition_point(|&step| step as f64 <= fine);
                ROUND_SPANS[below.saturating_sub(1)] as f64
            }
            Self::Rate => decade_step(fine).max(0.01),
            Self::Records | Self::Whole(_) => decade_step(fine).max(1.0),
            Self::Plain => decade_step(fine).max(0.001),
            Self::Share => 0.001,
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

/// `99.9%` and `99.9` as 0.999; a number of at most 1 without a sign is a share already.
fn share(text: &str) -> Option<f64> {
    let text = text.trim();
    let value: f64 = text.trim_end_matches('%').trim().parse().ok()?;
    let is_share = value <= 1.0 && !text.ends_with('%');
    value.is_finite().then_some(if is_share { value } else { value / 100.0 })
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
    fn shares_whole_numbers_and_what_is_off_are_read_and_shown() {
        assert_eq!(Quantity::Share.show(0.999), ("99.9".into(), "%".into()));
        for (text, value) in [("99.9%", 0.999), ("99.9", 0.999), ("0.5", 0.5), ("1%", 0.01), ("1", 1.0)] {
            let read = Quantity::Share.parse(text).expect(text);
            assert!((read - value).abs() < 1e-12, "{text}: {read}");
        }
        assert!(Quantity::Share.parse("most").is_err());
        assert_eq!(Quantity::SpanOrOff.show(0.0), ("off".into(), String::new()));
        assert_eq!(Quantity::SpanOrOff.parse("off"), Ok(0.0));
        assert_eq!(Quantity::SpanOrOff.parse("5s"), Ok(5.0 * S));
        assert_eq!(Quantity::Whole("values").show(3.0), ("3".into(), "values".into()));
        assert_eq!(Quantity::Whole("values").parse("12 values"), Ok(12.0));
        assert_eq!(Quantity::Plain.parse("-2.5"), Ok(-2.5));
        assert!(Quantity::Plain.parse("inf").is_err());
    }

    #[test]
    fn turning_gives_round_values() {
        assert_eq!(Quantity::Span.round(30.4 * S), 30.0 * S);
        assert_eq!(Quantity::Span.round(2712.0 * S), 2760.0 * S);
        assert_eq!(Quantity::Records.round(33.3), 33.0);
        assert_eq!(Quantity::Records.round(1234.0), 1250.0);
        assert_eq!(Quantity::Rate.round(1.234), 1.25);
    }
}
