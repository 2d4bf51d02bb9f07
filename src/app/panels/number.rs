//! Values as a plot says them: short enough for a column, with enough digits to tell neighbours
//! apart, U+2212 for minus and a comma between thousands.

/// A value in a table or a pane: whole numbers whole, others with up to two decimals, and above a
/// million three significant digits and a letter (`1.23M`).
pub fn value(v: f64) -> String {
    let magnitude = v.abs();
    if !v.is_finite() {
        return "\u{2013}".to_owned();
    }
    if magnitude >= 1e6 {
        return compact(v);
    }
    let decimals = match magnitude {
        m if m.fract() < 1e-9 || m.fract() > 1.0 - 1e-9 => 0,
        m if m >= 10_000.0 => 0,
        m if m >= 1_000.0 => 1,
        m if m >= 0.01 => 2,
        _ => 4,
    };
    signed(v, with_commas(&format!("{magnitude:.decimals$}")))
}

/// A value in a disc: at most four characters where possible (`9.3`, `12`, `1.2k`).
pub fn short(v: f64) -> String {
    let magnitude = v.abs();
    if magnitude >= 1000.0 || !v.is_finite() {
        return compact(v);
    }
    let decimals = usize::from(magnitude < 10.0 && magnitude.fract() > 0.05 && magnitude.fract() < 0.95);
    signed(v, format!("{magnitude:.decimals$}"))
}

/// A difference: with its sign, `+3`, `−47`, `0`.
pub fn difference(v: f64) -> String {
    let text = value(v);
    if v > 0.0 && text != "0" { format!("+{text}") } else { text }
}

fn compact(v: f64) -> String {
    if !v.is_finite() {
        return "\u{2013}".to_owned();
    }
    let magnitude = v.abs();
    let (scaled, unit) = match magnitude {
        m if m >= 1e15 => return signed(v, format!("{magnitude:.2e}")),
        m if m >= 1e12 => (m / 1e12, "T"),
        m if m >= 1e9 => (m / 1e9, "G"),
        m if m >= 1e6 => (m / 1e6, "M"),
        m => (m / 1e3, "k"),
    };
    let decimals = if scaled >= 100.0 { 0 } else { 2 - usize::from(scaled >= 10.0) };
    signed(v, format!("{scaled:.decimals$}{unit}"))
}

fn signed(v: f64, magnitude: String) -> String {
    let is_zero = magnitude.bytes().all(|b| matches!(b, b'0' | b'.'));
    if v < 0.0 && !is_zero { format!("\u{2212}{magnitude}") } else { magnitude }
}

fn with_commas(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::with_capacity(digits.len() + 4);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_exact_enough() {
        let shown = [0.0, 152.0, -47.0, 12.956, 0.5, 1234.56, 23456.7, 999_999.0, 1_234_567.0, 0.0042, -0.0];
        let expected =
            ["0", "152", "\u{2212}47", "12.96", "0.50", "1,234.6", "23,457", "999,999", "1.23M", "0.0042", "0"];
        assert_eq!(shown.map(value), expected);
        assert_eq!(value(f64::NAN), "\u{2013}");
        assert_eq!(value(1.5e18), "1.50e18");
    }

    #[test]
    fn discs_have_room_for_four_characters() {
        let shown = [4.0, 9.3, 12.96, 152.4, -7.5, 1234.0, 45_678.0];
        assert_eq!(shown.map(short), ["4", "9.3", "13", "152", "\u{2212}7.5", "1.23k", "45.7k"]);
    }

    #[test]
    fn differences_have_a_sign() {
        assert_eq!([difference(3.0), difference(-47.0), difference(0.0)], ["+3", "\u{2212}47", "0"]);
    }
}
