//! How a column writes its times, and what a cell of it means.
//!
//! A format is either chosen by its name (`s`, `ms`, `us`, `ns`, `rfc3339`, or a strptime pattern)
//! or found from the cells in the first rows. Dates without a zone are UTC.

use std::fmt;
use std::ops::Range;

use jiff::fmt::strtime;

use super::instants::{epoch_micros, iso_micros};
use crate::time::INPUT_LIMIT_MICROS;

/// The unit of a number of units since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

/// In every unit, instants from here on have a magnitude that cannot be mistaken for that of the
/// next coarser unit: 1973-03-03, as 10^11 ms, while 10^11 s is the year 5138.
const UNMISTAKABLE_MICROS: u64 = 100_000_000_000_000;

/// In every unit, instants from here on (the year 5138) have the magnitude of the next finer one.
const MISTAKABLE_MICROS: u64 = 100_000_000_000_000_000;

impl EpochUnit {
    /// All units from coarse to fine.
    pub const ALL: [Self; 4] = [Self::Seconds, Self::Millis, Self::Micros, Self::Nanos];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "us",
            Self::Nanos => "ns",
        }
    }

    /// The name in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Millis => "milliseconds",
            Self::Micros => "microseconds",
            Self::Nanos => "nanoseconds",
        }
    }

    /// The unit that a number of this magnitude must be in to lie between 1973 and 5138. Numbers
    /// below 10^11 are seconds, whatever is smaller.
    pub fn of_magnitude(number: f64) -> Self {
        match number.abs() {
            magnitude if magnitude < 1e11 => Self::Seconds,
            magnitude if magnitude < 1e14 => Self::Millis,
            magnitude if magnitude < 1e17 => Self::Micros,
            _ => Self::Nanos,
        }
    }

    /// Microseconds per unit as a power of ten.
    const fn shift(self) -> i32 {
        match self {
            Self::Seconds => 6,
            Self::Millis => 3,
            Self::Micros => 0,
            Self::Nanos => -3,
        }
    }
}

/// How a column writes its times.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeFormat {
    /// Numbers since the epoch.
    Epoch(Epoch),
    /// Dates from the year to the second: RFC 3339, and its relatives without `T` or zone.
    Rfc3339,
    /// A strptime pattern.
    Pattern(Pattern),
    /// A column whose type says that it holds instants.
    Typed,
}

/// Numbers since the epoch in one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The unit.
    pub unit: EpochUnit,
    /// When the unit was found by magnitude: how far from the epoch (in microseconds) an instant
    /// may be so that the magnitude of its number still says the same.
    plausible: Option<Range<u64>>,
}

/// A strptime pattern that is known to give whole dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    format: String,
    example: String,
    /// The separator between date and time when the pattern is only another way to say
    /// `%Y-%m-%d %H:%M:%S`, which has a fast parser.
    iso_separator: Option<u8>,
}

/// Why a cell is not a legal instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeProblem {
    /// It is not written in the format of the column.
    NotATime,
    /// It is further from the epoch than [`INPUT_LIMIT_MICROS`]. If it would not be in another
    /// unit, which.
    OutOfRange(Option<EpochUnit>),
    /// Its magnitude says that it is in this unit, unlike the rest of the column.
    OtherUnit(EpochUnit),
}

/// A `--time-format` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{format:?} is not a time format: {reason}; use s, ms, us, ns, rfc3339, auto or a pattern like \
     \"%Y-%m-%d %H:%M:%S\""
)]
pub struct TimeFormatError {
    /// The text.
    pub format: String,
    /// What is wrong with it.
    pub reason: String,
}

impl TimeFormat {
    /// The format of this name or pattern; `None` for `auto`, which leaves it to the cells.
    ///
    /// # Errors
    /// When it is neither a name nor a pattern that gives a whole date.
    pub fn from_name(text: &str) -> Result<Option<Self>, TimeFormatError> {
        let name = text.trim();
        if name.eq_ignore_ascii_case("auto") {
            return Ok(None);
        }
        if name.eq_ignore_ascii_case("rfc3339") {
            return Ok(Some(Self::Rfc3339));
        }
        if let Some(unit) = EpochUnit::ALL.into_iter().find(|unit| unit.name() == name) {
            return Ok(Some(Self::Epoch(Epoch { unit, plausible: None })));
        }
        Pattern::new(text).map(|pattern| Some(Self::Pattern(pattern)))
    }

    /// Numbers in a unit that was found by their magnitude: a number that looks like another unit
    /// is a [`TimeProblem::OtherUnit`].
    pub(super) fn epoch_by_magnitude(unit: EpochUnit) -> Self {
        let least = if unit == EpochUnit::Seconds { 0 } else { UNMISTAKABLE_MICROS };
        Self::Epoch(Epoch { unit, plausible: Some(least..MISTAKABLE_MICROS) })
    }

    /// Numbers in a unit that the name of their column says and their magnitude allows.
    pub(super) fn epoch_by_name(unit: EpochUnit) -> Self {
        Self::Epoch(Epoch { unit, plausible: Some(0..MISTAKABLE_MICROS) })
    }

    /// The name or pattern that chooses this format; `timestamp`, which nobody needs to choose, for
    /// [`TimeFormat::Typed`].
    pub fn name(&self) -> &str {
        match self {
            Self::Epoch(epoch) => epoch.unit.name(),
            Self::Rfc3339 => "rfc3339",
            Self::Pattern(pattern) => &pattern.format,
            Self::Typed => "timestamp",
        }
    }

    /// The instant that a cell names, in microseconds since the epoch, at most
    /// [`INPUT_LIMIT_MICROS`] from it. Blanks around it are ignored.
    ///
    /// # Errors
    /// [`TimeProblem`] says why it is none.
    pub fn micros(&self, cell: &[u8]) -> Result<i64, TimeProblem> {
        let cell = cell.trim_ascii();
        let micros = match self {
            Self::Epoch(epoch) => return epoch.micros(cell),
            Self::Rfc3339 | Self::Typed => iso_micros(cell),
            Self::Pattern(pattern) => pattern.micros(cell),
        };
        match micros {
            None => Err(TimeProblem::NotATime),
            Some(micros) if micros.unsigned_abs() > INPUT_LIMIT_MICROS.unsigned_abs() => {
                Err(TimeProblem::OutOfRange(None))
            }
            Some(micros) => Ok(micros),
        }
    }

    /// The instant that a whole number names, as [`TimeFormat::micros`] of its digits.
    ///
    /// # Errors
    /// [`TimeProblem`] says why it is none.
    pub(super) fn micros_of_integer(&self, number: i64) -> Result<i64, TimeProblem> {
        match self {
            Self::Epoch(epoch) => {
                let micros = match epoch.unit {
                    EpochUnit::Seconds => number.saturating_mul(1_000_000),
                    EpochUnit::Millis => number.saturating_mul(1_000),
                    EpochUnit::Micros => number,
                    EpochUnit::Nanos => number / 1_000,
                };
                epoch.checked(micros, || EpochUnit::of_magnitude(number as f64))
            }
            _ => self.micros(number.to_string().as_bytes()),
        }
    }

    /// What a cell should look like, after "expected".
    pub fn expected(&self) -> String {
        match self {
            Self::Epoch(epoch) => {
                let example = match epoch.unit {
                    EpochUnit::Seconds => "1553372469",
                    EpochUnit::Millis => "1553372469000",
                    EpochUnit::Micros => "1553372469000000",
                    EpochUnit::Nanos => "1553372469000000000",
                };
                format!("{} since 1970 like {example}", epoch.unit.words())
            }
            Self::Rfc3339 | Self::Typed => "a date like 2019-03-23 20:21:09".to_owned(),
            Self::Pattern(pattern) => format!("a date like {} ({})", pattern.example, pattern.format),
        }
    }
}

/// As in "read as ...".
impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epoch(epoch) => write!(f, "{} since 1970", epoch.unit.words()),
            Self::Rfc3339 => f.write_str("dates from year to second"),
            Self::Pattern(pattern) => write!(f, "dates in the form {}", pattern.format),
            Self::Typed => f.write_str("timestamps"),
        }
    }
}

impl Epoch {
    fn micros(&self, cell: &[u8]) -> Result<i64, TimeProblem> {
        let micros = epoch_micros(cell, self.unit.shift()).ok_or(TimeProblem::NotATime)?;
        self.checked(micros, || implied_unit(cell))
    }

    /// `micros`, if it may be what the column means. `implied` is the unit that the number looks like.
    fn checked(&self, micros: i64, implied: impl FnOnce() -> EpochUnit) -> Result<i64, TimeProblem> {
        let magnitude = micros.unsigned_abs();
        if let Some(plausible) = &self.plausible {
            // Zero is the epoch in every unit.
            if magnitude != 0 && !plausible.contains(&magnitude) {
                return Err(TimeProblem::OtherUnit(implied()));
            }
        } else if magnitude > INPUT_LIMIT_MICROS.unsigned_abs() {
            let implied = implied();
            return Err(TimeProblem::OutOfRange((implied > self.unit).then_some(implied)));
        }
        Ok(micros)
    }
}

fn implied_unit(cell: &[u8]) -> EpochUnit {
    let number = std::str::from_utf8(cell).ok().and_then(|text| text.parse().ok());
    EpochUnit::of_magnitude(number.unwrap_or(0.0))
}

impl Pattern {
    /// Checks the pattern by writing a date with it and reading it back.
    pub(super) fn new(format: &str) -> Result<Self, TimeFormatError> {
        let error = |reason: &str| TimeFormatError { format: format.to_owned(), reason: reason.to_owned() };
        if !format.contains('%') {
            return Err(error("it is no name and has no %"));
        }
        // 2019-03-23 20:21:09 UTC.
        let instant = jiff::Timestamp::from_second(1_553_372_469).map_err(|e| error(&e.to_string()))?;
        let example = strtime::format(format, &instant.to_zoned(jiff::tz::TimeZone::UTC))
            .map_err(|e| error(&format!("it cannot be written ({e})")))?;
        let iso_separator = match format {
            "%Y-%m-%d %H:%M:%S" | "%F %T" | "%Y-%m-%d %T" | "%F %H:%M:%S" => Some(b' '),
            "%Y-%m-%dT%H:%M:%S" | "%FT%T" | "%Y-%m-%dT%T" | "%FT%H:%M:%S" => Some(b'T'),
            _ => None,
        };
        let pattern = Self { format: format.to_owned(), example, iso_separator };
        match pattern.micros_by_library(&pattern.example) {
            Some(_) => Ok(pattern),
            None => Err(error("it does not give a whole date (year, month and day) that can be read")),
        }
    }

    fn micros(&self, cell: &[u8]) -> Option<i64> {
        if let Some(separator) = self.iso_separator
            && cell.len() == 19
            && cell[10] == separator
            && cell[4] == b'-'
        {
            return iso_micros(cell);
        }
        self.micros_by_library(std::str::from_utf8(cell).ok()?)
    }

    fn micros_by_library(&self, text: &str) -> Option<i64> {
        let fields = strtime::parse(&self.format, text).ok()?;
        let timestamp = if fields.timestamp().is_some() || fields.offset().is_some() {
            fields.to_timestamp().ok()?
        } else if fields.iana_time_zone().is_some() {
            fields.to_zoned().ok()?.timestamp()
        } else {
            jiff::tz::Offset::UTC.to_timestamp(fields.to_datetime().ok()?).ok()?
        };
        Some(timestamp.as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANT: i64 = 1_553_372_469_000_000;

    fn check(format: &str, cell: &str, expected: Result<i64, TimeProblem>) {
        let format = TimeFormat::from_name(format).expect("a format").expect("not auto");
        assert_eq!(format.micros(cell.as_bytes()), expected, "{cell}");
    }

    #[test]
    fn formats_are_chosen_by_name_or_pattern() {
        check("s", "1553372469", Ok(INSTANT));
        check("ms", " 1553372469000 ", Ok(INSTANT));
        check("us", "1553372469000000", Ok(INSTANT));
        check("ns", "1553372469000000000", Ok(INSTANT));
        check("rfc3339", "2019-03-23T20:21:09Z", Ok(INSTANT));
        check("%Y-%m-%d %H:%M:%S", "2019-03-23 20:21:09", Ok(INSTANT));
        check("%FT%T", "2019-03-23T20:21:09", Ok(INSTANT));
        check("%d.%m.%Y %H:%M:%S", "23.03.2019 20:21:09", Ok(INSTANT));
        check("%m/%d/%Y %I:%M:%S %p", "03/23/2019 08:21:09 PM", Ok(INSTANT));
        check("%d/%b/%Y:%H:%M:%S %z", "23/Mar/2019:22:21:09 +0200", Ok(INSTANT));
        check("%s", "1553372469", Ok(INSTANT));
        check("%d.%m.%Y", "23.03.2019", Ok(1_553_299_200_000_000));
        assert_eq!(TimeFormat::from_name("auto"), Ok(None));
    }

    #[test]
    fn a_pattern_is_kept_to_the_letter() {
        check("%Y-%m-%d %H:%M:%S", "2019-03-23T20:21:09", Err(TimeProblem::NotATime));
        check("%Y-%m-%d %H:%M:%S", "2019-03-23 20:21:09Z", Err(TimeProblem::NotATime));
        check("%Y-%m-%d %H:%M:%S", "2019-03-23", Err(TimeProblem::NotATime));
        check("%Y-%m-%d %H:%M:%S", "yesterday", Err(TimeProblem::NotATime));
    }

    #[test]
    fn unusable_formats_say_what_would_be_right() {
        let message = |text| TimeFormat::from_name(text).expect_err("unusable").to_string();
        assert!(message("seconds").contains("use s, ms, us, ns, rfc3339, auto"));
        assert!(message("%H:%M").contains("whole date"));
        assert!(message("%Y-%K").contains("is not a time format"));
        assert!(message("%Y-%m-%d %Z").contains("whole date"));
        assert!(message("").contains("has no %"));
    }

    #[test]
    fn instants_beyond_the_limit_name_the_unit_that_they_look_like() {
        check("s", "1517365101235", Err(TimeProblem::OutOfRange(Some(EpochUnit::Millis))));
        check("s", "-250000000001", Err(TimeProblem::OutOfRange(Some(EpochUnit::Millis))));
        check("s", "250000000000", Ok(INPUT_LIMIT_MICROS));
        check("us", "250000000000000001", Err(TimeProblem::OutOfRange(Some(EpochUnit::Nanos))));
        check("rfc3339", "9999-01-01", Err(TimeProblem::OutOfRange(None)));
    }

    #[test]
    fn a_unit_found_by_magnitude_refuses_other_magnitudes() {
        let seconds = TimeFormat::epoch_by_magnitude(EpochUnit::Seconds);
        assert_eq!(seconds.micros(b"1517365101235"), Err(TimeProblem::OtherUnit(EpochUnit::Millis)));
        assert_eq!(seconds.micros(b"-5"), Ok(-5_000_000));
        let millis = TimeFormat::epoch_by_magnitude(EpochUnit::Millis);
        assert_eq!(millis.micros(b"1517365101"), Err(TimeProblem::OtherUnit(EpochUnit::Seconds)));
        assert_eq!(millis.micros(b"1517365101235000"), Err(TimeProblem::OtherUnit(EpochUnit::Micros)));
        assert_eq!(millis.micros(b"0"), Ok(0));
        assert_eq!(millis.micros(b"100000000000"), Ok(100_000_000_000_000));
        let nanos = TimeFormat::epoch_by_magnitude(EpochUnit::Nanos);
        assert_eq!(nanos.micros(b"1517365101235000000"), Ok(1_517_365_101_235_000));
        assert_eq!(nanos.micros(b"1517365101235000"), Err(TimeProblem::OtherUnit(EpochUnit::Micros)));
        let named = TimeFormat::epoch_by_name(EpochUnit::Millis);
        assert_eq!(named.micros(b"250"), Ok(250_000));
        assert_eq!(named.micros(b"100000000000000"), Err(TimeProblem::OtherUnit(EpochUnit::Micros)));
    }
}
