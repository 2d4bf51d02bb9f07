//! How a column of the sample writes its times, when nobody said it.
//!
//! Numbers are counted from 1970, their unit found by magnitude; everything else is tried against
//! the shapes that people use. The shape that reads the most cells wins, the earlier of equals.

use std::sync::LazyLock;

use super::instants::Decimal;
use super::names::NameWords;
use super::sample::SampleColumn;
use super::time_format::{EpochUnit, Pattern, TimeFormat};

/// Shapes beyond RFC 3339 and its relatives. Month first stands before day first: both read
/// 03/04/2019, and most files that write so are from where the month comes first.
const PATTERNS: &[&str] = &[
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S%.f",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y %H:%M:%S%.f",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d.%m.%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d-%m-%Y %H:%M:%S%.f",
    "%d-%m-%Y",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a %b %e %H:%M:%S %Y %z",
    "%a %b %e %H:%M:%S %Y",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%Y%m%dT%H%M%SZ",
    "%Y%m%dT%H%M%S",
    "%Y%m%d %H:%M:%S",
];

/// Dates that look like whole numbers, by their length. As numbers since 1970 they would be in
/// the first year of seconds or in the 26th century of milliseconds.
const DIGIT_PATTERNS: &[(usize, &str)] = &[(8, "%Y%m%d"), (14, "%Y%m%d%H%M%S")];

/// A shape is tried on all cells only if it reads one of the first few.
const FIRST_CELLS: usize = 20;

/// Below this (in 1985 as seconds), numbers are not since 1970 but since the start of something.
const ABSOLUTE_SECONDS_MIN: f64 = 5e8;

/// A plausible number since 1970: from 1973 on, in any unit.
const PLAUSIBLE_MIN: f64 = 1e8;

static SHAPES: LazyLock<Vec<TimeFormat>> = LazyLock::new(|| {
    let patterns = PATTERNS.iter().filter_map(|pattern| Pattern::new(pattern).ok()).map(TimeFormat::Pattern);
    std::iter::once(TimeFormat::Rfc3339).chain(patterns).collect()
});

/// How a column writes its times.
#[derive(Clone, Debug)]
pub(super) struct Detected {
    /// The format that reads the most cells; RFC 3339 when none reads any.
    pub(super) format: TimeFormat,
    /// How many cells it reads.
    pub(super) parsed_count: usize,
    /// What could be meant as well.
    pub(super) note: Option<String>,
}

/// Finds the format of a column, unless its type says it or it is `given`.
pub(super) fn detect(column: &SampleColumn, words: &NameWords, given: Option<&TimeFormat>) -> Detected {
    let cells: Vec<&str> = column.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let given = column.time_format.as_ref().or(given);
    if let Some(format) = given {
        return Detected { format: format.clone(), parsed_count: parsed_count(format, &cells), note: None };
    }
    let numbers: Vec<f64> = cells.iter().filter_map(|cell| number(cell)).collect();
    if numbers.len() * 2 > cells.len() {
        return digit_dates(&cells).unwrap_or_else(|| {
            let format = epoch_format(&numbers, words);
            let parsed_count = parsed_count(&format, &cells);
            Detected { format, parsed_count, note: None }
        });
    }
    dates(&cells)
}

/// Whether most cells are numbers that can be instants since 1973 in some unit.
pub(super) fn is_plausible_epoch(cells: &[&str]) -> bool {
    let is_plausible = |cell: &&&str| number(cell).is_some_and(|number| number.abs() >= PLAUSIBLE_MIN);
    cells.iter().filter(is_plausible).count() * 2 > cells.len()
}

fn number(cell: &str) -> Option<f64> {
    Decimal::parse(cell.as_bytes())?;
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

fn parsed_count(format: &TimeFormat, cells: &[&str]) -> usize {
    cells.iter().filter(|cell| format.micros(cell.as_bytes()).is_ok()).count()
}

/// The unit of most numbers, or the unit that the name says if the numbers are small.
fn epoch_format(numbers: &[f64], words: &NameWords) -> TimeFormat {
    let largest = numbers.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    if let (Some(unit), true) = (words.unit(), largest < ABSOLUTE_SECONDS_MIN) {
        return TimeFormat::epoch_by_name(unit);
    }
    let votes = |unit: EpochUnit| numbers.iter().filter(|&&number| EpochUnit::of_magnitude(number) == unit).count();
    let unit = EpochUnit::ALL.into_iter().rev().max_by_key(|&unit| votes(unit)).unwrap_or(EpochUnit::Seconds);
    TimeFormat::epoch_by_magnitude(unit)
}

/// All cells as dates of digits only, in the centuries that people write about.
fn digit_dates(cells: &[&str]) -> Option<Detected> {
    let (length, pattern) = DIGIT_PATTERNS.iter().find(|(length, _)| cells.iter().all(|cell| cell.len() == *length))?;
    let format = TimeFormat::Pattern(Pattern::new(pattern).ok()?);
    let is_date =
        |cell: &&str| (cell.starts_with("19") || cell.starts_with("20")) && format.micros(cell.as_bytes()).is_ok();
    if !cells.iter().all(is_date) {
        return None;
    }
    let note = (*length == 8).then(|| "numbers of eight digits are read as dates (year, month, day)".to_owned());
    Some(Detected { format, parsed_count: cells.len(), note })
}

fn dates(cells: &[&str]) -> Detected {
    let mut best = Detected { format: TimeFormat::Rfc3339, parsed_count: 0, note: None };
    let first_cells = &cells[..cells.len().min(FIRST_CELLS)];
    // A column of text is not worth trying every shape on every cell.
    if !first_cells.iter().any(|cell| cell.bytes().any(|byte| byte.is_ascii_digit())) {
        return best;
    }
    for format in SHAPES.iter().filter(|format| parsed_count(format, first_cells) > 0) {
        let parsed_count = parsed_count(format, cells);
        if parsed_count > best.parsed_count {
            best = Detected { format: format.clone(), parsed_count, note: None };
        } else if parsed_count > 0 && parsed_count == best.parsed_count && is_day_first_twin(&best.format, format) {
            let other = format.name();
            best.note = Some(format!(
                "dates are read with the month first; if the day is first, give --time-format \"{other}\""
            ));
        }
    }
    best
}

/// Whether two formats differ only in the order of month and day.
fn is_day_first_twin(month_first: &TimeFormat, day_first: &TimeFormat) -> bool {
    month_first.name().starts_with("%m/%d/") && day_first.name() == month_first.name().replacen("%m/%d/", "%d/%m/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, cells: &[&str], expected: &str) {
        let column = SampleColumn {
            name: name.to_owned(),
            cells: cells.iter().map(|&cell| cell.to_owned()).collect(),
            ..Default::default()
        };
        let detected = detect(&column, &NameWords::new(name), None);
        assert_eq!(detected.format.name(), expected, "{cells:?}");
        assert_eq!(detected.parsed_count, cells.iter().filter(|cell| !cell.is_empty()).count(), "{cells:?}");
    }

    #[test]
    fn every_listed_pattern_is_usable() {
        assert_eq!(SHAPES.len(), PATTERNS.len() + 1);
        assert!(DIGIT_PATTERNS.iter().all(|(_, pattern)| Pattern::new(pattern).is_ok()));
    }

    #[test]
    fn units_are_found_by_magnitude() {
        check("t", &["1517365101", "", "-5"], "s");
        check("t", &["1517365101.235", "1517365102"], "s");
        check("t", &["1517365101235"], "ms");
        check("t", &["1517365101235000"], "us");
        check("t", &["1517365101235000000"], "ns");
        check("time_ms", &["0", "250", "10000"], "ms");
        check("time", &["0", "250", "10000"], "s");
        check("time_ms", &["1517365101", "1517365102"], "s");
    }

    #[test]
    fn shapes_of_dates_are_found() {
        check("t", &["2019-03-23 20:21:09", "2019-03-23T20:21:09.5Z"], "rfc3339");
        check("t", &["03/23/2019 08:21:09 PM"], "%m/%d/%Y %I:%M:%S %p");
        check("t", &["03/04/2019 20:21:09", "23/04/2019 20:21:09"], "%d/%m/%Y %H:%M:%S%.f");
        check("t", &["23.03.2019 20:21"], "%d.%m.%Y %H:%M");
        check("t", &["Sat Mar 23 20:21:09 2019 +0000", "Sun Mar 3 20:21:09 2019 +0000"], "%a %b %e %H:%M:%S %Y %z");
        check("t", &["23/Mar/2019:20:21:09 +0000"], "%d/%b/%Y:%H:%M:%S %z");
        check("t", &["20190323T202109Z"], "%Y%m%dT%H%M%SZ");
        check("t", &["20190323", "20190401"], "%Y%m%d");
        check("t", &["20190323202109"], "%Y%m%d%H%M%S");
    }

    #[test]
    fn a_date_that_can_be_read_two_ways_is_noted() {
        let cells = vec!["03/04/2019 10:00".to_owned(), "05/04/2019 10:00".to_owned()];
        let detected =
            detect(&SampleColumn { name: "t".to_owned(), cells, ..Default::default() }, &NameWords::new("t"), None);
        assert_eq!(detected.format.name(), "%m/%d/%Y %H:%M");
        assert!(detected.note.is_some_and(|note| note.contains("%d/%m/%Y %H:%M")));
    }

    #[test]
    fn plain_text_has_no_format() {
        let cells = vec!["Lenox Hill West".to_owned(), "yellow".to_owned()];
        let detected =
            detect(&SampleColumn { name: "t".to_owned(), cells, ..Default::default() }, &NameWords::new("t"), None);
        assert_eq!(detected.parsed_count, 0);
    }
}
