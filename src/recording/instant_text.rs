//! Instants as RFC 3339 text, twenty million of them in a second or two.
//!
//! The same text as [`human::instant_rfc3339`], which asks a date library; here the date is kept
//! from one instant to the next, which is mostly on the same day.

use crate::human;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Writes instants; remembers the day of the last one.
pub(super) struct InstantText {
    day: i64,
    /// `2019-03-23T`; empty for days that the date library writes.
    date: String,
}

impl Default for InstantText {
    fn default() -> Self {
        Self { day: 0, date: "1970-01-01T".to_owned() }
    }
}

impl InstantText {
    /// Appends an instant with as many decimals as it needs.
    pub(super) fn push(&mut self, micros: i64, out: &mut Vec<u8>) {
        let day = micros.div_euclid(MICROS_PER_DAY);
        if day != self.day {
            let midnight = human::instant_rfc3339(day.saturating_mul(MICROS_PER_DAY));
            // Years of more or fewer than four digits have another length.
            self.date = midnight.get(..11).filter(|_| midnight.len() == 20).unwrap_or_default().to_owned();
            self.day = day;
        }
        if self.date.is_empty() {
            out.extend_from_slice(human::instant_rfc3339(micros).as_bytes());
            return;
        }
        out.extend_from_slice(self.date.as_bytes());
        let micros = micros.rem_euclid(MICROS_PER_DAY);
        let seconds = micros / 1_000_000;
        let digits = |number: i64| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        let ([h0, h1], [m0, m1], [s0, s1]) = (digits(seconds / 3600), digits(seconds / 60 % 60), digits(seconds % 60));
        out.extend_from_slice(&[h0, h1, b':', m0, m1, b':', s0, s1]);
        push_fraction((micros % 1_000_000) as u32, out);
        out.push(b'Z');
    }
}

/// The digits of a fraction of a second without the zeros at its end, after a dot; nothing for zero.
fn push_fraction(micros: u32, out: &mut Vec<u8>) {
    if micros == 0 {
        return;
    }
    out.push(b'.');
    let mut worth = 100_000;
    let mut left = micros;
    while left > 0 {
        out.push(b'0' + (left / worth) as u8);
        left %= worth;
        worth /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::INPUT_LIMIT_MICROS;

    #[test]
    fn instants_are_written_as_the_date_library_writes_them() {
        let mut draws = Seed::new(3).stream("instants");
        let mut instants = vec![0, -1, 1, 86_400_000_000, -86_400_000_000, INPUT_LIMIT_MICROS, -INPUT_LIMIT_MICROS];
        for _ in 0..2_000 {
            let base = draws.integer(-INPUT_LIMIT_MICROS, INPUT_LIMIT_MICROS);
            let recent = draws.integer(0, 4_000_000_000_000_000);
            instants.extend([base, base / 1_000_000 * 1_000_000, recent, recent / 1_000 * 1_000, recent + 1]);
        }
        let mut text = InstantText::default();
        for micros in instants {
            let mut out = Vec::new();
            text.push(micros, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), human::instant_rfc3339(micros), "{micros}");
        }
    }
}
