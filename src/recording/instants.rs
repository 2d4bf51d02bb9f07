//! Parsers from the bytes of a cell to microseconds since the epoch.
//!
//! No allocation and no date library on the common paths: a recording has two of these per row.
//! Digits finer than a microsecond are cut off. Limits on the result are the caller's.

/// A decimal number as the text has it: `mantissa * 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// More digits than this before or after the dot cannot matter: the largest legal instant has 18
/// digits of microseconds, and `i128` holds 38.
const MANTISSA_DIGITS_MAX: usize = 36;

/// Numbers like `1e400` are out of every range; without a bound, adding exponents could overflow.
const EXPONENT_MAX: i32 = 10_000;

impl Decimal {
    /// Reads an optional sign, digits with at most one dot, and an optional exponent; nothing
    /// else may follow. `None` for everything else, infinities and NaN included.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text.first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mut mantissa, mut taken, mut exponent) = (0_i128, 0_usize, 0_i32);
        let (mut any_digit, mut after_dot) = (false, false);
        let mut rest = digits;
        while let Some((&byte, next)) = rest.split_first() {
            match byte {
                b'0'..=b'9' => {
                    any_digit = true;
                    if taken < MANTISSA_DIGITS_MAX {
                        mantissa = mantissa * 10 + i128::from(byte - b'0');
                        taken += usize::from(mantissa != 0);
                        exponent -= i32::from(after_dot);
                    } else {
                        exponent = (exponent + i32::from(!after_dot)).min(EXPONENT_MAX);
                    }
                }
                b'.' if !after_dot => after_dot = true,
                b'e' | b'E' if any_digit => {
                    exponent = exponent.saturating_add(parse_exponent(next)?);
                    break;
                }
                _ => return None,
            }
            rest = next;
        }
        any_digit.then_some(Self { mantissa: if negative { -mantissa } else { mantissa }, exponent })
    }

    /// This times 10^`shift`, digits after the dot cut off; saturates.
    pub(super) fn scaled(self, shift: i32) -> i64 {
        let exponent = self.exponent.saturating_add(shift);
        let scaled = if exponent >= 0 {
            match 10_i128.checked_pow(exponent.unsigned_abs()) {
                Some(power) => self.mantissa.saturating_mul(power),
                None => i128::MAX * self.mantissa.signum(),
            }
        } else {
            10_i128.checked_pow(exponent.unsigned_abs()).map_or(0, |power| self.mantissa / power)
        };
        i64::try_from(scaled).unwrap_or(if scaled < 0 { i64::MIN } else { i64::MAX })
    }
}

fn parse_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().fold(0_i32, |sum, digit| (sum * 10 + i32::from(digit - b'0')).min(EXPONENT_MAX));
    Some(if negative { -magnitude } else { magnitude })
}

/// A number of units of 10^`shift` microseconds (6 for seconds, -3 for nanoseconds) since the
/// epoch, in microseconds; saturates. `None` if the text is not a number.
pub(super) fn epoch_micros(text: &[u8], shift: i32) -> Option<i64> {
    match (whole_number(text), shift) {
        (Some(seconds), 6) => Some(seconds.saturating_mul(1_000_000)),
        (Some(millis), 3) => Some(millis.saturating_mul(1_000)),
        (Some(micros), 0) => Some(micros),
        _ => Some(Decimal::parse(text)?.scaled(shift)),
    }
}

/// A whole number of at most 18 digits, which is nearly every number since the epoch.
fn whole_number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(if digits.len() < text.len() { -number } else { number })
}

/// A date with an optional time of day and zone, in microseconds since the epoch: RFC 3339, and
/// what people write instead of it. `2019-03-23`, `2019/03/23 20:21`, `2019-03-23T20:21:09.5Z`,
/// `2019-03-23 20:21:09 +0200`, `2019-03-23 20:21:09 UTC`. Without a zone it is UTC; a leap
/// second is the second before it.
pub(super) fn iso_micros(text: &[u8]) -> Option<i64> {
    if text.len() < 10 || matches!(text[0], b'+' | b'-') {
        return signed_year_micros(text);
    }
    let separator = text[4];
    if !matches!(separator, b'-' | b'/') || text[7] != separator {
        return None;
    }
    let year = two_digits(text, 0)? * 100 + two_digits(text, 2)?;
    let days = days_from_civil(year, two_digits(text, 5)?, two_digits(text, 8)?)?;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(days * MICROS_PER_DAY);
    }
    if rest.len() < 6 || !matches!(rest[0], b'T' | b't' | b' ') || rest[3] != b':' {
        return None;
    }
    let (hours, minutes) = (two_digits(rest, 1)?, two_digits(rest, 4)?);
    let (seconds, rest) = match rest.get(6) {
        Some(b':') => (two_digits(rest, 7)?, &rest[9..]),
        _ => (0, &rest[6..]),
    };
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let (micros, rest) = fraction_micros(rest)?;
    let offset_minutes = zone_minutes(rest)?;
    let seconds_of_day = hours * 3600 + minutes * 60 + seconds.min(59) - offset_minutes * 60;
    Some(days * MICROS_PER_DAY + seconds_of_day * 1_000_000 + micros)
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Years before 0 and after 9999 have a sign and six digits: rare enough for the date library.
fn signed_year_micros(text: &[u8]) -> Option<i64> {
    if !matches!(text.first(), Some(b'+' | b'-')) || text.len() < 13 || text[7] != b'-' {
        return None;
    }
    let timestamp: jiff::Timestamp = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(timestamp.as_microsecond())
}

/// The value of two digits at `at`; `None` if there are none.
fn two_digits(text: &[u8], at: usize) -> Option<i64> {
    match text.get(at..at + 2)? {
        &[tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0')),
        _ => None,
    }
}

/// An optional fraction of a second (after a dot or comma), and what follows it.
fn fraction_micros(text: &[u8]) -> Option<(i64, &[u8])> {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return Some((0, text));
    }
    let digits_len = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits_len == 0 {
        return None;
    }
    let (digits, rest) = text[1..].split_at(digits_len);
    let (mut micros, mut worth) = (0, 100_000);
    for digit in digits.iter().take(6) {
        micros += i64::from(digit - b'0') * worth;
        worth /= 10;
    }
    Some((micros, rest))
}

/// Minutes east of UTC: nothing, `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`, after blanks.
fn zone_minutes(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii_start();
    let sign = match text.first() {
        None => return Some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => {
            let is_utc = [b"Z".as_slice(), b"UTC", b"GMT"].iter().any(|name| text.eq_ignore_ascii_case(name));
            return is_utc.then_some(0);
        }
    };
    let hours = two_digits(text, 1)?;
    let minutes = match text.len() {
        3 => 0,
        5 => two_digits(text, 3)?,
        6 if text[3] == b':' => two_digits(text, 4)?,
        _ => return None,
    };
    (hours <= 25 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

/// Days since the epoch of a date in the proleptic Gregorian calendar; `None` if there is no such
/// day. Counts years from March, so that the leap day is the last of its year (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => return None,
    };
    if !(1..=days_in_month).contains(&day) {
        return None;
    }
    let march_year = year - i64::from(month <= 2);
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_iso(text: &str, expected: &str) {
        let timestamp: jiff::Timestamp = expected.parse().expect("RFC 3339");
        assert_eq!(iso_micros(text.as_bytes()), Some(timestamp.as_microsecond()), "{text}");
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        check_iso("2019-03-23 20:21:09", "2019-03-23T20:21:09Z");
        check_iso("2019-03-23T20:21:09Z", "2019-03-23T20:21:09Z");
        check_iso("2019-03-23t20:21:09z", "2019-03-23T20:21:09Z");
        check_iso("2019/03/23 20:21", "2019-03-23T20:21:00Z");
        check_iso("2019-03-23", "2019-03-23T00:00:00Z");
        check_iso("2019-03-23 20:21:09.5", "2019-03-23T20:21:09.5Z");
        check_iso("2019-03-23 20:21:09,123456789", "2019-03-23T20:21:09.123456Z");
        check_iso("2019-03-23T20:21:09+02:00", "2019-03-23T18:21:09Z");
        check_iso("2019-03-23 20:21:09 -0430", "2019-03-24T00:51:09Z");
        check_iso("2019-03-23 20:21:09+02", "2019-03-23T18:21:09Z");
        check_iso("2019-03-23 20:21:09 UTC", "2019-03-23T20:21:09Z");
        check_iso("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z");
        check_iso("1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999999Z");
        check_iso("0001-01-01", "0001-01-01T00:00:00Z");
        check_iso("-005952-10-12T04:26:40Z", "-005952-10-12T04:26:40Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "yesterday",
            "2019-02-29",
            "2019-13-01",
            "2019-00-10",
            "2019-04-31",
            "2019-03-23 24:00:00",
            "2019-03-23 20:60:00",
            "2019-03-23 20",
            "2019-03-23 20:21:0",
            "2019-03-23 20:21:09.",
            "2019-03-23 20:21:09 EST",
            "2019-03-23 20:21:09 +2",
            "2019-03-23 20:21:09x",
            "2019-03/23",
            "23-03-2019",
            "1553372469",
            "-005952-10-12",
            "+1",
        ] {
            assert_eq!(iso_micros(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn every_day_agrees_with_the_date_library() {
        let mut date = jiff::civil::date(1, 1, 1);
        let last = jiff::civil::date(9999, 12, 1);
        while date < last {
            let text = date.to_string();
            let expected = date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).expect("in range").timestamp();
            assert_eq!(iso_micros(text.as_bytes()), Some(expected.as_microsecond()), "{text}");
            // 17 days visit every month and, over the centuries, every day of it.
            date = date.checked_add(jiff::Span::new().days(17)).expect("in range");
        }
    }

    #[test]
    fn epoch_numbers_keep_every_digit() {
        assert_eq!(epoch_micros(b"1517365101", 6), Some(1_517_365_101_000_000));
        assert_eq!(epoch_micros(b"1517365101.235", 6), Some(1_517_365_101_235_000));
        assert_eq!(epoch_micros(b"1517365101.2351239", 6), Some(1_517_365_101_235_123));
        assert_eq!(epoch_micros(b"1517365101235", 3), Some(1_517_365_101_235_000));
        assert_eq!(epoch_micros(b"1517365101235123", 0), Some(1_517_365_101_235_123));
        assert_eq!(epoch_micros(b"1517365101235123999", -3), Some(1_517_365_101_235_123));
        assert_eq!(epoch_micros(b"-1.5", 6), Some(-1_500_000));
        assert_eq!(epoch_micros(b"-7", 6), Some(-7_000_000));
        assert_eq!(epoch_micros(b"+7", 6), Some(7_000_000));
        assert_eq!(epoch_micros(b".5", 6), Some(500_000));
        assert_eq!(epoch_micros(b"1.517365101235e12", 3), Some(1_517_365_101_235_000));
        assert_eq!(epoch_micros(b"1517365101235E-3", 6), Some(1_517_365_101_235_000));
        assert_eq!(epoch_micros(b"0.000000000000000000000000000000000000000000001", 6), Some(0));
        assert_eq!(epoch_micros(b"00000000000000000000000000000000000000000000001", 6), Some(1_000_000));
    }

    #[test]
    fn numbers_beyond_every_range_saturate() {
        assert_eq!(epoch_micros(b"999999999999999999", 6), Some(i64::MAX));
        assert_eq!(epoch_micros(b"-1e400", 6), Some(i64::MIN));
        assert_eq!(epoch_micros(b"1e99999999999", 6), Some(i64::MAX));
        assert_eq!(epoch_micros(b"1e-99999999999", 6), Some(0));
        assert_eq!(epoch_micros(b"0e99999", 6), Some(0));
        let long = [b'9'; 5_000];
        assert_eq!(epoch_micros(&long, 6), Some(i64::MAX));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "+", "1.2.3", "1e", "e5", "1e+-5", "0x10", "nan", "inf", "1 2", "1,5", "--1"] {
            assert_eq!(epoch_micros(text.as_bytes(), 6), None, "{text}");
        }
    }
}
