//! What `highwater import` says about a recording: for people, as JSON, and the bad rows as CSV.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::import::bad_rows_path;
use crate::human::{count, span};
use crate::recording::delays::DelayQuantiles;
use crate::recording::{BadRow, Choice, OffsetReport, ReadReport, Recording, STANDARD_STREAM};
use crate::time::Span;

/// The version of the JSON report.
const SCHEMA: u32 = 1;

/// Bad rows listed for people; the rest is in the file beside the recording.
const BAD_ROWS_SHOWN: usize = 10;

/// The first line of the list of bad rows.
pub const BAD_ROWS_HEADER: &str = "line,column,field,reason\n";

/// A recording's report, with its delays and where it went.
pub struct ImportReport<'r> {
    read: &'r ReadReport,
    delays: Option<DelayQuantiles>,
    output: Option<&'r Path>,
}

impl<'r> ImportReport<'r> {
    /// The report of a recording that is written to `output`, if it is.
    pub fn of(recording: &'r Recording, output: Option<&'r Path>) -> Self {
        Self { read: &recording.report, delays: DelayQuantiles::of(&recording.stream), output }
    }

    /// For people, ending with a line break.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.read);
        if let Some(line) = self.bad_rows_line() {
            out.push_str(&line);
            out.push('\n');
            for row in self.read.bad_rows.iter().take(BAD_ROWS_SHOWN) {
                out.push_str(&format!("  {row}\n"));
            }
            out.push_str(&self.further_bad_rows());
        }
        if let Some(delays) = &self.delays {
            // Writing to a string cannot fail.
            let _ = write_delays(&mut out, delays);
        }
        if let Some(output) = self.output.filter(|output| output.as_os_str() != STANDARD_STREAM) {
            out.push_str(&format!("wrote {}: {} records\n", output.display(), count(self.read.record_count)));
        }
        out
    }

    /// How many rows were bad; `None` without any.
    pub fn bad_rows_line(&self) -> Option<String> {
        let verb = if self.read.bad_row_count == 1 { "is" } else { "are" };
        let kept = format!("{} of {}", count(self.read.bad_row_count), count(self.read.row_count));
        (self.read.bad_row_count > 0).then(|| format!("{kept} rows {verb} bad and kept aside"))
    }

    fn further_bad_rows(&self) -> String {
        let more = self.read.bad_row_count.saturating_sub(BAD_ROWS_SHOWN as u64);
        match self.output.filter(|output| output.as_os_str() != STANDARD_STREAM) {
            Some(output) => {
                let path = bad_rows_path(output);
                let listed = self.read.bad_rows.len() as u64;
                let all = if listed == self.read.bad_row_count { "all" } else { "the first million" };
                let more = if more > 0 { format!("and {} more; ", count(more)) } else { String::new() };
                format!("  {more}{all} of them in {}\n", path.display())
            }
            None if more > 0 => format!("  and {} more\n", count(more)),
            None => String::new(),
        }
    }

    /// One JSON object, ending with a line break.
    ///
    /// # Errors
    /// Never in practice: every value has a JSON form.
    pub fn json(&self) -> Result<Vec<u8>, CliError> {
        let bad_rows = self.read.bad_rows.iter().map(JsonBadRow::of).collect();
        let report = JsonReport {
            schema: SCHEMA,
            input: &self.read.file,
            output: self.output.map(|output| output.display().to_string()),
            rows: self.read.row_count,
            records: self.read.record_count,
            bad_row_count: self.read.bad_row_count,
            bad_rows,
            columns: self.read.columns.iter().map(|column| (column.role.name(), JsonColumn::of(column))).collect(),
            arrival_assumed: self.read.is_arrival_assumed,
            delay_s: self.delays.as_ref().map(JsonDelays::of),
            suggested_bound_s: self.delays.map(|delays| {
                let (least, most) = delays.suggested_bound();
                [least.as_secs_f64(), most.as_secs_f64()]
            }),
            negative_delays: self.read.negative_delay_count,
            offsets: self.read.offsets.map(JsonOffsets::of),
            notes: &self.read.notes,
        };
        let mut bytes = serde_json::to_vec_pretty(&report).map_err(CliError::bad_input)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Two aligned lines of quantiles, and the bound that they suggest.
fn write_delays(out: &mut String, delays: &DelayQuantiles) -> std::fmt::Result {
    let columns = [
        ("P50", delays.p50),
        ("P90", delays.p90),
        ("P99", delays.p99),
        ("P99.9", delays.p999),
        ("longest", delays.max),
    ];
    write!(out, "delay")?;
    for (name, _) in columns {
        write!(out, "{name:>14}")?;
    }
    write!(out, "\n     ")?;
    for (_, delay) in columns {
        write!(out, "{:>14}", span(delay))?;
    }
    let (least, most) = delays.suggested_bound();
    if most == Span::ZERO {
        return writeln!(out, "\nsuggested bound: 0 s (99 % of the records arrive at once)");
    }
    writeln!(out, "\nsuggested bound: {} to {} (1.5 to 2 x P99)", span(least), span(most))
}

/// The bad rows as a table with a header.
pub fn bad_rows_csv(bad_rows: &[BadRow]) -> Vec<u8> {
    let mut out = BAD_ROWS_HEADER.to_owned();
    for row in bad_rows {
        let column = row.column.as_deref().unwrap_or_default();
        let fields = [column, &row.field, &row.problem.to_string()].map(quoted).join(",");
        out.push_str(&format!("{},{fields}\n", row.line));
    }
    out.into_bytes()
}

/// A field of CSV, in quotes where it needs them.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[derive(Serialize)]
struct JsonReport<'r> {
    schema: u32,
    input: &'r str,
    output: Option<String>,
    rows: u64,
    records: u64,
    bad_row_count: u64,
    bad_rows: Vec<JsonBadRow<'r>>,
    columns: BTreeMap<&'static str, JsonColumn<'r>>,
    arrival_assumed: bool,
    delay_s: Option<JsonDelays>,
    suggested_bound_s: Option<[f64; 2]>,
    negative_delays: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    offsets: Option<JsonOffsets>,
    notes: &'r [String],
}

#[derive(Serialize)]
struct JsonBadRow<'r> {
    line: u64,
    column: Option<&'r str>,
    field: &'r str,
    reason: String,
}

impl<'r> JsonBadRow<'r> {
    fn of(row: &'r BadRow) -> Self {
        Self { line: row.line, column: row.column.as_deref(), field: &row.field, reason: row.problem.to_string() }
    }
}

#[derive(Serialize)]
struct JsonColumn<'r> {
    column: Option<&'r str>,
    guessed: bool,
    reason: Option<&'r str>,
    time_format: Option<&'r str>,
}

impl<'r> JsonColumn<'r> {
    fn of(column: &'r crate::recording::ColumnReport) -> Self {
        let reason = match &column.choice {
            Choice::Given => None,
            Choice::Guessed(reason) | Choice::Absent(reason) => Some(reason.as_str()),
        };
        Self {
            column: column.column.as_deref(),
            guessed: matches!(column.choice, Choice::Guessed(_)),
            reason,
            time_format: column.time_format.as_ref().map(|format| format.name()),
        }
    }
}

/// Of a dump by kcat.
#[derive(Serialize)]
struct JsonOffsets {
    topics: u64,
    partitions: u64,
    missing: u64,
    out_of_order: u64,
    repeated: u64,
    unnumbered: u64,
}

impl JsonOffsets {
    fn of(report: OffsetReport) -> Self {
        let OffsetReport { topics, partitions, missing, out_of_order, repeated, unnumbered } = report;
        Self { topics, partitions, missing, out_of_order, repeated, unnumbered }
    }
}

#[derive(Serialize)]
struct JsonDelays {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

impl JsonDelays {
    fn of(delays: &DelayQuantiles) -> Self {
        Self {
            p50: delays.p50.as_secs_f64(),
            p90: delays.p90.as_secs_f64(),
            p99: delays.p99.as_secs_f64(),
            p999: delays.p999.as_secs_f64(),
            max: delays.max.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::recording::{ReadOptions, Role, read};

    fn recording(text: &str) -> Recording {
        read(text.as_bytes(), "t.csv", &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
            .expect("a recording")
    }

    #[test]
    fn the_report_reads_like_sentences_and_a_small_table() {
        let recording = recording(
            "event_time,arrival_time,key,value\n\
             2019-03-23 20:00:00,2019-03-23 20:01:00,a,1\n\
             2019-03-23 20:00:00,2019-03-23 20:05:00,a,x\n\
             2019-03-23 20:00:00,2019-03-23 20:10:00,a,1\n",
        );
        let expected = "\
t.csv: 3 rows (fields between commas, with a header)
  event time   event_time (guessed by its name; dates from year to second)
  arrival time arrival_time (guessed by its name, not before the event time in 3 of 3 sampled rows; \
dates from year to second)
  key          key (guessed by its name)
  value        value (guessed by its name)
  partition    none: all records are in partition 0
1 of 3 rows is bad and kept aside
  line 3, column \"value\": \"x\" is not a number; expected one like 12.5
  all of them in rec.csv.bad.csv
delay           P50           P90           P99         P99.9       longest
              1 min        10 min        10 min        10 min        10 min
suggested bound: 15 min to 20 min (1.5 to 2 x P99)
wrote rec.csv: 2 records
";
        assert_eq!(ImportReport::of(&recording, Some(Path::new("rec.csv"))).text(), expected);
    }

    #[test]
    fn only_the_first_bad_rows_are_listed() {
        let mut text = "time,value\n2019-01-01,1\n".to_owned();
        text.push_str(&"2019-01-01,x\n".repeat(2_000));
        let recording = recording(&text);
        let report = ImportReport::of(&recording, None).text();
        assert!(report.contains("2,000 of 2,001 rows are bad and kept aside\n"), "{report}");
        assert!(report.contains("  line 12, column"), "{report}");
        assert!(!report.contains("  line 13, column"), "{report}");
        assert!(report.contains("  and 1,990 more\n"), "{report}");
        assert!(report.contains("suggested bound: 0 s"), "{report}");
    }

    #[test]
    fn bad_rows_are_a_table() {
        let recording = recording("time,key\n2019-01-01,a\n\"x,\"\"y\"\"\",b\n1,2,3\n");
        let table = String::from_utf8(bad_rows_csv(&recording.report.bad_rows)).expect("text");
        let expected = "line,column,field,reason\n\
            3,time,\"x,\"\"y\"\"\",is not a time; expected a date like 2019-03-23 20:21:09\n\
            4,,\"1,2,3\",3 fields where 2 were expected\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn roles_are_named_in_json_as_in_recordings() {
        let recording = recording("event_time,arrival_time\n2019-01-01,2019-01-02\n");
        let bytes = ImportReport::of(&recording, None).json().expect("JSON");
        let report: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        for role in Role::ALL {
            assert!(report["columns"][role.name()].is_object(), "{}", role.name());
        }
        assert_eq!(report["delay_s"]["p999"], 86_400.0);
        assert_eq!(report["suggested_bound_s"], serde_json::json!([129_600.0, 172_800.0]));
    }
}
