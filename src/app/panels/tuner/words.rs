//! Numbers of the tuner in words.

use crate::human;
use crate::time::Span;
use crate::tuner::{Quantile, Setting};

/// A share in per cent with as many digits as its distance from all of it asks for: 98.9%, 99.95%, 100%. What
/// is not all of it never reads as all of it.
pub fn percent(share: f64) -> String {
    let missing = 1.0 - share;
    if missing <= 0.0 {
        return "100%".to_owned();
    }
    let decimals = match missing {
        m if m >= 0.2 => 0,
        m if m >= 0.002 => 1,
        m if m >= 0.000_2 => 2,
        m if m >= 0.000_02 => 3,
        _ => 4,
    };
    let text = format!("{:.decimals$}", share * 100.0);
    if text.starts_with("100") { ">99.9999%".to_owned() } else { format!("{}%", without_zeros(&text)) }
}

/// `98.95`, `99`: without zeros behind the point.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A share beside a limit, with the digits that put it on its true side.
pub fn percent_beside(share: f64, limit: f64) -> String {
    if share >= 1.0 {
        return "100%".to_owned();
    }
    for decimals in 1..=5 {
        let text = format!("{:.decimals$}", share * 100.0);
        let read: f64 = text.parse().unwrap_or(0.0);
        let limit_read = (limit * 100.0 * 1e6).round() / 1e6;
        if (read < limit_read) == (share < limit) && !text.starts_with("100") {
            return format!("{}%", without_zeros(&text));
        }
    }
    percent(share)
}

/// Seconds as people say them.
pub fn seconds(s: f64) -> String {
    human::span(rough(Span::from_secs_f64(s)))
}

/// Without digits that nobody reads: milliseconds only under ten seconds.
pub fn rough(span: Span) -> Span {
    let unit = match span.micros().abs() {
        ..10_000 => 1,
        10_000..10_000_000 => 10_000,
        _ => 1_000_000,
    };
    Span::from_micros((span.micros() + unit / 2) / unit * unit)
}

/// `bound 30 s, kept 1 min`.
pub fn setting(setting: Setting) -> String {
    format!("bound {}, {}", human::span(setting.bound), kept(setting.lateness))
}

/// `close at once`, `keep 1 min`: what to do.
pub fn keep(lateness: Span) -> String {
    if lateness == Span::ZERO { "close at once".to_owned() } else { format!("keep {}", human::span(lateness)) }
}

/// `closed at once`, `kept 1 min`: what was done.
pub fn kept(lateness: Span) -> String {
    if lateness == Span::ZERO { "closed at once".to_owned() } else { format!("kept {}", human::span(lateness)) }
}

/// What a quantile is called beside a latency.
pub const fn of_results(quantile: Quantile) -> &'static str {
    match quantile {
        Quantile::P50 => "half of the results",
        Quantile::P95 => "95% of the results",
        Quantile::P99 => "99% of the results",
        Quantile::Max => "all results",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_near_all_have_more_digits() {
        let cases = [
            (1.0, "100%"),
            (0.5, "50%"),
            (0.989, "98.9%"),
            (0.998, "99.8%"),
            (0.9985, "99.85%"),
            (0.99995, "99.995%"),
            (0.99, "99%"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn a_share_stands_on_its_true_side_of_a_limit() {
        assert_eq!(percent_beside(0.9895, 0.99), "98.95%");
        assert_eq!(percent_beside(0.989_96, 0.99), "98.996%");
        assert_eq!(percent_beside(0.991, 0.99), "99.1%");
        assert_eq!(percent_beside(0.99, 0.99), "99%");
        assert_eq!(percent_beside(0.9999, 0.99), "99.99%");
        assert_eq!(percent_beside(1.0, 1.0), "100%");
    }

    #[test]
    fn seconds_are_rounded_as_people_say_them() {
        assert_eq!(seconds(16.4), "16 s");
        assert_eq!(seconds(1.2345), "1.23 s");
    }
}
