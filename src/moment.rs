//! A moment of a run as people name it: so long after the start, a date, a time of day, or the end.
//!
//! Reading the text needs no run; [`Moment::within`] then finds the instant in one.

use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use crate::human::{self, SpanError, parse_span};
use crate::time::{ProcTime, Span};

/// A day of UTC, which has no leap seconds here.
const DAY: Span = Span::from_secs(86_400);

/// A moment of processing time, not yet tied to a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// So long after the start of the run.
    AfterStart(Span),
    /// An instant.
    At(ProcTime),
    /// The first time after the start that a clock shows this; the span is counted from midnight UTC.
    TimeOfDay(Span),
    /// The end of the run.
    #[default]
    End,
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "end" {
            return Ok(Self::End);
        }
        if let Ok(time) = text.parse::<Time>()
            && text.contains(':')
            && !text.contains('-')
        {
            let micros = i64::from(time.hour()) * 3_600_000_000
                + i64::from(time.minute()) * 60_000_000
                + i64::from(time.second()) * 1_000_000
                + i64::from(time.subsec_nanosecond()) / 1_000;
            return Ok(Self::TimeOfDay(Span::from_micros(micros)));
        }
        if let Some(instant) = date(text) {
            return Ok(Self::At(instant));
        }
        match parse_span(text) {
            Ok(span) if span.is_negative() => Err(format!("{text:?} is before the start of the run")),
            Ok(span) => Ok(Self::AfterStart(span)),
            Err(error) if !matches!(error, SpanError::NotASpan(_)) && !text.contains([':', '-']) => {
                Err(error.to_string())
            }
            Err(_) => Err(format!(
                "{text:?} is not a moment; write how long after the start (\"3min\"), a date in UTC \
                 (\"2026-03-02 12:03:00\"), a time of day (\"12:03\") or \"end\""
            )),
        }
    }
}

/// A date with a time of day, in UTC unless it names a zone.
fn date(text: &str) -> Option<ProcTime> {
    let with_zone = text.parse::<jiff::Timestamp>().ok();
    let in_utc = || text.parse::<DateTime>().ok().and_then(|date| TimeZone::UTC.to_timestamp(date).ok());
    let timestamp = with_zone.or_else(in_utc).filter(|_| text.contains(':') || text.len() == "2026-03-02".len())?;
    Some(ProcTime::from_micros(timestamp.as_microsecond()))
}

impl Moment {
    /// The instant in a run that lasts from `start` to `end`.
    ///
    /// # Errors
    /// When it lies outside; the message says from when to when the run lasts.
    pub fn within(self, start: ProcTime, end: ProcTime) -> Result<ProcTime, String> {
        let instant = match self {
            Self::AfterStart(span) => start + span,
            Self::At(instant) => instant,
            Self::TimeOfDay(after_midnight) => {
                let since_midnight = Span::from_micros(start.micros().rem_euclid(DAY.micros()));
                let midnight = start - since_midnight;
                let today = midnight + after_midnight;
                if today < start { today + DAY } else { today }
            }
            Self::End => end,
        };
        if (start..=end).contains(&instant) {
            return Ok(instant);
        }
        Err(format!(
            "{} is outside the run, which lasts {} from {} to {}",
            human::instant(instant.micros()),
            human::span(end - start),
            human::instant(start.micros()),
            human::instant(end.micros()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-02 12:00:00 UTC.
    const NOON: ProcTime = ProcTime::from_micros(1_772_452_800_000_000);

    fn minutes(count: i64) -> Span {
        Span::from_secs(count * 60)
    }

    fn read(text: &str) -> Moment {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn moments_are_read_as_people_name_them() {
        assert_eq!(read("3min"), Moment::AfterStart(minutes(3)));
        assert_eq!(read("1h 30min"), Moment::AfterStart(minutes(90)));
        assert_eq!(read("0"), Moment::AfterStart(Span::ZERO));
        assert_eq!(read("end"), Moment::End);
        assert_eq!(read("12:03"), Moment::TimeOfDay(minutes(723)));
        assert_eq!(read("00:00:01.5"), Moment::TimeOfDay(Span::from_micros(1_500_000)));
        assert_eq!(read("2026-03-02 12:00:00"), Moment::At(NOON));
        assert_eq!(read("2026-03-02T12:00"), Moment::At(NOON));
        assert_eq!(read("2026-03-02T13:00:00+01:00"), Moment::At(NOON));
        assert_eq!(read("2026-03-02"), Moment::At(NOON - minutes(720)));
    }

    #[test]
    fn wrong_moments_say_what_would_be_right() {
        for (text, part) in [
            ("soon", "\"3min\""),
            ("3", "3min"),
            ("3 weeks", "is not a unit of time"),
            ("", "is not a moment"),
            ("25:00", "a time of day"),
            ("2026-02-30 12:00:00", "a date in UTC"),
            ("-3min", "before the start"),
        ] {
            let error = text.parse::<Moment>().expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_moment_is_found_in_the_run() {
        let end = NOON + minutes(10);
        assert_eq!(read("3min").within(NOON, end), Ok(NOON + minutes(3)));
        assert_eq!(read("12:03").within(NOON, end), Ok(NOON + minutes(3)));
        assert_eq!(read("2026-03-02 12:10:00").within(NOON, end), Ok(end));
        assert_eq!(read("end").within(NOON, end), Ok(end));
        assert_eq!(read("0").within(NOON, NOON), Ok(NOON));
    }

    #[test]
    fn a_time_of_day_before_the_start_is_of_the_next_day() {
        let end = NOON + minutes(1440);
        assert_eq!(read("11:59").within(NOON, end), Ok(NOON + minutes(1439)));
        let before_epoch = ProcTime::from_micros(-1);
        assert_eq!(read("00:00").within(before_epoch, end), Ok(ProcTime::EPOCH));
    }

    #[test]
    fn a_moment_outside_the_run_says_when_that_is() {
        let error = read("11min").within(NOON, NOON + minutes(10)).expect_err("too late");
        assert_eq!(
            error,
            "2026-03-02 12:11:00 is outside the run, which lasts 10 min from 2026-03-02 12:00:00 to 2026-03-02 12:10:00"
        );
        assert!(read("2026-03-01 12:00:00").within(NOON, NOON + minutes(10)).is_err());
        assert!(read("100000d").within(NOON, NOON + minutes(10)).is_err());
    }
}
