//! Instants and spans as people write and read them.
//!
//! Spans are read from `"30s"`, `"1h 30min"`, `"7.5s"`, `"-2 min"`, `"0"`; they are shown as
//! `2 min 37 s`. Dates without a zone are UTC. Everything here is exact to the microsecond:
//! [`parse_span`] reads back what [`span_exact`] writes.

use crate::time::{SPAN_LIMIT, Span};

/// Units from large to small: the name in files, its length in microseconds, and the names read.
const UNITS: [(&str, i64, &[&str]); 6] = [
    ("d", 86_400_000_000, &["d", "day", "days"]),
    ("h", 3_600_000_000, &["h", "hr", "hour", "hours"]),
    ("min", 60_000_000, &["min", "m", "minute", "minutes"]),
    ("s", 1_000_000, &["s", "sec", "second", "seconds"]),
    ("ms", 1_000, &["ms", "millis", "millisecond", "milliseconds"]),
    ("us", 1, &["us", "µs", "micros", "microsecond", "microseconds"]),
];

/// Why a text is not a span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Nothing, or no number where one should be.
    #[error("{0:?} is not a length of time; write a number and a unit, like \"30s\", \"5min\" or \"1h 30min\"")]
    NotASpan(String),
    /// A number without a unit (other than 0).
    #[error("{0:?} has no unit; write {0}us, {0}ms, {0}s, {0}min, {0}h or {0}d")]
    NoUnit(String),
    /// A unit that is not known.
    #[error("{unit:?} in {text:?} is not a unit of time; the units are us, ms, s, min, h and d")]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// The part that is not a unit.
        unit: String,
    },
    /// Longer than [`SPAN_LIMIT`].
    #[error("{0:?} is too long; the limit is 115740 d, about 316 years")]
    TooLong(String),
}

/// Reads a span such as `"1h 30min"`; a bare `"0"` needs no unit.
///
/// # Errors
/// [`SpanError`] says what is wrong and what would be right.
pub fn parse_span(text: &str) -> Result<Span, SpanError> {
    let trimmed = text.trim();
    let (negative, mut rest) = match trimmed.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, trimmed),
    };
    let not_a_span = || SpanError::NotASpan(text.to_owned());
    if rest.is_empty() {
        return Err(not_a_span());
    }
    if rest.bytes().all(|b| b == b'0') {
        return Ok(Span::ZERO);
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits_end);
        let after = after.trim_start();
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.' || c.is_whitespace()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        if number.is_empty() {
            return Err(not_a_span());
        }
        if unit.is_empty() {
            return Err(SpanError::NoUnit(trimmed.to_owned()));
        }
        let Some((_, micros, _)) = UNITS.iter().find(|(_, _, names)| names.contains(&unit)) else {
            return Err(SpanError::UnknownUnit { text: text.to_owned(), unit: unit.to_owned() });
        };
        total = total.saturating_add(scaled(number, *micros).ok_or_else(not_a_span)?);
        rest = next.trim_start();
    }
    if total > i128::from(SPAN_LIMIT.micros()) {
        return Err(SpanError::TooLong(text.to_owned()));
    }
    let micros = i64::try_from(total).map_err(|_| SpanError::TooLong(text.to_owned()))?;
    Ok(if negative { -Span::from_micros(micros) } else { Span::from_micros(micros) })
}

/// `number` (digits with at most one dot) times `micros`, rounded down to a whole microsecond.
fn scaled(number: &str, micros: i64) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 24 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(i128::from(micros))?;
    let mut digit_worth = i128::from(micros) * 1_000_000;
    for digit in fraction.bytes().take(12) {
        digit_worth /= 10;
        total += i128::from(digit - b'0') * digit_worth / 1_000_000;
    }
    Some(total)
}

/// The span as files have it: exact, without blanks, read back by [`parse_span`].
pub fn span_exact(span: Span) -> String {
    parts(span, usize::MAX, "", "")
}

/// The span as a screen shows it: at most two units, `2 min 37 s`; milliseconds only under 10 s.
pub fn span(span: Span) -> String {
    let micros = span.micros().unsigned_abs();
    let shown = match micros {
        0..1_000 => span,
        1_000..10_000_000 => {
            let seconds = span.as_secs_f64();
            let text = if micros < 1_000_000 {
                format!("{} ms", trim_zeros(format!("{:.1}", seconds.abs() * 1000.0)))
            } else {
                format!("{} s", trim_zeros(format!("{:.2}", seconds.abs())))
            };
            return if span.is_negative() { format!("\u{2212}{text}") } else { text };
        }
        _ => Span::from_micros(round_to(span.micros(), coarse_unit(micros))),
    };
    parts(shown, 2, " ", " ")
}

/// What a span of this size is rounded to before two units are shown.
fn coarse_unit(micros: u64) -> i64 {
    match micros {
        0..60_000_000 => 100_000,
        60_000_000..3_600_000_000 => 1_000_000,
        3_600_000_000..86_400_000_000 => 60_000_000,
        _ => 3_600_000_000,
    }
}

fn round_to(micros: i64, unit: i64) -> i64 {
    let half = if micros < 0 { -unit / 2 } else { unit / 2 };
    (micros.saturating_add(half) / unit) * unit
}

fn trim_zeros(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn parts(span: Span, most: usize, before_unit: &str, between: &str) -> String {
    if span == Span::ZERO {
        return format!("0{before_unit}s");
    }
    let mut rest = span.micros().unsigned_abs();
    // A fraction of seconds reads better than "27 s 500 ms" on a screen.
    if most == 2 && (10_000_000..60_000_000).contains(&rest) {
        let text = trim_zeros(format!("{:.1}", rest as f64 / 1e6));
        return format!("{}{text} s", if span.is_negative() { "\u{2212}" } else { "" });
    }
    let mut out = String::new();
    let mut written = 0;
    for (name, micros, _) in UNITS {
        let unit = micros.unsigned_abs();
        let amount = rest / unit;
        if amount > 0 && written < most {
            if written > 0 {
                out.push_str(between);
            }
            out.push_str(&format!("{amount}{before_unit}{name}"));
            rest -= amount * unit;
            written += 1;
        }
    }
    let sign = match (span.is_negative(), most) {
        (false, _) => "",
        (true, usize::MAX) => "-",
        (true, _) => "\u{2212}",
    };
    format!("{sign}{out}")
}

/// Reads a date in microseconds since the epoch: `"2026-03-02 12:00:00"`, `"2026-03-02"` (midnight), or with
/// an offset, `"2026-03-02T13:00:00+01:00"`. Without one it is UTC. `None` when it is no date.
pub fn parse_instant(text: &str) -> Option<i64> {
    let text = text.trim();
    let timestamp = match text.parse::<jiff::Timestamp>() {
        Ok(timestamp) => timestamp,
        // A named zone would be read and then ignored.
        Err(_) if text.contains('[') => return None,
        Err(_) => text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
    };
    Some(timestamp.as_microsecond())
}

/// An instant as a date and time of day in UTC, with as many decimals as it needs.
///
/// The ends of time, which no record can carry, are `not yet` and `end of stream`.
pub fn instant(micros: i64) -> String {
    match micros {
        i64::MIN => "not yet".to_owned(),
        i64::MAX => "end of stream".to_owned(),
        _ => match jiff::Timestamp::from_microsecond(micros) {
            Ok(timestamp) => timestamp.strftime("%F %T%.f").to_string(),
            Err(_) => format!("{micros} us"),
        },
    }
}

/// An instant in RFC 3339 (`2019-03-23T20:21:09Z`), for files.
///
/// The ends of time are empty.
pub fn instant_rfc3339(micros: i64) -> String {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(timestamp) if micros != i64::MIN && micros != i64::MAX => timestamp.to_string(),
        _ => String::new(),
    }
}

/// A whole number with a comma between thousands: `81,966`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_span(text: &str, micros: i64) {
        assert_eq!(parse_span(text), Ok(Span::from_micros(micros)), "{text}");
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        check_span("30s", 30_000_000);
        check_span("15 min", 900_000_000);
        check_span("1h 30min", 5_400_000_000);
        check_span("1h30min", 5_400_000_000);
        check_span("7.5s", 7_500_000);
        check_span("0.34s", 340_000);
        check_span("500ms", 500_000);
        check_span("7d", 604_800_000_000);
        check_span("-2min", -120_000_000);
        check_span("0", 0);
        check_span("0s", 0);
        check_span("1us", 1);
    }

    #[test]
    fn wrong_spans_say_what_would_be_right() {
        let message = |text| parse_span(text).map(|_| ()).map_err(|e| e.to_string()).unwrap_err();
        assert!(message("30").contains("30s"));
        assert!(message("soon").contains("\"30s\""));
        assert!(message("3 weeks").contains("us, ms, s, min, h and d"));
        assert!(message("999999999d").contains("limit"));
        assert!(message("").contains("number and a unit"));
        assert!(message("1.2.3s").contains("not a length"));
    }

    #[test]
    fn exact_spans_read_back() {
        for micros in [0, 1, -1, 999, 1_500_000, 90_061_001_001, -120_000_000, 604_800_000_000] {
            let span = Span::from_micros(micros);
            assert_eq!(parse_span(&span_exact(span)), Ok(span), "{}", span_exact(span));
        }
    }

    #[test]
    fn spans_are_shown_in_at_most_two_units() {
        let shown = |micros| span(Span::from_micros(micros));
        assert_eq!(shown(0), "0 s");
        assert_eq!(shown(340_000), "340 ms");
        assert_eq!(shown(7_500_000), "7.5 s");
        assert_eq!(shown(27_530_000), "27.5 s");
        assert_eq!(shown(157_000_000), "2 min 37 s");
        assert_eq!(shown(3_599_600_000), "1 h");
        assert_eq!(shown(-60_000_000), "\u{2212}1 min");
        assert_eq!(shown(86_400_000_000 * 3 + 3_600_000_000 * 14), "3 d 14 h");
    }

    #[test]
    fn instants_are_dates_in_utc() {
        assert_eq!(instant(1_553_372_469_000_000), "2019-03-23 20:21:09");
        assert_eq!(instant(-1), "1969-12-31 23:59:59.999999");
        assert_eq!(instant(i64::MIN), "not yet");
        assert_eq!(instant_rfc3339(1_553_372_469_000_000), "2019-03-23T20:21:09Z");
    }

    #[test]
    fn counts_have_commas() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(81_966), "81,966");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
