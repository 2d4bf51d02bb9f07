//! Instants as the transport says them. Runs of hours show the time of day, runs of days the date
//! beside it, runs of months the date first.

use crate::time::{ProcTime, Span};

/// From this length on, a run is told in dates.
const DATES_FROM: Span = Span::from_secs(60 * 86_400);
/// From this length on, a time of day alone is ambiguous.
const DAYS_FROM: Span = Span::from_secs(86_400);

/// The clock of the transport: the instant large, and where the run ends below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `12:09:37.0`, or `24 Mar 2019` in a run of months.
    pub main: String,
    /// `of 12:10:30`, with what `main` leaves out.
    pub of: String,
}

/// What the transport says at `now`.
pub fn reading(now: ProcTime, start: ProcTime, end: ProcTime) -> Reading {
    let length = end - start;
    if length >= DATES_FROM {
        return Reading { main: format(now, "%-d %b %Y"), of: format!("of {}", format(end, "%-d %b %Y")) };
    }
    let crosses_midnight = format(start, "%F") != format(end, "%F");
    if length >= DAYS_FROM || crosses_midnight {
        return Reading {
            main: format(now, "%H:%M:%S"),
            of: format!("{} of {}", format(now, "%-d %b"), format(end, "%-d %b")),
        };
    }
    let tenths = now.micros().div_euclid(100_000).rem_euclid(10);
    Reading { main: format!("{}.{tenths}", format(now, "%H:%M:%S")), of: format!("of {}", format(end, "%H:%M:%S")) }
}

/// How fast time runs: `10×`, and spans per second where a factor would say nothing: `5 h/s`.
pub fn speed(speed: f64) -> String {
    if speed >= 3_600.0 {
        return format!("{}/s", crate::human::span(Span::from_secs_f64(speed)));
    }
    if speed >= 1_000.0 {
        return format!("{}×", crate::human::count(speed as u64));
    }
    let digits = if speed < 1.0 {
        2
    } else if speed < 10.0 {
        1
    } else {
        0
    };
    let text = format!("{speed:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}×")
}

fn format(at: ProcTime, pattern: &str) -> String {
    match jiff::Timestamp::from_microsecond(at.micros()) {
        Ok(timestamp) => timestamp.strftime(pattern).to_string(),
        Err(_) => crate::human::instant(at.micros()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: &str, start: &str, end: &str, main: &str, of: &str) {
        let at = |text: &str| {
            let micros = text.parse::<jiff::Timestamp>().expect("a moment").as_microsecond();
            ProcTime::from_micros(micros)
        };
        let expected = Reading { main: main.into(), of: of.into() };
        assert_eq!(reading(at(now), at(start), at(end)), expected);
    }

    #[test]
    fn minutes_show_the_time_of_day_to_a_tenth() {
        let (start, end) = ("2026-03-02T12:00:00Z", "2026-03-02T12:10:30Z");
        check("2026-03-02T12:09:37.08Z", start, end, "12:09:37.0", "of 12:10:30");
    }

    #[test]
    fn a_run_over_midnight_shows_the_day() {
        let (start, end) = ("2019-03-23T20:00:00Z", "2019-03-24T02:00:00Z");
        check("2019-03-24T01:02:03Z", start, end, "01:02:03", "24 Mar of 24 Mar");
    }

    #[test]
    fn a_run_of_years_shows_the_date_first() {
        let (start, end) = ("2005-04-07T00:00:00Z", "2024-06-03T00:00:00Z");
        check("2019-03-24T14:05:00Z", start, end, "24 Mar 2019", "of 3 Jun 2024");
    }

    #[test]
    fn speeds_are_factors_until_they_say_nothing() {
        let cases = [(0.1, "0.1×"), (0.25, "0.25×"), (1.0, "1×"), (2.5, "2.5×"), (10.0, "10×"), (2_000.0, "2,000×")];
        for (factor, text) in cases {
            assert_eq!(speed(factor), text);
        }
        assert_eq!(speed(18_000.0), "5 h/s");
        assert_eq!(speed(604_800.0), "7 d/s");
    }
}
