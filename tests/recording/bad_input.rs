//! Rows that cannot be records, and input that is none at all.

use super::formats::gzip;
use super::*;

#[test]
fn a_name_with_a_comma_or_a_lost_quote_is_one_bad_row() {
    let log = "100,200,Ann\n101,201,Doe, John\n102,202,\"Bob \"the\" Builder\"\n103,203,\"lost\n\
               104,204,O\"Neill\n105,205,\"x\"\n";
    let choice = ColumnChoice {
        event_time: Some("1".to_owned()),
        arrival_time: Some("2".to_owned()),
        key: Some("3".to_owned()),
        time_format: Some("s".to_owned()),
        no_header: true,
        ..Default::default()
    };
    let recording = read_bytes("-", log.as_bytes(), &options(choice)).expect("a recording");
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    assert_eq!(bad.len(), 2, "{bad:?}");
    assert_eq!(bad[0], "line 2: 4 fields where 3 were expected");
    assert!(bad[1].starts_with("line 4: a quote at the start of a field is not closed"), "{}", bad[1]);
    let keys: Vec<_> = recording.stream.key_table().names().collect();
    assert_eq!(keys, ["Ann", "Bob the\" Builder\"", "O\"Neill", "x"]);
}

#[test]
fn bad_rows_are_kept_aside_with_what_would_be_right() {
    let text = "pickup,dropoff,value,key\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,1,a\n\
        yesterday,2019-03-23 20:27:24,1,a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,NaN,a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,inf,a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,\"1,5\",a\n\
        2019-03-23 20:21:09,2019-03-23 20:27:24,,a\n\
        2019-03-23 20:21:09,9999-03-23 20:27:24,1,a\n\
        2019-03-23 20:21:09,2019-03-23\n";
    let recording = read_text(text);
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    assert_eq!(
        bad,
        [
            "line 3, column \"pickup\": \"yesterday\" is not a time; expected a date like 2019-03-23 20:21:09",
            "line 4, column \"value\": \"NaN\" is not a finite number; expected one like 12.5",
            "line 5, column \"value\": \"inf\" is not a finite number; expected one like 12.5",
            "line 6, column \"value\": \"1,5\" is not a number; expected one like 12.5",
            "line 7, column \"value\": \"\" is not a number; expected one like 12.5",
            "line 8, column \"dropoff\": \"9999-03-23 20:27:24\" is too far away; \
             expected a time between the years -5952 and 9892",
            "line 9: 2 fields where 4 were expected",
        ]
    );
    assert_eq!((recording.report.row_count, recording.report.record_count, recording.report.bad_row_count), (8, 1, 7));
}

#[test]
fn a_strict_reader_refuses_the_first_bad_row() {
    let text = "pickup,dropoff\n2019-03-23 20:21:09,2019-03-23 20:27:24\nyesterday,2019-03-23 20:27:24\n";
    assert_eq!(
        error(text, ColumnChoice::default(), BadRows::Refuse),
        "trips.csv: line 3, column \"pickup\": \"yesterday\" is not a time; expected a date like 2019-03-23 20:21:09"
    );
}

#[test]
fn two_units_in_one_column_are_noticed() {
    let text = "event_time,value\n1517365101,1\n1517365102,1\n1517365103000,1\n";
    let recording = read_text(text);
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    let expected = "line 4, column \"event_time\": \"1517365103000\" looks like milliseconds where the column is in \
                    seconds; if it is right, give --time-format s";
    assert_eq!(bad, [expected]);
    let choice = ColumnChoice { time_format: Some("s".to_owned()), ..Default::default() };
    let recording = read_bytes("t", text.as_bytes(), &options(choice)).expect("a recording");
    assert!(recording.report.bad_rows[0].to_string().contains("too far away"));
}

#[test]
fn what_is_no_recording_says_what_it_is() {
    let message = |bytes: &[u8]| read_bytes("t", bytes, &ReadOptions::default()).expect_err("no recording").to_string();
    assert!(message(b"PAR1\x15\x04").contains("the Parquet file does not end in a footer"));
    assert!(message(b"PK\x03\x04....").contains("is a zip archive"));
    assert!(message(b"\xff\xfea\0,\0").contains("iconv -f utf-16 -t utf-8"));
    assert!(message(b"").contains("is empty"));
    assert!(message(&gzip(b"")).contains("is empty"));
    assert!(message(b"time,key\n").contains("has a header and no rows"));
    // Bytes from a small generator: junk without any format's mark.
    let mut state = 1_u32;
    let junk: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(100_000)
    .collect();
    assert!(message(&junk).contains("is not text"), "{}", message(&junk));
}

#[test]
fn bytes_that_are_not_text_make_bad_rows() {
    let text = b"time,key\n2019-01-01,a\n2019-01-02,caf\xe9\n2019-01-03,n\0l\n\xff\xff,b\n";
    let recording = read_bytes("t", text, &ReadOptions::default()).expect("a recording");
    let bad: Vec<_> = recording.report.bad_rows.iter().map(ToString::to_string).collect();
    assert_eq!(bad[0], "line 3, column \"key\": \"caf\u{fffd}\" is not UTF-8 text");
    assert_eq!(bad[1], "line 4, column \"key\": \"n\\0l\" is not UTF-8 text");
    assert!(bad[2].starts_with("line 5, column \"time\""), "{}", bad[2]);
    assert_eq!(bad.len(), 3);
}

/// Gives `head` and then `repeat` for ever, counting what was taken.
struct Endless<'c> {
    head: &'static [u8],
    repeat: u8,
    taken: &'c std::cell::Cell<u64>,
}

impl std::io::Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = if self.head.is_empty() { buffer.len() } else { self.head.len().min(buffer.len()) };
        if self.head.is_empty() {
            buffer.fill(self.repeat);
        } else {
            buffer[..length].copy_from_slice(&self.head[..length]);
            self.head = &self.head[length..];
        }
        self.taken.set(self.taken.get() + length as u64);
        Ok(length)
    }
}

#[test]
fn a_line_without_end_is_refused_without_holding_it() {
    for head in ["", "time,key\n2019-01-01,", "time,key\n2019-01-01,\"", "{\"time\":\""] {
        let taken = std::cell::Cell::new(0);
        let endless = Endless { head: head.as_bytes(), repeat: b'x', taken: &taken };
        let result = read(endless, "t.csv", &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        let message = result.expect_err("no end").to_string();
        let line = if head.contains('\n') { 2 } else { 1 };
        assert_eq!(
            message,
            format!("t.csv: line {line} is longer than 1048576 bytes; expected rows that end with a line break")
        );
        assert!(taken.get() < 4 << 20, "{} bytes were taken", taken.get());
    }
}

#[test]
fn reading_can_be_cancelled() {
    let text = format!("time\n{}", "2019-01-01\n".repeat(200_000));
    let mut calls = Vec::new();
    let result = read(text.as_bytes(), "t", &ReadOptions::default(), &mut |bytes| {
        calls.push(bytes);
        if bytes > 1_500_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(result, Err(ReadError::Cancelled { .. })));
    assert!(calls.is_sorted() && calls.last() < Some(&2_200_000), "{calls:?}");
}

#[test]
fn missing_files_and_directories_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let message = |path: &Path| {
        let result = read_path(path, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        result.expect_err("no file").to_string()
    };
    let missing = directory.path().join("missing.csv");
    assert_eq!(message(&missing), format!("{}: there is no such file", missing.display()));
    assert!(message(directory.path()).contains("is a directory"));
}

#[test]
fn hopeless_input_says_so_with_its_first_row() {
    let message = error("event_time,b\nx,1\ny,2\n", ColumnChoice::default(), BadRows::KeepAside);
    let expected = "trips.csv: none of the 2 rows read can be used; the first: line 2, column \"event_time\": \
                    \"x\" is not a time; expected a date like 2019-03-23 20:21:09";
    assert_eq!(message, expected);
}
