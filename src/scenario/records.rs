//! Records written out one by one, and what their source says of the watermark.
//!
//! For streams of a handful of records: figures of papers, exercises, questions. Instants are
//! texts that people type; [`RecordsSpec::stream`] turns them into a stream, and
//! [`RecordsSpec::problems`] says which of them are none. The order of the list does not matter
//! but for records that arrive at the same instant.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::human;
use crate::pipeline::Problem;
use crate::record::{KeyTable, PartitionId, Row, Stream};
use crate::scenario::check::MAX_VALUE;
use crate::time::{EventTime, ProcTime, Span};

/// A log of which records are typed by hand has few partitions; each costs a table of its own.
pub const MAX_PARTITION: u32 = 999;

/// A day of UTC, which has no leap seconds here.
const DAY_US: i64 = 86_400_000_000;

/// Records written out one by one.
///
/// An instant is a time of day (`"12:00:27"`, on the day of `start`), a date (`"2026-03-02
/// 12:00:27"`) or a distance from `start` (`"27s"`), all in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordsSpec {
    /// What times of day and distances count from, on both clocks; where the clock starts.
    pub start: String,
    /// The records.
    pub records: Vec<WrittenRecord>,
    /// What the source itself says of the watermark, for [`crate::pipeline::WatermarkSpec::FromSource`].
    pub watermarks: Vec<WrittenWatermark>,
}

impl Default for RecordsSpec {
    fn default() -> Self {
        Self { start: "2026-03-02 12:00:00".to_owned(), records: Vec::new(), watermarks: Vec::new() }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenRecord {
    /// When it happened.
    pub event_time: String,
    /// When it reaches the log; at once when it is not said.
    #[serde(default)]
    pub arrival_time: Option<String>,
    /// What it is grouped by.
    #[serde(default)]
    pub key: String,
    /// What is aggregated.
    #[serde(default = "one")]
    pub value: f64,
    /// Partition of the log.
    #[serde(default)]
    pub partition: u32,
}

/// As without a value column in a recording.
const fn one() -> f64 {
    1.0
}

/// The watermark from one instant on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenWatermark {
    /// Processing time at which the source says it.
    pub at: String,
    /// No more records with an earlier event time are meant to come; `"end"` for none at all. One
    /// that is lower than what was said before changes nothing.
    pub watermark: String,
}

impl RecordsSpec {
    /// The first instant, in microseconds since the epoch; `None` when `start` is not a date.
    pub fn start_micros(&self) -> Option<i64> {
        human::parse_instant(&self.start)
    }

    /// The stream, in order of arrival.
    ///
    /// # Errors
    /// [`RecordsSpec::problems`], when there are any.
    pub fn stream(&self) -> Result<Stream, Vec<Problem>> {
        let problems = self.problems();
        let start = match self.start_micros() {
            Some(start) if problems.is_empty() => start,
            _ => return Err(problems),
        };
        let mut keys = KeyTable::default();
        let at = |text: &str| instant(start, text).unwrap_or(start);
        let row = |record: &WrittenRecord| Row {
            event_time: EventTime::from_micros(at(&record.event_time)),
            arrival: ProcTime::from_micros(at(record.arrival_time.as_deref().unwrap_or(&record.event_time))),
            key: keys.intern(&record.key),
            value: record.value,
            partition: PartitionId(record.partition),
        };
        let rows: Vec<Row> = self.records.iter().map(row).collect();
        let said = self.watermarks.iter().map(|said| {
            let watermark = if said.watermark.trim() == END { i64::MAX } else { at(&said.watermark) };
            (ProcTime::from_micros(at(&said.at)), EventTime::from_micros(watermark))
        });
        Ok(Stream::from_rows(rows, keys).saying(said.collect()))
    }

    /// Everything that is out of range, in the order of the fields, with paths from the root of a
    /// scenario.
    pub fn problems(&self) -> Vec<Problem> {
        let Some(start) = self.start_micros() else {
            let message = format!("{:?} is not a date; write it like \"2026-03-02 12:00:00\" (UTC)", self.start);
            return vec![Problem::new("source.start", message)];
        };
        let mut found = Vec::new();
        let mut time = |path: String, text: &str| {
            if instant(start, text).is_none() {
                let message = format!(
                    "{text:?} is not a time; write a time of day (\"12:00:27\"), a date (\"2026-03-02 12:00:27\") or \
                     a distance from the start (\"27s\")"
                );
                found.push(Problem::new(path, message));
            }
        };
        for (i, record) in self.records.iter().enumerate() {
            time(format!("source.records.{i}.event_time"), &record.event_time);
            record.arrival_time.iter().for_each(|text| time(format!("source.records.{i}.arrival_time"), text));
        }
        for (i, said) in self.watermarks.iter().enumerate() {
            time(format!("source.watermarks.{i}.at"), &said.at);
            if said.watermark.trim() != END {
                time(format!("source.watermarks.{i}.watermark"), &said.watermark);
            }
        }
        for (i, record) in self.records.iter().enumerate() {
            if !(record.value.is_finite() && record.value.abs() <= MAX_VALUE) {
                let message =
                    format!("{} is out of range: must be a number of at most 2^53 in magnitude", record.value);
                found.push(Problem::new(format!("source.records.{i}.value"), message));
            }
            if record.partition > MAX_PARTITION {
                let message = format!("{} is out of range: must be 0 to {MAX_PARTITION}", record.partition);
                found.push(Problem::new(format!("source.records.{i}.partition"), message));
            }
        }
        if self.records.is_empty() {
            let message = "is empty; write at least one record, like (event_time: \"12:00:27\", value: 5)";
            found.insert(0, Problem::new("source.records", message));
        }
        found
    }
}

/// The word for the end of time.
const END: &str = "end";

/// An instant in microseconds since the epoch, where times of day and distances count from `start`.
/// A time of day, a date or a distance from `start`, in microseconds since the epoch.
pub(crate) fn instant(start: i64, text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(date) = human::parse_instant(text).filter(|_| text.contains('-')) {
        return Some(date);
    }
    if text.contains(':') {
        let time: Time = text.parse().ok()?;
        let of_day = time.duration_since(Time::midnight()).as_micros();
        return start.checked_sub(start.rem_euclid(DAY_US))?.checked_add(i64::try_from(of_day).ok()?);
    }
    let distance: Span = human::parse_span(text).ok()?;
    start.checked_add(distance.micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;
    use crate::source::generate;

    /// 2026-03-02 12:00:00 UTC.
    const NOON: i64 = 1_772_452_800_000_000;

    fn records(source: &str) -> Result<Stream, String> {
        let scenario = parse(&format!("(title: \"x\", source: Records({source}))"), "f.ron");
        let scenario = scenario.map_err(|error| error.to_string())?;
        generate(&scenario).map_err(|error| error.to_string())
    }

    #[test]
    fn instants_are_read_in_every_form() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(instant(NOON, text), expected, "{text}");
        check("12:00:27", Some(NOON + 27_000_000));
        check(" 12:00:26.9 ", Some(NOON + 26_900_000));
        check("11:59", Some(NOON - 60_000_000));
        check("27s", Some(NOON + 27_000_000));
        check("-1min", Some(NOON - 60_000_000));
        check("0", Some(NOON));
        check("2026-03-03 12:00:00", Some(NOON + DAY_US));
        check("2026-03-02T13:00:00+01:00", Some(NOON));
        for wrong in ["", "noon", "12", "25:00", "27", "2026-02-30", "12:00:00 min"] {
            check(wrong, None);
        }
    }

    #[test]
    fn records_are_sorted_by_arrival_and_have_defaults() {
        let stream = records(
            r#"records: [
                (event_time: "12:00:10", arrival_time: "12:01:00", key: "a", value: 5),
                (event_time: "20s"),
                (event_time: "12:00:30", key: "a", value: -0.5, partition: 2),
            ]"#,
        )
        .expect("they can be read");
        let events: Vec<i64> = stream.event_times().iter().map(|t| (t.micros() - NOON) / 1_000_000).collect();
        let arrivals: Vec<i64> = stream.arrivals().iter().map(|t| (t.micros() - NOON) / 1_000_000).collect();
        let keys: Vec<&str> = stream.keys().iter().map(|&key| stream.key_table().name(key)).collect();
        assert_eq!((events, arrivals), (vec![20, 30, 10], vec![20, 30, 60]));
        assert_eq!((stream.values(), keys), (&[1.0, -0.5, 5.0][..], vec!["", "a", "a"]));
        assert_eq!(stream.partitions(), 3);
        assert!(stream.watermarks_said().is_empty());
    }

    #[test]
    fn what_the_source_says_only_rises() {
        let stream = records(
            r#"records: [(event_time: "0s")], watermarks: [
                (at: "3s", watermark: "end"), (at: "1s", watermark: "12:00:05"), (at: "2s", watermark: "4s"),
            ]"#,
        )
        .expect("they can be read");
        let said: Vec<(i64, i64)> =
            stream.watermarks_said().iter().map(|&(at, w)| (at.micros() - NOON, w.micros())).collect();
        assert_eq!(said, [(1_000_000, NOON + 5_000_000), (3_000_000, i64::MAX)]);
    }

    #[test]
    fn everything_wrong_is_named() {
        let message =
            records(r#"start: "12:00:00", records: [(event_time: "12:00:00")]"#).expect_err("a start is a date");
        assert!(message.contains("source.start: \"12:00:00\" is not a date"), "{message}");
        let message = records(
            r#"records: [(event_time: "x", arrival_time: "27", value: 1e300, partition: 1000)],
               watermarks: [(at: "End", watermark: "never")]"#,
        )
        .expect_err("nothing of it is right");
        let paths = [
            "source.records.0.event_time: \"x\" is not a time",
            "source.records.0.arrival_time: \"27\" is not a time",
            "source.watermarks.0.at: \"End\"",
            "source.watermarks.0.watermark: \"never\"",
            "source.records.0.value",
            "source.records.0.partition: 1000 is out of range: must be 0 to 999",
        ];
        assert_eq!(message.lines().count(), paths.len(), "{message}");
        paths.iter().for_each(|path| assert!(message.contains(path), "{message}"));
        assert!(records("").expect_err("nothing to run").contains("source.records: is empty"));
    }
}
