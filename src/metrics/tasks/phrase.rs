//! Numbers and instants as sentences have them: rates, shares, times of day, lists of names.

use crate::human;
use crate::metrics::tasks::intervals::Stretch;
use crate::time::{ProcTime, Span};

/// So many a second, with two or three digits that count; a minute where they are few: `2.5/s`,
/// `4/min`.
pub fn rate(per_s: f64) -> String {
    let per_s = per_s.max(0.0);
    let digits = |value: f64, unit: &str| {
        let text =
            if value >= 10.0 || value == 0.0 { human::count(libm::round(value) as u64) } else { format!("{value:.1}") };
        format!("{}/{unit}", text.strip_suffix(".0").unwrap_or(&text))
    };
    if per_s == 0.0 || per_s >= 0.2 {
        digits(per_s, "s")
    } else if per_s * 60.0 >= 0.2 {
        digits(per_s * 60.0, "min")
    } else {
        digits(per_s * 3_600.0, "h")
    }
}

/// A share as a whole percentage, with the digits that keep it on its true side of 0 and 100.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let rounded = libm::round(percent);
    if (rounded == 0.0 && share > 0.0) || (rounded == 100.0 && share < 1.0) {
        let fine = format!("{percent:.1}%");
        return if fine == "100.0%" {
            "nearly 100%".to_owned()
        } else if fine == "0.0%" {
            "nearly 0%".to_owned()
        } else {
            fine
        };
    }
    format!("{rounded:.0}%")
}

/// As [`percent`], where there is room for a number alone: `<1%` for nearly nothing.
pub fn percent_short(share: f64) -> String {
    let words = percent(share);
    if words.starts_with("nearly") { "<1%".to_owned() } else { words }
}

/// `a`, `a and b`, `a, b and c`; from five on the first two and how many others.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first, second, rest @ ..] if rest.len() > 2 => format!("{first}, {second} and {} others", rest.len()),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A word with its first letter a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// So many of a thing: `1 record`, `2,400 records`.
pub fn many(amount: usize, thing: &str) -> String {
    format!("{} {thing}{}", human::count(amount as u64), if amount == 1 { "" } else { "s" })
}

/// How instants of a run are told: as finely as its length asks for, with the day where it is longer
/// than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    length: Span,
}

impl Clock {
    /// For a run that lasts so long.
    pub fn of(run: Stretch) -> Self {
        Self { length: run.length() }
    }

    /// An instant of the run.
    pub fn tell(self, at: ProcTime) -> String {
        let length = self.length.micros();
        let (unit, format) = match length {
            86_400_000_000.. => (60_000_000, "%b %-d %H:%M"),
            20_000_000.. => (1_000_000, "%T"),
            1_000_000.. => (1_000, "%T%.3f"),
            _ => (1, "%T%.6f"),
        };
        let micros = at.micros() - at.micros().rem_euclid(unit);
        match jiff::Timestamp::from_microsecond(micros) {
            Ok(timestamp) => timestamp.strftime(format).to_string(),
            Err(_) => human::instant(at.micros()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_the_digits_that_count() {
        let told: Vec<String> =
            [0.0, 60_000.0, 99.7, 2.5, 3.0, 0.25, 0.1, 0.01, 0.000_3].into_iter().map(rate).collect();
        assert_eq!(told, ["0/s", "60,000/s", "100/s", "2.5/s", "3/s", "0.2/s", "6/min", "0.6/min", "1.1/h"]);
    }

    #[test]
    fn shares_stay_on_their_side() {
        let told: Vec<String> = [0.0, 0.000_1, 0.004, 0.5, 0.996, 0.999_9, 1.0].into_iter().map(percent).collect();
        assert_eq!(told, ["0%", "nearly 0%", "0.4%", "50%", "99.6%", "nearly 100%", "100%"]);
    }

    #[test]
    fn names_are_listed_up_to_four() {
        let names: Vec<String> = (1..=6).map(|i| format!("n{i}")).collect();
        let told: Vec<String> = (0..=6).map(|count| list(&names[..count])).collect();
        assert_eq!(
            told,
            ["", "n1", "n1 and n2", "n1, n2 and n3", "n1, n2, n3 and n4", "n1, n2 and 3 others", "n1, n2 and 4 others"]
        );
        assert_eq!(
            (capital("window 1"), many(1, "record"), many(2_400, "record")),
            ("Window 1".to_owned(), "1 record".to_owned(), "2,400 records".to_owned())
        );
    }

    #[test]
    fn instants_are_as_fine_as_the_run_is_short() {
        let at = ProcTime::from_micros(1_772_453_108_734_512);
        let told = |length: i64| Clock { length: Span::from_micros(length) }.tell(at);
        assert_eq!(told(600_000_000), "12:05:08");
        assert_eq!(told(20_000_000), "12:05:08");
        assert_eq!(told(19_000_000), "12:05:08.734");
        assert_eq!(told(900), "12:05:08.734512");
        assert_eq!(told(200_000_000_000), "Mar 2 12:05");
    }
}
